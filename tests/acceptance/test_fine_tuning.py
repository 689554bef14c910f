"""Objects learnt by fine-tuning, from a user's boxes to boxes in new pictures. A program that finds
what is bright stands in for `yolo`."""

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from openrekog.models.architectures.signatures import MissingPackageError, UnusablePackError
from openrekog.models.pack import LicenceNotAcceptedError
from openrekog.server.fine_tuning import fine_tuning_of
from openrekog.server.settings import Settings
from tests.acceptance.custom_models import Trained
from tests.acceptance.servers import COMMAND, ServerProcess, clean_environment
from tests.acceptance.trainings import Line, Studio, encoded, outlined
from tests.models.yolo_program import ENDLESS, Yolo, lives, processes, wait_until

SIDE, LAMP = 320, 32
LICENCES = ["AGPL-3.0-only"]


@pytest.fixture
def program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Yolo:
    """First on the PATH, of which a real one is no part."""
    folder = tmp_path / "program"
    monkeypatch.setenv("PATH", f"{folder}{os.pathsep}/usr/bin{os.pathsep}/bin")
    monkeypatch.setattr(sys, "executable", str(tmp_path / "nowhere" / "python"))
    return Yolo(folder)


@pytest.fixture
def server(program: Yolo, tmp_path: Path) -> Any:
    settings = {
        "packs": ["fake"],
        "accept_licences": LICENCES,
        "fine_tuning_weights": str(program.weights),
        "fine_tuning_side": SIDE,
    }
    made = ServerProcess(tmp_path / "data", settings)
    yield made
    made.close()


def place_of(number: int) -> tuple[int, int]:
    """Left and top of the lamp of a picture."""
    return LAMP * (number % 9), LAMP * (number * 3 % 10)


def lamp(number: int) -> bytes:
    pixels = np.zeros((SIDE, SIDE, 3), np.uint8)
    left, top = place_of(number)
    pixels[top : top + LAMP, left : left + LAMP] = 255
    return encoded(pixels)


def boxed(studio: Studio, number: int) -> Line:
    line = outlined(
        studio.put(f"{number}.png", lamp(number)), {"lamp": (*place_of(number), LAMP, LAMP)}
    )
    line["box"]["image_size"] = [{"width": SIDE, "height": SIDE, "depth": 3}]
    return line


def begin(server: ServerProcess) -> tuple[Studio, str]:
    studio = Studio(server, server.client())
    studio.create_project("lamps")
    lines = [boxed(studio, number) for number in range(8)]
    studio.create_dataset("TRAIN", lines[:5])
    studio.create_dataset("TEST", lines[5:])
    return studio, studio.train()


def projects(server: ServerProcess, *words: str | Path) -> "subprocess.CompletedProcess[str]":
    command = [COMMAND, "projects", *words, "--data-dir", server.data_dir]
    return subprocess.run(
        command,
        env=clean_environment() | {"OPENREKOG_PACKS": '["fake"]', "COLUMNS": "200"},
        capture_output=True,
        text=True,
        check=False,
    )


def test_what_was_boxed_is_boxed_in_new_pictures(
    server: ServerProcess, program: Yolo, tmp_path: Path
) -> None:
    program.write()
    server.start()
    studio, arn = begin(server)
    found = studio.wait(arn)
    assert found["Status"] == "TRAINING_COMPLETED", found["StatusMessage"]
    assert found["EvaluationResult"]["F1Score"] == 1
    boxes = [path.read_text() for path in sorted((program.pictures / "labels").iterdir())]
    assert boxes[1] == "0 0.150000 0.350000 0.100000 0.100000\n"
    model = Trained(studio.client, studio.project, arn).start()
    detect = studio.client.detect_custom_labels
    [label] = detect(ProjectVersionArn=model.arn, Image={"Bytes": lamp(8)})["CustomLabels"]
    assert label["Name"] == "lamp"
    box = label["Geometry"]["BoundingBox"]
    wanted = pytest.approx([each / SIDE for each in (*place_of(8), LAMP, LAMP)], abs=0.01)
    assert [box[side] for side in ("Left", "Top", "Width", "Height")] == wanted
    handed_on(server, tmp_path / "out")


