"""Parsing boxes and edits at the edge."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from data.boxes import clip_span, parse_box
from data.edits import (
    format_time,
    later_than,
    parse_annotator,
    parse_edit,
    parse_time,
    state_of,
)
from data.errors import InputError

GOOD: dict[str, Any] = {"id": "b", "label": "cat", "x0": 0, "y0": 0, "x1": 640, "y1": 480}


def test_the_whole_picture_is_a_box() -> None:
    box = parse_box(GOOD, width=640, height=480)
    assert (box.x0, box.y0, box.x1, box.y1) == (0, 0, 640, 480)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"x0": -0.01}, r"box\.x0: found -0.01, expected 0 or more"),
        ({"x1": 641}, r"box\.x1: found 641, expected at most the picture's width 640"),
        ({"y1": 481}, r"height 480"),
        ({"x0": 639.5}, r"at least 1 px greater"),
        ({"x0": 500, "x1": 400}, r"at least 1 px greater"),
        ({"x0": "1"}, r"box\.x0: found '1', expected a number"),
        ({"x0": True}, r"found True, expected a number"),
        ({"y0": float("nan")}, r"finite"),
        ({"y1": float("inf")}, r"finite"),
        ({"x1": 10**400}, r"finite"),
        ({"label": ""}, r"box\.label: found ''"),
        ({"label": 5}, r"box\.label: found 5"),
        ({"id": None}, r"box\.id: found None"),
        ({"id": "a b"}, r"without spaces"),
        ({"id": "x" * 65}, r"1 to 64"),
    ],
)
def test_a_bad_box_is_refused_with_place_found_and_expected(change: dict[str, Any], says: str) -> None:
    with pytest.raises(InputError, match=says):
        parse_box({**GOOD, **change}, width=640, height=480)


@pytest.mark.parametrize("value", [None, 5, "box", [1, 2]])
def test_a_box_must_be_an_object(value: object) -> None:
    with pytest.raises(InputError, match="expected an object"):
        parse_box(value, width=640, height=480)


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("2026-01-31T12:00:00Z", "2026-01-31T12:00:00.000Z"),
        ("2026-01-31T12:00:00.1239+02:00", "2026-01-31T10:00:00.123Z"),
        ("0001-01-01T00:00:00Z", "0001-01-01T00:00:00.000Z"),
    ],
)
def test_times_are_kept_in_utc_with_milliseconds(given: str, expected: str) -> None:
    assert parse_time(given, "time") == expected


@pytest.mark.parametrize("given", ["yesterday", "2026-01-31T12:00:00", None, 5, "0001-01-01T00:00:00+10:00"])
def test_times_without_a_zone_or_sense_are_refused(given: object) -> None:
    with pytest.raises(InputError, match="time: found"):
        parse_time(given, "time")


@pytest.mark.parametrize(
    ("edit", "says"),
    [
        ({"kind": "paint"}, "kind: found 'paint', expected put, delete or state"),
        ({"kind": "state", "state": "finished"}, "expected one of todo, in progress, done, skipped"),
        ({"kind": "state", "state": "skipped", "reason": "x" * 501}, "at most 500"),
        ({"kind": "delete"}, "box_id: found None"),
        ({"kind": "put"}, "box: found NoneType"),
        ({"kind": "put", "image": ""}, "image: found ''"),
        ({"kind": "put", "id": 7}, "id: found 7"),
    ],
)
def test_a_bad_edit_is_refused(edit: dict[str, Any], says: str) -> None:
    with pytest.raises(InputError, match=says):
        parse_edit({"id": "e", "image": "a.jpg", "time": "2026-01-01T00:00:00Z", **edit}, width=9, height=9)


@pytest.mark.parametrize("name", ["", "  ", None, "a" * 81, "a\x00b"])
def test_names_must_be_of_1_to_80_characters_that_can_be_seen(name: object) -> None:
    with pytest.raises(InputError, match="annotator: found"):
        parse_annotator(name)


def test_names_are_trimmed() -> None:
    assert parse_annotator("  Ada \n Lovelace ") == "Ada Lovelace"


def test_an_edit_upon_something_seen_is_later_than_it() -> None:
    future = format_time(datetime.now(UTC) + timedelta(days=1))
    assert later_than(future) == format_time(datetime.fromisoformat(future) + timedelta(milliseconds=1))
    assert later_than("") > "2026"


@pytest.mark.parametrize(
    ("register", "state_time", "last_box_time", "expected"),
    [
        (None, "", "", "todo"),
        (None, "", "1", "in progress"),
        ("skipped", "1", "2", "in progress"),
        ("skipped", "2", "1", "skipped"),
        ("todo", "2", "1", "todo"),
        ("done", "1", "2", "done"),
    ],
)
def test_the_state_follows_what_was_said_and_done(
    register: Any, state_time: str, last_box_time: str, expected: str
) -> None:
    assert state_of(register, state_time, last_box_time) == expected


def test_spans_are_sorted_and_clipped() -> None:
    assert clip_span(700, -3, 640) == (0, 640)
