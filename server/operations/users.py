"""Operations on users: several faces of a person under one id."""

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from openrekog.api_spec import errors
from openrekog.api_spec.shapes import (
    AssociateFacesRequest,
    AssociateFacesResponse,
    CreateUserRequest,
    CreateUserResponse,
    DeleteUserRequest,
    DeleteUserResponse,
    DisassociateFacesRequest,
    DisassociateFacesResponse,
    ListUsersRequest,
    ListUsersResponse,
    UnsuccessfulFaceAssociation,
    UnsuccessfulFaceDisassociation,
)
from openrekog.collections_store.errors import AlreadyExists, NotFound, QuotaExceeded
from openrekog.collections_store.records import AssociationFailure, Collection
from openrekog.collections_store.store import Transaction
from openrekog.server.context import Context
from openrekog.server.operations import repeats
from openrekog.server.operations.registry import operation
from openrekog.server.operations.resources import (
    check_model,
    find_collection,
    no_user,
    page_of,
)

R = TypeVar("R", bound=Mapping[str, Any])


def once(
    context: Context,
    name: str,
    request: Mapping[str, Any],
    work: Callable[[Transaction, Collection], R],
) -> R:
    """One transaction; a token is remembered with the collection: one that is made again under a
    deleted one's id has none of its users."""
    with context.writing() as rows:
        collection = find_collection(rows, context, request["CollectionId"])
        return repeats.once(
            context, rows, f"{name}:{collection.key}", request, lambda: work(rows, collection)
        )


@operation
def create_user(context: Context, request: CreateUserRequest) -> CreateUserResponse:
    def work(rows: Transaction, collection: Collection) -> CreateUserResponse:
        try:
            rows.users.create(collection, request["UserId"])
        except AlreadyExists as error:
            raise errors.Conflict(f"The user id: {request['UserId']} already exists.") from error
        return {}

    return once(context, "CreateUser", request, work)


@operation
def delete_user(context: Context, request: DeleteUserRequest) -> DeleteUserResponse:
    def work(rows: Transaction, collection: Collection) -> DeleteUserResponse:
        try:
            rows.users.delete(collection, request["UserId"])
        except NotFound as error:
            raise no_user(request["UserId"]) from error
        return {}

    return once(context, "DeleteUser", request, work)


@operation
def list_users(context: Context, request: ListUsersRequest) -> ListUsersResponse:
    with context.reading() as rows:
        collection = find_collection(rows, context, request["CollectionId"])
        found, token = page_of(
            context,
            f"ListUsers:{collection.key}",
            request.get("NextToken"),
            lambda after: rows.users.list(collection, request["MaxResults"], after),
        )
    answer: ListUsersResponse = {
        "Users": [{"UserId": user.user_id, "UserStatus": user.status} for user in found]
    }
    if token is not None:
        answer["NextToken"] = token
    return answer


@operation
def associate_faces(context: Context, request: AssociateFacesRequest) -> AssociateFacesResponse:
    analyzer = context.services.models.faces

    def work(rows: Transaction, collection: Collection) -> AssociateFacesResponse:
        check_model(context, collection)
        try:
            done = rows.users.associate(
                collection,
                request["UserId"],
                request["FaceIds"],
                min_cosine=analyzer.cosine(request["UserMatchThreshold"]),
            )
        except NotFound as error:
            raise no_user(request["UserId"]) from error
        except QuotaExceeded as error:
            raise errors.ServiceQuotaExceeded(
                "The user has reached its limit of associated faces."
            ) from error
        return {
            "AssociatedFaces": [{"FaceId": face_id} for face_id in done.done],
            "UnsuccessfulFaceAssociations": [
                failed_association(context, failure) for failure in done.failures
            ],
            "UserStatus": done.status,
        }

    return once(context, "AssociateFaces", request, work)


@operation
def disassociate_faces(
    context: Context, request: DisassociateFacesRequest
) -> DisassociateFacesResponse:
    def work(rows: Transaction, collection: Collection) -> DisassociateFacesResponse:
        try:
            done = rows.users.disassociate(collection, request["UserId"], request["FaceIds"])
        except NotFound as error:
            raise no_user(request["UserId"]) from error
        return {
            "DisassociatedFaces": [{"FaceId": face_id} for face_id in done.done],
            "UnsuccessfulFaceDisassociations": [
                failed_disassociation(failure) for failure in done.failures
            ],
            "UserStatus": done.status,
        }

    return once(context, "DisassociateFaces", request, work)


def failed_association(
    context: Context, failure: AssociationFailure
) -> UnsuccessfulFaceAssociation:
    member: UnsuccessfulFaceAssociation = {
        "FaceId": failure.face_id,
        "Reasons": [failure.reason] if failure.reason else [],
    }
    if failure.user_id is not None:
        member["UserId"] = failure.user_id
    if failure.cosine is not None:
        member["Confidence"] = context.services.models.faces.similarity(failure.cosine)
    return member


def failed_disassociation(failure: AssociationFailure) -> UnsuccessfulFaceDisassociation:
    member: UnsuccessfulFaceDisassociation = {
        "FaceId": failure.face_id,
        "Reasons": [failure.reason],  # type: ignore[list-item]  # the third is of associating only
    }
    if failure.user_id is not None:
        member["UserId"] = failure.user_id
    return member
