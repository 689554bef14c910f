"""A training with the models that come by default, on pieces of photographs."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.acceptance.photos import photograph, png
from tests.acceptance.servers import ServerProcess
from tests.acceptance.trainings import Line, Studio, labelled

TEXTURES = {"brick": "brick.png", "grass": "grass.png", "gravel": "gravel.png"}
SIDE = 128


@pytest.fixture
def studio(real_server: ServerProcess, real_client: Any, region: str) -> Studio:
    made = Studio(real_server, real_client, f"studio-{region}")
    made.create_project("textures")
    return made


def pieces(studio: Studio, label: str, file: str) -> Iterator[Line]:
    """Sixteen pieces of a photograph, none of which overlap."""
    whole = photograph(file)
    for number in range(16):
        left, top = SIDE * (number % 4), SIDE * (number // 4)
        piece = whole.crop((left, top, left + SIDE, top + SIDE))
        yield labelled(studio.put(f"{Path(file).stem}-{number}.png", png(piece)), label)


def test_textures_are_told_apart(studio: Studio) -> None:
    lines = [line for each in TEXTURES.items() for line in pieces(studio, *each)]
    data = studio.manifest("all.manifest", lines)
    found = studio.wait(studio.train(TrainingData=data, TestingData={"AutoCreate": True}))
    assert found["Status"] == "TRAINING_COMPLETED", found
    tested = studio.lines(found["TestingDataResult"]["Output"])
    assert len(tested) == 9
    # Nine pieces, of which one may be taken for another texture.
    assert found["EvaluationResult"]["F1Score"] >= 0.8
