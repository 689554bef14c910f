"""Operations on collections as a whole."""

from datetime import UTC, datetime

from openrekog.api_spec import errors
from openrekog.api_spec.shapes import (
    CreateCollectionRequest,
    CreateCollectionResponse,
    DeleteCollectionRequest,
    DeleteCollectionResponse,
    DescribeCollectionRequest,
    DescribeCollectionResponse,
    ListCollectionsRequest,
    ListCollectionsResponse,
)
from openrekog.collections_store.errors import AlreadyExists
from openrekog.server.context import Context
from openrekog.server.operations import tags
from openrekog.server.operations.registry import operation
from openrekog.server.operations.resources import (
    collection_arn,
    find_collection,
    page_of,
    page_size,
)


@operation
def create_collection(
    context: Context, request: CreateCollectionRequest
) -> CreateCollectionResponse:
    name = request["CollectionId"]
    faces = context.services.models.faces
    arn = collection_arn(context.scope, name)
    with context.writing() as rows:
        try:
            rows.collections.create(
                context.scope,
                name,
                face_model=faces.model_name,
                face_model_version=faces.model_version,
                dimension=faces.dimension,
            )
        except AlreadyExists as error:
            raise errors.ResourceAlreadyExists(
                f"The collection id: {name} already exists."
            ) from error
        tags.put(rows, arn, request.get("Tags", {}))
    # AWS's own sample answers this ARN, and only this one, without its prefix.
    short_arn = arn.removeprefix("arn:")
    return {
        "StatusCode": 200,
        "CollectionArn": short_arn,
        "FaceModelVersion": faces.model_version,
    }


@operation
def delete_collection(
    context: Context, request: DeleteCollectionRequest
) -> DeleteCollectionResponse:
    name = request["CollectionId"]
    with context.writing() as rows:
        find_collection(rows, context, name)
        rows.collections.delete(context.scope, name)
        rows.tags.clear(collection_arn(context.scope, name))
    return {"StatusCode": 200}


@operation
def describe_collection(
    context: Context, request: DescribeCollectionRequest
) -> DescribeCollectionResponse:
    with context.reading() as rows:
        collection = find_collection(rows, context, request["CollectionId"])
    return {
        "FaceCount": collection.face_count,
        "UserCount": collection.user_count,
        "FaceModelVersion": collection.face_model_version,
        "CollectionARN": collection_arn(context.scope, collection.collection_id),
        "CreationTimestamp": datetime.fromtimestamp(collection.created_at, UTC),
    }


@operation
def list_collections(context: Context, request: ListCollectionsRequest) -> ListCollectionsResponse:
    with context.reading() as rows:
        found, token = page_of(
            context,
            "ListCollections",
            request.get("NextToken"),
            lambda after: rows.collections.list(
                context.scope, page_size(request["MaxResults"]), after
            ),
        )
    answer: ListCollectionsResponse = {
        "CollectionIds": [collection.collection_id for collection in found],
        "FaceModelVersions": [collection.face_model_version for collection in found],
    }
    if token is not None:
        answer["NextToken"] = token
    return answer
