"""MoveNet's single-person nets, from the scaled picture to the four maps that its heads draw.

The graphs as published end in the search for the points, for one picture at a time. That part is
architectures/movenet.py, for any number.
"""

import json

from openrekog.models.convert.tfjs_graph import Part, convert_part

# The graph's own names: what it reads once the picture is scaled to -1..1, and what its heads say.
_SCALED = "StatefulPartitionedCall/sub_1"
_HEADS = {
    "StatefulPartitionedCall/Sigmoid": "points",
    "StatefulPartitionedCall/Sigmoid_1": "centre",
    "StatefulPartitionedCall/kpt_regress_0/conv2d_6/BiasAdd": "steps",
    "StatefulPartitionedCall/kpt_offset_0/conv2d_7/BiasAdd": "offsets",
}


def convert(model_json: bytes, binary: bytes) -> bytes:
    """RGB from -1 to 1, N x 3 x side x side, to N maps a head of a quarter of that side."""
    signature = json.loads(model_json)["signature"]["inputs"]["input:0"]
    _, height, width, channels = (int(dim["size"]) for dim in signature["tensorShape"]["dim"])
    return convert_part(model_json, binary, Part(_SCALED, (height, width, channels), _HEADS))
