"""Does everybody keep their index? PersonTracking and FaceSearch over short films that are made of
photographs, in which people walk across each other, behind things, and over cuts."""

import tempfile
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import astuple, dataclass
from pathlib import Path
from typing import Any, cast

import av
import cv2
import numpy as np
import orjson
import PIL.Image

from benchmarks.acts import POST, Act, acts
from benchmarks.photographs import Photographs
from benchmarks.stages import HEIGHT, RATE, WIDTH, Cutout, Mask, Shown, played
from benchmarks.tables import percent, table
from benchmarks.trails import Counts, Followed, Trails
from openrekog.collections_store.records import Finding, Scope
from openrekog.collections_store.store import Store
from openrekog.models.loaded import Models
from openrekog.models.results import Box, Image
from openrekog.server.analysis.video import face_search, persons
from openrekog.server.analysis.video.analysis import Job
from openrekog.server.jobs.kinds import KINDS
from openrekog.server.jobs.reading import Bookmark, Reading
from openrekog.server.jobs.sampling import wanted
from openrekog.server.media.videos import Video
from openrekog.server.services import open_store
from openrekog.server.settings import Settings

SCOPE = Scope("1", "bench")
COLLECTION = "nobody"
REQUEST: Mapping[str, Any] = {"CollectionId": COLLECTION, "FaceMatchThreshold": 80}

# Annotations of COCO: people of whom all or nearly all is seen.
PEOPLE = {
    "worker": 200887,
    "runner": 472373,
    "lady": 503696,
    "player": 1710500,
    "boy": 460884,
    "woman": 207216,
    "coat": 539087,
}

# Photographs of COCO without people: a platform, a street, a bathroom, a kitchen, and a picket.
PLACES = (184321, 336587, 403385, 37777)
POST_FROM = 336587

# People of LFW, and where a face lies there in the middle: rows and columns.
PORTRAITS = (
    "Alfonso_Cuaron",
    "Doris_Roberts",
    "Naomi_Campbell",
    "Jimmy_Gurule",
    "Michael_Kors",
    "Carl_Reiner",
)
FACE = ((0.26, 0.76), (0.31, 0.68))


@dataclass(frozen=True, slots=True)
class Subject:
    """What one operation follows, how often it looks, and how near its boxes come."""

    operation: str
    interval_ms: int
    least_overlap: float


PERSONS = Subject("PersonTracking", persons.INTERVAL_MS, 0.5)
# The face of a portrait is known by where it mostly lies.
FACES = Subject("FaceSearch", face_search.INTERVAL_MS, 0.3)


def measure_identity(folder: Path, models: Models) -> str:
    photographs = Photographs.read(folder)
    images = {one.number: one.image for one in photographs}
    places = [images[number] for number in PLACES]
    people = cut_out(photographs)
    parts = [report(PERSONS, acts(places, [*PEOPLE][:6], 0.75), people, models)]
    if portraits := cut_portraits(folder / "faces" / "lfw"):
        faces = acts(places, [*portraits][1:7], 0.5)
        parts.append(report(FACES, faces, portraits, models))
    return "\n\n".join(parts)


def report(
    subject: Subject, script: Mapping[str, Act], people: Mapping[str, Cutout], models: Models
) -> str:
    counted = {title: follow(subject, act, people, models) for title, act in script.items()}
    counted["all"] = sum(counted.values(), start=Counts())
    rows = [(title, *astuple(one), percent(one.accuracy, 1)) for title, one in counted.items()]
    heads = ("to be found", "missed", "false", "switches", "fragments", "joined", "MOTA")
    return "\n\n".join([f"{subject.operation}:", table(("Film", *heads), rows)])


def follow(subject: Subject, act: Act, people: Mapping[str, Cutout], models: Models) -> Counts:
    with tempfile.TemporaryDirectory(prefix="openrekog-identity-") as folder:
        film = Path(folder) / "film.mp4"
        shown = write(film, played(act, people))
        found = analysed(film, subject.operation, models, Path(folder))
    trails = Trails(subject.least_overlap)
    for timestamp_ms in looked_at(shown, subject.interval_ms):
        trails.see(shown[timestamp_ms], found.get(timestamp_ms, []))
    return trails.counts


