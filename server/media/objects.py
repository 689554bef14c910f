"""Where S3Object leads: a folder of buckets, or an S3 endpoint (`s3.py`)."""

import errno
import os
import stat
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

MISSING = {
    errno.ENOENT,
    errno.ENOTDIR,
    errno.ELOOP,
    errno.EACCES,
    errno.ENAMETOOLONG,
    errno.EISDIR,
    errno.ENXIO,
}


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
        steps = [bucket, *key.split("/")]
        if version is not None or any(step in ("", ".", "..") or "\0" in step for step in steps):
            raise errors.InvalidS3Object(NO_METADATA)
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

    def _open(self, steps: list[str]) -> BinaryIO:
        folder = os.open(self.root, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            for step in steps[:-1]:
                below = os.open(step, DIRECTORY, dir_fd=folder)
                os.close(folder)
                folder = below
            return os.fdopen(os.open(steps[-1], FILE, dir_fd=folder), "rb")
        finally:
            os.close(folder)


def limited(data: bytes, max_bytes: int) -> bytes:
    """`data`, unless it is longer than `max_bytes` (readers fetch one byte more than that)."""
    if len(data) > max_bytes:
        raise errors.ImageTooLarge("Image size is too large.")
    return data
