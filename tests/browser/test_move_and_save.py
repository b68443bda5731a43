"""Moving through the batch, the first visit, saving, and files in and out."""

from __future__ import annotations

import contextlib
import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import Browser, Playwright
from playwright.sync_api import Error as PlaywrightError

from data import formats
from tests.browser.chromium import launch_options
from tests.browser.person import Person, about
from tests.conftest import Site, save_picture

BOX = (100, 80, 220, 200)
OTHER = (300, 150, 420, 260)
ROOT = Path(__file__).parents[2]


class Process:
    """The application in a process of its own, as a person starts it, so that it can be killed."""

    def __init__(self, folder: Path, images: Path) -> None:
        self._arguments = [
            "--images",
            str(images),
            "--database",
            str(folder / "killed.db"),
            "--cache",
            str(folder / "c"),
        ]
        self.port = "0"
        self.start()

    def start(self) -> None:
        command = [sys.executable, str(ROOT / "app.py"), "serve", *self._arguments, "--port", self.port]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT)
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        found = re.search(r"http://127\.0\.0\.1:(\d+)", line)
        assert found, line
        self.url, self.port = found.group(), found.group(1)

    def kill(self) -> None:
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()
        if self.process.stdout:
            self.process.stdout.close()

    def export(self, target: Path) -> dict[str, object]:
        command = [sys.executable, str(ROOT / "app.py"), "export", "json", str(target), *self._arguments]
        subprocess.run(command, check=True, cwd=ROOT, capture_output=True)
        return json.loads(target.read_text())


@pytest.fixture
def process(tmp_path: Path, pictures: Path) -> Process:
    started = Process(tmp_path, pictures)
    yield started
    started.kill()


def test_a_server_killed_in_the_middle_of_saves_loses_no_box(
    process: Process, visit: Callable[..., Person], tmp_path: Path
) -> None:
    ada = visit(process.url)
    for n in range(6):
        if n in (2, 4):
            process.kill()
        ada.draw(40 + 90 * n, 60, 110 + 90 * n, 160)
        ada.wait_for_boxes(n + 1)
        if n in (2, 4):
            ada.wait_for_status("offline")
            process.start()
    assert len(ada.check_agreement()) == 6
    image = process.export(tmp_path / "out.json")["images"][0]
    assert len(image["annotations"][0]["boxes"]) == 6


def test_a_killed_browser_loses_no_box_that_was_seen(playwright: Playwright, site: Site, tmp_path: Path) -> None:
    profile = tmp_path / "profile"
    options = {**launch_options(), "viewport": {"width": 1400, "height": 900}}
    for count in (1, 2, 3):
        context = playwright.chromium.launch_persistent_context(profile, **options)
        ada = Person(context, site, "?annotator=ada")
        ada.wait_for_boxes(count - 1)
        ada.page.route("**/api/edits", lambda route: route.abort())
        ada.draw(60 * count, 80, 60 * count + 50, 200)
        ada.page.evaluate("new Promise((seen) => requestAnimationFrame(() => requestAnimationFrame(seen)))")
        assert len(ada.boxes()) == count
        while pids := browser_processes(profile):  # until the last has let go of the profile
            for pid in pids:
                with contextlib.suppress(ProcessLookupError):  # its children go with their parent
                    os.kill(pid, signal.SIGKILL)
        with contextlib.suppress(PlaywrightError):  # there is nothing left to close
            context.close()
    context = playwright.chromium.launch_persistent_context(profile, **options)
    ada = Person(context, site, "?annotator=ada")
    ada.wait_for_boxes(3)
    assert len(ada.check_agreement()) == 3
    context.close()


def browser_processes(profile: Path) -> list[int]:
    """The processes of the Chromium that uses a profile."""
    pids = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                words = (entry / "cmdline").read_bytes().decode(errors="replace")
            except OSError:
                continue
            if str(profile) in words and "chrom" in words:
                pids.append(int(entry.name))
    return pids


