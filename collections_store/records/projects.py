"""Projects of Custom Labels and of adapters, and who may use them."""

from dataclasses import dataclass
from typing import Literal

from openrekog.collections_store.records.scopes import Scope

Feature = Literal["CUSTOM_LABELS", "CONTENT_MODERATION"]

AutoUpdate = Literal["ENABLED", "DISABLED"]


@dataclass(frozen=True, slots=True)
class Project:
    """`stamp` is the end of its ARN: when it was made, in milliseconds."""

    key: int
    scope: Scope
    name: str
    stamp: int
    feature: Feature
    auto_update: AutoUpdate | None
    created_at: float


@dataclass(frozen=True, slots=True)
class ProjectPolicy:
    key: int
    project: int
    name: str
    revision: str
    document: str
    created_at: float
    updated_at: float
