"""Turns a TensorFlow.js graph model into ONNX, channels first; it knows the node kinds of the
convolutional nets among the packs and refuses any other."""

import base64
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from openrekog.models.convert.layers import Layers
from openrekog.models.convert.tfjs_weights import Weights, read_weights

Node = Mapping[str, Any]

# Axes of N, H, W, C in N, C, H, W.
_CHANNELS_FIRST = {0: 0, 1: 2, 2: 3, 3: 1}


@dataclass(frozen=True, slots=True)
class Part:
    """What is wanted of a graph: all that leads from one tensor, a picture of so many rows, columns
    and channels, to some others. `outputs` has the public names of these."""

    start: str
    shape: tuple[int, int, int]
    outputs: Mapping[str, str]


def convert(model_json: bytes, binary: bytes) -> bytes:
    """One image input, one output; 4-D tensors are N, C, H, W on both sides."""
    model = json.loads(model_json)
    weights = read_weights(model["weightsManifest"], binary)
    return _Translation(weights).run(model["modelTopology"]["node"])


def convert_part(model_json: bytes, binary: bytes, part: Part) -> bytes:
    """As `convert`, without what a net does to its input before `part` and to its outputs after."""
    model = json.loads(model_json)
    weights = read_weights(model["weightsManifest"], binary)
    nodes = _leading_to(part.outputs, part.start, model["modelTopology"]["node"])
    return _Translation(weights).run_part(nodes, part)


def _leading_to(ends: Iterable[str], start: str, nodes: Sequence[Node]) -> list[Node]:
    """The nodes between, in their order; a graph lists every node behind its inputs."""
    wanted = set(ends)
    for node in reversed(nodes):
        if node["name"] in wanted and node["name"] != start:
            wanted.update(node.get("input", ()))
    return [node for node in nodes if node["name"] in wanted - {start}]


