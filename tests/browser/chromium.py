"""Which Chromium the tests use. As a program: exit code 0 if there is one."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path
from typing import Any

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")

# Without these a Chromium on a closed network asks for updates all the time; as root it runs only without its sandbox.
ARGUMENTS = ["--disable-background-networking", "--disable-component-update", "--disable-sync", "--no-first-run"]


def launch_options() -> dict[str, Any]:
    """How to launch it: the CHROMIUM variable, one on the path, or Playwright's own."""
    arguments = [*ARGUMENTS, "--no-sandbox"] if os.name == "posix" and os.getuid() == 0 else ARGUMENTS
    found = os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, NAMES)), None)
    return {"args": arguments, **({"executable_path": found} if found else {})}


def exists() -> bool:
    """Whether a browser can be launched."""
    if "executable_path" in launch_options():
        return True
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        return Path(playwright.chromium.executable_path).exists()


if __name__ == "__main__":
    sys.exit(0 if exists() else 1)
