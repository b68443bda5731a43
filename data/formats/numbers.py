"""Numbers that survive being written as something else and read again."""

from __future__ import annotations

import math


def extent(low: float, high: float) -> float:
    """``high - low``, never so large that ``low + extent`` lies beyond ``high``."""
    length = high - low
    return length if low + length <= high else math.nextafter(length, 0.0)


def share(value: float, whole: float) -> float:
    """``value / whole``, from 0 to 1, never so large that ``share * whole`` lies beyond ``whole``."""
    return min(1.0, max(0.0, value / whole))


def yolo_span(low: float, high: float, whole: float) -> tuple[float, float]:
    """Centre and length as shares of ``whole``, such that neither end comes out below 0 or above 1 again.

    Readers of YOLO drop a picture whole for a box that ends at 1.0000005.
    """
    centre = (low + high) / 2 / whole
    length = (high - low) / whole
    while length > 0 and (centre - length / 2 < 0 or centre + length / 2 > 1):
        length = math.nextafter(length, 0.0)
    return centre, length
