"""How fast the page is, beside the baseline, in one headless Chromium."""

from __future__ import annotations

import statistics
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image
from playwright.sync_api import Browser, Page
from werkzeug.serving import make_server

from app import create_app, warm_up
from data.settings import make_settings
from tests.benchmarks.baseline import make_baseline

REPEATS = 24
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

OURS_AGREE = """(() => {
  const prop = (id, name) => window.dash_component_api.getLayout(id).props[name];
  const store = prop('annotations-store', 'data');
  const { shapes } = document.querySelector('#graph .js-plotly-plot').layout;
  const drawn = shapes.reduce((n, s) => n + (s.type === 'path' ? s.path.split('H').length >> 1 : 0), 0);
  const row = document.querySelector('#annotations-table td[data-dash-column="X0"]')?.innerText;
  const newest = store.images[store.image].boxes.at(-1);
  return store.images[store.image].boxes.length === %(count)d && drawn === %(count)d && row === newest.x0.toFixed(1);
})()"""

BASELINE_AGREES = """(() => {
  const prop = (id, name) => window.dash_component_api.getLayout(id).props[name];
  const { at, shapes } = prop('store', 'data');
  const drawn = document.querySelectorAll('#graph .shapelayer path').length;
  const row = document.querySelector('#table td[data-dash-column="x0"]')?.innerText;
  return shapes[at]?.length === %(count)d && drawn === %(count)d && Number(row) === shapes[at].at(-1).x0;
})()"""


def run(browser: Browser, folder: Path) -> list[tuple[str, str, str, str]]:
    """Rows of (what, ours, baseline, ratio)."""
    photographs = [make_photograph(folder / f"photo{n}.jpg", seed=n) for n in range(1, 9)]
    rows = []
    with serving_ours(folder) as (url, services), serving(make_baseline(photographs).server) as base_url:
        for count in BOX_COUNTS:
            ours = measure_draws(
                browser, f"{url}/?annotator=b{count}&image=photo1.jpg", OURS_AGREE, count, seed(services)
            )
            theirs = measure_draws(browser, base_url, BASELINE_AGREES, count, seed_baseline, repeats=6)
            rows.append(row(f"mouse-up to figure, row and store painted, {count} boxes", ours["ms"], theirs["ms"]))
            rows.append((f"bytes sent / received for that edit, {count} boxes", ours["bytes"], theirs["bytes"], ""))
        ours = measure_next(browser, f"{url}/?annotator=n&image=photo1.jpg", ours_shows)
        theirs = measure_next(browser, base_url, baseline_shows, repeats=6)
        rows.append(row("Next to picture, boxes and table painted, 12 megapixels", ours["ms"], theirs["ms"]))
        rows.append(("pictures downloaded twice", str(ours["twice"]), "each time", ""))
    return rows


def row(what: str, ours: list[float], theirs: list[float]) -> tuple[str, str, str, str]:
    a, b = statistics.median(ours), statistics.median(theirs)
    spread = f"{a:.0f} ms ({np.percentile(ours, 90):.0f})"
    return what, spread, f"{b:.0f} ms", f"{b / a:.0f} x"


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
def serving_ours(images: Path) -> Iterator[tuple[str, Any]]:
    """Serve this application on a folder, with a database and a cache beside it."""
    beside = images.parent
    given = {"images": str(images), "database": str(beside / f"{images.name}.db"), "cache": str(beside / "cache")}
    app = create_app(make_settings(given, {}))
    app.services.indexer.index()
    warm_up(app)
    with serving(app.server) as url:
        yield url, app.services


