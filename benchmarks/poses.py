"""How exact the points of bodies are: COCO's keypoint average precision, and how often the points
that the body parts hang on are right."""

import contextlib
import io
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import PIL.Image
from numpy.typing import NDArray
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval

from benchmarks.tables import table
from openrekog.models.calibration import BODY_POINT
from openrekog.models.loaded import Models
from openrekog.models.results import Body, Box, DetectedObject, Image

PERSON = 1  # COCO's id of the class

# COCO's: how far annotators stray, by point, in square roots of the person's area.
SIGMAS = np.array([26, 25, 25, 35, 35, 79, 79, 72, 72, 62, 62, 107, 107, 87, 87, 89, 89]) / 1000

GROUPS: Mapping[str, Sequence[int]] = {
    "face (nose, eyes)": (0, 1, 2),
    "ears": (3, 4),
    "wrists": (9, 10),
    "all": range(17),
}
STEPS = (0, 50, 70, 85, 100.1)


@dataclass(frozen=True, slots=True)
class LabelledPersons:
    """The `labels` folder of the data, as far as it is about bodies, in COCO's format."""

    folder: Path
    labels: Mapping[str, Any]

    @classmethod
    def read(cls, folder: Path) -> "LabelledPersons":
        return cls(folder, json.loads((folder / "person_keypoints.json").read_text("utf-8")))

    def images(self) -> Iterator[tuple[int, Image]]:
        for entry in self.labels["images"]:
            with PIL.Image.open(self.folder / "images" / entry["file_name"]) as picture:
                yield entry["id"], np.asarray(picture.convert("RGB"))

    def bodies(self, image_id: int) -> list[Mapping[str, Any]]:
        """The persons whose points are labelled, of one image."""
        return [
            entry
            for entry in self.labels["annotations"]
            if entry["image_id"] == image_id and not entry["iscrowd"] and entry["num_keypoints"]
        ]


def measure_poses(folder: Path, models: Models) -> str:
    data = LabelledPersons.read(folder / "labels")
    on_true, on_found, points, persons = [], [], [], 0
    for image_id, image in data.images():
        labelled = data.bodies(image_id)
        bodies = models.poses.estimate(image, [_box(one["bbox"], image) for one in labelled])
        on_true += [_result(image_id, body, image, 1) for body in bodies]
        points += [_judged(*pair, image) for pair in zip(labelled, bodies, strict=True)]
        persons += len(labelled)
        found = _persons(models, image)
        bodies = models.poses.estimate(image, [one.box for one in found])
        on_found += [
            _result(image_id, body, image, one.confidence / 100)
            for one, body in zip(found, bodies, strict=True)
        ]
    rows = [
        ("labelled boxes", *_precision(data, on_true)),
        ("boxes of the detector", *_precision(data, on_found)),
    ]
    return (
        f"{persons} persons with labelled points on {len(data.labels['images'])} photographs. AP "
        "and recall over object keypoint similarities from .5 to .95, as pycocotools has them.\n\n"
        f"{table(('Persons by', 'AP', 'AP at .5', 'recall'), rows)}\n\n"
        "Of the points on labelled boxes, how many are right (labelled, and with a similarity of "
        f".5), by what is said of them:\n\n{_calibration(np.concatenate(points))}"
    )


def _persons(models: Models, image: Image) -> list[DetectedObject]:
    (objects,) = models.objects.detect([image])
    return [one for one in objects if one.name == "person"]


def _box(bbox: Sequence[float], image: Image) -> Box:
    left, top, width, height = bbox
    rows, columns = image.shape[:2]
    return Box(left / columns, top / rows, width / columns, height / rows)


def _pixels(body: Body, image: Image) -> NDArray[np.float64]:
    return body.points.astype(np.float64) * (image.shape[1], image.shape[0])


def _result(image_id: int, body: Body, image: Image, sure: float) -> dict[str, Any]:
    points = np.column_stack([_pixels(body, image), body.scores])
    return {
        "image_id": image_id,
        "category_id": PERSON,
        "keypoints": points.ravel().tolist(),
        "score": float(body.scores.mean() * sure),
    }


def _precision(data: LabelledPersons, results: list[dict[str, Any]]) -> tuple[str, str, str]:
    # pycocotools prints as it goes.
    with contextlib.redirect_stdout(io.StringIO()):
        truth = COCO()
        truth.dataset = data.labels
        truth.createIndex()
        scoring = COCOeval(truth, truth.loadRes(results), "keypoints")
        scoring.evaluate()
        scoring.accumulate()
        scoring.summarize()
    precision, at_half, recall = (float(scoring.stats[index]) for index in (0, 1, 5))
    return f"{precision:.3f}", f"{at_half:.3f}", f"{recall:.3f}"


def _judged(label: Mapping[str, Any], body: Body, image: Image) -> NDArray[np.float64]:
    """For each of the 17 points: its number, what is said of it, and whether it is right."""
    x, y, labelled = np.array(label["keypoints"], np.float64).reshape(-1, 3).T
    apart = np.linalg.norm(_pixels(body, image) - np.column_stack([x, y]), axis=1)
    # https://cocodataset.org/#keypoints-eval
    similarity = np.exp(-(apart**2) / (2 * label["area"] * (2 * SIGMAS) ** 2))
    said = [BODY_POINT.scale(float(score)) for score in body.scores]
    return np.column_stack([range(17), said, (labelled > 0) & (similarity > 0.5)])


def _calibration(points: NDArray[np.float64]) -> str:
    steps = list(pairwise(STEPS))
    rows = []
    for name, group in GROUPS.items():
        own = points[np.isin(points[:, 0], list(group))]
        shares = (own[(own[:, 1] >= low) & (own[:, 1] < high), 2] for low, high in steps)
        rows.append((name, *(_share(share) for share in shares)))
    names = (f"said {low} to {min(high, 100):.0f}" for low, high in steps)
    return table(("Points", *names), rows)


def _share(right: NDArray[np.float64]) -> str:
    return f"{100 * right.mean():.0f} % of {len(right)}" if len(right) else "none"
