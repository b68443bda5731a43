"""How fast and how lean the formats are: a million boxes out and in, each in a process of its own; others beside them.

``python -m tests.benchmarks.formats`` prints a Markdown table. With ``INTEROP_PYTHON`` (see `make test-interop`) globox and
supervision do the same on the same files in the same run.
"""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

IMAGES = int(os.environ.get("BENCH_IMAGES", "100000"))
BOXES_EACH = 10
LABELS = 20

THEIRS = {
    name: f"""
import pathlib, resource
from globox import AnnotationSet
AnnotationSet.{read}(pathlib.Path({{path!r}})).{write}
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
"""
    for name, read, write in (
        ("coco", "from_coco", "save_coco(pathlib.Path({out!r}), auto_ids=True)"),
        ("cvat", "from_cvat", "save_cvat(pathlib.Path({out!r}))"),
    )
}


def main() -> None:
    from data.formats import WRITTEN

    print(f"{IMAGES:,} images, {IMAGES * BOXES_EACH:,} boxes\n")
    print(
        "| format | writes | reads | peak memory writing, reading | others: reads and writes |\n|---|---|---|---|---|"
    )
    python = os.environ.get("INTEROP_PYTHON")
    for name in sys.argv[1:] or WRITTEN:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / (WRITTEN[name].file or "out")
            wrote, read = (
                _measured([sys.executable, "-m", __spec__.name, f"--{how}", name, str(path)])
                for how in ("write", "read")
            )
            other = ""
            if python and name in THEIRS:
                code = THEIRS[name].format(path=str(path), out=str(path.with_name("theirs" + path.suffix)))
                try:
                    seconds, memory = _measured([python, "-c", code])
                    other = f"globox {seconds:.0f} s, {memory} MB"
                except subprocess.CalledProcessError as error:
                    other = f"globox fails: {error.stderr.strip().splitlines()[-1][:80]}"
            print(f"| {name} | {wrote[0]:.0f} s | {read[0]:.0f} s | {wrote[1]} / {read[1]} MB | {other} |", flush=True)


def _measured(command: list[str]) -> tuple[float, int]:
    started = time.perf_counter()
    said = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    return time.perf_counter() - started, int(said.split()[-1]) // 1024


def _images() -> Iterator[object]:
    from data.formats.model import BoxRecord, ImageRecord

    for n in range(IMAGES):
        boxes = tuple(
            BoxRecord(f"label {(n + k) % LABELS}", 10.5 * k, 5.25 * k, 10.5 * k + 40.125, 5.25 * k + 30.5, id=f"{n}-{k}",
                      created="2026-01-01T00:00:00.000Z", modified="2026-01-01T00:00:00.000Z")
            for k in range(BOXES_EACH)
        )  # fmt: skip
        yield ImageRecord(f"folder{n % 100}/image{n}.jpg", 1920, 1080, boxes, "ada", "done", size_bytes=n)


def _one(how: str, name: str, path: Path) -> None:
    from data import formats
    from data.formats.model import Dataset, ImageRecord, LabelRecord
    from data.formats.tree import open_tree

    if how == "--write":
        labels = [LabelRecord(f"label {n}", n) for n in range(LABELS)]
        formats.write_to(formats.WRITTEN[name], Dataset(labels, _images), path)  # type: ignore[arg-type]
    else:
        with open_tree(path) as tree:
            found = sum(len(one.boxes) for one in formats.records(tree) if isinstance(one, ImageRecord))
        assert found == IMAGES * BOXES_EACH, json.dumps(found)
    print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)


if __name__ == "__main__":
    if len(sys.argv) > 1 and sys.argv[1] in ("--write", "--read"):
        _one(sys.argv[1], sys.argv[2], Path(sys.argv[3]))
    else:
        main()
