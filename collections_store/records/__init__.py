"""Rows as the callers see them: plain values, without SQL."""

from openrekog.collections_store.records.celebrities import (
    Celebrity,
    CelebrityDetails,
    CelebrityMatch,
)
from openrekog.collections_store.records.collections import Collection, FaceModel
from openrekog.collections_store.records.datasets import (
    Dataset,
    DatasetCounts,
    DatasetState,
    DatasetStatus,
    DatasetType,
    EntryFilter,
    LabelCount,
    NewEntry,
)
from openrekog.collections_store.records.faces import (
    Box,
    DeletionFailure,
    FaceDeletion,
    Match,
    NewFace,
    StoredFace,
    Vector,
    Vectors,
)
from openrekog.collections_store.records.jobs import Finding, Job, JobStatus, Order
from openrekog.collections_store.records.pages import Page, Position
from openrekog.collections_store.records.projects import AutoUpdate, Feature, Project, ProjectPolicy
from openrekog.collections_store.records.scopes import GALLERY, Scope
from openrekog.collections_store.records.training_images import NewTrainingImage, TrainingImage
from openrekog.collections_store.records.users import (
    Association,
    AssociationFailure,
    StoredUser,
    UserMatch,
    UserStatus,
    status_of,
)
from openrekog.collections_store.records.versions import (
    ModelKind,
    NewVersion,
    ProjectVersion,
    VersionStatus,
)

__all__ = [
    "GALLERY",
    "Association",
    "AssociationFailure",
    "AutoUpdate",
    "Box",
    "Celebrity",
    "CelebrityDetails",
    "CelebrityMatch",
    "Collection",
    "Dataset",
    "DatasetCounts",
    "DatasetState",
    "DatasetStatus",
    "DatasetType",
    "DeletionFailure",
    "EntryFilter",
    "FaceDeletion",
    "FaceModel",
    "Feature",
    "Finding",
    "Job",
    "JobStatus",
    "LabelCount",
    "Match",
    "ModelKind",
    "NewEntry",
    "NewFace",
    "NewTrainingImage",
    "NewVersion",
    "Order",
    "Page",
    "Position",
    "Project",
    "ProjectPolicy",
    "ProjectVersion",
    "Scope",
    "StoredFace",
    "StoredUser",
    "TrainingImage",
    "UserMatch",
    "UserStatus",
    "Vector",
    "Vectors",
    "VersionStatus",
    "status_of",
]
