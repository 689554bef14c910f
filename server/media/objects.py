"""Where S3Object leads: a folder of buckets, or an S3 endpoint (`s3.py`)."""

import errno
import os
import secrets
import shutil
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Protocol

from openrekog.api_spec import errors

NO_METADATA = (
    "Unable to get object metadata from S3. Check object key, region and/or access permissions."
)

# O_NONBLOCK: a pipe put into a bucket must not hang the reader.
DIRECTORY = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
FILE = os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK
NEW_FILE = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC

MISSING = {
    errno.ENOENT,
    errno.ENOTDIR,
    errno.ELOOP,
    errno.EACCES,
    errno.ENAMETOOLONG,
    errno.EISDIR,
    errno.ENXIO,
}
FORBIDDEN = {errno.EACCES, errno.EPERM, errno.EROFS}


class Unreachable(errors.InvalidS3Object):
    """The endpoint did not answer as it should; a client is told no more than that."""


@dataclass(frozen=True, slots=True)
class StoredObject:
    """An object opened for reading in any order; `identity` changes when its content does."""

    file: BinaryIO
    size: int
    identity: str


class ObjectStore(Protocol):
    def read(self, bucket: str, key: str, version: str | None, max_bytes: int) -> bytes:
        """The object's bytes; raises InvalidS3Object, or ImageTooLarge over `max_bytes`."""

    def open(self, bucket: str, key: str, version: str | None) -> StoredObject:
        """The object, of any size, for the caller to close; raises InvalidS3Object."""

    def write(self, bucket: str, key: str, data: BinaryIO) -> None:
        """Stores an object whole or not at all, in the place of one that is there; raises
        InvalidS3Object if there is no such bucket or can be no such key, or AccessDenied."""


@dataclass(frozen=True, slots=True)
class FolderObjects:
    """Buckets are folders of `root`, keys are paths below them; no versions.

    Every step of a path is opened relative to its parent without following links, so that no key
    and no link placed in a bucket leads out of it, even while the folder is being changed.
    """

    root: Path

    def read(self, bucket: str, key: str, version: str | None, max_bytes: int) -> bytes:
        with self.open(bucket, key, version).file as file:
            return limited(file.read(max_bytes + 1), max_bytes)

    def open(self, bucket: str, key: str, version: str | None) -> StoredObject:
        if version is not None:
            raise errors.InvalidS3Object(NO_METADATA)
        steps = steps_of(bucket, key)
        try:
            file = self._open(steps)
        except OSError as error:
            if error.errno in MISSING:
                raise errors.InvalidS3Object(NO_METADATA) from error
            raise
        found = os.fstat(file.fileno())
        if not stat.S_ISREG(found.st_mode):
            file.close()
            raise errors.InvalidS3Object(NO_METADATA)
        identity = f"{found.st_ino}:{found.st_size}:{found.st_mtime_ns}"
        return StoredObject(file, found.st_size, identity)

    def write(self, bucket: str, key: str, data: BinaryIO) -> None:
        steps = steps_of(bucket, key)
        try:
            with self._folder(steps[:-1], make=True) as folder:
                store(folder, steps[-1], data)
        except OSError as error:
            if error.errno in FORBIDDEN:
                raise errors.AccessDenied from error
            if error.errno in MISSING:
                raise errors.InvalidS3Object(NO_METADATA) from error
            raise

    def _open(self, steps: list[str]) -> BinaryIO:
        with self._folder(steps[:-1]) as folder:
            return os.fdopen(os.open(steps[-1], FILE, dir_fd=folder), "rb")

    @contextmanager
    def _folder(self, steps: list[str], *, make: bool = False) -> Iterator[int]:
        """The innermost folder; `make` makes those that are missing, but never a bucket."""
        folder = os.open(self.root, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            for depth, step in enumerate(steps):
                if make and depth > 0:
                    with suppress(FileExistsError):
                        os.mkdir(step, dir_fd=folder)
                below = os.open(step, DIRECTORY, dir_fd=folder)
                os.close(folder)
                folder = below
            yield folder
        finally:
            os.close(folder)


def steps_of(bucket: str, key: str) -> list[str]:
    steps = [bucket, *key.split("/")]
    if any(step in ("", ".", "..") or "\0" in step for step in steps):
        raise errors.InvalidS3Object(NO_METADATA)
    return steps


def store(folder: int, name: str, data: BinaryIO) -> None:
    """On the disk under another name first, so that nobody ever sees half a file."""
    temporary = f".{secrets.token_hex(8)}.part"
    file = os.fdopen(os.open(temporary, NEW_FILE, 0o666, dir_fd=folder), "wb")
    try:
        with file:
            shutil.copyfileobj(data, file)
            file.flush()
            os.fsync(file.fileno())
        os.rename(temporary, name, src_dir_fd=folder, dst_dir_fd=folder)
    except BaseException:
        os.unlink(temporary, dir_fd=folder)
        raise
    os.fsync(folder)


def limited(data: bytes, max_bytes: int) -> bytes:
    """`data`, unless it is longer than `max_bytes` (readers fetch one byte more than that)."""
    if len(data) > max_bytes:
        raise errors.ImageTooLarge("Image size is too large.")
    return data
