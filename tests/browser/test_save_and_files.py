"""What survives a kill of the server or of the browser, and files in and out."""

from __future__ import annotations

import contextlib
import json
import os
import re
import signal
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Error as PlaywrightError
from playwright.sync_api import Playwright

from data import formats
from tests.browser.chromium import launch_options
from tests.browser.late import Held
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
    grace.page.locator("#import-report", has_text="1 box added").wait_for()
    grace.wait_for_boxes(1)
    assert grace.check_agreement() == [about(BOX)]
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
    while not warned:
        ada.wait_for_paint()
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
    page.get_by_text("YOLO (Ultralytics): 1 box in 1 image").wait_for()
    assert "labels/train/img1.txt" in ada.text("export-preview")
    assert page.locator("#export-voc").is_hidden()
    page.get_by_label("done", exact=True).check()
    page.get_by_label("Images nobody touched").select_option("yes")
    page.get_by_text("1 box in 12 images").wait_for()
    page.get_by_label("Split").select_option("80/20")
    page.locator("#export-report", has_text=" train, ").wait_for()
    with page.expect_download() as waiting:
        page.click("#export-confirm")
    waiting.value.save_as(tmp_path / "out.zip")
    images, problems = formats.read(tmp_path / "out.zip")
    assert problems == []
    assert [len(one.boxes) for one in images if one.boxes] == [1]


def test_what_is_not_clear_is_asked_before_it_is_imported(ada: Person, tmp_path: Path) -> None:
    rows = ["filename,width,height,class,xmin,ymin,xmax,ymax"]
    rows += [f"{name},640,480,{label},{n},2,30,40" for n, (name, label) in enumerate((
        ("img1.jpg", "hooman"), ("img1.jpg", "anvil"), ("img1.jpg", "noise"), ("img99.jpg", "person"),
    ))]  # fmt: skip
    file = tmp_path / "boxes.csv"
    file.write_text("\n".join(rows))
    page = ada.page
    page.locator("#upload input[type=file]").set_input_files(file)
    dialog = page.get_by_role("dialog", name="Import")
    dialog.get_by_text("3 boxes to add").wait_for()
    dialog.get_by_text("img99.jpg: no image of this path or name").wait_for()
    assert ada.boxes() == []
    dialog.get_by_label("hooman (1)").select_option("is person")
    dialog.get_by_label("noise (1)").select_option("leave its boxes out")
    dialog.get_by_role("button", name="Import").click()
    boxes = ada.wait_for_boxes(2)
    assert sorted(box["label"] for box in boxes) == ["anvil", "person"]
    page.locator("#palette").get_by_text("anvil").wait_for()
    assert "noise" not in page.locator("#palette").inner_text()
    page.click("#import-undo")
    ada.wait_for_boxes(0)


@pytest.mark.parametrize("way", ["Escape", "Cancel"])
def test_an_import_that_is_closed_changes_nothing(ada: Person, tmp_path: Path, way: str) -> None:
    file = tmp_path / "boxes.csv"
    file.write_text("filename,width,height,class,xmin,ymin,xmax,ymax\nimg1.jpg,640,480,anvil,1,2,30,40")
    ada.page.locator("#upload input[type=file]").set_input_files(file)
    ada.page.get_by_role("dialog", name="Import").get_by_text("new labels: anvil").wait_for()
    if way == "Escape":
        ada.press("Escape")
    else:
        ada.page.get_by_role("button", name="Cancel").click()
    ada.page.get_by_role("dialog", name="Import").wait_for(state="detached")
    ada.page.get_by_text("Nothing was changed.", exact=True).wait_for()
    assert ada.check_agreement() == []
    assert "anvil" not in ada.page.locator("#palette").inner_text()


