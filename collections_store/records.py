"""Rows as the callers see them: plain values, without SQL."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Generic, Literal, NamedTuple, TypeAlias, TypeVar

import numpy as np
from numpy.typing import NDArray

T = TypeVar("T")

Vector = NDArray[np.float32]
"""An embedding of unit length, shape (dimension,)."""

Vectors = NDArray[np.float32]
"""Embeddings of unit length, shape (n, dimension)."""

Box = tuple[float, float, float, float]
"""Left, top, width, height as ratios of the image."""

Position: TypeAlias = int
"""Where a listing goes on: the key of the last row that was given out; 0 is the beginning."""

UserStatus = Literal["CREATED", "ACTIVE"]

DeletionReason = Literal["FACE_NOT_FOUND", "ASSOCIATED_TO_AN_EXISTING_USER"]

AssociationReason = Literal[
    "FACE_NOT_FOUND", "ASSOCIATED_TO_A_DIFFERENT_USER", "LOW_MATCH_CONFIDENCE"
]


@dataclass(frozen=True, slots=True)
class Scope:
    """Every resource belongs to one account in one region and does not exist in any other."""

    account_id: str
    region: str


GALLERY = Scope("celebrities", "")
"""Where the faces of celebrities are, in a collection for each model. No request comes from such an
account, since an account's id is twelve digits."""


class Page(NamedTuple, Generic[T]):
    """Some rows of a listing, and where the next page begins, or None after the last."""

    items: list[T]
    after: Position | None


@dataclass(frozen=True, slots=True)
class Collection:
    """A collection as of the transaction that read it.

    `key` is never reused, so a collection made again under a deleted one's id is another one.
    """

    key: int
    scope: Scope
    collection_id: str
    face_model: str
    face_model_version: str
    dimension: int
    face_count: int
    user_count: int
    created_at: float


@dataclass(frozen=True, slots=True)
class NewFace:
    box: Box
    confidence: float
    vector: Vector


@dataclass(frozen=True, slots=True)
class StoredFace:
    """A face without its vector, which `Faces.vector` reads where it is needed."""

    face_id: str
    image_id: str
    external_image_id: str | None
    box: Box
    confidence: float
    user_id: str | None
    face_model_version: str


def status_of(face_count: int) -> UserStatus:
    return "ACTIVE" if face_count else "CREATED"


@dataclass(frozen=True, slots=True)
class StoredUser:
    """A user without the pooled vector of its faces, which `Users.vector` reads."""

    user_id: str
    face_count: int

    @property
    def status(self) -> UserStatus:
        return status_of(self.face_count)


@dataclass(frozen=True, slots=True)
class DeletionFailure:
    face_id: str
    reason: DeletionReason
    user_id: str | None = None


@dataclass(frozen=True, slots=True)
class FaceDeletion:
    deleted: list[str]
    failures: list[DeletionFailure]


@dataclass(frozen=True, slots=True)
class AssociationFailure:
    """`user_id` is the other user that has the face; `cosine` is that of a match too low. The API
    has no word for the reason that a user has no room for more faces: None."""

    face_id: str
    reason: AssociationReason | None
    user_id: str | None = None
    cosine: float | None = None


@dataclass(frozen=True, slots=True)
class Association:
    """What associating or disassociating changed; a face that was so before is in neither list."""

    done: list[str]
    failures: list[AssociationFailure]
    status: UserStatus


@dataclass(frozen=True, slots=True)
class Match:
    face: StoredFace
    cosine: float


@dataclass(frozen=True, slots=True)
class UserMatch:
    user: StoredUser
    cosine: float


@dataclass(frozen=True, slots=True)
class FaceModel:
    """The embedding space of some vectors: what a collection remembers of its model."""

    name: str
    version: str
    dimension: int


@dataclass(frozen=True, slots=True)
class CelebrityDetails:
    """What is said of a person of the gallery; None says nothing, and changes nothing."""

    name: str
    wikidata_id: str | None = None
    urls: tuple[str, ...] | None = None
    known_gender: str | None = None
    licence: str | None = None
    consent: str | None = None
    source: str | None = None


@dataclass(frozen=True, slots=True)
class Celebrity:
    celebrity_id: str
    details: CelebrityDetails
    created_at: float


@dataclass(frozen=True, slots=True)
class CelebrityMatch:
    celebrity: Celebrity
    cosine: float


JobStatus = Literal["IN_PROGRESS", "SUCCEEDED", "FAILED"]

Order = Literal["time", "name"]
"""How the findings of a job are listed: by `at`, or by `name` and then `rank`."""


