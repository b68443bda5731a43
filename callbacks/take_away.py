"""Downloading the annotations: the page waits until its edits are saved, then asks for the file."""

from __future__ import annotations

from dash import Dash, Input, State

from callbacks.clientside import on
from data.services import Services
from layout import ids


def register(app: Dash, services: Services) -> None:
    on(app, "download", Input(ids.DOWNLOAD, "n_clicks"), State(ids.EXPORT_FORMAT, "value"))
