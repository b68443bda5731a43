"""Pictures over HTTP: as the screen needs them, small, in tiles, and single boxes cut out."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import flask
from dash import Dash

from callbacks.answers import add_rules, kept, known, number, send, whole
from data.batch import Picture
from data.services import Services
from data.stack_views import SCREEN_PX, parse_look

THUMBNAIL_FIT_PX = 256
PRESIGNED_UP_TO_PX = 30_000_000  # larger ones come in tiles; see assets/tiles.mjs


def register(app: Dash, services: Services) -> None:
    """Add the addresses of pictures."""
    routes = Routes(services)
    add_rules(
        app,
        (
            ("images/<path:image_id>", routes.picture, "GET"),
            ("thumbnails/<path:image_id>", routes.thumbnail, "GET"),
            ("tiles/<path:image_id>", routes.tile, "GET"),
            ("crops/<path:image_id>", routes.crop, "GET"),
        ),
    )


class Routes:
    """One method per route."""

    def __init__(self, services: Services) -> None:
        self._services = services

    def picture(self, image_id: str) -> flask.Response:
        """A picture, upright; with ``fit=1`` no larger than a screen needs; a look as `parse_look` takes it.

        One that a browser may load from its bucket is sent there.
        """
        fit_px = SCREEN_PX if flask.request.args.get("fit") else None
        with self._opened(image_id) as (picture, path):
            elsewhere = self._presigned(picture, path)
            if elsewhere:
                answer = flask.Response(status=302, headers={"Location": elsewhere})
                # Taken from the browser's cache, the address still holds for as long again.
                answer.headers["Cache-Control"] = f"private, max-age={self._services.presign // 2}"
                return answer
            look = parse_look(flask.request.args)
            shown = self._services.pictures.shown(path, picture.version, fit_px=fit_px, look=look)
        return send(shown, picture.version)

    def thumbnail(self, image_id: str) -> flask.Response:
        """A small picture for the strip."""
        look = parse_look(flask.request.args)
        with self._opened(image_id) as (picture, path):
            shown = self._services.pictures.thumbnail(path, picture.version, fit_px=THUMBNAIL_FIT_PX, look=look)
        return send(shown, picture.version)

    def tile(self, image_id: str) -> flask.Response:
        """A part of a huge picture: ``level`` 0 is the finest, ``x`` and ``y`` count tiles."""
        given = flask.request.args
        level, x, y = (whole(given, name, 0) for name in ("level", "x", "y"))
        look = parse_look(given)
        with self._opened(image_id) as (picture, path):
            content = self._services.tiles.tile(path, picture.version, _size(picture), (level, x, y), look)
        return kept(flask.Response(content, mimetype="image/jpeg"), picture.version)

    def crop(self, image_id: str) -> flask.Response:
        """What lies in a box given by its corners, and a little around it."""
        given = flask.request.args
        x0, y0, x1, y1 = (number(given, name) for name in ("x0", "y0", "x1", "y1"))
        look = parse_look(given)
        with self._opened(image_id) as (picture, path):
            shown = self._services.crops.crop(path, picture.version, _size(picture), (x0, y0, x1, y1), look)
        return send(shown, picture.version)

    def _presigned(self, picture: Picture, path: Path) -> str | None:
        services = self._services
        width, height = _size(picture)
        if services.presign and width * height <= PRESIGNED_UP_TO_PX and services.pictures.browser_shows(path):
            return services.batch.presigned(picture, services.presign)
        return None

    @contextmanager
    def _opened(self, image_id: str) -> Iterator[tuple[Picture, Path]]:
        """A picture and its file."""
        batch = self._services.batch
        picture = known(batch, image_id)
        if picture.gone or picture.error:
            flask.abort(
                503 if picture.passing else 404, picture.error or f"image: {image_id!r} is no longer in the batch"
            )
        with batch.opening():
            yield picture, batch.file(picture)


def _size(picture: Picture) -> tuple[int, int]:
    return picture.width or 0, picture.height or 0