@dataclass(frozen=True, slots=True)
class Job:
    """A background job as of the transaction that read it.

    `request` and `detail` are JSON; `leader` is the job in whose run this one is done, None while
    it waits; `parts` counts the finished parts of the work, and `carry` is what the next part has
    to know of them; `attempts` counts the processes that began the next part and did not finish it.
    """

    key: int
    scope: Scope
    job_id: str
    operation: str
    request: str
    source: str
    tag: str | None
    status: JobStatus
    failure_code: str | None
    message: str | None
    detail: str | None
    leader: str | None
    parts: int
    attempts: int
    carry: bytes | None
    created_at: float
    ended_at: float | None


class Finding(NamedTuple):
    """One element of a job's results; `document` is its JSON.

    `view` tells apart listings of the same results; `at` is milliseconds from the start of the
    video, or the number of a line of the manifest.
    """

    view: str
    at: int
    name: str
    rank: float
    document: str


Feature = Literal["CUSTOM_LABELS", "CONTENT_MODERATION"]

AutoUpdate = Literal["ENABLED", "DISABLED"]

DatasetType = Literal["TRAIN", "TEST"]

DatasetStatus = Literal[
    "CREATE_COMPLETE",
    "CREATE_FAILED",
    "UPDATE_COMPLETE",
    "UPDATE_FAILED",
]

DatasetCode = Literal["SUCCESS", "SERVICE_ERROR", "CLIENT_ERROR"]


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


VersionStatus = Literal[
    "TRAINING_IN_PROGRESS",
    "TRAINING_COMPLETED",
    "TRAINING_FAILED",
    "STARTING",
    "RUNNING",
    "FAILED",
    "STOPPING",
    "STOPPED",
    "DELETING",
    "COPYING_IN_PROGRESS",
    "COPYING_COMPLETED",
    "COPYING_FAILED",
    "DEPRECATED",
    "EXPIRED",
]

ModelKind = Literal["classifier", "detector", "adapter"]


@dataclass(frozen=True, slots=True)
class NewVersion:
    """`request` is the JSON of what was asked; what is None is not known yet."""

    name: str
    request: str
    status: VersionStatus = "TRAINING_IN_PROGRESS"
    kind: ModelKind | None = None
    description: str | None = None
    source_arn: str | None = None
    base_model_version: str | None = None
    evaluation: str | None = None
    outputs: str | None = None


@dataclass(frozen=True, slots=True)
class ProjectVersion:
    """A version of a project's model as of the transaction that read it.

    `request`, `evaluation` and `outputs` are JSON; `progress` of the training is 0..1; `ended_at`
    is when the training ended, `used_at` when the model was last asked anything.
    """

    key: int
    project: int
    name: str
    stamp: int
    status: VersionStatus
    message: str | None
    request: str
    kind: ModelKind | None
    description: str | None
    source_arn: str | None
    base_model_version: str | None
    progress: float
    billable_seconds: float
    evaluation: str | None
    outputs: str | None
    min_units: int | None
    max_units: int | None
    created_at: float
    ended_at: float | None
    used_at: float | None


@dataclass(frozen=True, slots=True)
class NewTrainingImage:
    """A line of a manifest; an unusable one is only told of in the files about it."""

    line: int
    source_ref: str
    document: str
    usable: bool


@dataclass(frozen=True, slots=True)
class TrainingImage:
    """`fault` is the code of what is wrong with the picture; `found` is JSON."""

    key: int
    part: DatasetType
    line: int
    source_ref: str
    document: str
    usable: bool
    fault: str | None
    seen: bytes | None
    found: str | None


@dataclass(frozen=True, slots=True)
class ProjectPolicy:
    key: int
    project: int
    name: str
    revision: str
    document: str
    created_at: float
    updated_at: float


@dataclass(frozen=True, slots=True)
class DatasetState:
    """What is told of the last that was done to a dataset."""

    status: DatasetStatus
    code: DatasetCode
    message: str


@dataclass(frozen=True, slots=True)
class Dataset:
    key: int
    project: int
    type: DatasetType
    stamp: int
    state: DatasetState
    created_at: float
    updated_at: float


@dataclass(frozen=True, slots=True)
class NewEntry:
    """An image of a dataset; `document` is its JSON, and `labels` tells of each label whether a
    bounding box has it."""

    source_ref: str
    document: str
    labels: Mapping[str, bool]
    faulty: bool


class DatasetCounts(NamedTuple):
    entries: int
    labeled: int
    faulty: int
    labels: int


class LabelCount(NamedTuple):
    """`boxed` counts the entries where a bounding box has the label."""

    name: str
    entries: int
    boxed: int


@dataclass(frozen=True, slots=True)
class EntryFilter:
    """What entries a listing shows; None shows all."""

    labels: Sequence[str] | None = None
    labeled: bool | None = None
    source_ref_part: str | None = None
    faulty: bool | None = None
