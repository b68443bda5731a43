"""The page: values in, components out."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from dash import dcc, html

from layout import ids, keys
from layout.dialogs import export_dialog, help_dialog, import_dialog, skip_dialog
from layout.figure import figure
from layout.gallery import gallery
from layout.navbar import navbar
from layout.panels import boxes_panel, labels_panel

DATA = ("_dash-layout", "_dash-dependencies")
SCRIPTS = (
    "plotly/package_data/plotly.min.js",
    "dash/dcc/async-graph.js",
    "dash/dcc/async-dropdown.js",
    "dash/dcc/async-upload.js",
    "dash/dash_table/async-table.js",
    "dash/dash_table/async-highlight.js",
)
# A blue frame. Given in the page itself: browsers ask again for an icon's address at each change of the page's own.
ICON = (
    "data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 16 16'%3E%3Crect x='2.5' y='2.5' "
    "width='11' height='11' rx='1' fill='none' stroke='%230d6efd' stroke-width='2.5'/%3E%3C/svg%3E"
)


def document(*, base: str, files: Mapping[str, str], parts: Mapping[str, str]) -> str:
    """The HTML that loads the page, which is served under ``base``. ``files`` are the addresses of its styles and
    modules, each with the one that holds its version; ``parts`` are what Dash makes.

    All is asked for at once: modules before they are imported, and what Dash would ask for bit by bit.
    """
    styles = [address for name, address in files.items() if name.endswith(".css")]
    modules = {name: address for name, address in files.items() if name.endswith(".mjs")}
    [main] = (address for name, address in modules.items() if name.endswith("/main.mjs"))
    head = [
        parts["metas"],
        f"<title>{parts['title']}</title>",
        f'<link rel="icon" href="{ICON}">',
        *(f'<link rel="preload" href="{base}{name}" as="fetch" crossorigin>' for name in DATA),
        *(f'<link rel="stylesheet" href="{address}">' for address in styles),
        f'<script type="importmap">{json.dumps({"imports": modules})}</script>',
        *(f'<link rel="modulepreload" href="{address}">' for address in modules.values()),
        *(
            f'<link rel="preload" href="{base}_dash-component-suites/{name}" as="script" fetchpriority="low">'
            for name in SCRIPTS
        ),
        f'<script src="{main}" type="module"></script>',
    ]
    body = [parts["app_entry"], "<footer>", parts["config"], parts["scripts"], parts["renderer"], "</footer>"]
    whole = ["<!DOCTYPE html>", '<html lang="en">', "<head>", *head, "</head>", "<body>", *body, "</body>", "</html>"]
    return "\n".join(whole)


def page(*, labels: Sequence[Mapping[str, Any]], formats: Mapping[str, str], base: str, database: str) -> html.Div:
    """The whole page. ``labels`` as `data.label_book.as_dict` gives them, ``base`` the address it is
    served under, ``database`` the name under which the browser keeps what is not saved yet."""
    names = [str(label["name"]) for label in labels]
    config = {"base": base, "database": database, "labels": list(labels), "keys": keys.bindings()}
    return html.Div(
        id=ids.PAGE,
        className="page",
        **{"data-config": json.dumps(config)},
        children=[
            navbar(),
            html.Main(
                className="work",
                children=[
                    labels_panel(names),
                    html.Div(
                        className="stage",
                        children=[
                            figure(),
                            html.Div(id=ids.OVERLAY, className="overlay"),
                            html.Div("Loading …", id=ids.PICTURE_MESSAGE, className="picture-message", role="status"),
                            html.Div(id=ids.PICTURE_COMING, className="picture-coming", role="status", hidden=True),
                            html.Div(
                                id=ids.SOURCE_PROBLEM,
                                className="source-problem",
                                role="status",
                                hidden=True,
                                children=[
                                    html.Span(),
                                    html.Button("×", className="btn btn-sm btn-link p-0", title="Put this note away"),
                                ],
                            ),
                        ],
                    ),
                    boxes_panel(names, formats),
                ],
            ),
            gallery(names),
            _footer(),
            html.Div(id=ids.TOASTS, className="toasts"),
            html.Div(id=ids.ANNOUNCER, className="visually-hidden", role="status", **{"aria-live": "polite"}),
            help_dialog(),
            skip_dialog(),
            export_dialog(),
            import_dialog(),
            dcc.Store(id=ids.STORE),
        ],
    )


def _footer() -> html.Nav:
    return html.Nav(
        className="foot border-top bg-body",
        **{"aria-label": "Batch"},
        children=[
            _button(ids.PREVIOUS, "‹ Previous", "Previous image (A)", "btn-outline-secondary"),
            html.Div(id=ids.STRIP, className="strip", role="group", **{"aria-label": "Images around this one"}),
            _button(ids.SKIP, "Skip", "Skip this image, with a reason (X)", "btn-outline-secondary"),
            _button(ids.MARK_DONE, "Done and next", "Mark done and go on (E or Enter)", "btn-success"),
            _button(ids.NEXT, "Next ›", "Next image (D)", "btn-outline-secondary"),
        ],
    )


def _button(component_id: str, text: str, title: str, style: str) -> html.Button:
    return html.Button(text, id=component_id, title=title, className=f"btn btn-sm text-nowrap {style}", n_clicks=0)
