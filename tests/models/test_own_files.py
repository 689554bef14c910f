"""Packs whose files their user exports: taken from a folder, looked at, and noted."""

import os
import sys
from pathlib import Path

import numpy as np
import onnx
import pytest

from openrekog.models.convert.own_files import CHECKPOINT
from openrekog.models.fetch import FetchError, MissingClientError
from openrekog.models.pack import Pack, find
from openrekog.models.store import PackStore
from tests.models.graphs import GraphBuilder


def graph(path: Path, value: float = 1.0) -> Path:
    build = GraphBuilder()
    build.node("Mul", "x", build.weight(np.full(2048, value)), output="y")
    return build.save(path, {"x": [1, 2048]}, {"y": [1, 2048]})


@pytest.fixture
def own(tmp_path: Path) -> Path:
    folder = tmp_path / "own"
    folder.mkdir()
    return folder


@pytest.fixture
def store(tmp_path: Path) -> PackStore:
    return PackStore(tmp_path / "models")


def pack(name: str) -> Pack:
    (found,) = find([name])
    return found


def test_a_graph_is_taken_as_it_is_and_its_hash_noted(store: PackStore, own: Path) -> None:
    path = graph(own / "rf_detr.onnx")
    store.pull([pack("rf_detr")], own_files=own)
    made = store.path(pack("rf_detr"), "rf_detr.onnx")
    assert made.read_bytes() == path.read_bytes()
    assert store.verify([pack("rf_detr")]) == ()
    made.write_bytes(made.read_bytes() + b"!")
    (fault,) = store.verify([pack("rf_detr")])
    assert "wrong hash" in fault


def test_files_that_are_brought_again_replace_the_old(store: PackStore, own: Path) -> None:
    graph(own / "rf_detr.onnx")
    store.pull([pack("rf_detr")], own_files=own)
    better = graph(own / "rf_detr.onnx", 2.0)
    assert store.missing([pack("rf_detr")]) == ()
    assert store.missing([pack("rf_detr")], own) == (pack("rf_detr"),)
    store.pull([pack("rf_detr")], own_files=own)
    assert store.path(pack("rf_detr"), "rf_detr.onnx").read_bytes() == better.read_bytes()
    store.pull([pack("rf_detr")])
    assert store.verify([pack("rf_detr")]) == ()


def test_without_the_files_the_command_is_named(store: PackStore) -> None:
    with pytest.raises(FetchError, match="`openrekog models pull siglip2 --own-files FOLDER`"):
        store.pull([pack("siglip2")])
    assert not (store.models_dir / "siglip2").exists()


def test_a_missing_file_is_named(store: PackStore, own: Path) -> None:
    graph(own / "ram_plus.onnx")
    with pytest.raises(FetchError, match=r"own/ram_tag_list.txt is missing"):
        store.pull([pack("ram_plus")], own_files=own)


def test_one_file_must_be_meant(store: PackStore, own: Path) -> None:
    graph(own / "yolo11n.onnx")
    graph(own / "yolov8s.onnx")
    with pytest.raises(FetchError, match=r"yolo\*\.\* is more than one file: .*yolo11n.*yolov8s"):
        store.pull([pack("yolo11")], own_files=own)
    (own / "yolov8s.onnx").unlink()
    store.pull([pack("yolo11")], own_files=own)
    assert store.missing([pack("yolo11")]) == ()


@pytest.mark.parametrize("content", [b"<html>", b"", b"PK\x03\x04 a checkpoint"])
def test_what_is_no_graph_is_refused(store: PackStore, own: Path, content: bytes) -> None:
    (own / "d_fine.onnx").write_bytes(content)
    with pytest.raises(FetchError, match=r"d_fine/d_fine.onnx: your file is not an ONNX graph"):
        store.pull([pack("d_fine")], own_files=own)
    assert store.missing([pack("d_fine")]) == (pack("d_fine"),)


def test_half_a_graph_is_refused(store: PackStore, own: Path) -> None:
    whole = onnx.load(str(graph(own / "whole.onnx")))
    onnx.save(whole, str(own / "d_fine.onnx"), save_as_external_data=True, location="weights")
    with pytest.raises(FetchError, match="lie in another file"):
        store.pull([pack("d_fine")], own_files=own)


class Yolo:
    """A program `yolo` on the PATH that notes how it was called."""

    def __init__(self, folder: Path, script: str) -> None:
        self.calls = folder / "calls"
        program = folder / "yolo"
        program.write_text(f'#!/bin/sh\necho "$*" >> {self.calls}\n{script}\n')
        program.chmod(0o755)


@pytest.fixture
def programs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The only folder of the PATH but the system's; this Python's own is not looked into."""
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setenv("PATH", f"{folder}{os.pathsep}/usr/bin{os.pathsep}/bin")
    monkeypatch.setattr(sys, "executable", str(tmp_path / "nowhere" / "python"))
    return folder


def test_a_checkpoint_is_exported_by_the_program(
    store: PackStore, own: Path, programs: Path, tmp_path: Path
) -> None:
    exported = graph(tmp_path / "exported.onnx")
    yolo = Yolo(programs, f'cp {exported} "$(echo $2 | sed s/model=// | sed s/[.]pt$/.onnx/)"')
    (own / "yolo11n.pt").write_bytes(CHECKPOINT + b" of ultralytics")
    store.pull([pack("yolo11")], own_files=own)
    made = store.path(pack("yolo11"), "yolo11.onnx")
    assert made.read_bytes() == exported.read_bytes()
    called = yolo.calls.read_text().split()
    assert called[0] == "export"
    assert called[1].startswith("model=")
    assert "format=onnx" in called


def test_a_failed_export_is_told(store: PackStore, own: Path, programs: Path) -> None:
    Yolo(programs, "echo no torch here >&2; exit 1")
    (own / "yolo11n.pt").write_bytes(CHECKPOINT)
    with pytest.raises(FetchError, match="no torch here"):
        store.pull([pack("yolo11")], own_files=own)
    assert store.missing([pack("yolo11")]) == (pack("yolo11"),)


def test_a_checkpoint_needs_the_program(store: PackStore, own: Path, programs: Path) -> None:
    (own / "yolo11n.pt").write_bytes(CHECKPOINT)
    with pytest.raises(MissingClientError, match=r"yolo, the program of ultralytics \(AGPL-3.0\)"):
        store.pull([pack("yolo11")], own_files=own)
