import base64
import json
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime as ort
import pytest
from numpy.typing import NDArray
from onnx import ModelProto, TensorProto, helper, numpy_helper
from onnx.reference import ReferenceEvaluator

from openrekog.models.convert import CONVERTERS, faceapi, onnx_graph, tfjs_graph
from openrekog.models.convert.tfjs_weights import read_weights
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
        "attr": {"shape": {"shape": {"dim": [{"size": size} for size in ("-1", "5", "5", "2")]}}},
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


@pytest.mark.parametrize(("padding", "before", "side"), [("SAME", 1, 3), ("VALID", 0, 2)])
def test_a_tfjs_convolution_is_channels_first(padding: str, before: int, side: int) -> None:
    """Against the sum that defines a convolution, in TensorFlow's layout."""
    source = tfjs_model(conv(2, padding, "BiasAdd", "Relu"), filters=FILTERS, bias=BIAS)
    image = RNG.standard_normal((1, 5, 5, 2)).astype(np.float32)
    (found,) = run(tfjs_graph.convert(*source), np.ascontiguousarray(image.transpose(0, 3, 1, 2)))
    padded = np.pad(image[0], ((before, 2), (before, 2), (0, 0)))
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


def expression_weights() -> dict[str, NDArray[np.float32]]:
    """A face-api expression net with small random weights."""

    def some(*shape: int) -> NDArray[np.float32]:
        return (RNG.standard_normal(shape) / 9).astype(np.float32)

    weights = {"dense0/conv0/filters": some(3, 3, 3, 32), "dense0/conv0/bias": some(32)}
    channels = 32
    for block, out in enumerate((32, 64, 128, 256)):
        for index in range(4):
            name = f"dense{block}/conv{index}"
            if name != "dense0/conv0":
                weights[f"{name}/depthwise_filter"] = some(3, 3, channels, 1)
                weights[f"{name}/pointwise_filter"] = some(1, 1, channels, out)
                weights[f"{name}/bias"] = some(out)
            channels = out
    return {**weights, "fc/weights": some(256, 7), "fc/bias": some(7)}


def published(weights: dict[str, NDArray[np.float32]]) -> tuple[bytes, bytes]:
    specs = [
        {"name": name, "shape": list(value.shape), "dtype": "float32"}
        for name, value in weights.items()
    ]
    binary = b"".join(value.tobytes() for value in weights.values())
    return json.dumps([{"paths": ["x.bin"], "weights": specs}]).encode(), binary


def test_a_face_api_net_is_rebuilt_from_its_weights() -> None:
    model = CONVERTERS["faceapi_expression"](published(expression_weights()), None)
    (probabilities,) = run(model, np.zeros((2, 3, 112, 112), np.float32))
    assert probabilities.shape == (2, 7)
    np.testing.assert_allclose(probabilities.sum(axis=1), 1, atol=1e-6)


def test_a_weight_without_a_place_is_an_error() -> None:
    weights = {**expression_weights(), "dense4/conv0/bias": np.zeros(3, np.float32)}
    with pytest.raises(ValueError, match=r"without a place in the net: \['dense4/conv0/bias'\]"):
        faceapi.expression(*published(weights))


def series(seed: int, *shape: int) -> NDArray[np.float32]:
    """Numbers that JavaScript computes to the same bits; channels last, as TensorFlow.js has."""
    numbers = (np.arange(np.prod(shape), dtype=np.int64) * 7919 + seed) % 1009 / 1009
    return numbers.astype(np.float32).reshape(shape)


def fetched(pack_name: str, file: str) -> Path:
    (pack,) = find([pack_name])
    store = PackStore(Settings().models_dir)
    if store.missing([pack]):
        pytest.skip(f"pack {pack_name} is not fetched; `openrekog models pull` fetches it")
    return store.path(pack, file)


FACE = (series(1, 2, 112, 112, 3) * 255 - np.float32([122.782, 117.001, 104.298])) / 255


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
    ],
)
def test_published_nets_say_what_tensorflow_js_says(
    pack: str, file: str, image: NDArray[np.float32], outputs: list[Any]
) -> None:
    """The expected numbers were computed by TensorFlow.js 4.22 with the published files."""
    found = run(
        fetched(pack, file).read_bytes(),
        np.ascontiguousarray(image.transpose(0, 3, 1, 2), np.float32),
    )
    for output, expected in zip(found, outputs, strict=True):
        numbers = np.ravel(expected)
        np.testing.assert_allclose(output.ravel()[: numbers.size], numbers, atol=1e-4)
