"""`make bench`: measure, and print Markdown tables. Nothing here is a test: times depend on the machine."""

from __future__ import annotations

import os
import platform
import tempfile
import warnings
from pathlib import Path

from playwright.sync_api import sync_playwright

from tests.benchmarks import page, server
from tests.browser.chromium import launch_options


def main() -> None:
    warnings.simplefilter("ignore")
    with tempfile.TemporaryDirectory() as name, sync_playwright() as playwright:
        browser = playwright.chromium.launch(**launch_options())
        print(f"Python {platform.python_version()}, Chromium {browser.version} headless, {os.cpu_count()} cores\n")
        print_table(
            ("The page", "here (90th percentile)", "2020 way", "ratio"), page.run(browser, Path(name) / "photos")
        )
        print_table(("The server", "figure"), server.run(browser, Path(name)))
        browser.close()


def print_table(head: tuple[str, ...], rows: list[tuple[str, ...]]) -> None:
    """Print a Markdown table."""
    print("| " + " | ".join(head) + " |")
    print("|" + "---|" * len(head))
    for row in rows:
        print("| " + " | ".join(row) + " |")
    print()


if __name__ == "__main__":
    main()
