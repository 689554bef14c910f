"""The files that a training left in its owner's bucket, copied to where a copy of its model has them."""

from collections.abc import Mapping
from dataclasses import dataclass

import orjson

from openrekog.api_spec import errors
from openrekog.api_spec.shapes import OutputConfig, S3Object
from openrekog.collections_store.records import ProjectVersion
from openrekog.server.media.objects import ObjectStore, Unreachable


@dataclass(frozen=True, slots=True)
class OutputCopier:
    objects: ObjectStore
    source: OutputConfig
    target: OutputConfig

    def copy(self, places: Mapping[str, S3Object]) -> dict[str, S3Object]:
        """Where the copies are; what is no longer there is left out."""
        copied = {name: self._copy(place) for name, place in places.items()}
        return {name: place for name, place in copied.items() if place is not None}

    def _copy(self, place: S3Object) -> S3Object | None:
        try:
            found = self.objects.open(place["Bucket"], place["Name"], None)
        except Unreachable:
            raise
        except errors.InvalidS3Object:
            return None
        moved = self._moved(place["Name"])
        with found.file as file:
            self.objects.write(moved["Bucket"], moved["Name"], file)
        return moved

    def _moved(self, key: str) -> S3Object:
        name = key.removeprefix(folder(self.source))
        return {"Bucket": self.target["S3Bucket"], "Name": folder(self.target) + name}


def folder(config: OutputConfig) -> str:
    prefix = config.get("S3KeyPrefix", "").rstrip("/")
    return f"{prefix}/" if prefix else ""


def copy_outputs(objects: ObjectStore, version: ProjectVersion, target: OutputConfig) -> str | None:
    """`ProjectVersion.outputs` of a copy whose outputs are at `target`."""
    if version.outputs is None:
        return None
    copier = OutputCopier(objects, orjson.loads(version.request)["OutputConfig"], target)
    try:
        return orjson.dumps(copier.copy(orjson.loads(version.outputs))).decode()
    except Unreachable:
        raise
    except errors.InvalidS3Object as error:
        raise errors.InvalidParameter(
            f"There is no bucket {target['S3Bucket']} for the outputs of the training, or no such "
            "key is possible in it."
        ) from error
