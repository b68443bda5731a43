"""Saying who is at work, and the help dialog that asks for it."""

from __future__ import annotations

from dash import Dash, Input, State

from callbacks.clientside import on
from data.services import Services
from layout import ids


def register(app: Dash, services: Services) -> None:
    on(app, "name_given", Input(ids.ANNOTATOR_NAME, "value"))
    on(
        app,
        "welcome_closed",
        Input(ids.HELP_CLOSE, "n_clicks"),
        Input(ids.WELCOME_NAME, "n_submit"),
        State(ids.WELCOME_NAME, "value"),
    )
    on(app, "help", Input(ids.HELP, "n_clicks"))
    on(app, "help_toggled", Input(ids.HELP_DIALOG, "is_open"), State(ids.WELCOME_NAME, "value"))
