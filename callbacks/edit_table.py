"""Correcting boxes in the table, and selecting one there."""

from __future__ import annotations

from dash import Dash, Input, State

from callbacks.clientside import on
from data.services import Services
from layout import ids


def register(app: Dash, services: Services) -> None:
    """``data_timestamp`` changes by a person's hand alone, so our own writing is no echo."""
    on(
        app,
        "table_edited",
        Input(ids.TABLE, "data_timestamp"),
        State(ids.TABLE, "data"),
        State(ids.TABLE, "data_previous"),
    )
    on(app, "row_selected", Input(ids.TABLE, "active_cell"))
