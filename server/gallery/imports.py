"""Takes people into the gallery of celebrities: the vector of one face of each picture, and what is
said of the person. The pictures themselves are not kept."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, get_args

import numpy as np

from openrekog.api_spec import errors
from openrekog.api_spec.errors import ApiError
from openrekog.api_spec.overlay import ImageLimits
from openrekog.api_spec.service import load_service
from openrekog.collections_store.errors import AmbiguousName
from openrekog.collections_store.records import Celebrity, FaceModel, NewFace, Vector
from openrekog.collections_store.store import Store, Transaction
from openrekog.collections_store.vectors import pooled
from openrekog.models.capabilities import FaceAnalyzer
from openrekog.models.results import Face
from openrekog.server.analysis import quality
from openrekog.server.analysis.faces import largest
from openrekog.server.gallery.lists import Listed
from openrekog.server.media.images import ImageLoader, LoadedImage, image_id_of
from openrekog.server.services import open_images, open_models, open_runtime, open_store
from openrekog.server.settings import ImageFormat, Settings

MOST_PICTURES = 100  # as many as a user of a collection has

# Below the similarity of 80, which two people reach once in a thousand pairs, the pictures of one
# person are worth a second look.
LIKE_THE_OTHERS = 80.0

State = Literal["new", "changed", "unchanged", "left out"]

UNREADABLE: Mapping[type[ApiError], str] = {
    errors.InvalidImageFormat: "cannot be read as a picture",
    errors.ImageTooLarge: "has too many pixels",
    errors.InvalidParameter: "is too small, less than {limits.min_side_px} pixels on one side",
}
WORDS: Mapping[quality.Reason, str] = {
    "EXTREME_POSE": "turned away",
    "LOW_BRIGHTNESS": "too dark",
    "LOW_SHARPNESS": "blurred",
    "LOW_CONFIDENCE": "uncertain",
    "SMALL_BOUNDING_BOX": "too small",
}


class UnusablePictureError(Exception):
    """Why a picture gives no face."""


@dataclass(slots=True)
class Outcome:
    """What became of a person, and the lines that the user should read about it."""

    state: State
    celebrity: Celebrity | None = None
    pictures: int = 0
    lines: list[str] = field(default_factory=list)


@dataclass(slots=True)
class Looks:
    """The faces of a person by image id: those that are stored, and those to be."""

    known: dict[str, Vector] = field(default_factory=dict)
    new: dict[str, NewFace] = field(default_factory=dict)
    paths: dict[str, Path] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.known) + len(self.new)

    def vectors(self) -> dict[str, Vector]:
        return {**self.known, **{name: face.vector for name, face in self.new.items()}}


@dataclass(frozen=True, slots=True)
class Importer:
    store: Store
    faces: FaceAnalyzer
    images: ImageLoader
    limits: ImageLimits
    match_confidence: float

    def take(self, person: Listed) -> Outcome:
        """Stores the person whole, in one transaction, or not at all."""
        outcome = Outcome("left out")
        try:
            with self.store.read() as rows:
                before, stored = self._stored(rows, person)
        except AmbiguousName as error:
            outcome.lines.append(f"{person.place}: {error}; give a wikidata_id")
            return outcome
        looks = self._look(person, stored, outcome)
        if not looks and (person.pictures or before is None):
            outcome.lines.append(f"{person.details.name}: left out, no usable picture")
            return outcome
        outcome.lines += self._unlike(person, looks)
        after = self._store(person, looks, stored)
        outcome.lines += self._doubles(after, looks)
        outcome.celebrity, outcome.pictures = after, len(looks)
        outcome.state = _state(before, after, same_faces=not _changes(looks, stored))
        return outcome

    def _stored(
        self, rows: Transaction, person: Listed
    ) -> tuple[Celebrity | None, dict[str, Vector]]:
        found = rows.celebrities.find(person.details)
        if found is None:
            return None, {}
        return found, rows.celebrities.vectors(found, self.faces.model_name)

    def _look(self, person: Listed, stored: Mapping[str, Vector], outcome: Outcome) -> Looks:
        looks = Looks()
        if len(person.pictures) > MOST_PICTURES:
            outcome.lines.append(
                f"{person.details.name}: the first {MOST_PICTURES} of {len(person.pictures)} "
                "pictures are taken"
            )
        for path in person.pictures[:MOST_PICTURES]:
            try:
                data = path.read_bytes()
                image_id = image_id_of(data)
                if image_id in stored:
                    looks.known[image_id] = stored[image_id]
                else:
                    looks.new[image_id] = self._face(path, data, outcome.lines)
                looks.paths[image_id] = path
            except (UnusablePictureError, OSError) as error:
                outcome.lines.append(f"{path}: {getattr(error, 'strerror', None) or error}")
        return looks

    def _face(self, path: Path, data: bytes, lines: list[str]) -> NewFace:
        """The largest face that is good enough."""
        image = self._decode(data)
        found = self.faces.find(image.pixels)
        usable = quality.passing(found, image.pixels.shape, "AUTO")
        face = largest(usable)
        if face is None:
            raise UnusablePictureError(_why_not(found, image))
        if len(usable) > 1:
            lines.append(f"{path}: {len(usable)} faces, the largest is taken")
        box = (face.box.left, face.box.top, face.box.width, face.box.height)
        return NewFace(box, face.confidence, self.faces.embed(image.pixels, [face])[0])

    def _decode(self, data: bytes) -> LoadedImage:
        try:
            return self.images.decode(data, self.limits)
        except ApiError as error:
            words = UNREADABLE.get(type(error), str(error))
            raise UnusablePictureError(words.format(limits=self.limits)) from error

    def _store(self, person: Listed, looks: Looks, stored: Mapping[str, Vector]) -> Celebrity:
        model = FaceModel(self.faces.model_name, self.faces.model_version, self.faces.dimension)
        with self.store.write() as rows:
            celebrity = rows.celebrities.put(person.details)
            if _changes(looks, stored):
                rows.celebrities.set_faces(celebrity, model, list(looks.known), looks.new)
        return celebrity

    def _unlike(self, person: Listed, looks: Looks) -> Iterator[str]:
        """A picture of somebody else would make the right person harder to find."""
        vectors = looks.vectors()
        if len(vectors) < 2:
            return
        cosines = np.stack(list(vectors.values())) @ np.stack(list(vectors.values())).T
        np.fill_diagonal(cosines, -1)
        for image_id, nearest in zip(vectors, cosines.max(axis=1), strict=True):
            if nearest < self.faces.cosine(LIKE_THE_OTHERS):
                yield (
                    f"{looks.paths[image_id]}: looks like no other picture of "
                    f"{person.details.name} (similarity {self.faces.similarity(nearest):.0f})"
                )

    def _doubles(self, person: Celebrity, looks: Looks) -> Iterator[str]:
        """Of two who look alike neither is recognised, so one person under two names is told."""
        if not looks:
            return
        middle = pooled(list(looks.vectors().values()))[None]
        floor, model = self.faces.cosine(self.match_confidence), self.faces.model_name
        for match in self.store.search_celebrities(middle, 2, floor, face_model=model)[0]:
            other, similarity = match.celebrity, self.faces.similarity(match.cosine)
            if other.celebrity_id != person.celebrity_id:
                yield (
                    f"{person.details.name} looks like {other.details.name} "
                    f"({other.celebrity_id}, similarity {similarity:.1f}): a face as much like "
                    "the one as the other is not named; if they are one person, delete one"
                )


def _changes(looks: Looks, stored: Mapping[str, Vector]) -> bool:
    """Whether the pictures are others than those of the stored faces; none leave those alone."""
    return bool(looks) and (bool(looks.new) or len(looks.known) < len(stored))


def _state(before: Celebrity | None, after: Celebrity, *, same_faces: bool) -> State:
    if before is None:
        return "new"
    return "unchanged" if same_faces and before == after else "changed"


def _why_not(found: Sequence[Face], image: LoadedImage) -> str:
    face = largest(found)
    if face is None:
        return "no face"
    reasons = quality.faults(face, image.pixels.shape, "AUTO")
    return f"no usable face, the largest is {', '.join(WORDS[reason] for reason in reasons)}"


@contextmanager
def importing(settings: Settings) -> Iterator[Importer]:
    """Opens the models and the store that a server with these settings has; it may be running."""
    limits = load_service().operations["RecognizeCelebrities"].image
    if limits is None:
        raise ValueError("RecognizeCelebrities has no image limits in the overlay")
    # A server's formats keep strangers' files out; these are the user's own.
    every_format = settings.model_copy(update={"image_formats": get_args(ImageFormat)})
    store = open_store(settings, serving=False)
    try:
        with open_runtime(settings) as runtime:
            yield Importer(
                store,
                open_models(settings, runtime).faces,
                open_images(every_format),
                limits,
                settings.celebrity_match_confidence,
            )
    finally:
        store.close()
