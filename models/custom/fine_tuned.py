"""Detectors that were fine-tuned as a whole: the exported graph itself is the model, so that only
those are opened that were learnt here or that the operator trusts, and only plain ones."""

from collections.abc import Iterator, Sequence
from functools import partial

from onnx import AttributeProto, ModelProto, TensorProto, checker, shape_inference

from openrekog.models.architectures.signatures import UnknownGraphError
from openrekog.models.architectures.yolov8 import YoloV8
from openrekog.models.convert.model_file import to_bytes
from openrekog.models.custom.labels import CustomLabel
from openrekog.models.custom.model_file import (
    ModelFile,
    ModelFileError,
    add_description,
    parse,
    read,
    read_description,
)
from openrekog.models.results import DetectedObject, Image
from openrekog.models.runtime import Runtime
from openrekog.models.session import Session

KIND = "fine_tuned"
LICENCE = "AGPL-3.0-only"

MOST_GRAPH_BYTES = 288 * 2**20
"""YOLOv8's largest has 273 MB, YOLO11's 228."""

# fmt: off - a line for each would hide the rest
OPERATORS = frozenset(
    {
        "Add",
        "AveragePool",
        "Cast",
        "Concat",
        "Constant",
        "Conv",
        "ConvTranspose",
        "Div",
        "Flatten",
        "Gather",
        "Gemm",
        "Identity",
        "MatMul",
        "MaxPool",
        "Mul",
        "ReduceMean",
        "Reshape",
        "Resize",
        "Shape",
        "Sigmoid",
        "Slice",
        "Softmax",
        "Split",
        "Squeeze",
        "Sub",
        "Transpose",
        "Unsqueeze",
    }
)
# fmt: on
"""What YOLOv8 and YOLO11 are exported with, and a little more: nothing that loops, branches, or
makes large things of small numbers as a matter of course."""

PLAIN = frozenset(
    AttributeProto.AttributeType.Value(name)
    for name in ("FLOAT", "FLOATS", "INT", "INTS", "STRING", "STRINGS", "TENSOR")
)

read_graph = partial(parse, most_bytes=MOST_GRAPH_BYTES)


class FineTuned:
    """A `CustomModel`. Confidences are the network's own scores, which nobody calibrated."""

    def __init__(self, session: Session, labels: Sequence[str]) -> None:
        """Raises UnknownGraphError."""
        self.labels = tuple(labels)
        self._network = YoloV8(session, labels, "custom")

    def detect(self, images: Sequence[Image]) -> list[list[CustomLabel]]:
        return [[_label(each) for each in found] for found in self._network.detect(images)]


def is_fine_tuned(content: bytes) -> bool:
    """Raises ModelFileError for what is no custom model."""
    metadata = read_graph(content).metadata_props
    return any(each.key == "kind" and each.value == KIND for each in metadata)


def read_any(content: bytes) -> ModelFile:
    """Any custom model; a fine-tuned one without weights, which stay in its graph."""
    if not is_fine_tuned(content):
        return read(content)
    return read_description(read_graph(content), {})


def write_fine_tuned(graph: bytes, labels: Sequence[str]) -> bytes:
    """The exported graph as a model file; raises ModelFileError for a graph that is not plain. What
    the exporter says of it goes, since that has the date in it."""
    model = ModelProto.FromString(graph)
    check_plain(model)
    model.ClearField("metadata_props")
    add_description(model, ModelFile(KIND, tuple(labels), "pixels", {}, {"licence": LICENCE}))
    content = to_bytes(model)
    read_graph(content)  # as it will be read
    return content


def open_fine_tuned(content: bytes, runtime: Runtime) -> FineTuned:
    """Raises ModelFileError."""
    model = read_graph(content)
    check_plain(model)
    labels = read_description(model, {}).labels
    try:
        checker.check_model(model, full_check=True)
        return FineTuned(runtime.load_learnt(content, f"custom/{KIND}"), labels)
    except (checker.ValidationError, shape_inference.InferenceError, UnknownGraphError) as error:
        raise ModelFileError(f"not a custom model: {error}") from error


def check_plain(model: ModelProto) -> None:
    """Raises ModelFileError for a graph with more outputs or other operators than a detector of
    YOLO's, or with numbers in another file of the machine."""
    for found in _unlike(model):
        raise ModelFileError(f"not a custom model: its graph has {found}")


def _unlike(model: ModelProto) -> Iterator[str]:
    if model.functions or model.training_info or model.graph.sparse_initializer:
        yield "more than operators and numbers"
    if len(model.graph.output) != 1:
        yield f"{len(model.graph.output)} outputs"
    for node in model.graph.node:
        if node.op_type not in OPERATORS or node.domain not in ("", "ai.onnx"):
            yield f"the operator {node.domain}:{node.op_type}"
        if any(attribute.type not in PLAIN for attribute in node.attribute):
            yield "an attribute that is neither number, text nor tensor"
    for tensor in _tensors(model):
        if tensor.data_location != TensorProto.DEFAULT or tensor.external_data:
            yield f"{tensor.name!r} in another file"


def _tensors(model: ModelProto) -> Iterator[TensorProto]:
    yield from model.graph.initializer
    for node in model.graph.node:
        for attribute in node.attribute:
            yield attribute.t


def _label(found: DetectedObject) -> CustomLabel:
    return CustomLabel(found.name, found.confidence, found.box)
