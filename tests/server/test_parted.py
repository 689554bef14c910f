"""A file that is fetched part by part reads as one that is here."""

import io
import random

from openrekog.server.media.parted import PartedFile

DATA = random.Random(3).randbytes(10_000)


class Fetched(PartedFile):
    """Gives at most 700 bytes at once."""

    def part(self, start: int, count: int) -> bytes:
        return DATA[start : start + min(count, 700)]


def test_it_is_read_from_one_end_to_the_other() -> None:
    assert io.BufferedReader(Fetched(len(DATA)), 1024).read(len(DATA) + 1) == DATA


def test_it_is_read_from_any_place() -> None:
    here, fetched = io.BytesIO(DATA), io.BufferedReader(Fetched(len(DATA)), 1024)
    places = [
        (9_990, io.SEEK_SET),
        (-40, io.SEEK_END),
        (-3_000, io.SEEK_CUR),
        (20_000, io.SEEK_SET),
    ]
    for offset, whence in places:
        assert fetched.seek(offset, whence) == here.seek(offset, whence)
        assert fetched.read(2_000) == here.read(2_000)
        assert fetched.tell() == here.tell()
