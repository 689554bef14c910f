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


def outcome(data: bytes, start_ms: int, end_ms: int, patience: float = 60) -> str:
    found = StoredObject(BytesIO(data), len(data), "identity")
    outcome = trial.outcome(found, ("h264",), start_ms, end_ms, patience)
    assert found.file.closed
    return outcome


@pytest.mark.parametrize(
    ("rate", "start_ms", "end_ms", "expected"),
    [(7, 10_000, 20_000, "dies"), (7, 0, 5_000, "lives"), (8, 10_000, 20_000, "lives")],
    ids=["deadly", "before it", "harmless"],
)
def test_a_deadly_video_ends_a_process_of_its_own(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    rate: int,
    start_ms: int,
    end_ms: int,
    expected: str,
) -> None:
    monkeypatch.setenv("PYTHONPATH", DEADLY)
    assert outcome(film(tmp_path, rate), start_ms, end_ms) == expected


def test_a_video_that_keeps_its_decoder_busy_for_ever_is_given_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTHONPATH", DEADLY)
    assert outcome(film(tmp_path, 9), 10_000, 20_000, patience=1) == "hangs"


@pytest.mark.parametrize("data", [b"", b"text " * 10_000], ids=["empty", "text"])
def test_what_is_no_video_kills_nobody(data: bytes) -> None:
    assert outcome(data, 0, 10_000) == "lives"


def test_a_store_that_goes_away_is_no_fault_of_the_video(tmp_path: Path) -> None:
    class Cut(BytesIO):
        def read(self, size: int | None = -1) -> bytes:
            raise Unreachable

    data = film(tmp_path, 8)
    with pytest.raises(Unreachable):
        trial.outcome(StoredObject(Cut(data), len(data), "identity"), ("h264",), 0, 10_000, 60)
