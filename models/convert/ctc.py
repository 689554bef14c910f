"""Text recognisers of PaddleOCR: what they answer, and the characters that they know."""

from onnx import ModelProto, TensorProto, helper, load_from_string

from openrekog.models.convert.model_file import to_bytes

CHARACTERS = "character"
"""The key under which a published graph carries its characters, one a line."""


def best(source: bytes) -> bytes:
    """Only the best class of each step and its chance, both (batch, steps, 1).

    A line of 320 pixels otherwise hands out 40 x 18,710 numbers, to be searched by the caller.
    """
    model = load_from_string(source)
    graph = model.graph
    (scores,) = graph.output
    # Of the operators that find the best, the one that is spelt the same in every opset since 11.
    graph.node.append(helper.make_node("TopK", [scores.name, "best"], ["chance", "class"], axis=2))
    graph.initializer.append(helper.make_tensor("best", TensorProto.INT64, [1], [1]))
    del graph.output[:], graph.value_info[:], model.metadata_props[:]
    shape: list[int | str] = ["batch", "steps", 1]
    graph.output.extend(
        [
            helper.make_tensor_value_info("class", TensorProto.INT64, shape),
            helper.make_tensor_value_info("chance", TensorProto.FLOAT, shape),
        ]
    )
    return to_bytes(model)


def characters(source: bytes) -> bytes:
    """A text file with a line for each class: the first is CTC's blank (empty), the last a space.

    Raises ValueError for a graph without its characters, or with too many or too few.
    """
    model = load_from_string(source)
    carried = {entry.key: entry.value for entry in model.metadata_props}
    if CHARACTERS not in carried:
        raise ValueError(f"the graph does not carry its characters (metadata {CHARACTERS!r})")
    known = ["", *carried[CHARACTERS].removesuffix("\n").split("\n"), " "]
    expected = _classes(model)
    if len(known) != expected:
        raise ValueError(f"{len(known)} characters for {expected} classes")
    return "\n".join(known).encode()


def _classes(model: ModelProto) -> int:
    (scores,) = model.graph.output
    return int(scores.type.tensor_type.shape.dim[2].dim_value)
