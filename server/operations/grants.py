"""Policies of projects as IAM reads them: who may copy a project's models.

What is not understood here is refused when a policy is put, rather than ignored when it is asked.
"""

from collections.abc import Iterable, Sequence
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from openrekog.collections_store.records import ProjectPolicy
from openrekog.server.access.policies import as_tuple, matches_any, no_variables

COPY = "rekognition:CopyProjectVersion"
EVERYBODY = "*"

MOST_POLICIES = 1000
"""Of a project."""

Names = Annotated[tuple[str, ...], BeforeValidator(as_tuple), Field(min_length=1)]
Patterns = Annotated[Names, AfterValidator(no_variables)]


class Principal(BaseModel):
    """Services and federated users are nobody here."""

    model_config = ConfigDict(extra="forbid")

    aws: Names = Field((), alias="AWS")
    service: Names = Field((), alias="Service")
    federated: Names = Field((), alias="Federated")


class Statement(BaseModel):
    model_config = ConfigDict(extra="forbid")

    sid: str | None = Field(None, alias="Sid")
    effect: Literal["Allow", "Deny"] = Field(alias="Effect")
    principal: Literal["*"] | Principal = Field(alias="Principal")
    action: Patterns = Field(alias="Action")
    resource: Patterns = Field(alias="Resource")

    def covers(self, callers: Sequence[str], resource: str) -> bool:
        return (
            self._names(callers)
            and matches_any([pattern.lower() for pattern in self.action], COPY.lower())
            and matches_any(self.resource, resource)
        )

    def _names(self, callers: Sequence[str]) -> bool:
        if isinstance(self.principal, str):
            return True
        return any(name == EVERYBODY or name in callers for name in self.principal.aws)


class PolicyDocument(BaseModel):
    model_config = ConfigDict(extra="forbid")

    version: Literal["2012-10-17", "2008-10-17"] = Field("2012-10-17", alias="Version")
    id: str | None = Field(None, alias="Id")
    statement: Statement | list[Statement] = Field(alias="Statement")

    @property
    def statements(self) -> Sequence[Statement]:
        return self.statement if isinstance(self.statement, list) else [self.statement]


def may_copy(
    policies: Iterable[ProjectPolicy], account_id: str, caller_arn: str, version_arn: str
) -> bool:
    """Whether the policies allow it and none denies it."""
    callers = (account_id, f"arn:aws:iam::{account_id}:root", caller_arn)
    effects = {
        statement.effect
        for policy in policies
        for statement in read(policy)
        if statement.covers(callers, version_arn)
    }
    return effects == {"Allow"}


def read(policy: ProjectPolicy) -> Sequence[Statement]:
    """What cannot be read, as a former release may have taken it, denies all."""
    try:
        return PolicyDocument.model_validate_json(policy.document).statements
    except ValidationError:
        return [DENY_ALL]


DENY_ALL = Statement(Effect="Deny", Principal="*", Action=("*",), Resource=("*",))
