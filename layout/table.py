"""The table of the boxes of the image on screen."""

from __future__ import annotations

import warnings
from collections.abc import Sequence

from dash import dash_table
from dash.dash_table.Format import Format, Scheme

from layout import ids

COORDINATES = ("X0", "Y0", "X1", "Y1")
PAGE_SIZE = 15


def table(label_names: Sequence[str]) -> dash_table.DataTable:
    """Type, corners and time of each box; editable, and a row can be deleted."""
    with warnings.catch_warnings():
        # Dash 5 will take the table out of the core; requirements.txt holds us below it.
        warnings.filterwarnings("ignore", message=r"\s*The dash_table", category=DeprecationWarning)
        return dash_table.DataTable(
            id=ids.TABLE,
            columns=[
                {"id": "Type", "name": "Type", "presentation": "dropdown", "editable": True},
                *[_coordinate(name) for name in COORDINATES],
                {"id": "Timestamp", "name": "Timestamp", "editable": False},
            ],
            data=[],
            dropdown=type_options(label_names),
            row_deletable=True,
            page_size=PAGE_SIZE,
            cell_selectable=True,
            style_as_list_view=True,
            style_table={"overflow": "visible"},  # or the menu of the Type column is cut off
            style_cell={"padding": "2px 3px", "textAlign": "right", "minWidth": "3.1rem"},
            style_cell_conditional=[
                {"if": {"column_id": "Type"}, "textAlign": "left", "minWidth": "5.6rem"},
                {"if": {"column_id": "Timestamp"}, "whiteSpace": "nowrap"},
            ],
        )


def type_options(label_names: Sequence[str]) -> dict[str, object]:
    """The choices of the Type column."""
    return {
        "Type": {"options": [{"label": name, "value": name} for name in label_names], "clearable": False},
    }


def _coordinate(name: str) -> dict[str, object]:
    # What is typed is checked in the page, with a message; the table itself would refuse it without a word.
    return {
        "id": name,
        "name": name,
        "type": "numeric",
        "editable": True,
        "format": Format(precision=1, scheme=Scheme.fixed).to_plotly_json(),
        "on_change": {"action": "none"},
    }
