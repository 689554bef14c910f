"""The resources that a request acts on, as policies name them."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from botocore.model import ListShape, Shape, StructureShape

from openrekog.api_spec.service import Operation
from openrekog.collections_store.records import Scope

# Members that name a resource of a request, and the resource's ARN. The first group is completed
# with region and account; the second holds ARNs as they are.
NAMED_RESOURCES: Mapping[str, str] = {
    "CollectionId": "collection/{}",
    "Name": "streamprocessor/{}",
    "ProjectName": "project/{}",
    "Settings.FaceSearch.CollectionId": "collection/{}",
}
ARN_MEMBERS = (
    "DatasetArn",
    "DatasetSource.DatasetArn",
    "Datasets[].Arn",
    "DestinationProjectArn",
    "OperationsConfig.DetectModerationLabels.ProjectVersion",
    "ProjectArn",
    "ProjectVersion",
    "ProjectVersionArn",
    "ResourceArn",
    "SourceProjectArn",
    "SourceProjectVersionArn",
)


def resources_of(scope: Scope, operation: Operation, payload: Mapping[str, Any]) -> list[str]:
    """The ARNs that a request acts on; `*` when it names none.

    Members that the operation does not have are ignored when it is carried out, so they must not
    speak for it here: who may do all to one collection could call ListCollections with its name.
    """
    prefix = f"arn:aws:rekognition:{scope.region}:{scope.account_id}:"

    def given(members: Iterable[str]) -> Iterator[tuple[str, str]]:
        for member in members:
            for value in values_at(operation.input, payload, member.split(".")):
                yield member, value

    named = [
        prefix + NAMED_RESOURCES[member].format(name) for member, name in given(NAMED_RESOURCES)
    ]
    return [*named, *(full_arn(arn) for _, arn in given(ARN_MEMBERS))] or ["*"]


def values_at(shape: Shape, value: Any, path: Sequence[str]) -> Iterator[str]:
    """The texts at a path, as far as the model has it; policies come before validation. A step that
    ends in `[]` leads into each element of a list."""
    if not path:
        if isinstance(value, str):
            yield value
        return
    name, rest = path[0].removesuffix("[]"), path[1:]
    if not isinstance(shape, StructureShape) or name not in shape.members:
        return
    if not isinstance(value, Mapping):
        return
    shape, value = shape.members[name], value.get(name)
    if not path[0].endswith("[]"):
        yield from values_at(shape, value, rest)
    elif isinstance(shape, ListShape) and isinstance(value, Sequence):
        for each in value:
            yield from values_at(shape.member, each, rest)


def full_arn(arn: str) -> str:
    # CreateCollection answers an ARN without "arn:", and clients hand it back as they got it.
    return f"arn:{arn}" if arn.startswith("aws:") else arn
