"""`openrekog datasets import` as a user runs it, and what is in the project after it."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import orjson
import PIL.Image
import pytest
from typer.testing import CliRunner, Result

from openrekog.collections_store.records import EntryFilter, Scope
from openrekog.server.access.keys import KeysFile, generate_key
from openrekog.server.cli import app
from openrekog.server.services import open_store
from openrekog.server.settings import Settings
from tests.acceptance.moto import aws_client, moto
from tests.server.datasets_on_disk import boxed, coco_file, cut

Run = Callable[..., Result]
HERE = Scope("000000000000", "us-east-1")
EVERY = EntryFilter(None, None, None, None)

NARROW = (
    "is too small or too narrow: pictures have at least 64 pixels a side, and the longer is at "
    "most 20 times the shorter"
)


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    monkeypatch.chdir(tmp_path)
    for name in [name for name in os.environ if name.startswith(("OPENREKOG_", "AWS_"))]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("OPENREKOG_DATA_DIR", str(tmp_path / "data"))

    def do(*arguments: str | Path) -> Result:
        result = CliRunner().invoke(app, ["datasets", "import", *map(str, arguments)])
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            raise result.exception
        return result

    return do


@pytest.fixture
def textures(tmp_path: Path) -> Path:
    for name in ("brick", "grass"):
        cut(tmp_path / "textures" / name, name, range(3))
    return tmp_path / "textures"


def entries(project: str, kind: str = "TRAIN", scope: Scope = HERE) -> list[dict[str, Any]]:
    store = open_store(Settings(), serving=False)
    try:
        with store.read() as rows:
            found = rows.datasets.of(rows.projects.named(scope, project))
            [dataset] = [each for each in found if each.type == kind]
            return [orjson.loads(line) for line in rows.entries.list(dataset, EVERY, 999).items]
    finally:
        store.close()


def refs(project: str, kind: str = "TRAIN") -> list[str]:
    return [
        entry["source-ref"].removeprefix("s3://custom-labels/") for entry in entries(project, kind)
    ]


def test_a_folder_of_labels(run: Run, textures: Path, tmp_path: Path) -> None:
    done = run(textures, "--project", "textures")
    assert done.exit_code == 0, done.stderr
    first, second, third, *_ = done.stdout.splitlines()
    assert first == f"{textures}: folders named by label."
    assert second == "  training: 6 pictures, 2 labels: brick 3, grass 3"
    assert third == "6 pictures in the training dataset: 6 copied, 0 there already."
    found = entries("textures")
    assert [(each["source-ref"], each["label-0-metadata"]["class-name"]) for each in found] == [
        (f"s3://custom-labels/textures/train/{label}/{number}.jpg", label)
        for label in ("brick", "grass")
        for number in range(3)
    ]
    assert all(each["cl-metadata"] == {"is_labeled": True} for each in found)
    copied = (
        tmp_path / "data" / "buckets" / "custom-labels" / "textures" / "train" / "grass" / "1.jpg"
    )
    assert copied.read_bytes() == (textures / "grass" / "1.jpg").read_bytes()


def test_the_same_again_changes_nothing(run: Run, textures: Path) -> None:
    run(textures, "--project", "textures")
    before = entries("textures")
    done = run(textures, "--project", "textures")
    assert "6 pictures in the training dataset: 0 copied, 6 there already." in done.stdout
    assert entries("textures") == before


def test_more_and_other_pictures(run: Run, textures: Path) -> None:
    run(textures, "--project", "textures")
    cut(textures / "brick", "gravel", [0, 9])  # 0 has other pixels now, 9 is new
    (textures / "grass" / "2.jpg").unlink()
    done = run(textures, "--project", "textures")
    assert "6 pictures in the training dataset: 2 copied, 4 there already." in done.stdout
    assert "It has 1 picture more, from elsewhere or from before" in done.stdout
    assert len(refs("textures")) == 7
    run(textures, "--project", "textures", "--replace")
    assert "textures/train/grass/2.jpg" not in refs("textures")
    assert len(refs("textures")) == 6


def test_a_picture_that_changes_but_not_in_size(run: Run, textures: Path, tmp_path: Path) -> None:
    picture = textures / "brick" / "0.jpg"
    whole = picture.read_bytes()
    picture.write_bytes(whole + b"1")
    run(textures, "--project", "textures")
    picture.write_bytes(whole + b"2")
    assert "1 copied, 5 there already." in run(textures, "--project", "textures").stdout
    bucket = tmp_path / "data" / "buckets" / "custom-labels"
    assert (bucket / "textures" / "train" / "brick" / "0.jpg").read_bytes().endswith(b"2")


def test_pictures_that_cannot_be_used_are_named(run: Run, textures: Path) -> None:
    (textures / "brick" / "broken.jpg").write_bytes(b"no picture")
    cut(textures / "brick", "brick", [7], ".webp")
    PIL.Image.new("RGB", (63, 200)).save(textures / "grass" / "thin.png")
    PIL.Image.new("RGB", (4097, 300)).save(textures / "grass" / "wide.png")
    (textures / "grass" / "gone.jpg").symlink_to("nowhere.jpg")
    done = run(textures, "--project", "textures")
    assert done.exit_code == 0
    assert "6 copied, 0 there already, 5 left out." in done.stdout
    named = [line.removeprefix(f"{textures}/") for line in done.stderr.splitlines()]
    assert named[1:] == [
        "brick/7.webp: cannot be read as a picture in JPEG or PNG",
        "brick/broken.jpg: cannot be read as a picture in JPEG or PNG",
        "grass/gone.jpg: No such file or directory",
        f"grass/thin.png: {NARROW}",
        "grass/wide.png: is too large: pictures have at most 4096 pixels a side and 15 MiB",
    ]
    assert len(refs("textures")) == 6


def test_both_parts_and_only_one(run: Run, tmp_path: Path) -> None:
    for part, count in (("train", 3), ("test", 2)):
        for name in ("brick", "grass"):
            cut(tmp_path / "both" / part / name, name, range(count))
    run(tmp_path / "both", "--project", "one", "--type", "TEST")
    assert (len(refs("one", "TEST")), refs("one", "TEST")[0]) == (4, "one/test/brick/0.jpg")
    with pytest.raises(ValueError, match="not enough values"):
        entries("one", "TRAIN")
    done = run(tmp_path / "both", "--project", "two")
    assert "4 pictures in the test dataset" in done.stdout
    assert (len(refs("two")), len(refs("two", "TEST"))) == (6, 4)


def test_any_folder_can_be_to_test_with(run: Run, textures: Path) -> None:
    run(textures, "--project", "p", "--type", "TEST")
    assert len(refs("p", "TEST")) == 6


def test_boxes(run: Run, tmp_path: Path) -> None:
    cut(tmp_path / "stones", "brick", range(3))
    found = {
        "0.jpg": [boxed("stone", 24, 48, 24, 24), boxed("gap", 90, 90, 20, 20)],
        "1.jpg": [boxed("stone", 10, 10, 0.4, 30)],
        "2.jpg": [],
    }
    (tmp_path / "stones" / "a.json").write_bytes(coco_file(found))
    done = run(tmp_path / "stones", "--project", "stones")
    assert done.stdout.splitlines()[1] == "  training: 3 pictures, 2 labels: stone 2, gap 1"
    first, second, third = entries("stones")
    assert first["bounding-box"] == {
        "image_size": [{"width": 96, "height": 96, "depth": 3}],
        "annotations": [
            {"class_id": 0, "left": 24, "top": 48, "width": 24, "height": 24},
            {"class_id": 1, "left": 90, "top": 90, "width": 6, "height": 6},
        ],
    }
    assert first["bounding-box-metadata"]["class-map"] == {"0": "stone", "1": "gap"}
    assert first["bounding-box-metadata"]["type"] == "groundtruth/object-detection"
    assert "cl-errors" not in first
    assert second["cl-errors"] != []
    assert "ERROR_BOUNDING_BOX_TOO_SMALL: labels of 1 picture are left out for this." in done.stderr
    assert third["bounding-box"]["annotations"] == []


def test_the_account_of_the_keys_and_the_region(
    run: Run, textures: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    keys = KeysFile(tmp_path / "data" / "keys.json")
    keys.add(generate_key("123456789012", None, None))
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-west-1")
    assert "arn:aws:rekognition:eu-west-1:123456789012:" in run(textures, "--project", "p").stdout
    keys.add(generate_key("999999999999", None, None))
    refused = run(textures, "--project", "p")
    assert (refused.exit_code, refused.stderr) == (
        1,
        "The keys are of the accounts 123456789012, 999999999999: name one by --account.\n",
    )
    slip = run(textures, "--project", "p", "--account", "99999999999")
    assert (slip.exit_code, "an account id has 12 digits" in slip.stderr) == (2, True)
    named = run(textures, "--project", "p", "--account", "999999999999", "--region", "us-west-2")
    assert "arn:aws:rekognition:us-west-2:999999999999:" in named.stdout


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["nowhere", "--project", "p"], "There is no folder nowhere."),
        (["textures", "--project", "a b"], "'a b' is no name for a project"),
        (["textures", "--project", "p", "--bucket", "../up"], "'../up' is no name for a bucket"),
    ],
)
def test_refusals(run: Run, textures: Path, arguments: list[str], message: str) -> None:
    refused = run(*arguments)
    assert refused.exit_code == 1
    assert message in refused.stderr


def test_into_s3(run: Run, textures: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with moto() as url:
        for name, value in (
            ("endpoint_url", url),
            ("access_key_id", "any"),
            ("secret_access_key", "any"),
        ):
            monkeypatch.setenv(f"OPENREKOG_S3_{name}".upper(), value)
        refused = run(textures, "--project", "p")
        assert (refused.exit_code, refused.stderr) == (1, "There is no bucket custom-labels.\n")
        s3 = aws_client("s3", url)
        s3.create_bucket(Bucket="custom-labels")
        assert "6 copied, 0 there already." in run(textures, "--project", "p").stdout
        assert "0 copied, 6 there already." in run(textures, "--project", "p").stdout
        stored = s3.get_object(Bucket="custom-labels", Key="p/train/brick/1.jpg")["Body"].read()
        assert stored == (textures / "brick" / "1.jpg").read_bytes()
        s3.close()
