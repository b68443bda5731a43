"""What a person does while the next picture is long in coming."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Route

from data.sources import remote
from tests.browser.gallery import NAMES, open_gallery, wait_for_total
from tests.browser.late import Late
from tests.browser.person import Person, about
from tests.conftest import Site, save_picture
from tests.shelf import Shelf, jpeg

BOX = (100, 80, 220, 200)
BOXES_OF_IMG2 = "filename,width,height,class,xmin,ymin,xmax,ymax\nimg2.jpg,640,480,cat,10,10,60,60\n"
Visit = Callable[..., Person]


def wait_for_label(person: Person, name: str) -> None:
    person.page.get_by_text(f"Loading {name}").wait_for()


def test_an_edit_is_saved_while_many_pictures_are_on_their_way(
    serve: Callable[..., Site], shelf: Shelf, visit: Visit, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A browser opens six connections to a server; pictures must not have them all."""
    monkeypatch.setattr(remote, "READ_TIMEOUT_S", 60)
    names = [f"img{number}.jpg" for number in range(1, 21)]
    shelf.files = {f"/{name}": jpeg(size=(640, 480)) for name in names}
    (tmp_path / "list.csv").write_text(
        "url,name,width,height\n" + "".join(f"{shelf.url}/{name},{name},640,480\n" for name in names)
    )
    site = serve(images=str(tmp_path / "list.csv"))
    for name in names:
        site.services.batch.picture(name)  # opened before, or the boxes would have to wait for the picture, too
    shutil.rmtree(tmp_path / "cache")
    shelf.held = {f"/{name}" for name in names[4:]}
    ada = visit(site)
    for name in names[1:4]:
        ada.press("d")
        ada.wait_for_image(name)
    for number in range(5, 14):
        ada.press("d")
        wait_for_label(ada, f"img{number}.jpg")
    ada.draw(*BOX)
    ada.wait_for_boxes(1)
    ada.wait_until_saved()
    assert ada.state()["image"] == "img4.jpg"
    assert len(site.boxes("img4.jpg")) == 1
    assert not shelf.go.is_set()
    shelf.go.set()
    ada.wait_for_image("img13.jpg")
    ada.check_agreement()


def test_one_that_is_given_up_is_not_waited_for(visit: Visit, site: Site) -> None:
    """The browser hangs up: the connection is free for the picture that is wanted now."""
    late = Late(visit, site, "{img2,img3}.jpg")
    late.person.press("d")
    wait_for_label(late.person, "img2.jpg")
    late.person.press("d")
    while "img2.jpg" not in late.given_up:
        late.person.wait_for_paint()
    late.person.wait_for_paint()
    assert late.asked.count("img2.jpg") == 1  # and not once more for the reason
    late.let_through()
    late.person.wait_for_image("img3.jpg")


@pytest.mark.parametrize("key", ["e", "x"])
def test_no_image_is_passed_over_that_nobody_has_seen(visit: Visit, site: Site, key: str) -> None:
    late = Late(visit, site, "img2.jpg")
    ada = late.person
    ada.press("d")
    wait_for_label(ada, "img2.jpg")
    ada.press(key)
    ada.wait_for_notice("The next image is still loading")
    assert ada.page.locator("#skip-reason").count() == 0
    late.let_through()
    ada.wait_for_image("img2.jpg")
    ada.wait_until_saved()
    assert [site.state(f"img{n}.jpg") for n in (1, 2)] == ["todo", "todo"]


def test_an_import_meanwhile_does_not_end_the_way(visit: Visit, site: Site, tmp_path: Path) -> None:
    (tmp_path / "boxes.csv").write_text(BOXES_OF_IMG2)
    late = Late(visit, site, "img2.jpg")
    ada = late.person
    ada.press("d")
    wait_for_label(ada, "img2.jpg")
    ada.page.locator("#upload input").first.set_input_files(str(tmp_path / "boxes.csv"))
    ada.page.locator("#import-undo").wait_for()
    late.let_through()
    ada.wait_for_image("img2.jpg")
    ada.wait_for_boxes(1)
    ada.check_agreement()


def test_a_new_name_meanwhile_ends_the_way(visit: Visit, site: Site) -> None:
    late = Late(visit, site, "img2.jpg")
    ada = late.person
    ada.press("d")
    wait_for_label(ada, "img2.jpg")
    ada.enter("annotator-name", "bob")
    ada.page.wait_for_function("window.annotator.state().annotator === 'bob'")
    ada.page.locator("#picture-coming").wait_for(state="hidden")
    late.let_through()
    ada.draw(*BOX)
    ada.wait_for_boxes(1)
    assert ada.state()["image"] == "img1.jpg"
    ada.check_agreement(annotator="bob")


def test_zooming_in_meanwhile_brings_the_pixels_of_what_is_on_screen(
    serve: Callable[..., Site], visit: Visit, tmp_path: Path
) -> None:
    for name in ("img1.jpg", "img2.jpg"):
        save_picture(tmp_path / "large" / name, (4000, 3000))
    late = Late(visit, serve(images=str(tmp_path / "large")), "img2.jpg")
    ada = late.person
    ada.press("d")
    wait_for_label(ada, "img2.jpg")
    ada.page.locator("#graph").focus()
    ada.press(*"+++++++++")
    ada.page.wait_for_function(
        """() => { const { source } = document.querySelector('#graph .js-plotly-plot').layout.images[0];
                   return source.includes('img1.jpg') && !source.includes('fit=1'); }"""
    )
    late.let_through()
    ada.wait_for_image("img2.jpg")


