"""What changes only the view: crosshair, brightness, contrast, theme, drawers."""

from __future__ import annotations

from dash import Dash, Input

from callbacks.clientside import on
from data.services import Services
from layout import ids


def register(app: Dash, services: Services) -> None:
    on(app, "crosshair", Input(ids.CROSSHAIR, "value"))
    on(app, "light", Input(ids.BRIGHTNESS, "value"), Input(ids.CONTRAST, "value"))
    on(app, "reset_view", Input(ids.RESET_VIEW, "n_clicks"))
    on(app, "theme", Input(ids.THEME, "n_clicks"))
    on(app, "labels_drawer", Input(ids.LABELS_TOGGLE, "n_clicks"))
    on(app, "boxes_drawer", Input(ids.BOXES_TOGGLE, "n_clicks"))
    on(
        app,
        "look",
        Input(ids.LOOK_PAGE, "value"),
        Input(ids.LOOK_CHANNEL, "value"),
        Input(ids.LOOK_LOW, "value"),
        Input(ids.LOOK_HIGH, "value"),
    )
