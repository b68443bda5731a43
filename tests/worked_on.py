"""A small batch that Ada and Bob have worked on, for tests of queries and of the gallery."""

from __future__ import annotations

import uuid
from pathlib import Path
from typing import Any

from data.database import open_database
from data.services import Services, make_services
from data.settings import make_settings
from tests.conftest import save_picture

Box = tuple[str, float, float, float, float]


CATS_1, CATS_2, DOGS_1, NIGHT = "cats/one.jpg", "cats/two.jpg", "dogs/one.jpg", "dogs/night shift.jpg"
EMPTY, TODO, WIDE, BROKEN = "empty.jpg", "todo.jpg", "wide.jpg", "broken.jpg"
LABELS = ("cat", "dog", "traffic light")
PATHS = {"images": "pictures", "labels": "labels.toml", "cache": "cache"}
ALL = {CATS_1, CATS_2, DOGS_1, NIGHT, EMPTY, TODO, WIDE, BROKEN}


def put(box: Box) -> dict[str, Any]:
    label, x0, y0, x1, y1 = box
    return {"kind": "put", "box": {"id": str(uuid.uuid4()), "label": label, "x0": x0, "y0": y0, "x1": x1, "y1": y1}}


def say(
    services: Services,
    who: str,
    image: str,
    *boxes: Box,
    state: str = "",
    reason: str = "",
    day: str = "2026-01-10",
    box_id: str = "",
) -> None:
    """Let somebody draw boxes on an image, and give it a state."""
    edits = [put(box) for box in boxes]
    if box_id:
        edits.append({"kind": "delete", "box_id": box_id})
    if state:
        edits.append({"kind": "state", "state": state, "reason": reason})
    for n, one in enumerate(edits):
        one |= {"id": str(uuid.uuid4()), "image": image, "time": f"{day}T10:00:{n:02}.000Z"}
    outcome = services.annotations.take(who, edits)
    assert outcome.refused == []


def fill(database_url: str, folder: Path) -> Services:
    """Six pictures of 640 x 480, one of 2000 x 1000, one that is none; worked on by Ada and Bob."""
    for name in ("cats/one.jpg", "cats/two.jpg", "dogs/one.jpg", "dogs/night shift.jpg", "empty.jpg", "todo.jpg"):
        save_picture(folder / "pictures" / name)
    save_picture(folder / "pictures" / "wide.jpg", (2000, 1000))
    (folder / "pictures" / "broken.jpg").write_bytes(b"nothing")
    (folder / "labels.toml").write_text("".join(f'[[label]]\nname = "{name}"\n' for name in LABELS))
    paths = {name: str(folder / path) for name, path in PATHS.items()}
    settings = make_settings({**paths, "database": database_url}, {})
    made = make_services(settings, open_database(settings.database))
    made.indexer.index()
    say(made, "ada", CATS_1, ("cat", 10, 10, 110, 110), ("cat", 200, 200, 210, 210), state="done")
    say(made, "ada", CATS_2, ("cat", 0, 0, 600, 100), day="2026-02-01")
    say(
        made,
        "ada",
        DOGS_1,
        ("dog", 300, 230, 340, 250),
        ("traffic light", 0, 0, 20, 60),
        state="done",
        day="2026-02-01",
    )
    say(made, "ada", NIGHT, state="skipped", reason='too "dark"')
    say(made, "ada", EMPTY, state="done")
    say(made, "bob", CATS_1, ("dog", 10, 10, 110, 110), ("dog", 5, 5, 50, 50), ("dog", 9, 9, 90, 90))
    say(made, "bob", EMPTY, state="skipped")
    made.batch.pictures([WIDE, BROKEN])  # which opens them for the first time
    return made
