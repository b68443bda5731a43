"""What survives a kill of the server or of the browser, and files in and out."""

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
from playwright.sync_api import Error as PlaywrightError
from playwright.sync_api import Playwright

from data import formats
from tests.browser.chromium import launch_options
from tests.browser.person import Person, about
from tests.conftest import Site

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
