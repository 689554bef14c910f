"""Writes the tables of README.md and docs/ that follow from the code: operations, packs, settings.

`python docs/generate.py` fills the marked sections; with `--check` it only says which are stale.
"""

import re
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from pydantic.fields import FieldInfo

from openrekog.api_spec.service import load_service
from openrekog.models.pack import Pack, packs
from openrekog.models.vocabulary.labels import all_labels
from openrekog.models.vocabulary.schemes import reachable
from openrekog.server.analysis.clues import SAID_OF_PEOPLE
from openrekog.server.analysis.faces import LANDMARKS
from openrekog.server.analysis.taxonomy import By, Evidence, Node, taxonomy
from openrekog.server.operations.table import markdown as operations
from openrekog.server.settings import Settings

ROOT = Path(__file__).parent.parent
SECTION = re.compile(r"(<!-- generated: (\w+) -->\n).*?(<!-- end of generated -->)", re.DOTALL)


def settings() -> str:
    return "\n".join(setting_rows())


def setting_rows() -> Iterator[str]:
    yield "| Variable | Default | Meaning |"
    yield "|---|---|---|"
    for name, field in Settings.model_fields.items():
        yield f"| `OPENREKOG_{name.upper()}` | {default_of(field)} | {field.description} |"


def default_of(field: FieldInfo) -> str:
    value: Any = field.default
    if value is None:
        return "unset"
    if isinstance(value, tuple | dict) and not value:
        return "empty"
    shown = '["' + '", "'.join(value) + '"]' if isinstance(value, tuple) else str(value)
    return f"`{shown.lower() if isinstance(value, bool) else shown}`"


def models() -> str:
    return "\n".join(model_rows())


def model_rows() -> Iterator[str]:
    yield "| Pack | What it does | Weights from | Size | Licence |"
    yield "|---|---|---|---|---|"
    for pack in sorted(packs().values(), key=lambda pack: (not pack.default, pack.name)):
        name = f"**{pack.name}**" if pack.default else f"{pack.name} (opt-in)"
        size = f"{pack.size_bytes / 1e6:.1f} MB" if pack.size_bytes else "unknown"
        size = size if pack.files else "none"
        yield f"| {name} | {pack.title} | {origin_of(pack)} | {size} | {pack.licence.name} |"


def origin_of(pack: Pack) -> str:
    places = {
        f"{source.registry}: {source.package} {source.version}" if source.package else "your files"
        for file in pack.files
        for source in file.sources
    }
    return ", ".join(sorted(places)) or "no weights"


def extensions() -> str:
    known = load_service().extensions.values()
    rows = (f"| `POST /{each.path}` | {each.summary} |" for each in known)
    return "\n".join(["| Extension | What it does |", "|---|---|", *rows])


def landmarks() -> str:
    rows = (f"| {name} | {', '.join(map(str, points))} |" for name, points in LANDMARKS.items())
    return "\n".join(["| Landmark | Mean of the points |", "|---|---|", *rows])


def labels() -> str:
    known = all_labels()
    people = frozenset(name for label in SAID_OF_PEOPLE for name in known[label].line)
    reached = reachable("coco") | reachable("imagenet") | people | {"Text"}
    return "\n".join(
        [
            f"The default packs reach {len(reached)} of {len(known)} labels, ancestors included: "
            f"{len(reachable('coco'))} by the detector's classes, {len(reachable('imagenet'))} by "
            f"the classifier's, {len(people)} by faces and persons (many by more than one way), "
            "and Text by the text reader. By category:",
            "",
            "| Category | Reached | Of |",
            "|---|---|---|",
            *category_rows(reached),
        ]
    )


def category_rows(reached: frozenset[str]) -> Iterator[str]:
    everything = Counter(label.category for label in all_labels().values())
    ours = Counter(all_labels()[name].category for name in reached)
    for category in sorted(everything, key=lambda name: (-ours[name], name)):
        yield f"| {category} | {ours[category]} | {everything[category]} |"


def moderation() -> str:
    return "\n".join(moderation_rows())


def moderation_rows() -> Iterator[str]:
    yield "| Label | Parent | Default packs | with nudenet | with prompts | By what |"
    yield "|---|---|---|---|---|---|"
    for node in taxonomy().nodes:
        strengths = (taxonomy().strength(node, by) for by in MODERATED_BY)
        words = "; ".join([*map(evidence_of, node.evidence), *filter(None, [node.note])])
        cells = (f"{'**' * (node.level == 1)}{node.name}{'**' * (node.level == 1)}", node.parent)
        yield f"| {' | '.join([*cells, *strengths, words or below(node)])} |"


# Whose word counts in each column: the default packs, with NudeNet, with a scorer of prompts.
MODERATED_BY: tuple[tuple[By, ...], ...] = (
    ("classes", "objects", "nudity"),
    ("classes", "objects", "nudity", "exposure"),
    ("classes", "objects", "nudity", "concepts"),
)


def evidence_of(evidence: Evidence) -> str:
    source: str = "prompts" if evidence.by == "concepts" else evidence.by
    if evidence.least_nudity:
        source += f" (nudity from {evidence.least_nudity:.0f} on)"
    if evidence.widest_face < 100:
        source += f" (no face wider than {evidence.widest_face:.0f} % of the picture)"
    names = ", ".join(taxonomy().spoken(evidence))
    return f"{source}: {names}" if names else source


def below(node: Node) -> str:
    return "its children" if any(each.parent == node.name for each in taxonomy().nodes) else ""


CONTENTS: Mapping[str, Callable[[], str]] = {
    "operations": operations,
    "extensions": extensions,
    "models": models,
    "landmarks": landmarks,
    "labels": labels,
    "moderation": moderation,
    "settings": settings,
}


def filled(text: str) -> str:
    def fill(section: re.Match[str]) -> str:
        return f"{section[1]}{CONTENTS[section[2]]()}\n{section[3]}"

    return SECTION.sub(fill, text)


def main() -> int:
    stale = []
    for path in (ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))):
        text = path.read_text()
        if filled(text) != text:
            stale.append(path.relative_to(ROOT))
            if "--check" not in sys.argv:
                path.write_text(filled(text))
    if stale and "--check" in sys.argv:
        sys.stderr.write(f"stale: {', '.join(map(str, stale))}; run `make spec`\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
