"""Small ONNX graphs with the signatures of large ones, for packs whose files are the user's own."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

Shapes = Mapping[str, Sequence[Any]]


class GraphBuilder:
    """Nodes and weights under names that count up."""

    def __init__(self) -> None:
        self.nodes: list[onnx.NodeProto] = []
        self.weights: list[onnx.TensorProto] = []

    def weight(self, values: Any, kind: Any = np.float32) -> str:
        name = f"w{len(self.weights)}"
        self.weights.append(numpy_helper.from_array(np.asarray(values, kind), name))
        return name

    def node(self, kind: str, *inputs: str, output: str = "", **attributes: Any) -> str:
        output = output or f"n{len(self.nodes)}"
        self.nodes.append(helper.make_node(kind, list(inputs), [output], **attributes))
        return output

    def save(
        self, path: Path, inputs: Shapes, outputs: Shapes, integers: Sequence[str] = ()
    ) -> Path:
        """`integers` names the inputs and outputs that are int64; the others are float."""
        taken, given = (
            [
                helper.make_tensor_value_info(
                    name, TensorProto.INT64 if name in integers else TensorProto.FLOAT, shape
                )
                for name, shape in shapes.items()
            ]
            for shapes in (inputs, outputs)
        )
        graph = helper.make_graph(self.nodes, "g", taken, given, initializer=self.weights)
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
        onnx.checker.check_model(model)
        onnx.save(model, str(path))
        return path

    def cells(self, pixels: str, side: int, count: int, weights: Any, bias: Any) -> str:
        """A linear map of the mean colour of each of count x count cells, shape (batch, out,
        count * count), row by row."""
        size = [side // count] * 2
        means = self.node("AveragePool", pixels, kernel_shape=size, strides=size)
        kernel = np.asarray(weights)[:, :, None, None]
        grid = self.node("Conv", means, self.weight(kernel), self.weight(bias))
        shape = self.weight([0, len(kernel), count * count], np.int64)
        return self.node("Reshape", grid, shape)


def cell_boxes(count: int) -> Any:
    """Centre and size of each of count x count cells as ratios, shape (count * count, 4)."""
    middles = (np.arange(count) + 0.5) / count
    x, y = np.meshgrid(middles, middles)
    return np.stack([x, y, np.full_like(x, 1 / count), np.full_like(x, 1 / count)], -1).reshape(
        -1, 4
    )
