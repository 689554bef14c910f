"""Rebuilds the two face-api.js nets, which are published as weights without a graph: expressions
(four dense blocks) and age with gender (a tiny Xception)."""

import json
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from openrekog.models.convert.layers import Layers
from openrekog.models.convert.tfjs_weights import Weights, read_weights

SIDE = 112
EXPRESSIONS = 7


class _Net:
    """Layers that find their weights by name, and know which of them they used."""

    def __init__(self, weights: Weights) -> None:
        self.layers = Layers()
        self._weights = weights
        self._unused = set(weights)

    def take(self, name: str) -> NDArray[np.generic]:
        self._unused.discard(name)
        return self._weights[name]

    def conv(self, x: str, name: str, stride: int = 1) -> str:
        return self.layers.conv(x, self.take(f"{name}/filters"), self.take(f"{name}/bias"), stride)

    def separable(self, x: str, name: str, stride: int = 1) -> str:
        x = self.layers.depthwise_conv(x, self.take(f"{name}/depthwise_filter"), stride)
        return self.layers.conv(x, self.take(f"{name}/pointwise_filter"), self.take(f"{name}/bias"))

    def head(self, x: str, name: str) -> str:
        return self.layers.linear(x, self.take(f"{name}/weights"), self.take(f"{name}/bias"))

    def relu(self, x: str) -> str:
        return self.layers.node("Relu", x)

    def add(self, x: str, y: str) -> str:
        return self.layers.node("Add", x, y)

    def pooled(self, x: str) -> str:
        x = self.layers.pool(x, "AveragePool", size=7, stride=2, padding="VALID")
        return self.layers.node("Flatten", x)

    def softmax(self, x: str) -> str:
        return self.layers.node("Softmax", x, axis=1)

    def check_all_used(self) -> None:
        if self._unused:
            raise ValueError(f"weights without a place in the net: {sorted(self._unused)}")


def expression(manifest: bytes, binary: bytes) -> bytes:
    """Normalised RGB, N x 3 x 112 x 112, to the probabilities of seven expressions."""
    net = _Net(read_weights(json.loads(manifest), binary))
    x = "image"
    for block in range(4):
        x = _dense_block(net, x, f"dense{block}", net.separable if block else net.conv)
    probabilities = net.softmax(net.head(net.pooled(x), "fc"))
    net.check_all_used()
    return net.layers.model(
        "face_expression",
        "image",
        ["batch", 3, SIDE, SIDE],
        [(probabilities, "probabilities", ["batch", EXPRESSIONS])],
    )


def age_gender(manifest: bytes, binary: bytes) -> bytes:
    """Normalised RGB, N x 3 x 112 x 112, to years and the probabilities of male and female."""
    net = _Net(read_weights(json.loads(manifest), binary))
    x = net.relu(net.conv("image", "entry_flow/conv_in", stride=2))
    x = _reduction(net, x, x, "entry_flow/reduction_block_0")
    x = _reduction(net, x, net.relu(x), "entry_flow/reduction_block_1")
    x = _residual(net, x, "middle_flow/main_block_0")
    x = _residual(net, x, "middle_flow/main_block_1")
    x = _reduction(net, x, net.relu(x), "exit_flow/reduction_block")
    x = net.pooled(net.relu(net.separable(x, "exit_flow/separable_conv")))
    age, gender = net.head(x, "fc/age"), net.softmax(net.head(x, "fc/gender"))
    net.check_all_used()
    return net.layers.model(
        "age_gender",
        "image",
        ["batch", 3, SIDE, SIDE],
        [(age, "age", ["batch", 1]), (gender, "gender", ["batch", 2])],
    )


def _dense_block(net: _Net, x: str, name: str, first: Callable[[str, str, int], str]) -> str:
    """Each convolution reads the rectified sum of all that came before it."""
    total = net.relu(first(x, f"{name}/conv0", 2))
    x = total
    for index in (1, 2, 3):
        total = net.add(total, net.separable(x, f"{name}/conv{index}"))
        x = net.relu(total)
    return x


def _reduction(net: _Net, x: str, activated: str, name: str) -> str:
    y = net.separable(activated, f"{name}/separable_conv0")
    y = net.separable(net.relu(y), f"{name}/separable_conv1")
    y = net.layers.pool(y, "MaxPool", size=3, stride=2, padding="SAME")
    return net.add(y, net.conv(x, f"{name}/expansion_conv", stride=2))


def _residual(net: _Net, x: str, name: str) -> str:
    y = x
    for index in range(3):
        y = net.separable(net.relu(y), f"{name}/separable_conv{index}")
    return net.add(y, x)
