"""Rebuilds TransNetV2 (Soucek & Lokoc 2020), which is published as PyTorch weights without a graph.

Separable 3-D convolutions at four dilations in time find what changes; beside them the likeness of
each frame to the fifty before and behind it, in learnt features and in colours, is looked at.
"""

import numpy as np
from numpy.typing import NDArray

from openrekog.models.convert.layers import Layers
from openrekog.models.convert.torch_checkpoint import Weights, read_checkpoint

FRAMES, HEIGHT, WIDTH = 100, 27, 48
STACKS = 3
DILATIONS = (1, 2, 4, 8)
NEIGHBOURS = 50
"""Frames on either side that a frame is compared with."""

COLOURS = 8
"""Steps of each channel in the colour histograms: 8 x 8 x 8 bins."""

EPSILON = 1e-3  # of the batch normalisations
TINY = 1e-12  # PyTorch's, so that a vector of zeros is not divided by zero


class _Net:
    def __init__(self, weights: Weights) -> None:
        self.layers = Layers()
        self._weights = weights

    def take(self, name: str) -> NDArray[np.float32]:
        return self._weights[name].astype(np.float32)

    def constant(self, *values: float) -> str:
        return self.layers.constant(np.array(values, np.float32))

    def integers(self, *values: int) -> str:
        return self.layers.constant(np.array(values, np.int64))

    def linear(self, x: str, name: str) -> str:
        """On the last axis of a tensor of any rank."""
        product = self.layers.node(
            "MatMul", x, self.layers.constant(self.take(f"{name}.weight").T, "weights")
        )
        bias = self.layers.constant(self.take(f"{name}.bias"), "bias")
        return self.layers.node("Add", product, bias)

    def relu(self, x: str) -> str:
        return self.layers.node("Relu", x)


def transnet_v2(checkpoint: bytes) -> bytes:
    """1 x 100 x 27 x 48 x 3 RGB from 0 to 255, to the chance of each of the 100 frames to be the
    middle of a change of shots (`single`), and to be in one (`all`)."""
    net = _Net(read_checkpoint(checkpoint))
    features = _stacks(net)
    flat = _per_frame(net, features[-1])
    alike = _likeness(net, _learnt(net, features), "frame_sim_layer.fc")
    coloured = _likeness(net, _histograms(net), "color_hist_layer.fc")
    joined = net.layers.node("Concat", coloured, alike, flat, axis=1)
    hidden = net.relu(net.linear(joined, "fc1"))
    outputs = [
        (_chance(net, hidden, "cls_layer1"), "single", [FRAMES]),
        (_chance(net, hidden, "cls_layer2"), "all", [FRAMES]),
    ]
    return net.layers.model("transnet_v2", "frames", [1, FRAMES, HEIGHT, WIDTH, 3], outputs)


def _chance(net: _Net, hidden: str, name: str) -> str:
    return net.layers.node(
        "Reshape", net.layers.node("Sigmoid", net.linear(hidden, name)), net.integers(FRAMES)
    )


def _stacks(net: _Net) -> list[str]:
    """What each stack gives: 1 x channels x 100 x height x width, halved from one to the next."""
    channels_first = net.layers.node("Transpose", "frames", perm=[0, 4, 1, 2, 3])
    x = net.layers.node("Div", channels_first, net.constant(255.0))
    found = []
    for stack in range(STACKS):
        shortcut = net.relu(_dilated(net, x, f"SDDCNN.{stack}.DDCNN.0"))
        deep = net.relu(_dilated(net, shortcut, f"SDDCNN.{stack}.DDCNN.1"))
        both = net.layers.node("Add", deep, shortcut)
        x = net.layers.node("AveragePool", both, kernel_shape=[1, 2, 2], strides=[1, 2, 2])
        found.append(x)
    return found


