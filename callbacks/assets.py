"""Styles and modules of the page, at addresses that change with them: a browser asks for each only once."""

from __future__ import annotations

from pathlib import Path

import flask
from dash import Dash

from callbacks.answers import cache_control
from data.services import Services
from layout.page import document

FOLDER = Path(__file__).parent.parent / "assets"
KINDS = (".css", ".mjs")


class Page(Dash):
    """Dash, with the page's own styles and modules in the place of those that it would find itself."""

    def interpolate_index(self, **parts: str) -> str:
        """The HTML, of which Dash has made parts."""
        files = {self.get_asset_url(path.name): path for path in sorted(FOLDER.iterdir()) if path.suffix in KINDS}
        addresses = {address: f"{address}?v={_version(path)}" for address, path in files.items()}
        return document(base=self.config.requests_pathname_prefix, files=addresses, parts=parts)


def register(app: Dash, _services: Services) -> None:
    """Let browsers keep what they asked for by its version."""

    folder = f"{app.config.routes_pathname_prefix}assets/"

    @app.server.after_request
    def keep(answer: flask.Response) -> flask.Response:
        name = flask.request.path.removeprefix(folder)
        if name != flask.request.path and answer.status_code == 200 and name.endswith(KINDS):
            answer.headers["Cache-Control"] = cache_control(_version(FOLDER / name))
        return answer


def _version(path: Path) -> str:
    status = path.stat()
    return f"{status.st_mtime_ns:x}-{status.st_size:x}"