def test_the_first_visit_asks_for_a_name_and_keeps_it(site: Site, visit: Callable[..., Person]) -> None:
    ada = visit(site, "")
    ada.page.get_by_role("dialog").wait_for()
    ada.page.locator("#welcome-name").fill("  Ada   Lovelace ")
    ada.press("Enter")
    ada.page.get_by_role("dialog").wait_for(state="detached")
    ada.draw(*BOX)
    ada.wait_for_boxes(1)
    ada.check_agreement(annotator="Ada Lovelace")
    ada.page.reload()
    ada.wait_until_ready()
    ada.wait_for_boxes(1)
    assert ada.page.locator("#annotator-name").input_value() == "Ada Lovelace"
    assert ada.page.get_by_role("dialog").count() == 0
    ada.page.locator("#annotator-name").fill("Grace")
    ada.press("Enter")
    ada.wait_for_boxes(0)
    assert ada.state()["annotator"] == "Grace"
    ada.page.locator("#annotator-name").fill("Ada Lovelace")
    ada.press("Enter")
    ada.wait_for_boxes(1)


def test_saying_a_name_asks_the_server_once_for_their_boxes(site: Site, visit: Callable[..., Person]) -> None:
    ada = visit(site, "")
    ada.page.get_by_role("dialog").wait_for()
    asked: list[str] = []
    ada.page.on("request", lambda request: asked.append(request.url))
    ada.page.locator("#welcome-name").fill("  Ada   Lovelace ")
    ada.press("Enter")
    ada.page.get_by_role("dialog").wait_for(state="detached")
    ada.page.wait_for_function("window.annotator.state().annotator === 'Ada Lovelace'")
    ada.draw(*BOX)
    ada.wait_for_boxes(1)
    ada.wait_until_saved()
    assert len([url for url in asked if "/annotations" in url]) == 1


def test_a_box_drawn_before_a_name_was_given_is_kept(site: Site, visit: Callable[..., Person]) -> None:
    ada = visit(site, "")
    ada.page.wait_for_function("document.activeElement.id === 'welcome-name'")
    ada.press("Escape")
    ada.page.get_by_role("dialog").wait_for(state="detached")
    ada.draw(*BOX)
    ada.page.get_by_role("dialog").wait_for()
    ada.page.locator("#welcome-name").fill("ada")
    ada.press("Enter")
    ada.wait_for_boxes(1)
    ada.page.get_by_role("dialog").wait_for(state="detached")
    assert ada.check_agreement() == [about(BOX)]


def test_a_drawer_takes_the_focus_and_escape_gives_it_back(site: Site, visit: Callable[..., Person]) -> None:
    ada = visit(site, viewport={"width": 390, "height": 844})
    focused = "document.activeElement.id"
    for button, panel in (("labels-toggle", "labels-panel"), ("boxes-toggle", "boxes-panel")):
        ada.page.click(f"#{button}")
        ada.page.wait_for_function(f"{focused} === '{panel}'")
        assert ada.page.locator(f"#{button}").get_attribute("aria-expanded") == "true"
        ada.press("Escape")
        ada.page.wait_for_function(f"{focused} === '{button}'")
        assert ada.page.locator(f"#{button}").get_attribute("aria-expanded") == "false"
        ada.page.wait_for_selector(f"#{panel}", state="hidden")
    ada.press("/")
    ada.page.wait_for_function(f"{focused} === 'image-search'")


def test_a_place_that_is_not_there_is_said(site: Site, visit: Callable[..., Person]) -> None:
    ada = visit(site, "?annotator=ada&image=gone.jpg")
    ada.wait_for_notice("gone.jpg is not in this batch; this is img1.jpg")
    for _ in range(2):  # the same number twice is asked for twice
        ada.page.locator("#image-jump").fill("99")
        ada.press("Enter")
        ada.wait_for_image("img12.jpg")
        ada.wait_for_notice("There is no image 99: this is 12, the last.")
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


