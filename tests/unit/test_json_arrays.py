"""Cutting JSON into items gives what a parser of the whole gives, wherever the chunks end."""

from __future__ import annotations

import io
import json
import math
from typing import Any
from unittest.mock import patch

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from data import formats
from data.errors import InputError
from data.formats import json_arrays
from data.formats.tree import Tree
from tests.files import opened

ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**9), 10**9) | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text('ab"\\[{]}é,', max_size=4), inner, max_size=4),
    max_leaves=12,
)
MEMBERS = st.dictionaries(st.sampled_from(["images", "labels", "other", 'a"b', "é"]), ANYTHING, max_size=5)
WRITTEN = st.fixed_dictionaries({"indent": st.sampled_from([None, 0, 3]), "ensure_ascii": st.booleans()})


def tree_of(content: bytes) -> Tree:
    return Tree("x.json", ("x.json",), lambda _name: io.BytesIO(content))


def found(content: bytes, chunk: int, *keys: str) -> list[tuple[str, str, Any]]:
    with patch.object(json_arrays, "CHUNK_BYTES", chunk):
        return list(json_arrays.items(tree_of(content), "x.json", *keys))


@settings(max_examples=400, deadline=None)
@given(MEMBERS, WRITTEN, st.integers(1, 40))
def test_the_items_of_arrays_wherever_the_file_is_cut(members: dict[str, Any], how: dict[str, Any], chunk: int) -> None:
    expected = [
        (key, f"x.json: {key}[{index}]", item)
        for key, value in members.items()
        if key in ("images", 'a"b', "é") and isinstance(value, list)
        for index, item in enumerate(value)
    ]
    assert found(json.dumps(members, **how).encode(), chunk, "images", 'a"b', "é", "") == expected


@settings(max_examples=200, deadline=None)
@given(st.lists(ANYTHING, max_size=6), WRITTEN, st.integers(1, 40))
def test_a_file_that_is_an_array(items: list[Any], how: dict[str, Any], chunk: int) -> None:
    content = json.dumps(items, **how).encode()
    assert [item for _, _, item in found(content, chunk, "")] == items
    assert found(content, chunk, "images") == []


@settings(max_examples=400, deadline=None)
@given(st.lists(ANYTHING, min_size=1, max_size=5), st.data(), st.integers(1, 40))
def test_what_is_no_json_is_refused(items: list[Any], data: st.DataObject, chunk: int) -> None:
    content = bytearray(json.dumps({"version": 1, "images": items, "rest": "x"}).encode())
    place = data.draw(st.integers(0, len(content) - 1))
    content[place : place + data.draw(st.integers(0, 2))] = data.draw(
        st.sampled_from([b"", b",", b"]", b"}", b'"', b"["])
    )
    try:
        expected = json.loads(bytes(content))
    except ValueError:
        with pytest.raises(InputError, match=r"x\.json"):
            found(bytes(content), chunk, "images", "")
    else:
        images = expected.get("images") if isinstance(expected, dict) else expected
        items = images if isinstance(images, list) else []
        assert [item for _, _, item in found(bytes(content), chunk, "images", "")] == items


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b'{"images": [{"id": 1}, {"id": nul}]}', r"images\[1\]: is not JSON"),
        (b'{"images": [{"id": 1} {"id": 2}]}', r"images\[\d\]: is not JSON"),
        (b'{"images": [{"id": 1}, {"id": 2}', "is cut off"),
        (b'{"images": [{"id": "\xff"}]}', "is not text in UTF-8"),
        ('{"images": []}'.encode("utf-16"), "x.json"),
        (b'{"images": [' + b"[" * 300, "nested more than 200 deep"),
        (b"", "is not JSON"),
    ],
)
def test_a_fault_is_named_with_its_place(content: bytes, says: str) -> None:
    with pytest.raises(InputError, match=says):
        found(content, 1000, "images")


def test_an_item_without_end_is_refused_before_it_fills_the_memory() -> None:
    with (
        patch.object(json_arrays, "LARGEST_ITEM_BYTES", 5000),
        pytest.raises(InputError, match=r"images\[0\]: more than"),
    ):
        found(b'{"images": ["' + b"x" * 20_000, 1000, "images")


def test_a_number_that_is_none_is_the_fault_of_one_item() -> None:
    content = {
        "images": [{"id": 1, "file_name": "a.jpg"}],
        "categories": [{"id": 1, "name": "cup"}],
        "annotations": [
            {"id": n, "image_id": 1, "category_id": 1, "bbox": [x, 1, 5, 5]} for n, x in enumerate((3, math.nan, 4))
        ],
    }
    with opened("coco.json", json.dumps(content).encode()) as tree:
        records = list(formats.records(tree))
    [image] = [one for one in records if isinstance(one, formats.ImageRecord)]
    [problem] = [one for one in records if isinstance(one, formats.Problem)]
    assert [box.x0 for box in image.boxes] == [3, 4]
    assert "annotations[1].bbox[0]: found nan, expected a number" in problem.text
