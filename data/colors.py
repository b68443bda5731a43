"""Colours for labels: as many as there are labels, each tellable from the others."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product

import numpy as np
from numpy.typing import NDArray

# Far apart and visible as a thin line on most photographs; handed out in this order.
FIRST = (
    "#e6194b", "#3cb44b", "#ffe119", "#4f7dff", "#f58231", "#b84df0", "#42d4f4", "#f032e6",
    "#bfef45", "#fabed4", "#469990", "#dcbeff", "#9a6324", "#fffac8", "#aaffc3", "#808000",
)  # fmt: skip


def choose_colors(count: int, taken: Sequence[str] = ()) -> list[str]:
    """Pick ``count`` colours (``#rrggbb``) as far as can be from each other and from ``taken``.

    Distances are Euclidean in CIELAB. The fixed list comes first, then whatever
    candidate is farthest from all colours in use; with a few hundred labels the
    candidates run out and neighbours grow alike, but none is used twice before that.
    """
    chosen: list[str] = []
    used = [color.lower() for color in taken]
    for color in FIRST:
        if len(chosen) < count and color not in used:
            chosen.append(color)
    if len(chosen) == count:
        return chosen
    levels = range(0x20, 0x100, 0x1B)
    candidates = [f"#{r:02x}{g:02x}{b:02x}" for r, g, b in product(levels, repeat=3)]
    lab = _to_lab(candidates)
    visible = (lab[:, 0] > 40) & (lab[:, 0] < 92)
    candidates = [color for color, seen in zip(candidates, visible, strict=True) if seen]
    lab = lab[visible]
    in_use = _to_lab([*used, *chosen])
    nearest = np.min(np.linalg.norm(lab[:, None] - in_use[None], axis=2), axis=1)
    while len(chosen) < count:
        best = int(np.argmax(nearest))
        chosen.append(candidates[best])
        nearest = np.minimum(nearest, np.linalg.norm(lab - lab[best], axis=1))
    return chosen


def _to_lab(colors: Sequence[str]) -> NDArray[np.float64]:
    from skimage.color import rgb2lab  # here, because it is slow to import and rarely needed

    rgb = np.array([[int(color[i : i + 2], 16) for i in (1, 3, 5)] for color in colors], dtype=float) / 255
    return np.asarray(rgb2lab(rgb[None])[0], dtype=float)
