"""Pictures that come, go, or cannot be had for now."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from data.sources import remote
from tests.browser.person import Person, about
from tests.conftest import Site, save_picture
from tests.shelf import Shelf, jpeg

BOX = (100, 80, 220, 200)
PICTURE_IS_THERE = "document.querySelector('#graph .js-plotly-plot').layout.images.length === 1"
# The page looks at the batch again when what it knows is old.
TIME_PASSES = "{ const now = performance.now.bind(performance); performance.now = () => now() + 60_000; }"
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
    ada.page.wait_for_function(PICTURE_IS_THERE)
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
    assert "Not all pictures can be listed." in note.inner_text()
    (pictures.parent / "elsewhere").rename(pictures)
    site.services.indexer.look()
    ada.press("d")
    ada.page.evaluate("dispatchEvent(new Event('focus'))")
    note.wait_for(state="hidden")


def test_an_open_page_learns_that_the_source_is_gone_and_the_note_can_be_put_away(
    ada: Person, site: Site, pictures: Path
) -> None:
    pictures.rename(pictures.parent / "elsewhere")
    assert not site.services.indexer.look()
    ada.page.evaluate(TIME_PASSES)
    note = ada.page.locator("#source-problem", has_text="Not all pictures can be listed.")
    note.wait_for()
    note.get_by_role("button").click()
    note.wait_for(state="hidden")
    (pictures.parent / "elsewhere").rename(pictures)
    assert site.services.indexer.look()


def test_an_open_page_learns_of_new_pictures(ada: Person, site: Site, pictures: Path) -> None:
    assert ada.text("image-position") == "1 / 12"
    save_picture(pictures / "img13.jpg")
    site.services.indexer.look()
    ada.page.evaluate(TIME_PASSES)
    ada.page.get_by_text("1 / 13", exact=True).wait_for()


def at_one_that_vanishes(
    site: Site, pictures: Path, visit: Callable[..., Person], others: Sequence[str] = ()
) -> Person:
    """Ada has drawn a box on img5.jpg, which is gone now; others have come."""
    ada = visit(site, "?annotator=ada&image=img5.jpg")
    ada.draw(*BOX)
    ada.wait_until_saved()
    (pictures / "img5.jpg").unlink()
    for name in others:
        save_picture(pictures / name)
    site.services.indexer.look()
    ada.page.evaluate(TIME_PASSES)
    return ada


def test_who_stands_at_a_picture_that_vanishes_keeps_the_place(
    site: Site, pictures: Path, visit: Callable[..., Person]
) -> None:
    ada = at_one_that_vanishes(site, pictures, visit)
    ada.wait_for_notice("img5.jpg: This picture is no longer in the batch. Its boxes are kept.")
    ada.page.get_by_text("– / 11", exact=True).wait_for()
    ada.press("d")
    ada.wait_for_image("img6.jpg")
    assert ada.text("image-position") == "5 / 11"
    assert len(site.boxes("img5.jpg")) == 1


def test_a_picture_that_vanished_is_spoken_of_and_leaves_a_place_between_its_neighbours(
    site: Site, pictures: Path, visit: Callable[..., Person]
) -> None:
    """Others came and went at the same time, so that its number is another's now."""
    ada = at_one_that_vanishes(site, pictures, visit, others=("img0a.jpg", "img0b.jpg", "img5b.jpg"))
    gone = "1 annotated image is no longer in the source, and its annotations are kept: img5.jpg."
    note = ada.page.locator("#source-problem", has_text=gone)
    note.wait_for()
    ada.page.get_by_text("– / 14", exact=True).wait_for()
    ada.press("d")
    ada.wait_for_image("img5b.jpg")
    ada.press("a", "a")
    ada.wait_for_image("img4.jpg")
    note.get_by_role("button").click()
    note.wait_for(state="hidden")
    ada.page.goto(f"{site.url}/?annotator=ada&image=img5.jpg")
    ada.wait_for_notice("img5.jpg is no longer in the source, and its 1 box is kept; this is img")
    assert note.is_hidden()  # somebody has read it
    ada.page.goto(f"{site.url}/?annotator=ada&image=other.jpg")
    ada.wait_for_notice("other.jpg is not in this batch; this is img")


def test_boxes_outside_a_picture_that_was_exchanged_for_a_smaller_one_are_spoken_of(
    site: Site, pictures: Path, visit: Callable[..., Person]
) -> None:
    ada = visit(site)
    ada.draw(400, 300, 600, 400)
    ada.draw(20, 20, 60, 60)
    ada.wait_for_boxes(2)
    ada.wait_until_saved()
    save_picture(pictures / "img1.jpg", (320, 240))
    site.services.indexer.look()
    ada.page.reload()
    ada.wait_until_ready()
    ada.wait_for_notice("img1.jpg is 320 x 240 pixels now, and 1 box of it lies outside")
    assert len(ada.boxes()) == 2
    ada.press("d", "a")
    ada.wait_for_notice("1 box of it lies outside")


def test_what_could_not_be_fetched_comes_by_itself_and_nobody_draws_on_it_before(
    serve: Callable[..., Site],
    shelf: Shelf,
    visit: Callable[..., Person],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(remote, "FIRST_PAUSE_S", 0.01)
    monkeypatch.setattr(remote, "LEFT_ALONE_S", 0.1)
    (tmp_path / "list.csv").write_text(f"url,width,height\n{shelf.url}/a.jpg,640,480\n")
    shelf.failing = True
    site = serve(images=str(tmp_path / "list.csv"))
    ada = visit(site)
    ada.page.get_by_text("cannot be fetched, tried 4 times").wait_for()
    ada.draw(*BOX)
    ada.wait_for_notice("No box is drawn on a picture that is not there yet.")
    ada.press("b", "e")
    ada.wait_for_notice("The picture cannot be shown, so nobody can have looked at it.")
    assert ada.state()["boxes"] == []
    shelf.files, shelf.failing = {"/a.jpg": jpeg(size=(640, 480))}, False
    ada.page.wait_for_function(PICTURE_IS_THERE)
    ada.draw(*BOX)
    ada.wait_for_boxes(1)
    ada.check_agreement()
