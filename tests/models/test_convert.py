"""Quantised graphs become plain ones."""

import numpy as np
import onnx
import pytest
from onnx import ModelProto, TensorProto, helper, numpy_helper
from onnx.reference import ReferenceEvaluator

from openrekog.models.convert import onnx_graph
from tests.models.converting import run

RNG = np.random.RandomState(3)


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
