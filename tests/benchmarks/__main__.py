"""`make bench`: measure, and print a Markdown table. Nothing here is a test: times depend on the machine."""

from __future__ import annotations

import logging
import os
import platform
import tempfile
import warnings
from pathlib import Path

from playwright.sync_api import sync_playwright

from tests.benchmarks import batches, gallery, page, pictures, server
from tests.browser.chromium import launch_options


def main() -> None:
    warnings.simplefilter("ignore")
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    with tempfile.TemporaryDirectory() as name, sync_playwright() as playwright:
        browser = playwright.chromium.launch(**launch_options())
        print(f"Python {platform.python_version()}, Chromium {browser.version} headless, {os.cpu_count()} cores\n")
        print("| what | figure |\n|---|---|")
        folder = Path(name)
        for rows in (
            page.run(browser, folder / "photos"),
            server.run(browser, folder),
            gallery.run(browser, folder),
            pictures.run(folder),
            batches.run(browser, folder),
        ):
            for what, figure in rows:
                print(f"| {what} | {figure} |", flush=True)
        browser.close()


if __name__ == "__main__":
    main()
