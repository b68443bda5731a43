"""Choosing a label by the dropdown. The palette and the keys go to the same function of the page."""

from __future__ import annotations

from dash import Dash, Input

from callbacks.clientside import on
from data.services import Services
from layout import ids


def register(app: Dash, services: Services) -> None:
    on(app, "choose_label", Input(ids.LABEL_DROPDOWN, "value"))
