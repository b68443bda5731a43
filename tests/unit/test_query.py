"""The query of the gallery: what matches, on both databases, and what is said of queries that are none."""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import func, insert, select, text, update

from data import charts, query
from data.charts import charts_of
from data.database import open_database
from data.errors import InputError
from data.gallery import WALL_ORDERS, Gallery
from data.label_book import LabelBook
from data.labels import read_labels
from data.query import ASPECT, BOX, HELP, SIZE, X, Y
from data.services import Services, make_services
from data.settings import make_settings
from data.tables import annotator, image
from tests.benchmarks.scale import open_filled
from tests.conftest import new_postgres_database, save_picture

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


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def services(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Services]:
    """On each database, for tests that change nothing."""
    folder = tmp_path_factory.mktemp("query")
    url = str(folder / "a.db")
    if request.param == "postgresql":
        url = new_postgres_database(request.getfixturevalue("postgres_server"))
    made = fill(url, folder)
    yield made
    made.database.engine.dispose()


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


def test_sorting_and_pages(services: Services) -> None:
    def ids(order: str, **more: Any) -> list[str]:
        return [card.id for card in services.gallery.page(me="ada", order=order, most=100, **more).cards]

    source = ids("position")
    assert ids("-position") == source[::-1]
    assert ids("-boxes")[0] == CATS_1
    assert ids("-boxes", query="annotator:ada")[:2] == [CATS_1, DOGS_1]
    assert ids("-pixels")[0] == WIDE
    assert ids("-changed")[0] == EMPTY
    for order in ("position", "-position", "boxes", "-boxes", "changed", "-pixels"):
        some = [services.gallery.page(me="ada", order=order, at=at, most=3).cards for at in (1, 4, 7)]
        assert [card.id for cards in some for card in cards] == ids(order)
    with pytest.raises(InputError, match="order: found 'best'"):
        ids("best")


@pytest.mark.parametrize("order", ["position", "-position", "boxes", "-boxes", "-changed", "pixels"])
@pytest.mark.parametrize("query", ["", "state:done,todo", "annotator:ada"])
def test_next_and_previous_walk_what_the_gallery_shows(services: Services, query: str, order: str) -> None:
    shown = [card.id for card in services.gallery.page(me="ada", query=query, order=order, most=100).cards]
    for number, shown_image in enumerate(shown):
        window = services.batch.window(
            annotator_name="ada", around=shown_image, before=3, after=3, query=query, order=order
        )
        assert [entry.id for entry in window.entries] == shown[max(0, number - 3) : number + 4]
        assert window.entries[window.here].id == shown_image
        assert window.entries[window.here].ordinal == number + 1
        assert window.total == len(shown)
        at = services.batch.window(annotator_name="ada", at=number + 1, before=0, after=0, query=query, order=order)
        assert [entry.id for entry in at.entries] == [shown_image]


def test_work_on_an_image_does_not_move_the_place_one_goes_on_from(database_url: str, tmp_path: Path) -> None:
    """By number of boxes, an image that gets more boxes would else jump over those in between."""
    services = fill(database_url, tmp_path)
    shown = [card.id for card in services.gallery.page(me="ada", order="boxes", most=100).cards]
    window = services.batch.window(annotator_name="ada", around=shown[1], before=0, after=1, order="boxes")
    say(services, "ada", shown[1], *[("cat", 10.0, 10.0, 50.0, 50.0)] * 9, day="2026-03-01")
    entry = window.entries[0]
    later = services.batch.window(
        annotator_name="ada", around=entry.id, rank=entry.rank, before=1, after=1, order="boxes"
    )
    assert [one.id for one in later.entries] == [shown[0], shown[2], shown[3]]
    services.database.engine.dispose()


def test_a_card_says_who_did_what(services: Services) -> None:
    [card] = services.gallery.page(me="bob", query="cats/one").cards
    assert card.mine == "in progress"
    assert [(work.annotator, work.state, work.boxes) for work in card.work] == [
        ("ada", "done", 2),
        ("bob", "in progress", 3),
    ]
    assert (card.width, card.height, len(card.boxes)) == (640, 480, 5)
    [card] = services.gallery.page(me="bob", query="cats/one annotator:ada").cards
    assert [work.annotator for work in card.work] == ["ada"]
    assert sorted(box[0] for box in card.boxes) == ["cat", "cat"]


def test_the_wall_shows_each_box_of_a_label(services: Services) -> None:
    total, crops = services.gallery.crops(me="ada", label_name="cat")
    assert total == 3
    assert [(crop.image, crop.annotator) for crop in crops] == [(CATS_1, "ada"), (CATS_1, "ada"), (CATS_2, "ada")]
    assert services.gallery.crops(me="ada", label_name="cat", query="size:<50")[0] == 1
    assert services.gallery.crops(me="ada", label_name="dog", query="annotator:ada")[0] == 1
    assert services.gallery.crops(me="ada", label_name="dog", query="state:todo")[0] == 0
    assert services.gallery.crops(me="ada", label_name="no such label") == (0, [])
    seen = [services.gallery.crops(me="ada", label_name="dog", at=at, most=2)[1] for at in (1, 3)]
    assert len({crop.id for crops in seen for crop in crops}) == 4


