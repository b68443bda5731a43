"""Memory while many large pictures are asked for at once."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from PIL import Image

from data.memory import Allowance

SIDE = 5000
AT_ONCE = 8
SHOW_ALL = """
import json, re, sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from data.cache import Cache
from data.memory import share_freed_memory
from data.pictures import Pictures

share_freed_memory()
folder, most_px = Path(sys.argv[1]), int(sys.argv[2])
pictures = Pictures(Cache(folder / str(most_px), 10**9), most_px)
def peak_mb():
    return int(re.search(r"VmHWM:\\s+(\\d+)", Path("/proc/self/status").read_text())[1]) / 1000
before = peak_mb()
with ThreadPoolExecutor(8) as pool:
    sizes = list(pool.map(lambda n: pictures.thumbnail(folder / "a.png", str(n), fit_px=64).path.stat().st_size, range(8)))
print(json.dumps([peak_mb() - before, min(sizes)]))
"""


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="only Linux tells the most memory a process had")
def test_large_pictures_asked_for_at_once_share_the_memory_of_the_largest(tmp_path: Path) -> None:
    Image.new("RGB", (SIDE, SIDE), "teal").save(tmp_path / "a.png", compress_level=1)

    def run(most_px: int) -> float:
        command = [sys.executable, "-c", SHOW_ALL, str(tmp_path), str(most_px)]
        grown_mb, smallest = json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout)
        assert smallest > 0
        return float(grown_mb)

    one_mb = SIDE * SIDE * 4 / 1e6
    assert run(SIDE * SIDE) < 1.5 * one_mb
    assert run(SIDE * SIDE * AT_ONCE) > 3 * one_mb  # with room for all: the measure would have noticed


def test_no_more_is_given_than_there_is_and_the_first_comes_first() -> None:
    allowance = Allowance(10)
    held = 0
    most = 0
    lock = threading.Lock()

    def work(pixels: int) -> None:
        nonlocal held, most
        with allowance.take(pixels):
            with lock:
                held += min(pixels, 10)
                most = max(most, held)
            with lock:
                held -= min(pixels, 10)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(work, [3, 10, 4, 1, 25, 6, 2] * 50))
    assert held == 0
    assert most <= 10


def test_what_fails_gives_back_what_it_held() -> None:
    allowance = Allowance(10)
    with pytest.raises(ValueError, match="damaged"), allowance.take(10):
        raise ValueError("damaged")
    with allowance.take(10):
        pass
