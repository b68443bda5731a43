"""The panels beside the picture: labels and view to the left, boxes and files to the right."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import dash_bootstrap_components as dbc
from dash import dcc, html

from layout import ids
from layout.table import table

STATE_CHOICES = ("all", "todo", "in progress", "done", "skipped")


def labels_panel(label_names: Sequence[str]) -> html.Aside:
    """Choose a label, hide labels, find images, adjust the view."""
    return html.Aside(
        id=ids.LABELS_PANEL,
        className="panel panel-left border-end bg-body",
        **{"aria-label": "Labels, batch and view"},
        children=[
            html.H2("Label", id="label-title", className="panel-title"),
            dcc.Dropdown(
                id=ids.LABEL_DROPDOWN,
                options=[{"label": name, "value": name} for name in label_names],
                value=label_names[0],
                clearable=False,
            ),
            html.Div(id=ids.PALETTE, className="palette", role="group", **{"aria-label": "Labels"}),
            html.H2("Batch", className="panel-title"),
            _unseen("Search images by name", ids.IMAGE_SEARCH),
            dbc.Input(
                id=ids.IMAGE_SEARCH,
                type="search",
                placeholder="Search by name  ( / )",
                size="sm",
                debounce=0.2,
            ),
            html.Div(
                className="d-flex gap-2",
                children=[
                    _unseen("Show images by state", ids.STATE_FILTER),
                    dbc.Select(
                        id=ids.STATE_FILTER,
                        options=[{"label": _sentence(name), "value": name} for name in STATE_CHOICES],
                        value="all",
                        size="sm",
                    ),
                    _unseen("Jump to number", ids.IMAGE_JUMP),
                    dbc.Input(
                        id=ids.IMAGE_JUMP,
                        type="number",
                        placeholder="No.",
                        min=1,
                        step=1,
                        debounce=True,
                        size="sm",
                        className="jump",
                    ),
                ],
            ),
            html.Div(
                id=ids.FILTER_CHIP,
                className="filter-chip small",
                hidden=True,
                children=[
                    html.Span(id=ids.FILTER_TEXT),
                    _button("×", ids.FILTER_CLEAR, "btn-link p-0"),
                ],
            ),
            html.H2("View", className="panel-title"),
            dbc.Switch(id=ids.CROSSHAIR, label="Crosshair (C)", value=False, className="small"),
            _slider(ids.BRIGHTNESS, "Brightness"),
            _slider(ids.CONTRAST, "Contrast"),
            _looks(),
            _button("Reset view", ids.RESET_VIEW, "btn-link p-0 align-self-start"),
        ],
    )


def boxes_panel(label_names: Sequence[str], formats: Mapping[str, str]) -> html.Aside:
    """The table of boxes, and the ways in and out."""
    return html.Aside(
        id=ids.BOXES_PANEL,
        className="panel panel-right border-start bg-body",
        **{"aria-label": "Boxes and files"},
        children=[
            html.H2(["Boxes ", html.Span(id=ids.BOX_COUNT, className="text-body-secondary")], className="panel-title"),
            html.Div(id=ids.TABLE_MESSAGE, className="table-message", role="alert"),
            table(label_names),
            html.Div(id=ids.BOX_TOOLS, className="box-tools"),
            html.H2("Files", className="panel-title"),
            html.Div(
                className="d-flex gap-2",
                children=[
                    _unseen("Format to download", ids.EXPORT_FORMAT),
                    dbc.Select(
                        id=ids.EXPORT_FORMAT,
                        options=[{"label": text, "value": name} for name, text in formats.items()],
                        value=next(iter(formats)),
                        size="sm",
                    ),
                    _button("Options", ids.EXPORT_OPEN, "btn-outline-secondary text-nowrap"),
                    _button("Download", ids.DOWNLOAD, "btn-outline-primary text-nowrap"),
                ],
            ),
            dcc.Upload(
                id=ids.UPLOAD,
                className="upload",
                className_active="upload upload-active",
                multiple=True,
                children=html.Span(["Drop annotation files, a folder or a .zip, or ", html.U("choose files")]),
            ),
            _button("Choose a folder", ids.UPLOAD_FOLDER, "btn-link p-0 align-self-start"),
            html.Div(id=ids.IMPORT_REPORT, className="small", role="status"),
            _button("Stop", ids.WORK_CANCEL, "btn-outline-secondary align-self-start", hidden=True),
            _button("Take this import back", ids.IMPORT_UNDO, "btn-outline-secondary align-self-start", hidden=True),
        ],
    )


def _button(text: str, component_id: str, look: str, hidden: bool = False) -> html.Button:
    return html.Button(text, id=component_id, className=f"btn btn-sm {look}", hidden=hidden, n_clicks=0)


def _looks() -> html.Div:
    """For pictures with several pages, channels or more than eight bits; `assets/looks.mjs` shows what they have."""
    return html.Div(
        id=ids.LOOK_PANEL,
        className="look-panel",
        hidden=True,
        children=[
            html.Label(
                id=f"{ids.LOOK_PAGE}-row",
                className="look-row small",
                title="Page of the picture ( [ and ] )",
                children=[
                    html.Span("Page"),
                    dbc.Input(id=ids.LOOK_PAGE, type="number", step=1, value=1, size="sm"),
                    html.Span(id=ids.LOOK_PAGES, className="text-body-secondary text-nowrap"),
                ],
            ),
            html.Div(id=ids.LOOK_OTHERS, className="small text-body-secondary"),
            html.Label(
                id=f"{ids.LOOK_CHANNEL}-row",
                className="look-row small",
                children=[
                    html.Span("Channel"),
                    dbc.Select(id=ids.LOOK_CHANNEL, value="0", size="sm"),
                ],
            ),
            html.Div(
                id=ids.LOOK_CONTRAST,
                children=[
                    _slider(ids.LOOK_LOW, "Black", (0, 50, 0.5, 0.5)),
                    _slider(ids.LOOK_HIGH, "White", (50, 100, 0.5, 99.5)),
                ],
            ),
        ],
    )


def _slider(component_id: str, name: str, span: tuple[float, float, float, float] = (20, 180, 5, 100)) -> html.Label:
    """``span`` is the least, the most, the step and the value at first."""
    least, most, step, value = span
    # A plain range input: one number, one hand, nothing to load.
    return html.Label(
        id=f"{component_id}-row",
        className="view-slider small",
        children=[
            html.Span(name),
            dbc.Input(
                id=component_id,
                type="range",
                min=least,
                max=most,
                step=step,
                value=value,
                className="form-range",
                debounce=False,
            ),
        ],
    )


def _unseen(text: str, component_id: str) -> html.Label:
    """A label for screen readers, where the look of a control says enough to the others."""
    return html.Label(text, htmlFor=component_id, className="visually-hidden")


def _sentence(name: str) -> str:
    return name[0].upper() + name[1:]
