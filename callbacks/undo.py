"""Undo and redo."""

from __future__ import annotations

from dash import Dash, Input

from callbacks.clientside import on
from data.services import Services
from layout import ids


def register(app: Dash, services: Services) -> None:
    on(app, "undo", Input(ids.UNDO, "n_clicks"))
    on(app, "redo", Input(ids.REDO, "n_clicks"))
