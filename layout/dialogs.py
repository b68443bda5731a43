"""The dialogs: help with the keys (and the name, at the first visit), and the reason for a skip."""

from __future__ import annotations

from collections.abc import Mapping

import dash_bootstrap_components as dbc
from dash import html
from dash.development.base_component import Component

from layout import ids
from layout.keys import GROUPS, MOUSE, Key

VOC_BASES = {"0": "from 0, as most tools", "1": "from 1 with the last pixel, as its devkit"}


def help_dialog() -> dbc.Modal:
    """How it works, every key; opened by `?`, and by itself at the first visit to ask for a name."""
    return dbc.Modal(
        id=ids.HELP_DIALOG,
        size="xl",
        scrollable=True,
        is_open=False,
        fade=False,  # Escape during the fade leaves it half open
        labelledby="help-title",
        children=[
            dbc.ModalHeader(dbc.ModalTitle("How it works", id="help-title", tag="h2"), close_button=True),
            dbc.ModalBody(
                [
                    html.Div(
                        className="welcome",
                        children=[
                            html.Label("Your name", htmlFor=ids.WELCOME_NAME, className="fw-semibold"),
                            dbc.Input(
                                id=ids.WELCOME_NAME,
                                type="text",
                                maxLength=80,
                                autocomplete="nickname",
                                placeholder="for example Ada",
                            ),
                            html.Span(
                                "Your boxes are kept under this name; others never overwrite them.",
                                className="small text-body-secondary",
                            ),
                        ],
                    ),
                    html.P(
                        "Choose a label, drag a rectangle around a thing, press E when the image is done. "
                        "Everything is saved as you go, also while the network is away. On a Mac, Ctrl is ⌘."
                    ),
                    html.Div(className="help-groups", children=[_mouse(), *[_group(*group) for group in GROUPS]]),
                ]
            ),
            dbc.ModalFooter(html.Button("Start", id=ids.HELP_CLOSE, className="btn btn-primary", n_clicks=0)),
        ],
    )


def skip_dialog() -> dbc.Modal:
    """Why is this image skipped? An empty reason will do."""
    return dbc.Modal(
        id=ids.SKIP_DIALOG,
        is_open=False,
        fade=False,  # Escape during the fade leaves it half open
        centered=True,
        labelledby="skip-title",
        children=[
            dbc.ModalHeader(dbc.ModalTitle("Skip this image", id="skip-title", tag="h2")),
            dbc.ModalBody(
                [
                    html.Label("Reason", htmlFor=ids.SKIP_REASON),
                    dbc.Input(
                        id=ids.SKIP_REASON,
                        type="text",
                        maxLength=500,
                        placeholder="blurred, not ours, unsure … (may be empty)",
                        list="skip-reasons",
                    ),
                    html.Datalist(
                        id="skip-reasons",
                        children=[html.Option(value=v) for v in ("blurred", "unsure", "not relevant")],
                    ),
                ]
            ),
            dbc.ModalFooter(
                html.Button("Skip and go on", id=ids.SKIP_CONFIRM, className="btn btn-primary", n_clicks=0)
            ),
        ],
    )


