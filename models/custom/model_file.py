"""The file of a custom model: an ONNX graph whose metadata say what it is. The graph is there for
other programs; here it is built anew from the weights, so that no graph of a stranger ever runs."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import orjson
from google.protobuf.message import DecodeError
from numpy.typing import NDArray
from onnx import ModelProto, TensorProto, load_model_from_string, numpy_helper, parser

from openrekog.models.convert.model_file import IR_VERSION, to_bytes
from openrekog.models.custom.overhead import check_overhead

Weights = Mapping[str, NDArray[np.floating]]
Shapes = Mapping[str, tuple[int, ...]]

VERSION = "1"
OPSET = 17
"""Old enough for every runtime at hand."""

MOST_BYTES = 32 * 2**20
MOST_OVERHEAD = 2**20
MOST_WEIGHTS = 64
MOST_LABELS = 250
LONGEST_LABEL = 255


class ModelFileError(ValueError):
    """The bytes are not a model that was learnt here, or they were damaged."""


class OtherFeaturesError(Exception):
    """A model that was learnt on other features than those that are loaded."""

    def __init__(self, learnt_on: str, loaded: str) -> None:
        self.learnt_on = learnt_on
        super().__init__(
            f"The model was learnt on the features of {learnt_on!r}, and this server runs "
            f"{loaded!r}: train it anew, or start the server with the former pack."
        )


@dataclass(frozen=True, slots=True)
class ModelFile:
    """`kind` names who can open it, `features` what the weights were learnt on. `settings` are the
    kind's own, such as a threshold."""

    kind: str
    labels: tuple[str, ...]
    features: str
    weights: Weights
    settings: Mapping[str, Any] = field(default_factory=dict)

    def setting(self, name: str, choices: Sequence[Any]) -> Any:
        """The kind's own setting; raises ModelFileError unless it is among the choices."""
        value = self.settings.get(name)
        _require(value in choices, f"its {name} is {value!r}")
        return value

    def check_features(self, loaded: str) -> None:
        """Raises OtherFeaturesError."""
        if self.features != loaded:
            raise OtherFeaturesError(self.features, loaded)

    def check_shapes(self, shapes: Shapes) -> None:
        """Raises ModelFileError unless the weights have these names and shapes."""
        found = {name: array.shape for name, array in self.weights.items()}
        _require(found == dict(shapes), f"its weights are {found}, not {dict(shapes)}")


def write(file: ModelFile, graph: str) -> bytes:
    """`graph` is written as in `graph_bytes`."""
    model = graph_model(graph, file.weights)
    add_description(model, file)
    return to_bytes(model)


def add_description(model: ModelProto, file: ModelFile) -> None:
    """Into the metadata."""
    for key, value in _metadata(file).items():
        model.metadata_props.add(key=key, value=value)


def graph_bytes(graph: str, weights: Weights) -> bytes:
    """What a runtime takes. `graph` is in ONNX's text syntax, without a header, such as
    `head (float[n, 3] x) => (float[n, 2] y) { y = Gemm(x, weights, bias) }`; weights that the graph
    names need not be declared."""
    return to_bytes(graph_model(graph, weights))


def read(content: bytes) -> ModelFile:
    """Raises ModelFileError for anything that `write` did not write."""
    model = parse(content)
    return read_description(model, dict(_weights(model)))


def parse(content: bytes, most_bytes: int = MOST_BYTES) -> ModelProto:
    """The graph of a file that says that it is a custom model's; raises ModelFileError."""
    _require(0 < len(content) <= most_bytes, f"it has {len(content)} bytes")
    try:
        check_overhead(content, MOST_OVERHEAD)
        model = load_model_from_string(content)
    except (DecodeError, ValueError) as error:
        raise ModelFileError("not a custom model: it is no ONNX file") from error
    version = _read_metadata(model).get("openrekog")
    _require(version == VERSION, "it does not name a version that is known here")
    return model


