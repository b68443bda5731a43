"""The gallery: opening it, asking, choosing many; and over HTTP, a stretch at a time (see `data.gallery`)."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import flask
from dash import Dash, Input

from callbacks.answers import add_rules, looks, picture_address, whole
from callbacks.clientside import on
from data.gallery import Card, Crop
from data.services import Services
from layout import ids


def register(app: Dash, services: Services) -> None:
    """Each function of the page gets what its control says; the addresses answer what the page asks."""
    on(app, "gallery", Input(ids.GALLERY_OPEN, "n_clicks"))
    on(
        app,
        "gallery_asked",
        Input(ids.GALLERY_QUERY, "value"),
        Input(ids.GALLERY_ORDER, "value"),
        Input(ids.GALLERY_LABEL, "value"),
        Input(ids.GALLERY_WALL_ORDER, "value"),
    )
    on(app, "gallery_images", Input(ids.GALLERY_SHOW_IMAGES, "n_clicks"))
    on(app, "gallery_boxes", Input(ids.GALLERY_SHOW_BOXES, "n_clicks"))
    on(app, "gallery_done", Input(ids.GALLERY_DONE, "n_clicks"))
    on(app, "gallery_skip", Input(ids.GALLERY_SKIP, "n_clicks"))
    on(app, "gallery_todo", Input(ids.GALLERY_TODO, "n_clicks"))
    on(app, "gallery_relabel", Input(ids.GALLERY_RELABEL, "value"))
    on(app, "gallery_delete", Input(ids.GALLERY_DELETE, "n_clicks"))
    on(app, "gallery_all", Input(ids.GALLERY_ALL, "n_clicks"))
    on(app, "gallery_none", Input(ids.GALLERY_NONE, "n_clicks"))
    on(app, "gallery_charts", Input(ids.GALLERY_CHARTS_TOGGLE, "n_clicks"))
    on(app, "filter_cleared", Input(ids.FILTER_CLEAR, "n_clicks"))
    routes = Routes(services, base=app.config.requests_pathname_prefix)
    add_rules(
        app,
        (
            ("api/gallery", routes.cards, "GET"),
            ("api/gallery/ids", routes.ids, "GET"),
            ("api/crops", routes.crops, "GET"),
        ),
    )


class Routes:
    """One method per route. All take ``annotator`` (who asks), ``query``, ``order``, ``at`` (from 1) and ``most``.

    With ``counted=0`` the answer does not wait for how many there are in all.
    """

    def __init__(self, services: Services, *, base: str) -> None:
        self._gallery = services.gallery
        self._base = base

    def cards(self) -> flask.Response:
        """Images with the work on them and their boxes."""
        page = self._gallery.page(**_asked(), counted=_counted())
        cards = [self._card(card) for card in page.cards]
        return flask.jsonify(total=page.total, whose=page.whose, cards=cards)

    def ids(self) -> flask.Response:
        """Ids, own states and their reasons: enough to choose many images."""
        rows = self._gallery.ids(**_asked())
        return flask.jsonify([dict(zip(("id", "mine", "reason", "stamp"), row, strict=True)) for row in rows])

    def crops(self) -> flask.Response:
        """The boxes of a ``label``."""
        asked = _asked()
        total, crops = self._gallery.crops(**asked, label_name=flask.request.args.get("label", ""), counted=_counted())
        found = [self._crop(ordinal, crop) for ordinal, crop in enumerate(crops, start=asked["at"])]
        return flask.jsonify(total=total, cards=found)

    def _card(self, card: Card) -> dict[str, Any]:
        boxes: dict[str, list[int]] = {}
        for name, *corners in card.boxes:
            boxes.setdefault(name, []).extend(map(round, corners))
        thumbnail = "" if card.error else picture_address(self._base, "thumbnails", card.id, card.version)
        return {**asdict(card), "view": looks(card.view), "boxes": boxes, "thumbnail": thumbnail}

    def _crop(self, ordinal: int, crop: Crop) -> dict[str, Any]:
        x0, y0, x1, y1 = crop.corners
        address = picture_address(self._base, "crops", crop.image, crop.version)
        address += f"&x0={x0}&y0={y0}&x1={x1}&y1={y1}"
        return {**asdict(crop), "view": looks(crop.view), "ordinal": ordinal, "crop": address}


def _asked() -> dict[str, Any]:
    given = flask.request.args
    return {
        "me": given.get("annotator", ""),
        "query": given.get("query", ""),
        "order": given.get("order", "position"),
        "at": whole(given, "at", 1),
        "most": whole(given, "most", 60),
    }


def _counted() -> bool:
    return flask.request.args.get("counted") != "0"
