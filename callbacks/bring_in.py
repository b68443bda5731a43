"""Bringing annotations in. The files themselves are taken from the drop zone by `assets/files.mjs`."""

from __future__ import annotations

from dash import Dash, Input, State

from callbacks.clientside import on
from data.services import Services
from layout import ids


def register(app: Dash, _services: Services) -> None:
    """What a person decides before an import, and taking it back after."""
    on(app, "choose_folder", Input(ids.UPLOAD_FOLDER, "n_clicks"))
    on(app, "stop_work", Input(ids.WORK_CANCEL, "n_clicks"))
    on(
        app,
        "import_looked",
        Input(ids.IMPORT_FORMAT, "value"),
        Input(ids.IMPORT_VOC, "value"),
        State(ids.IMPORT_DIALOG, "is_open"),
    )
    on(app, "import_toggled", Input(ids.IMPORT_DIALOG, "is_open"))
    on(app, "import_cancelled", Input(ids.IMPORT_CANCEL, "n_clicks"))
    on(app, "import_confirmed", Input(ids.IMPORT_CONFIRM, "n_clicks"))
    on(app, "import_undone", Input(ids.IMPORT_UNDO, "n_clicks"))
