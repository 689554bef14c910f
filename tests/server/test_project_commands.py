"""`openrekog projects` as a user runs it: trained models out of one server and into another."""

import os
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import orjson
import pytest
from typer.testing import CliRunner

from openrekog.collections_store.records import NewVersion, Scope
from openrekog.server.cli import app
from tests.acceptance.custom_models import LABELS, learnt, store_of, summary
from tests.models.detectors import learn, squares

HERE = Scope("000000000000", "us-east-1")


@dataclass(frozen=True)
class Done:
    code: int
    text: str


Run = Callable[..., Done]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """In this process: a new one takes seconds to begin, and these are many."""
    monkeypatch.chdir(tmp_path)
    for name in [name for name in os.environ if name.startswith(("OPENREKOG_", "AWS_"))]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("OPENREKOG_PACKS", '["fake"]')

    def do(command: str, *words: str | Path, data: str = "data") -> Done:
        arguments = ["projects", command, *map(str, words), "--data-dir", str(tmp_path / data)]
        result = CliRunner().invoke(app, arguments)
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            raise result.exception
        return Done(result.exit_code, result.output)

    return do


@pytest.fixture
def exported(run: Run, tmp_path: Path) -> Path:
    """A model that was trained in `data`, in a folder."""
    put(tmp_path / "data", learnt())
    done = run("export", "colours/v1", "out")
    assert done.code == 0, done.text
    return tmp_path / "out"


def put(data_dir: Path, content: bytes, project: str = "colours") -> None:
    new = NewVersion(
        "v1",
        "{}",
        "TRAINING_COMPLETED",
        "classifier",
        evaluation=summary({"red": 0.25, "green": 0.5, "blue": 0.75}),
    )
    with store_of(data_dir) as store, store.write() as rows:
        found = rows.projects.create(HERE, project, "CUSTOM_LABELS", None)
        rows.versions.put_content(rows.versions.create(found, new), content)


def test_what_is_exported(exported: Path) -> None:
    assert (exported / "custom_model.onnx").read_bytes() == learnt()
    document = orjson.loads((exported / "labels.json").read_bytes())
    assert ":000000000000:project/colours/version/v1/" in document["source"]
    assert {label["name"]: label["threshold"] for label in document["labels"]} == {
        "red": 0.25,
        "green": 0.5,
        "blue": 0.75,
    }
    assert [label["name"] for label in document["labels"]] == sorted(LABELS)


@pytest.mark.parametrize(
    ("content", "told"),
    [(learnt, "(`looks`)"), (lambda: learn(squares(3)), "no single network")],
    ids=["classifier", "detector"],
)
def test_an_export_says_what_it_lacks(
    run: Run, tmp_path: Path, content: Callable[[], bytes], told: str
) -> None:
    put(tmp_path / "data", content())
    done = run("export", "colours/v1", "out")
    assert "There is no model.onnx; README.txt says why." in done.text
    text = " ".join((tmp_path / "out" / "README.txt").read_text().split())
    assert all(f"{path.name}:" in text for path in (tmp_path / "out").glob("*.[jo]*n*"))
    assert "There is no model.onnx" in text
    assert told in text


@pytest.mark.parametrize("form", ["out", "out.zip"])
def test_to_another_server_and_from_there(run: Run, tmp_path: Path, form: str) -> None:
    put(tmp_path / "data", learnt())
    assert run("export", "colours/v1", form).code == 0
    done = run("import", form, "pets/first", "--account", "111122223333", data="other")
    assert done.code == 0, done.text
    with store_of(tmp_path / "other") as store, store.read() as rows:
        project = rows.projects.named(Scope("111122223333", "us-east-1"), "pets")
        [version] = rows.versions.list(project, 2).items
        assert rows.versions.content(version) == learnt()
    assert done.text.strip().endswith(f":project/pets/version/first/{version.stamp}")
    assert (version.status, version.kind) == ("COPYING_COMPLETED", "classifier")
    assert version.source_arn is not None
    assert version.source_arn.startswith("arn:aws:rekognition:us-east-1:000000000000:project/col")
    where = ("--account", "111122223333")
    assert run("export", "pets/first", "again", *where, data="other").code == 0
    for name in ("custom_model.onnx", "evaluation.json"):
        first = zipped(tmp_path / form, name)
        assert orjson_or_bytes(zipped(tmp_path / "again", name)) == orjson_or_bytes(first)


def zipped(archive: Path, name: str) -> bytes:
    if archive.is_dir():
        return (archive / name).read_bytes()
    with zipfile.ZipFile(archive) as file:
        return file.read(name)


def orjson_or_bytes(data: bytes) -> object:
    return orjson.loads(data) if data.startswith(b"{") else data


