"""Settings, the command line, and what a faulty start says."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from werkzeug.serving import BaseWSGIServer

import app
from data.database import open_database
from data.errors import InputError
from data.settings import SETTINGS, database_url, make_settings
from layout.keys import GROUPS, bindings

ROOT = Path(__file__).parents[2]


def test_an_option_wins_over_the_variable_and_that_over_the_default() -> None:
    assert make_settings({}, {}).port == 8050
    assert make_settings({}, {"PORT": "9"}).port == 9
    assert make_settings({"port": "7"}, {"PORT": "9"}).port == 7


def test_heroku_urls_and_plain_paths_are_understood(tmp_path: Path) -> None:
    assert database_url("postgres://u:p@h/d") == "postgresql+psycopg://u:p@h/d"
    assert database_url("postgresql://h/d") == "postgresql+psycopg://h/d"
    assert database_url(str(tmp_path / "a.db")) == f"sqlite:///{tmp_path}/a.db"
    assert database_url("sqlite:////x.db") == "sqlite:////x.db"


def test_a_disk_that_does_not_last_is_refused() -> None:
    with pytest.raises(InputError, match="heroku addons:create heroku-postgresql"):
        make_settings({}, {"DYNO": "web.1"})
    assert make_settings({}, {"DYNO": "web.1", "DATABASE_URL": "postgres://h/d"}).database.endswith("//h/d")


@pytest.mark.parametrize("port", ["x", "-1", "65536", "8e3", "²"])
def test_a_port_must_be_a_number(port: str) -> None:
    with pytest.raises(InputError, match=r"--port: found .* expected a whole number from 0 to 65535"):
        make_settings({"port": port}, {})


def test_the_readme_names_every_setting_and_every_key() -> None:
    readme = (ROOT / "README.md").read_text()
    for setting in SETTINGS:
        assert f"| `--{setting.name.replace('_', '-')}` | `{setting.variable}` | `{setting.default}` |" in readme
    for letter in "DAEXJBRFHC":
        assert f"`{letter}`" in readme


def test_every_key_of_the_page_has_an_action_in_the_page() -> None:
    source = (ROOT / "assets" / "actions.mjs").read_text()
    for action in set(bindings().values()):
        assert f'case "{action.removesuffix("-10")}"' in source
    keys = [key for _, entries in GROUPS for entry in entries for key in entry.keys]
    assert len(keys) == len(set(keys))


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--images", "{tmp}/none"], "does not exist; give a folder of pictures with --images FOLDER"),
        (["--images", "{tmp}/empty"], "holds no picture"),
        (["--images", "{tmp}/file.txt"], "line 1: found 'not what you"),
        (["--images", "{tmp}/file.toml"], "is no folder, .zip or list"),
        (["--images", "ftp://x/y"], "found ftp://x/y, expected a folder"),
        (["--images", "az://bucket/x"], "az:// needs the package adlfs; install it with: pip install adlfs"),
        (["--labels", "{tmp}/none.toml"], "cannot be read"),
        (["--labels", "{tmp}/file.txt"], "is not TOML"),
        (["--database", "postgresql://127.0.0.1:1/x"], "check --database or DATABASE_URL"),
        (["--database", "{tmp}/file.txt"], "file is not a database"),
        (["--database", "oracle://x"], "expected a SQLite file or postgresql://USER"),
        (["--database", "{tmp}/file.txt/a.db"], "its folder cannot be made"),
        (["--port", "http"], "expected a whole number"),
        (["--cache", "{tmp}/file.txt"], "nothing can be written there"),
        (["export", "yaml", "{tmp}/x"], "format: found 'yaml', expected one of coco, createml"),
        (["export", "json", "{tmp}/none/x.json"], "cannot be written"),
        (["import", "{tmp}/none.json"], "cannot be read"),
        (["import", "{tmp}/file.txt"], "is of no known format; expected one of"),
        (["undo-import", "x"], "not found"),
        (["imports", "--database", "{tmp}/typo.db"], "typo.db: does not exist, so there is nothing in it"),
    ],
)
def test_a_faulty_start_is_one_clear_line_and_code_2(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    arguments: list[str],
    says: str,
) -> None:
    monkeypatch.setitem(sys.modules, "adlfs", None)  # as where it is not installed
    monkeypatch.setattr(BaseWSGIServer, "serve_forever", lambda _server: pytest.fail("it started"))
    (tmp_path / "empty").mkdir()
    (tmp_path / "file.toml").write_text("")
    (tmp_path / "file.txt").write_text("not what you think it is, whatever that was " * 30)
    given = [argument.format(tmp=tmp_path) for argument in arguments]
    if "--database" not in given:
        given += ["--database", str(tmp_path / "a.db")]
    if not {"--cache", "--port"} & set(given):
        given += ["--cache", str(tmp_path / "c")]
    if arguments[0] in ("export", "undo-import"):
        open_database(database_url(str(tmp_path / "a.db"))).engine.dispose()
    assert app.main(given) == 2
    error = capsys.readouterr().err
    assert says in error
    assert error.startswith("Dash Annotator: ")
    assert error.count("\n") == 1


def test_export_and_import_on_the_command_line(
    tmp_path: Path, pictures: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    demo = tmp_path / "demo.json"
    shape = {"line": {"color": "#FD3216"}, "x0": 9.5, "y0": 9.5, "x1": 49.5, "y1": 49.5}
    demo.write_text(json.dumps({"img1.jpg": {"shapes": [shape]}, "starttime": 0}))
    common = ["--images", str(pictures), "--database", str(tmp_path / "a.db"), "--cache", str(tmp_path / "c")]
    assert app.main(["import", str(demo), "--annotator", "demo", *common]) == 0
    printed = capsys.readouterr().out
    assert "1 box added" in printed
    step = printed.split()[-1]
    target = tmp_path / "out.json"
    assert app.main(["export", "json", str(target), *common]) == 0
    [box] = json.loads(target.read_text())["images"][0]["annotations"][0]["boxes"]
    assert (box["label"], box["x0"], box["x1"]) == ("tree", 10, 50)
    assert app.main(["undo-import", step, *common]) == 0
    assert app.main(["imports", *common]) == 0
    assert "taken back" in capsys.readouterr().out


def test_a_line_that_cannot_be_taken_keeps_no_import_from_the_others(
    tmp_path: Path, pictures: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    listed = tmp_path / "list.txt"
    listed.write_text(f"{pictures}/img1.jpg\nnotes.doc\n")
    (tmp_path / "boxes.csv").write_text(
        "filename,width,height,class,xmin,ymin,xmax,ymax\nimg1.jpg,640,480,cat,1,2,30,40\n"
    )
    common = ["--images", str(listed), "--database", str(tmp_path / "a.db"), "--cache", str(tmp_path / "c")]
    assert app.main(["import", str(tmp_path / "boxes.csv"), "--annotator", "ada", *common]) == 0
    said = capsys.readouterr()
    assert "1 box added" in said.out
    assert "Note: images: " in said.err
    assert "line 2: found 'notes.doc'" in said.err


def test_an_export_without_a_labels_file_keeps_the_labels_of_the_database(tmp_path: Path, pictures: Path) -> None:
    labels = tmp_path / "own.toml"
    labels.write_text("[[label]]\nname = 'dog'\n")
    common = ["--images", str(pictures), "--database", str(tmp_path / "a.db"), "--cache", str(tmp_path / "c")]
    target = tmp_path / "out.json"
    open_database(database_url(str(tmp_path / "a.db"))).engine.dispose()
    assert app.main(["export", "json", str(target), "--labels", str(labels), *common]) == 0
    assert app.main(["export", "json", str(target), *common]) == 0
    assert [label["name"] for label in json.loads(target.read_text())["labels"]] == ["dog"]


def test_a_dry_run_says_what_an_import_would_do(
    tmp_path: Path, pictures: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    common = ["--images", str(pictures), "--database", str(tmp_path / "a.db"), "--cache", str(tmp_path / "c")]
    (tmp_path / "a.csv").write_text("filename,width,height,class,xmin,ymin,xmax,ymax\nimg1.jpg,640,480,cat,1,2,30,40\n")
    assert app.main(["import", str(tmp_path / "a.csv"), "--dry-run", *common]) == 0
    assert "1 box to add" in (said := capsys.readouterr().out)
    assert "Nothing was changed: this was a dry run." in said
    assert app.main(["import", str(tmp_path / "a.csv"), *common]) == 0
    assert "1 box added" in capsys.readouterr().out


def test_importing_the_modules_does_nothing(tmp_path: Path) -> None:
    code = "import app, callbacks, layout.page, data.services, sys; sys.exit('instance' in str(list(__import__('os').scandir('.'))))"
    result = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, env={"PYTHONPATH": str(ROOT)}, check=False)
    assert result.returncode == 0


def test_gunicorn_finds_the_server(tmp_path: Path, pictures: Path) -> None:
    code = "from gunicorn.util import import_app; s = import_app('app:server'); print(s.test_client().get('/health').json['status'])"
    variables = {
        "IMAGES": str(pictures),
        "DATABASE_URL": str(tmp_path / "a.db"),
        "CACHE": str(tmp_path / "c"),
        "PYTHONPATH": str(ROOT),
    }
    result = subprocess.run([sys.executable, "-c", code], env=variables, capture_output=True, text=True, check=False)
    assert result.stdout.strip() == "ok", result.stderr


@pytest.mark.parametrize("variable", ["THREADS", "WEB_CONCURRENCY"])
def test_a_faulty_number_for_gunicorn_is_one_clear_line(variable: str) -> None:
    environment = {**os.environ, variable: "many"}
    code = "import runpy; runpy.run_path('gunicorn.conf.py')"
    result = subprocess.run(
        [sys.executable, "-c", code], env=environment, cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert result.returncode == 1
    assert result.stderr == f"{variable}: found 'many', expected a whole number from 1 on\n"


def test_help_names_everything(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stop:
        app.main(["--help"])
    assert stop.value.code == 0
    text = capsys.readouterr().out
    for word in (
        "--images",
        "--labels",
        "--database",
        "--port",
        "serve",
        "export",
        "import",
        "undo-import",
        "DATABASE_URL",
    ):
        assert word in text


def test_a_picture_in_the_sample_is_there() -> None:
    from data.sources.folders import SampleSource

    source = SampleSource()
    found = list(source.walk())
    assert len(found) >= 10
    assert all(source.fetch(one.location, one.version).is_file() for one in found)
