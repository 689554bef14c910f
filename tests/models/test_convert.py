import base64
import io
import json
import pickle
from collections.abc import Callable, Mapping, Sequence
from math import prod
from pathlib import Path
from typing import Any

import cv2
import h5py
import numpy as np
import onnx
import onnxruntime as ort
import pytest
from numpy.typing import NDArray
from onnx import ModelProto, TensorProto, helper, numpy_helper
from onnx.reference import ReferenceEvaluator

from openrekog.models.convert import CONVERTERS, faceapi, keras_h5, onnx_graph, tfjs_graph
from openrekog.models.convert.tfjs_weights import read_weights
from openrekog.models.convert.torch_checkpoint import (
    MAGIC,
    PROTOCOL,
    CheckpointError,
    read_checkpoint,
)
from openrekog.models.pack import find
from openrekog.models.store import PackStore
from openrekog.server.settings import Settings

RNG = np.random.RandomState(3)


def run(model: bytes, *arrays: NDArray[Any]) -> list[NDArray[Any]]:
    session = ort.InferenceSession(model, providers=["CPUExecutionProvider"])
    names = [value.name for value in session.get_inputs()]
    outputs: list[NDArray[Any]] = session.run(None, dict(zip(names, arrays, strict=True)))
    return outputs


def quantised_net() -> ModelProto:
    """As published by OpenCV Zoo: int8 in blocks, weights among the inputs, a batch of one written
    into a Reshape; with a PReLU after the convolution."""
    weights = {
        "w_quantised": RNG.randint(-128, 128, (6, 4)).astype(np.int8),
        "w_scale": RNG.rand(6, 2).astype(np.float32) / 50,
        "w_zero": RNG.randint(-9, 9, (6, 2)).astype(np.int8),
        "w_shape": np.array([6, 4, 1, 1], np.int64),
        "slope": RNG.rand(6, 1, 1).astype(np.float32),
        "flat": np.array([1, -1, 6], np.int64),
    }
    nodes = [
        helper.make_node(
            "DequantizeLinear", ["w_quantised", "w_scale", "w_zero"], ["w"], axis=1, block_size=2
        ),
        helper.make_node("Reshape", ["w", "w_shape"], ["filters"]),
        helper.make_node("Conv", ["x", "filters"], ["maps"]),
        helper.make_node("PRelu", ["maps", "slope"], ["bent"]),
        helper.make_node("Transpose", ["bent"], ["last"], perm=[0, 2, 3, 1]),
        helper.make_node("Reshape", ["last", "flat"], ["y"]),
    ]
    graph = helper.make_graph(
        nodes,
        "quantised",
        [
            helper.make_tensor_value_info("x", TensorProto.FLOAT, [1, 4, 3, 3]),
            helper.make_tensor_value_info("slope", TensorProto.FLOAT, [6, 1, 1]),
        ],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, [1, 9, 6])],
        [numpy_helper.from_array(value, name) for name, value in weights.items()],
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 21)])


def test_a_quantised_graph_becomes_a_plain_one_with_the_same_numbers() -> None:
    source = quantised_net()
    converted = onnx_graph.clean(source.SerializeToString(), {"x": ["batch", 4, "height", "width"]})
    x = RNG.standard_normal((3, 4, 3, 3)).astype(np.float32)
    (found,) = run(converted, x)
    reference = ReferenceEvaluator(source)
    expected = np.concatenate([reference.run(None, {"x": x[i : i + 1]})[0] for i in range(3)])
    np.testing.assert_allclose(found, expected, atol=1e-5)
    model = onnx.load_from_string(converted)
    assert [value.name for value in model.graph.input] == ["x"]
    assert not {node.op_type for node in model.graph.node} & {"DequantizeLinear", "PRelu"}
    assert model.graph.output[0].type.tensor_type.shape.dim[0].dim_param == "batch"
    assert run(converted, np.zeros((1, 4, 5, 7), np.float32))[0].shape == (1, 35, 6)


def test_a_conversion_gives_the_same_bytes_each_time() -> None:
    source = quantised_net().SerializeToString()
    sizes = {"x": ["batch", 4, 3, 3]}
    assert onnx_graph.clean(source, sizes) == onnx_graph.clean(source, sizes)


def test_sizes_may_stay_as_published() -> None:
    model = onnx.load_from_string(onnx_graph.clean(quantised_net().SerializeToString()))
    dims = model.graph.input[0].type.tensor_type.shape.dim
    assert [dim.dim_value for dim in dims] == [1, 4, 3, 3]