def test_the_wall_has_orders(services: Services) -> None:
    def wall(order: str, **more: Any) -> list[tuple[float, float]]:
        found = services.gallery.crops(me="ada", label_name="dog", order=order, **more)[1]
        assert {crop.label for crop in found} == {"dog"}
        return [(crop.corners[2] - crop.corners[0], crop.corners[3] - crop.corners[1]) for crop in found]

    sizes = {order: [width * height for width, height in wall(order)] for order in ("size", "-size")}
    assert sizes["size"] == sorted(sizes["size"]) == sizes["-size"][::-1]
    assert sizes["size"][0] < sizes["size"][-1]
    shapes = {order: [width / height for width, height in wall(order)] for order in ("aspect", "-aspect")}
    assert shapes["aspect"] == sorted(shapes["aspect"])
    assert shapes["-aspect"] == sorted(shapes["aspect"], reverse=True)
    for order in WALL_ORDERS:
        assert [size for at in (1, 3) for size in wall(order, at=at, most=2)] == wall(order)
    with pytest.raises(InputError, match="order: found 'best'"):
        wall("best")


def test_the_wall_is_in_the_order_of_the_source(database_url: str, tmp_path: Path) -> None:
    """Which is that of people: img2 before img10."""
    for number in (1, 2, 10):
        save_picture(tmp_path / "more" / f"img{number}.jpg")
    paths = {"images": str(tmp_path / "more"), "cache": str(tmp_path / "cache"), "database": database_url}
    settings = make_settings(paths, {})
    services = make_services(settings, open_database(settings.database))
    services.indexer.index()
    for number in (10, 1, 2):
        say(services, "ada", f"img{number}.jpg", ("cat", 10, 10, 50, 50), day=f"2026-01-{number:02}")
    walls = {order: services.gallery.crops(me="ada", label_name="cat", order=order)[1] for order in WALL_ORDERS}
    names = {order: [crop.image for crop in crops] for order, crops in walls.items()}
    assert names["position"] == names["size"] == names["changed"] == ["img1.jpg", "img2.jpg", "img10.jpg"]
    assert names["-changed"] == ["img10.jpg", "img2.jpg", "img1.jpg"]
    services.database.engine.dispose()


@pytest.mark.parametrize("asked", [{"at": 0}, {"most": 0}, {"most": 501}])
def test_a_stretch_that_is_none_is_refused(services: Services, asked: dict[str, int]) -> None:
    calls: list[Callable[..., object]] = [
        services.gallery.page, services.gallery.ids, lambda **more: services.gallery.crops(label_name="cat", **more)
    ]  # fmt: skip
    for ask in calls:
        with pytest.raises(InputError, match="at, most"):
            ask(me="ada", **asked)


def test_the_charts_count_what_a_query_leaves(services: Services) -> None:
    def counted(query: str) -> dict[str, int]:
        return {one.label: one.boxes for one in charts_of(services.database, me="ada", query=query).labels}

    everything = charts_of(services.database, me="ada", query="")
    assert counted("") == {"cat": 3, "dog": 4, "traffic light": 1}
    assert counted("annotator:ada") == {"cat": 3, "dog": 1, "traffic light": 1}
    assert counted("label:dog annotator:ada") == {"dog": 1, "traffic light": 1}
    assert (everything.images, everything.step) == (8, 1)
    assert everything.progress == [("2026-01-10", 2), ("2026-02-01", 1)]
    assert sum(map(sum, everything.places)) == len(everything.sizes.side) == 8
    [[row, column]] = np.argwhere(np.array(charts_of(services.database, me="ada", query="label:cat aspect:>5").places))
    assert (row, column) == (2, 9)  # centred at 300, 50 of 640 x 480, in twenty cells a side
    nothing = charts_of(services.database, me="ada", query="state:done state:todo")
    assert (nothing.images, nothing.labels, nothing.progress, nothing.sizes.side) == (0, [], [], [])


def test_the_order_by_pixels_knows_slides_of_gigapixels(database_url: str, tmp_path: Path) -> None:
    services = fill(database_url, tmp_path)
    with services.database.writing() as connection:
        connection.execute(update(image).where(image.c.id == TODO).values(width=90_000, height=60_000))
    assert services.gallery.page(me="ada", order="-pixels").cards[0].id == TODO
    services.database.engine.dispose()


def test_charts_of_every_other_image(database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Taking each second position would take none of them."""
    services = fill(database_url, tmp_path)
    monkeypatch.setattr(charts, "SAMPLED_IMAGES", 2)
    places = {card.id: card.ordinal for card in services.gallery.page(me="ada").cards}
    some = " or ".join(f'"{name}"' for name, place in places.items() if place % 2)
    found = charts_of(services.database, me="ada", query=some)
    assert found.step == 2
    assert len(found.sizes.side) > 0
    services.database.engine.dispose()


def test_a_box_outside_its_picture_does_not_spoil_the_wall(database_url: str, tmp_path: Path) -> None:
    services = fill(database_url, tmp_path)
    with services.database.writing() as connection:
        connection.execute(update(image).where(image.c.id == CATS_1).values(width=50, height=50))
    total, crops = services.gallery.crops(me="ada", label_name="cat")
    assert total == 3
    assert crops[1].region[2] <= 50
    services.database.engine.dispose()


def test_which_edits_are_still_the_last_word(database_url: str, tmp_path: Path) -> None:
    services = fill(database_url, tmp_path)
    _, [crop, *_] = services.gallery.crops(me="ada", label_name="cat")
    asked = [{"id": crop.edit, "image": crop.image}, {"id": "of nobody", "image": crop.image}]
    assert services.annotations.standing("ada", asked) == [crop.edit]
    assert services.annotations.standing("bob", asked) == []
    say(services, "ada", crop.image, day="2026-03-01", box_id=crop.id)
    assert services.annotations.standing("ada", asked) == []
    with pytest.raises(InputError, match="expected objects with the texts id and image"):
        services.annotations.standing("ada", [{"id": 3}])
    services.database.engine.dispose()