def test_a_box_drawn_without_a_name_is_kept_wherever_the_name_is_given(
    site: Site, visit: Callable[..., Person]
) -> None:
    ada = visit(site, "")
    ada.page.wait_for_function("document.activeElement.id === 'welcome-name'")
    ada.press("Escape")
    ada.page.get_by_role("dialog").wait_for(state="detached")
    ada.draw(*BOX)
    ada.page.get_by_role("dialog").wait_for()
    ada.press("Escape")
    ada.page.get_by_role("dialog").wait_for(state="detached")
    ada.press("e")  # marks nothing: nobody is at work
    ada.page.get_by_role("dialog").wait_for()
    ada.page.get_by_role("button", name="Start").click()
    ada.page.wait_for_selector("#welcome-name.is-invalid")
    ada.press("Escape")
    ada.page.get_by_role("dialog").wait_for(state="detached")
    assert ada.state()["image"] == "img1.jpg"
    ada.press("d")
    ada.wait_for_image("img2.jpg")
    ada.page.locator("#annotator-name").fill("ada")
    ada.press("Enter")
    ada.page.wait_for_function("window.annotator.state().annotator === 'ada'")
    ada.press("Tab")
    ada.page.locator("#graph").focus()
    ada.press("a")
    ada.wait_for_image("img1.jpg")
    ada.wait_for_boxes(1)
    assert len(ada.check_agreement()) == 1
    assert site.state("img1.jpg") == "in progress"


def test_the_help_lists_every_key_and_opens_by_a_question_mark(ada: Person) -> None:
    ada.press("?")
    dialog = ada.page.get_by_role("dialog")
    dialog.wait_for()
    for text in ("next image", "previous image", "Ctrl Z", "jump to a number"):
        assert text in dialog.inner_text()
    ada.press("Escape")
    dialog.wait_for(state="detached")
    ada.draw(*BOX)
    ada.wait_for_boxes(1)


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
    ada.page.locator("#image-jump").fill("99")
    ada.press("Enter")
    ada.wait_for_image("img12.jpg")
    ada.page.locator("#graph").focus()
    ada.press("e")
    ada.wait_for_notice("This is the last image.")
    assert ada.state()["state"] == "done"


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


def test_download_and_upload_round_trip(
    ada: Person, serve: Callable[..., Site], visit: Callable[..., Person], tmp_path: Path
) -> None:
    ada.draw(*BOX)
    ada.wait_for_boxes(1)
    ada.press("e")
    ada.wait_for_image("img2.jpg")
    with ada.page.expect_download() as waiting:
        ada.page.click("#download-button")
    file = tmp_path / "annotations.json"
    waiting.value.save_as(file)
    document = json.loads(file.read_text())
    assert document["images"][0]["id"] == "img1.jpg"
    fresh = serve(database=str(tmp_path / "fresh.db"))
    grace = visit(fresh, "?annotator=ada")
    grace.page.locator("#upload input[type=file]").set_input_files(file)
    grace.wait_for_boxes(1)
    assert grace.check_agreement() == [about(BOX)]
    assert "1 boxes added" in grace.text("import-report")
    assert fresh.state("img1.jpg") == "done"
    grace.page.click("#import-undo")
    grace.wait_for_boxes(0)
    grace.check_agreement()


def test_a_wrong_file_is_refused_with_the_reason(ada: Person, tmp_path: Path) -> None:
    file = tmp_path / "notes.json"
    file.write_text('{"hello": [1, 2')
    ada.page.locator("#upload input[type=file]").set_input_files(file)
    ada.page.get_by_text("Nothing was changed. notes.json: is not JSON").wait_for()
    other = tmp_path / "other.json"
    other.write_text('{"hello": 1}')
    ada.page.locator("#upload input[type=file]").set_input_files(other)
    ada.page.get_by_text("is of no known format").wait_for()
    assert ada.check_agreement() == []


