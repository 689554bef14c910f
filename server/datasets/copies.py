"""Copies pictures into the bucket that a dataset then names."""

import hashlib
import io
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass

from openrekog.api_spec import errors
from openrekog.api_spec.errors import ApiError
from openrekog.api_spec.overlay import ImageLimits
from openrekog.collections_store.records import DatasetType
from openrekog.server.datasets.layouts import Sample
from openrekog.server.datasets.lines import manifest_line
from openrekog.server.media.images import ImageLoader
from openrekog.server.media.objects import ObjectStore, Unreachable

CHECK = ".write_access_check"

UNREADABLE: Mapping[type[ApiError], str] = {
    errors.InvalidImageFormat: "cannot be read as a picture in {formats}",
    errors.ImageTooLarge: "is too large: pictures have at most {limits.max_side_px} pixels a side "
    "and {mib} MiB",
    errors.InvalidParameter: "is too small or too narrow: pictures have at least "
    "{limits.min_side_px} pixels a side, and the longer is at most {limits.max_aspect:g} "
    "times the shorter",
    errors.InvalidS3Object: "has a path that no key of a bucket can be",
}


class ImportRefusedError(Exception):
    """Nothing more can be imported; the message says why."""


@dataclass(frozen=True, slots=True)
class Place:
    """A bucket, and the folder in it for one project."""

    bucket: str
    prefix: str


@dataclass(frozen=True, slots=True)
class Copied:
    """A line for the dataset, and whether its picture was not there yet."""

    line: bytes
    new: bool


@dataclass(frozen=True, slots=True)
class Copier:
    images: ImageLoader
    limits: ImageLimits
    formats: Sequence[str]
    place: Place

    @property
    def objects(self) -> ObjectStore:
        return self.images.objects

    def check_access(self) -> None:
        """Before hours of work: whether the bucket is there, and takes something."""
        try:
            self.objects.write(self.place.bucket, f"{self.place.prefix}/{CHECK}", io.BytesIO())
        except Unreachable as error:
            raise ImportRefusedError("The S3 endpoint does not answer.") from error
        except errors.AccessDenied as error:
            raise ImportRefusedError(
                f"The bucket {self.place.bucket} may not be written."
            ) from error
        except errors.InvalidS3Object as error:
            raise ImportRefusedError(f"There is no bucket {self.place.bucket}.") from error

    def copy(self, kind: DatasetType, sample: Sample) -> Copied | str:
        """The line of a picture that is in the bucket now, or why it was left out."""
        key = f"{self.place.prefix}/{kind.lower()}/{sample.name}"
        try:
            data = sample.path.read_bytes()
            if len(data) > self.limits.max_object_bytes:
                raise errors.ImageTooLarge("Image size is too large.")
            height, width = self.images.decode(data, self.limits).pixels.shape[:2]
            line = manifest_line(sample, f"s3://{self.place.bucket}/{key}", width, height)
            return Copied(line, new=self._upload(key, data))
        except (Unreachable, errors.AccessDenied) as error:
            raise ImportRefusedError(f"{sample.path} could not be copied: {error}") from error
        except ApiError as error:
            return f"{sample.path}: {self._why(error)}"
        except OSError as error:
            return f"{sample.path}: {error.strerror or error}"
        except UnicodeEncodeError:
            return f"{sample.path!a}: has a name that is no UTF-8"

    def _why(self, error: ApiError) -> str:
        words = UNREADABLE.get(type(error), str(error))
        mib = self.limits.max_object_bytes // 1024**2
        return words.format(limits=self.limits, mib=mib, formats=" or ".join(self.formats))

    def _upload(self, key: str, data: bytes) -> bool:
        """Whether the object was not there yet, or another."""
        if self._is_there(key, data):
            return False
        self.objects.write(self.place.bucket, key, io.BytesIO(data))
        return True

    def _is_there(self, key: str, data: bytes) -> bool:
        try:
            found = self.objects.open(self.place.bucket, key, None)
        except Unreachable:
            raise
        except errors.InvalidS3Object:
            return False
        with closing(found.file) as file:
            if found.size != len(data):
                return False
            # S3's ETag of an object that was put whole; then it need not be fetched.
            digest = hashlib.md5(data, usedforsecurity=False).hexdigest()
            return found.identity.strip('"') == digest or file.read() == data
