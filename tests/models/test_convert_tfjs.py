"""Graphs of TensorFlow.js become ONNX."""

import base64
import json
from typing import Any

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from openrekog.models.convert import tfjs_graph
from openrekog.models.convert.tfjs_weights import read_weights
from tests.models.converting import channels_first, run

RNG = np.random.RandomState(3)

MANIFEST = [
    {
        "weights": [
            {"name": "plain", "shape": [2], "dtype": "float32"},
            {
                "name": "bytes",
                "shape": [2, 2],
                "dtype": "float32",
                "quantization": {"dtype": "uint8", "scale": 0.5, "min": -1.0},
            },
            {
                "name": "halves",
                "shape": [1],
                "dtype": "float32",
                "quantization": {"dtype": "float16"},
            },
            {"name": "scalar", "shape": [], "dtype": "int32"},
        ]
    }
]
BINARY = (
    np.array([1.5, -2], "<f4").tobytes()
    + bytes([0, 1, 2, 255])
    + np.array([0.25], "<f2").tobytes()
    + np.array(7, "<i4").tobytes()
)


def test_tfjs_weights_are_restored() -> None:
    weights = read_weights(MANIFEST, BINARY)
    assert weights["plain"].tolist() == [1.5, -2]
    assert weights["bytes"].tolist() == [[-1, -0.5], [0, 126.5]]
    assert weights["halves"].tolist() == [0.25]
    assert weights["halves"].dtype == np.float32
    assert weights["scalar"] == 7


def test_a_manifest_describes_the_whole_file() -> None:
    with pytest.raises(ValueError, match="manifest describes 18 bytes, the file has 19"):
        read_weights(MANIFEST, BINARY + b"x")


def tfjs_model(*nodes: dict[str, Any], **weights: NDArray[np.float32]) -> tuple[bytes, bytes]:
    specs = [
        {"name": name, "shape": list(value.shape), "dtype": "float32"}
        for name, value in weights.items()
    ]
    image = {
        "name": "image",
        "op": "Placeholder",
        "attr": {"shape": {"shape": {"dim": [{"size": size} for size in ("-1", "6", "6", "2")]}}},
    }
    constants = [{"name": name, "op": "Const"} for name in weights]
    end = {"name": "Identity", "op": "Identity", "input": [nodes[-1]["name"]]}
    model = {
        "modelTopology": {"node": [image, *constants, *nodes, end]},
        "weightsManifest": [{"weights": specs}],
    }
    return json.dumps(model).encode(), b"".join(value.tobytes() for value in weights.values())


def conv(stride: int, padding: str, *fused: str) -> dict[str, Any]:
    def text(value: str) -> str:
        return base64.b64encode(value.encode()).decode()

    return {
        "name": "conv",
        "op": "_FusedConv2D",
        "input": ["image", "filters", "bias"],
        "attr": {
            "strides": {"list": {"i": ["1", str(stride), str(stride), "1"]}},
            "padding": {"s": text(padding)},
            "fused_ops": {"list": {"s": [text(name) for name in fused]}},
        },
    }


FILTERS = RNG.standard_normal((3, 3, 2, 4)).astype(np.float32)
BIAS = RNG.standard_normal(4).astype(np.float32)


@pytest.mark.parametrize(("padding", "side"), [("SAME", 3), ("VALID", 2)])
def test_a_tfjs_convolution_is_channels_first(padding: str, side: int) -> None:
    """Against the sum that defines a convolution, in TensorFlow's layout; of an odd padding the
    larger part is at the right and the bottom."""
    source = tfjs_model(conv(2, padding, "BiasAdd", "Relu"), filters=FILTERS, bias=BIAS)
    image = RNG.standard_normal((1, 6, 6, 2)).astype(np.float32)
    (found,) = run(tfjs_graph.convert(*source), np.ascontiguousarray(image.transpose(0, 3, 1, 2)))
    padded = np.pad(image[0], ((0, 1), (0, 1), (0, 0)))
    expected = [
        [
            np.maximum(0, np.einsum("hwi,hwio->o", padded[y : y + 3, x : x + 3], FILTERS) + BIAS)
            for x in range(0, 2 * side, 2)
        ]
        for y in range(0, 2 * side, 2)
    ]
    np.testing.assert_allclose(found.reshape(4, side, side).transpose(1, 2, 0), expected, atol=1e-5)


