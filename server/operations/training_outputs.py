"""The files that a training left in its owner's bucket, copied to another place."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import orjson

from openrekog.api_spec import errors
from openrekog.api_spec.shapes import OutputConfig
from openrekog.collections_store.records import ProjectVersion
from openrekog.server.media.objects import ObjectStore, Unreachable


@dataclass(frozen=True, slots=True)
class Place:
    """A folder of a bucket."""

    bucket: str
    prefix: str

    @classmethod
    def of(cls, config: OutputConfig) -> "Place":
        prefix = config.get("S3KeyPrefix", "").strip("/")
        return cls(config["S3Bucket"], f"{prefix}/" if prefix else "")


@dataclass(frozen=True, slots=True)
class OutputCopier:
    objects: ObjectStore
    source: Place
    target: Place

    def copied(self, value: Any) -> Any:
        """The same JSON with the copies' places in it; what is no longer there is left out, and so
        is what lies elsewhere, which are the training's own sources."""
        match value:
            case {"S3Object": {"Bucket": str(bucket), "Name": str(key)}}:
                return self._copy(bucket, key)
            case dict():
                return dict(present((name, self.copied(part)) for name, part in value.items()))
            case list():
                return [part for part in map(self.copied, value) if part is not None]
        return value

    def _copy(self, bucket: str, key: str) -> Any:
        if bucket != self.source.bucket or not key.startswith(self.source.prefix):
            return None
        name = self.target.prefix + key.removeprefix(self.source.prefix)
        try:
            found = self.objects.open(bucket, key, None)
        except Unreachable:
            raise
        except errors.InvalidS3Object:
            return None
        with found.file as file:
            self.objects.write(self.target.bucket, name, file)
        return {"S3Object": {"Bucket": self.target.bucket, "Name": name}}


def present(members: Iterator[tuple[str, Any]]) -> Iterator[tuple[str, Any]]:
    return ((name, part) for name, part in members if part is not None)


def copy_outputs(
    objects: ObjectStore, version: ProjectVersion, config: OutputConfig
) -> str | None:
    """What `ProjectVersion.outputs` is to be of a copy whose outputs are at `config`."""
    if version.outputs is None:
        return None
    request: Mapping[str, Any] = orjson.loads(version.request)
    copier = OutputCopier(objects, Place.of(request["OutputConfig"]), Place.of(config))
    try:
        return orjson.dumps(copier.copied(orjson.loads(version.outputs))).decode()
    except errors.InvalidS3Object as error:
        raise errors.InvalidParameter(
            f"The outputs of the training cannot be copied to the bucket {config['S3Bucket']}."
        ) from error
