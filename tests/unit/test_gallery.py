"""The gallery: cards in an order, the wall of boxes, charts."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sqlalchemy import update

from data import charts
from data.charts import charts_of
from data.database import open_database
from data.errors import InputError
from data.gallery import WALL_ORDERS
from data.services import Services, make_services
from data.settings import make_settings
from data.tables import image
from tests.conftest import save_picture
from tests.worked_on import CATS_1, CATS_2, DOGS_1, EMPTY, TODO, WIDE, fill, say


def test_sorting_and_pages(services: Services) -> None:
    def ids(order: str, **more: Any) -> list[str]:
        return [card.id for card in services.gallery.page(me="ada", order=order, most=100, **more).cards]

    source = ids("position")
    assert ids("-position") == source[::-1]
    assert ids("-boxes")[0] == CATS_1
    assert ids("-boxes", query="annotator:ada")[:2] == [CATS_1, DOGS_1]
    assert ids("-pixels")[0] == WIDE
    opened = {card.id for card in services.gallery.page(me="ada", query="width:>0").cards}
    assert ids("pixels")[: len(opened)] == [*(one for one in source if one in opened - {WIDE}), WIDE]
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
