"""Takes a trained model out of a server's database, in forms that others can use."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from openrekog.collections_store.errors import NotFound
from openrekog.collections_store.records import ProjectVersion, Scope
from openrekog.collections_store.store import Store
from openrekog.models.custom.fine_tuned import read_any
from openrekog.models.custom.model_file import ModelFile, ModelFileError
from openrekog.models.custom.standalone import standalone_classifier
from openrekog.models.pack import Pack, UnknownPackError, find
from openrekog.models.store import PackStore
from openrekog.server.exchange.archive import (
    CUSTOM_MODEL,
    EVALUATION,
    LABELS,
    README,
    STANDALONE,
    ArchiveError,
)
from openrekog.server.exchange.documents import labels_document
from openrekog.server.exchange.readme import readme
from openrekog.server.hosting.running import TRAINED
from openrekog.server.hosting.thresholds import UNTESTED, thresholds_of
from openrekog.server.operations.project_arns import version_arn

STANDALONES: Mapping[str, tuple[str, Callable[[ModelFile, bytes], bytes]]] = {
    "classifier": ("efficientnet_lite", standalone_classifier),
}
"""By the kind of model: the architecture that it was learnt on, and how both become one file."""


@dataclass(frozen=True, slots=True)
class Exported:
    arn: str
    version: ProjectVersion
    content: bytes
    model: ModelFile

    def files(self, models_dir: Path) -> dict[str, bytes]:
        """By name; STANDALONE only if there is a network to make it of."""
        pack = network_of(self.model)
        files = {LABELS: self._labels(pack), CUSTOM_MODEL: self.content}
        if self.version.evaluation is not None:
            files[EVALUATION] = self.version.evaluation.encode()
        if pack is not None:
            architecture, join = STANDALONES[self.model.kind]
            file = next(file for file in pack.files if file.architecture == architecture)
            network = PackStore(models_dir).path(pack, file.name).read_bytes()
            files[STANDALONE] = join(self.model, network)
        files[README] = readme(files, self.model.kind, self.model.features)
        return files

    def _labels(self, network: Pack | None) -> bytes:
        known = thresholds_of(self.version)
        labels = {label: known.get(label, UNTESTED) for label in self.model.labels}
        licence = network.licence.name if network else self.model.settings.get("licence")
        return labels_document(labels, self.model.kind, self.arn, network, licence)


def find_exported(store: Store, scope: Scope, project: str, name: str) -> Exported:
    """Raises ArchiveError."""
    try:
        with store.read() as rows:
            found = rows.projects.named(scope, project)
            versions = rows.versions.list(found, 1, names=[name]).items
            if not versions:
                raise NotFound("version", name)
            content = rows.versions.content(versions[0])
    except NotFound as error:
        raise ArchiveError(
            f"There is no trained model {project}/{name} of account {scope.account_id} in "
            f"{scope.region}: --account and --region say where it is."
        ) from error
    if versions[0].status not in TRAINED:
        raise ArchiveError(f"The model {project}/{name} is {versions[0].status}.")
    try:
        model = read_any(content)
    except ModelFileError as error:
        raise ArchiveError(f"The model {project}/{name} is damaged: {error}.") from error
    return Exported(version_arn(found, versions[0]), versions[0], content, model)


def network_of(model: ModelFile) -> Pack | None:
    """The pack of the network that the model was learnt on, if both can become one file."""
    if model.kind not in STANDALONES:
        return None
    architecture, _ = STANDALONES[model.kind]
    try:
        [pack] = find([model.features.partition(",")[0]])
    except UnknownPackError:
        return None
    return pack if any(file.architecture == architecture for file in pack.files) else None
