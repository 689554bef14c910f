"""A model of Custom Labels that a server runs, put straight into its database."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import skimage.data

from benchmarks import pictures
from benchmarks.gallery import SCOPE
from openrekog.collections_store.records import NewVersion, Project, ProjectVersion
from openrekog.collections_store.store import Transaction
from openrekog.models.custom.classifier_learner import ClassifierLearner
from openrekog.models.custom.labels import TrueLabel
from openrekog.models.custom.learning import CustomModel, Looked
from openrekog.models.custom.opening import open_custom_model
from openrekog.models.results import Image
from openrekog.server.commands.messages import read_settings
from openrekog.server.context import Services
from openrekog.server.operations.project_arns import version_arn
from openrekog.server.services import open_store

UNITS = 4


@dataclass(frozen=True, slots=True)
class Hosted:
    """`model` is the same in this process."""

    arn: str
    model: CustomModel


def host(data_dir: Path, services: Services) -> Hosted:
    """Learns to tell two pictures apart; a server on the folder then finds the model running."""
    content = learnt(services)
    store = open_store(read_settings(data_dir=data_dir), serving=False)
    try:
        with store.write() as rows:
            project = rows.projects.create(SCOPE, "bench", "CUSTOM_LABELS", None)
            arn = version_arn(project, put(rows, project, content))
    finally:
        store.close()
    return Hosted(arn, open_custom_model(content, services.models, services.runtime))


def put(rows: Transaction, project: Project, content: bytes) -> ProjectVersion:
    version = rows.versions.create(project, NewVersion("v1", "{}", "RUNNING", "classifier"))
    rows.versions.set_units(version, UNITS, None)
    rows.versions.put_content(version, content)
    return version


def learnt(services: Services) -> bytes:
    learner = ClassifierLearner(services.models.features)
    coffee = skimage.data.coffee()  # type: ignore[no-untyped-call]  # has no annotations
    seen = {"astronaut": np.asarray(pictures.astronaut()), "coffee": np.asarray(coffee, np.uint8)}
    return learner.learn(
        Looked((TrueLabel(label),), learner.look(part, (), None))
        for label, picture in seen.items()
        for part in parts(picture)
    )


def parts(picture: Image) -> list[Image]:
    """The picture with less and less of its right side."""
    width = picture.shape[1]
    return [np.ascontiguousarray(picture[:, : width - 10 * step]) for step in range(8)]
