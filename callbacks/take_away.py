"""Downloading the annotations: the page waits until its edits are saved, then asks for the file."""

from __future__ import annotations

from typing import Any

from dash import Dash, Input, Output, State, html, no_update

from callbacks.clientside import on
from data.errors import InputError
from data.exports import ExportReport, parse_choice, parse_options
from data.formats import WRITTEN
from data.services import Services
from layout import ids

SHOWN_NOTES = 10
CHOICES = (
    (ids.EXPORT_ANNOTATORS, "annotator"),
    (ids.EXPORT_STATES, "state"),
    (ids.EXPORT_UNTOUCHED, "untouched"),
    (ids.EXPORT_SPLIT, "split"),
    (ids.EXPORT_VOC, "voc_base"),
    (ids.EXPORT_COCO, "coco_first_id"),
)


def register(app: Dash, services: Services) -> None:
    """The plain button takes everything; the dialog shows what a choice would give before it is taken."""
    on(app, "download", Input(ids.DOWNLOAD, "n_clicks"), State(ids.EXPORT_FORMAT, "value"))
    on(app, "export_options", Input(ids.EXPORT_OPEN, "n_clicks"))
    states = [State(component_id, "value") for component_id, _ in CHOICES]
    on(app, "download_chosen", Input(ids.EXPORT_CONFIRM, "n_clicks"), State(ids.EXPORT_FORMAT, "value"), *states)

    @app.callback(
        Output(ids.EXPORT_TITLE, "children"),
        Output(ids.EXPORT_ANNOTATORS, "options"),
        Output(ids.EXPORT_REPORT, "children"),
        Output(ids.EXPORT_PREVIEW, "children"),
        Output(ids.EXPORT_VOC_ROW, "hidden"),
        Output(ids.EXPORT_COCO_ROW, "hidden"),
        Input(ids.EXPORT_DIALOG, "is_open"),
        *[Input(component_id, "value") for component_id, _ in CHOICES],
        State(ids.EXPORT_FORMAT, "value"),
        prevent_initial_call=True,
    )
    def on_choice(is_open: bool, *values: Any) -> tuple[Any, ...]:
        if not is_open:
            return (no_update,) * 6
        *chosen, name = values
        given = {field: value for (_, field), value in zip(CHOICES, chosen, strict=True)}
        names = services.annotations.annotators()
        title, hidden = f"Export as {WRITTEN[name].title}", (name != "voc", name != "coco")
        try:
            choice, options = parse_choice(given), parse_options(given)
            report = services.exports.report(name, choice, options)
            preview = services.exports.preview(name, choice, options)
        except InputError as error:
            return title, names, str(error), "", *hidden
        return title, names, render_report(report), preview, *hidden


def render_report(report: ExportReport) -> html.Div:
    """The counts, and the first of what is left out."""
    notes = [*report.notes, *report.left_out]
    more = [html.Li(f"… and {len(notes) - SHOWN_NOTES} more")] if len(notes) > SHOWN_NOTES else []
    labels = ", ".join(f"{label} {count}" for label, count in report.labels.items())
    return html.Div(
        [
            html.P(report.summary(), className="mb-1 fw-semibold"),
            html.P(labels, className="mb-1"),
            html.Ul([*map(html.Li, notes[:SHOWN_NOTES]), *more]),
        ]
    )
