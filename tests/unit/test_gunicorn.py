"""The application as gunicorn serves it."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import threading
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path

import pytest
import requests

from data.batch import OPENED_AT_ONCE
from tests.benchmarks.server import wait_for_index
from tests.shelf import Shelf, jpeg

ROOT = Path(__file__).parents[2]
NAMES = [f"img{number}.jpg" for number in range(1, 51)]


@pytest.fixture
def url(tmp_path: Path, shelf: Shelf) -> Iterator[str]:
    """One process of gunicorn, as it is configured, with fifty pictures of known size behind addresses."""
    shelf.files = {f"/{name}": jpeg() for name in NAMES}
    listed = "".join(f"{shelf.url}/{name},{name},64,48\n" for name in NAMES)
    (tmp_path / "list.csv").write_text("url,name,width,height\n" + listed)
    environment = {
        **os.environ,
        "IMAGES": str(tmp_path / "list.csv"),
        "DATABASE_URL": str(tmp_path / "a.db"),
        "CACHE": str(tmp_path / "cache"),
        "HOST": "127.0.0.1",
        "PORT": "0",
        "WEB_CONCURRENCY": "1",
    }
    command = [sys.executable, "-m", "gunicorn", "app:server"]
    process = subprocess.Popen(command, cwd=ROOT, env=environment, stderr=subprocess.PIPE, text=True)
    assert process.stderr is not None
    found = (re.search(r"Listening at: (http://\S+)", line) for line in process.stderr)
    address = next(one[1] for one in found if one)
    drain = threading.Thread(target=process.stderr.read, daemon=True)
    drain.start()
    yield address
    process.terminate()
    process.wait()
    drain.join()
    process.stderr.close()


def test_an_edit_is_taken_while_more_pictures_are_on_their_way_than_there_are_threads(url: str, shelf: Shelf) -> None:
    wait_for_index(url)
    shelf.held = {f"/{name}" for name in NAMES}
    with ThreadPoolExecutor(len(NAMES)) as people:
        asked = [people.submit(requests.get, f"{url}/thumbnails/{name}", timeout=60) for name in NAMES]
        finished = as_completed(asked, timeout=60)
        for _ in range(len(NAMES) - OPENED_AT_ONCE):
            assert next(finished).result().status_code == 503
        edit = {
            "id": str(uuid.uuid4()),
            "image": NAMES[0],
            "kind": "state",
            "state": "done",
            "time": "2026-01-01T00:00:00Z",
        }
        answer = requests.post(f"{url}/api/edits", json={"annotator": "ada", "edits": [edit]}, timeout=15)
        assert answer.json()["accepted"] == [edit["id"]]
        assert not shelf.go.is_set()
        shelf.go.set()
        answers = [one.result() for one in asked]
    assert sum(answer.status_code == 200 for answer in answers) == OPENED_AT_ONCE
    refused = next(answer for answer in answers if answer.status_code == 503)
    assert refused.json()["error"] == "too many pictures are being opened at once; ask again in a moment"
