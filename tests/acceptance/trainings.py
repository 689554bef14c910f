"""Trainings for the tests: pictures whose colours are their labels, in buckets of a server."""

import io
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import orjson
import PIL.Image
from numpy.typing import NDArray

from tests.acceptance.servers import ServerProcess

COLOURS: Mapping[str, tuple[int, int, int]] = {
    "red": (200, 30, 30),
    "green": (30, 180, 40),
    "blue": (30, 40, 200),
}

Line = dict[str, Any]


def coloured(label: str, number: int, side: int = 96) -> bytes:
    """A picture of a colour, unlike that of every other number."""
    noise = np.random.default_rng(number).integers(-25, 26, (8, 8, 3))
    pixels = np.clip(np.array(COLOURS[label]) + noise, 0, 255).astype(np.uint8)
    small = PIL.Image.fromarray(pixels)
    return encoded(np.asarray(small.resize((side, side), PIL.Image.Resampling.BILINEAR)))


def encoded(pixels: NDArray[np.uint8]) -> bytes:
    file = io.BytesIO()
    PIL.Image.fromarray(pixels).save(file, "PNG")
    return file.getvalue()


def labelled(ref: str, *labels: str) -> Line:
    line: Line = {"source-ref": ref}
    for number, label in enumerate(labels):
        line[f"label-{number}"] = 1
        line[f"label-{number}-metadata"] = {
            "class-name": label,
            "confidence": 1,
            "type": "groundtruth/image-classification",
            "human-annotated": "yes",
            "creation-date": "2024-05-18T22:18:13.527256",
        }
    return line


PLACES = {"red": (20, 30, 60, 50), "blue": (150, 90, 40, 70)}  # left, top, width, height in pixels


def with_squares(number: int) -> tuple[bytes, dict[str, tuple[int, int, int, int]]]:
    """A grey picture of 240 x 200 pixels with a red and a blue square, elsewhere in each."""
    pixels = np.full((200, 240, 3), 110, np.uint8)
    shift = 7 * (number % 4)
    boxes = {
        label: (left + shift, top + shift // 2, width, height)
        for label, (left, top, width, height) in PLACES.items()
    }
    for label, (left, top, width, height) in boxes.items():
        pixels[top : top + height, left : left + width] = COLOURS[label]
    return encoded(pixels), boxes


def outlined(ref: str, boxes: Mapping[str, tuple[int, int, int, int]]) -> Line:
    """The line of such a picture."""
    places = ("left", "top", "width", "height")
    return {
        "source-ref": ref,
        "box": {
            "image_size": [{"width": 240, "height": 200, "depth": 3}],
            "annotations": [
                {"class_id": number, **dict(zip(places, box, strict=True))}
                for number, box in enumerate(boxes.values())
            ],
        },
        "box-metadata": {
            "objects": [{"confidence": 1} for _ in boxes],
            "class-map": {str(number): label for number, label in enumerate(boxes)},
            "type": "groundtruth/object-detection",
            "human-annotated": "yes",
            "creation-date": "2024-05-18T22:18:13.527256",
        },
    }


def as_manifest(lines: Iterable[Line | bytes]) -> bytes:
    return b"\n".join(line if isinstance(line, bytes) else orjson.dumps(line) for line in lines)


def describe(client: Any, project: str, name: str) -> dict[str, Any]:
    wanted = {"ProjectArn": project, "VersionNames": [name]}
    [found] = client.describe_project_versions(**wanted)["ProjectVersionDescriptions"]
    return dict(found)


def wait_for(client: Any, project: str, name: str, seconds: float = 100) -> dict[str, Any]:
    """The description of a version whose training has ended."""
    give_up = time.monotonic() + seconds
    while (found := describe(client, project, name))["Status"] == "TRAINING_IN_PROGRESS":
        assert time.monotonic() < give_up, found
        time.sleep(0.05)
    return found


@dataclass
class Studio:
    """A bucket of pictures and one for results, in the folder of buckets of a server, and the
    client that trains with them."""

    server: ServerProcess
    client: Any
    name: str = "pictures"
    project: str = ""
    out: str = field(init=False)

    def __post_init__(self) -> None:
        self.out = f"{self.name}-out"
        for bucket in (self.name, self.out):
            self.folder(bucket).mkdir(parents=True, exist_ok=True)

    def folder(self, bucket: str) -> Path:
        return self.server.data_dir / "buckets" / bucket

    def put(self, key: str, data: bytes) -> str:
        path = self.folder(self.name) / key
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
        return f"s3://{self.name}/{key}"

    def paint(self, labels: Iterable[str], numbers: Iterable[int]) -> list[Line]:
        """Pictures of each colour with each number, and their lines."""
        wanted = list(numbers)
        return [
            labelled(self.put(f"{label}-{number}.png", coloured(label, number)), label)
            for label in labels
            for number in wanted
        ]

    def create_project(self, name: str = "colours", **more: Any) -> str:
        self.project = self.client.create_project(ProjectName=name, **more)["ProjectArn"]
        return self.project

    def create_dataset(self, kind: str, lines: Sequence[Line | bytes]) -> str:
        made = self.client.create_dataset(ProjectArn=self.project, DatasetType=kind)
        arn: str = made["DatasetArn"]
        self.client.update_dataset_entries(
            DatasetArn=arn, Changes={"GroundTruth": as_manifest(lines)}
        )
        return arn

    def manifest(self, key: str, lines: Sequence[Line | bytes]) -> dict[str, Any]:
        """Assets that name a manifest of these lines."""
        self.put(key, as_manifest(lines))
        place = {"Bucket": self.name, "Name": key}
        return {"Assets": [{"GroundTruthManifest": {"S3Object": place}}]}

    def train(self, version: str = "v1", **request: Any) -> str:
        asked: dict[str, Any] = {
            "ProjectArn": self.project,
            "VersionName": version,
            "OutputConfig": {"S3Bucket": self.out, "S3KeyPrefix": "trained/"},
        }
        answer = self.client.create_project_version(**{**asked, **request})
        arn: str = answer["ProjectVersionArn"]
        return arn

    def describe(self, version: str) -> dict[str, Any]:
        """Of a version by its ARN."""
        return describe(self.client, self.project, version.split("/")[-2])

    def wait(self, version: str, seconds: float = 100) -> dict[str, Any]:
        """The description of a version whose training has ended."""
        return wait_for(self.client, self.project, version.split("/")[-2], seconds)

    def read(self, place: Mapping[str, Any]) -> bytes:
        s3 = place["S3Object"]
        path: Path = self.folder(s3["Bucket"]) / s3["Name"]
        return path.read_bytes()

    def lines(self, data: Mapping[str, Any]) -> list[Any]:
        """The lines of the one manifest of an Output or Validation."""
        [asset] = data["Assets"]
        return [orjson.loads(line) for line in self.read(asset["GroundTruthManifest"]).splitlines()]
