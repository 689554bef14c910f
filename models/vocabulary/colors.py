"""The colours that answers name: CSS's names, each with one of twelve simple names."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

from openrekog.models.vocabulary.tables import VocabularyError, read_table

COLUMNS = ("name", "red", "green", "blue", "simplified")


@dataclass(frozen=True, slots=True)
class CSSColor:
    """`simplified` is the group of names in which the CSS colours are commonly listed; AWS says
    that it has twelve such names, and not which."""

    name: str
    red: int
    green: int
    blue: int
    simplified: str

    @property
    def rgb(self) -> tuple[int, int, int]:
        return self.red, self.green, self.blue


@cache
def css_colors() -> Sequence[CSSColor]:
    """The 138 different colours of CSS's 140 old names; where two name one colour (aqua and cyan,
    grey and gray), the name is the one that AWS was seen to use or the later one."""
    colors = tuple(
        CSSColor(
            row["name"], int(row["red"]), int(row["green"]), int(row["blue"]), row["simplified"]
        )
        for row in read_table("css_colors", COLUMNS)
    )
    if len({color.rgb for color in colors}) != len(colors):
        raise VocabularyError("css_colors.csv names a colour twice")
    return colors
