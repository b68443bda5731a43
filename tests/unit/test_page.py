"""The page as it is sent: what it loads, what browsers keep of it, and what its callbacks speak of."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from callbacks import assets
from callbacks.assets import FOLDER
from tests.conftest import Site


@pytest.fixture(params=["/", "/team/"])
def app(request: pytest.FixtureRequest, serve: Callable[..., Site], monkeypatch: pytest.MonkeyPatch) -> Any:
    """An app, also as it is served under a path."""
    monkeypatch.setenv("DASH_URL_BASE_PATHNAME", request.param)
    return serve().app


def test_styles_and_modules_are_kept_for_good_until_they_change(app: Any) -> None:
    client, base = app.server.test_client(), app.config.requests_pathname_prefix
    page = client.get(base).text
    modules = json.loads(re.findall(r'<script type="importmap">(.*?)</script>', page)[0])["imports"]
    assert set(modules) == {f"{base}assets/{path.name}" for path in FOLDER.glob("*.mjs")}
    styles = re.findall(r'<link rel="stylesheet" href="(.*?)">', page)
    assert [Path(style).name.partition("?")[0] for style in styles] == sorted(p.name for p in FOLDER.glob("*.css"))
    for address in (*modules.values(), *styles):
        answer = client.get(address)
        assert answer.status_code == 200
        assert "immutable" in answer.headers["Cache-Control"]
    for name in modules:
        for other in (name, f"{name}?v=0"):
            assert client.get(other).headers["Cache-Control"] == "no-cache"
    assert client.get(f"{base}assets/none.mjs?v=0").status_code == 404
    assert "immutable" not in client.get(f"{base}assets//main.mjs?v=0").headers.get("Cache-Control", "")


def test_what_an_editor_leaves_beside_the_modules_is_no_part_of_the_page(
    app: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "assets"
    shutil.copytree(FOLDER, folder)
    monkeypatch.setattr(assets, "FOLDER", folder)
    client, base = app.server.test_client(), app.config.requests_pathname_prefix
    before = client.get(base).text
    (folder / ".#main.mjs").symlink_to("nobody@nowhere")
    (folder / ".page.css").write_text("")
    (folder / "gone.mjs").symlink_to("nowhere")
    (folder / "old.css").mkdir()
    after = client.get(base)
    assert after.status_code == 200
    assert re.findall(r"assets/[^\"?]*", after.text) == re.findall(r"assets/[^\"?]*", before)


def test_what_the_page_asks_for_at_once_is_there(app: Any) -> None:
    client, base = app.server.test_client(), app.config.requests_pathname_prefix
    addresses = re.findall(r'<link rel="(?:module)?preload" href="(.*?)"', client.get(base).text)
    assert len(addresses) > 30
    for address in addresses:
        assert client.get(address).status_code == 200, address


def test_callbacks_speak_of_what_is_in_the_layout(app: Any) -> None:
    """Dash looks at this in the browser, unless it is told not to: then a page comes with a second copy of itself."""
    known = {component.id for component in app.layout()._traverse() if getattr(component, "id", None)}
    dependencies = app.server.test_client().get(f"{app.config.requests_pathname_prefix}_dash-dependencies").json
    assert len(dependencies) > 20
    for one in dependencies:
        written = re.findall(r"([\w-]+)\.\w+", one["output"])  # those of the browser write where they like
        read = [each["id"] for each in (*one["inputs"], *one["state"])]
        assert read
        assert {*written, *read} <= known
