"""Requests with a ClientRequestToken: asked again, they are answered again and not done again."""

import hashlib
from collections.abc import Callable, Mapping
from typing import Any, TypeVar, cast

import orjson

from openrekog.api_spec import errors
from openrekog.collections_store.errors import Mismatch
from openrekog.collections_store.store import Transaction
from openrekog.server.context import Context

R = TypeVar("R")


def once(
    context: Context,
    rows: Transaction,
    name: str,
    request: Mapping[str, Any],
    work: Callable[[], R],
) -> R:
    """Does the work in the transaction that also remembers its answer: the same token and
    parameters again get the first answer, other parameters IdempotentParameterMismatch. `name`
    says within what a token is unique."""
    token = request.get("ClientRequestToken")
    if token is None:
        return work()
    given = answered(context, rows, name, request)
    if given is not None:
        return cast(R, given)
    answer = work()
    document = orjson.dumps(answer).decode()
    rows.requests.remember(context.scope, name, token, fingerprint_of(request), document)
    return answer


def answered(
    context: Context, rows: Transaction, name: str, request: Mapping[str, Any]
) -> Any | None:
    """The first answer to this request, None if it is new."""
    token = request.get("ClientRequestToken")
    if token is None:
        return None
    try:
        found = rows.requests.replay(context.scope, name, token, fingerprint_of(request))
    except Mismatch as error:
        raise errors.IdempotentParameterMismatch(
            f"The ClientRequestToken: {token} you have supplied is already in use."
        ) from error
    return None if found is None else orjson.loads(found)


def fingerprint_of(request: Mapping[str, Any]) -> str:
    parameters = {key: value for key, value in request.items() if key != "ClientRequestToken"}
    return hashlib.sha256(orjson.dumps(parameters, option=orjson.OPT_SORT_KEYS)).hexdigest()
