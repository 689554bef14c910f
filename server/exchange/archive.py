"""A trained model as files, in a folder or in one zip."""

import os
import zipfile
import zlib
from collections.abc import Mapping
from pathlib import Path

CUSTOM_MODEL = "custom_model.onnx"
"""What a server keeps and takes back."""

STANDALONE = "model.onnx"
"""The whole network, for any program that reads ONNX."""

LABELS = "labels.json"
EVALUATION = "evaluation.json"
README = "README.txt"

MEMBERS = (CUSTOM_MODEL, STANDALONE, LABELS, EVALUATION, README)

ZIP = ".zip"

UNREADABLE = (
    zipfile.BadZipFile,
    NotImplementedError,  # zipfile's, for a packing that Python does not know
    RuntimeError,  # zipfile's, for what is encrypted
    EOFError,
    zlib.error,
)


class ArchiveError(Exception):
    """What is there is no exported model; the message says what is wrong."""


def write_archive(path: Path, files: Mapping[str, bytes]) -> None:
    """Into a folder, or a file whose name ends in .zip; what is there is replaced."""
    if path.suffix.lower() == ZIP:
        _write_zip(path, files)
        return
    path.mkdir(parents=True, exist_ok=True)
    if (path / CUSTOM_MODEL).exists():
        # Of a model that was exported to here before, nothing must be taken for a part of this one.
        for name in MEMBERS:
            (path / name).unlink(missing_ok=True)
    for name, data in files.items():
        (path / name).write_bytes(data)


def read_member(path: Path, name: str, most_bytes: int) -> bytes | None:
    """A file of an archive, None if there is no such; raises ArchiveError if it is longer, or if
    the path is no archive."""
    if path.is_dir():
        return _read_file(path / name, most_bytes)
    try:
        with zipfile.ZipFile(path) as archive, archive.open(name) as member:
            return _limited(name, member.read(most_bytes + 1), most_bytes)
    except KeyError:
        return None
    except UNREADABLE as error:
        raise ArchiveError(f"{path} is no exported model: {error}") from error


def _write_zip(path: Path, files: Mapping[str, bytes]) -> None:
    part = path.with_name(f".{path.name}.part")
    try:
        with zipfile.ZipFile(part, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, data in files.items():
                archive.writestr(name, data)
        os.replace(part, path)
    finally:
        part.unlink(missing_ok=True)


def _read_file(path: Path, most_bytes: int) -> bytes | None:
    try:
        with path.open("rb") as file:
            return _limited(path.name, file.read(most_bytes + 1), most_bytes)
    except FileNotFoundError:
        return None


def _limited(name: str, data: bytes, most_bytes: int) -> bytes:
    if len(data) > most_bytes:
        raise ArchiveError(f"{name} has more than {most_bytes} bytes")
    return data
