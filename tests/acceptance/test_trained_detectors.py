"""From a user's boxes to boxes in new pictures: training, starting and detecting in one go."""

import io
from typing import Any

import numpy as np
import PIL.Image
import pytest

from tests.acceptance.custom_models import Trained
from tests.acceptance.servers import ServerProcess
from tests.acceptance.trainings import Line, Studio

WIDTH, HEIGHT, SIDE = 200, 150, 40


def place_of(number: int) -> tuple[int, int]:
    """Left and top of the square of a picture."""
    lots = np.random.RandomState(number)
    return int(lots.randint(WIDTH - SIDE)), int(lots.randint(HEIGHT - SIDE))


def squared(number: int, colour: tuple[int, int, int] = (230, 20, 20)) -> bytes:
    """Grey noise with a square."""
    grey = np.random.RandomState(number).randint(90, 160, (HEIGHT, WIDTH, 1))
    pixels = np.repeat(grey, 3, axis=2).astype(np.uint8)
    left, top = place_of(number)
    pixels[top : top + SIDE, left : left + SIDE] = colour
    file = io.BytesIO()
    PIL.Image.fromarray(pixels).save(file, "PNG")
    return file.getvalue()


def boxed(ref: str, number: int) -> Line:
    left, top = place_of(number)
    return {
        "source-ref": ref,
        "boxes": {
            "image_size": [{"width": WIDTH, "height": HEIGHT, "depth": 3}],
            "annotations": [
                {"class_id": 0, "left": left, "top": top, "width": SIDE, "height": SIDE}
            ],
        },
        "boxes-metadata": {
            "objects": [{"confidence": 1}],
            "class-map": {"0": "square"},
            "type": "groundtruth/object-detection",
            "human-annotated": "yes",
            "creation-date": "2024-05-18T22:18:13.527256",
            "job-name": "boxes",
        },
    }


@pytest.fixture
def model(server: ServerProcess, client: Any, region: str) -> Trained:
    studio = Studio(server, client, f"squares-{region}")
    project = studio.create_project("squares")
    lines = [boxed(studio.put(f"{n}.png", squared(n)), n) for n in range(9)]
    studio.create_dataset("TRAIN", lines[:6])
    studio.create_dataset("TEST", lines[6:])
    arn = studio.train()
    found = studio.wait(arn)
    assert found["Status"] == "TRAINING_COMPLETED", found["StatusMessage"]
    assert found["EvaluationResult"]["F1Score"] == 1
    return Trained(client, project, arn)


def test_what_was_boxed_is_boxed_in_new_pictures(model: Trained) -> None:
    model.start()
    detect = model.client.detect_custom_labels
    answer = detect(ProjectVersionArn=model.arn, Image={"Bytes": squared(70)})
    [label] = answer["CustomLabels"]
    assert label["Name"] == "square"
    left, top = place_of(70)
    box = label["Geometry"]["BoundingBox"]
    found = [box[side] for side in ("Left", "Top", "Width", "Height")]
    wanted = [left / WIDTH, top / HEIGHT, SIDE / WIDTH, SIDE / HEIGHT]
    assert found == pytest.approx(wanted, abs=0.05)
    blue = detect(ProjectVersionArn=model.arn, Image={"Bytes": squared(71, (160, 160, 170))})
    assert blue["CustomLabels"] == []
