"""Pictures that come, go, or cannot be had for now."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from data.sources import remote
from tests.browser.person import Person, about
from tests.conftest import Site, save_picture
from tests.shelf import Shelf, jpeg

BOX = (100, 80, 220, 200)
NAMES = [f"img{number}.jpg" for number in range(1, 31)]


@pytest.fixture
def listed(serve: Callable[..., Site], shelf: Shelf, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Site:
    """Thirty pictures behind addresses."""
    monkeypatch.setattr(remote, "FIRST_PAUSE_S", 0.01)
    monkeypatch.setattr(remote, "LEFT_ALONE_S", 0.1)
    shelf.files = {f"/{name}": jpeg(size=(640, 480)) for name in NAMES}
    table = "".join(f"{shelf.url}/{name}?signature=secret,{name}\n" for name in NAMES)
    (tmp_path / "list.csv").write_text("url,name\n" + table)
    return serve(images=str(tmp_path / "list.csv"))


def test_a_picture_that_cannot_be_had_says_so_and_the_batch_goes_on(
    listed: Site, shelf: Shelf, visit: Callable[..., Person]
) -> None:
    ada = visit(listed)
    ada.draw(*BOX)
    ada.wait_for_boxes(1)
    ada.wait_until_saved()
    kept = dict(shelf.files)
    shelf.files.clear()
    shelf.failing = True
    ada.page.reload()
    ada.wait_until_ready()  # the picture that was fetched is kept
    assert ada.check_agreement() == [about(BOX)]
    ada.enter("image-jump", "30")
    ada.wait_for_image("img30.jpg")
    ada.page.get_by_text("cannot be fetched, tried 4 times").wait_for()
    assert "secret" not in ada.page.content()
    shelf.files, shelf.failing = kept, False
    ada.page.locator("#graph").focus()
    ada.press("a")
    ada.wait_for_image("img29.jpg")
    ada.press("d")
    ada.wait_for_image("img30.jpg")
    ada.page.wait_for_function("window.annotator.state().width === 640")
    ada.draw(*BOX)
    ada.wait_for_boxes(1)
    ada.check_agreement()


def test_a_new_picture_shows_up_at_the_end(site: Site, pictures: Path, visit: Callable[..., Person]) -> None:
    ada = visit(site, "?annotator=ada&image=img12.jpg")
    assert ada.page.locator("#next").is_disabled()
    save_picture(pictures / "img13.jpg")
    site.services.indexer.look()
    ada.page.locator("#graph").focus()
    ada.press("d")
    ada.wait_for_image("img13.jpg")
    assert ada.text("image-position") == "13 / 13"


def test_a_source_that_is_gone_is_said_and_work_goes_on(
    site: Site, pictures: Path, visit: Callable[..., Person]
) -> None:
    pictures.rename(pictures.parent / "elsewhere")
    site.services.indexer.look()
    ada = visit(site, "?annotator=ada")
    note = ada.page.locator("#source-problem")
    note.wait_for()
    assert "New pictures cannot be looked for now." in note.inner_text()
    (pictures.parent / "elsewhere").rename(pictures)
    site.services.indexer.look()
    ada.press("d")
    ada.page.evaluate("dispatchEvent(new Event('focus'))")
    note.wait_for(state="hidden")
