"""The same work on four batches: small JPEGs, a bucket of large photographs, deep microscopy, a slide, in a browser."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import boto3
from moto.server import ThreadedMotoServer
from playwright.sync_api import Browser, Page

from tests.benchmarks import pictures
from tests.benchmarks.page import AGREE, LOADED, SHOWS, WATCH, measure_draws, serving_ours, shown

COUNT = 12
FETCHED = """(name) => performance.getEntriesByType('resource')
  .some((one) => one.name.includes(`/images/${name}`) && one.name.includes('fit=1') && one.responseEnd)"""
Maker = Callable[[Path], object]


def run(browser: Browser, folder: Path) -> Iterator[tuple[str, str]]:
    """Yield rows of (what, figure) as they are measured."""
    kinds: dict[str, tuple[str, Maker]] = {
        "folder of 2-megapixel JPEGs": (".jpg", lambda path: pictures.photograph(path, 1600, 1200)),
        "bucket of 40-megapixel photographs": (".jpg", lambda path: pictures.photograph(path, 7300, 5480)),
        "folder of TIFFs of 16 bits, three channels": (".tif", pictures.microscopy),
        "folder of slides of 1.2 gigapixels": (".tif", lambda path: pictures.slide(path, levels=True)),
    }
    for number, (name, (suffix, make)) in enumerate(kinds.items()):
        batch = folder / f"batch{number}"
        batch.mkdir()
        make(batch / f"0{suffix}")
        for n in range(1, COUNT):
            os.link(batch / f"0{suffix}", batch / f"{n}{suffix}")
        with ExitStack() as stack:
            source = stack.enter_context(bucket(batch)) if "bucket" in name else str(batch)
            url, _ = stack.enter_context(serving_ours(batch, source))
            yield name, figures(browser, url, suffix)


@contextmanager
def bucket(folder: Path) -> Iterator[str]:
    """The files of a folder in a bucket of a server on this machine."""
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0)
    server.start()
    host, port = server.get_host_and_port()
    given = {"AWS_ENDPOINT_URL": f"http://{host}:{port}", "AWS_ACCESS_KEY_ID": "a", "AWS_SECRET_ACCESS_KEY": "b",
             "AWS_DEFAULT_REGION": "us-east-1"}  # fmt: skip
    os.environ.update(given)
    client = boto3.client("s3")
    client.create_bucket(Bucket="photos")
    for path in folder.iterdir():
        client.upload_file(str(path), "photos", path.name)
    yield "s3://photos"
    server.stop()
    for name in given:
        del os.environ[name]


def figures(browser: Browser, url: str, suffix: str) -> str:
    page = browser.new_page(viewport={"width": 1400, "height": 900})
    started = time.perf_counter()
    page.goto(f"{url}/?annotator=n&image=0{suffix}")
    page.wait_for_function(SHOWS % {"name": f"0{suffix}"})
    opened = time.perf_counter() - started
    patient = [step(page, f"{n}{suffix}", fetched=True) for n in range(1, COUNT // 2)]
    hasty = [step(page, f"{n}{suffix}", fetched=False) for n in range(COUNT // 2, COUNT)]
    page.close()
    draws = measure_draws(browser, f"{url}/?annotator=d&image=0{suffix}", 0, LOADED, AGREE)["ms"]
    return f"first picture {opened:.1f} s after the address, Next {shown(patient)}, clicked on at once {shown(hasty)}, a box painted {shown(draws)}"


def step(page: Page, name: str, *, fetched: bool) -> float:
    """Milliseconds from Next to the picture, once it was fetched ahead or at once."""
    if fetched:
        page.wait_for_function(FETCHED, arg=name)
    page.evaluate(WATCH, {"event": "click", "ready": SHOWS % {"name": name}})
    page.locator("#next").click()
    return float(page.evaluate("window.measured"))
