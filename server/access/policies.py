"""IAM-style policies: which operations an access key may call on which resources.

Conditions and policy variables are refused when a policy is read, rather than ignored later.
"""

import fnmatch
import re
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

Verdict = Literal["allowed", "explicitly denied", "not allowed"]


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
