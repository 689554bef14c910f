"""Which label other people's words for a thing mean: the same words, an alias, one or many of it,
or written in one word or two."""

import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping, Sequence

# Without the last letter these are something else: what is short is no shorts.
ONLY_MANY = {"shorts", "sweets", "tights"}

# The endings of many, and of one in their place; the first that fits counts. Glass, bus and tennis
# are one already.
ENDINGS = (
    (re.compile(r"(..)ies$"), r"\1y"),
    (re.compile(r"(s|x|z|ch|sh)es$"), r"\1"),
    (re.compile(r"(.[^sui])s$"), r"\1"),
)


class LabelMatcher:
    """Built of each label and its aliases; the label's own name comes before another's alias."""

    def __init__(self, aliases: Mapping[str, Sequence[str]]) -> None:
        names = [(label, label) for label in aliases]
        names += [(alias, label) for label, more in aliases.items() for alias in more]
        self._tables = tuple(_table(names, form) for form in FORMS)

    def find(self, words: str) -> str | None:
        """The label, or None where no label means these words."""
        for form, table in zip(FORMS, self._tables, strict=True):
            if (label := table.get(form(words))) is not None:
                return label
        return None


def plain(words: str) -> str:
    """Small letters without accents, and single spaces between them."""
    letters = unicodedata.normalize("NFKD", words.casefold())
    return " ".join(re.findall(r"[a-z0-9]+", "".join(filter(str.isascii, letters))))


def single(words: str) -> str:
    """The last word as one of its kind."""
    known = plain(words)
    fitting = ((ending, one) for ending, one in ENDINGS if ending.search(known))
    ending, one = next(fitting, (None, ""))
    return known if ending is None or known in ONLY_MANY else ending.sub(one, known)


def joined(words: str) -> str:
    return single(words).replace(" ", "")


FORMS = (plain, single, joined)
"""Ever looser ways to write a name; a match in an earlier one counts before those in later ones."""


def _table(names: Iterable[tuple[str, str]], form: Callable[[str], str]) -> dict[str, str]:
    table: dict[str, str] = {}
    for name, label in names:
        table.setdefault(form(name), label)
    return table
