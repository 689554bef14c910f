"""Saved Keras models become ONNX."""

import io
import json
from typing import Any

import h5py
import numpy as np
import pytest
from numpy.typing import NDArray

from openrekog.models.convert import keras_h5
from tests.models.converting import channels_first, run

RNG = np.random.RandomState(3)


def layer(kind: str, name: str, *inputs: str, **config: Any) -> dict[str, Any]:
    nodes = [[[source, 0, 0, {}] for source in inputs]] if inputs else []
    return {"class_name": kind, "name": name, "config": config, "inbound_nodes": nodes}


def keras_file(*layers: dict[str, Any], **weights: list[NDArray[np.float32]]) -> bytes:
    """As Keras 2 saves a whole model."""
    start = layer("InputLayer", "image", batch_input_shape=[None, 6, 6, 2])
    with io.BytesIO() as stream, h5py.File(stream, "w") as file:
        file.attrs["model_config"] = json.dumps({"config": {"layers": [start, *layers]}})
        for name, values in weights.items():
            group = file.create_group(f"model_weights/{name}")
            names = [f"{name}/{number}:0" for number in range(len(values))]
            group.attrs["weight_names"] = np.array(names, dtype="S")
            for key, value in zip(names, values, strict=True):
                group[key] = value
        file.flush()
        return stream.getvalue()


def small_keras_net() -> bytes:
    convolution = {"strides": [1, 1], "padding": "valid", "activation": "linear"}
    statistics = [np.float32(values) for values in ([2, 1], [0.5, -1], [0.1, 0.2], [4, 0.25])]
    return keras_file(
        layer("ZeroPadding2D", "pad", "image", padding=[[0, 1], [1, 0]]),
        layer("DepthwiseConv2D", "deep", "pad", **convolution),
        layer("BatchNormalization", "norm", "deep", epsilon=0.001),
        layer("ReLU", "relu", "norm", max_value=6.0),
        layer("Add", "sum", "relu", "relu"),
        layer("AveragePooling2D", "mean", "sum", pool_size=[5, 5], strides=[5, 5], padding="valid"),
        layer("Flatten", "flat", "mean"),
        layer("Dropout", "drop", "flat"),
        layer("Dense", "head", "drop", activation="softmax"),
        deep=[np.ones((3, 3, 2, 1), np.float32)],
        norm=statistics,
        head=[np.float32([[0.25, -0.5], [1, 2]]), np.float32([0.5, 0])],
    )


def test_a_saved_keras_model_is_rebuilt() -> None:
    image = RNG.standard_normal((1, 6, 6, 2)).astype(np.float32)
    (found,) = run(keras_h5.convert(small_keras_net()), channels_first(image))
    padded = np.pad(image[0], ((0, 1), (1, 0), (0, 0)))
    sums = [[padded[y : y + 3, x : x + 3].sum((0, 1)) for x in range(5)] for y in range(5)]
    normal = (np.array(sums) - [0.1, 0.2]) / np.sqrt([4.001, 0.251]) * [2, 1] + [0.5, -1]
    mean = 2 * np.clip(normal, 0, 6).mean((0, 1))
    powers = np.exp(mean @ np.array([[0.25, -0.5], [1, 2]]) + [0.5, 0])
    np.testing.assert_allclose(found[0], powers / powers.sum(), atol=1e-5)


@pytest.mark.parametrize(
    ("odd", "complaint"),
    [
        (layer("LSTM", "odd", "image"), "'odd' is of an unknown kind, LSTM"),
        (layer("ReLU", "odd", "image", max_value=None), "'odd' is cut off at None, not at 6"),
        (layer("InputLayer", "odd", batch_input_shape=[None, 1, 1, 1]), "'odd' is a second input"),
        (layer("Dense", "odd", "image", activation="gelu"), "an unknown activation, gelu"),
    ],
)
def test_unknown_keras_layers_are_refused(odd: dict[str, Any], complaint: str) -> None:
    source = keras_file(odd, odd=[np.ones((2, 2), np.float32), np.zeros(2, np.float32)])
    with pytest.raises(ValueError, match=complaint):
        keras_h5.convert(source)
