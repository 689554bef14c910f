"""Every analysis finds the same whether it goes through a video at once or is put away, and the
video opened anew, at every part."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import orjson
import PIL.Image
import pytest

from openrekog.collections_store.records import Finding, Scope
from openrekog.server.analysis.video.analysis import Job
from openrekog.server.context import Services
from openrekog.server.jobs import reading
from openrekog.server.jobs.kinds import KINDS
from openrekog.server.jobs.reading import Bookmark, Reading, unpack_carry
from openrekog.server.media.videos import Video
from openrekog.server.services import open_services
from openrekog.server.settings import Settings
from tests.acceptance.photos import photograph
from tests.acceptance.videos import write_video

HOPPER = Path(__file__).parents[2] / "docs" / "images" / "hopper.jpg"

SCOPE = Scope("111122223333", "us-east-1")
REQUEST = {
    "MinConfidence": 50,
    "FaceAttributes": "DEFAULT",
    "CollectionId": "people",
    "FaceMatchThreshold": 80,
    "SegmentTypes": ["TECHNICAL_CUE", "SHOT"],
    "Filters": {
        "ShotFilter": {"MinSegmentConfidence": 50},
        "TechnicalCueFilter": {
            "MinSegmentConfidence": 50,
            "BlackFrame": {"MaxPixelThreshold": 0.2, "MinCoveragePercentage": 99},
        },
    },
}

# The fake pack finds no text here, nothing to moderate, and there is no gallery.
FINDING = {"FaceDetection", "FaceSearch", "LabelDetection", "PersonTracking", "SegmentDetection"}

PART_MS = 600
FRAMES = 64


@pytest.fixture(scope="module")
def services(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Services]:
    opened = open_services(Settings(data_dir=tmp_path_factory.mktemp("data"), packs=["fake"]))
    faces = opened.models.faces
    with opened.store.write() as rows:
        rows.collections.create(
            SCOPE,
            "people",
            face_model=faces.model_name,
            face_model_version=faces.model_version,
            dimension=faces.dimension,
        )
    yield opened
    opened.close()


@cache
def pictures() -> Sequence[Any]:
    """Shots of nine frames, every fourth of them black; each frame differs from the one before."""
    photos = [photograph(name) for name in ("astronaut.png", "coffee.png", "chelsea.png")]
    shots = [np.asarray(photo.resize((320, 240))) for photo in photos]
    shots.append(np.zeros_like(shots[0]))
    return [np.roll(shots[index // 9 % 4], index, axis=1) for index in range(FRAMES)]


def steady(path: Path) -> Path:
    return write_video(path / "steady.mp4", pictures())


def open_groups(path: Path) -> Path:
    """Whose key frames are no places to begin at."""
    options = {"bf": "3", "g": "7", "x264-params": "open-gop=1:b-adapt=0:scenecut=0"}
    return write_video(path / "open.mp4", pictures(), **options)


def varying(path: Path) -> Path:
    """Gaps of up to three seconds, over several parts."""
    gaps = [40, 40, 20, 333, 1, 500, 90, 3000, 100]
    times = np.cumsum([0, *(gaps * FRAMES)[: FRAMES - 1]]).tolist()
    return write_video(path / "varying.mkv", pictures(), times=times)


def late(path: Path) -> Path:
    times = [12_345 + 70 * index for index in range(FRAMES)]
    return write_video(path / "late.mkv", pictures(), times=times)


def avi(path: Path) -> Path:
    return write_video(path / "steady.avi", pictures())


def transport(path: Path) -> Path:
    return write_video(path / "steady.ts", pictures())


FILMS: dict[str, Callable[[Path], Path]] = {
    "steady": steady,
    "open groups": open_groups,
    "varying": varying,
    "late": late,
    "avi": avi,
    "transport": transport,
}


@pytest.fixture(scope="module", params=FILMS)
def film(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return FILMS[request.param](tmp_path_factory.mktemp("film"))


def opened(services: Services, film: Path, carries: dict[str, bytes], part: int) -> Reading:
    video = Video(film.open("rb"))
    job = Job(REQUEST, video.info, services.models, services.store, SCOPE, 95.0)
    states = {kind: unpack_carry(carry) for kind, carry in carries.items()}
    analyses = {
        kind: begin(job, states[kind][1] if kind in states else None)
        for kind, begin in KINDS.items()
    }
    mark, _ = next(iter(states.values()), (Bookmark(), None))
    return Reading(video, analyses, part, mark, 60)


def findings(services: Services, film: Path, *, anew: bool) -> dict[str, list[Finding]]:
    found: dict[str, list[Finding]] = {kind: [] for kind in KINDS}
    now = opened(services, film, {}, 0)
    while True:
        done = now.read_part()
        for kind, outcome in done.items():
            assert outcome.error is None
            found[kind] += outcome.found
        if now.over:
            now.close()
            return found
        if anew:
            now.close()
            carries = {kind: outcome.carry for kind, outcome in done.items()}
            now = opened(services, film, carries, now.part)


def test_parts_are_no_seams(
    services: Services, film: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "PART_MS", PART_MS)
    whole = findings(services, film, anew=False)
    assert {kind for kind in KINDS if whole[kind]} >= FINDING
    assert findings(services, film, anew=True) == whole
    with closing(Video(film.open("rb"))) as video:
        times = [frame.timestamp_ms for frame in video.frames()]
    assert times[0] == 0
    assert len(times) == FRAMES
    assert {one.at for kind in KINDS for one in whole[kind]} <= set(times)


def test_nobody_is_followed_over_a_cut(services: Services, tmp_path: Path) -> None:
    """With the fake pack one person stands in the middle of every picture but the black ones."""
    found = findings(services, steady(tmp_path), anew=False)["PersonTracking"]
    persons = [orjson.loads(one.document) for one in found]
    shots = [one["Timestamp"] // 900 for one in persons]
    assert len(set(shots)) == 6
    indexes = [one["Person"]["Index"] for one in persons]
    assert indexes == [sorted(set(shots)).index(shot) for shot in shots]


def test_nobody_is_followed_over_a_dissolve(services: Services, tmp_path: Path) -> None:
    """With the fake pack somebody stands in the middle of every picture."""
    collins, hopper = (
        np.asarray(photo.resize((320, 240))).astype(np.float32)
        for photo in (photograph("astronaut.png"), PIL.Image.open(HOPPER).convert("RGB"))
    )
    shares = np.clip((np.arange(50) - 19) / 12, 0, 1)
    frames = [(collins * (1 - share) + hopper * share).astype(np.uint8) for share in shares]
    film = write_video(tmp_path / "dissolve.mp4", frames)
    found = findings(services, film, anew=False)["PersonTracking"]
    persons = [orjson.loads(one.document) for one in found]
    begun = {one["Person"]["Index"]: one["Timestamp"] for one in reversed(persons)}
    assert begun == {0: 0, 1: 2800}
