"""How fast the page is, in headless Chromium."""

from __future__ import annotations

import statistics
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image
from playwright.sync_api import Browser
from werkzeug.serving import make_server

from app import create_app, warm_up
from data.settings import make_settings
from tests.benchmarks.baseline import make_baseline

REPEATS = 24
PHOTOS = 8
BOX_COUNTS = (10, 100, 1000)

# Resolves with the milliseconds from the next mouse-up (or click) to the end of the first frame in which `ready` holds.
WATCH = """({ event, ready }) => {
  const holds = new Function('return ' + ready);
  window.measured = new Promise((resolve, reject) => addEventListener(event, (e) => {
    setTimeout(() => reject(new Error(`not within a minute: ${ready}`)), 60_000);
    const look = () => requestAnimationFrame(() => {
      if (!holds()) return look();
      const { port1, port2 } = new MessageChannel();
      port1.onmessage = () => resolve(performance.now() - e.timeStamp);
      port2.postMessage(null); // runs once the frame is painted
    });
    look();
  }, { capture: true, once: true }));
}"""

# Figure, table (the new row is in sight) and store hold `count` boxes, in the words of each of the two applications.
LOADED = "window.annotator?.state().image && window.annotator.state().boxes.length === %(count)d"
AGREE = """(() => {
  const store = window.dash_component_api?.getLayout('annotations-store')?.props.data;
  const boxes = store?.images[store.image]?.boxes;
  const shapes = document.querySelector('#graph .js-plotly-plot')?.layout?.shapes ?? [];
  const drawn = shapes.reduce((n, s) => n + (s.type === 'path' ? s.path.split('H').length >> 1 : 0), 0);
  const rows = document.querySelectorAll('#annotations-table td[data-dash-column="X0"]');
  const shown = [...rows].some((row) => row.innerText === boxes?.at(-1)?.x0.toFixed(1));
  return boxes?.length === %(count)d && drawn === %(count)d && shown;
})()"""

BASELINE_AGREES = """(() => {
  const prop = (id, name) => window.dash_component_api?.getLayout(id)?.props[name];
  const store = prop('store', 'data');
  const boxes = store?.shapes[store.at] ?? [];
  const shapes = document.querySelector('#graph .js-plotly-plot')?.layout?.shapes ?? [];
  const row = document.querySelector('#table td[data-dash-column="x0"]')?.innerText;
  return boxes.length === %(count)d && prop('graph', 'figure')?.layout.shapes?.length === %(count)d
    && shapes.length === %(count)d && Number(row) === boxes.at(-1).x0;
})()"""


def run(browser: Browser, folder: Path) -> Iterator[tuple[str, str]]:
    """Yield rows of (what, figure) as they are measured: medians, and the 90th percentile in brackets."""
    for n in range(1, PHOTOS + 1):
        make_photograph(folder / f"photo{n}.jpg", seed=n)
    photos = sorted(folder.iterdir())
    with serving_ours(folder) as (url, services):
        for count in BOX_COUNTS:
            seed(services, f"b{count}", count)
            ours = measure_draws(browser, f"{url}/?annotator=b{count}&image=photo1.jpg", count, LOADED, AGREE)
            with serving(make_baseline(photos, [corners(n) for n in range(count)]).server) as baseline:
                theirs = measure_draws(browser, baseline, count, BASELINE_AGREES, BASELINE_AGREES)
            yield f"mouse-up to figure, row and store painted, {count} boxes", against(ours["ms"], theirs["ms"])
            yield f"bytes sent / received for that edit, {count} boxes", f"{ours['bytes']}, baseline {theirs['bytes']}"
        ours = measure_next(browser, f"{url}/?annotator=n&image=photo1.jpg", SHOWS)
        with serving(make_baseline(photos, []).server) as baseline:
            theirs = measure_next(browser, baseline, BASELINE_SHOWS)
        yield "Next to picture, boxes and table painted, 12 megapixels", against(ours["ms"], theirs["ms"])
        yield "pictures downloaded twice meanwhile", str(ours["twice"])


def against(ours: list[float], baseline: list[float]) -> str:
    """Our time, the baseline's, and how many times longer the baseline takes."""
    return (
        f"{shown(ours)}, baseline {shown(baseline)}: {statistics.median(baseline) / statistics.median(ours):.0f} times"
    )


def shown(times: list[float]) -> str:
    """A median and the 90th percentile."""
    return f"{statistics.median(times):.0f} ms ({np.percentile(times, 90):.0f})"


def make_photograph(path: Path, *, seed: int) -> Path:
    """A 4000 x 3000 JPEG with the detail of a photograph: smooth shapes and some grain."""
    random = np.random.default_rng(seed)
    small = Image.fromarray(random.integers(0, 255, (30, 40, 3), dtype=np.uint8))
    large = np.asarray(small.resize((4000, 3000), Image.Resampling.BICUBIC), dtype=np.int16)
    grain = random.integers(-6, 7, large.shape, dtype=np.int16)
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(np.clip(large + grain, 0, 255).astype(np.uint8)).save(path, quality=90)
    return path


