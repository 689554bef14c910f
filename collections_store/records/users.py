"""Users, who have faces."""

from dataclasses import dataclass
from typing import Literal

UserStatus = Literal["CREATED", "ACTIVE"]


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
class UserMatch:
    user: StoredUser
    cosine: float


AssociationReason = Literal[
    "FACE_NOT_FOUND", "ASSOCIATED_TO_A_DIFFERENT_USER", "LOW_MATCH_CONFIDENCE"
]


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
