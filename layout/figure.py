"""The figure: a picture in drawrect mode. The page puts the picture and the boxes in (`assets/plot.mjs`)."""

from __future__ import annotations

from typing import Any

from dash import dcc

from layout import ids

MODEBAR_HEIGHT_PX = 34
_AXIS = {"visible": False, "fixedrange": False, "autorange": False, "constrain": "range"}


def empty_figure() -> dict[str, Any]:
    """A figure with no picture yet. One invisible trace is there since plotly wants one for its axes."""
    return {
        "data": [{"type": "scatter", "x": [None], "y": [None], "hoverinfo": "skip", "showlegend": False}],
        "layout": {
            "meta": {"image": None},
            "dragmode": "drawrect",
            "margin": {"l": 0, "r": 0, "t": MODEBAR_HEIGHT_PX, "b": 0},
            "xaxis": {**_AXIS, "range": [0, 1]},
            "yaxis": {**_AXIS, "range": [1, 0], "scaleanchor": "x", "scaleratio": 1},
            "newshape": {"line": {"width": 2}, "fillcolor": "rgba(0,0,0,0)", "layer": "above"},
            "paper_bgcolor": "rgba(0,0,0,0)",
            "plot_bgcolor": "rgba(0,0,0,0)",
            "hovermode": False,
            "images": [],
            "shapes": [],
        },
    }


def figure() -> dcc.Graph:
    """The graph. Its modebar draws, erases, pans, zooms and resets."""
    return dcc.Graph(
        id=ids.GRAPH,
        figure=empty_figure(),
        responsive=True,
        className="graph",
        config={
            "scrollZoom": True,
            "doubleClick": False,
            "displayModeBar": True,
            "displaylogo": False,
            "showTips": False,
            "modeBarButtons": [["drawrect", "eraseshape"], ["pan2d", "zoom2d", "resetScale2d"]],
        },
    )
