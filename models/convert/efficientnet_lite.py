"""Rebuilds EfficientNet-Lite2 (Tan & Le 2019, TensorFlow's Lite variant), which is published as
PyTorch weights without a graph: no squeeze-and-excitation, ReLU6 everywhere."""

import numpy as np
from numpy.typing import NDArray

from openrekog.models.convert.layers import Layers
from openrekog.models.convert.torch_checkpoint import Weights, read_checkpoint

SIDE = 260
FEATURES = 1280
CLASSES = 1000

# TensorFlow's own, not PyTorch's default of 1e-5.
EPSILON = 1e-3

# How many blocks each stage of Lite2 repeats, and the stride of its first one.
STAGES = ((1, 1), (3, 2), (3, 2), (4, 2), (4, 1), (5, 2), (1, 1))

Folded = tuple[NDArray[np.float32], NDArray[np.float32]]


class _Net:
    """Layers that find their weights by PyTorch's names, and know which of them they used."""

    def __init__(self, weights: Weights) -> None:
        self.layers = Layers()
        self._weights = weights
        self._unused = {name for name in weights if not name.endswith("num_batches_tracked")}
        self._low = self.layers.constant(np.array(0, np.float32), "low")
        self._high = self.layers.constant(np.array(6, np.float32), "high")

    def take(self, name: str) -> NDArray[np.float64]:
        self._unused.discard(name)
        return self._weights[name].astype(np.float64)

    def conv(self, x: str, name: str, norm: str, stride: int = 1) -> str:
        filters, bias = self._folded(name, norm)
        return self.layers.conv(x, filters.transpose(2, 3, 1, 0), bias, stride)

    def depthwise(self, x: str, name: str, norm: str, stride: int) -> str:
        filters, bias = self._folded(name, norm)
        return self.layers.depthwise_conv(x, filters.transpose(2, 3, 0, 1), stride, bias=bias)

    def relu6(self, x: str) -> str:
        return self.layers.node("Clip", x, self._low, self._high)

    def head(self, x: str, name: str) -> str:
        weights, bias = self.take(f"{name}.weight"), self.take(f"{name}.bias")
        return self.layers.linear(x, weights.T.astype(np.float32), bias.astype(np.float32))

    def check_all_used(self) -> None:
        if self._unused:
            raise ValueError(f"weights without a place in the net: {sorted(self._unused)}")

    def _folded(self, name: str, norm: str) -> Folded:
        """Filters and bias of a convolution and the batch normalisation behind it."""
        gain = self.take(f"{norm}.weight") / np.sqrt(self.take(f"{norm}.running_var") + EPSILON)
        bias = self.take(f"{norm}.bias") - gain * self.take(f"{norm}.running_mean")
        filters = self.take(f"{name}.weight") * gain[:, None, None, None]
        return filters.astype(np.float32), bias.astype(np.float32)


def lite2(checkpoint: bytes) -> bytes:
    """RGB, (value - 127) / 128, N x 3 x 260 x 260, to 1,000 logits and the 1,280 features that
    they are drawn from."""
    net = _Net(read_checkpoint(checkpoint))
    x = net.relu6(net.conv("image", "_conv_stem", "_bn0", stride=2))
    index = 0
    for repeats, stride in STAGES:
        for repeat in range(repeats):
            x = _block(net, x, index, stride if repeat == 0 else 1, residual=repeat > 0)
            index += 1
    x = net.relu6(net.conv(x, "_conv_head", "_bn1"))
    features = net.layers.node("Flatten", net.layers.node("GlobalAveragePool", x))
    logits = net.head(features, "_fc")
    net.check_all_used()
    return net.layers.model(
        "efficientnet_lite2",
        "image",
        ["batch", 3, SIDE, SIDE],
        [(logits, "logits", ["batch", CLASSES]), (features, "features", ["batch", FEATURES])],
    )


def _block(net: _Net, x: str, index: int, stride: int, residual: bool) -> str:
    """An inverted residual; the first block of all has nothing to expand."""
    name, y = f"_blocks.{index}", x
    if index > 0:
        y = net.relu6(net.conv(y, f"{name}._expand_conv", f"{name}._bn0"))
    y = net.relu6(net.depthwise(y, f"{name}._depthwise_conv", f"{name}._bn1", stride))
    y = net.conv(y, f"{name}._project_conv", f"{name}._bn2")
    return net.layers.node("Add", y, x) if residual else y
