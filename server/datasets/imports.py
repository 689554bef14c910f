"""Takes pictures and their labels into the datasets of a project."""

import os
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import get_args

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
from openrekog.server.analysis.manifests.reading import read_manifest
from openrekog.server.datasets.copies import Copied, Copier, ImportRefusedError, Place
from openrekog.server.datasets.layouts import Sample
from openrekog.server.datasets.lines import codes_in
from openrekog.server.operations.dataset_entries import CHANGED, MOST_ENTRIES, new_entries
from openrekog.server.operations.datasets import MADE
from openrekog.server.services import open_images, open_store
from openrekog.server.settings import ImageFormat, Settings

BATCH = 100
"""Pictures of one transaction: what an interrupted import has to copy anew, at most."""

Told = Callable[[int], None]
"""Is told how many pictures are done."""


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
class Importer:
    store: Store
    copier: Copier
    scope: Scope

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
                copied = list(pool.map(lambda each: self.copier.copy(kind, each), batch))
                self._put(dataset, copied, outcome)
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

    def _put(self, dataset: Dataset, copied: Sequence[Copied | str], outcome: Outcome) -> None:
        outcome.lines += [each for each in copied if isinstance(each, str)]
        good = [each for each in copied if isinstance(each, Copied)]
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
        copier = Copier(open_images(unbounded), limits, formats, place)
        copier.check_access()
        yield Importer(store, copier, scope)
    finally:
        store.close()