@contextmanager
def serving(server: Any) -> Iterator[str]:
    """Serve a WSGI application on a free port."""
    http = make_server("127.0.0.1", 0, server, threaded=True)
    thread = threading.Thread(target=http.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{http.server_port}"
    http.shutdown()
    thread.join()


@contextmanager
def serving_ours(images: Path, source: str = "") -> Iterator[tuple[str, Any]]:
    """Serve this application on a folder, or on another source, with a database and a cache beside it."""
    beside = images.parent
    cache = str(beside / f"cache of {images.name}")
    given = {"images": source or str(images), "database": str(beside / f"{images.name}.db"), "cache": cache}
    app = create_app(make_settings(given, {}))
    app.services.indexer.index()
    warm_up(app)
    with serving(app.server) as url:
        yield url, app.services
    app.services.indexer.stop()


def seed(services: Any, annotator: str, count: int) -> None:
    """Put boxes into the database before the page is opened."""
    edits = [
        {"id": f"s{count}-{n}", "image": "photo1.jpg", "kind": "put", "time": f"2026-01-01T00:00:{n // 100:02d}.{n % 100:03d}Z",
         "box": {"id": f"s{count}-{n}", "label": ["person", "cat", "cup"][n % 3], **corners(n)}}
        for n in range(count)
    ]  # fmt: skip
    services.annotations.take(annotator, edits)


def corners(n: int) -> dict[str, float]:
    return {"x0": n % 40 * 99, "y0": n // 40 * 80, "x1": n % 40 * 99 + 60, "y1": n // 40 * 80 + 50}


def measure_draws(browser: Browser, url: str, count: int, loaded: str, agree: str) -> dict[str, Any]:
    """Draw boxes one after the other and time each from mouse-up."""
    page = browser.new_page(viewport={"width": 1400, "height": 900})
    page.goto(url)
    page.wait_for_selector("#graph .nsewdrag")
    page.wait_for_function(loaded % {"count": count})
    area = page.locator("#graph .nsewdrag").bounding_box()
    assert area is not None
    times = []
    sent: list[int] = []
    received: list[int] = []

    def on_response(response: Any) -> None:
        if response.request.method == "POST":
            sent.append(len(response.request.post_data or ""))
            received.append(int(response.headers.get("content-length", 0)))

    page.on("response", on_response)
    for n in range(REPEATS + 2):
        ready = agree % {"count": count + n + 1}
        page.evaluate(WATCH, {"event": "mouseup", "ready": ready})
        x, y = area["x"] + area["width"] * (0.1 + 0.025 * n), area["y"] + area["height"] * 0.5
        page.mouse.move(x, y)
        page.mouse.down()
        page.mouse.move(x + 8, y + 20)
        page.mouse.move(x + 12, y + 40)
        page.mouse.up()
        times.append(page.evaluate("window.measured"))
        page.evaluate("new Promise((resolve) => setTimeout(resolve, 150))")  # as long as the fastest hand needs
    page.close()
    size = f"{statistics.median(sent):,.0f} / {statistics.median(received):,.0f}" if sent else "none"
    return {"ms": times[2:], "bytes": size}


SHOWS = """(() => {
  const layout = document.querySelector('#graph .js-plotly-plot')?.layout;
  return layout?.meta?.image === '%(name)s' && window.annotator.state().image === '%(name)s'
    && layout.images[0].source.includes('%(name)s');
})()"""

BASELINE_SHOWS = "document.querySelector('#graph .js-plotly-plot')?.layout?.meta?.image === '%(name)s'"


def measure_next(browser: Browser, url: str, shows: str) -> dict[str, Any]:
    """Press Next through the photographs, and Previous back if there is one, and time each from the click."""
    page = browser.new_page(viewport={"width": 1400, "height": 900})
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url) if "fit=1" in request.url else None)
    page.goto(url)
    page.wait_for_function(shows % {"name": "photo1.jpg"})
    turns = page.locator("#previous").count() > 0
    times: list[float] = []
    number, step = 1, 1
    while len(times) < REPEATS + 2:
        page.evaluate("new Promise((resolve) => setTimeout(resolve, 900))")  # a person looks; prefetching ends
        if number in (1, PHOTOS):
            step = -1 if number == PHOTOS and turns else 1
        number = (number - 1 + step) % PHOTOS + 1
        page.evaluate(WATCH, {"event": "click", "ready": shows % {"name": f"photo{number}.jpg"}})
        page.locator("#next" if step > 0 else "#previous").click()
        times.append(page.evaluate("window.measured"))
    page.close()
    return {"ms": times[2:], "twice": len(asked) - len(set(asked))}
