"""Takes pictures and their labels into the datasets of a project, and copies the pictures into the
bucket that the datasets then name."""

import hashlib
import io
import os
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from typing import get_args

from openrekog.api_spec import errors
from openrekog.api_spec.errors import ApiError
from openrekog.api_spec.overlay import ImageLimits
from openrekog.api_spec.service import load_service
from openrekog.collections_store.errors import NotFound
from openrekog.collections_store.records import (
    Dataset,
    DatasetState,
    DatasetType,
    NewEntry,
    Project,
    Scope,
)
from openrekog.collections_store.store import Store, Transaction
from openrekog.server.analysis.manifest_reading import read_manifest
from openrekog.server.datasets.layouts import Sample
from openrekog.server.datasets.lines import codes_in, manifest_line
from openrekog.server.media.images import ImageLoader
from openrekog.server.media.objects import ObjectStore, Unreachable
from openrekog.server.operations.dataset_entries import CHANGED, MOST_ENTRIES, new_entries
from openrekog.server.operations.datasets import MADE
from openrekog.server.services import open_images, open_store
from openrekog.server.settings import ImageFormat, Settings

BATCH = 100
"""Pictures of one transaction: what an interrupted import has to copy anew, at most."""

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

Told = Callable[[int], None]
"""Is told how many pictures are done."""


class ImportRefusedError(Exception):
    """Nothing more can be imported; the message says why."""


@dataclass(frozen=True, slots=True)
class Place:
    """A bucket, and the folder in it for one project."""

    bucket: str
    prefix: str


@dataclass(slots=True)
class Outcome:
    """What became of the pictures of a dataset. `lines` name those that were left out, and `faults`
    counts what is wrong with the labels of others, by AWS's codes."""

    taken: int = 0
    copied: int = 0
    entries: int = 0
    lines: list[str] = field(default_factory=list)
    faults: Counter[str] = field(default_factory=Counter)

    @property
    def others(self) -> int:
        """Entries of the dataset that the import did not bring."""
        return self.entries - self.taken


@dataclass(frozen=True, slots=True)
class Copied:
    """A line for the dataset, and whether its picture was not there yet."""

    line: bytes
    new: bool


@dataclass(frozen=True, slots=True)
class Importer:
    store: Store
    images: ImageLoader
    limits: ImageLimits
    formats: Sequence[str]
    scope: Scope
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

    def project(self, name: str) -> Project:
        """The project of that name, made if there is none."""
        with self.store.write() as rows:
            try:
                project = rows.projects.named(self.scope, name)
            except NotFound:
                return rows.projects.create(self.scope, name, "CUSTOM_LABELS", None)
        if project.feature != "CUSTOM_LABELS":
            raise ImportRefusedError(
                f"The project {name} is for {project.feature}, not for labels."
            )
        return project

    def take(
        self,
        project: Project,
        kind: DatasetType,
        samples: Sequence[Sample],
        told: Told,
        *,
        replace: bool = False,
    ) -> Outcome:
        """Some pictures after the other, each batch stored whole or not at all. Whatever is there
        already stays, and what is imported again is the same; with `replace` the dataset begins
        anew."""
        outcome = Outcome()
        dataset = self._dataset(project, kind, replace=replace)
        with ThreadPoolExecutor(os.cpu_count()) as pool:
            for start in range(0, len(samples), BATCH):
                told(start)
                batch = samples[start : start + BATCH]
                self._put(
                    dataset, list(pool.map(lambda each: self._copy(kind, each), batch)), outcome
                )
        with self.store.read() as rows:
            outcome.entries = rows.entries.total(dataset)
        return outcome

    def _dataset(self, project: Project, kind: DatasetType, *, replace: bool) -> Dataset:
        with self.store.write() as rows:
            for dataset in rows.datasets.of(project):
                if dataset.type == kind and not replace:
                    return self._usable(dataset)
                if dataset.type == kind:
                    rows.datasets.delete(dataset)
            return rows.datasets.create(
                project, kind, DatasetState("CREATE_COMPLETE", "SUCCESS", MADE)
            )

    def _usable(self, dataset: Dataset) -> Dataset:
        if dataset.state.status == "CREATE_FAILED":
            raise ImportRefusedError(
                f"The {dataset.type} dataset could not be created: {dataset.state.message}\n"
                "--replace begins it anew."
            )
        return dataset

    def _put(self, dataset: Dataset, copied: Iterable[Copied | str], outcome: Outcome) -> None:
        found = list(copied)
        outcome.lines += [each for each in found if isinstance(each, str)]
        good = [each for each in found if isinstance(each, Copied)]
        entries = new_entries(read_manifest((each.line for each in good), last_counts=True))
        with self.store.write() as rows:
            self._store(rows, dataset, entries)
        outcome.taken += len(entries)
        outcome.copied += sum(each.new for each in good)
        outcome.faults.update(code for entry in entries for code in codes_in(entry))

    def _store(self, rows: Transaction, dataset: Dataset, entries: Sequence[NewEntry]) -> None:
        rows.entries.put(dataset, entries)
        if rows.entries.total(dataset) > MOST_ENTRIES:
            raise ImportRefusedError(f"A dataset has at most {MOST_ENTRIES} pictures.")
        rows.datasets.become(dataset, DatasetState("UPDATE_COMPLETE", "SUCCESS", CHANGED))

    def _copy(self, kind: DatasetType, sample: Sample) -> Copied | str:
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


@contextmanager
def importing(settings: Settings, scope: Scope, place: Place) -> Iterator[Importer]:
    """Opens what a server with these settings has; it may be running. A bucket that is a folder is
    made if there is none."""
    limits = load_service().operations["DetectCustomLabels"].image
    if limits is None:
        raise ValueError("DetectCustomLabels has no image limits in the overlay")
    if settings.s3_endpoint_url is None:
        (settings.data_dir / "buckets" / place.bucket).mkdir(parents=True, exist_ok=True)
    # One process decodes as many as there are cores, so no picture is to be refused for the others.
    unbounded = settings.model_copy(update={"max_pending_pixels": 2**62})
    store = open_store(settings, serving=False)
    try:
        formats = [name for name in get_args(ImageFormat) if name in settings.image_formats]
        importer = Importer(store, open_images(unbounded), limits, formats, scope, place)
        importer.check_access()
        yield importer
    finally:
        store.close()