def seed(services: Any) -> Callable[[Page, int], None]:
    """Put boxes into the database before the page is opened."""

    def fill(_page: Page, count: int) -> None:
        edits = [
            {"id": f"s{count}-{n}", "image": "photo1.jpg", "kind": "put", "time": f"2026-01-01T00:00:{n // 100:02d}.{n % 100:03d}Z",
             "box": {"id": f"s{count}-{n}", "label": ["person", "cat", "cup"][n % 3],
                     "x0": n % 40 * 99, "y0": n // 40 * 80, "x1": n % 40 * 99 + 60, "y1": n // 40 * 80 + 50}}
            for n in range(count)
        ]  # fmt: skip
        services.annotations.take(f"b{count}", edits)

    return fill


def seed_baseline(page: Page, count: int) -> None:
    """Give the baseline its boxes the way a person would: through the figure's relayout."""
    shapes = [
        {"type": "rect", "x0": n % 40 * 99, "y0": n // 40 * 80, "x1": n % 40 * 99 + 60, "y1": n // 40 * 80 + 50}
        for n in range(count)
    ]
    page.evaluate("(shapes) => window.dash_clientside.set_props('graph', {relayoutData: {shapes}})", shapes)
    page.wait_for_function(f"document.querySelectorAll('#graph .shapelayer path').length === {count}", timeout=120_000)


def measure_draws(
    browser: Browser, url: str, agree: str, count: int, fill: Callable[[Page, int], None], *, repeats: int = REPEATS
) -> dict[str, Any]:
    """Draw boxes one after the other and time each from mouse-up."""
    page = browser.new_page(viewport={"width": 1400, "height": 900})
    if "annotator" in url:
        fill(page, count)
    page.goto(url)
    page.wait_for_selector("#graph .nsewdrag")
    if "annotator" in url:
        page.wait_for_function(f"window.annotator?.state().boxes.length === {count}")
    else:
        fill(page, count)
    area = page.locator("#graph .nsewdrag").bounding_box()
    assert area is not None
    times = []
    sent: list[int] = []
    received: list[int] = []

    def on_response(response: Any) -> None:
        if response.request.method == "POST":
            sent.append(len(response.request.post_data or ""))
            received.append(len(response.body()))

    page.on("response", on_response)
    for n in range(repeats + 2):
        ready = agree % {"count": count + n + 1}
        page.evaluate(WATCH, {"event": "mouseup", "ready": ready})
        x, y = area["x"] + area["width"] * (0.1 + 0.025 * n), area["y"] + area["height"] * 0.5
        page.mouse.move(x, y)
        page.mouse.down()
        page.mouse.move(x + 10, y + 20)
        page.mouse.move(x + 20, y + 40)
        page.mouse.up()
        times.append(page.evaluate("window.measured"))
        page.evaluate("new Promise((resolve) => setTimeout(resolve, 150))")  # as long as the fastest hand needs
    page.close()
    size = f"{statistics.median(sent):,.0f} / {statistics.median(received):,.0f}" if sent else "none"
    return {"ms": times[2:], "bytes": size}


def ours_shows(page: Page, number: int) -> tuple[str, str]:
    ready = f"""(() => {{
      const {{ layout }} = document.querySelector('#graph .js-plotly-plot');
      return layout.meta.image === 'photo{number}.jpg' && window.annotator.state().image === 'photo{number}.jpg'
        && layout.images[0].source.includes('photo{number}.jpg');
    }})()"""
    return ready, "#next" if number > 1 else "#previous"


def baseline_shows(page: Page, number: int) -> tuple[str, str]:
    ready = f"""(() => {{
      const gd = document.querySelector('#graph .js-plotly-plot');
      return gd.layout.meta.image === 'photo{number}.jpg' && gd.querySelector('.imagelayer image, .im image')?.href.baseVal.length > 0;
    }})()"""
    return ready, "#next"


def measure_next(
    browser: Browser, url: str, shows: Callable[[Page, int], tuple[str, str]], *, repeats: int = REPEATS
) -> dict[str, Any]:
    """Press Next through the photographs and time each from the click."""
    page = browser.new_page(viewport={"width": 1400, "height": 900})
    asked: list[str] = []
    page.on(
        "request",
        lambda request: (
            asked.append(request.url) if "/images/photo" in request.url and "annotations" not in request.url else None
        ),
    )
    page.goto(url)
    page.wait_for_selector("#graph .nsewdrag")
    if "annotator" in url:
        page.wait_for_function("window.annotator?.state().image === 'photo1.jpg'")
    times: list[float] = []
    number, step = 1, 1
    while len(times) < repeats + 2:
        page.evaluate(
            "new Promise((resolve) => setTimeout(resolve, 900))"
        )  # a person looks at the picture; prefetching ends
        if "annotator" in url:
            step = -1 if number == 8 else 1 if number == 1 else step
            number += step
            button = "#next" if step > 0 else "#previous"
        else:
            number = number % 8 + 1
            button = "#next"
        ready, _ = shows(page, number)
        page.evaluate(WATCH, {"event": "click", "ready": ready})
        page.locator(button).click()
        times.append(page.evaluate("window.measured"))
    page.close()
    return {"ms": times[2:], "twice": len(asked) - len(set(asked))}
