"""What YOLOX sees all over a picture: the graph of a YOLOX detector, made to show layers within it,
from the second stage of its backbone to the last ones before boxes and classes are drawn."""

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from openrekog.models.architectures.signatures import UnknownGraphError
from openrekog.models.architectures.yolox import GREY, STRIDES, cells_of
from openrekog.models.dense import Cells, DenseFeatures, DenseShape, FeatureMap, Numbers
from openrekog.models.geometry import to_corners
from openrekog.models.results import Image
from openrekog.models.session import Array, Session
from openrekog.models.windows import whole

MAPS = {"721": 4, "781": 8, "841": 16, "886": 32, "956": 8, "990": 16, "1024": 32}
"""Strides of the layers shown, by the names that they have in the published graph of nano: the four
stages of the backbone, and what the pyramid makes of the last three."""

CELLS = (("1028", "1044", "1061"), ("1070", "1086", "1103"), ("1112", "1128", "1145"))
"""For each stride the first layer of the head, and the last ones for classes and for boxes."""

LEAST = 1e-4
MOST_LOG = 6.0
"""Boxes are no longer than e^6 strides."""


@dataclass(frozen=True, slots=True)
class _Seen:
    """Layers (channels, rows, columns) by name, and the rows of boxes and scores."""

    layers: dict[str, Array]
    rows: Array


def show_layers(graph: bytes) -> bytes:
    """The graph with those layers among its outputs; raises UnknownGraphError without them."""
    import onnx  # only where a graph is changed

    model = onnx.load_model_from_string(graph)
    known = {output for node in model.graph.node for output in node.output}
    missing = sorted(set(_names()) - known)
    if missing:
        raise UnknownGraphError(f"not the published YOLOX-nano: it has no layer {missing[0]}")
    model.graph.output.extend(onnx.helper.make_empty_tensor_value_info(name) for name in _names())
    shown: bytes = model.SerializeToString()
    return shown


def _names() -> list[str]:
    return [*MAPS, *(name for names in CELLS for name in names)]


class YoloXDense:
    """A `DenseExtractor` by a graph of `show_layers`. A cell's features are the three layers of the
    head, and the logarithms of objectness and of the chances of COCO's classes."""

    def __init__(self, open_session: Callable[[], Session], feature_name: str) -> None:
        """`open_session` is called when it is needed, and not before."""
        self.feature_name = feature_name
        self._open = open_session
        self._lock = threading.Lock()
        self._opened: Session | None = None

    @cached_property
    def shape(self) -> DenseShape:
        return _shape(self._session)

    @property
    def _session(self) -> Session:
        with self._lock:
            if self._opened is None:
                self._opened = self._open()
            return self._opened

    def extract(self, image: Image, side: int) -> DenseFeatures:
        level = whole(image.shape[1], image.shape[0], side)
        ((_, window),) = level.windows(image, GREY)
        seen = self._see(window)
        inside = np.array([level.width, level.height])
        cells = _cells(seen, window.shape[1], window.shape[0])
        maps = (FeatureMap(stride, _last(seen.layers[name])) for name, stride in MAPS.items())
        return DenseFeatures(
            level.width,
            level.height,
            tuple(_within(each, inside) for each in cells),
            tuple(maps),
        )

    def _see(self, window: Image) -> _Seen:
        pixels = window[None, :, :, ::-1].transpose(0, 3, 1, 2)
        session = self._session
        (name,) = session.inputs
        found = session.run({name: np.ascontiguousarray(pixels, np.float32)})
        named = dict(zip(session.outputs, (each[0] for each in found), strict=True))
        return _Seen(named, named["output"])


def _shape(session: Session) -> DenseShape:
    """Of a picture of the smallest size, since the graph does not tell the channels of layers."""
    (name,) = session.inputs
    found = session.run({name: np.zeros((1, 3, STRIDES[-1], STRIDES[-1]), np.float32)})
    channels = {name: each.shape[1] for name, each in zip(session.outputs, found, strict=True)}
    scores = found[list(session.outputs).index("output")].shape[2] - 4
    maps = ((stride, channels[name]) for name, stride in MAPS.items())
    return DenseShape(STRIDES, sum(channels[name] for name in CELLS[0]) + scores, tuple(maps))


def _cells(seen: _Seen, width: int, height: int) -> list[Cells]:
    counts = [(width // stride) * (height // stride) for stride in STRIDES]
    ends = np.cumsum(counts)[:-1]
    grids, rows = np.split(cells_of(width, height)[0], ends), np.split(seen.rows, ends)
    return [
        _level(seen, names, stride, grid, own)
        for names, stride, grid, own in zip(CELLS, STRIDES, grids, rows, strict=True)
    ]


def _level(
    seen: _Seen, names: Sequence[str], stride: int, grid: NDArray[np.intp], rows: Array
) -> Cells:
    layers = [_last(seen.layers[name]).reshape(len(grid), -1) for name in names]
    scores = np.log(np.clip(rows[:, 4:], LEAST, 1))
    sizes = np.exp(np.clip(rows[:, 2:4], -MOST_LOG, MOST_LOG))
    boxes = to_corners(np.concatenate([rows[:, :2] + grid, sizes], axis=1) * stride)
    centres = (grid + 0.5) * stride
    return Cells(
        stride,
        centres.astype(np.float32),
        np.concatenate([*layers, scores], axis=1, dtype=np.float32),
        boxes.astype(np.float32),
        rows[:, 4],
    )


def _last(layer: Array) -> Numbers:
    """Channels last."""
    return np.ascontiguousarray(layer.transpose(1, 2, 0), np.float32)


def _within(cells: Cells, size: NDArray[np.intp]) -> Cells:
    """Those in the picture, without those in the grey beyond it."""
    which = np.logical_and.reduce(cells.centres < size, axis=1)
    return Cells(
        cells.stride,
        cells.centres[which],
        cells.features[which],
        cells.boxes[which],
        cells.objectness[which],
    )
