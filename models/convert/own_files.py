"""Graphs that users bring: taken as they are, or exported by the program of ultralytics."""

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from openrekog.models.fetch import FetchError, MissingClientError

CHECKPOINT = b"PK"  # torch writes zip archives
EXPORT = ("format=onnx", "nms=False", "dynamic=False")


def onnx_graph(source: bytes) -> bytes:
    """The same bytes; raises FetchError where they are no ONNX graph, or not all of one."""
    import onnx

    try:
        graph = onnx.load_model_from_string(source).graph
    except Exception as error:  # DecodeError of protobuf, which only onnx depends on
        raise FetchError("your file is not an ONNX graph") from error
    if not graph.output:
        raise FetchError("your file is not an ONNX graph: it gives nothing")
    outside = onnx.TensorProto.EXTERNAL
    if any(weights.data_location == outside for weights in graph.initializer):
        raise FetchError(
            "the weights of your ONNX graph lie in another file; export it into one, in half "
            "precision where it would be larger than 2 GB"
        )
    return source


def ultralytics(source: bytes) -> bytes:
    """A graph as it is; a checkpoint of ultralytics exported by its own program, `yolo`.

    A program and not an import: the package brings torch and a second OpenCV, which would take the
    place of ours, so that it had better live in an environment of its own.
    """
    if not source.startswith(CHECKPOINT):
        return onnx_graph(source)
    with tempfile.TemporaryDirectory() as folder:
        checkpoint = Path(folder, "model.pt")
        checkpoint.write_bytes(source)
        _export(checkpoint)
        return onnx_graph(checkpoint.with_suffix(".onnx").read_bytes())


def _export(checkpoint: Path) -> None:
    command = [_yolo(), "export", f"model={checkpoint}", *EXPORT]
    done = subprocess.run(  # noqa: S603 - the user's own file and program
        command, cwd=checkpoint.parent, capture_output=True, text=True, check=False
    )
    if done.returncode or not checkpoint.with_suffix(".onnx").is_file():
        said = (done.stderr or done.stdout).strip()
        raise FetchError(f"`{' '.join(command)}` failed:\n{said}")


def find_yolo() -> str | None:
    """The program on the PATH, or beside this Python, where the extra puts it."""
    return shutil.which("yolo") or shutil.which("yolo", path=str(Path(sys.executable).parent))


def _yolo() -> str:
    found = find_yolo()
    if found is None:
        raise MissingClientError(
            "a .pt file is exported by yolo, the program of ultralytics (AGPL-3.0), which is not "
            "on the PATH: install it, best in an environment of its own, or bring an .onnx file"
        )
    return found
