"""Turns a Keras model that was saved whole, as HDF5 with its graph inside, into ONNX, channels
first; it knows the layers of the nets among the packs and refuses any other."""

import io
import json
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from openrekog.models.convert.layers import Array, Layers

if TYPE_CHECKING:
    from h5py import Group

Config = Mapping[str, Any]


def convert(source: bytes) -> bytes:
    """One image input, one row of numbers as output."""
    # Imported here: whoever fetches no such pack does without.
    import h5py

    with h5py.File(io.BytesIO(source), "r") as file:
        graph = json.loads(file.attrs["model_config"])["config"]
        return _Translation(file["model_weights"]).run(graph["layers"])


class _Translation:
    def __init__(self, weights: "Group") -> None:
        self._layers = Layers()
        self._weights = weights
        self._tensors: dict[str, str] = {}
        self._shape: list[int | str] = []

    def run(self, layers: Sequence[Config]) -> bytes:
        for layer in layers:
            translate = _KINDS.get(layer["class_name"])
            if translate is None:
                raise ValueError(f"{layer['name']!r} is of an unknown kind, {layer['class_name']}")
            self._tensors[layer["name"]] = translate(self, layer)
        last = self._tensors[layers[-1]["name"]]
        return self._layers.model(
            "keras", "image", self._shape, [(last, "output", ["batch", "values"])]
        )

    def input(self, layer: Config) -> str:
        if self._shape:
            raise ValueError(f"{layer['name']!r} is a second input")
        _, height, width, channels = layer["config"]["batch_input_shape"]
        self._shape = ["batch", channels, height, width]
        return "image"

    def conv(self, layer: Config) -> str:
        return self._convolved(layer, self._layers.conv)

    def depthwise_conv(self, layer: Config) -> str:
        return self._convolved(layer, self._layers.depthwise_conv)

    def _convolved(self, layer: Config, add: Callable[..., str]) -> str:
        config, (filters, *bias) = layer["config"], self._own(layer)
        x = add(
            self._input(layer),
            filters,
            bias=bias[0] if bias else None,
            stride=config["strides"][0],
            padding=config["padding"].upper(),
        )
        return self._activated(layer, x)

    def normalise(self, layer: Config) -> str:
        constants = (self._layers.constant(values) for values in self._own(layer))
        epsilon = layer["config"]["epsilon"]
        return self._layers.node(
            "BatchNormalization", self._input(layer), *constants, epsilon=epsilon
        )

    def relu(self, layer: Config) -> str:
        most = layer["config"]["max_value"]
        if most != 6:
            raise ValueError(f"{layer['name']!r} is cut off at {most}, not at 6")
        return self._layers.relu6(self._input(layer))

    def pad(self, layer: Config) -> str:
        (top, bottom), (left, right) = layer["config"]["padding"]
        sides = np.array([0, 0, top, left, 0, 0, bottom, right], np.int64)
        pads = self._layers.constant(sides, "pads")
        return self._layers.node("Pad", self._input(layer), pads)

    def average_pool(self, layer: Config) -> str:
        size, stride = (layer["config"][name][0] for name in ("pool_size", "strides"))
        padding = layer["config"]["padding"].upper()
        return self._layers.pool(self._input(layer), "AveragePool", size, stride, padding)

    def dense(self, layer: Config) -> str:
        return self._activated(layer, self._layers.linear(self._input(layer), *self._own(layer)))

    def same(self, layer: Config) -> str:
        return self._input(layer)

    def plain(self, layer: Config, op_type: str) -> str:
        return self._layers.node(op_type, *self._inputs(layer))

    def _activated(self, layer: Config, x: str) -> str:
        match layer["config"]["activation"]:
            case "linear":
                return x
            case "relu":
                return self._layers.node("Relu", x)
            case "softmax":
                return self._layers.node("Softmax", x, axis=1)
            case other:
                raise ValueError(f"{layer['name']!r} has an unknown activation, {other}")

    def _inputs(self, layer: Config) -> list[str]:
        (used,) = layer["inbound_nodes"]
        return [self._tensors[name] for name, *_ in used]

    def _input(self, layer: Config) -> str:
        (x,) = self._inputs(layer)
        return x

    def _own(self, layer: Config) -> list[Array]:
        group = self._weights[layer["name"]]
        return [np.asarray(group[name.decode()]) for name in group.attrs["weight_names"]]


_KINDS: Mapping[str, Callable[[_Translation, Config], str]] = {
    "Add": lambda translation, layer: translation.plain(layer, "Add"),
    "AveragePooling2D": _Translation.average_pool,
    "BatchNormalization": _Translation.normalise,
    "Conv2D": _Translation.conv,
    "Dense": _Translation.dense,
    "DepthwiseConv2D": _Translation.depthwise_conv,
    "Dropout": _Translation.same,  # it acts in training alone
    "Flatten": lambda translation, layer: translation.plain(layer, "Flatten"),
    "InputLayer": _Translation.input,
    "ReLU": _Translation.relu,
    "ZeroPadding2D": _Translation.pad,
}
