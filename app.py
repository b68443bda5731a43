"""Dash Annotator: draw labelled boxes on batches of images.

This is the only place where the parts are put together: `create_app` for tests and
forkers, `server` for gunicorn, and the command line. Importing it does nothing.
"""

from __future__ import annotations

import argparse
import logging
import os
import socket
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from data.errors import InputError
from data.settings import SETTINGS, Settings, make_settings

NAME = "Dash Annotator"
GUNICORN_STOPS = 4  # the exit code on which gunicorn gives up, where any other would start the worker again for ever


def create_app(settings: Settings) -> Any:
    """Make a Dash app for the settings, with a database of its own kind and the batch being indexed behind.

    Raises InputError in one line when a setting is of no use.
    """
    from dash import Dash

    from callbacks import register
    from data.database import open_database
    from data.label_book import as_dict
    from data.services import make_services
    from layout.page import INDEX, page

    services = make_services(settings, open_database(settings.database))
    identity = services.database.identity()
    app = Dash(
        NAME,
        assets_folder=str(Path(__file__).parent / "assets"),
        assets_ignore=r"^(?!main\.mjs$).*\.mjs$",  # main.mjs imports the others
        title=NAME,
        update_title="",
        index_string=INDEX,
        compress=True,
    )
    # Or what was compressed would never be found unchanged.
    app.server.config["COMPRESS_EVALUATE_CONDITIONAL_REQUEST"] = True
    app.layout = lambda: page(
        labels=[as_dict(label) for label in services.labels.all()],
        formats={"json": "JSON (Dash Annotator)"},
        base=app.config.requests_pathname_prefix,
        database=identity,
    )
    register(app, services)
    services.indexer.start()
    app.services = services
    return app


def warm_up(app: Any) -> None:
    """Ask for the page once, so that the first person does not meet half-registered assets."""
    app.server.test_client().get(app.config.routes_pathname_prefix)


def __getattr__(name: str) -> Any:
    """``app:server`` for gunicorn, made when it is asked for and not at import."""
    if name != "server":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    try:
        app = create_app(make_settings({}, os.environ))
    except InputError as error:
        print(f"{NAME}: {error}", file=sys.stderr)
        sys.exit(GUNICORN_STOPS)
    warm_up(app)
    globals()["server"] = app.server
    return app.server


def main(arguments: Sequence[str] | None = None) -> int:
    """The command line. Returns the exit code: 0, or 2 with one line on standard error."""
    given = vars(_parser().parse_args(arguments))
    logging.basicConfig(format="%(levelname)s %(name)s: %(message)s", level=logging.WARNING)
    command = given.pop("command") or serve
    try:
        return int(command(make_settings(given, os.environ), given))
    except InputError as error:
        print(f"{NAME}: {error}", file=sys.stderr)
        return 2


def serve(settings: Settings, _given: dict[str, Any]) -> int:
    """Serve the page until interrupted."""
    from werkzeug.serving import make_server

    app = create_app(settings)
    warm_up(app)
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    try:
        family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
        listening = socket.create_server((settings.host, settings.port), family=family)
    except OSError as error:
        reason = error.strerror or "not allowed"
        raise InputError(f"{settings.host}:{settings.port}: {reason}; choose another --port or --host") from None
    http = make_server(settings.host, settings.port, app.server, threaded=True, fd=listening.fileno())
    print(f"{NAME} on http://{settings.host}:{listening.getsockname()[1]}", flush=True)
    try:
        http.serve_forever()
    except KeyboardInterrupt:
        print()
    return 0


def export(settings: Settings, given: dict[str, Any]) -> int:
    """Write all annotations to a file, whole or not at all."""
    if given["format"] != "json":
        raise InputError(f"format: found {given['format']!r}, expected json")
    services = _services(settings, given)
    target = Path(given["path"])
    partial = target.with_name(target.name + ".part")
    try:
        with partial.open("w", encoding="utf-8") as file:
            file.writelines(services.transfer.export_json())
        partial.replace(target)
    except OSError as error:
        raise InputError(f"{target}: cannot be written ({error.strerror})") from error
    print(f"Written: {target}, from {settings.database.rpartition('@')[2].removeprefix('sqlite:///')}")
    return 0


def import_file(settings: Settings, given: dict[str, Any]) -> int:
    """Bring a file in and print what became of it."""
    services = _services(settings, given)
    services.indexer.index()
    path = Path(given["path"])
    try:
        content = path.read_bytes()
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror})") from error
    report = services.transfer.bring_in(path.name, content, annotator_name=given["annotator"])
    for note in report.notes:
        print(f"  {note}")
    print(report.summary())
    print(f"To take it back, with the same --database: python app.py undo-import {report.step}")
    return 0


def undo_import(settings: Settings, given: dict[str, Any]) -> int:
    """Take an import back."""
    print(_services(settings, given).transfer.take_back(given["step"]))
    return 0


def list_imports(settings: Settings, given: dict[str, Any]) -> int:
    """Print the imports so far, latest first."""
    for step in _services(settings, given).transfer.steps():
        print(step["id"], step["time"], step["file"], f"(taken back {step['undone']})" if step["undone"] else "")
    return 0


def _services(settings: Settings, given: dict[str, Any]) -> Any:
    from data.database import open_database
    from data.services import make_services

    keep_labels = not (given.get("labels") or os.environ.get("LABELS"))
    return make_services(settings, open_database(settings.database), keep_labels=keep_labels)


def _parser() -> argparse.ArgumentParser:
    options = argparse.ArgumentParser(add_help=False)
    for setting in SETTINGS:
        flag = "--" + setting.name.replace("_", "-")
        text = f"{setting.help} (default {setting.default}; or the variable {setting.variable})"
        options.add_argument(
            flag, dest=setting.name, metavar=setting.name.upper(), default=argparse.SUPPRESS, help=text
        )
    parser = argparse.ArgumentParser(
        prog="app.py", description="Draw labelled bounding boxes on batches of images.", parents=[options]
    )
    parser.set_defaults(command=None)
    commands = parser.add_subparsers(title="commands")

    def add(name: str, function: Any) -> argparse.ArgumentParser:
        command = commands.add_parser(name, help=function.__doc__, description=function.__doc__, parents=[options])
        command.set_defaults(command=function)
        return command

    add("serve", serve)
    exporting = add("export", export)
    exporting.add_argument("format", metavar="FORMAT", help="json")
    exporting.add_argument("path", metavar="PATH", help="file to write")
    importing = add("import", import_file)
    importing.add_argument("path", metavar="PATH", help="file to read: JSON of this app, or of the 2020 demo")
    importing.add_argument("--annotator", default="imported", help="whose boxes they are, where the file does not say")
    add("imports", list_imports)
    add("undo-import", undo_import).add_argument("step", metavar="ID", help="as `import` and `imports` print it")
    return parser


if __name__ == "__main__":
    sys.exit(main())
