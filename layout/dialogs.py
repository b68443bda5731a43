"""The dialogs: help with the keys (and the name, at the first visit), and the reason for a skip."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import dash_bootstrap_components as dbc
from dash import html

from layout import ids
from layout.keys import GALLERY, GROUPS, MOUSE, Key

VOC_BASES = {"0": "from 0, as most tools", "1": "from 1 with the last pixel, as its devkit"}


def help_dialog() -> dbc.Modal:
    """How it works, every key; opened by `?`, and by itself at the first visit to ask for a name."""
    welcome = html.Div(
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
    )
    how = html.P(
        "Choose a label, drag a rectangle around a thing, press E when the image is done. "
        "Everything is saved as you go, also while the network is away. On a Mac, Ctrl is ⌘."
    )
    sections = [_plain("Mouse", MOUSE), *[_group(*group) for group in GROUPS], _plain("In the gallery", GALLERY)]
    keys = html.Div(className="help-groups", children=sections)
    body = dbc.ModalBody([welcome, how, keys])
    return _dialog(ids.HELP_DIALOG, "How it works", body, ("Start", ids.HELP_CLOSE), size="xl")


def skip_dialog() -> dbc.Modal:
    """Why is this image skipped? An empty reason will do."""
    body = dbc.ModalBody(
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
    )
    return _dialog(ids.SKIP_DIALOG, "Skip this image", body, ("Skip", ids.SKIP_CONFIRM), centered=True)


def export_dialog() -> dbc.Modal:
    """What is downloaded: whose, in which state, with which split; with a report and the first lines."""
    body = dbc.ModalBody(
        className="export-options",
        children=[
            _checks("Annotators", ids.EXPORT_ANNOTATORS, {}),
            html.P("None chosen means everybody.", className="small text-body-secondary mb-0"),
            _checks("States", ids.EXPORT_STATES, {one: one for one in ("in progress", "done", "skipped")}),
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
            _checks(
                "Contents",
                ids.EXPORT_CONTENTS,
                {"pictures": "with the pictures", "each": "a folder for each annotator"},
            ),
            _choice("Pascal VOC corners", ids.EXPORT_VOC_CORNERS, {"": "as they are", "1": "whole pixels"}),
            _choice("Pascal VOC counts", ids.EXPORT_VOC, VOC_BASES),
            _choice("COCO ids", ids.EXPORT_COCO, {"1": "from 1", "0": "from 0"}),
            html.Div(id=ids.EXPORT_REPORT, role="status", className="small"),
            html.Pre(id=ids.EXPORT_PREVIEW, className="preview", tabIndex="0", **{"aria-label": "First lines"}),
        ],
    )  # fmt: skip
    return _dialog(ids.EXPORT_DIALOG, "Export", body, ("Download", ids.EXPORT_CONFIRM), size="lg")


def import_dialog() -> dbc.Modal:
    """What files would bring, where there is something to decide. `assets/files.mjs` fills it in."""
    body = dbc.ModalBody(
        className="export-options",
        children=[
            html.P(id=ids.IMPORT_SUMMARY, className="mb-0 fw-semibold", role="status"),
            _choice("Read as", ids.IMPORT_FORMAT, {"": ""}),
            _choice("Pascal VOC counts", ids.IMPORT_VOC, VOC_BASES),
            html.Div(id=ids.IMPORT_LABELS, className="import-labels"),
            html.Ul(id=ids.IMPORT_NOTES, className="small"),
        ],
    )
    return _dialog(
        ids.IMPORT_DIALOG, "Import", body, ("Import", ids.IMPORT_CONFIRM), size="lg", cancel=ids.IMPORT_CANCEL
    )


def _dialog(
    component_id: str,
    title: str,
    body: dbc.ModalBody,
    confirm: tuple[str, str],
    size: str = "",
    centered: bool = False,
    cancel: str = "",
) -> dbc.Modal:
    """A dialog ``X-dialog`` with its title, ``X-title``, and a button, given by text and id; ``cancel`` is one's id."""
    title_id = component_id.removesuffix("dialog") + "title"
    text, button_id = confirm
    buttons = [html.Button(text, id=button_id, className="btn btn-primary", n_clicks=0)]
    if cancel:
        buttons.insert(0, html.Button("Cancel", id=cancel, className="btn btn-outline-secondary", n_clicks=0))
    return dbc.Modal(
        id=component_id,
        is_open=False,
        fade=False,  # Escape during the fade leaves it half open
        size=size,
        centered=centered,
        scrollable=True,
        labelledby=title_id,
        children=[
            dbc.ModalHeader(dbc.ModalTitle(title, id=title_id, tag="h2")),
            body,
            dbc.ModalFooter(buttons),
        ],
    )


def _checks(text: str, component_id: str, choices: Mapping[str, str]) -> html.Fieldset:
    options = [{"label": label, "value": value} for value, label in choices.items()]
    checks = dbc.Checklist(id=component_id, options=options, value=[], inline=True)
    return html.Fieldset([html.Legend(text, className="field-title"), checks])


def _choice(text: str, component_id: str, choices: Mapping[str, str]) -> html.Label:
    options = [{"label": label, "value": value} for value, label in choices.items()]
    select = dbc.Select(id=component_id, options=options, value=next(iter(choices)), size="sm")
    return html.Label([html.Span(text), select], id=f"{component_id}-row", className="export-choice")


def _group(title: str, keys: tuple[Key, ...]) -> html.Section:
    rows = [(key.shown, key.does) for key in keys if key.shown]
    return html.Section([html.H3(title, className="help-title"), _rows(rows)])


def _plain(title: str, rows: Sequence[tuple[str, str]]) -> html.Section:
    return html.Section([html.H3(title, className="help-title"), _rows(list(rows))])


def _rows(rows: list[tuple[str, str]]) -> html.Dl:
    cells: list[html.Dt | html.Dd] = []
    for shown, does in rows:
        cells += [html.Dt(html.Kbd(shown)), html.Dd(does)]
    return html.Dl(cells)
