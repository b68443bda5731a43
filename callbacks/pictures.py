"""Pictures over HTTP: as the screen needs them, small, in tiles, and single boxes cut out."""

from __future__ import annotations

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
        picture = self._readable(image_id)
        fit_px = SCREEN_PX if flask.request.args.get("fit") else None
        path = self._services.batch.file(picture)
        elsewhere = self._presigned(picture, path)
        if elsewhere:
            answer = flask.Response(status=302, headers={"Location": elsewhere})
            # Taken from the browser's cache, the address still holds for as long again.
            answer.headers["Cache-Control"] = f"private, max-age={self._services.presign // 2}"
            return answer
        look = parse_look(flask.request.args)
        return send(self._services.pictures.shown(path, picture.version, fit_px=fit_px, look=look), picture.version)

    def thumbnail(self, image_id: str) -> flask.Response:
        """A small picture for the strip."""
        picture = self._readable(image_id)
        path = self._services.batch.file(picture)
        look = parse_look(flask.request.args)
        shown = self._services.pictures.thumbnail(path, picture.version, fit_px=THUMBNAIL_FIT_PX, look=look)
        return send(shown, picture.version)

    def tile(self, image_id: str) -> flask.Response:
        """A part of a huge picture: ``level`` 0 is the finest, ``x`` and ``y`` count tiles."""
        picture = self._readable(image_id)
        given = flask.request.args
        place = [whole(given, name, 0) for name in ("level", "x", "y")]
        size = picture.width or 0, picture.height or 0
        path, look = self._services.batch.file(picture), parse_look(given)
        content = self._services.tiles.tile(path, picture.version, size, (place[0], place[1], place[2]), look)
        return kept(flask.Response(content, mimetype="image/jpeg"), picture.version)

    def crop(self, image_id: str) -> flask.Response:
        """What lies in a box given by its corners, and a little around it."""
        picture = self._readable(image_id)
        x0, y0, x1, y1 = (number(flask.request.args, name) for name in ("x0", "y0", "x1", "y1"))
        path = self._services.batch.file(picture)
        size = picture.width or 0, picture.height or 0
        look = parse_look(flask.request.args)
        return send(self._services.crops.crop(path, picture.version, size, (x0, y0, x1, y1), look), picture.version)

    def _presigned(self, picture: Picture, path: Path) -> str | None:
        services = self._services
        is_small = (picture.width or 0) * (picture.height or 0) <= PRESIGNED_UP_TO_PX
        if services.presign and is_small and services.pictures.browser_shows(path):
            return services.batch.presigned(picture, services.presign)
        return None

    def _readable(self, image_id: str) -> Picture:
        picture = known(self._services.batch, image_id)
        if picture.gone or picture.error:
            flask.abort(404, picture.error or f"image: {image_id!r} is no longer in the batch")
        return picture
