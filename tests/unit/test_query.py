"""The query of the gallery: what matches, on both databases, and what is said of queries that are none."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import func, insert, select, text

from data import query
from data.database import open_database
from data.errors import InputError
from data.gallery import Gallery
from data.label_book import LabelBook
from data.labels import read_labels
from data.query_terms import ASPECT, BOX, HELP, SIZE, X, Y
from data.services import Services
from data.tables import annotator
from tests.benchmarks.scale import open_filled
from tests.conftest import new_postgres_database
from tests.worked_on import ALL, BROKEN, CATS_1, CATS_2, DOGS_1, EMPTY, NIGHT, TODO, WIDE, fill, say

FOUND = {
    "": ALL,
    "one": {CATS_1, DOGS_1},
    "ONE": {CATS_1, DOGS_1},
    "cats/ one": {CATS_1},
    '"night shift"': {NIGHT},
    "name:two": {CATS_2},
    "state:done": {CATS_1, DOGS_1, EMPTY},
    "state:todo": {TODO, WIDE, BROKEN},
    'state:"in progress"': {CATS_1, CATS_2},
    "state:in-progress": {CATS_1, CATS_2},
    "state:skipped": {NIGHT, EMPTY},
    "state:empty": {EMPTY},
    "state:done,skipped": {CATS_1, DOGS_1, EMPTY, NIGHT},
    "annotator:ada state:done": {CATS_1, DOGS_1, EMPTY},
    "annotator:bob state:done": set(),
    "annotator:bob state:todo": ALL - {CATS_1, EMPTY},
    "state:todo annotator:me": ALL - {CATS_1, CATS_2, DOGS_1, NIGHT, EMPTY},
    "label:cat": {CATS_1, CATS_2},
    'label:"traffic light"': {DOGS_1},
    "label:cat label:dog": {CATS_1},
    "label:dog annotator:ada": {DOGS_1},
    "-label:cat": ALL - {CATS_1, CATS_2},
    "not label:cat state:done": {DOGS_1, EMPTY},
    "label:cat or label:dog": {CATS_1, CATS_2, DOGS_1},
    "label:cat OR state:empty": {CATS_1, CATS_2, EMPTY},
    "-(label:cat or label:dog) -state:todo": {NIGHT, EMPTY},
    "boxes:0": {NIGHT, EMPTY, TODO, WIDE, BROKEN},
    "boxes:>2": {CATS_1},
    "boxes:2..3 annotator:ada": {CATS_1, DOGS_1},
    "boxes:<=1 annotator:ada": {CATS_2, NIGHT, EMPTY},
    "annotator:bob": {CATS_1, EMPTY},
    "annotator:bob (label:cat or label:dog)": {CATS_1},
    "annotator:bob -label:dog": {EMPTY},
    "State:DONE": {CATS_1, DOGS_1, EMPTY},
    "NOT label:cat AND state:done": {DOGS_1, EMPTY},
    "boxes:>=1 boxes:<2 annotator:ada": {CATS_2},
    "boxes:2 state:done": {CATS_1, DOGS_1},
    "boxes:3 state:done": set(),  # three are Bob's, and he is not done
    "size:<=10": {CATS_1},
    "size:100": {CATS_1},
    "label:dog size:<30": {DOGS_1},
    "label:cat size:>90 annotator:ada": {CATS_1, CATS_2},
    "aspect:>3": {CATS_2},
    "x:45..55 y:45..55": {DOGS_1},
    "x:50 y:50": {DOGS_1},
    "x:>50": set(),
    "y:>50": set(),
    "changed:2026-02-01": {CATS_2, DOGS_1},
    "changed:<2026-02-01 state:done": {CATS_1, EMPTY},
    "done:2026-02-01": {DOGS_1},
    "done:>=2026-01-01": {CATS_1, DOGS_1, EMPTY},
    "reason:dark": {NIGHT},
    'reason:"too ""dark"""': {NIGHT},
    'reason:"too dark"': set(),
    '"night ""shift"""': set(),
    "width:>1000": {WIDE},
    "-width:>1000": ALL - {WIDE},  # also what nobody has opened
    "not height:1000 -is:broken": ALL - {WIDE, BROKEN},
    "height:1000 width:2000": {WIDE},
    "is:broken": {BROKEN},
    "-is:broken": ALL - {BROKEN},
    "state:done and one": {CATS_1, DOGS_1},
}  # fmt: skip


