"""Tags of resources."""

from collections.abc import Mapping

from openrekog.api_spec import errors
from openrekog.api_spec.shapes import (
    ListTagsForResourceRequest,
    ListTagsForResourceResponse,
    TagResourceRequest,
    TagResourceResponse,
    UntagResourceRequest,
    UntagResourceResponse,
)
from openrekog.collections_store.errors import QuotaExceeded
from openrekog.collections_store.store import Transaction
from openrekog.server.context import Context
from openrekog.server.operations.registry import operation
from openrekog.server.operations.resources import tagged_arn

RESERVED_PREFIX = "aws:"


@operation
def tag_resource(context: Context, request: TagResourceRequest) -> TagResourceResponse:
    with context.writing() as rows:
        put(rows, tagged_arn(rows, context, request["ResourceArn"]), request["Tags"])
    return {}


@operation
def untag_resource(context: Context, request: UntagResourceRequest) -> UntagResourceResponse:
    with context.writing() as rows:
        rows.tags.remove(tagged_arn(rows, context, request["ResourceArn"]), request["TagKeys"])
    return {}


@operation
def list_tags_for_resource(
    context: Context, request: ListTagsForResourceRequest
) -> ListTagsForResourceResponse:
    with context.reading() as rows:
        return {"Tags": rows.tags.get(tagged_arn(rows, context, request["ResourceArn"]))}


def put(rows: Transaction, arn: str, tags: Mapping[str, str]) -> None:
    """Adds or replaces tags; the reserved prefix and more than the model's 200 are refused."""
    if any(key.lower().startswith(RESERVED_PREFIX) for key in tags):
        raise errors.InvalidParameter("Tag keys must not begin with the reserved prefix aws:.")
    try:
        rows.tags.put(arn, tags)
    except QuotaExceeded as error:
        raise errors.ServiceQuotaExceeded("The resource has reached its limit of tags.") from error