def write(path: Path, frames: Iterable[tuple[Image, list[Shown]]]) -> dict[int, list[Shown]]:
    """Who is to be seen, by milliseconds."""
    shown: dict[int, list[Shown]] = {}
    with av.open(path, "w") as file:
        stream = file.add_stream("libx264", RATE, {"crf": "18"})
        assert isinstance(stream, av.VideoStream)
        stream.width, stream.height, stream.pix_fmt = WIDTH, HEIGHT, "yuv420p"
        for number, (picture, people) in enumerate(frames):
            file.mux(stream.encode(av.VideoFrame.from_ndarray(picture, "rgb24")))
            shown[1000 * number // RATE] = people
        file.mux(stream.encode())
    return shown


def looked_at(times: Iterable[int], interval_ms: int) -> Iterator[int]:
    previous = None
    for time in times:
        if wanted(time, previous, interval_ms):
            yield time
        previous = time


def analysed(
    film: Path, operation: str, models: Models, folder: Path
) -> Mapping[int, list[Followed]]:
    """Who was found, by milliseconds; as a worker does it, in a collection without faces."""
    with closing(open_store(Settings(data_dir=folder), serving=False)) as store:
        collect(store, models)
        video = Video(film.open("rb"))
        job = Job(REQUEST, video.info, models, store, SCOPE, 98.0)
        analyses = {operation: KINDS[operation](job, None)}
        findings: list[Finding] = []
        with closing(Reading(video, analyses, 0, Bookmark(), 60)) as reading:
            while not reading.over:
                done = reading.read_part()[operation]
                if done.error is not None:
                    raise done.error
                findings += done.found
    return followed(findings)


def collect(store: Store, models: Models) -> None:
    with store.write() as rows:
        rows.collections.create(
            SCOPE,
            COLLECTION,
            face_model=models.faces.model_name,
            face_model_version=models.faces.model_version,
            dimension=models.faces.dimension,
        )


def followed(findings: Iterable[Finding]) -> Mapping[int, list[Followed]]:
    found: dict[int, list[Followed]] = defaultdict(list)
    for finding in findings:
        person = orjson.loads(finding.document)["Person"]
        box = person.get("BoundingBox") or person["Face"]["BoundingBox"]
        sides = {name.lower(): value for name, value in box.items()}
        found[finding.at].append(Followed(person["Index"], Box(**sides)))
    return found


def cut_out(photographs: Photographs) -> dict[str, Cutout]:
    """Persons by their outlines in COCO."""
    images = {one.number: one.image for one in photographs}
    people = {POST: post(images[POST_FROM])}
    for name, number in PEOPLE.items():
        (mark,) = photographs.truth.loadAnns([number])
        left, top, width, height = (round(side) for side in mark["bbox"])
        there = np.s_[top : top + height, left : left + width]
        image = images[mark["image_id"]]
        # Crowds alone have runs of pixels in place of polygons.
        outline = within(cast("list[list[float]]", mark["segmentation"]), image)[there]
        people[name] = Cutout(image[there], outline, outline)
    return people


def within(polygons: Iterable[Sequence[float]], image: Image) -> Mask:
    """The pixels of some polygons, each x, y, x, y and so on."""
    filled = np.zeros(image.shape[:2], np.uint8)
    corners = [np.reshape(polygon, (-1, 2)).round().astype(np.int32) for polygon in polygons]
    return np.asarray(cv2.fillPoly(filled, corners, 1) > 0)


def cut_portraits(folder: Path) -> dict[str, Cutout]:
    """Portraits of LFW: heads stand in the middle, faces where most are found."""
    people = {POST: post(np.full((100, 100, 3), 90, np.uint8))}
    for name in PORTRAITS:
        path = folder / name / f"{name}_0001.jpg"
        if not path.is_file():
            return {}
        with PIL.Image.open(path) as picture:
            portrait = np.asarray(picture.convert("RGB"))
        face = np.zeros(portrait.shape[:2], np.bool_)
        rows, columns = (slice(*(round(250 * end) for end in ends)) for ends in FACE)
        face[rows, columns] = True
        head = np.s_[20:230, 30:220]
        people[name] = Cutout(portrait[head], np.ones_like(face[head]), face[head])
    return people


def post(picture: Image) -> Cutout:
    """A tall narrow thing."""
    piece = picture[:, : picture.shape[0] // 3]
    whole = np.ones(piece.shape[:2], np.bool_)
    return Cutout(piece, whole, whole)