def test_a_jump_that_fails_leaves_one_where_one_was(visit: Visit, many: Site) -> None:
    ada = visit(many)
    ada.page.route("**/p150.jpg/annotations*", lambda route: route.abort())
    ada.enter("image-jump", "151")
    ada.wait_for_notice("p150.jpg cannot be loaded: the server does not answer")
    assert (ada.state()["image"], ada.text("image-position")) == ("p000.jpg", "1 / 300")
    assert "image=p000.jpg" in ada.page.url
    ada.press("d")
    ada.wait_for_image("p001.jpg")


def test_a_filter_whose_picture_does_not_come_is_not_set(visit: Visit, many: Site) -> None:
    ada = visit(many)
    ada.page.route("**/p150.jpg/annotations*", lambda route: route.abort())
    ada.page.locator("#image-search").fill("p15")
    ada.wait_for_notice("p150.jpg cannot be loaded: the server does not answer")
    assert ada.text("image-position") == "1 / 300"
    assert ada.page.locator("#image-search").input_value() == ""


def test_a_picture_that_nobody_sends_is_not_called_damaged(visit: Visit, many: Site) -> None:
    ada = visit(many)
    ada.page.route("**/images/p150.jpg*", lambda route: route.abort())
    ada.enter("image-jump", "151")
    ada.wait_for_notice("p150.jpg cannot be loaded: the server does not answer")
    assert ada.state()["image"] == "p000.jpg"


def test_back_and_forward_around_it(visit: Visit, site: Site) -> None:
    late = Late(visit, site, "img5.jpg", "gallery?annotator=ada", wait=False)
    ada = late.person
    wait_for_total(ada, "12 images")
    ada.page.locator(".grid-cell a[href*='img5.jpg']").click()
    ada.page.locator("#gallery").wait_for(state="hidden")
    ada.page.go_back()
    ada.page.locator("#gallery").wait_for(state="visible")
    late.let_through()
    ada.wait_for_image("img5.jpg")
    ada.page.go_forward()
    ada.page.locator("#gallery").wait_for(state="hidden")
    assert "image=img5.jpg" in ada.page.url
    ada.draw(*BOX)
    ada.wait_for_boxes(1)
    assert ada.check_agreement() == [about(BOX)]


def test_back_to_the_picture_on_screen_ends_the_way_to_another(visit: Visit, site: Site) -> None:
    late = Late(visit, site, "img5.jpg")
    ada = late.person
    ada.press("g")
    wait_for_total(ada, "12 images")
    ada.page.locator(".grid-cell a[href*='img5.jpg']").click()
    wait_for_label(ada, "img5.jpg")
    ada.page.go_back()
    ada.page.go_back()
    ada.page.locator("#gallery").wait_for(state="hidden")
    ada.page.locator("#picture-coming").wait_for(state="hidden")
    late.let_through()
    ada.draw(*BOX)
    ada.wait_for_boxes(1)
    assert ada.state()["image"] == "img1.jpg"
    ada.check_agreement()


def test_the_cards_are_those_of_whoever_has_given_a_name(visit: Visit, filled: Site) -> None:
    """Marks and undo go by what the cards say, and that is one annotator's."""
    ada = open_gallery(visit, filled)
    wait_for_total(ada, "12 images")
    ada.page.evaluate(NAMES)
    ada.page.locator('.grid-cell[data-ordinal="1"][data-state="done"] .cell-check').click()
    ada.page.get_by_text("1 chosen").wait_for()
    ada.enter("annotator-name", "bob")
    ada.page.locator('.grid-cell[data-ordinal="1"][data-state="in progress"]').wait_for()
    assert not ada.page.locator("#gallery-actions").is_visible()
    ada.page.locator('.grid-cell[data-ordinal="1"] .cell-check').click()
    ada.page.locator("#gallery-done").click()
    ada.wait_for_notice("1 image marked done")
    ada.wait_until_saved()
    assert filled.state("img1.jpg", "bob") == "done"
    ada.page.locator("#undo").click()
    ada.page.locator('.grid-cell[data-ordinal="1"][data-state="in progress"]').wait_for()
    ada.wait_until_saved()
    assert (filled.state("img1.jpg", "bob"), filled.state("img1.jpg", "ada")) == ("in progress", "done")


def test_a_small_picture_that_failed_for_a_moment_comes_after_all(visit: Visit, site: Site) -> None:
    """In the strip and in the gallery, without anybody doing anything."""
    failed = []

    def fail_once(route: Route) -> None:
        if len(failed) < 2:  # a cell asks a second time, for the reason
            failed.append(route.request.url)
            return route.fulfill(status=503, json={"error": "too many pictures are being opened at once"})
        return route.continue_()

    ada = visit(site, wait=False)
    ada.page.route("**/thumbnails/img2.jpg**", fail_once)
    ada.page.reload()
    ada.wait_until_ready()
    thumb = ada.page.locator(".thumb[title^='img2.jpg']")
    thumb.and_(ada.page.locator(".thumb-broken")).wait_for()
    thumb.and_(ada.page.locator(":not(.thumb-broken)")).wait_for()
    assert thumb.locator("img").evaluate("(image) => image.decode().then(() => image.naturalWidth)") > 0
    failed.clear()
    person = open_gallery(visit, site)
    person.page.route("**/thumbnails/img3.jpg**", fail_once)
    person.page.reload()
    wait_for_total(person, "12 images")
    card = person.page.locator("#gallery-images .grid-cell", has_text="img3.jpg")
    card.and_(person.page.locator(".cell-broken")).wait_for()
    card.and_(person.page.locator(":not(.cell-broken)")).wait_for()
    assert card.locator("img").evaluate("(image) => image.decode().then(() => image.naturalWidth)") > 0
