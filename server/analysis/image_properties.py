"""The look of a picture in the API's words."""

from collections.abc import Sequence

from openrekog.api_spec.shapes import (
    DetectLabelsImageBackground,
    DetectLabelsImageForeground,
    DetectLabelsImageProperties,
    DetectLabelsImageQuality,
)
from openrekog.api_spec.shapes import DominantColor as DominantColorMember
from openrekog.models.properties import DominantColor, Look, Properties


def image_properties(found: Properties, most_colors: int) -> DetectLabelsImageProperties:
    """With at most so many colours of each area."""
    return {
        "Quality": {**_light(found.whole), "Contrast": found.whole.contrast},
        "DominantColors": dominant_colors(found.whole.colors, most_colors),
        "Foreground": _area(found.foreground, most_colors),
        "Background": _area(found.background, most_colors),
    }


def dominant_colors(colors: Sequence[DominantColor], most: int) -> list[DominantColorMember]:
    return [_dominant_color(each) for each in colors[:most]]


def _area(
    look: Look | None, most_colors: int
) -> DetectLabelsImageForeground | DetectLabelsImageBackground:
    """Without contrast, as AWS documents it; an area without pixels has no quality either."""
    if look is None:
        return {"DominantColors": []}
    return {"Quality": _light(look), "DominantColors": dominant_colors(look.colors, most_colors)}


def _light(look: Look) -> DetectLabelsImageQuality:
    return {"Brightness": look.brightness, "Sharpness": look.sharpness}


def _dominant_color(found: DominantColor) -> DominantColorMember:
    color = found.color
    return {
        "Red": color.red,
        "Green": color.green,
        "Blue": color.blue,
        "HexCode": f"#{color.red:02x}{color.green:02x}{color.blue:02x}",
        "CSSColor": color.name,
        "SimplifiedColor": color.simplified,
        "PixelPercent": found.percent,
    }
