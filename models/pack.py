"""Packs: what is known of each set of weights, read from `packs/*.toml`.

A pack says what its files do, where they come from and with which hash, how they are converted,
under which licence they stand, and how its numbers are to be read. Unknown keys are errors.
"""

import re
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import MISSING, dataclass, field, fields
from functools import cache
from importlib.resources import files
from itertools import pairwise
from typing import Any, Literal, TypeVar, cast, get_args

Registry = Literal["pypi", "npm", "url", "own"]
Converter = Literal[
    "copy",
    "clean",
    "faceapi_expression",
    "faceapi_age_gender",
    "tfjs_graph",
    "efficientnet_lite2",
    "transnet_v2",
    "ctc_best",
    "ctc_characters",
    "keras_h5",
    "movenet",
    "own_onnx",
    "ultralytics",
]
Capability = Literal[
    "face_detector",
    "face_landmarker",
    "face_embedder",
    "age_gender_estimator",
    "emotion_classifier",
    "eye_state_classifier",
    "gaze_estimator",
    "shot_detector",
    "object_detector",
    "image_classifier",
    "feature_extractor",
    "dense_extractor",
    "text_detector",
    "text_recogniser",
    "pose_estimator",
    "face_cover_classifier",
    "nudity_classifier",
    "exposure_detector",
    "concept_scorer",
]
Anchors = tuple[tuple[float, float], ...]
Part = TypeVar("Part", bound="Source | PackFile | Licence")

_SHA256 = re.compile(r"[0-9a-f]{64}")


class PackError(ValueError):
    """A pack file says something that cannot be."""


class UnknownPackError(LookupError):
    """There is no pack of this name."""


class LicenceNotAcceptedError(PermissionError):
    """A pack may be used only by those who accept its licence, by name."""


@dataclass(frozen=True, slots=True)
class Source:
    """A file inside a published archive: a package and version, or a URL.

    Of registry "own" it is a file that users export or choose themselves: `path` is then its name
    in their folder, which may be a pattern (`yolo11.*`), and no hash can be given beforehand.
    """

    registry: Registry
    path: str
    sha256: str = ""
    package: str = ""
    version: str = ""
    url: str = ""

    def __post_init__(self) -> None:
        _require(self.registry in get_args(Registry), f"no registry {self.registry!r}")
        if self.registry == "own":
            _require(not self.package + self.version + self.url, f"{self.path} is the user's own")
            return
        _require(bool(_SHA256.fullmatch(self.sha256)), f"{self.path} lacks its sha256")
        named = self.url if self.registry == "url" else self.package and self.version
        _require(bool(named), f"{self.path} does not say where it comes from")

    @property
    def archive(self) -> str:
        """Names the archive that holds the file; equal for files of one archive."""
        return self.url or f"{self.registry} {self.package or self.path} {self.version}".rstrip()


@dataclass(frozen=True, slots=True)
class PackFile:
    """A model file as it lies in the model folder, and how it is made from its sources.

    `sha256` is that of the file as made; a conversion that its author could not run has none, and
    then the store notes the hash of what it made. `size_bytes` of 0 says that nobody knows: it is
    for files that only users with internet, or with their own files, can have.
    """

    name: str
    architecture: str
    sources: tuple[Source, ...]
    size_bytes: int = 0
    converter: Converter = "copy"
    inputs: Mapping[str, tuple[int | str, ...]] | None = None
    sha256: str = ""

    def __post_init__(self) -> None:
        _require(
            self.converter in get_args(Converter), f"{self.name}: no converter {self.converter!r}"
        )
        _require(bool(self.sources), f"{self.name} has no source")
        fetched = any(source.registry in ("pypi", "npm") for source in self.sources)
        _require(bool(self.size_bytes) or not fetched, f"{self.name} lacks size_bytes")
        _require(
            not self.sha256 or bool(_SHA256.fullmatch(self.sha256)), f"{self.name}: bad sha256"
        )

    @property
    def own_sources(self) -> tuple[str, ...]:
        """Names of the files that only the user can bring."""
        return tuple(source.path for source in self.sources if source.registry == "own")


@dataclass(frozen=True, slots=True)
class Licence:
    """`name` is an SPDX expression; `accept` asks the user to accept it by this name."""

    name: str
    note: str
    accept: bool = False


