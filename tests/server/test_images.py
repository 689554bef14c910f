"""Pictures of every mode become RGB, whatever their height."""

import numpy as np
import PIL.Image
import pytest
import skimage.data

from openrekog.server.media.images import ROWS_AT_ONCE, to_rgb


def picture(mode: str, height: int) -> PIL.Image.Image:
    made = PIL.Image.fromarray(skimage.data.astronaut()).resize((90, height)).convert(mode)  # type: ignore[no-untyped-call]  # has no annotations
    if "A" in mode:
        made.putalpha(PIL.Image.linear_gradient("L").resize(made.size))
    return made


@pytest.mark.parametrize("height", [80, ROWS_AT_ONCE, 2 * ROWS_AT_ONCE + 1])
@pytest.mark.parametrize("mode", ["RGB", "L", "CMYK", "P", "1"])
def test_opaque(mode: str, height: int) -> None:
    given = picture(mode, height)
    np.testing.assert_array_equal(to_rgb(given), np.asarray(given.convert("RGB")))


@pytest.mark.parametrize("height", [80, ROWS_AT_ONCE, 2 * ROWS_AT_ONCE + 1])
@pytest.mark.parametrize("mode", ["RGBA", "LA"])
def test_transparent(mode: str, height: int) -> None:
    given = picture(mode, height)
    white = PIL.Image.new("RGBA", given.size, "white")
    white.alpha_composite(given.convert("RGBA"))
    np.testing.assert_array_equal(to_rgb(given), np.asarray(white.convert("RGB")))
