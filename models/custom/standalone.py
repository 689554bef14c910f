"""A classifier in one graph with the network that it was learnt on, for any program that reads
ONNX. What `Looks` and `Classifier` do between their sessions is spelt out in ONNX here."""

from onnx import ModelProto, compose, load_model_from_string
from onnx.utils import Extractor

from openrekog.models.convert.model_file import to_bytes
from openrekog.models.custom.classifier import ACTIVATIONS
from openrekog.models.custom.looks import SIDE
from openrekog.models.custom.model_file import ModelFile, graph_model

VIEWS = ("whole", "middle")

# (value - 127) / 128 is what EfficientNetLite reads, and the layout that pictures have in memory is
# easier to give than the network's.
BEFORE = f"""
before (uint8[batch, {SIDE}, {SIDE}, 3] whole, uint8[batch, {SIDE}, {SIDE}, 3] middle)
  => (float[views, 3, {SIDE}, {SIDE}] scaled)
  <float mean = {{127}}, float spread = {{128}}> {{
    views = Concat<axis = 0>(whole, middle)
    rows = Transpose<perm = [0, 3, 1, 2]>(views)
    values = Cast<to = 1>(rows)
    centred = Sub(values, mean)
    scaled = Div(centred, spread)
}}
"""

# A unit vector of each view, of whose numbers the square roots are taken; both of unit length
# again, beside each other, and divided by the length of the two.
AFTER = """
after (float[views, {dimension}] features) => (float[batch, {labels}] chances)
  <float two = {{1.41421356}}> {{
    seen = LpNormalization<axis = 1, p = 2>(features)
    signs = Sign(seen)
    sizes = Abs(seen)
    roots = Sqrt(sizes)
    signed = Mul(signs, roots)
    units = LpNormalization<axis = 1, p = 2>(signed)
    whole_half, middle_half = Split<axis = 0>(units)
    both = Concat<axis = 1>(whole_half, middle_half)
    looks = Div(both, two)
    scores = Gemm(looks, weights, bias)
    chances = {activation}(scores)
}}
"""


def standalone_classifier(file: ModelFile, network: bytes) -> bytes:
    """An ONNX file with the inputs VIEWS, uint8 (batch, 260, 260, 3) in RGB, and the output
    `chances`, (batch, labels) from 0 to 1. `network` is the ONNX file of EfficientNet-Lite, which
    takes `image` and gives `features`."""
    backbone = _prefixed(_features_only(load_model_from_string(network)))
    before = graph_model(BEFORE, {})
    after = graph_model(_after(file), file.weights)
    seen = compose.merge_models(before, backbone, [("scaled", "network/image")])
    whole = compose.merge_models(seen, after, [("network/features", "features")])
    del whole.graph.value_info[:]
    return to_bytes(whole)


def _after(file: ModelFile) -> str:
    both, labels = file.weights["weights"].shape
    activation = ACTIVATIONS[file.setting("relation", tuple(ACTIVATIONS))]
    return AFTER.format(dimension=both // len(VIEWS), labels=labels, activation=activation)


def _features_only(model: ModelProto) -> ModelProto:
    """Without the classes that the network was trained for."""
    extracted: ModelProto = Extractor(model).extract_model(["image"], ["features"])
    return extracted


def _prefixed(model: ModelProto) -> ModelProto:
    prefixed: ModelProto = compose.add_prefix(model, "network/")
    return prefixed
