"""The line above the picture: where one is, what is saved, who is at work."""

from __future__ import annotations

import dash_bootstrap_components as dbc
from dash import html

from layout import ids


def navbar() -> html.Header:
    """Title, image, progress, undo and redo, save status, annotator, theme and help."""
    return html.Header(
        className="bar border-bottom bg-body",
        children=[
            _drawer(ids.LABELS_TOGGLE, "Labels", ids.LABELS_PANEL),
            html.H1("Dash Annotator", className="bar-title wide-only"),
            html.Span(id=ids.IMAGE_NAME, className="image-name"),
            html.Span(id=ids.IMAGE_STATE, className="badge image-state"),
            html.Span(id=ids.IMAGE_POSITION, className="image-position text-body-secondary"),
            html.Div(
                html.Div(id=ids.PROGRESS, className="progress-bar bg-success"),
                className="progress bar-progress",
                role="progressbar",
                **{"aria-label": "Images done"},
            ),
            html.Span(id=ids.PROGRESS_TEXT, className="small text-body-secondary text-nowrap wide-only"),
            html.Span(className="flex-grow-1"),
            html.Button(
                "Gallery",
                id=ids.GALLERY_OPEN,
                title="All images at once (G)",
                className="btn btn-sm btn-outline-secondary",
                n_clicks=0,
            ),
            _tool(ids.UNDO, "↶", "Undo (Ctrl Z)"),
            _tool(ids.REDO, "↷", "Redo (Ctrl Y)"),
            html.Span("Loading", id=ids.SAVE_STATUS, className="save-status", **{"data-state": "saving"}),
            html.Label("Annotator", htmlFor=ids.ANNOTATOR_NAME, className="visually-hidden"),
            dbc.Input(
                id=ids.ANNOTATOR_NAME,
                type="text",
                placeholder="Your name",
                size="sm",
                className="annotator-name",
                debounce=True,
                maxLength=80,
                autocomplete="nickname",
            ),
            _tool(ids.THEME, "◐", "Light or dark"),
            _tool(ids.HELP, "?", "Help and keys (?)"),
            _drawer(ids.BOXES_TOGGLE, "Boxes", ids.BOXES_PANEL),
        ],
    )


def _drawer(component_id: str, text: str, panel_id: str) -> html.Button:
    """Opens a panel where the window is too narrow to show it beside the picture."""
    return html.Button(
        text,
        id=component_id,
        className="btn btn-sm btn-outline-secondary narrow-only",
        **{"aria-controls": panel_id, "aria-expanded": "false"},
    )


def _tool(component_id: str, face: str, title: str) -> html.Button:
    return html.Button(
        face, id=component_id, title=title, className="btn btn-sm tool", **{"aria-label": title}, n_clicks=0
    )
