"""The bytes of a converted graph: the same input gives the same bytes, so that their sha256 can be
pinned in a pack."""

from onnx import ModelProto, checker

PRODUCER = "openrekog"
IR_VERSION = 10
"""Opset 21, the newest among the packs, asks for it; onnxruntime reads it since 1.18."""


def to_bytes(model: ModelProto) -> bytes:
    model.producer_name = PRODUCER
    model.ClearField("producer_version")
    model.ClearField("doc_string")
    model.ir_version = IR_VERSION
    checker.check_model(model, full_check=True)
    serialised: bytes = model.SerializeToString(deterministic=True)
    return serialised