def export_dialog() -> dbc.Modal:
    """What is downloaded: whose, in which state, with which split; with a report and the first lines."""
    return dbc.Modal(
        id=ids.EXPORT_DIALOG,
        size="lg",
        is_open=False,
        fade=False,
        scrollable=True,
        labelledby=ids.EXPORT_TITLE,
        children=[
            dbc.ModalHeader(dbc.ModalTitle("Export", id=ids.EXPORT_TITLE, tag="h2")),
            dbc.ModalBody(
                className="export-options",
                children=[
                    _field("Annotators", dbc.Checklist(id=ids.EXPORT_ANNOTATORS, options=[], value=[], inline=True)),
                    html.P("None chosen means everybody.", className="small text-body-secondary mb-0"),
                    _field(
                        "States",
                        dbc.Checklist(
                            id=ids.EXPORT_STATES,
                            options=[{"label": one, "value": one} for one in ("in progress", "done", "skipped")],
                            value=[],
                            inline=True,
                        ),
                    ),
                    html.P("None chosen means all.", className="small text-body-secondary mb-0"),
                    _choice(
                        "Images nobody touched",
                        ids.EXPORT_UNTOUCHED,
                        {"auto": "as the format can tell them from empty ones", "yes": "in", "no": "left out"},
                    ),
                    _choice(
                        "Split",
                        ids.EXPORT_SPLIT,
                        {"none": "none", "80/20": "train 80, val 20", "80/10/10": "train 80, val 10, test 10",
                         "70/15/15": "train 70, val 15, test 15"},
                    ),
                    _field(
                        "Contents",
                        dbc.Checklist(
                            id=ids.EXPORT_CONTENTS,
                            options=[
                                {"label": "with the pictures", "value": "pictures"},
                                {"label": "a folder for each annotator", "value": "each"},
                            ],
                            value=[],
                            inline=True,
                        ),
                    ),
                    _choice("Pascal VOC counts", ids.EXPORT_VOC, VOC_BASES),
                    _choice("COCO ids", ids.EXPORT_COCO, {"1": "from 1", "0": "from 0"}),
                    html.Div(id=ids.EXPORT_REPORT, role="status", className="small"),
                    html.Pre(id=ids.EXPORT_PREVIEW, className="preview", tabIndex="0", **{"aria-label": "First lines"}),
                ],
            ),
            dbc.ModalFooter(html.Button("Download", id=ids.EXPORT_CONFIRM, className="btn btn-primary", n_clicks=0)),
        ],
    )  # fmt: skip


def import_dialog() -> dbc.Modal:
    """What files would bring, where there is something to decide. `assets/files.mjs` fills it in."""
    return dbc.Modal(
        id=ids.IMPORT_DIALOG,
        size="lg",
        is_open=False,
        fade=False,
        scrollable=True,
        labelledby="import-title",
        children=[
            dbc.ModalHeader(dbc.ModalTitle("Import", id="import-title", tag="h2")),
            dbc.ModalBody(
                className="export-options",
                children=[
                    html.P(id=ids.IMPORT_SUMMARY, className="mb-0 fw-semibold", role="status"),
                    _choice("Read as", ids.IMPORT_FORMAT, {"": ""}),
                    _choice("Pascal VOC counts", ids.IMPORT_VOC, VOC_BASES),
                    html.Div(id=ids.IMPORT_LABELS, className="import-labels"),
                    html.Ul(id=ids.IMPORT_NOTES, className="small"),
                ],
            ),
            dbc.ModalFooter(html.Button("Import", id=ids.IMPORT_CONFIRM, className="btn btn-primary", n_clicks=0)),
        ],
    )


def _field(text: str, control: Component) -> html.Fieldset:
    return html.Fieldset([html.Legend(text, className="field-title"), control])


def _choice(text: str, component_id: str, choices: Mapping[str, str]) -> html.Label:
    options = [{"label": label, "value": value} for value, label in choices.items()]
    select = dbc.Select(id=component_id, options=options, value=next(iter(choices)), size="sm")
    return html.Label([html.Span(text), select], id=f"{component_id}-row", className="export-choice")


def _group(title: str, keys: tuple[Key, ...]) -> html.Section:
    rows = [(key.shown, key.does) for key in keys if key.shown]
    return html.Section([html.H3(title, className="help-title"), _rows(rows)])


def _mouse() -> html.Section:
    return html.Section([html.H3("Mouse", className="help-title"), _rows(list(MOUSE))])


def _rows(rows: list[tuple[str, str]]) -> html.Dl:
    cells: list[html.Dt | html.Dd] = []
    for shown, does in rows:
        cells += [html.Dt(html.Kbd(shown)), html.Dd(does)]
    return html.Dl(cells)
