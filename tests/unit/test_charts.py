"""The charts of the gallery as figures."""

from __future__ import annotations

import pytest

from data.charts import Sizes
from layout.charts import sizes_figure


@pytest.mark.parametrize(
    ("sides", "aspects"),
    [([30, 250], [1.1, 1.33]), ([5.5], [1.0]), ([1, 90_000], [0.001, 400]), ([199.9, 200.1], [0.5, 0.5])],
)
def test_an_axis_of_sizes_says_where_its_dots_are(sides: list[float], aspects: list[float]) -> None:
    """All dots lie on it; between two ticks, or on one."""
    sizes = Sizes(side=sides, aspect=aspects, label=["cat"] * len(sides), color=["red"] * len(sides))
    layout = sizes_figure(sizes, "light").layout
    for axis, values in ((layout.xaxis, sides), (layout.yaxis, aspects)):
        low, high = (10**end for end in axis.range)
        assert low < min(values) <= max(values) < high
        ticks = [tick for tick in axis.tickvals if low <= tick <= high]
        within = min(axis.tickvals) <= min(values) and max(values) <= max(axis.tickvals)
        assert not within or (min(ticks) <= min(values) and max(ticks) >= max(values))
