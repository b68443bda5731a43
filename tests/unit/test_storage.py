"""Edits in the database, on SQLite and on PostgreSQL."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select

from data import tables
from data.database import open_database
from data.errors import InputError
from data.services import Services, make_services
from data.settings import make_settings

Value = dict[str, Any]


@pytest.fixture
def services(database_url: str, tmp_path: Path, pictures: Path) -> Iterator[Services]:
    made = open_services(database_url, tmp_path, pictures)
    yield made
    made.database.engine.dispose()


def open_services(database_url: str, tmp_path: Path, pictures: Path | str, *, index: bool = True) -> Services:
    chosen = make_settings({"database": database_url, "images": str(pictures), "cache": str(tmp_path / "c")}, {})
    made = make_services(chosen, open_database(chosen.database))
    if index:
        made.indexer.index()
    return made


def moment(second: int) -> str:
    return f"2026-01-01T00:{second // 60:02d}:{second % 60:02d}.000Z"


def put(box_id: str = "b", second: int = 1, x0: float = 1, label: str = "cat", image: str = "img1.jpg") -> Value:
    box = {"id": box_id, "label": label, "x0": x0, "y0": 2, "x1": 50, "y1": 60}
    return {"id": str(uuid.uuid4()), "image": image, "kind": "put", "time": moment(second), "box": box}


def delete(box_id: str = "b", second: int = 1) -> Value:
    return {"id": str(uuid.uuid4()), "image": "img1.jpg", "kind": "delete", "time": moment(second), "box_id": box_id}


def state(name: str, second: int = 1, reason: str = "") -> Value:
    return {
        "id": str(uuid.uuid4()),
        "image": "img1.jpg",
        "kind": "state",
        "time": moment(second),
        "state": name,
        "reason": reason,
    }


def seen(services: Services, image: str = "img1.jpg") -> tuple[str, list[tuple[str, str, float]]]:
    [one] = services.annotations.read(image, "ada")
    return one.state, sorted((kept.box.id, kept.box.label, kept.box.x0) for kept in one.boxes)


def test_migrations_and_tables_say_the_same(services: Services) -> None:
    with services.database.reading() as connection:
        assert compare_metadata(MigrationContext.configure(connection), tables.metadata) == []


def test_an_edit_counts_once_however_often_it_arrives(services: Services) -> None:
    edit = put()
    for _ in range(3):
        outcome = services.annotations.take("ada", [edit, edit])
        assert (outcome.accepted, outcome.refused) == ([edit["id"]], [])
    with services.database.reading() as connection:
        assert connection.scalar(select(func.count()).select_from(tables.edit)) == 1
    assert seen(services) == ("in progress", [("b", "cat", 1)])


def test_one_bad_edit_is_refused_and_the_others_are_taken(services: Services) -> None:
    good, outside, unknown, nowhere = put("a"), put("b", x0=-1), put("c", label="unicorn"), put("d", image="nope.jpg")
    outcome = services.annotations.take("ada", [outside, good, unknown, nowhere, 7, None])
    assert outcome.accepted == [good["id"]]
    reasons = dict(outcome.refused)
    assert "expected 0 or more" in reasons[outside["id"]]
    assert "'unicorn' is no label" in reasons[unknown["id"]]
    assert "not in the batch" in reasons[nowhere["id"]]
    assert len(outcome.refused) == 5
    assert seen(services)[1] == [("a", "cat", 1)]


def test_the_later_edit_of_a_box_wins_in_either_order(services: Services) -> None:
    services.annotations.take("ada", [put("a", 5, 5), put("a", 3, 3)])
    services.annotations.take("ada", [put("b", 3, 3), put("b", 5, 5)])
    services.annotations.take("ada", [delete("c", 5), put("c", 3, 3)])
    services.annotations.take("ada", [delete("d", 3), put("d", 5, 5)])
    assert seen(services)[1] == [("a", "cat", 5), ("b", "cat", 5), ("d", "cat", 5)]


def test_people_have_annotations_of_their_own(services: Services) -> None:
    services.annotations.take("ada", [put("b")])
    services.annotations.take("grace", [put("b", x0=9)])
    assert [(a.annotator, a.boxes[0].box.x0) for a in services.annotations.read("img1.jpg")] == [
        ("ada", 1),
        ("grace", 9),
    ]


def test_too_many_edits_at_once_are_refused_whole(services: Services) -> None:
    with pytest.raises(InputError, match="at most 1000"):
        services.annotations.take("ada", [put()] * 1001)
    assert seen(services) == ("todo", [])


def test_everything_is_there_after_a_restart(
    services: Services, database_url: str, tmp_path: Path, pictures: Path
) -> None:
    services.annotations.take("ada", [put(), state("skipped", 2, "blurred")])
    services.database.engine.dispose()
    again = open_services(database_url, tmp_path, pictures)
    [one] = again.annotations.read("img1.jpg", "ada")
    assert (one.state, one.reason, len(one.boxes)) == ("skipped", "blurred", 1)
    again.database.engine.dispose()


def test_many_at_once_lose_nothing_and_double_nothing(services: Services) -> None:
    shared = [put(f"shared{n}", n + 1) for n in range(10)]
    failures: list[BaseException] = []

    def work(worker: int) -> None:
        try:
            for n in range(10):
                outcome = services.annotations.take("ada", [shared[n], put(f"own{worker}-{n}", n + 1)])
                assert outcome.refused == []
        except BaseException as error:  # noqa: BLE001 - handed to the main thread
            failures.append(error)

    threads = [threading.Thread(target=work, args=(n,)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert len(seen(services)[1]) == 90
    with services.database.reading() as connection:
        assert connection.scalar(select(func.count()).select_from(tables.edit)) == 90
        assert connection.scalar(select(tables.annotation.c.boxes)) == 90


def test_counts_window_and_filters(services: Services) -> None:
    services.annotations.take("ada", [put(), state("done", 2)])
    batch = services.batch
    window = batch.window(annotator_name="ada", around="img10.jpg", before=2, after=1)
    assert [(e.id, e.ordinal) for e in window.entries] == [
        ("img8.jpg", 8),
        ("img9.jpg", 9),
        ("img10.jpg", 10),
        ("img11.jpg", 11),
    ]
    assert (window.here, window.total, window.counts["done"], window.counts["todo"]) == (2, 12, 1, 11)
    todo = batch.window(annotator_name="ada", around="img1.jpg", state="todo", before=2, after=0)
    assert (todo.total, todo.here, [(e.id, e.ordinal) for e in todo.entries]) == (11, 0, [("img2.jpg", 1)])
    found = batch.window(annotator_name="ada", around="img5.jpg", search="IMG1", before=9, after=9)
    assert ([e.id for e in found.entries], found.here) == (["img1.jpg", "img10.jpg", "img11.jpg", "img12.jpg"], 1)
    assert [e.id for e in batch.window(annotator_name="ada", at=12, before=0, after=5).entries] == ["img12.jpg"]
    assert batch.window(annotator_name="ada", search="100%_nothing").total == 0
    assert batch.window(annotator_name="ada").entries[0].id == "img1.jpg"  # where she left off


def test_pictures_that_go_and_come_keep_their_annotations(services: Services, pictures: Path) -> None:
    services.annotations.take("ada", [put(image="img3.jpg")])
    (pictures / "img3.jpg").rename(pictures / "away")
    assert services.indexer.index() == 11
    assert services.batch.size() == 11
    gone = services.batch.picture("img3.jpg")
    assert gone is not None
    assert gone.gone
    assert [
        e.id for e in services.batch.window(annotator_name="ada", around="img2.jpg", before=0, after=1).entries
    ] == ["img2.jpg", "img4.jpg"]
    (pictures / "away").rename(pictures / "img3.jpg")
    assert services.indexer.index() == 12
    assert len(services.annotations.read("img3.jpg", "ada")[0].boxes) == 1


EDITS = st.lists(
    st.tuples(st.sampled_from(["put", "delete", "done", "skipped"]), st.sampled_from("abc"), st.integers(1, 9)),
    max_size=14,
)


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(edits=EDITS, order=st.randoms(use_true_random=False))
def test_any_order_of_any_edits_adds_up_to_a_simple_model(services: Services, edits: list[Any], order: Any) -> None:
    image = f"img{order.randint(1, 12)}.jpg"
    who = uuid.uuid4().hex
    values = []
    for number, (kind, box_id, second) in enumerate(edits):
        value = (
            put(box_id, second, x0=number)
            if kind == "put"
            else delete(box_id, second)
            if kind == "delete"
            else state(kind, second)
        )
        values.append({**value, "image": image})
    expected = {}
    for value in sorted(values, key=lambda v: (v["time"], v["id"])):
        if value["kind"] == "put":
            expected[value["box"]["id"]] = value["box"]["x0"]
        elif value["kind"] == "delete":
            expected.pop(value["box_id"], None)
    arriving = values + order.sample(values, len(values) // 2)
    order.shuffle(arriving)
    while arriving:
        first = order.randint(1, len(arriving))
        assert services.annotations.take(who, arriving[:first]).refused == []
        arriving = arriving[first:]
    [one] = services.annotations.read(image, who)
    assert {kept.box.id: kept.box.x0 for kept in one.boxes} == expected
    states = sorted((v["time"], v["id"], v["state"]) for v in values if v["kind"] == "state")
    box_times = [v["time"] for v in values if v["kind"] != "state"]
    said = states[-1][2] if states else None
    if said != "done" and box_times and max(box_times) > (states[-1][0] if states else ""):
        said = "in progress"
    assert one.state == (said or "todo")
    with services.database.reading() as connection:
        rows = connection.execute(
            select(tables.annotation.c.boxes).join(tables.annotator).where(tables.annotator.c.name == who)
        ).all()
    assert [row[0] for row in rows] in ([len(expected)], [] if not values else [len(expected)])
