"""Callbacks that run in the page: each names a function of `assets/callbacks.mjs`.

They have no output. What they set off goes through the page's one model
(`assets/session.mjs`), which then writes store, figure and table together.
"""

from __future__ import annotations

from dash import ClientsideFunction, Dash, Input, State

NAMESPACE = "annotator"


def on(app: Dash, function: str, *arguments: Input | State) -> None:
    """Call a function of the page when an input changes; never at the start, where nothing is known yet."""
    app.clientside_callback(ClientsideFunction(NAMESPACE, function), *arguments, prevent_initial_call=True)
