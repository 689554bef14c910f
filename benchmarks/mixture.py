"""A mixture of requests as many different users would send: sizes, numbers of faces, operations."""

import random
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import PIL.Image

from benchmarks.cases import Payload
from benchmarks.pictures import PORTRAIT, astronaut, encode, framed
from benchmarks.signed import image

COLLECTION = "mixture"

# Of a portrait phone, a crowd, a banner, a thumbnail ...: shapes as different as users bring them.
SHAPES = (
    *((80, 80), (96, 128), (200, 150), (250, 250), (333, 517), (480, 640), (640, 480)),
    *((500, 333), (800, 200), (300, 900), (720, 1280), (1024, 768), (1280, 1280), (1920, 1080)),
    *((1500, 2100), (2592, 1944), (4000, 3000)),
)
CROWDS = (2, 5, 12, 40, 100)

Ask = tuple[str, Payload]
"""An operation and its payload."""


def crowd(faces: int) -> PIL.Image.Image:
    """So many equal faces in rows."""
    columns = -(-(faces**0.5) // 1)
    side = 120
    portrait = astronaut().crop(PORTRAIT).resize((side, side))
    width, height = int(columns) * side, -(-faces // int(columns)) * side
    picture = PIL.Image.new("RGB", (width, height), (118, 122, 128))
    for number in range(faces):
        row, column = divmod(number, int(columns))
        picture.paste(portrait, (column * side, row * side))
    return picture


@dataclass(frozen=True, slots=True)
class Mixture:
    """Draws requests; the same ones for the same seed, except for the ids of what is indexed."""

    random: random.Random
    singles: Sequence[bytes]
    crowds: Sequence[bytes]

    @classmethod
    def seeded(cls, seed: int) -> "Mixture":
        return cls(
            random.Random(seed),
            [encode(framed(width, height)) for width, height in SHAPES],
            [encode(crowd(faces)) for faces in CROWDS],
        )

    def draw(self, count: int) -> list[Ask]:
        kinds = self.random.choices(list(KINDS), list(KINDS.values()), k=count)
        return [kind(self) for kind in kinds]

    def single(self) -> Mapping[str, str]:
        return image(self.random.choice(self.singles))

    def detect(self) -> Ask:
        return "DetectFaces", {"Image": self.single()}

    def detect_all(self) -> Ask:
        return "DetectFaces", {"Image": self.single(), "Attributes": ["ALL"]}

    def detect_crowd(self) -> Ask:
        attributes = self.random.choice(["DEFAULT", "ALL"])
        picture = image(self.random.choice(self.crowds))
        return "DetectFaces", {"Image": picture, "Attributes": [attributes]}

    def compare(self) -> Ask:
        return "CompareFaces", {"SourceImage": self.single(), "TargetImage": self.single()}

    def index(self) -> Ask:
        return "IndexFaces", {
            "CollectionId": COLLECTION,
            "Image": self.single(),
            "ExternalImageId": str(uuid.uuid4()),
        }

    def search(self) -> Ask:
        return "SearchFacesByImage", {
            "CollectionId": COLLECTION,
            "Image": self.single(),
            "MaxFaces": 50,
        }

    def list_faces(self) -> Ask:
        return "ListFaces", {"CollectionId": COLLECTION, "MaxResults": 1000}

    def labels(self) -> Ask:
        features = self.random.choice([["GENERAL_LABELS"], ["GENERAL_LABELS", "IMAGE_PROPERTIES"]])
        return "DetectLabels", {"Image": self.single(), "Features": features}

    def text(self) -> Ask:
        return "DetectText", {"Image": self.single()}

    def moderation(self) -> Ask:
        return "DetectModerationLabels", {"Image": self.single()}

    def equipment(self) -> Ask:
        """Its pictures may be 4,096 pixels a side and 4 MB."""
        return "DetectProtectiveEquipment", {"Image": self.single()}

    def celebrities(self) -> Ask:
        return "RecognizeCelebrities", {"Image": self.single()}

    def broken(self) -> Ask:
        """A picture that ends in the middle."""
        whole = self.random.choice(self.singles)
        return "DetectFaces", {"Image": image(whole[: len(whole) // 2])}


KINDS: Mapping[Callable[[Mixture], Ask], float] = {
    Mixture.detect: 30,
    Mixture.detect_all: 15,
    Mixture.detect_crowd: 5,
    Mixture.compare: 10,
    Mixture.index: 15,
    Mixture.search: 15,
    Mixture.list_faces: 5,
    Mixture.labels: 6,
    Mixture.text: 2,
    Mixture.moderation: 4,
    Mixture.equipment: 3,
    Mixture.celebrities: 3,
    Mixture.broken: 5,
}
"""Kinds of requests and their weights."""

EXPECTED = frozenset({"200", "400 InvalidImageFormatException", "400 InvalidParameterException"})
"""Answers that the mixture may bring: broken pictures, and small ones without a usable face."""
