"""Folds weights that are stored as blocks of int8 into plain float32 constants: onnxruntime refuses
some of these files as shipped, and computes in float32 either way."""

import numpy as np
from numpy.typing import NDArray
from onnx import GraphProto, NodeProto, helper, numpy_helper

Constants = dict[str, NDArray[np.generic]]


def fold_constants(graph: GraphProto) -> None:
    """Replaces each DequantizeLinear of constants, and each Reshape of one, by its value."""
    constants: Constants = {
        tensor.name: numpy_helper.to_array(tensor) for tensor in graph.initializer
    }
    kept: list[NodeProto] = []
    for node in graph.node:
        fold = _FOLDS.get(node.op_type)
        if fold and all(name in constants for name in node.input):
            constants[node.output[0]] = fold(node, [constants[name] for name in node.input])
        else:
            kept.append(node)
    used = {name for node in kept for name in node.input}
    tensors = [
        numpy_helper.from_array(np.ascontiguousarray(value), name)
        for name, value in constants.items()
        if name in used
    ]
    del graph.node[:], graph.initializer[:]
    graph.node.extend(kept)
    graph.initializer.extend(tensors)


def _dequantise(node: NodeProto, inputs: list[NDArray[np.generic]]) -> NDArray[np.generic]:
    attributes = {item.name: helper.get_attribute_value(item) for item in node.attribute}
    axis, block_size = attributes.get("axis", 1), attributes.get("block_size", 0)
    quantised, scale = inputs[0].astype(np.float32), inputs[1].astype(np.float32)
    zero = inputs[2].astype(np.float32) if len(inputs) > 2 else np.zeros_like(scale)
    return (quantised - _spread(zero, quantised, axis, block_size)) * _spread(
        scale, quantised, axis, block_size
    )


def _spread(
    values: NDArray[np.float32], like: NDArray[np.float32], axis: int, block_size: int
) -> NDArray[np.float32]:
    """Repeats one value a tensor, an axis entry or a block until it lines up with `like`."""
    if values.size == 1:
        return values.reshape(())
    if not block_size:
        shape = [1] * like.ndim
        shape[axis] = values.size
        return values.reshape(shape)
    return np.repeat(values, block_size, axis=axis).take(range(like.shape[axis]), axis=axis)


def _reshape(node: NodeProto, inputs: list[NDArray[np.generic]]) -> NDArray[np.generic]:
    value, shape = inputs
    if any(size == 0 for size in shape.tolist()):
        raise ValueError(f"Reshape {node.name!r} copies a dimension; it is not a plain constant")
    return value.reshape(shape.tolist())


_FOLDS = {"DequantizeLinear": _dequantise, "Reshape": _reshape}
