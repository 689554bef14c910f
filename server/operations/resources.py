"""Looking up what a request names: collections, their ARNs, and pages of a list."""

import re
from collections.abc import Callable
from typing import TypeVar

from openrekog.api_spec import errors
from openrekog.collections_store.errors import InvalidToken, NotFound
from openrekog.collections_store.records import Collection, Page, Position, Scope
from openrekog.collections_store.store import Transaction
from openrekog.server.context import Context
from openrekog.server.operations.project_arns import tagged_project_part

R = TypeVar("R")

MOST_ROWS = 4096

# CreateCollection answers an ARN without "arn:" (AWS's own sample does); take both.
COLLECTION_ARN = re.compile(
    r"(?:arn:)?aws:rekognition:(?P<region>[^:]*):(?P<account>[^:]*):collection/(?P<name>.+)"
)


def collection_arn(scope: Scope, collection_id: str) -> str:
    return f"arn:aws:rekognition:{scope.region}:{scope.account_id}:collection/{collection_id}"


def find_collection(rows: Transaction, context: Context, collection_id: str) -> Collection:
    try:
        return rows.collections.get(context.scope, collection_id)
    except NotFound as error:
        raise no_collection(collection_id) from error


def no_collection(collection_id: str) -> errors.ApiError:
    return errors.ResourceNotFound(f"The collection id: {collection_id} does not exist")


def no_user(user_id: str) -> errors.ApiError:
    return errors.ResourceNotFound(f"The user id: {user_id} does not exist")


def searchable_collection(rows: Transaction, context: Context, collection_id: str) -> Collection:
    collection = find_collection(rows, context, collection_id)
    check_model(context, collection)
    return collection


def check_model(context: Context, collection: Collection) -> None:
    """Refuses vectors of another model than the one that runs: models are never mixed."""
    running = context.services.models.faces.model_name
    if collection.face_model != running:
        raise errors.InvalidParameter(
            f"The faces of collection {collection.collection_id} were indexed by the model "
            f"{collection.face_model}; this server runs {running}."
        )


def tagged_arn(rows: Transaction, context: Context, arn: str) -> str:
    """The full ARN of an existing resource of this account and region."""
    if found := tagged_project_part(rows, context, arn):
        return found
    match = COLLECTION_ARN.fullmatch(arn)
    here = (context.scope.region, context.scope.account_id)
    if match is None or (match["region"], match["account"]) != here:
        raise errors.ResourceNotFound(f"The resource {arn} does not exist")
    find_collection(rows, context, match["name"])
    return collection_arn(context.scope, match["name"])


def page_size(max_results: int) -> int:
    """Rows of a page: the model allows 0, which asks for the most there can be."""
    return max_results or MOST_ROWS


def page_of(
    context: Context,
    kind: str,
    token: str | None,
    fetch: Callable[[Position | None], Page[R]],
) -> tuple[list[R], str | None]:
    """One page of a list, and the NextToken if more rows follow.

    `fetch` takes the position after which to go on, None from the start. A token is good for its
    own list alone.
    """
    kind = f"{kind}:{context.scope.account_id}:{context.scope.region}"
    try:
        after = context.services.store.unseal(kind, token) if token else None
    except InvalidToken as error:
        raise errors.InvalidPaginationToken("Invalid Pagination Token") from error
    found, last = fetch(after)
    return found, None if last is None else context.services.store.seal(kind, last)
