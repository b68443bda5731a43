"""Moving through the batch."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PIL import Image

from tests.browser.late import Held
from tests.browser.person import Person, about
from tests.conftest import Site, save_picture

BOX = (100, 80, 220, 200)
OTHER = (300, 150, 420, 260)
ROOT = Path(__file__).parents[2]


def test_a_place_that_is_not_there_is_said(site: Site, visit: Callable[..., Person]) -> None:
    ada = visit(site, "?annotator=ada&image=gone.jpg", wait=False)
    ada.wait_for_notice("gone.jpg is not in this batch; this is img1.jpg")
    ada.wait_until_ready()
    for _ in range(2):  # the same number twice is asked for twice
        ada.enter("image-jump", "99")
        ada.wait_for_notice("There is no image 99: this is 12, the last.")
        ada.wait_for_image("img12.jpg")
        ada.press("Escape")
        ada.page.locator("#graph").focus()
        ada.press("a")
        ada.wait_for_image("img11.jpg")
    ada.page.locator("#image-search").fill("zzz")
    ada.wait_for_notice("No image matches")
    assert ada.text("image-position") == "11 / 12"
    ada.page.locator("#graph").focus()
    ada.press("d")
    ada.wait_for_image("img12.jpg")


def test_done_skip_filter_search_jump_and_progress(ada: Person, site: Site) -> None:
    page = ada.page
    page.click("#mark-done")
    ada.wait_for_image("img2.jpg")
    ada.wait_until_saved()
    assert site.state("img1.jpg") == "done"
    ada.press("x")
    page.locator("#skip-reason").fill("blurred")
    ada.press("Enter")
    ada.wait_for_image("img3.jpg")
    ada.wait_until_saved()
    assert site.services.annotations.read("img2.jpg", "ada")[0].reason == "blurred"
    assert ada.text("progress-text") == "1 of 12 done"
    page.locator("#state-filter").select_option("todo")
    page.wait_for_function("document.getElementById('image-position').textContent === '1 / 10'")
    ada.press("e")
    ada.wait_for_image("img4.jpg")
    page.locator("#state-filter").select_option("all")
    page.wait_for_function("document.getElementById('image-position').textContent === '4 / 12'")
    page.locator("#image-search").fill("img1")
    page.wait_for_function("document.getElementById('image-position').textContent.endsWith('/ 4')")
    ada.wait_for_image("img10.jpg")
    page.locator("#image-search").fill("")
    page.wait_for_function("document.getElementById('image-position').textContent === '10 / 12'")
    page.locator("#image-jump").fill("7")
    ada.press("Enter")
    ada.wait_for_image("img7.jpg")
    assert "image=img7.jpg" in page.url
    page.reload()
    ada.wait_until_ready()
    assert ada.state()["image"] == "img7.jpg"


def test_coming_back_without_an_address_opens_where_the_person_left_off(
    ada: Person, site: Site, visit: Callable[..., Person]
) -> None:
    ada.press("d", "d")
    ada.wait_for_image("img3.jpg")
    ada.draw(*BOX)
    ada.wait_until_saved()
    ada.page.goto(f"{site.url}/")
    ada.wait_until_ready()
    assert ada.state()["image"] == "img3.jpg"
    elsewhere = visit(site)  # another browser: the server knows
    assert elsewhere.state()["image"] == "img3.jpg"


def test_the_ends_of_the_batch_are_said(ada: Person) -> None:
    ada.press("a")
    ada.wait_for_notice("This is the first image.")
    ada.enter("image-jump", "99")
    ada.wait_for_image("img12.jpg")
    ada.page.locator("#graph").focus()
    ada.press("e")
    ada.wait_for_notice("This is the last image.")
    assert ada.state()["state"] == "done"


def test_jumps_one_after_the_other(ada: Person) -> None:
    """The field is empty again, and the keys are the picture's."""
    for number in ("7", "11"):
        ada.press("j")
        ada.page.keyboard.type(number)
        ada.press("Enter")
        ada.wait_for_image(f"img{number}.jpg")
    ada.press("a")
    ada.wait_for_image("img10.jpg")
    for number in ("0", "2.5", "-1"):
        ada.press("j")
        ada.page.keyboard.type(number)
        ada.press("Enter")
        ada.wait_for_notice("Give a whole number from 1 to 12.")
    ada.page.locator("#image-jump").fill("1" + "0" * 60)
    ada.press("Enter")
    ada.wait_for_image("img12.jpg")


