"""The HTTP side: the batch, annotations, edits, exports, imports, health."""

from __future__ import annotations

import json
import mimetypes
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import flask
from dash import Dash
from sqlalchemy import text

from callbacks.answers import add_rules, known, looks, number, picture_address, whole
from callbacks.long_work import lines
from data.annotations import annotation_to_dict
from data.batch import Entry
from data.choices import Choice, parse_choice, parse_options
from data.edits import parse_annotator
from data.errors import InputError
from data.formats import WRITTEN, find
from data.formats.model import Options
from data.formats.tree import MOST_FILES, open_files
from data.label_book import as_dict
from data.services import Services
from data.watch import Watch


def register(app: Dash, services: Services) -> None:
    """Add the routes beside Dash's own."""
    routes = Routes(services, base=app.config.requests_pathname_prefix)
    add_rules(
        app,
        (
            ("api/images", routes.images, "GET"),
            ("api/images/<path:image_id>/annotations", routes.annotations, "GET"),
            ("api/labels", routes.labels, "GET"),
            ("api/edits", routes.edits, "POST"),
            ("api/standing", routes.standing, "POST"),
            ("api/export/<name>", routes.export, "GET"),
            ("api/export/<name>/report", routes.export_report, "GET"),
            ("api/imports", routes.bring_in, "POST"),
            ("api/imports/<step>/undo", routes.take_back, "POST"),
            ("health", routes.health, "GET"),
            ("api/<path:rest>", routes.nothing, "GET"),
        ),
    )


