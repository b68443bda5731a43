"""Importing a file that was dropped on the page, and taking the import back."""

from __future__ import annotations

import base64
from typing import Any

from dash import Dash, Input, Output, State, html, no_update

from callbacks.clientside import on
from data.errors import InputError
from data.formats.tree import open_upload
from data.services import Services
from layout import ids
from layout.table import type_options

SHOWN_NOTES = 20


def register(app: Dash, services: Services) -> None:
    """The report goes into the page; ``import-step`` then makes the page read its annotations again."""

    @app.callback(
        Output(ids.IMPORT_REPORT, "children"),
        Output(ids.IMPORT_STEP, "data"),
        Output(ids.UPLOAD, "contents"),
        Output(ids.LABEL_DROPDOWN, "options"),
        Output(ids.TABLE, "dropdown"),
        Input(ids.UPLOAD, "contents"),
        State(ids.UPLOAD, "filename"),
        State(ids.ANNOTATOR_NAME, "value"),
        prevent_initial_call=True,
    )
    def on_file(contents: str | None, file_name: str, annotator_name: str | None) -> tuple[Any, ...]:
        if not contents:
            return (no_update,) * 5
        try:
            content = base64.b64decode(contents.partition(",")[2])
            with open_upload(file_name, content) as tree:
                report = services.imports.bring_in(tree, annotator_name=annotator_name or "")
        except InputError as error:
            return render_refusal(error), {"step": None}, None, no_update, no_update
        names = [label.name for label in services.labels.all()]
        options = [{"label": name, "value": name} for name in names]
        step = {"step": report.step, "labels": report.labels_added}
        return render_report(report.summary(), report.notes), step, None, options, type_options(names)

    @app.callback(
        Output(ids.IMPORT_REPORT, "children", allow_duplicate=True),
        Output(ids.IMPORT_STEP, "data", allow_duplicate=True),
        Input(ids.IMPORT_UNDO, "n_clicks"),
        State(ids.IMPORT_STEP, "data"),
        prevent_initial_call=True,
    )
    def on_take_back(_clicks: int, step: dict[str, Any] | None) -> tuple[Any, Any]:
        try:
            return services.imports.take_back((step or {}).get("step") or ""), {"step": None, "undone": True}
        except InputError as error:
            return render_refusal(error), no_update

    on(app, "imported", Input(ids.IMPORT_STEP, "data"))


def render_report(summary: str, notes: list[str]) -> html.Div:
    """The summary, and the first of the things that were not taken as they stood."""
    more = [html.Li(f"… and {len(notes) - SHOWN_NOTES} more")] if len(notes) > SHOWN_NOTES else []
    return html.Div([html.P(summary, className="mb-1"), html.Ul([*map(html.Li, notes[:SHOWN_NOTES]), *more])])


def render_refusal(error: InputError) -> html.Div:
    """Why a file was refused."""
    return html.Div(f"Nothing was changed. {error}", className="text-danger-emphasis")