def test_an_unknown_kind_of_node_is_refused() -> None:
    source = tfjs_model({"name": "odd", "op": "Roll", "input": ["image"]})
    with pytest.raises(ValueError, match="'odd' is of an unknown kind, Roll"):
        tfjs_graph.convert(*source)


def test_an_unknown_fusion_is_refused() -> None:
    source = tfjs_model(conv(1, "SAME", "BiasAdd", "Elu"), filters=FILTERS, bias=BIAS)
    with pytest.raises(ValueError, match=r"'conv' fuses \['BiasAdd', 'Elu'\]"):
        tfjs_graph.convert(*source)


def test_a_tfjs_depthwise_convolution_keeps_channels_apart() -> None:
    node = {**conv(1, "SAME", "BiasAdd", "Relu6"), "op": "FusedDepthwiseConv2dNative"}
    filters = RNG.standard_normal((3, 3, 2, 1)).astype(np.float32) * 9
    bias = np.array([3, -3], np.float32)
    image = RNG.standard_normal((1, 6, 6, 2)).astype(np.float32)
    source = tfjs_model(node, filters=filters, bias=bias)
    (found,) = run(tfjs_graph.convert(*source), channels_first(image))
    padded = np.pad(image[0], ((1, 1), (1, 1), (0, 0)))
    sums = [
        [np.sum(padded[y : y + 3, x : x + 3] * filters[..., 0], (0, 1)) for x in range(6)]
        for y in range(6)
    ]
    expected = np.clip(np.array(sums) + bias, 0, 6)
    np.testing.assert_allclose(found.reshape(2, 6, 6).transpose(1, 2, 0), expected, atol=1e-5)


def resize(half_pixel_centres: bool) -> dict[str, Any]:
    return {
        "name": "resize",
        "op": "ResizeBilinear",
        "input": ["image", "size"],
        "attr": {"half_pixel_centers": {"b": half_pixel_centres}},
    }


def test_a_tfjs_picture_is_doubled_between_pixel_centres() -> None:
    source = tfjs_model(resize(True), size=np.array([12, 12], np.float32))
    image = RNG.standard_normal((2, 6, 6, 2)).astype(np.float32)
    (found,) = run(tfjs_graph.convert(*source), channels_first(image))
    expected = [cv2.resize(one, (12, 12), interpolation=cv2.INTER_LINEAR) for one in image]
    np.testing.assert_allclose(
        found.reshape(2, 2, 12, 12).transpose(0, 2, 3, 1), expected, atol=1e-5
    )


def test_other_ways_to_resize_are_refused() -> None:
    source = tfjs_model(resize(False), size=np.array([12, 12], np.float32))
    with pytest.raises(ValueError, match="'resize' resizes without half-pixel centres"):
        tfjs_graph.convert(*source)


def test_a_part_of_a_tfjs_graph_leaves_the_rest_out() -> None:
    """What stands before its start and behind its outputs may be of unknown kinds."""
    before = {"name": "scaled", "op": "Roll", "input": ["image"]}
    middle = {"name": "act", "op": "Relu", "input": ["scaled"]}
    end = {"name": "chance", "op": "Sigmoid", "input": ["act"]}
    after = {"name": "search", "op": "ArgMax", "input": ["chance"]}
    part = tfjs_graph.Part("scaled", (6, 6, 2), {"chance": "map", "act": "bent"})
    model = tfjs_graph.convert_part(*tfjs_model(before, middle, end, after), part)
    image = channels_first(RNG.standard_normal((2, 6, 6, 2)).astype(np.float32))
    chance, bent = run(model, image)
    np.testing.assert_allclose(bent, np.maximum(image, 0), atol=1e-6)
    np.testing.assert_allclose(chance, 1 / (1 + np.exp(-bent)), atol=1e-6)
