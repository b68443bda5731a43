"""The charts of the gallery: drawn anew for each query, and each of them asks in turn when it is clicked."""

from __future__ import annotations

from typing import Any

from dash import Dash, Input, Output
from dash.exceptions import PreventUpdate

from callbacks.clientside import on
from data.charts import charts_of
from data.errors import InputError
from data.services import Services
from layout import charts, ids


def register(app: Dash, services: Services) -> None:
    """The page writes what it asks to the store; figures come back."""

    @app.callback(
        Output(ids.CHART_LABELS, "figure"),
        Output(ids.CHART_SIZES, "figure"),
        Output(ids.CHART_PLACES, "figure"),
        Output(ids.CHART_PROGRESS, "figure"),
        Output(ids.CHARTS_NOTE, "children"),
        Input(ids.GALLERY_ASKED, "data"),
        prevent_initial_call=True,
    )
    def draw(asked: dict[str, Any]) -> tuple[Any, ...]:
        theme = "dark" if asked["theme"] == "dark" else "light"
        try:
            found = charts_of(services.database, me=str(asked["annotator"]), query=str(asked["query"]))
        except InputError as error:  # the grid says it, where the query is
            raise PreventUpdate from error
        note = f"Of {found.images:,} images" if found.images != 1 else "Of 1 image"
        if found.step > 1:
            note += f"; sizes and places from one in {found.step} of them"
        return (
            charts.labels_figure(found.labels, theme),
            charts.sizes_figure(found.sizes, theme),
            charts.places_figure(found.places, theme),
            charts.progress_figure(found.progress, theme),
            f"{note}.",
        )

    on(app, "label_clicked", Input(ids.CHART_LABELS, "clickData"))
    on(app, "sizes_chosen", Input(ids.CHART_SIZES, "selectedData"))
    on(app, "place_clicked", Input(ids.CHART_PLACES, "clickData"))
    on(app, "day_clicked", Input(ids.CHART_PROGRESS, "clickData"))