def handed_on(server: ServerProcess, folder: Path) -> None:
    """Into another project: it is a graph of strangers for whoever imports it."""
    assert projects(server, "export", "lamps/v1", folder).returncode == 0
    assert "AGPL-3.0-only" in (folder / "labels.json").read_text()
    refused = projects(server, "import", folder, "others/v1")
    assert refused.returncode == 1
    assert "--trust-graph" in refused.stderr + refused.stdout
    taken = projects(server, "import", folder, "others/v1", "--trust-graph")
    assert taken.returncode == 0, taken.stderr
    client = server.client()
    arn = taken.stdout.strip()
    [project] = client.describe_projects(ProjectNames=["others"])["ProjectDescriptions"]
    model = Trained(client, project["ProjectArn"], arn).start()
    asked = {"ProjectVersionArn": model.arn, "Image": {"Bytes": lamp(3)}}
    assert client.detect_custom_labels(**asked, MinConfidence=20)["CustomLabels"]


def test_a_server_that_ends_amid_it_does_it_anew(server: ServerProcess, program: Yolo) -> None:
    Yolo(program.folder, training=ENDLESS).write()
    server.start()
    studio, arn = begin(server)
    found = processes(program)
    began = time.monotonic()
    assert server.stop() == 0
    assert time.monotonic() - began < 15
    wait_until(lambda: not any(map(lives, found)), "the end of the program")
    program.write()
    server.start()
    studio.client = server.client()
    assert studio.wait(arn)["Status"] == "TRAINING_COMPLETED"


def test_a_failed_program_fails_the_training(server: ServerProcess, program: Yolo) -> None:
    Yolo(program.folder, training='sys.exit("no CUDA here")').write()
    server.start()
    studio, arn = begin(server)
    found = studio.wait(arn)
    assert found["Status"] == "TRAINING_FAILED"
    assert "its log says more" in found["StatusMessage"]
    assert "no CUDA here" in server.log.read_text()


def accepting(**settings: Any) -> Settings:
    return Settings(packs=["fake"], **{"accept_licences": LICENCES, **settings})


def test_the_settings_say_who_learns(program: Yolo, tmp_path: Path) -> None:
    program.write()
    assert fine_tuning_of(Settings(packs=["fake"])) is None
    found = fine_tuning_of(accepting(fine_tuning_weights=program.weights, fine_tuning_epochs=7))
    assert found is not None
    assert (found.program, found.epochs, found.side) == (str(program.program), 7, 640)


REFUSED: dict[str, tuple[type[Exception], str, Callable[[Yolo], Settings]]] = {
    "licence": (
        LicenceNotAcceptedError,
        "AGPL-3.0-only",
        lambda program: accepting(fine_tuning_weights=program.weights, accept_licences=[]),
    ),
    "no weights": (
        FileNotFoundError,
        "nowhere.pt",
        lambda program: accepting(fine_tuning_weights=program.folder / "nowhere.pt"),
    ),
    "not a .pt file": (
        UnusablePackError,
        "is no .pt file",
        lambda program: accepting(fine_tuning_weights=program.program),
    ),
}


@pytest.mark.parametrize(("error", "told", "settings"), REFUSED.values(), ids=REFUSED)
def test_what_is_missing_is_told_at_the_start(
    error: type[Exception], told: str, settings: Callable[[Yolo], Settings], program: Yolo
) -> None:
    with pytest.raises(error, match=told):
        fine_tuning_of(settings(program.write()))


def test_a_server_without_the_package_does_not_start(server: ServerProcess, program: Yolo) -> None:
    program.write()
    shutil.move(program.program, program.folder / "elsewhere")
    with pytest.raises(MissingPackageError, match="needs yolo, the program of the package"):
        fine_tuning_of(accepting(fine_tuning_weights=program.weights))
    if (COMMAND.parent / "yolo").exists():
        pytest.skip("yolo lies beside the server's own Python")
    with pytest.raises(RuntimeError, match="needs yolo, the program of the package"):
        server.start()
