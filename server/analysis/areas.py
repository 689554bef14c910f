"""Exact areas of polygons in ratios of the image, for regions of interest."""

import numpy as np
from numpy.typing import NDArray

from openrekog.api_spec.shapes import BoundingBox
from openrekog.models.results import Points

Polygon = NDArray[np.float64]


def corners_of(box: BoundingBox) -> Points:
    """Clockwise from the top left."""
    left, top = box.get("Left", 0.0), box.get("Top", 0.0)
    right, bottom = left + box.get("Width", 0.0), top + box.get("Height", 0.0)
    return np.array([[left, top], [right, top], [right, bottom], [left, bottom]], np.float32)


def shared_part(convex: Points, region: Points) -> float:
    """The share of a convex polygon's area that lies inside of a region of any simple form.

    Sutherland and Hodgman (1974): the region is cut by each edge of the convex polygon. Where that
    leaves several pieces they hang together by lines without area.
    """
    corners, cut = convex.astype(np.float64), region.astype(np.float64)
    whole = _signed_area(corners)
    if not whole:
        return 0.0
    if whole < 0:
        corners = corners[::-1]
    for start, end in zip(corners, np.roll(corners, -1, axis=0), strict=True):
        cut = _inside(cut, start, end)
    return abs(_signed_area(cut) / whole)


def _inside(polygon: Polygon, start: Polygon, end: Polygon) -> Polygon:
    """What lies to the inner side of the edge of a polygon whose area is positive."""
    across = end - start
    sides = [float(across[0] * (y - start[1]) - across[1] * (x - start[0])) for x, y in polygon]
    kept = []
    for point, side, before, side_before in zip(
        polygon, sides, np.roll(polygon, 1, axis=0), sides[-1:] + sides[:-1], strict=True
    ):
        if (side >= 0) != (side_before >= 0):
            kept.append(before + (point - before) * (side_before / (side_before - side)))
        if side >= 0:
            kept.append(point)
    return np.array(kept).reshape(-1, 2)


def _signed_area(polygon: Polygon) -> float:
    """The shoelace formula; positive when the corners go clockwise in the image (y down)."""
    x, y = polygon.T
    return float(x @ np.roll(y, -1) - y @ np.roll(x, -1)) / 2
