"""Readers on files that were cut off, flipped, mixed up and nested: a report or an InputError, and nothing else."""

from __future__ import annotations

import io
import json
import random
import resource
import sys
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from data import formats
from data.errors import InputError
from data.formats.model import BoxRecord, Dataset, Doubt, Format, ImageRecord, LabelRecord, Options, Problem
from data.formats.tree import Tree

EACH = 10_000
MOST_GROWTH_BYTES = 64_000_000
WORDS = [b'"', b"[", b"]", b"{", b"}", b"<", b">", b"&", b",", b"\n", b"\0", b"\xff", b"null", b"NaN", b"1e999", b"-1",
         b"true", b'""', b"[[[[", b"&x;", b"<!DOCTYPE a [<!ENTITY x 'y'>]>", b"999999999999999999999", "é".encode(), b"\\u0000", b"\\"]  # fmt: skip
LABELS = [LabelRecord("cat", 0, "#ff0000"), LabelRecord("ünï", 1)]
IMAGES = [
    ImageRecord("a/1.jpg", 64, 48, (BoxRecord("cat", 1.5, 2, 30, 40, id="b", created="2026-01-01T00:00:00Z", modified="2026-01-01T00:00:00Z"),), "ada", "done"),
    ImageRecord("2.jpg", 10, 10, (), "ada", "done"),
]  # fmt: skip
DEMO = (
    b'{"a.jpg": {"shapes": [{"line": {"color": "#0DF9FF"}, "x0": "1", "y0": 2, "x1": 9, "y1": "9"}]}, "starttime": 1}'
)


def seed_files(chosen: Format) -> dict[str, bytes]:
    if chosen.write is None:
        return {"demo.json": DEMO}
    dataset = Dataset(LABELS, lambda: iter(IMAGES))
    return {part.name: "".join(part.text).encode() for part in chosen.write(dataset)}


def cut(content: bytes, chance: random.Random) -> bytes:
    return content[: chance.randrange(len(content) + 1)]


def flip(content: bytes, chance: random.Random) -> bytes:
    changed = bytearray(content or b"x")
    for _ in range(chance.randint(1, 4)):
        changed[chance.randrange(len(changed))] ^= 1 << chance.randrange(8)
    return bytes(changed)


def insert(content: bytes, chance: random.Random) -> bytes:
    place = chance.randrange(len(content) + 1)
    return content[:place] + chance.choice(WORDS) * chance.choice((1, 1, 2, 30)) + content[place:]


def replace(content: bytes, chance: random.Random) -> bytes:
    first, second = sorted((chance.randrange(len(content) + 1), chance.randrange(len(content) + 1)))
    return content[:first] + chance.choice(WORDS) + content[min(second, first + 20) :]


def twist(content: bytes, chance: random.Random) -> bytes:
    a, b, c = sorted(chance.randrange(len(content) + 1) for _ in range(3))
    return content[:a] + content[b:c] + content[a:b] + content[c:]


MUTATIONS: list[Callable[[bytes, random.Random], bytes]] = [cut, flip, insert, replace, twist]


@pytest.mark.parametrize("chosen", formats.FORMATS, ids=lambda one: one.name)
def test_a_faulty_file_gives_a_report_or_an_input_error(chosen: Format) -> None:
    chance = random.Random(chosen.name)
    most_before = most_memory_bytes()
    seeds = seed_files(chosen)
    names = list(seeds)
    for _ in range(EACH):
        name = chance.choice(names)
        content = seeds[name]
        for _ in range(chance.randint(1, 3)):
            content = chance.choice(MUTATIONS)(content, chance)
        files = {**seeds, name: content}
        check(chosen, files)
    assert most_memory_bytes() - most_before < MOST_GROWTH_BYTES


def check(chosen: Format, files: dict[str, bytes]) -> None:
    tree = Tree("fuzz", tuple(files), lambda one: io.BytesIO(files[one]))
    said = []
    try:
        chosen.recognises(tree)
        said = [record.text for record in chosen.read(tree, Options()) if isinstance(record, Problem | Doubt)]
    except InputError as error:
        said.append(str(error))
    except Exception as error:
        raise AssertionError(f"{chosen.name} failed on {files!r}") from error
    assert all("\n" not in text and len(text) < 1000 for text in said), (said, files)


def most_memory_bytes() -> int:
    """The most memory this process ever had."""
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=4), inner, max_size=4),
    max_leaves=8,
)
IN_JSON = [one for one in formats.FORMATS if any(name.endswith(".json") for name in seed_files(one))]


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Where a value could be put into a document in the place of another."""
    yield path
    pairs = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in pairs:
        yield from places(inner, (*path, key))


def put_at(document: Any, path: tuple[Any, ...], value: Any) -> Any:
    if not path:
        return value
    changed = dict(document) if isinstance(document, dict) else list(document)
    changed[path[0]] = put_at(document[path[0]], path[1:], value)
    return changed


@pytest.mark.parametrize("chosen", IN_JSON, ids=lambda one: one.name)
@given(data=st.data())
@settings(max_examples=300, deadline=None)
def test_any_value_in_any_place_gives_a_report_or_an_input_error(chosen: Format, data: st.DataObject) -> None:
    seeds = seed_files(chosen)
    name = next(name for name in seeds if name.endswith(".json"))
    document = json.loads(seeds[name])
    for _ in range(data.draw(st.integers(1, 2))):
        document = put_at(document, data.draw(st.sampled_from(list(places(document)))), data.draw(VALUES))
    check(chosen, {**seeds, name: json.dumps(document).encode()})