@pytest.mark.parametrize(
    ("sizes", "complaint"),
    [
        ({"image": ["batch", 4, 3, 3]}, r"graph takes \['x'\], the pack says \['image'\]"),
        ({"x": ["batch", 4]}, "x has 4 dimensions, not 2"),
    ],
)
def test_a_pack_that_does_not_fit_its_graph_is_an_error(
    sizes: dict[str, list[int | str]], complaint: str
) -> None:
    with pytest.raises(ValueError, match=complaint):
        onnx_graph.clean(quantised_net().SerializeToString(), sizes)


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


def layer(kind: str, name: str, *inputs: str, **config: Any) -> dict[str, Any]:
    nodes = [[[source, 0, 0, {}] for source in inputs]] if inputs else []
    return {"class_name": kind, "name": name, "config": config, "inbound_nodes": nodes}


def keras_file(*layers: dict[str, Any], **weights: list[NDArray[np.float32]]) -> bytes:
    """As Keras 2 saves a whole model."""
    start = layer("InputLayer", "image", batch_input_shape=[None, 6, 6, 2])
    with io.BytesIO() as stream, h5py.File(stream, "w") as file:
        file.attrs["model_config"] = json.dumps({"config": {"layers": [start, *layers]}})
        for name, values in weights.items():
            group = file.create_group(f"model_weights/{name}")
            names = [f"{name}/{number}:0" for number in range(len(values))]
            group.attrs["weight_names"] = np.array(names, dtype="S")
            for key, value in zip(names, values, strict=True):
                group[key] = value
        file.flush()
        return stream.getvalue()


def small_keras_net() -> bytes:
    convolution = {"strides": [1, 1], "padding": "valid", "activation": "linear"}
    statistics = [np.float32(values) for values in ([2, 1], [0.5, -1], [0.1, 0.2], [4, 0.25])]
    return keras_file(
        layer("ZeroPadding2D", "pad", "image", padding=[[0, 1], [1, 0]]),
        layer("DepthwiseConv2D", "deep", "pad", **convolution),
        layer("BatchNormalization", "norm", "deep", epsilon=0.001),
        layer("ReLU", "relu", "norm", max_value=6.0),
        layer("Add", "sum", "relu", "relu"),
        layer("AveragePooling2D", "mean", "sum", pool_size=[5, 5], strides=[5, 5], padding="valid"),
        layer("Flatten", "flat", "mean"),
        layer("Dropout", "drop", "flat"),
        layer("Dense", "head", "drop", activation="softmax"),
        deep=[np.ones((3, 3, 2, 1), np.float32)],
        norm=statistics,
        head=[np.float32([[0.25, -0.5], [1, 2]]), np.float32([0.5, 0])],
    )


def test_a_saved_keras_model_is_rebuilt() -> None:
    image = RNG.standard_normal((1, 6, 6, 2)).astype(np.float32)
    (found,) = run(keras_h5.convert(small_keras_net()), channels_first(image))
    padded = np.pad(image[0], ((0, 1), (1, 0), (0, 0)))
    sums = [[padded[y : y + 3, x : x + 3].sum((0, 1)) for x in range(5)] for y in range(5)]
    normal = (np.array(sums) - [0.1, 0.2]) / np.sqrt([4.001, 0.251]) * [2, 1] + [0.5, -1]
    mean = 2 * np.clip(normal, 0, 6).mean((0, 1))
    powers = np.exp(mean @ np.array([[0.25, -0.5], [1, 2]]) + [0.5, 0])
    np.testing.assert_allclose(found[0], powers / powers.sum(), atol=1e-5)


@pytest.mark.parametrize(
    ("odd", "complaint"),
    [
        (layer("LSTM", "odd", "image"), "'odd' is of an unknown kind, LSTM"),
        (layer("ReLU", "odd", "image", max_value=None), "'odd' is cut off at None, not at 6"),
        (layer("InputLayer", "odd", batch_input_shape=[None, 1, 1, 1]), "'odd' is a second input"),
        (layer("Dense", "odd", "image", activation="gelu"), "an unknown activation, gelu"),
    ],
)
def test_unknown_keras_layers_are_refused(odd: dict[str, Any], complaint: str) -> None:
    source = keras_file(odd, odd=[np.ones((2, 2), np.float32), np.zeros(2, np.float32)])
    with pytest.raises(ValueError, match=complaint):
        keras_h5.convert(source)


