"""The gallery: the whole batch at once, with its query, its charts, and what can be done with many images."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import dash_bootstrap_components as dbc
from dash import dcc, html

from data.edits import STATES
from data.gallery import WALL_ORDERS
from data.listing import ORDERS
from data.query_terms import HELP
from layout import ids
from layout.charts import CHARTS, empty_figure


def gallery(label_names: Sequence[str]) -> html.Section:
    """All of it, hidden until it is opened; `assets/gallery.mjs` fills the grids."""
    return html.Section(
        id=ids.GALLERY,
        className="gallery",
        hidden=True,
        **{"aria-label": "Gallery"},
        children=[
            _bar(label_names),
            html.Div(
                className="gallery-body",
                children=[
                    html.Div(
                        className="gallery-stage",
                        children=[
                            _grid(ids.GALLERY_IMAGES, "Images"),
                            _grid(ids.GALLERY_BOXES, "Boxes"),
                            html.P(id=ids.GALLERY_MESSAGE, className="gallery-message", role="status", hidden=True),
                            _actions(label_names),
                        ],
                    ),
                    _charts(),
                ],
            ),
            dcc.Store(id=ids.GALLERY_ASKED),
        ],
    )


def _bar(label_names: Sequence[str]) -> html.Div:
    names = {name: name for name in label_names}
    return html.Div(
        className="gallery-bar",
        children=[
            html.Div(
                className="btn-group",
                role="group",
                **{"aria-label": "What is shown"},
                children=[
                    _button("Images", ids.GALLERY_SHOW_IMAGES, "The whole batch", "btn-outline-secondary"),
                    _button("Boxes", ids.GALLERY_SHOW_BOXES, "Every box of a label", "btn-outline-secondary"),
                ],
            ),
            html.Div(className="only-boxes", children=_select("Label", ids.GALLERY_LABEL, names)),
            html.Div(
                className="gallery-query",
                children=[
                    html.Label("Query", htmlFor=ids.GALLERY_QUERY, className="visually-hidden"),
                    dbc.Input(
                        id=ids.GALLERY_QUERY,
                        type="search",
                        size="sm",
                        placeholder="Filter: a name, state:todo, label:cat, boxes:>3 …",
                        debounce=0.25,
                        maxLength=2000,
                        autocomplete="off",
                    ),
                    _help(),
                ],
            ),
            html.Div(className="only-images", children=_select("Order", ids.GALLERY_ORDER, ORDERS)),
            html.Div(className="only-boxes", children=_select("Order", ids.GALLERY_WALL_ORDER, WALL_ORDERS)),
            html.Span(id=ids.GALLERY_TOTAL, className="gallery-total", role="status"),
            _button("Charts", ids.GALLERY_CHARTS_TOGGLE, "Show or hide the charts", "btn-outline-secondary ms-auto"),
        ],
    )


def _help() -> html.Details:
    rows: list[html.Dt | html.Dd] = []
    for example, meaning in HELP:
        rows += [html.Dt(html.Code(example)), html.Dd(meaning)]
    return html.Details(
        className="query-help",
        children=[
            html.Summary("?", title="What the query understands", **{"aria-label": "What the query understands"}),
            html.Div(
                className="query-help-text border bg-body",
                children=[
                    html.P("Terms beside each other must all hold: state:done label:cat -night"),
                    html.Dl(rows),
                ],
            ),
        ],
    )


def _actions(label_names: Sequence[str]) -> html.Div:
    names = {name: name for name in label_names}
    return html.Div(
        id=ids.GALLERY_ACTIONS,
        className="gallery-actions border bg-body",
        role="group",
        hidden=True,
        **{"aria-label": "What is chosen"},
        children=[
            html.Span(id=ids.GALLERY_COUNT, className="gallery-count"),
            html.Div(
                className="only-images",
                children=[
                    _button("Mark done", ids.GALLERY_DONE, "", "btn-success"),
                    _button("Skip", ids.GALLERY_SKIP, "", "btn-outline-secondary"),
                    _button("To do again", ids.GALLERY_TODO, "", "btn-outline-secondary"),
                ],
            ),
            html.Div(
                className="only-boxes",
                children=[
                    *_select("Relabel as", ids.GALLERY_RELABEL, names, placeholder="Relabel as …"),
                    _button("Delete", ids.GALLERY_DELETE, "", "btn-outline-danger"),
                ],
            ),
            _button("Choose all", ids.GALLERY_ALL, "Ctrl A", "btn-link"),
            _button("Choose none", ids.GALLERY_NONE, "Esc", "btn-link"),
        ],
    )


def _charts() -> html.Aside:
    return html.Aside(
        id=ids.GALLERY_CHARTS,
        className="gallery-charts border-start bg-body",
        **{"aria-label": "Charts"},
        children=[
            html.P(id=ids.CHARTS_NOTE, className="small text-body-secondary mb-1"),
            _states(),
            *[
                html.Section(
                    [
                        html.H2(chart.title, className="panel-title"),
                        html.P(chart.hint, className="small text-body-secondary mb-0"),
                        dcc.Graph(
                            id=chart.id,
                            figure=empty_figure(),
                            responsive=True,
                            style={"height": f"{chart.height_px}px"},
                            config={"displayModeBar": False},
                        ),
                    ]
                )
                for chart in CHARTS
            ],
        ],
    )


def _states() -> html.Div:
    """What the colours of cards mean; each is a filter, as the charts are."""
    buttons = [
        html.Button(
            name,
            className="state-filter",
            title=f"Show images that are {name}, or all again",
            **{"data-state": name, "type": "button"},
        )
        for name in STATES
    ]
    return html.Div(buttons, className="state-filters", role="group", **{"aria-label": "States"})


def _grid(component_id: str, name: str) -> html.Div:
    return html.Div(id=component_id, className="grid", role="list", **{"aria-label": name})


def _select(
    text: str, component_id: str, choices: Mapping[str, str], placeholder: str = ""
) -> list[html.Label | dbc.Select]:
    """With a placeholder nothing is selected at first."""
    options = [{"label": name, "value": value} for value, name in choices.items()]
    value = None if placeholder else next(iter(choices))
    return [
        html.Label(text, htmlFor=component_id, className="visually-hidden"),
        dbc.Select(id=component_id, options=options, value=value, placeholder=placeholder, size="sm"),
    ]


def _button(text: str, component_id: str, title: str, look: str) -> html.Button:
    return html.Button(
        text, id=component_id, title=title or None, className=f"btn btn-sm text-nowrap {look}", n_clicks=0
    )
