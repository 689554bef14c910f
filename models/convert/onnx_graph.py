"""Cleans an ONNX graph as published: plain float32 weights, symbolic input sizes, no slow PReLU,
no weights among the inputs (onnxruntime folds batch normalisation only into constants)."""

from collections.abc import Mapping, Sequence

import numpy as np
from onnx import GraphProto, ModelProto, ValueInfoProto, load_from_string, numpy_helper

from openrekog.models.convert.dequantise import fold_constants
from openrekog.models.convert.model_file import to_bytes
from openrekog.models.convert.prelu import spell_out_prelu

Dimensions = Sequence[int | str]
"""Sizes of an input: a number is fixed, a name is free. The first is always the batch."""


def clean(source: bytes, inputs: Mapping[str, Dimensions] | None = None) -> bytes:
    """`inputs` gives the sizes of every input; without it they stay as published."""
    model = load_from_string(source)
    fold_constants(model.graph)
    spell_out_prelu(model.graph)
    _drop_weights_from_inputs(model.graph)
    if inputs is not None:
        _free_sizes(model, inputs)
    return to_bytes(model)


def _drop_weights_from_inputs(graph: GraphProto) -> None:
    produced = {tensor.name for tensor in graph.initializer}
    consumed = {name for node in graph.node for name in node.input}
    true_inputs = [
        value for value in graph.input if value.name not in produced and value.name in consumed
    ]
    del graph.input[:]
    graph.input.extend(true_inputs)


def _free_sizes(model: ModelProto, inputs: Mapping[str, Dimensions]) -> None:
    graph = model.graph
    declared = {value.name: value for value in graph.input}
    if declared.keys() != inputs.keys():
        raise ValueError(f"graph takes {sorted(declared)}, the pack says {sorted(inputs)}")
    for name, dimensions in inputs.items():
        _set_dimensions(declared[name], dimensions)
    _free_batch_of_reshapes(graph)
    # Shapes noted for what comes after hold for the published sizes only.
    for output in graph.output:
        rank = len(output.type.tensor_type.shape.dim)
        free = [f"{output.name}_{axis}" for axis in range(1, rank)]
        _set_dimensions(output, [next(iter(inputs.values()))[0], *free])
    del graph.value_info[:]


def _set_dimensions(value: ValueInfoProto, dimensions: Dimensions) -> None:
    shape = value.type.tensor_type.shape
    if len(shape.dim) != len(dimensions):
        raise ValueError(f"{value.name} has {len(shape.dim)} dimensions, not {len(dimensions)}")
    for dim, size in zip(shape.dim, dimensions, strict=True):
        dim.Clear()
        if isinstance(size, int):
            dim.dim_value = size
        else:
            dim.dim_param = size


def _free_batch_of_reshapes(graph: GraphProto) -> None:
    """Turns a batch of one that was written into a Reshape into "as in the input" (0)."""
    shapes = {node.input[1] for node in graph.node if node.op_type == "Reshape"}
    for tensor in graph.initializer:
        if tensor.name in shapes:
            sizes = numpy_helper.to_array(tensor).copy()
            if sizes[0] == 1:
                sizes[0] = 0
                tensor.CopyFrom(numpy_helper.from_array(sizes.astype(np.int64), tensor.name))
