"""How exact the points of bodies are: COCO's keypoint average precision, and how often the points
that the body parts hang on are right."""

import contextlib
import io
from collections.abc import Mapping, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval

from benchmarks.photographs import Mark, Photograph, Photographs
from benchmarks.tables import table
from openrekog.models.calibration import BODY_POINT
from openrekog.models.loaded import Models
from openrekog.models.results import Body, Box, DetectedObject, Image

KEYPOINTS = "labels/person_keypoints.json"
PERSON = 1  # COCO's id of the class

Result = dict[str, Any]
"""A body in COCO's format of results."""

# COCO's: how far annotators stray, by point, in square roots of the person's area.
SIGMAS = np.array([26, 25, 25, 35, 35, 79, 79, 72, 72, 62, 62, 107, 107, 87, 87, 89, 89]) / 1000

GROUPS: Mapping[str, Sequence[int]] = {
    "face (nose, eyes)": (0, 1, 2),
    "ears": (3, 4),
    "wrists": (9, 10),
    "all": range(17),
}
STEPS = (0, 50, 70, 85, 100.1)


def measure_poses(folder: Path, models: Models) -> str:
    photographs = Photographs.read(folder, KEYPOINTS)
    on_marked, on_found, points = [], [], []
    for photograph in photographs:
        image, marks = photograph.image, labelled(photograph)
        bodies = models.poses.estimate(image, [_box(mark["bbox"], image) for mark in marks])
        on_marked += [_result(photograph, body, 1) for body in bodies]
        points += [_judged(mark, body, image) for mark, body in zip(marks, bodies, strict=True)]
        on_found += _found(photograph, models)
    rows = [
        ("marked boxes", *_precision(photographs.truth, on_marked)),
        ("boxes of the detector", *_precision(photographs.truth, on_found)),
    ]
    return (
        f"{len(points)} persons with labelled points on {len(photographs)} photographs. AP and "
        "recall over object keypoint similarities from .5 to .95, as pycocotools has them.\n\n"
        f"{table(('Persons by', 'AP', 'AP at .5', 'recall'), rows)}\n\n"
        "Of the points on marked boxes, how many are right (labelled, and with a similarity of "
        f".5), by what is said of them:\n\n{_calibration(np.concatenate(points))}"
    )


def labelled(photograph: Photograph) -> list[Mark]:
    """The persons whose points are labelled."""
    return [mark for mark in photograph.marked if not mark["iscrowd"] and mark["num_keypoints"] > 0]


def _found(photograph: Photograph, models: Models) -> list[Result]:
    persons = _persons(models, photograph.image)
    bodies = models.poses.estimate(photograph.image, [person.box for person in persons])
    return [
        _result(photograph, body, person.confidence / 100)
        for person, body in zip(persons, bodies, strict=True)
    ]


def _persons(models: Models, image: Image) -> list[DetectedObject]:
    (objects,) = models.objects.detect([image])
    return [one for one in objects if one.name == "person"]


def _box(bbox: Sequence[float], image: Image) -> Box:
    left, top, width, height = bbox
    rows, columns = image.shape[:2]
    return Box(left / columns, top / rows, width / columns, height / rows)


def _pixels(body: Body, image: Image) -> NDArray[np.float64]:
    return body.points.astype(np.float64) * (image.shape[1], image.shape[0])


def _result(photograph: Photograph, body: Body, sure: float) -> Result:
    points = np.column_stack([_pixels(body, photograph.image), body.scores])
    return {
        "image_id": photograph.number,
        "category_id": PERSON,
        "keypoints": points.ravel().tolist(),
        "score": float(body.scores.mean() * sure),
    }


def _precision(truth: COCO, results: list[Result]) -> tuple[str, str, str]:
    # pycocotools prints as it goes.
    with contextlib.redirect_stdout(io.StringIO()):
        scoring = COCOeval(truth, truth.loadRes(results), "keypoints")
        scoring.evaluate()
        scoring.accumulate()
        scoring.summarize()
    precision, at_half, recall = (float(scoring.stats[index]) for index in (0, 1, 5))
    return f"{precision:.3f}", f"{at_half:.3f}", f"{recall:.3f}"


def _judged(mark: Mark, body: Body, image: Image) -> NDArray[np.float64]:
    """For each of the 17 points: its number, what is said of it, and whether it is right."""
    x, y, labelled = np.array(mark["keypoints"], np.float64).reshape(-1, 3).T
    apart = np.linalg.norm(_pixels(body, image) - np.column_stack([x, y]), axis=1)
    # https://cocodataset.org/#keypoints-eval
    similarity = np.exp(-(apart**2) / (2 * mark["area"] * (2 * SIGMAS) ** 2))
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
