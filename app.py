"""Dash Annotator: draw labelled boxes on batches of images.

This is the only place where the parts are put together: `create_app` for tests and
forkers, `server` for gunicorn, and the command line. Importing it does nothing.
"""

from __future__ import annotations

import argparse
import json
import logging
import os
import socket
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from data.errors import InputError, PartlyListed
from data.settings import SETTINGS, Settings, make_settings

NAME = "Dash Annotator"
INTERRUPTED = 130
TOLD_EVERY_S = 0.2
GUNICORN_STOPS = 4  # the exit code on which gunicorn gives up, where any other would start the worker again for ever


def create_app(settings: Settings) -> Any:
    """Make a Dash app for the settings, with a database of its own kind and the batch being indexed behind.

    Raises InputError in one line when a setting is of no use.
    """
    from callbacks import register
    from callbacks.assets import Page
    from data.database import open_database
    from data.formats import WRITTEN
    from data.label_book import as_dict
    from data.services import make_services
    from layout.page import page

    services = make_services(settings, open_database(settings.database))
    identity = services.database.identity()
    app = Page(
        NAME,
        assets_folder=str(Path(__file__).parent / "assets"),
        include_assets_files=False,
        title=NAME,
        update_title="",
        suppress_callback_exceptions=True,  # or the page comes with a second copy of itself
        compress=True,
    )
    # Or what was compressed would never be found unchanged.
    app.server.config["COMPRESS_EVALUATE_CONDITIONAL_REQUEST"] = True
    app.layout = lambda: page(
        labels=[as_dict(label) for label in services.labels.all()],
        formats={one.name: one.title for one in WRITTEN.values()},
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
    except KeyboardInterrupt:
        print(f"\n{NAME}: stopped; nothing was changed", file=sys.stderr)
        return INTERRUPTED


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
    from data.choices import parse_choice, parse_options
    from data.formats import written

    written(given["format"])
    choice, options = parse_choice(given), parse_options(given)
    services = _services(settings, given)
    target = Path(given["path"])
    report = services.exports.to_path(given["format"], target, choice, options, _on_terminal())
    if _printed(report, given, (*report.notes, *report.left_out)):
        return 0
    print(f"Written: {target}, from {settings.database.rpartition('@')[2].removeprefix('sqlite:///')}")
    return 0


def import_file(settings: Settings, given: dict[str, Any]) -> int:
    """Bring a file in and print what became of it."""
    from data.choices import parse_options
    from data.formats import find
    from data.formats.tree import open_tree

    renames = {}
    for pair in given["map"]:
        old, equals, new = pair.partition("=")
        if not equals or not old:
            raise InputError(f"--map: found {pair!r}, expected OLD=NEW, or OLD= to leave the label out")
        renames[old] = new
    chosen = find(given["format"]) if given["format"] else None
    services = _services(settings, given, must_exist=False)
    try:
        services.indexer.index()
    except PartlyListed as error:
        print(f"Note: {error}", file=sys.stderr)
    with open_tree(Path(given["path"])) as tree:
        report = services.imports.bring_in(
            tree,
            chosen,
            annotator_name=given["annotator"],
            renames=renames,
            options=parse_options(given),
            dry_run=given["dry_run"],
            watch=_on_terminal(),
        )
    if _printed(report, given, (*report.doubts, *report.notes)):
        return 0
    if given["dry_run"]:
        print("Nothing was changed: this was a dry run.")
    elif report.step:
        print(f"To take it back, with the same --database: python app.py undo-import {report.step}")
    else:
        here = report.boxes_unchanged and not report.notes
        print(f"Nothing was changed: {'all of it is here already' if here else 'there was nothing new to take'}.")
    return 0


def undo_import(settings: Settings, given: dict[str, Any]) -> int:
    """Take an import back."""
    print(_services(settings, given).imports.take_back(given["step"]))
    return 0


def list_imports(settings: Settings, given: dict[str, Any]) -> int:
    """Print the imports so far, latest first."""
    steps = _services(settings, given).imports.steps()
    if not steps:
        print("No imports yet.")
    for step in steps:
        print(step["id"], step["time"], step["file"], f"(taken back {step['undone']})" if step["undone"] else "")
    return 0


def _printed(report: Any, given: dict[str, Any], remarks: Sequence[str]) -> bool:
    """Print a report, as JSON if that was asked for; whether that is all that is to be printed."""
    if given["report"] == "json":
        print(json.dumps(report.as_dict(), ensure_ascii=False, indent=2))
        return True
    for line in remarks:
        print(f"  {line}")
    print(report.summary())
    return False


def _on_terminal() -> Any:
    """Tells a person at a terminal how far it is; a file or a pipe gets only the report."""
    from data.watch import Watch

    if not sys.stderr.isatty():
        return Watch()
    told = 0.0

    def tell(doing: str, count: int) -> None:
        nonlocal told
        if time.monotonic() - told > TOLD_EVERY_S:
            told = time.monotonic()
            print(f"\r{doing}: {count:,} ", end="", file=sys.stderr, flush=True)

    return Watch(tell)


def _services(settings: Settings, given: dict[str, Any], *, must_exist: bool = True) -> Any:
    from data.database import open_database
    from data.services import make_services

    file = Path(settings.database.removeprefix("sqlite:///"))
    if must_exist and settings.database.startswith("sqlite:///") and not file.is_file():
        raise InputError(f"--database {file}: does not exist, so there is nothing in it; is the path right?")
    keep_labels = not (given.get("labels") or os.environ.get("LABELS"))
    return make_services(settings, open_database(settings.database), keep_labels=keep_labels)


def _parser() -> argparse.ArgumentParser:
    from data.formats import WRITTEN

    options = argparse.ArgumentParser(add_help=False)
    for setting in SETTINGS:
        flag = "--" + setting.name.replace("_", "-")
        text = f"{setting.help} (default {setting.default}; or the variable {setting.variable})"
        action = "append" if setting.name == "images" else "store"
        options.add_argument(
            flag, dest=setting.name, metavar=setting.name.upper(), action=action, default=argparse.SUPPRESS, help=text
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
    exporting.add_argument("format", metavar="FORMAT", help="one of: " + ", ".join(WRITTEN))
    exporting.add_argument("path", metavar="PATH", help="file, folder or .zip to write")
    exporting.add_argument("--annotator", action="append", metavar="NAME", help="only this one's; may be repeated")
    exporting.add_argument(
        "--state", action="append", metavar="STATE", help="only images in this state; may be repeated"
    )
    exporting.add_argument(
        "--untouched", choices=("yes", "no"), help="with the images nobody touched, or without (default: by the format)"
    )
    exporting.add_argument("--pictures", action="store_const", const="yes", help="with the pictures")
    exporting.add_argument(
        "--each", action="store_const", const="yes", help="a folder for each annotator instead of all together"
    )
    exporting.add_argument("--split", metavar="80/10/10", help="shares of train, val and test")
    exporting.add_argument("--seed", default="0", help="another number makes another split (default 0)")
    exporting.add_argument(
        "--voc-base", default="0", help="0: corners as they are (default); 1: as the VOC devkit counts"
    )
    exporting.add_argument("--voc-integers", action="store_const", const="yes", help="whole pixels in Pascal VOC")
    exporting.add_argument("--coco-first-id", default="1", help="0 or 1 (default)")
    exporting.add_argument("--report", choices=("text", "json"), default="text", help="how the report is printed")
    importing = add("import", import_file)
    importing.add_argument("path", metavar="PATH", help="file, folder or .zip of any known format")
    importing.add_argument(
        "--map",
        action="append",
        default=[],
        metavar="OLD=NEW",
        help="rename a label; OLD= leaves it out; may be repeated",
    )
    importing.add_argument("--format", metavar="FORMAT", help="what it is, where that cannot be told from its content")
    importing.add_argument("--dry-run", action="store_true", help="only say what would happen")
    importing.add_argument(
        "--voc-base", default="0", help="0 or 1: how the VOC files count pixels, where they do not say"
    )
    importing.add_argument("--report", choices=("text", "json"), default="text", help="how the report is printed")
    importing.add_argument("--annotator", default="imported", help="whose boxes they are, where the file does not say")
    add("imports", list_imports)
    add("undo-import", undo_import).add_argument("step", metavar="ID", help="as `import` and `imports` print it")
    return parser


if __name__ == "__main__":
    sys.exit(main())