def read_description(model: ModelProto, weights: Weights) -> ModelFile:
    """Raises ModelFileError."""
    metadata = _read_metadata(model)
    return ModelFile(
        kind=_text(metadata, "kind"),
        labels=tuple(_labels(metadata)),
        features=_text(metadata, "features"),
        weights=weights,
        settings=_json(metadata, "settings", dict),
    )


def graph_model(graph: str, weights: Weights) -> ModelProto:
    header = f'<ir_version: {IR_VERSION}, opset_import: ["": {OPSET}]>'
    model: ModelProto = parser.parse_model(f"{header} {graph}")
    model.graph.initializer.extend(
        numpy_helper.from_array(np.ascontiguousarray(array, np.float32), name)
        for name, array in weights.items()
    )
    return model


def _read_metadata(model: ModelProto) -> Mapping[str, str]:
    return {prop.key: prop.value for prop in model.metadata_props}


def _metadata(file: ModelFile) -> Mapping[str, str]:
    return {
        "openrekog": VERSION,
        "kind": file.kind,
        "labels": orjson.dumps(file.labels).decode(),
        "features": file.features,
        "settings": orjson.dumps(file.settings, option=orjson.OPT_SORT_KEYS).decode(),
    }


def _weights(model: ModelProto) -> Iterator[tuple[str, NDArray[np.float32]]]:
    tensors = model.graph.initializer
    _require(0 < len(tensors) <= MOST_WEIGHTS, f"it has {len(tensors)} weights")
    names = {tensor.name for tensor in tensors}
    _require(len(names) == len(tensors) and "" not in names, "its weights lack names of their own")
    for tensor in tensors:
        yield tensor.name, _array(tensor)


def _array(tensor: TensorProto) -> NDArray[np.float32]:
    """Only numbers that lie in the file itself: ONNX may also name other files of the machine."""
    inside = tensor.data_location == TensorProto.DEFAULT and not tensor.external_data
    _require(inside, f"{tensor.name} lies in another file")
    _require(tensor.data_type == TensorProto.FLOAT, f"{tensor.name} is not of 32-bit floats")
    shape = tuple(tensor.dims)
    _require(len(shape) <= 4 and all(0 < size <= MOST_BYTES for size in shape), f"{shape} sizes")
    values = np.frombuffer(tensor.raw_data[: len(tensor.raw_data) // 4 * 4], "<f4")
    whole = len(tensor.raw_data) == 4 * values.size == 4 * int(np.prod(shape, dtype=object))
    _require(whole, f"{tensor.name} has not the {shape} numbers that it tells")
    _require(bool(np.isfinite(values).all()), f"{tensor.name} has numbers that are none")
    return values.reshape(shape).astype(np.float32)


def _labels(metadata: Mapping[str, str]) -> Sequence[str]:
    labels: list[Any] = _json(metadata, "labels", list)
    _require(0 < len(labels) <= MOST_LABELS, f"it has {len(labels)} labels")
    for label in labels:
        fits = isinstance(label, str) and 0 < len(label) <= LONGEST_LABEL
        _require(fits, f"{str(label)[:LONGEST_LABEL]!r} is no label")
    _require(len(set(labels)) == len(labels), "it has a label twice")
    return labels


def _json(metadata: Mapping[str, str], key: str, kind: type[Any]) -> Any:
    try:
        value = orjson.loads(_text(metadata, key))
    except orjson.JSONDecodeError as error:
        raise ModelFileError(f"not a custom model: its {key} are no JSON") from error
    _require(isinstance(value, kind), f"its {key} are no {kind.__name__}")
    return value


def _text(metadata: Mapping[str, str], key: str) -> str:
    value = metadata.get(key, "")
    _require(bool(value), f"it has no {key}")
    return value


def _require(condition: bool, message: str) -> None:
    if not condition:
        raise ModelFileError(f"not a custom model: {message}")