class SomeWeights(dict[str, NDArray[np.float32]]):
    """Small random weights in TensorFlow's layout, under face-api's names."""

    def __init__(self) -> None:
        super().__init__()
        self._rng = np.random.RandomState(5)

    def add(self, name: str, *shape: int) -> None:
        scale = np.sqrt(np.prod(shape[:-1])) if len(shape) > 1 else 9
        self[name] = (self._rng.standard_normal(shape) / scale).astype(np.float32)

    def conv(self, name: str, side: int, channels: int, out: int) -> None:
        self.add(f"{name}/filters", side, side, channels, out)
        self.add(f"{name}/bias", out)

    def separable(self, name: str, channels: int, out: int) -> None:
        self.add(f"{name}/depthwise_filter", 3, 3, channels, 1)
        self.add(f"{name}/pointwise_filter", 1, 1, channels, out)
        self.add(f"{name}/bias", out)

    def reduction(self, name: str, channels: int, out: int) -> None:
        self.separable(f"{name}/separable_conv0", channels, out)
        self.separable(f"{name}/separable_conv1", out, out)
        self.conv(f"{name}/expansion_conv", 1, channels, out)


def expression_weights() -> SomeWeights:
    weights = SomeWeights()
    weights.conv("dense0/conv0", 3, 3, 32)
    channels = 32
    for block, out in enumerate((32, 64, 128, 256)):
        for index in range(0 if block else 1, 4):
            weights.separable(f"dense{block}/conv{index}", channels, out)
            channels = out
    weights.add("fc/weights", 256, 7)
    weights.add("fc/bias", 7)
    return weights


def age_gender_weights() -> SomeWeights:
    weights = SomeWeights()
    weights.conv("entry_flow/conv_in", 3, 3, 32)
    weights.reduction("entry_flow/reduction_block_0", 32, 64)
    weights.reduction("entry_flow/reduction_block_1", 64, 128)
    for block in range(2):
        for index in range(3):
            weights.separable(f"middle_flow/main_block_{block}/separable_conv{index}", 128, 128)
    weights.reduction("exit_flow/reduction_block", 128, 256)
    weights.separable("exit_flow/separable_conv", 256, 512)
    for head, out in (("age", 1), ("gender", 2)):
        weights.add(f"fc/{head}/weights", 512, out)
        weights.add(f"fc/{head}/bias", out)
    return weights


def published(weights: Mapping[str, NDArray[np.float32]]) -> tuple[bytes, bytes]:
    specs = [
        {"name": name, "shape": list(value.shape), "dtype": "float32"}
        for name, value in weights.items()
    ]
    binary = b"".join(value.tobytes() for value in weights.values())
    return json.dumps([{"paths": ["x.bin"], "weights": specs}]).encode(), binary


def series(seed: int, *shape: int) -> NDArray[np.float32]:
    """Numbers that JavaScript computes to the same bits; channels last, as TensorFlow.js has."""
    numbers = (np.arange(np.prod(shape), dtype=np.int64) * 7919 + seed) % 1009 / 1009
    return numbers.astype(np.float32).reshape(shape)


def channels_first(image: NDArray[np.float32]) -> NDArray[np.float32]:
    return np.ascontiguousarray(image.transpose(0, 3, 1, 2), np.float32)


FACE = (series(1, 2, 112, 112, 3) * 255 - np.float32([122.782, 117.001, 104.298])) / 255


@pytest.mark.parametrize(
    ("converter", "weights", "outputs"),
    [
        (
            "faceapi_expression",
            expression_weights,
            [[[0.14717, 0.14108, 0.17955, 0.13935, 0.13027, 0.14914, 0.11344]] * 2],
        ),
        (
            "faceapi_age_gender",
            age_gender_weights,
            [[[0.030963], [0.031157]], [[0.5396, 0.4604], [0.53952, 0.46048]]],
        ),
    ],
)
def test_a_face_api_net_is_rebuilt_from_its_weights(
    converter: str, weights: Callable[[], SomeWeights], outputs: list[Any]
) -> None:
    """The numbers are those of the conversions that were compared with TensorFlow.js."""
    found = run(CONVERTERS[converter](published(weights()), None), channels_first(FACE))
    for output, expected in zip(found, outputs, strict=True):
        np.testing.assert_allclose(output, expected, atol=1e-5)


def test_a_weight_without_a_place_is_an_error() -> None:
    weights = {**expression_weights(), "dense4/conv0/bias": np.zeros(3, np.float32)}
    with pytest.raises(ValueError, match=r"without a place in the net: \['dense4/conv0/bias'\]"):
        faceapi.expression(*published(weights))


def fetched(pack_name: str, file: str) -> Path:
    (pack,) = find([pack_name])
    store = PackStore(Settings().models_dir)
    if store.missing([pack]):
        pytest.skip(f"pack {pack_name} is not fetched; `openrekog models pull` fetches it")
    return store.path(pack, file)


