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

# Others do what they can with what we wrote: read it whole, and write it anew where their writer needs no pictures.
THEIRS = {
    ("globox", "coco"): ("AnnotationSet.from_coco(path)", "found.save_coco(out, auto_ids=True)"),
    ("globox", "cvat"): ("AnnotationSet.from_cvat(path)", "found.save_cvat(out)"),
    ("globox", "voc"): ("AnnotationSet.from_pascal_voc(path / 'Annotations', recursive=True)", "found.save_pascal_voc(out)"),
    ("globox", "labelme"): ("AnnotationSet.from_labelme(path, recursive=True)", "found.save_labelme(out)"),
    ("supervision", "coco"): ("DetectionDataset.from_coco('', str(path))", None),
}  # fmt: skip
THEIR_CODE = """
import pathlib, resource, time
from {package} import {kind}
path, out = pathlib.Path({path!r}), pathlib.Path({out!r})
started = time.perf_counter()
found = {read}
read = time.perf_counter()
{write}
print(read - started, time.perf_counter() - read, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
"""


def main() -> None:
    from data.formats import WRITTEN

    print(f"{IMAGES:,} images, {IMAGES * BOXES_EACH:,} boxes; seconds to write and to read, and the most memory\n")
    print("| format | writes | reads | memory | the same by others |\n|---|---|---|---|---|")
    python = os.environ.get("INTEROP_PYTHON")
    for name in sys.argv[1:] or WRITTEN:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / (WRITTEN[name].file or "out")
            wrote = _measured([sys.executable, "-m", __spec__.name, "--write", name, str(path)])
            read = _measured([sys.executable, "-m", __spec__.name, "--read", name, str(path)])
            others = [_other(python, package, name, path) for package, one in THEIRS if one == name] if python else []
            memory = max(wrote[1], read[1])
            print(f"| {name} | {wrote[0]:.1f} s | {read[0]:.1f} s | {memory} MB | {'; '.join(others)} |", flush=True)


def _other(python: str, package: str, name: str, path: Path) -> str:
    read, write = THEIRS[package, name]
    code = THEIR_CODE.format(
        package=package,
        kind=read.partition(".")[0],
        path=str(path),
        out=str(path.with_name("theirs" + path.suffix)),
        read=read,
        write=write or "",
    )
    try:
        said = subprocess.run([python, "-c", code], check=True, capture_output=True, text=True).stdout.split()[-3:]
    except subprocess.CalledProcessError as error:
        return f"{package} fails: {error.stderr.strip().splitlines()[-1][:80]}"
    seconds = f"writes {float(said[1]):.1f} s, " if write else ""
    return f"{package} {seconds}reads {float(said[0]):.1f} s, {int(said[2]) // 1024} MB"


def _measured(command: list[str]) -> tuple[float, int]:
    said = subprocess.run(command, check=True, capture_output=True, text=True).stdout.split()
    return float(said[-2]), int(said[-1]) // 1024


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

    started = time.perf_counter()
    if how == "--write":
        labels = [LabelRecord(f"label {n}", n) for n in range(LABELS)]
        chosen = formats.WRITTEN[name]
        formats.write_parts(formats.parts_of(chosen, Dataset(labels, _images)), chosen, path)  # type: ignore[arg-type]
    else:
        with open_tree(path) as tree:
            found = sum(len(one.boxes) for one in formats.records(tree) if isinstance(one, ImageRecord))
        assert found == IMAGES * BOXES_EACH, json.dumps(found)
    print(time.perf_counter() - started, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)


if __name__ == "__main__":
    if len(sys.argv) > 1 and sys.argv[1] in ("--write", "--read"):
        _one(sys.argv[1], sys.argv[2], Path(sys.argv[3]))
    else:
        main()
