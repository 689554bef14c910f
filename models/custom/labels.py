"""What is known of a picture for learning, and what a custom model says of one."""

from dataclasses import dataclass

from openrekog.models.results import Box


@dataclass(frozen=True, slots=True)
class TrueLabel:
    """A label that a picture has; in ratios of the picture where it is, if it is of a part."""

    name: str
    box: Box | None = None


@dataclass(frozen=True, slots=True)
class CustomLabel:
    """A label that a custom model gives, its confidence 0..100; with a box if it finds objects."""

    name: str
    confidence: float
    box: Box | None = None
