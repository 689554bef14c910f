"""Turns a TensorFlow.js graph model into ONNX, channels first; it knows the node kinds of the small
face nets and refuses any other."""

import base64
import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from openrekog.models.convert.layers import Layers
from openrekog.models.convert.tfjs_weights import Weights, read_weights

Node = Mapping[str, Any]

# Axes of N, H, W, C in N, C, H, W.
_CHANNELS_FIRST = {0: 0, 1: 2, 2: 3, 3: 1}


def convert(model_json: bytes, binary: bytes) -> bytes:
    """One image input, one output; 4-D tensors are N, C, H, W on both sides."""
    model = json.loads(model_json)
    weights = read_weights(model["weightsManifest"], binary)
    return _Translation(weights).run(model["modelTopology"]["node"])


class _Translation:
    def __init__(self, weights: Weights) -> None:
        self._layers = Layers()
        self._weights = weights
        self._tensors: dict[str, str] = {}
        self._shape: list[int | str] = []
        self._output = ""

    def run(self, nodes: Sequence[Node]) -> bytes:
        for node in nodes:
            translate = _KINDS.get(node["op"])
            if translate is None:
                raise ValueError(f"node {node['name']!r} is of an unknown kind, {node['op']}")
            translate(self, node)
        # A net of convolutions ends in N, C, 1, 1 or N, C: one row of numbers an image.
        flat = self._layers.node("Flatten", self._output)
        return self._layers.model(
            "tfjs", "image", self._shape, [(flat, "output", ["batch", "values"])]
        )

    def constant(self, node: Node) -> None:
        if node["name"] not in self._weights:
            raise ValueError(f"constant {node['name']!r} is not among the weights")

    def placeholder(self, node: Node) -> None:
        if self._shape:
            raise ValueError(f"{node['name']!r} is a second input")
        sizes = [int(dim["size"]) for dim in node["attr"]["shape"]["shape"]["dim"]]
        _, height, width, channels = sizes
        self._shape = ["batch", channels, height, width]
        self._tensors[node["name"]] = "image"

    def identity(self, node: Node) -> None:
        self._output = self._tensors[node["name"]] = self._tensor(node, 0)

    def fused_conv(self, node: Node) -> None:
        operations = [
            base64.b64decode(name).decode() for name in node["attr"]["fused_ops"]["list"]["s"]
        ]
        filters, bias = self._weight(node, 1), self._weight(node, 2)
        x = self._layers.conv(self._tensor(node, 0), filters, bias, *_stride_padding(node))
        match operations:
            case ["BiasAdd"]:
                pass
            case ["BiasAdd", "Relu"]:
                x = self._layers.node("Relu", x)
            case ["BiasAdd", "Prelu"]:
                x = self._layers.prelu(x, self._weight(node, 3))
            case _:
                raise ValueError(f"{node['name']!r} fuses {operations}")
        self._tensors[node["name"]] = x

    def depthwise_conv(self, node: Node) -> None:
        self._tensors[node["name"]] = self._layers.depthwise_conv(
            self._tensor(node, 0), self._weight(node, 1), *_stride_padding(node)
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

    def _tensor(self, node: Node, index: int) -> str:
        return self._tensors[node["input"][index]]

    def _weight(self, node: Node, index: int) -> Any:
        return self._weights[node["input"][index]]


def _stride_padding(node: Node) -> tuple[int, str]:
    stride = int(node["attr"]["strides"]["list"]["i"][1])
    return stride, base64.b64decode(node["attr"]["padding"]["s"]).decode()


_KINDS: Mapping[str, Callable[[_Translation, Node], None]] = {
    "AddV2": lambda translation, node: translation.same(node, "Add", inputs=2),
    "ConcatV2": _Translation.concat,
    "Const": _Translation.constant,
    "DepthwiseConv2dNative": _Translation.depthwise_conv,
    "Identity": _Translation.identity,
    "MaxPool": _Translation.max_pool,
    "Mean": _Translation.mean,
    "Pad": _Translation.pad,
    "Placeholder": _Translation.placeholder,
    "Prelu": _Translation.prelu,
    "Relu": lambda translation, node: translation.same(node, "Relu", inputs=1),
    "Softmax": lambda translation, node: translation.same(node, "Softmax", inputs=1, axis=1),
    "_FusedConv2D": _Translation.fused_conv,
}