@dataclass(frozen=True, slots=True)
class Pack:
    """`similarity` holds (cosine, similarity) anchors of an embedder, both rising; `confidence`
    the (score, confidence) anchors of an object detector, by the classes that have their own, and
    of the others as `others`."""

    name: str
    version: str
    title: str
    capabilities: tuple[Capability, ...]
    default: bool
    licence: Licence
    origin: str
    training_data: str
    files: tuple[PackFile, ...] = ()
    similarity: Anchors = ()
    confidence: Mapping[str, Anchors] = field(default_factory=dict)

    def __post_init__(self) -> None:
        unknown = sorted(set(self.capabilities) - set(get_args(Capability)))
        _require(not unknown, f"no capability {', '.join(unknown)}")
        _require(not self.confidence or "others" in self.confidence, "confidence lacks others")

    @property
    def size_bytes(self) -> int:
        return sum(file.size_bytes for file in self.files)


@cache
def packs() -> Mapping[str, Pack]:
    """Every pack of this installation by name."""
    folder = files("openrekog.models.packs")
    paths = sorted((path for path in folder.iterdir() if path.name.endswith(".toml")), key=str)
    return {
        pack.name: pack
        for pack in (
            parse(path.name.removesuffix(".toml"), path.read_text("utf-8")) for path in paths
        )
    }


def find(names: Iterable[str]) -> tuple[Pack, ...]:
    known = packs()
    unknown = sorted(set(names := list(names)) - known.keys())
    if unknown:
        raise UnknownPackError(f"no pack {', '.join(unknown)}; known are {', '.join(known)}")
    return tuple(known[name] for name in names)


def default_packs() -> tuple[Pack, ...]:
    return tuple(pack for pack in packs().values() if pack.default)


def choose(named: Iterable[str]) -> tuple[Pack, ...]:
    """The packs that a server runs, named ones first. A default pack joins in unless opt-in ones
    do all that it can."""
    first = find(named)
    covered = {what for pack in first if not pack.default for what in pack.capabilities}
    rest = (pack for pack in default_packs() if pack not in first)
    return (*first, *(pack for pack in rest if not covered.issuperset(pack.capabilities)))


def check_licences(chosen: Iterable[Pack], accepted: Sequence[str]) -> None:
    for pack in chosen:
        if pack.licence.accept and pack.licence.name not in accepted:
            raise LicenceNotAcceptedError(
                f"pack {pack.name} stands under {pack.licence.name}: {pack.licence.note} "
                f"Accept it by that name to use the pack."
            )


def parse(name: str, text: str) -> Pack:
    try:
        table = tomllib.loads(text)
        table["licence"] = _read(Licence, table.get("licence", {}))
        table["capabilities"] = tuple(table.get("capabilities", ()))
        table["files"] = tuple(map(_read_file, table.get("files", ())))
        table["similarity"] = _anchors(table.get("similarity", ()), "similarity")
        table["confidence"] = {
            name: _anchors(rows, f"confidence of {name}")
            for name, rows in table.get("confidence", {}).items()
        }
        pack = cast("Pack", _build(Pack, {"name": name, **table}))
    except (PackError, tomllib.TOMLDecodeError) as error:
        raise PackError(f"pack {name}: {error}") from error
    return pack


def _read_file(table: Mapping[str, Any]) -> PackFile:
    inputs = table.get("inputs")
    return _read(
        PackFile,
        {
            **table,
            "sources": tuple(_read(Source, source) for source in table.get("sources", ())),
            "inputs": inputs and {key: tuple(sizes) for key, sizes in inputs.items()},
        },
    )


def _read(kind: type[Part], table: Mapping[str, Any]) -> Part:
    return cast("Part", _build(kind, table))


def _build(kind: type[Any], table: Mapping[str, Any]) -> Any:
    known = {field.name for field in fields(kind)}
    needed = {
        field.name
        for field in fields(kind)
        if field.default is MISSING and field.default_factory is MISSING
    }
    unknown, missing = sorted(table.keys() - known), sorted(needed - table.keys())
    _require(not unknown, f"{kind.__name__} has no {', '.join(unknown)}")
    _require(not missing, f"{kind.__name__} lacks {', '.join(missing)}")
    return kind(**table)


def _anchors(rows: Sequence[Sequence[float]], what: str) -> Anchors:
    anchors = tuple((float(raw), float(scaled)) for raw, scaled in rows)
    for (raw, scaled), (next_raw, next_scaled) in pairwise(anchors):
        _require(raw < next_raw and scaled < next_scaled, f"{what} does not rise at {next_raw}")
    return anchors


def _require(condition: bool, message: str) -> None:
    if not condition:
        raise PackError(message)
