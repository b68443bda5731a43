"""Taking annotations away: the plain button, and the dialog that shows first what a choice would give."""

from __future__ import annotations

from dash import Dash, Input, State

from callbacks.clientside import on
from data.services import Services
from layout import ids

CHOICES = (
    ids.EXPORT_ANNOTATORS,
    ids.EXPORT_STATES,
    ids.EXPORT_UNTOUCHED,
    ids.EXPORT_SPLIT,
    ids.EXPORT_CONTENTS,
    ids.EXPORT_VOC,
    ids.EXPORT_VOC_CORNERS,
    ids.EXPORT_COCO,
)


def register(app: Dash, _services: Services) -> None:
    """The choices come in the order in which `assets/callbacks.mjs` takes them."""
    on(app, "download", Input(ids.DOWNLOAD, "n_clicks"), State(ids.EXPORT_FORMAT, "value"))
    on(app, "export_options", Input(ids.EXPORT_OPEN, "n_clicks"))
    on(
        app,
        "export_chosen",
        Input(ids.EXPORT_DIALOG, "is_open"),
        *[Input(component_id, "value") for component_id in CHOICES],
        State(ids.EXPORT_FORMAT, "value"),
    )
    on(app, "download_chosen", Input(ids.EXPORT_CONFIRM, "n_clicks"))