class _Translation:
    def __init__(self, weights: Weights) -> None:
        self._layers = Layers()
        self._weights = weights
        self._tensors: dict[str, str] = {}
        self._shape: list[int | str] = []
        self._output = ""

    def run(self, nodes: Sequence[Node]) -> bytes:
        self._translate(nodes)
        # A net of convolutions ends in N, C, 1, 1 or N, C: one row of numbers an image.
        flat = self._layers.node("Flatten", self._output)
        return self._layers.model(
            "tfjs", "image", self._shape, [(flat, "output", ["batch", "values"])]
        )

    def run_part(self, nodes: Sequence[Node], part: Part) -> bytes:
        self._begin(part.start, *part.shape)
        self._translate(nodes)
        outputs = [
            (self._tensors[name], public, ["batch", *(f"{public}_{axis}" for axis in (1, 2, 3))])
            for name, public in part.outputs.items()
        ]
        return self._layers.model("tfjs", "image", self._shape, outputs)

    def _translate(self, nodes: Sequence[Node]) -> None:
        for node in nodes:
            translate = _KINDS.get(node["op"])
            if translate is None:
                raise ValueError(f"node {node['name']!r} is of an unknown kind, {node['op']}")
            translate(self, node)

    def _begin(self, name: str, height: int, width: int, channels: int) -> None:
        self._shape = ["batch", channels, height, width]
        self._tensors[name] = "image"

    def constant(self, node: Node) -> None:
        if node["name"] not in self._weights:
            raise ValueError(f"constant {node['name']!r} is not among the weights")

    def placeholder(self, node: Node) -> None:
        if self._shape:
            raise ValueError(f"{node['name']!r} is a second input")
        sizes = [int(dim["size"]) for dim in node["attr"]["shape"]["shape"]["dim"]]
        self._begin(node["name"], *sizes[1:])

    def identity(self, node: Node) -> None:
        self._output = self._tensors[node["name"]] = self._tensor(node, 0)

    def conv(self, node: Node) -> None:
        x = self._layers.conv(
            self._tensor(node, 0), self._weight(node, 1), self._bias(node), *_stride_padding(node)
        )
        self._tensors[node["name"]] = self._activated(node, x)

    def depthwise_conv(self, node: Node) -> None:
        x = self._layers.depthwise_conv(
            self._tensor(node, 0), self._weight(node, 1), *_stride_padding(node), self._bias(node)
        )
        self._tensors[node["name"]] = self._activated(node, x)

    def resize(self, node: Node) -> None:
        if not node["attr"]["half_pixel_centers"]["b"]:
            raise ValueError(f"{node['name']!r} resizes without half-pixel centres")
        self._tensors[node["name"]] = self._layers.resize(
            self._tensor(node, 0), *map(int, self._weight(node, 1))
        )

    def max_pool(self, node: Node) -> None:
        size = int(node["attr"]["ksize"]["list"]["i"][1])
        stride, padding = _stride_padding(node)
        self._tensors[node["name"]] = self._layers.pool(
            self._tensor(node, 0), "MaxPool", size, stride, padding
        )

    def prelu(self, node: Node) -> None:
        self._tensors[node["name"]] = self._layers.prelu(
            self._tensor(node, 0), self._weight(node, 1)
        )

    def pad(self, node: Node) -> None:
        before, after = self._weight(node, 1)[[0, 3, 1, 2]].T.astype(np.int64)
        pads = self._layers.constant(np.concatenate([before, after]), "pads")
        self._tensors[node["name"]] = self._layers.node("Pad", self._tensor(node, 0), pads)

    def concat(self, node: Node) -> None:
        *tensors, axis = range(len(node["input"]))
        self._tensors[node["name"]] = self._layers.node(
            "Concat",
            *(self._tensor(node, index) for index in tensors),
            axis=_CHANNELS_FIRST[int(self._weight(node, axis))],
        )

    def mean(self, node: Node) -> None:
        axes = sorted(_CHANNELS_FIRST[int(axis)] for axis in self._weight(node, 1))
        if axes != [2, 3] or node["attr"]["keep_dims"]["b"]:
            raise ValueError(f"{node['name']!r} averages over {axes}, not over the picture")
        pooled = self._layers.node("GlobalAveragePool", self._tensor(node, 0))
        self._tensors[node["name"]] = self._layers.node("Flatten", pooled)

    def same(self, node: Node, op_type: str, inputs: int, **attributes: object) -> None:
        self._tensors[node["name"]] = self._layers.node(
            op_type, *(self._tensor(node, index) for index in range(inputs)), **attributes
        )

    def _bias(self, node: Node) -> Any:
        return self._weight(node, 2) if _fused(node) else None

    def _activated(self, node: Node, x: str) -> str:
        match _fused(node):
            case [] | ["BiasAdd"]:
                return x
            case ["BiasAdd", "Relu"]:
                return self._layers.node("Relu", x)
            case ["BiasAdd", "Relu6"]:
                return self._layers.relu6(x)
            case ["BiasAdd", "Prelu"]:
                return self._layers.prelu(x, self._weight(node, 3))
            case fused:
                raise ValueError(f"{node['name']!r} fuses {fused}")

    def _tensor(self, node: Node, index: int) -> str:
        return self._tensors[node["input"][index]]

    def _weight(self, node: Node, index: int) -> Any:
        return self._weights[node["input"][index]]


def _fused(node: Node) -> list[str]:
    """What a convolution also does: the names of the operations that follow it, in order."""
    fused = node["attr"].get("fused_ops", {"list": {"s": []}})
    return [base64.b64decode(name).decode() for name in fused["list"]["s"]]


def _stride_padding(node: Node) -> tuple[int, str]:
    stride = int(node["attr"]["strides"]["list"]["i"][1])
    return stride, base64.b64decode(node["attr"]["padding"]["s"]).decode()


_KINDS: Mapping[str, Callable[[_Translation, Node], None]] = {
    "AddV2": lambda translation, node: translation.same(node, "Add", inputs=2),
    "ConcatV2": _Translation.concat,
    "Const": _Translation.constant,
    "DepthwiseConv2dNative": _Translation.depthwise_conv,
    "FusedDepthwiseConv2dNative": _Translation.depthwise_conv,
    "Identity": _Translation.identity,
    "MaxPool": _Translation.max_pool,
    "Mean": _Translation.mean,
    "Pad": _Translation.pad,
    "Placeholder": _Translation.placeholder,
    "Prelu": _Translation.prelu,
    "Relu": lambda translation, node: translation.same(node, "Relu", inputs=1),
    "ResizeBilinear": _Translation.resize,
    "Sigmoid": lambda translation, node: translation.same(node, "Sigmoid", inputs=1),
    "Softmax": lambda translation, node: translation.same(node, "Softmax", inputs=1, axis=1),
    "_FusedConv2D": _Translation.conv,
}