@pytest.mark.parametrize("few", [0, query.FEW])
@pytest.mark.parametrize("asked", FOUND)
def test_what_matches(services: Services, asked: str, few: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(query, "FEW", few)
    page = services.gallery.page(me="ada", query=asked, most=100)
    assert {card.id for card in page.cards} == FOUND[asked]
    assert page.total == len(FOUND[asked])
    assert [card.ordinal for card in page.cards] == list(range(1, len(FOUND[asked]) + 1))


@pytest.mark.parametrize(
    "asked", ["x:50", "x:>50", "x:>=50", "x:<50", "x:<=50", "x:1..5", "x:95..99", "x:0..100", "x:>0"]
)
def test_a_place_is_in_percent_of_its_own_picture(database_url: str, tmp_path: Path, asked: str) -> None:
    services = fill(database_url, tmp_path)
    centers = {}
    for name, width in ((TODO, 640), (WIDE, 2000)):
        for percent in (2, 50, 97):
            center = width * percent / 100
            centers[name, percent] = center
            say(services, "ada", name, ("cat", center - 5, 10, center + 5, 20))
    limits = re.findall(r"\d+", asked)
    low, high = (float(limits[0]), float(limits[-1]))
    holds = {"..": lambda n: low <= n <= high, ">=": lambda n: n >= low, "<=": lambda n: n <= low,
             ">": lambda n: n > low, "<": lambda n: n < low, "": lambda n: n == low}  # fmt: skip
    sign = next(sign for sign in holds if sign in asked)
    found = services.gallery.crops(me="ada", label_name="cat", query=f"{asked} size:10")[1]
    seen = {(crop.image, crop.corners[0] + 5) for crop in found if crop.image in (TODO, WIDE)}
    assert seen == {(name, center) for (name, percent), center in centers.items() if holds[sign](percent)}
    services.database.engine.dispose()


@pytest.mark.parametrize(
    "rare", ["size:<0.1", "x:0..0.001 y:<0.001", "-state:todo reason:unseen", "label:rare", "annotator:bob"]
)
def test_what_few_images_have_is_looked_for_once(tmp_path: Path, rare: str) -> None:
    """Cards and number together cost less than to look at each box twice, let alone image by image."""
    labels = tmp_path / "labels.toml"
    labels.write_text('[[label]]\nname = "cat"\n')
    database = open_filled(f"sqlite:///{tmp_path}/a.db", labels, 400, 10)
    with database.writing() as connection:
        connection.execute(insert(annotator).values(name="bob"))
    labels.write_text('[[label]]\nname = "cat"\n[[label]]\nname = "rare"\n')
    LabelBook(database).adopt(read_labels(labels))
    steps = [0]

    def count() -> None:
        steps[0] += 1

    def steps_of(work: Callable[[], object]) -> int:
        steps[0] = 0
        work()
        return steps[0]

    connection = database.engine.raw_connection()
    every_box = "SELECT image_id FROM box WHERE NOT deleted AND (x1 - x0) * (y1 - y0) < 0"
    connection.driver_connection.set_progress_handler(count, 100)
    once = steps_of(lambda: connection.driver_connection.execute(every_box).fetchall())
    connection.close()  # back to the pool, from which it is taken again
    assert once > 300
    assert steps_of(lambda: Gallery(database).page(me="ada", query=rare)) < 2 * once
    database.engine.dispose()


def test_postgresql_knows_how_few_boxes_have_a_measure(postgres_server: str, tmp_path: Path) -> None:
    """Without its statistics it takes a third of the boxes for right, and looks at each image's."""
    labels = tmp_path / "labels.toml"
    labels.write_text('[[label]]\nname = "cat"\n')
    database = open_filled(new_postgres_database(postgres_server), labels, 200, 10)
    with database.writing() as connection:
        connection.execute(text("ANALYZE"))
        for measure in (X, Y, SIZE, ASPECT):
            rare = select(BOX.c.id).where(
                measure < connection.scalar(select(func.percentile_cont(0.01).within_group(measure)).select_from(BOX))
            )
            sql = rare.compile(connection, compile_kwargs={"literal_binds": True})
            [plan] = connection.scalars(text(f"EXPLAIN (FORMAT JSON) {sql}")).one()
            assert plan["Plan"]["Plan Rows"] < 0.05 * 1500
    database.engine.dispose()


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("stat:done", "stat: is no field; did you mean state: ?"),
        ("colour:red", "colour: is no field; there are name, state, label"),
        ("state:finished", "state: found 'finished', expected todo, in-progress, done, skipped or empty"),
        ("state:", "state: expected something right after the colon"),
        ("label:cta", "label: 'cta' is no label; did you mean 'cat'?"),
        ("size:20..10", "size: found '20..10', expected the smaller number first: 10..20"),
        ("boxes:many", "boxes: found 'many', expected a number such as 3, >3, <=3 or 2..5"),
        ("changed:yesterday", "changed: found 'yesterday', expected a day such as 2026-01-31 or >2026-01-31"),
        ("annotator:eve", "annotator: 'eve' has annotated nothing here; those who have: ada, bob"),
        ("annotator:ada annotator:bob", "annotator: found twice, expected once"),
        ("(label:cat", "a bracket is not closed"),
        ("label:cat)", "a bracket is closed that was not opened"),
        ("label:cat or", "or: expected something to find beside it"),
        ("or label:cat", "or: expected something to find beside it"),
        ("a () b", "a bracket: expected something to find beside it"),
        ("(a not ) b ) )", "not: expected something after it"),
        ("-annotator:bob label:cat", "annotator: speaks of the whole query"),
        ("annotator:bob or label:cat", "annotator: speaks of the whole query"),
        ("(annotator:bob)", "annotator: speaks of the whole query"),
        ("boxes>3", "boxes>3: expected a colon, as in boxes:>3"),
        ("size:>1" + "0" * 200, "expected a number such as"),
        ("a " * 101, "found 101 terms, expected at most 100"),
        ("a\0b", "found the character NUL"),
        ("not", "not: expected something after it"),
        ('"night', "a quote is not closed"),
        ("is:odd", "is: found 'odd', expected broken or readable"),
        ("(" * 30 + "a" + ")" * 30, "found more than 20 brackets in each other"),
        ("a" * 3000, "found 3000 characters, expected at most 2000"),
    ],
)
def test_a_query_that_is_none_says_which_term_and_why(services: Services, query: str, said: str) -> None:
    with pytest.raises(InputError, match="query: ") as refused:
        services.gallery.page(me="ada", query=query)
    assert said in str(refused.value)


def test_every_example_of_the_help_is_understood(services: Services) -> None:
    for example, _ in HELP:
        assert services.gallery.page(me="ada", query=example).total is not None


@pytest.fixture(scope="module")
def empty_gallery(tmp_path_factory: pytest.TempPathFactory) -> Gallery:
    return Gallery(open_database(f"sqlite:///{tmp_path_factory.mktemp('query') / 'a.db'}"))


@given(st.text(st.sampled_from('ab:()"-> .<=03,or not state label x'), max_size=30))
def test_whatever_is_typed_is_a_query_or_says_why_not(empty_gallery: Gallery, text: str) -> None:
    said = ""
    try:
        empty_gallery.page(me="ada", query=text)
    except InputError as error:
        said = str(error)
    assert said == "" or said.startswith("query: ")
