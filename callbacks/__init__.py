"""What happens: one module per thing a person does. Each registers itself on the app it is given."""

from __future__ import annotations

from dash import Dash

from callbacks import (
    assets,
    bring_in,
    charts,
    edit_table,
    gallery,
    http,
    labels,
    move,
    name,
    pictures,
    take_away,
    undo,
    view,
)
from data.services import Services

MODULES = (move, labels, edit_table, undo, name, view, take_away, bring_in, gallery, charts, pictures, assets, http)


def register(app: Dash, services: Services) -> None:
    """Register every callback and route."""
    for module in MODULES:
        module.register(app, services)
