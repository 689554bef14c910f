"""The model folder: which packs lie there, whole and with the right hashes, and how missing ones
get there. A file appears under its name only when it is complete and verified."""

import fcntl
import hashlib
import os
import shutil
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from openrekog.models.fetch import CLIENTS, Client, FetchError, check_clients, read_member
from openrekog.models.pack import Pack, PackFile, Registry, Source, packs

FETCH_FOLDER = ".fetch"
HALF = "half-"


class WrongHashError(RuntimeError):
    """A file is not the one that its pack names."""


class MissingModelError(FileNotFoundError):
    """A model file was not pulled yet."""


@dataclass(frozen=True, slots=True)
class PackState:
    pack: Pack
    present: bool


@dataclass(frozen=True, slots=True)
class Step:
    """What a pull is doing, and how many of its steps (archives and files) are behind it."""

    doing: str
    done: int
    total: int


Progress = Callable[[Step], None]


class PackStore:
    """`models_dir` holds one folder a pack. Processes may share it; pulls wait for each other."""

    def __init__(self, models_dir: Path, clients: Mapping[Registry, Client] = CLIENTS) -> None:
        self.models_dir = models_dir
        self._clients = clients

    def states(self) -> tuple[PackState, ...]:
        return tuple(PackState(pack, not self.missing([pack])) for pack in packs().values())

    def missing(self, wanted: Iterable[Pack], own_files: Path | None = None) -> tuple[Pack, ...]:
        """The packs that are not here, or not as they should be. Every file is read, which takes a
        tenth of a second for the defaults: a file that was damaged, or belongs to another release,
        is made anew and never run. Who brings `own_files` wants those used, whatever is here."""
        return tuple(
            pack
            for pack in wanted
            if any(self._to_make(pack, file, own_files) for file in pack.files)
        )

    def _to_make(self, pack: Pack, file: PackFile, own_files: Path | None) -> bool:
        brought = own_files is not None and bool(file.own_sources)
        return brought or self._fault(pack, file) is not None

    def path(self, pack: Pack, file_name: str) -> Path:
        path = self.models_dir / pack.name / file_name
        if not path.is_file():
            raise MissingModelError(
                f"{path} is missing; `openrekog models pull {pack.name}` fetches it"
            )
        return path

    def verify(self, wanted: Iterable[Pack]) -> tuple[str, ...]:
        """What is wrong with the files of these packs, one line each; none when all is well."""
        return tuple(
            fault
            for pack in wanted
            for file in pack.files
            if (fault := self._fault(pack, file)) is not None
        )

    def pull(
        self,
        wanted: Iterable[Pack],
        progress: Progress | None = None,
        own_files: Path | None = None,
    ) -> None:
        """Fetches, verifies and converts what is missing; `own_files` is a folder with the source
        files, which then come from there and not from the network."""
        wanted, progress = tuple(wanted), progress or _ignore
        if not self.missing(wanted, own_files):
            return
        with self._lock(progress):
            todo = [
                (pack, file)
                for pack in wanted
                for file in pack.files
                if self._to_make(pack, file, own_files)
            ]
            if own_files is None:
                _ask_for_own(todo)
            sources = [source for _, file in todo for source in file.sources]
            fetched = _Fetched(self.models_dir / FETCH_FOLDER, self._clients, own_files)
            fetched.check(sources)
            self._make_all(todo, fetched, progress)
            fetched.clear()

    def _make_all(
        self, todo: Sequence[tuple[Pack, PackFile]], fetched: "_Fetched", progress: Progress
    ) -> None:
        archives = {source.archive for _, file in todo for source in file.sources}
        total, done = len(archives) + len(todo), 0
        for pack, file in todo:
            for source in file.sources:
                if source.archive in archives:
                    progress(Step(f"fetching {source.archive}", done, total))
                    fetched.get(source)
                    archives.discard(source.archive)
                    done += 1
            progress(Step(f"preparing {pack.name}/{file.name}", done, total))
            self._make(pack, file, [fetched.read(source) for source in file.sources])
            done += 1
        progress(Step("done", total, total))

    def _make(self, pack: Pack, file: PackFile, sources: Sequence[bytes]) -> None:
        # Imported here: onnx is large, and a server with all its models never needs it.
        from openrekog.models.convert import CONVERTERS

        try:
            content = CONVERTERS[file.converter](sources, file.inputs)
        except FetchError as error:
            raise type(error)(f"{pack.name}/{file.name}: {error}") from error
        found = hashlib.sha256(content).hexdigest()
        path = self.models_dir / pack.name / file.name
        if not file.sha256:
            _write(_note(path), f"{found}\n".encode())
        elif found != file.sha256:
            raise WrongHashError(_wrong(f"{path} as converted", file.sha256, found))
        _write(path, content)

    def _fault(self, pack: Pack, file: PackFile) -> str | None:
        path = self.models_dir / pack.name / file.name
        try:
            with path.open("rb") as content:
                found = hashlib.file_digest(content, "sha256").hexdigest()
        except FileNotFoundError:
            return f"{path} is missing"
        if not file.sha256 and not _note(path).is_file():
            return f"{path} has no note of its hash, {_note(path).name}; pull it again"
        wanted = file.sha256 or _note(path).read_text().strip()
        return None if found == wanted else _wrong(str(path), wanted, found)

    @contextmanager
    def _lock(self, progress: Progress) -> Iterator[None]:
        """One pull at a time; the lock goes with the process, however it ends."""
        self.models_dir.mkdir(parents=True, exist_ok=True)
        with (self.models_dir / ".lock").open("w") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                progress(Step("waiting for another pull", 0, 1))
                fcntl.flock(file, fcntl.LOCK_EX)
            yield


