"""Converted nets say what the frameworks that they come from say."""

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from tests.models.converting import channels_first, fetched, run, series

FACE = (series(1, 2, 112, 112, 3) * 255 - np.float32([122.782, 117.001, 104.298])) / 255


@pytest.mark.parametrize(
    ("pack", "file", "image", "outputs"),
    [
        pytest.param(
            "faceapi",
            "face_expression.onnx",
            FACE,
            [
                [
                    [0.551662, 0.207745, 0.225709, 0.006542, 0.00045, 0.002653, 0.005241],
                    [0.220536, 0.246247, 0.511879, 0.011343, 0.008274, 0.001005, 0.000716],
                ]
            ],
            id="face-api expressions",
        ),
        pytest.param(
            "faceapi",
            "age_gender.onnx",
            FACE,
            [[36.757076, 38.659813], [0.790618, 0.209382, 0.949341, 0.050659]],
            id="face-api age and gender",
        ),
        pytest.param(
            "mini_xception",
            "emotion.onnx",
            series(2, 2, 64, 64, 1),
            [
                [
                    [0.003357, 0.979923, 0.000013, 0.000127, 0.000352, 0.016228, 0.0],
                    [0.002031, 0.991168, 0.000005, 0.000035, 0.000089, 0.006672, 0.0],
                ]
            ],
            id="mini-Xception",
        ),
        pytest.param(
            "gaze",
            "iris.onnx",
            series(2, 2, 64, 64, 3),
            [[24.204779, 33.958492, 5.151736, 26.446911, 35.474846, 3.833151, 28.837599]],
            id="iris",
        ),
        pytest.param(
            "face_mask",
            "face_mask.onnx",
            series(2, 2, 224, 224, 3),
            [[0.428576, 0.571424, 0.413859, 0.586141]],
            id="face mask",
        ),
    ],
)
def test_published_nets_say_what_tensorflow_js_says(
    pack: str, file: str, image: NDArray[np.float32], outputs: list[Any]
) -> None:
    """The expected numbers were computed by TensorFlow.js 4.22 with the published files."""
    found = run(fetched(pack, file).read_bytes(), channels_first(image))
    for output, expected in zip(found, outputs, strict=True):
        numbers = np.ravel(expected)
        np.testing.assert_allclose(output.ravel()[: numbers.size], numbers, atol=1e-4)


@pytest.mark.parametrize(
    ("pack", "side", "outputs"),
    [
        (
            "movenet_thunder",
            256,
            [
                [0.005174, 0.001593, 0.000823, 0.014444],
                [0.041557],
                [-10.774002, 5.578748, -13.423904, 7.962598],
                [-0.362083, 0.845674, -1.98233, 1.37987],
            ],
        ),
        (
            "movenet_lightning",
            192,
            [
                [0.003302, 0.002333, 0.00647, 0.00158],
                [0.060726],
                [-8.553715, 4.526598, -10.085074, 6.276636],
                [-1.427777, 2.600191, -1.70474, 3.282],
            ],
        ),
    ],
)
def test_movenet_draws_the_maps_of_tensorflow_js(pack: str, side: int, outputs: list[Any]) -> None:
    """The first channels of one cell of each head, computed by TensorFlow.js 4.22."""
    image = channels_first(series(2, 1, side, side, 3)) * 2 - 1
    found = run(fetched(pack, f"{pack}.onnx").read_bytes(), image)
    cell = side // 8
    for maps, expected in zip(found, outputs, strict=True):
        assert maps.shape[2:] == (side // 4, side // 4)
        np.testing.assert_allclose(maps[0, :4, cell, cell], expected, atol=1e-3)


LITE2_LOGITS = [[-0.9456, 0.3309, -0.9367, -0.6439], [-1.001, 0.3252, -0.9309, -0.6263]]
LITE2_FEATURES = [[0.0, 0.0371, 0.1122, 0.0361], [0.0, 0.0145, 0.1129, 0.0389]]


def test_efficientnet_says_what_pytorch_says() -> None:
    """The expected numbers were computed by PyTorch 2.13 with the published file, layer by layer as
    the paper has them."""
    image = channels_first(series(2, 2, 260, 260, 3) * 2 - 1)
    logits, features = run(
        fetched("efficientnet_lite2", "efficientnet_lite2.onnx").read_bytes(), image
    )
    np.testing.assert_allclose(logits[:, :4], LITE2_LOGITS, atol=1e-3)
    np.testing.assert_allclose(features[:, :4], LITE2_FEATURES, atol=1e-3)
