"""Videos that end the process that decodes them, tried in a process that may end."""

from io import BytesIO
from pathlib import Path

import numpy as np
import pytest

from openrekog.server.media import trial
from openrekog.server.media.objects import StoredObject, Unreachable
from tests.acceptance.videos import write_video

DEADLY = str(Path(__file__).parent.parent / "deadly")


def film(folder: Path, rate: int) -> bytes:
    pictures = (np.full((240, 320, 3), index, np.uint8) for index in range(15 * rate))
    return write_video(folder / "film.mp4", pictures, rate=rate, preset="ultrafast").read_bytes()


def survives(data: bytes, start_ms: int, end_ms: int) -> bool:
    found = StoredObject(BytesIO(data), len(data), "identity")
    survived = trial.survives(found, ("h264",), start_ms, end_ms)
    assert found.file.closed
    return survived


@pytest.mark.parametrize(
    ("rate", "start_ms", "end_ms", "survived"),
    [(7, 10_000, 20_000, False), (7, 0, 5_000, True), (8, 10_000, 20_000, True)],
    ids=["deadly", "before it", "harmless"],
)
def test_a_deadly_video_ends_a_process_of_its_own(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    rate: int,
    start_ms: int,
    end_ms: int,
    survived: bool,
) -> None:
    monkeypatch.setenv("PYTHONPATH", DEADLY)
    assert survives(film(tmp_path, rate), start_ms, end_ms) is survived


@pytest.mark.parametrize("data", [b"", b"text " * 10_000], ids=["empty", "text"])
def test_what_is_no_video_kills_nobody(data: bytes) -> None:
    assert survives(data, 0, 10_000)


def test_a_store_that_goes_away_is_no_fault_of_the_video(tmp_path: Path) -> None:
    class Cut(BytesIO):
        def read(self, size: int | None = -1) -> bytes:
            raise Unreachable

    data = film(tmp_path, 8)
    with pytest.raises(Unreachable):
        trial.survives(StoredObject(Cut(data), len(data), "identity"), ("h264",), 0, 10_000)
