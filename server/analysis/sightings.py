"""What the models see in each picture of a batch, for whoever names it: one pass a model."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from openrekog.models.capabilities import FaceAttributeName
from openrekog.models.loaded import Models
from openrekog.models.results import DetectedObject, Face, Image, Judgement

FACE_ATTRIBUTES: frozenset[FaceAttributeName] = frozenset({"AGE_RANGE", "GENDER", "SMILE"})


# Masks are looked for on the largest faces only: each is a pass of a network, and a crowd has many.
MOST_COVERS = 5


@dataclass(frozen=True, slots=True)
class Chances:
    """The chance of each class, 0 to 100, by its name in the scheme."""

    scheme: str
    of: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Sighting:
    """All that the models know of one picture; objects are named as in `object_scheme`, faces stand
    largest first, `covers` tells of the first few whether a mask covers them, and `text` is how
    likely there is text, 0 to 100."""

    object_scheme: str
    objects: Sequence[DetectedObject]
    classes: Sequence[Chances]
    faces: Sequence[Face]
    covers: Sequence[Judgement[bool]] = ()
    text: float = 0.0


def look(models: Models, images: Sequence[Image]) -> list[Sighting]:
    objects = models.objects.detect(images)
    classes = [
        [Chances(classifier.scheme, chances) for chances in classifier.classify(images)]
        for classifier in models.classifiers
    ]
    faces = [models.faces.find(image, FACE_ATTRIBUTES) for image in images]
    texts = models.text.spot(images)
    return [
        Sighting(
            object_scheme=models.objects.scheme,
            objects=objects[number],
            classes=[chances[number] for chances in classes],
            faces=faces[number],
            covers=models.face_covers.classify(
                image, [face.box for face in faces[number][:MOST_COVERS]]
            ),
            text=texts[number],
        )
        for number, image in enumerate(images)
    ]