def _dilated(net: _Net, x: str, name: str) -> str:
    """Four branches side by side, with the batch normalisation behind them folded in."""
    gain = net.take(f"{name}.bn.weight") / np.sqrt(net.take(f"{name}.bn.running_var") + EPSILON)
    bias = net.take(f"{name}.bn.bias") - gain * net.take(f"{name}.bn.running_mean")
    parts = zip(
        DILATIONS, np.split(gain, len(DILATIONS)), np.split(bias, len(DILATIONS)), strict=True
    )
    branches = [
        _branch(net, x, f"{name}.Conv3D_{dilation}", dilation, scale, shift)
        for dilation, scale, shift in parts
    ]
    return net.layers.node("Concat", *branches, axis=1)


def _branch(
    net: _Net,
    x: str,
    name: str,
    dilation: int,
    scale: NDArray[np.float32],
    shift: NDArray[np.float32],
) -> str:
    """A convolution over the picture, then one over time."""
    across = net.layers.constant(net.take(f"{name}.layers.0.weight"), "filters")
    along = net.take(f"{name}.layers.1.weight") * scale[:, None, None, None, None]
    x = net.layers.node("Conv", x, across, kernel_shape=[1, 3, 3], pads=[0, 1, 1, 0, 1, 1])
    return net.layers.node(
        "Conv",
        x,
        net.layers.constant(along, "filters"),
        net.layers.constant(shift, "bias"),
        kernel_shape=[3, 1, 1],
        dilations=[dilation, 1, 1],
        pads=[dilation, 0, 0, dilation, 0, 0],
    )


def _per_frame(net: _Net, x: str) -> str:
    """100 rows of everything that is known of each frame."""
    frames_first = net.layers.node("Transpose", x, perm=[0, 2, 3, 4, 1])
    return net.layers.node("Reshape", frames_first, net.integers(FRAMES, -1))


def _learnt(net: _Net, features: list[str]) -> str:
    """A unit vector for each frame, of the means of all stacks."""
    means = [
        net.layers.node("ReduceMean", feature, axes=[3, 4], keepdims=0) for feature in features
    ]
    joined = net.layers.node("Concat", *means, axis=1)
    rows = net.layers.node(
        "Reshape", net.layers.node("Transpose", joined, perm=[0, 2, 1]), net.integers(FRAMES, -1)
    )
    return _unit(net, net.linear(rows, "frame_sim_layer.projection"))


def _histograms(net: _Net) -> str:
    """A unit vector for each frame, of how often each of 512 colours is in it."""
    steps = net.layers.node(
        "Floor", net.layers.node("Div", "frames", net.constant(256.0 / COLOURS))
    )
    places = net.layers.constant(np.array([[COLOURS**2], [COLOURS], [1]], np.float32), "places")
    bins = net.layers.node("MatMul", steps, places)
    indices = net.layers.node(
        "Reshape", net.layers.node("Cast", bins, to=7), net.integers(FRAMES, HEIGHT * WIDTH)
    )
    ones = net.layers.node("Expand", net.constant(1.0), net.integers(FRAMES, HEIGHT * WIDTH))
    empty = net.layers.node("Expand", net.constant(0.0), net.integers(FRAMES, COLOURS**3))
    counts = net.layers.node("ScatterElements", empty, indices, ones, axis=1, reduction="add")
    return _unit(net, counts)


def _unit(net: _Net, rows: str) -> str:
    lengths = net.layers.node("ReduceL2", rows, axes=[1], keepdims=1)
    return net.layers.node("Div", rows, net.layers.node("Max", lengths, net.constant(TINY)))


def _likeness(net: _Net, rows: str, name: str) -> str:
    """Each frame's cosine with its neighbours, and what a layer makes of them."""
    cosines = net.layers.node("MatMul", rows, net.layers.node("Transpose", rows, perm=[1, 0]))
    padded = net.layers.node("Pad", cosines, net.integers(0, NEIGHBOURS, 0, NEIGHBOURS))
    window = np.arange(FRAMES)[:, None] + np.arange(2 * NEIGHBOURS + 1)[None]
    indices = net.layers.constant(window.astype(np.int64), "neighbours")
    near = net.layers.node("GatherElements", padded, indices, axis=1)
    return net.relu(net.linear(near, name))
