"""Fine-tunes a whole detector on a user's pictures by `yolo`, the program of ultralytics: it stands
under another licence and brings torch, so that it is a program apart and never imported."""

import os
import shutil
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from openrekog.models.convert.own_files import EXPORT, onnx_graph
from openrekog.models.custom.fine_tuned import write_fine_tuned
from openrekog.models.custom.labels import TrueLabel
from openrekog.models.custom.learning import CannotLearnError, Looked
from openrekog.models.custom.leash import LateError, Leash
from openrekog.models.custom.model_file import MOST_LABELS
from openrekog.models.custom.yolo_dataset import encode, write_dataset
from openrekog.models.results import Image

PRIVATE = ("OPENREKOG_", "AWS_")
"""Variables of the server that are no business of the program's begin so."""

NOWHERE = "http://127.0.0.1:9"
"""Port 9 discards: the program would report its use, and fetch fonts and weights."""

TRAINING: Mapping[str, str] = {
    "seed": "0",
    "deterministic": "True",
    "workers": "0",  # others would need /dev/shm, which is small in containers
    "amp": "False",  # its check fetches weights
    "val": "False",  # with pictures that it learns from it would prove nothing
    "plots": "False",
}

EXPORTING = (*EXPORT, "simplify=False", "opset=17", "device=cpu")


@dataclass(frozen=True, slots=True)
class FineTuning:
    """`weights` are a .pt file of YOLOv8's or YOLO11's detectors, pictures are learnt from at a
    `side` in pixels, a multiple of 32; `seconds` bound each run of the program."""

    program: str
    weights: Path
    epochs: int = 100
    side: int = 640
    seconds: float = 86_400.0


@dataclass(slots=True)
class FineTuningLearner:
    """A `Learner` of objects. The same pictures give the same model only as far as the program and
    the GPU keep to that."""

    terms: FineTuning
    rounds: int = 1
    _leash: Leash = field(default_factory=Leash)

    def look(self, image: Image, truth: Sequence[TrueLabel], so_far: bytes | None) -> bytes:  # noqa: ARG002
        """The picture itself, as JPEG."""
        return encode(image)

    def learn(self, looked: Iterable[Looked], so_far: bytes | None = None) -> bytes:  # noqa: ARG002
        """Raises CannotLearnError, or what a Leash raises."""
        with tempfile.TemporaryDirectory(
            prefix="openrekog-tuning-", ignore_cleanup_errors=True
        ) as name:
            folder = Path(name)
            labels = write_dataset(folder / "pictures", looked)
            _check(len(labels))
            self._try_export(folder)
            return write_fine_tuned(self._export(folder, self._tune(folder)), labels)

    def close(self) -> None:
        """Ends what is being learnt."""
        self._leash.close()

    def _try_export(self, folder: Path) -> None:
        """Of what there was before: a missing package or an unknown kind of network is to be found
        out now, and not after hours."""
        before = folder / "before.pt"
        shutil.copyfile(self.terms.weights, before)
        write_fine_tuned(self._export(folder, before), ("before",))

    def _tune(self, folder: Path) -> Path:
        """The weights after the last epoch."""
        told = {
            "model": self.terms.weights,
            "data": folder / "pictures" / "data.yaml",
            "epochs": self.terms.epochs,
            "imgsz": self.terms.side,
            "project": folder,
            "name": "run",
            **TRAINING,
        }
        self._run(folder, "detect", "train", *(f"{key}={value}" for key, value in told.items()))
        return folder / "run" / "weights" / "last.pt"

    def _export(self, folder: Path, weights: Path) -> bytes:
        self._run(folder, "export", f"model={weights}", f"imgsz={self.terms.side}", *EXPORTING)
        return onnx_graph(weights.with_suffix(".onnx").read_bytes())

    def _run(self, folder: Path, *arguments: str) -> None:
        command, seconds = (self.terms.program, *arguments), self.terms.seconds
        try:
            self._leash.run(command, seconds, folder, _environment(folder))
        except LateError:
            raise CannotLearnError(
                f"Fine-tuning takes longer than the {seconds:.0f} seconds that this server allows."
            ) from None


def _environment(folder: Path) -> Mapping[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(PRIVATE)}
    proxies = dict.fromkeys(("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY"), NOWHERE)
    ours = {
        "YOLO_CONFIG_DIR": str(folder / "config"),
        "YOLO_OFFLINE": "true",
        "YOLO_AUTOINSTALL": "false",
        "MPLCONFIGDIR": str(folder / "config"),
        "no_proxy": "",
        "NO_PROXY": "",
    }
    return {**kept, **proxies, **ours}


def _check(labels: int) -> None:
    if not labels:
        raise CannotLearnError("No picture has a box.")
    if labels > MOST_LABELS:
        raise CannotLearnError(
            f"The boxes have {labels} labels; a model learns up to {MOST_LABELS}."
        )
