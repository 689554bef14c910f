"""Counts how well people were followed: what CLEAR MOT counts, and tracks that belong to several.

K. Bernardin and R. Stiefelhagen, Evaluating Multiple Object Tracking Performance (2008): a pair of
the frame before stays one while its boxes still overlap, others are paired by overlap; a switch is
a person who is followed under another index than the last time.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import astuple, dataclass, field
from operator import add

from benchmarks.stages import Shown
from openrekog.models.results import Box

LEAST_VISIBLE = 0.5
"""Who is seen less need not be found."""

Person = tuple[int, str]
"""The number of a scene, and a name."""


@dataclass(frozen=True, slots=True)
class Followed:
    index: int
    box: Box


@dataclass(frozen=True, slots=True)
class Counts:
    """`joined` are indexes under which more than one person was followed, at any time."""

    expected: int = 0
    missed: int = 0
    false: int = 0
    switches: int = 0
    fragments: int = 0
    joined: int = 0

    @property
    def accuracy(self) -> float:
        """MOTA: 1 is all right."""
        return 1 - (self.missed + self.false + self.switches) / max(1, self.expected)

    def __add__(self, other: "Counts") -> "Counts":
        return Counts(*map(add, astuple(self), astuple(other)))


@dataclass(slots=True)
class Trails:
    """Give it every frame that was looked at."""

    least_overlap: float
    _counts: Counter[str] = field(default_factory=Counter)
    _last: dict[Person, int] = field(default_factory=dict)
    _lost: set[Person] = field(default_factory=set)
    _people: dict[int, set[str]] = field(default_factory=lambda: defaultdict(set))

    @property
    def counts(self) -> Counts:
        joined = sum(len(people) > 1 for people in self._people.values())
        return Counts(**self._counts, joined=joined)

    def see(self, shown: Sequence[Shown], found: Sequence[Followed]) -> None:
        pairs = self._pairs(shown, found)
        for one in shown:
            if one.who in pairs:
                self._follow(one, pairs[one.who])
            elif one.visible >= LEAST_VISIBLE:
                self._lost.add(person(one))
                self._counts.update(expected=1, missed=1)
        self._counts.update(false=len(found) - len(pairs))

    def _follow(self, one: Shown, index: int) -> None:
        who = person(one)
        self._counts.update(
            expected=1,
            switches=self._last.get(who, index) != index,
            fragments=who in self._last and who in self._lost,
        )
        self._lost.discard(who)
        self._last[who] = index
        self._people[index].add(one.who)

    def _pairs(self, shown: Sequence[Shown], found: Sequence[Followed]) -> Mapping[str, int]:
        """The index that each person was found under."""
        near = [
            (self._last.get(person(one)) == box.index, overlap, one.who, box)
            for one in shown
            for box in found
            if (overlap := overlap_of(one.box, box.box)) >= self.least_overlap
        ]
        near.sort(key=lambda pair: pair[:2], reverse=True)
        return taken(near)


def person(shown: Shown) -> Person:
    """Behind a cut, everybody may have another index."""
    return shown.scene, shown.who


def taken(pairs: Iterable[tuple[bool, float, str, Followed]]) -> Mapping[str, int]:
    """The best pairs first; everybody and every box once."""
    chosen: dict[str, Followed] = {}
    for _, _, who, one in pairs:
        if who not in chosen and one not in chosen.values():
            chosen[who] = one
    return {who: one.index for who, one in chosen.items()}


def overlap_of(one: Box, other: Box) -> float:
    """Intersection over union."""
    across = min(one.left + one.width, other.left + other.width) - max(one.left, other.left)
    down = min(one.top + one.height, other.top + other.height) - max(one.top, other.top)
    both = max(0.0, across) * max(0.0, down)
    return both / (one.area + other.area - both)