def test_a_folder_is_imported_and_its_pictures_stay_where_they_are(ada: Person, tmp_path: Path) -> None:
    folder = tmp_path / "set"
    for split, name, line in (("train", "img1", "0 0.5 0.5 0.25 0.5\n"), ("val", "img2", "0 0.5 0.5 0.5 0.5\n")):
        for kind, ending, content in (("labels", "txt", line.encode()), ("images", "jpg", b"\xff" * 1_000_000)):
            (folder / kind / split).mkdir(parents=True)
            (folder / kind / split / f"{name}.{ending}").write_bytes(content)
    (folder / "data.yaml").write_text("names: [person]")
    sent = []
    ada.page.on("request", lambda request: sent.append(request) if "imports" in request.url else None)
    with ada.page.expect_file_chooser() as choosing:
        ada.page.get_by_role("button", name="Choose a folder").click()
    choosing.value.set_files(folder)
    ada.page.locator("#import-report", has_text="set (YOLO (Ultralytics)): 2 boxes added").wait_for()
    ada.wait_for_boxes(1)
    assert ada.check_agreement() == [(240, 120, 400, 360)]
    assert int(sent[0].all_headers()["content-length"]) < 10_000


def test_an_import_that_is_stopped_changes_nothing(ada: Person, tmp_path: Path) -> None:
    rows = [f"img1.jpg,640,480,person,{n % 300},{n // 300},{n % 300 + 20.5},{n // 300 + 30}" for n in range(40_000)]
    file = tmp_path / "many.csv"
    file.write_text("filename,width,height,class,xmin,ymin,xmax,ymax\n" + "\n".join(rows))
    ada.page.locator("#upload input[type=file]").set_input_files(file)
    ada.page.get_by_role("button", name="Stop").click()
    ada.page.get_by_text("Stopped; nothing was changed.").wait_for()
    assert ada.check_agreement() == []
    ada.draw(*BOX)
    ada.wait_for_boxes(1)
    assert ada.check_agreement() == [about(BOX)]


def test_the_pictures_go_along_and_each_annotator_has_a_folder(ada: Person, tmp_path: Path) -> None:
    ada.draw(*BOX)
    ada.wait_for_boxes(1)
    page = ada.page
    page.select_option("#export-format", "coco")
    page.click("#export-open")
    page.get_by_text("COCO JSON: 1 box in").wait_for()
    page.get_by_label("with the pictures").check()
    page.get_by_label("a folder for each annotator").check()
    page.locator("#export-preview", has_text="ada/annotations.json").wait_for()
    with page.expect_download() as waiting:
        page.click("#export-confirm")
    waiting.value.save_as(tmp_path / "out.zip")
    with zipfile.ZipFile(tmp_path / "out.zip") as archive:
        assert {"ada/annotations.json", "ada/images/img1.jpg"} <= set(archive.namelist())


def test_pascal_voc_in_whole_pixels(ada: Person, tmp_path: Path) -> None:
    ada.draw(100.4, 100.4, 200.6, 200.6)
    ada.wait_for_boxes(1)
    page = ada.page
    page.select_option("#export-format", "voc")
    page.click("#export-open")
    page.get_by_label("Pascal VOC corners").select_option("whole pixels")
    page.get_by_text("Pascal VOC XML: 1 box in").wait_for()
    with page.expect_download() as waiting:
        page.click("#export-confirm")
    waiting.value.save_as(tmp_path / "out.zip")
    with zipfile.ZipFile(tmp_path / "out.zip") as archive:
        text = archive.read("Annotations/img1.xml").decode()
    assert all(corner.isdigit() for corner in re.findall(r"<[xy]m(?:in|ax)>([^<]*)<", text))


def test_a_download_waits_for_the_edit_that_is_on_its_way(ada: Person, tmp_path: Path) -> None:
    held = Held(ada.page, "**/api/edits")
    ada.draw(*BOX)
    held.wait()
    with ada.page.expect_download() as waiting:
        ada.page.click("#download-button")
        held.let_through()
    waiting.value.save_as(tmp_path / "annotations.json")
    image = json.loads((tmp_path / "annotations.json").read_text())["images"][0]
    assert len(image["annotations"][0]["boxes"]) == 1
