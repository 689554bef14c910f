"""The nets of face-api, which are published as weights alone, are rebuilt."""

import json
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from openrekog.models.convert import CONVERTERS, faceapi
from tests.models.converting import channels_first, run, series


class SomeWeights(dict[str, NDArray[np.float32]]):
    """Small random weights in TensorFlow's layout, under face-api's names."""

    def __init__(self) -> None:
        super().__init__()
        self._rng = np.random.RandomState(5)

    def add(self, name: str, *shape: int) -> None:
        scale = np.sqrt(np.prod(shape[:-1])) if len(shape) > 1 else 9
        self[name] = (self._rng.standard_normal(shape) / scale).astype(np.float32)

    def conv(self, name: str, side: int, channels: int, out: int) -> None:
        self.add(f"{name}/filters", side, side, channels, out)
        self.add(f"{name}/bias", out)

    def separable(self, name: str, channels: int, out: int) -> None:
        self.add(f"{name}/depthwise_filter", 3, 3, channels, 1)
        self.add(f"{name}/pointwise_filter", 1, 1, channels, out)
        self.add(f"{name}/bias", out)

    def reduction(self, name: str, channels: int, out: int) -> None:
        self.separable(f"{name}/separable_conv0", channels, out)
        self.separable(f"{name}/separable_conv1", out, out)
        self.conv(f"{name}/expansion_conv", 1, channels, out)


def expression_weights() -> SomeWeights:
    weights = SomeWeights()
    weights.conv("dense0/conv0", 3, 3, 32)
    channels = 32
    for block, out in enumerate((32, 64, 128, 256)):
        for index in range(0 if block else 1, 4):
            weights.separable(f"dense{block}/conv{index}", channels, out)
            channels = out
    weights.add("fc/weights", 256, 7)
    weights.add("fc/bias", 7)
    return weights


def age_gender_weights() -> SomeWeights:
    weights = SomeWeights()
    weights.conv("entry_flow/conv_in", 3, 3, 32)
    weights.reduction("entry_flow/reduction_block_0", 32, 64)
    weights.reduction("entry_flow/reduction_block_1", 64, 128)
    for block in range(2):
        for index in range(3):
            weights.separable(f"middle_flow/main_block_{block}/separable_conv{index}", 128, 128)
    weights.reduction("exit_flow/reduction_block", 128, 256)
    weights.separable("exit_flow/separable_conv", 256, 512)
    for head, out in (("age", 1), ("gender", 2)):
        weights.add(f"fc/{head}/weights", 512, out)
        weights.add(f"fc/{head}/bias", out)
    return weights


def published(weights: Mapping[str, NDArray[np.float32]]) -> tuple[bytes, bytes]:
    specs = [
        {"name": name, "shape": list(value.shape), "dtype": "float32"}
        for name, value in weights.items()
    ]
    binary = b"".join(value.tobytes() for value in weights.values())
    return json.dumps([{"paths": ["x.bin"], "weights": specs}]).encode(), binary


FACE = (series(1, 2, 112, 112, 3) * 255 - np.float32([122.782, 117.001, 104.298])) / 255


@pytest.mark.parametrize(
    ("converter", "weights", "outputs"),
    [
        (
            "faceapi_expression",
            expression_weights,
            [[[0.14717, 0.14108, 0.17955, 0.13935, 0.13027, 0.14914, 0.11344]] * 2],
        ),
        (
            "faceapi_age_gender",
            age_gender_weights,
            [[[0.030963], [0.031157]], [[0.5396, 0.4604], [0.53952, 0.46048]]],
        ),
    ],
)
def test_a_face_api_net_is_rebuilt_from_its_weights(
    converter: str, weights: Callable[[], SomeWeights], outputs: list[Any]
) -> None:
    """The numbers are those of the conversions that were compared with TensorFlow.js."""
    found = run(CONVERTERS[converter](published(weights()), None), channels_first(FACE))
    for output, expected in zip(found, outputs, strict=True):
        np.testing.assert_allclose(output, expected, atol=1e-5)


def test_a_weight_without_a_place_is_an_error() -> None:
    weights = {**expression_weights(), "dense4/conv0/bias": np.zeros(3, np.float32)}
    with pytest.raises(ValueError, match=r"without a place in the net: \['dense4/conv0/bias'\]"):
        faceapi.expression(*published(weights))
