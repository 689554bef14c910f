"""A short hand for building a convolutional ONNX graph (N, C, H, W) from weights in TensorFlow's
layout (H, W, in, out)."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from onnx import NodeProto, TensorProto, helper, numpy_helper

from openrekog.models.convert.model_file import IR_VERSION, to_bytes
from openrekog.models.convert.prelu import spell_out_prelu

OPSET = 17
"""Old enough for every runtime at hand, new enough for all that is used here."""

Array = NDArray[np.generic]


class Layers:
    """Nodes in the order in which they were added; each method returns its output's name."""

    def __init__(self) -> None:
        self._nodes: list[NodeProto] = []
        self._constants: list[TensorProto] = []

    def constant(self, value: Array, label: str = "constant") -> str:
        name = f"{label}_{len(self._constants)}"
        self._constants.append(numpy_helper.from_array(np.ascontiguousarray(value), name))
        return name

    def node(self, op_type: str, *inputs: str, **attributes: Any) -> str:
        name = f"{op_type}_{len(self._nodes)}"
        self._nodes.append(helper.make_node(op_type, inputs, [name], name=name, **attributes))
        return name

    def conv(
        self,
        x: str,
        filters: Array,
        bias: Array | None = None,
        stride: int = 1,
        padding: str = "SAME",
    ) -> str:
        weights = [self.constant(filters.transpose(3, 2, 0, 1), "filters")]
        return self._conv(x, weights, bias, stride, padding, filters.shape[:2], group=1)

    def depthwise_conv(
        self,
        x: str,
        filters: Array,
        stride: int = 1,
        padding: str = "SAME",
        bias: Array | None = None,
    ) -> str:
        """Filters of shape (H, W, channels, 1): one for each channel."""
        weights = [self.constant(filters.transpose(2, 3, 0, 1), "filters")]
        return self._conv(
            x, weights, bias, stride, padding, filters.shape[:2], group=filters.shape[2]
        )

    def pool(self, x: str, op_type: str, size: int, stride: int, padding: str) -> str:
        return self.node(
            op_type,
            x,
            kernel_shape=[size, size],
            strides=[stride, stride],
            auto_pad=_AUTO_PAD[padding],
        )

    def linear(self, x: str, weights: Array, bias: Array) -> str:
        return self.node("Gemm", x, self.constant(weights, "weights"), self.constant(bias, "bias"))

    def relu6(self, x: str) -> str:
        low, high = (self.constant(np.array(limit, np.float32), "limit") for limit in (0, 6))
        return self.node("Clip", x, low, high)

    def resize(self, x: str, height: int, width: int) -> str:
        """Bilinear, with half-pixel centres as TensorFlow's newer nets have them."""
        same = self.node("Shape", x, start=0, end=2)
        sizes = self.node(
            "Concat", same, self.constant(np.array([height, width], np.int64), "size"), axis=0
        )
        return self.node("Resize", x, "", "", sizes, mode="linear")

    def prelu(self, x: str, slope: Array) -> str:
        return self.node("PRelu", x, self.constant(slope.reshape(-1, 1, 1), "slope"))

    def model(
        self,
        name: str,
        x: str,
        shape: Sequence[int | str],
        outputs: Sequence[tuple[str, str, Sequence[int | str]]],
    ) -> bytes:
        """The finished file; `outputs` gives the tensor, its public name and its shape."""
        ends = [
            helper.make_node("Identity", [tensor], [public], name=public)
            for tensor, public, _ in outputs
        ]
        graph = helper.make_graph(
            [*self._nodes, *ends],
            name,
            [helper.make_tensor_value_info(x, TensorProto.FLOAT, shape)],
            [
                helper.make_tensor_value_info(public, TensorProto.FLOAT, sizes)
                for _, public, sizes in outputs
            ],
            self._constants,
        )
        spell_out_prelu(graph)
        opset = [helper.make_opsetid("", OPSET)]
        return to_bytes(helper.make_model(graph, opset_imports=opset, ir_version=IR_VERSION))

    def _conv(
        self,
        x: str,
        weights: list[str],
        bias: Array | None,
        stride: int,
        padding: str,
        kernel: tuple[int, ...],
        group: int,
    ) -> str:
        biases = [] if bias is None else [self.constant(bias, "bias")]
        return self.node(
            "Conv",
            x,
            *weights,
            *biases,
            kernel_shape=list(kernel),
            strides=[stride, stride],
            auto_pad=_AUTO_PAD[padding],
            group=group,
        )


# TensorFlow pads the right and the bottom first where the padding is odd.
_AUTO_PAD = {"SAME": "SAME_UPPER", "VALID": "VALID"}