@pytest.mark.parametrize(
    ("pack", "file", "image", "outputs"),
    [
        pytest.param(
            "faceapi",
            "face_expression.onnx",
            FACE,
            [
                [
                    [0.551662, 0.207745, 0.225709, 0.006542, 0.00045, 0.002653, 0.005241],
                    [0.220536, 0.246247, 0.511879, 0.011343, 0.008274, 0.001005, 0.000716],
                ]
            ],
            id="face-api expressions",
        ),
        pytest.param(
            "faceapi",
            "age_gender.onnx",
            FACE,
            [[36.757076, 38.659813], [0.790618, 0.209382, 0.949341, 0.050659]],
            id="face-api age and gender",
        ),
        pytest.param(
            "mini_xception",
            "emotion.onnx",
            series(2, 2, 64, 64, 1),
            [
                [
                    [0.003357, 0.979923, 0.000013, 0.000127, 0.000352, 0.016228, 0.0],
                    [0.002031, 0.991168, 0.000005, 0.000035, 0.000089, 0.006672, 0.0],
                ]
            ],
            id="mini-Xception",
        ),
        pytest.param(
            "gaze",
            "iris.onnx",
            series(2, 2, 64, 64, 3),
            [[24.204779, 33.958492, 5.151736, 26.446911, 35.474846, 3.833151, 28.837599]],
            id="iris",
        ),
        pytest.param(
            "face_mask",
            "face_mask.onnx",
            series(2, 2, 224, 224, 3),
            [[0.428576, 0.571424, 0.413859, 0.586141]],
            id="face mask",
        ),
    ],
)
def test_published_nets_say_what_tensorflow_js_says(
    pack: str, file: str, image: NDArray[np.float32], outputs: list[Any]
) -> None:
    """The expected numbers were computed by TensorFlow.js 4.22 with the published files."""
    found = run(fetched(pack, file).read_bytes(), channels_first(image))
    for output, expected in zip(found, outputs, strict=True):
        numbers = np.ravel(expected)
        np.testing.assert_allclose(output.ravel()[: numbers.size], numbers, atol=1e-4)


