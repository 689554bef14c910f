"""Reads manifests line by line, and says whether too much of one is wrong."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import BinaryIO

from openrekog.server.analysis.manifests.entries import ManifestEntry
from openrekog.server.analysis.manifests.lines import MOST_CHARACTERS, parse_line
from openrekog.server.analysis.manifests.messages import LineRefused

# Of UTF-8; a longer line is more than MOST_CHARACTERS in any case.
LONGEST_LINE = 4 * MOST_CHARACTERS

MOST_WRONG = 0.2
"""The part of the lines that may be wrong: with more, AWS gives up a manifest."""

SHOWN = 5


@dataclass(slots=True)
class ManifestRead:
    """The entries of a manifest, one for each image, and what was left out by line."""

    entries: dict[str, ManifestEntry] = field(default_factory=dict)
    left_out: list[str] = field(default_factory=list)
    lines: int = 0

    @property
    def too_many_wrong(self) -> bool:
        unusable = sum(not entry.usable for entry in self.entries.values())
        return len(self.left_out) + unusable > MOST_WRONG * self.lines

    @property
    def remark(self) -> str:
        """On what was left out: AWS is silent, and leaves its users to find out."""
        if not self.left_out:
            return ""
        more = ", ..." if len(self.left_out) > SHOWN else ""
        shown = ", ".join(self.left_out[:SHOWN]) + more
        return f" {len(self.left_out)} of {self.lines} lines were left out: {shown}."


def read_manifest(lines: Iterable[bytes], *, last_counts: bool) -> ManifestRead:
    """Of two lines of one image the first counts and the other is left out, as in AWS's manifests,
    or the last counts, as in changes."""
    read = ManifestRead()
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        read.lines += 1
        try:
            entry = parse_line(line)
        except LineRefused as refused:
            read.left_out.append(f"line {number} {refused.code}")
            continue
        if entry.source_ref in read.entries and not last_counts:
            read.left_out.append(f"line {number} repeats an image")
        else:
            read.entries[entry.source_ref] = entry
    return read


def lines_of(file: BinaryIO) -> Iterator[bytes]:
    """The lines, of which one that is too long is cut, and so no JSON."""
    while line := file.readline(LONGEST_LINE):
        rest = line
        while len(rest) == LONGEST_LINE and not rest.endswith(b"\n"):
            rest = file.readline(LONGEST_LINE)
        yield line