class _Fetched:
    """The archives of one pull, each fetched once, or found as a killed pull left them."""

    def __init__(
        self, folder: Path, clients: Mapping[Registry, Client], own_files: Path | None
    ) -> None:
        self._folder = folder
        self._clients = clients
        self._own_files = own_files

    def check(self, sources: Iterable[Source]) -> None:
        """Raises MissingClientError before anything is fetched; drops what was half fetched."""
        for half in self._folder.glob(f"{HALF}*"):
            shutil.rmtree(half)
        if self._own_files is None:
            check_clients(
                self._clients,
                [source.registry for source in sources if not self._place(source).is_dir()],
            )

    def get(self, source: Source) -> None:
        if self._own_files is not None or self._place(source).is_dir():
            return
        self._folder.mkdir(parents=True, exist_ok=True)
        half = Path(tempfile.mkdtemp(prefix=HALF, dir=self._folder))
        self._clients[source.registry].fetch(source, half)
        half.rename(self._place(source))

    def read(self, source: Source) -> bytes:
        if self._own_files is not None:
            return _checked(source, _own(source, self._own_files))
        try:
            return _checked(source, self._packed(source))
        except (FetchError, WrongHashError):
            # What is wrong must not be found again by the next pull.
            self.clear()
            raise

    def clear(self) -> None:
        shutil.rmtree(self._folder, ignore_errors=True)

    def _place(self, source: Source) -> Path:
        return self._folder / hashlib.sha256(source.archive.encode()).hexdigest()[:16]

    def _packed(self, source: Source) -> bytes:
        archives = [path for path in self._place(source).iterdir() if path.is_file()]
        if len(archives) != 1:
            raise FetchError(f"{source.archive} came as {len(archives)} files, not one")
        return read_member(archives[0], source.path)


def _ask_for_own(todo: Iterable[tuple[Pack, PackFile]]) -> None:
    """Raises FetchError where a file can come from its user only."""
    for pack, file in todo:
        if file.own_sources:
            raise FetchError(
                f"{pack.name} is made of files of your own, {', '.join(file.own_sources)} among "
                f"them: `openrekog models pull {pack.name} --own-files FOLDER`"
            )


def _own(source: Source, folder: Path) -> bytes:
    """The one file that a source names; its last part may be a pattern."""
    name = Path(source.path).name
    found = sorted(path for path in folder.glob(name) if path.is_file())
    if not found:
        raise FetchError(f"{folder / name} is missing")
    if len(found) > 1:
        raise FetchError(f"{folder / name} is more than one file: {', '.join(map(str, found))}")
    return found[0].read_bytes()


def _checked(source: Source, content: bytes) -> bytes:
    if not source.sha256:
        return content
    found = hashlib.sha256(content).hexdigest()
    if found != source.sha256:
        raise WrongHashError(_wrong(f"{source.path} of {source.archive}", source.sha256, found))
    return content


def _write(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    half = path.with_name(f".{path.name}.half")
    with half.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    half.replace(path)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def hash_of(path: Path) -> str:
    """The sha256 of a file of a model folder; as noted, where it is, since that was compared when
    the server started."""
    if _note(path).is_file():
        return _note(path).read_text().strip()
    with path.open("rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest()


def _note(path: Path) -> Path:
    return path.with_name(f"{path.name}.sha256")


def _wrong(what: str, wanted: str, found: str) -> str:
    return f"{what} has a wrong hash:\n  wanted sha256 {wanted}\n  found  sha256 {found}"


def _ignore(step: Step) -> None:
    """Nobody watches this pull."""