class Routes:
    """One method per route; each unpacks, calls a service, packs."""

    def __init__(self, services: Services, *, base: str) -> None:
        self._services = services
        self._base = base

    def images(self) -> flask.Response:
        """A stretch of the batch: ``around`` an image or ``at`` an ordinal, or both as `Batch.window` has it.

        Filtered by ``state``, ``search`` and ``query``, in an ``order``; ``rank`` as `Batch.window` has it.
        """
        given = flask.request.args
        is_placed = "around" not in given or given.get("at", "")
        window = self._services.batch.window(
            annotator_name=given.get("annotator", ""),
            around=given.get("around", ""),
            at=whole(given, "at", 1) if is_placed else None,
            before=whole(given, "before", 0),
            after=whole(given, "after", 99),
            rank=number(given, "rank") if given.get("rank") else None,
            state=given.get("state", "all"),
            search=given.get("search", ""),
            query=given.get("query", ""),
            order=given.get("order", "position"),
        )
        return flask.jsonify(
            total=window.total,
            batch=window.batch,
            counts=window.counts,
            here=window.here,
            indexing=window.indexing,
            problem=window.problem,
            gone=window.gone,
            images=[self._entry_to_dict(entry) for entry in window.entries],
        )

    def annotations(self, image_id: str) -> flask.Response:
        """One image with the annotations of ``annotator``, or of everybody."""
        picture = known(self._services.batch, image_id)
        name = flask.request.args.get("annotator")
        found = self._services.annotations.read(image_id, parse_annotator(name) if name else None)
        answer = flask.jsonify(
            image=image_id,
            width=picture.width,
            height=picture.height,
            error=picture.error or ("This picture is no longer in the batch." if picture.gone else ""),
            url=picture_address(self._base, "images", picture.id, picture.version),
            view=looks(picture.view),
            annotations=[annotation_to_dict(one) for one in found],
        )
        answer.headers["Cache-Control"] = "no-cache"
        answer.add_etag()
        answer.make_conditional(flask.request)
        return answer

    def labels(self) -> flask.Response:
        """Every label, in the order of the palette."""
        return flask.jsonify([as_dict(label) for label in self._services.labels.all()])

    def edits(self) -> flask.Response:
        """Take edits in; the answer comes after the commit."""
        body = flask.request.get_json()
        if not isinstance(body, dict) or not isinstance(body.get("edits"), list):
            raise InputError('body: expected {"annotator": NAME, "edits": [...]}')
        outcome = self._services.annotations.take(parse_annotator(body.get("annotator")), body["edits"])
        refused = [{"id": edit_id, "reason": reason} for edit_id, reason in outcome.refused]
        return flask.jsonify(accepted=outcome.accepted, refused=refused)

    def standing(self) -> flask.Response:
        """Which of some edits nothing has come after: what an undo may take back."""
        body = flask.request.get_json()
        if not isinstance(body, dict) or not isinstance(body.get("edits"), list):
            raise InputError('body: expected {"annotator": NAME, "edits": [{"id": ID, "image": ID}, ...]}')
        found = self._services.annotations.standing(parse_annotator(body.get("annotator")), body["edits"])
        return flask.jsonify(standing=found)

    def export(self, name: str) -> flask.Response:
        """Annotations as a file of a format, streamed; see `data.choices.parse_choice` and `parse_options`."""
        choice, options = _wanted(name)
        file_name, pieces = self._services.exports.stream(name, choice, options)
        answer = flask.Response(pieces, mimetype=mimetypes.guess_type(file_name)[0] or "application/octet-stream")
        answer.headers["Content-Disposition"] = f'attachment; filename="{file_name}"'
        answer.headers["Cache-Control"] = "no-store"
        return answer

    def export_report(self, name: str) -> flask.Response:
        """What an export would hold, written and read back: lines of JSON, see `callbacks.long_work`."""
        choice, options = _wanted(name)
        exports, annotations = self._services.exports, self._services.annotations

        def work(watch: Watch) -> dict[str, Any]:
            report = exports.report(name, choice, options, watch)
            preview = exports.preview(name, choice, options, watch)
            return {**report.as_dict(), "preview": preview, "annotators": annotations.annotators()}

        return _told(work)

    def bring_in(self) -> flask.Response:
        """Import the files of a form: lines of JSON, see `callbacks.long_work`. Files come under ``file``.

        Fields: ``annotator``, ``format``, ``map`` (JSON of old names to new ones), ``voc_base``, and ``mode``: ``do``,
        ``look`` (change nothing) or ``ask`` (change nothing if there is anything to decide).
        """
        _not_from_elsewhere()
        flask.request.max_form_parts = MOST_FILES
        form = flask.request.form
        mode = form.get("mode", "do")
        if mode not in ("do", "look", "ask"):
            raise InputError(f"mode: found {mode!r}, expected do, look or ask")
        chosen = find(form["format"]) if form.get("format") else None
        renames, options = _renames(form.get("map") or "{}"), parse_options(form)
        kept = tempfile.TemporaryDirectory(prefix="import-")
        files = {}
        for nth, file in enumerate(flask.request.files.getlist("file")):
            name = file.filename or f"file {nth}"
            if name in files:
                kept.cleanup()
                raise InputError(f"{name}: was given twice; give files of one name with their folders, or one by one")
            files[name] = Path(kept.name, str(nth))
            file.save(files[name])

        def work(watch: Watch) -> dict[str, Any]:
            with open_files(files) as tree:
                report = self._services.imports.bring_in(
                    tree,
                    chosen,
                    annotator_name=form.get("annotator") or "imported",
                    renames=renames,
                    options=options,
                    dry_run=mode == "look",
                    only_if_clear=mode == "ask",
                    watch=watch,
                )
            return {**report.as_dict(), "clear": report.is_clear}

        answer = _told(work)
        answer.call_on_close(kept.cleanup)
        return answer

    def take_back(self, step: str) -> flask.Response:
        """Undo an import."""
        _not_from_elsewhere()
        return flask.jsonify(summary=self._services.imports.take_back(step))

    def nothing(self, rest: str) -> flask.Response:
        """Whatever else is asked of the API; Dash would answer with its page."""
        flask.abort(404, f"api/{rest}: there is no such address")

    def health(self) -> flask.Response:
        """Whether the database answers."""
        with self._services.database.reading() as connection:
            connection.execute(text("SELECT 1"))
        return flask.jsonify(status="ok", images=self._services.batch.size())

    def _entry_to_dict(self, entry: Entry) -> dict[str, Any]:
        return {
            "id": entry.id,
            "ordinal": entry.ordinal,
            "state": entry.state,
            "boxes": entry.boxes,
            "rank": entry.rank,
            "view": looks(entry.view),
            "opened": entry.view is not None,
            "url": picture_address(self._base, "images", entry.id, entry.version),
            "thumbnail": picture_address(self._base, "thumbnails", entry.id, entry.version),
            "tiles": picture_address(self._base, "tiles", entry.id, entry.version),
        }


def _not_from_elsewhere() -> None:
    """Refuse what a form on another site could send: that one cannot set headers."""
    if not flask.request.headers.get("X-Requested-With"):
        flask.abort(403, "header X-Requested-With: found none, expected any; other sites may not post here")


def _wanted(name: str) -> tuple[Choice, Options]:
    """What the address of an export asks for."""
    if name not in WRITTEN:
        flask.abort(404, f"format: found {name!r}, expected one of {', '.join(WRITTEN)}")
    given = flask.request.args
    listed = {field: given.getlist(field) for field in ("annotator", "state")}
    return parse_choice({**given.to_dict(), **listed}), parse_options(given)


def _renames(text: str) -> dict[str, str]:
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        value = None
    if not isinstance(value, dict) or not all(isinstance(new, str) for new in value.values()):
        raise InputError("map: expected a JSON object of old names to new ones")
    return value


def _told(work: Callable[[Watch], dict[str, Any]]) -> flask.Response:
    answer = flask.Response(lines(work), mimetype="application/x-ndjson")
    answer.headers["Cache-Control"] = "no-store"
    answer.headers["X-Accel-Buffering"] = "no"  # a proxy that waits for the end would show no progress
    return answer
