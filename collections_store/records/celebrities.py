"""The people of the gallery."""

from dataclasses import dataclass


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
