"""Writes the tables of README.md and docs/ that follow from the code: operations, packs, settings.

`python docs/generate.py` fills the marked sections; with `--check` it only says which are stale.
"""

import re
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from pydantic.fields import FieldInfo

from openrekog.models.pack import Pack, packs
from openrekog.server.analysis.faces import LANDMARKS
from openrekog.server.operations_table import markdown as operations
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
        size = f"{pack.size_bytes / 1e6:.1f} MB" if pack.size_bytes else "not known"
        size = size if pack.files else "none"
        yield f"| {name} | {pack.title} | {origin_of(pack)} | {size} | {pack.licence.name} |"


def origin_of(pack: Pack) -> str:
    places = {
        f"{source.registry}: {source.package} {source.version}" if source.package else "your files"
        for file in pack.files
        for source in file.sources
    }
    return ", ".join(sorted(places)) or "no weights"


def landmarks() -> str:
    rows = (f"| {name} | {', '.join(map(str, points))} |" for name, points in LANDMARKS.items())
    return "\n".join(["| Landmark | Mean of the points |", "|---|---|", *rows])


CONTENTS: Mapping[str, Callable[[], str]] = {
    "operations": operations,
    "models": models,
    "landmarks": landmarks,
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
