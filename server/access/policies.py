"""IAM-style policies: which operations an access key may call on which resources.

Conditions and policy variables are refused when a policy is read, rather than ignored later.
"""

import fnmatch
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache
from typing import Annotated, Any, Literal, Self

from botocore.model import ListShape, Shape, StructureShape
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from openrekog.api_spec.service import Operation
from openrekog.collections_store.records import Scope

Verdict = Literal["allowed", "explicitly denied", "not allowed"]

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


def as_tuple(value: Any) -> Any:
    return (value,) if isinstance(value, str) else value


def no_variables(patterns: tuple[str, ...]) -> tuple[str, ...]:
    for pattern in patterns:
        if "${" in pattern:
            raise ValueError(f"policy variables are not supported: {pattern}")
    return patterns


Patterns = Annotated[tuple[str, ...], BeforeValidator(as_tuple), Field(min_length=1)]


class Statement(BaseModel):
    """One rule; every pattern may hold `*` and `?`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    sid: str | None = Field(None, alias="Sid")
    effect: Literal["Allow", "Deny"] = Field(alias="Effect")
    action: Patterns | None = Field(None, alias="Action")
    not_action: Patterns | None = Field(None, alias="NotAction")
    resource: Patterns | None = Field(None, alias="Resource")
    not_resource: Patterns | None = Field(None, alias="NotResource")

    @model_validator(mode="after")
    def one_of_each(self) -> Self:
        if (self.action is None) == (self.not_action is None):
            raise ValueError("a statement has either Action or NotAction")
        if (self.resource is None) == (self.not_resource is None):
            raise ValueError("a statement has either Resource or NotResource")
        for patterns in (self.action, self.not_action, self.resource, self.not_resource):
            no_variables(patterns or ())
        return self

    def covers(self, action: str, resource: str) -> bool:
        return self.covers_action(action.lower()) and self.covers_resource(resource)

    def covers_action(self, action: str) -> bool:
        if self.action is not None:
            return matches_any([pattern.lower() for pattern in self.action], action)
        return not matches_any([pattern.lower() for pattern in self.not_action or ()], action)

    def covers_resource(self, resource: str) -> bool:
        if self.resource is not None:
            return matches_any(self.resource, resource)
        return not matches_any(self.not_resource or (), resource)


class Policy(BaseModel):
    """A policy document; an explicit Deny wins, and what nothing allows is denied."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    version: Literal["2012-10-17", "2008-10-17"] = Field("2012-10-17", alias="Version")
    id: str | None = Field(None, alias="Id")
    statement: tuple[Statement, ...] = Field(alias="Statement")

    @model_validator(mode="before")
    @classmethod
    def single_statement(cls, document: Any) -> Any:
        if isinstance(document, Mapping) and isinstance(document.get("Statement"), Mapping):
            return {**document, "Statement": (document["Statement"],)}
        return document

    def verdict(self, action: str, resource: str) -> Verdict:
        effects = {rule.effect for rule in self.statement if rule.covers(action, resource)}
        if "Deny" in effects:
            return "explicitly denied"
        return "allowed" if "Allow" in effects else "not allowed"


def matches_any(patterns: Sequence[str], text: str) -> bool:
    return any(compiled(pattern).fullmatch(text) for pattern in patterns)


@cache
def compiled(pattern: str) -> re.Pattern[str]:
    # fnmatch's expressions never go back behind a star, so that no resource name, whatever its
    # length, takes long. A bracket is a letter in a policy.
    return re.compile(fnmatch.translate(pattern.replace("[", "[[]")))


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