@pytest.mark.parametrize(
    ("pack", "side", "outputs"),
    [
        (
            "movenet_thunder",
            256,
            [
                [0.005174, 0.001593, 0.000823, 0.014444],
                [0.041557],
                [-10.774002, 5.578748, -13.423904, 7.962598],
                [-0.362083, 0.845674, -1.98233, 1.37987],
            ],
        ),
        (
            "movenet_lightning",
            192,
            [
                [0.003302, 0.002333, 0.00647, 0.00158],
                [0.060726],
                [-8.553715, 4.526598, -10.085074, 6.276636],
                [-1.427777, 2.600191, -1.70474, 3.282],
            ],
        ),
    ],
)
def test_movenet_draws_the_maps_of_tensorflow_js(pack: str, side: int, outputs: list[Any]) -> None:
    """The first channels of one cell of each head, computed by TensorFlow.js 4.22."""
    image = channels_first(series(2, 1, side, side, 3)) * 2 - 1
    found = run(fetched(pack, f"{pack}.onnx").read_bytes(), image)
    cell = side // 8
    for maps, expected in zip(found, outputs, strict=True):
        assert maps.shape[2:] == (side // 4, side // 4)
        np.testing.assert_allclose(maps[0, :4, cell, cell], expected, atol=1e-3)


def stored(*steps: bytes, storages: Sequence[tuple[str, NDArray[Any]]] = ()) -> bytes:
    """A file as torch.save wrote it before 1.6: pickles, then each storage behind its count."""
    head = (MAGIC, PROTOCOL, {"protocol_version": PROTOCOL, "little_endian": True})
    pickles = b"".join(pickle.dumps(value, protocol=2) for value in head)
    keys = pickle.dumps([key for key, _ in storages], protocol=2)
    numbers = b"".join(
        np.array(values.size, "<i8").tobytes() + values.tobytes() for _, values in storages
    )
    return pickles + b"".join(steps) + keys + numbers


def described(
    tensors: Mapping[str, tuple[str, str, int, tuple[int, ...], tuple[int, ...]]],
) -> bytes:
    """Storage type, key, offset, shape and strides of each tensor, as PyTorch pickles them."""
    lines = [b"\x80\x02}("]
    for name, (kind, key, offset, shape, strides) in tensors.items():
        storage = text("storage") + glob("torch", kind) + text(key) + text("cpu")
        storage += number(prod(shape) + offset) + b"Nt"
        arguments = b"((" + storage + b"Q" + number(offset) + tupled(shape) + tupled(strides)
        lines.append(text(name) + glob("torch._utils", "_rebuild_tensor_v2") + arguments + b"tR")
    return b"".join(lines) + b"u."


def text(value: str) -> bytes:
    return b"X" + len(value).to_bytes(4, "little") + value.encode()


def number(value: int) -> bytes:
    return b"J" + value.to_bytes(4, "little", signed=True)


def tupled(values: Sequence[int]) -> bytes:
    return b"(" + b"".join(map(number, values)) + b"t"


def glob(module: str, name: str) -> bytes:
    return f"c{module}\n{name}\n".encode()


NUMBERS = np.arange(8, dtype="<f4")


def test_an_old_checkpoint_is_read_without_pytorch() -> None:
    tensors = {
        "plain": ("FloatStorage", "0", 2, (2, 3), (3, 1)),
        "turned": ("FloatStorage", "1", 0, (2, 2), (1, 2)),
        "count": ("LongStorage", "2", 0, (), ()),
    }
    storages = [("0", NUMBERS), ("1", NUMBERS[:4]), ("2", np.array([7], "<i8"))]
    weights = read_checkpoint(stored(described(tensors), storages=storages))
    assert weights["plain"].tolist() == [[2, 3, 4], [5, 6, 7]]
    assert weights["turned"].tolist() == [[0, 2], [1, 3]]
    assert (weights["count"], weights["count"].dtype) == (7, np.int64)


def called(module: str, name: str, argument: str) -> bytes:
    return b"\x80\x02" + glob(module, name) + b"(" + text(argument) + b"tR."


TENSOR = {"x": ("FloatStorage", "0", 0, (8,), (1,))}


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        pytest.param(stored(called("os", "system", "true")), r"names os\.system", id="a command"),
        pytest.param(
            stored(called("builtins", "eval", "1")), r"names builtins\.eval", id="a builtin"
        ),
        pytest.param(
            called("posix", "system", "true"),
            r"names posix\.system",
            id="in the place of the magic",
        ),
        pytest.param(
            stored(called("torch", "load", "x")), r"names torch\.load", id="another of PyTorch's"
        ),
        pytest.param(
            stored(described({"x": ("Storage.__reduce__", "0", 0, (8,), (1,))})),
            r"names torch\.Storage\.__reduce__",
            id="a dotted name",
        ),
        pytest.param(
            stored(b"\x80\x02" + glob("torch", "FloatStorage") + tupled([1]) + b"b."),
            "damaged",
            id="a state for a type",
        ),
        pytest.param(
            stored(
                described({"x": ("FloatStorage", "0", 0, (8,), (9,))}), storages=[("0", NUMBERS)]
            ),
            "damaged: strides",
            id="a view beyond its storage",
        ),
        pytest.param(
            stored(
                described({"x": ("FloatStorage", "0", 0, (8,), (-1,))}), storages=[("0", NUMBERS)]
            ),
            "damaged: strides",
            id="a view before its storage",
        ),
        pytest.param(
            stored(described(TENSOR), storages=[("0", NUMBERS[:5])]),
            "storage 0 has 5 elements, not 8",
            id="a short storage",
        ),
        pytest.param(
            stored(described(TENSOR), storages=[("0", NUMBERS)])[:-1], "damaged", id="cut off"
        ),
        pytest.param(stored(pickle.dumps([1, 2], 2)), "not a dictionary of tensors", id="a list"),
        pytest.param(pickle.dumps(12, 2) * 2, "no PyTorch checkpoint", id="no checkpoint"),
        pytest.param(b"PK\x03\x04", "damaged", id="the new format, a zip"),
        pytest.param(b"", "damaged", id="empty"),
    ],
)
def test_a_hostile_checkpoint_is_refused(content: bytes, complaint: str) -> None:
    with pytest.raises(CheckpointError, match=complaint):
        read_checkpoint(content)


LITE2_LOGITS = [[-0.9456, 0.3309, -0.9367, -0.6439], [-1.001, 0.3252, -0.9309, -0.6263]]
LITE2_FEATURES = [[0.0, 0.0371, 0.1122, 0.0361], [0.0, 0.0145, 0.1129, 0.0389]]


def test_efficientnet_says_what_pytorch_says() -> None:
    """The expected numbers were computed by PyTorch 2.13 with the published file, layer by layer as
    the paper has them."""
    image = channels_first(series(2, 2, 260, 260, 3) * 2 - 1)
    logits, features = run(
        fetched("efficientnet_lite2", "efficientnet_lite2.onnx").read_bytes(), image
    )
    np.testing.assert_allclose(logits[:, :4], LITE2_LOGITS, atol=1e-3)
    np.testing.assert_allclose(features[:, :4], LITE2_FEATURES, atol=1e-3)
