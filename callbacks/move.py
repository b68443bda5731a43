"""Moving through the batch: previous, next, done, skip, search, filter, jump."""

from __future__ import annotations

from dash import Dash, Input, State

from callbacks.clientside import on
from data.services import Services
from layout import ids


def register(app: Dash, services: Services) -> None:
    """Each button's function gets the number of clicks so far, so that fast clicks add up."""
    on(app, "previous", Input(ids.PREVIOUS, "n_clicks"))
    on(app, "next", Input(ids.NEXT, "n_clicks"))
    on(app, "mark_done", Input(ids.MARK_DONE, "n_clicks"))
    on(app, "skip", Input(ids.SKIP, "n_clicks"))
    on(app, "skip_confirmed", Input(ids.SKIP_CONFIRM, "n_clicks"), Input(ids.SKIP_REASON, "n_submit"))
    on(app, "skip_toggled", Input(ids.SKIP_DIALOG, "is_open"))
    on(app, "filter_batch", Input(ids.IMAGE_SEARCH, "value"), Input(ids.STATE_FILTER, "value"))
    on(app, "jump", Input(ids.IMAGE_JUMP, "n_submit"), State(ids.IMAGE_JUMP, "value"))