def test_what_is_not_there_is_told(run: Run, exported: Path, tmp_path: Path) -> None:
    for words in (
        ("colours/v2", "x"),
        ("colors/v1", "x"),
        ("colours/v1", "x", "--region", "eu-west-1"),
        ("colours/v1", "x", "--account", "999999999999"),
    ):
        done = run("export", *words)
        assert (done.code, "There is no trained model" in done.text) == (1, True), done.text
    assert run("export", "colours", "x").code == 2
    assert run("import", "out", "colours/v 2").code == 2
    done = run("import", "out", "colours/v1")
    assert (done.code, "has a version v1" in done.text) == (1, True), done.text
    done = run("import", "nowhere.zip", "colours/v2")
    assert (done.code, "nowhere.zip" in done.text) == (1, True), done.text
    assert not (tmp_path / "x").exists()


DAMAGES: dict[str, tuple[str, bytes, str]] = {
    "no model": ("custom_model.onnx", b"no model at all", "no ONNX file"),
    "half a model": ("custom_model.onnx", learnt()[:-50], "cannot be taken"),
    "an endless model": ("custom_model.onnx", bytes(33 * 2**20), "more than"),
    "other features": (
        "custom_model.onnx",
        learnt().replace(b"fake, whole", b"none, whole"),
        "learnt on the features of 'none",
    ),
    "no evaluation": ("evaluation.json", b"[]", "evaluation.json"),
    "a threshold of 7": (
        "evaluation.json",
        summary({"red": 7.0}).encode(),
        "LabelEvaluationResults.0",
    ),
    "no labels": ("labels.json", b"{", "labels.json"),
}


@pytest.mark.parametrize(("name", "data", "told"), DAMAGES.values(), ids=DAMAGES)
def test_files_of_strangers_are_refused(
    run: Run, exported: Path, tmp_path: Path, name: str, data: bytes, told: str
) -> None:
    (exported / name).write_bytes(data)
    done = run("import", exported, "colours/v2", data="other")
    assert (done.code, told in done.text.replace("\n", " ")) == (1, True), done.text
    with store_of(tmp_path / "other") as store, store.read() as rows:
        assert rows.projects.list(HERE, 9, features=["CUSTOM_LABELS"]).items == []


def test_an_archive_that_is_none(run: Run, tmp_path: Path) -> None:
    (tmp_path / "text.zip").write_text("no archive")
    assert run("import", "text.zip", "colours/v1").code == 1
    (tmp_path / "empty").mkdir()
    done = run("import", "empty", "colours/v1")
    assert (done.code, "custom_model.onnx" in done.text) == (1, True)


def test_a_damaged_archive(run: Run, exported: Path, tmp_path: Path) -> None:
    assert run("export", "colours/v1", "out.zip").code == 0
    data = bytearray((tmp_path / "out.zip").read_bytes())
    with zipfile.ZipFile(tmp_path / "out.zip") as archive:
        place = archive.getinfo("custom_model.onnx").header_offset + 60
    data[place : place + 40] = bytes(40)
    (tmp_path / "out.zip").write_bytes(data)
    done = run("import", "out.zip", "colours/v2")
    assert (done.code, "is no exported model" in done.text) == (1, True), done.text


def test_an_export_in_the_place_of_another(run: Run, exported: Path, tmp_path: Path) -> None:
    """A model without an evaluation must not get that of the model that was there before."""
    (exported / "notes.txt").write_text("mine")
    with store_of(tmp_path / "data") as store, store.write() as rows:
        found = rows.projects.named(HERE, "colours")
        new = NewVersion("v2", "{}", "TRAINING_COMPLETED", "classifier")
        rows.versions.put_content(rows.versions.create(found, new), learnt())
    assert run("export", "colours/v2", "out").code == 0
    assert not (exported / "evaluation.json").exists()
    assert (exported / "notes.txt").exists()


def test_only_a_trained_model_is_exported(run: Run, exported: Path, tmp_path: Path) -> None:
    with store_of(tmp_path / "data") as store, store.write() as rows:
        [version] = rows.versions.list(rows.projects.named(HERE, "colours"), 1).items
        rows.versions.become(version, ["TRAINING_COMPLETED"], "TRAINING_FAILED")
    done = run("export", "colours/v1", "x")
    assert (done.code, "TRAINING_FAILED" in done.text) == (1, True)


@pytest.mark.parametrize("account", ["12345678901", "1234567890123", "anna", "१२३४५६७८९०१२", ""])
@pytest.mark.parametrize("words", [["list"], ["watch", "p/v1"], ["import", "out", "p/v1"]])
def test_an_account_has_12_digits(run: Run, words: list[str], account: str) -> None:
    """A slip must not lead to an account that no request can be of."""
    done = run(*words, "--account", account)
    assert (done.code, "an account id has 12 digits" in done.text) == (2, True), done.text
