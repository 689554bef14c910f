"""Turns published weights into ONNX files that the runtime takes; needs numpy and onnx only."""

from collections.abc import Callable, Mapping, Sequence

from openrekog.models.convert import (
    ctc,
    efficientnet_lite,
    faceapi,
    keras_h5,
    movenet,
    onnx_graph,
    own_files,
    tfjs_graph,
    transnet,
)

Inputs = Mapping[str, Sequence[int | str]] | None
Converter = Callable[[Sequence[bytes], Inputs], bytes]
"""Takes the source files in the order of the pack, and the input sizes that the pack gives."""


def _copy(sources: Sequence[bytes], _inputs: Inputs) -> bytes:
    (source,) = sources
    return source


def _clean(sources: Sequence[bytes], inputs: Inputs) -> bytes:
    (source,) = sources
    return onnx_graph.clean(source, inputs)


CONVERTERS: Mapping[str, Converter] = {
    "copy": _copy,
    "clean": _clean,
    "ctc_best": lambda sources, _inputs: ctc.best(*sources),
    "ctc_characters": lambda sources, _inputs: ctc.characters(*sources),
    "faceapi_expression": lambda sources, _inputs: faceapi.expression(*sources),
    "faceapi_age_gender": lambda sources, _inputs: faceapi.age_gender(*sources),
    "efficientnet_lite2": lambda sources, _inputs: efficientnet_lite.lite2(*sources),
    "transnet_v2": lambda sources, _inputs: transnet.transnet_v2(*sources),
    "keras_h5": lambda sources, _inputs: keras_h5.convert(*sources),
    "movenet": lambda sources, _inputs: movenet.convert(*sources),
    "own_onnx": lambda sources, _inputs: own_files.onnx_graph(*sources),
    "ultralytics": lambda sources, _inputs: own_files.ultralytics(*sources),
    "tfjs_graph": lambda sources, _inputs: tfjs_graph.convert(*sources),
}