def test_a_broken_picture_says_what_is_wrong_and_the_batch_goes_on(
    serve: Callable[..., Site], visit: Callable[..., Person], pictures: Path
) -> None:
    (pictures / "img2.jpg").write_bytes(b"this is no picture")
    (pictures / "img3.jpg").write_text("<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>")
    (pictures / "img4.jpg").write_bytes((pictures / "img5.jpg").read_bytes()[:700])
    ada = visit(serve())
    ada.press("d")
    ada.wait_for_image("img2.jpg")
    assert "no picture that can be read" in ada.text("picture-message")
    ada.draw(*BOX)
    assert ada.boxes() == []
    ada.press("e")
    ada.wait_for_notice("The picture cannot be shown, so nobody can have looked at it. Skip it with X.")
    assert ada.state()["state"] == "todo"
    ada.press("d")
    ada.wait_for_image("img3.jpg")
    ada.press("d")
    ada.wait_for_image("img4.jpg")
    ada.press("d")
    ada.wait_for_image("img5.jpg")
    assert not ada.page.locator("#picture-message").is_visible()
    ada.draw(*BOX)
    ada.wait_for_boxes(1)
    ada.check_agreement()


def test_boxes_are_in_pixels_of_the_upright_full_picture(
    serve: Callable[..., Site], visit: Callable[..., Person], tmp_path: Path
) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # stored lying on its side
    save_picture(tmp_path / "big" / "portrait.jpg", (4000, 3000), exif=exif)
    site = serve(images=str(tmp_path / "big"))
    ada = visit(site)
    state = ada.state()
    assert (state["width"], state["height"]) == (3000, 4000)
    ada.draw(300, 400, 2700, 3600)
    ada.wait_for_boxes(1)
    assert ada.check_agreement() == [about((300, 400, 2700, 3600), px=8)]
    for _ in range(12):
        ada.press("+")
    ada.page.wait_for_function(
        "!document.querySelector('#graph .js-plotly-plot').layout.images[0].source.includes('fit=1')"
    )


def test_the_next_pictures_are_there_before_they_are_asked_for(ada: Person) -> None:
    ada.page.wait_for_function(
        """() => ['img2.jpg', 'img3.jpg', 'img4.jpg'].every((name) =>
             performance.getEntriesByType('resource').some((e) => e.name.includes(`/images/${name}`) && e.name.includes('fit=1')))"""
    )
    ada.context.set_offline(True)
    ada.press("d", "d")
    ada.wait_for_image("img3.jpg")
    ada.draw(*BOX)
    ada.wait_for_boxes(1)
    ada.context.set_offline(False)
    assert ada.check_agreement() == [about(BOX)]


def test_an_image_that_cannot_be_loaded_leaves_the_present_one_on_screen(ada: Person) -> None:
    ada.draw(*BOX)
    ada.wait_until_saved()
    ada.context.set_offline(True)
    ada.enter("image-jump", "11")
    ada.wait_for_notice("cannot be loaded")
    assert ada.state()["image"] == "img1.jpg"
    assert ada.boxes() == [about(BOX)]
    ada.context.set_offline(False)
    ada.page.locator("#graph").focus()
    ada.press("d")
    ada.wait_for_image("img2.jpg")


def test_a_slow_picture_is_named_and_holds_nobody(ada: Person) -> None:
    held = Held(ada.page, "**/images/img2.jpg*")
    ada.page.reload()
    ada.wait_until_ready()
    ada.press("d")
    ada.page.get_by_text("Loading img2.jpg …").wait_for()
    ada.draw(100, 100, 200, 200)  # one works on meanwhile
    ada.press("d")
    ada.wait_for_image("img3.jpg")
    assert not ada.page.locator("#picture-coming").is_visible()
    assert held.urls
    ada.press("a")
    ada.page.get_by_text("Loading img2.jpg …").wait_for()
    held.let_through()
    ada.wait_for_image("img2.jpg")
    assert not ada.page.locator("#picture-coming").is_visible()
    ada.press("a")
    ada.wait_for_image("img1.jpg")
    assert len(ada.wait_for_boxes(1)) == 1


def test_the_strip_shows_as_many_at_the_ends_as_in_the_middle(visit: Callable[..., Person], many: Site) -> None:
    for number in (1, 150, 300):
        person = visit(many, f"?annotator=ada&image=p{number - 1:03}.jpg")
        person.page.wait_for_function("document.querySelectorAll('#strip .thumb').length === 25")
        assert (
            person.page.locator("#strip .thumb[aria-current=true]")
            .get_attribute("title")
            .startswith(f"p{number - 1:03}")
        )
