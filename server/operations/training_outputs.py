"""The files that a training left in its owner's bucket, copied along with its model."""

from collections.abc import Mapping
from dataclasses import dataclass

import orjson

from openrekog.api_spec import errors
from openrekog.api_spec.shapes import OutputConfig, S3Object
from openrekog.collections_store.records import ProjectVersion
from openrekog.server.analysis.evaluation.documents import summary_name
from openrekog.server.analysis.evaluation.report import report_name
from openrekog.server.jobs.training.files import EVALUATION, REPORT
from openrekog.server.media.objects import ObjectStore, Unreachable

NAMED = {EVALUATION: summary_name, REPORT: report_name}
"""Files that are called after their project and version, beside the folder of the others."""


@dataclass(frozen=True, slots=True)
class OutputCopier:
    """Files are called as if the model had been trained where its copy is."""

    objects: ObjectStore
    config: OutputConfig
    project: str
    version: str

    def copy(self, places: Mapping[str, S3Object]) -> dict[str, S3Object]:
        """Where the copies are; what is no longer there is left out."""
        copied = {name: self._copy(name, place) for name, place in places.items()}
        return {name: place for name, place in copied.items() if place is not None}

    def _copy(self, name: str, place: S3Object) -> S3Object | None:
        try:
            found = self.objects.open(place["Bucket"], place["Name"], None)
        except Unreachable:
            raise
        except errors.InvalidS3Object:
            return None
        target = self._target(name)
        with found.file as file:
            self.objects.write(target["Bucket"], target["Name"], file)
        return target

    def _target(self, name: str) -> S3Object:
        own = f"{self.project}/{self.version}/{name}"
        key = NAMED[name](self.project, self.version) if name in NAMED else own
        prefix = self.config.get("S3KeyPrefix", "").rstrip("/")
        return {"Bucket": self.config["S3Bucket"], "Name": f"{prefix}/{key}" if prefix else key}


def copy_outputs(
    objects: ObjectStore, source: ProjectVersion, config: OutputConfig, project: str, version: str
) -> str | None:
    """`ProjectVersion.outputs` of a copy that is called so."""
    if source.outputs is None:
        return None
    copier = OutputCopier(objects, config, project, version)
    try:
        return orjson.dumps(copier.copy(orjson.loads(source.outputs))).decode()
    except Unreachable as error:
        # CopyProjectVersion has no error for it that is the caller's.
        raise errors.InternalServerError("The object store does not answer.") from error
    except errors.InvalidS3Object as error:
        raise errors.InvalidParameter(
            f"There is no bucket {config['S3Bucket']} for the outputs of the training, or no such "
            "key is possible in it."
        ) from error