def test_closing_a_tab_with_unsaved_edits_warns(ada: Person) -> None:
    ada.page.route("**/api/edits", lambda route: route.abort())
    ada.draw(*BOX)
    ada.wait_for_status("offline")
    warned = []

    def on_dialog(dialog: object) -> None:
        warned.append(dialog.type)
        dialog.accept()

    ada.page.on("dialog", on_dialog)
    ada.page.close(run_before_unload=True)
    ada.page = ada.new_tab("?annotator=ada")
    assert warned == ["beforeunload"]


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
    ada.page.locator("#image-jump").fill("11")
    ada.press("Enter")
    ada.wait_for_notice("cannot be loaded")
    assert ada.state()["image"] == "img1.jpg"
    assert ada.boxes() == [about(BOX)]
    ada.context.set_offline(False)
    ada.page.locator("#graph").focus()
    ada.press("d")
    ada.wait_for_image("img2.jpg")


@pytest.mark.parametrize("size", [(390, 844), (820, 1180)], ids=["phone", "tablet"])
def test_narrow_windows_keep_the_picture_and_open_drawers(
    site: Site, visit: Callable[..., Person], size: tuple[int, int], browser: Browser
) -> None:
    ada = visit(site, viewport={"width": size[0], "height": size[1]})
    ada.draw(*BOX)
    ada.wait_for_boxes(1)
    assert not ada.page.locator("#annotations-table").is_visible()
    ada.page.click("#boxes-toggle")
    ada.page.locator("#annotations-table").wait_for()
    ada.check_agreement()
    ada.page.click("#labels-toggle")
    ada.page.locator(".label-choose", has_text="rocket").click()
    ada.page.locator("#palette").wait_for(state="hidden")
    assert ada.page.evaluate("document.documentElement.scrollWidth") <= size[0]


def test_controls_have_names_for_screen_readers(ada: Person) -> None:
    page = ada.page
    page.get_by_role("button", name="Label person", exact=True).wait_for()
    page.get_by_label("Annotation file to import").wait_for(state="attached")
    page.get_by_role("progressbar", name="Images done").wait_for(state="attached")
    page.get_by_role("button", name="Draw rectangle").wait_for()
    ada.draw(*BOX)
    ada.wait_for_boxes(1)
    ada.cell(1, "X0").click()
    page.get_by_role("textbox", name="X0, row 1 of this page").wait_for()
    ada.press("Escape")
    page.wait_for_function("document.getElementById('announcer').textContent.includes('person')")
    ada.press("e")
    page.wait_for_function(
        "/Marked done. Image img2.jpg, 0 boxes/.test(document.getElementById('announcer').textContent)"
    )


def test_an_export_is_chosen_looked_at_and_downloaded(
    ada: Person, visit: Callable[..., Person], tmp_path: Path
) -> None:
    ada.draw(*BOX)
    ada.wait_for_boxes(1)
    ada.press("e")
    ada.wait_for_image("img2.jpg")
    page = ada.page
    page.select_option("#export-format", "yolo")
    page.click("#export-open")
    page.get_by_text("YOLO (Ultralytics): 1 boxes in 1 images").wait_for()
    assert "labels/train/img1.txt" in ada.text("export-preview")
    assert page.locator("#export-voc").is_hidden()
    page.get_by_label("done", exact=True).check()
    page.get_by_label("Images nobody touched").select_option("yes")
    page.get_by_text("1 boxes in 12 images").wait_for()
    page.get_by_label("Split").select_option("80/20")
    page.locator("#export-report", has_text=" train, ").wait_for()
    with page.expect_download() as waiting:
        page.click("#export-confirm")
    waiting.value.save_as(tmp_path / "out.zip")
    images, problems = formats.read(tmp_path / "out.zip")
    assert problems == []
    assert [len(one.boxes) for one in images if one.boxes] == [1]
