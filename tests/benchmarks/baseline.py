"""What this application is measured against: an app that works as the demo of 2020 did.

Each edit is a server callback that answers with the whole figure, the encoded
picture in it, and the table. Written anew for today's Dash; not part of the product.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import plotly.express as px
from dash import Dash, Input, Output, State, ctx, dash_table, dcc, html
from skimage import io


def make_baseline(paths: list[Path], boxes: list[dict[str, float]]) -> Dash:
    """A page with a figure, a table, a store and a button, all kept by one server callback.

    ``boxes`` (x0, y0, x1, y1 in pixels) are in the first picture from the start.
    """
    app = Dash("baseline", assets_folder="none")
    shapes = [{"type": "rect", "line": {"color": "red"}, **box} for box in boxes]
    app.layout = html.Div(
        [
            dcc.Graph(id="graph", figure=_figure(paths[0], shapes), style={"width": 700, "height": 700}),
            dash_table.DataTable(
                id="table",
                data=boxes[::-1],
                columns=[{"id": c, "name": c} for c in ("x0", "y0", "x1", "y1")],
                page_size=15,
            ),
            dcc.Store(id="store", data={"at": 0, "shapes": {"0": shapes}}),
            html.Button("Next", id="next"),
        ]
    )

    @app.callback(
        Output("graph", "figure"),
        Output("table", "data"),
        Output("store", "data"),
        Input("graph", "relayoutData"),
        Input("next", "n_clicks"),
        State("store", "data"),
        prevent_initial_call=True,
    )
    def on_change(relayout: dict[str, Any] | None, _clicks: int | None, store: dict[str, Any]) -> tuple[Any, ...]:
        if ctx.triggered_id == "next":
            store["at"] = (store["at"] + 1) % len(paths)
        elif relayout and "shapes" in relayout:
            store["shapes"][str(store["at"])] = relayout["shapes"]
        shapes = store["shapes"].get(str(store["at"]), [])
        rows = [{name: shape[name] for name in ("x0", "y0", "x1", "y1")} for shape in shapes]
        return _figure(paths[store["at"]], shapes), rows[::-1], store

    return app


def _figure(path: Path, shapes: list[dict[str, Any]]) -> Any:
    figure = px.imshow(io.imread(path), binary_backend="jpg")
    return figure.update_layout(
        dragmode="drawrect", shapes=shapes, meta={"image": path.name}, margin={"l": 0, "r": 0, "t": 0, "b": 0}
    )
