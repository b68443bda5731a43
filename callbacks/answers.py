"""What routes have in common: answers for whatever goes wrong, numbers from addresses, headers of pictures."""

from __future__ import annotations

import json
import logging
import math
from collections.abc import Callable, Sequence
from functools import wraps
from typing import Any
from urllib.parse import quote

import flask
from dash import Dash
from sqlalchemy.exc import SQLAlchemyError
from werkzeug.exceptions import HTTPException

from data.batch import Batch, Picture
from data.errors import InputError, Unreachable
from data.pictures import Served

A_YEAR_S = 31_536_000
METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
Rule = tuple[str, Callable[..., flask.Response], str]

log = logging.getLogger(__name__)


def add_rules(app: Dash, rules: Sequence[Rule]) -> None:
    """Add (address, view, method) beside Dash's own."""
    prefix = app.config.routes_pathname_prefix
    for rule, view, method in rules:
        # Every method is taken, or Dash would answer the others with its page.
        app.server.add_url_rule(prefix + rule, rule, _answering(view, method), methods=METHODS)


def picture_address(base: str, kind: str, image_id: str, version: str) -> str:
    """Where a picture is had in some form; the version lets browsers keep it for good."""
    return f"{base}{kind}/{quote(image_id)}?v={version}"


def _answering(view: Callable[..., flask.Response], method: str) -> Callable[..., flask.Response]:
    """Turn what can go wrong into a short JSON answer: never a traceback to a person."""

    @wraps(view)
    def answer(**arguments: Any) -> flask.Response:
        found = flask.request.method
        if found not in (method, "HEAD" if method == "GET" else method):
            refused = refusal(405, f"method: found {found}, expected {method}")
            refused.headers["Allow"] = method
            return refused
        for status, texts in ((404, arguments.values()), (400, flask.request.args.values())):
            if any("\0" in text for text in texts):  # which no database and no file can hold
                return refusal(status, "address: found the character NUL, expected text without it")
        try:
            return view(**arguments)
        except Unreachable as error:
            return refusal(503, str(error))
        except InputError as error:
            return refusal(400, str(error))
        except HTTPException as error:
            return refusal(error.code or 500, error.description or "")
        except FileNotFoundError:
            return refusal(503, "a file of the cache was deleted meanwhile; ask again")
        except RecursionError:
            return refusal(400, "body: is nested too deeply")
        except SQLAlchemyError:
            log.exception("the database did not answer %s", flask.request.path)
            return refusal(503, "the database does not answer; nothing was changed, try again")

    return answer


def refusal(status: int, message: str) -> flask.Response:
    """A short JSON answer that says what is wrong."""
    answer = flask.jsonify(error=message)
    answer.status_code = status
    return answer


def looks(view: str | None) -> Any:
    """Which looks a picture has, for a page: an object or null."""
    return json.loads(view) if view else None


def known(batch: Batch, image_id: str) -> Picture:
    """A picture of the batch, or 404."""
    picture = batch.picture(image_id)
    if picture is None:
        flask.abort(404, f"image: {image_id!r} is not in the batch")
    return picture


def whole(given: Any, name: str, default: int) -> int:
    """A whole number of the address."""
    value = given.get(name, str(default))
    if not value.isascii() or not value.isdigit() or len(value) > 9:
        raise InputError(f"{name}: found {value!r}, expected a whole number")
    return int(value)


def number(given: Any, name: str) -> float:
    """A number of the address."""
    try:
        value = float(given.get(name, ""))
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise InputError(f"{name}: found {given.get(name)!r}, expected a number")
    return value


def send(served: Served, version: str) -> flask.Response:
    """The file of a picture."""
    return kept(flask.send_file(served.path, mimetype=served.media_type, conditional=True), version)


def cache_control(version: str) -> str:
    """For good, if it was asked for by its version."""
    return f"private, max-age={A_YEAR_S}, immutable" if flask.request.args.get("v") == version else "no-cache"


def kept(answer: flask.Response, version: str) -> flask.Response:
    """A picture that may be kept for good if it was asked for by its version, and that can run nothing."""
    answer.headers["Cache-Control"] = cache_control(version)
    answer.headers["X-Content-Type-Options"] = "nosniff"
    answer.headers["Content-Security-Policy"] = "default-src 'none'; sandbox"
    return answer
