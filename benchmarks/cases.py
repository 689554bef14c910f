"""What is measured: one row for each kind of request."""

import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from benchmarks import pictures
from benchmarks.bare import Models, Work
from benchmarks.hosted import Hosted
from benchmarks.signed import image

Payload = Mapping[str, Any]

VARIANTS = 8
INDEXED = "indexed"


def gallery_id(faces: int) -> str:
    return f"gallery-{faces}"


@dataclass(frozen=True, slots=True)
class Case:
    """A kind of request: how to ask the server, and the same work for the bare models."""

    operation: str
    note: str
    picture: str
    payload: Callable[[bytes], Payload]
    work: Callable[[Models], Work]
    repeatable: bool = True
    """False where a repeated request would find its work done already."""
    least_a_second: float | None = None
    """What a machine of two cores must reach."""
    mostly_models: bool = True
    """False where the vectors that are compared cost as much as the models."""

    @property
    def name(self) -> str:
        return f"{self.operation} {self.note}".strip()

    def pictures(self) -> Sequence[bytes]:
        return pictures.variants(self.picture, VARIANTS)

    def payloads(self, unrepeated: int) -> list[Payload]:
        """A few to send again and again, or as many as will be sent."""
        count = VARIANTS if self.repeatable else unrepeated
        seen = self.pictures()
        return [self.payload(seen[number % len(seen)]) for number in range(count)]


def detected(models: Models) -> Work:
    return models.detect


def detected_all(models: Models) -> Work:
    return models.detect_all


def compared(models: Models) -> Work:
    return models.compare


def embedded(models: Models) -> Work:
    return models.embed


# Whatever else a picture is asked for, the request is the picture alone.
OF_PICTURES: Mapping[str, Callable[[Models], Work]] = {
    "DetectLabels": lambda models: models.label,
    "DetectText": lambda models: models.read,
    "DetectModerationLabels": lambda models: models.moderate,
    "DetectProtectiveEquipment": lambda models: models.dress,
    "RecognizeCelebrities": lambda models: models.recognise,
}


def alone(data: bytes) -> Payload:
    return {"Image": image(data)}


def detect(attributes: str) -> Callable[[bytes], Payload]:
    return lambda data: {"Image": image(data), "Attributes": [attributes]}


def compare(data: bytes) -> Payload:
    return {"SourceImage": image(data), "TargetImage": image(data)}


def index(data: bytes) -> Payload:
    return {"CollectionId": INDEXED, "Image": image(data), "ExternalImageId": str(uuid.uuid4())}


def search(faces: int) -> Callable[[bytes], Payload]:
    return lambda data: {"CollectionId": gallery_id(faces), "Image": image(data)}


def cases(galleries: Sequence[int]) -> list[Case]:
    return [
        Case("DetectFaces", "", "portrait", detect("DEFAULT"), detected, least_a_second=20),
        Case("DetectFaces", "", "photo", detect("DEFAULT"), detected, least_a_second=20),
        Case("DetectFaces", "ALL", "photo", detect("ALL"), detected_all),
        Case("DetectFaces", "", "large", detect("DEFAULT"), detected),
        Case("CompareFaces", "", "portrait", compare, compared, least_a_second=10),
        Case("IndexFaces", "", "portrait", index, embedded, repeatable=False),
        *(
            Case(
                "SearchFacesByImage",
                f"{faces:,} faces",
                "portrait",
                search(faces),
                embedded,
                least_a_second=15 if faces <= 100_000 else None,
                mostly_models=faces <= 100_000,
            )
            for faces in galleries
        ),
        *(Case(operation, "", "photo", alone, work) for operation, work in OF_PICTURES.items()),
    ]


def custom_case(hosted: Hosted) -> Case:
    """A model of one's own; MinConfidence as given, so that there always is a label to send."""

    def ask(data: bytes) -> Payload:
        return {"ProjectVersionArn": hosted.arn, "Image": image(data), "MinConfidence": 0}

    def work(models: Models) -> Work:
        return lambda data: models.ask(hosted.model, data)

    return Case("DetectCustomLabels", "", "photo", ask, work)
