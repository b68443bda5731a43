"""The charts beside the gallery: values in, plotly figures out. A click on one is a term of the query."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, TypeAlias

import plotly.graph_objects as go

from data.charts import HEAT_CELLS, Counted, Heat, Progress, Sizes
from layout import ids

MARGIN = {"l": 8, "r": 8, "t": 6, "b": 8}
INK = {"light": "#495057", "dark": "#ced4da"}
GRID = {"light": "#dee2e6", "dark": "#343a40"}
BARS_SHOWN = 30
BARS_ROOM = 9
TICKS = [n * 10**power for power in range(-2, 5) for n in (1, 2, 5)]  # plotly's own say 5 for 0.5, and for 50
ROOM = 0.04  # beyond the last tick of a logarithmic axis, as part of a decade
MANY_DOTS = 300  # smaller, so that they do not hide each other
Figure: TypeAlias = go.Figure | dict[str, Any]
FEW = 5  # below which an axis would else show parts of one


@dataclass(frozen=True, slots=True)
class Chart:
    """What stands around a chart."""

    id: str
    title: str
    hint: str
    height_px: int = 190


CHARTS = (
    Chart(ids.CHART_LABELS, "Boxes per label", "A click shows images with that label.", 230),
    Chart(ids.CHART_SIZES, "Size and shape of boxes", "Drag a rectangle to show images with such boxes.", 230),
    Chart(ids.CHART_PLACES, "Where boxes lie", "A click shows images with a box centred there.", 200),
    Chart(ids.CHART_PROGRESS, "Done, by day (left) and in all (right)", "A click shows the images of a day."),
)


def empty_figure(theme: str = "light") -> Figure:
    """A figure where there is nothing to show."""
    nothing = {"text": "nothing yet", "x": 0.5, "y": 0.5, "xref": "paper", "yref": "paper", "showarrow": False}
    hidden = {"visible": False}
    return {"layout": {**_layout(theme), "xaxis": hidden, "yaxis": hidden, "annotations": [nothing]}}


def labels_figure(counted: Counted, theme: str) -> Figure:
    """A bar for each label, the most frequent first."""
    if not counted:
        return empty_figure(theme)
    some = sorted(counted, key=lambda one: -one.boxes)[:BARS_SHOWN]
    some.reverse()  # plotly begins at the bottom
    bars = go.Bar(
        x=[one.boxes for one in some],
        y=[one.label for one in some],
        orientation="h",
        marker={"color": [one.color for one in some], "line": {"width": 1, "color": INK[theme]}},
        hovertemplate="%{y}: %{x:,}<extra></extra>",
    )
    layout = _layout(theme)
    layout["yaxis"] |= {"automargin": True, "ticklabelstandoff": 4, "type": "category"}
    layout["yaxis"] |= {"range": [min(0, len(some) - BARS_ROOM) - 0.5, len(some) - 0.5]}  # few bars are no thicker
    layout["xaxis"] |= {"rangemode": "tozero", "nticks": 4}
    return go.Figure(bars, layout)


def sizes_figure(sizes: Sizes, theme: str) -> Figure:
    """A dot for each box of the sample, one trace for all: side in pixels against width by height."""
    if not sizes.side:
        return empty_figure(theme)
    dots = go.Scatter(
        x=sizes.side,
        y=sizes.aspect,
        mode="markers",
        marker={"size": 4 if len(sizes.side) > MANY_DOTS else 7, "opacity": 0.55, "color": sizes.color},
        text=sizes.label,
        hovertemplate="%{text}: %{x:.0f} px, %{y:.2f}<extra></extra>",
    )
    layout = _layout(theme)
    layout["xaxis"] |= _logarithmic(sizes.side, "side of a square of the same area, px")
    layout["yaxis"] |= _logarithmic(sizes.aspect, "width / height")
    layout |= {"dragmode": "select", "selectdirection": "any"}
    return go.Figure(dots, layout)


def _logarithmic(values: list[float], title: str) -> dict[str, Any]:
    """An axis from the tick below all values to the one above, so that there are two at least."""
    low = max((tick for tick in TICKS if tick <= min(values)), default=min(values))
    high = min((tick for tick in TICKS if tick >= max(values)), default=max(values))
    ends = math.log10(low) - ROOM, math.log10(high) + ROOM
    ticks = {"tickmode": "array", "tickvals": TICKS, "ticktext": TICKS}
    return {"type": "log", "range": ends, "automargin": True, **ticks, "title": {"text": title, "font": {"size": 11}}}


def places_figure(heat: Heat, theme: str) -> Figure:
    """How many boxes of the sample have their centre in each part of the picture."""
    if not any(map(any, heat)):
        return empty_figure(theme)
    middle = [100 * (n + 0.5) / HEAT_CELLS for n in range(HEAT_CELLS)]
    cells = go.Heatmap(
        x=middle,
        y=middle,
        z=heat,
        colorscale="Blues" if theme == "light" else "Blues_r",
        showscale=False,
        hovertemplate="%{x:.0f} %, %{y:.0f} %: %{z} boxes<extra></extra>",
    )
    layout = _layout(theme)
    layout["xaxis"] |= {"visible": False, "range": [0, 100], "fixedrange": True}
    layout["yaxis"] |= {"visible": False, "range": [100, 0], "fixedrange": True}
    return go.Figure(cells, layout)


def progress_figure(progress: Progress, theme: str) -> Figure:
    """Images marked done on each day, and how many in all by then."""
    if not progress:
        return empty_figure(theme)
    days = [day for day, _ in progress]
    total, sums = 0, []
    for _, done in progress:
        total += done
        sums.append(total)
    bars = go.Bar(x=days, y=[done for _, done in progress], marker={"color": "#198754"},
                  hovertemplate="%{x}: %{y:,} done<extra></extra>")  # fmt: skip
    line = go.Scatter(x=days, y=sums, mode="lines+markers", yaxis="y2", line={"color": INK[theme], "width": 1.5},
                      marker={"size": 4}, hovertemplate="%{x}: %{y:,} in all<extra></extra>")  # fmt: skip
    layout = _layout(theme)
    layout["xaxis"] |= {"type": "category", "nticks": 4, "automargin": True, "tickangle": 0}
    counts = {"rangemode": "tozero", "nticks": 4, "tickformat": ",d", "automargin": True}
    layout["yaxis"] |= {**counts, **({"dtick": 1} if max(done for _, done in progress) < FEW else {})}
    layout["yaxis2"] = {**counts, "overlaying": "y", "side": "right", "showgrid": False, "fixedrange": True}
    layout["yaxis2"] |= {"dtick": 1} if total < FEW else {}
    return go.Figure([bars, line], layout)


def _layout(theme: str) -> dict[str, Any]:
    axis = {"gridcolor": GRID[theme], "zeroline": False, "fixedrange": True, "automargin": True}
    return {
        "template": "none",  # the usual one is five times as long as all that is said here
        "autotypenumbers": "strict",
        "hovermode": "closest",
        "margin": MARGIN,
        "paper_bgcolor": "rgba(0,0,0,0)",
        "plot_bgcolor": "rgba(0,0,0,0)",
        "font": {"color": INK[theme], "size": 11},
        "showlegend": False,
        "dragmode": False,
        "xaxis": {**axis},
        "yaxis": {**axis},
    }
