"""Any sequence of what a person can do leaves the page and the database equal to a simple model."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.browser.person import Person, about
from tests.conftest import Site

SLOT_PX = 90  # boxes are drawn in slots that do not overlap, so that a click says which one is meant

ACTIONS = st.lists(
    st.one_of(
        st.tuples(st.just("draw"), st.integers(0, 5)),
        st.tuples(st.just("move"), st.integers(0, 5)),
        st.tuples(st.just("resize"), st.integers(0, 5)),
        st.tuples(st.just("relabel"), st.integers(0, 5)),
        st.tuples(st.just("delete"), st.integers(0, 5)),
        st.tuples(st.just("undo"), st.just(0)),
        st.tuples(st.just("redo"), st.just(0)),
        st.tuples(st.just("go"), st.integers(1, 2)),
    ),
    min_size=4,
    max_size=16,
)


class Model:
    """Two images; of each the boxes by slot, and the states before and after for undo and redo."""

    def __init__(self) -> None:
        self.image = 1
        self.boxes: dict[int, dict[int, tuple[Any, ...]]] = {1: {}, 2: {}}
        self.past: dict[int, list[dict[int, tuple[Any, ...]]]] = {1: [], 2: []}
        self.future: dict[int, list[dict[int, tuple[Any, ...]]]] = {1: [], 2: []}

    @property
    def here(self) -> dict[int, tuple[Any, ...]]:
        return self.boxes[self.image]

    def change(self, slot: int, box: tuple[Any, ...] | None) -> None:
        self.past[self.image].append(dict(self.here))
        self.future[self.image].clear()
        if box is None:
            del self.here[slot]
        else:
            self.here[slot] = box

    def travel(self, source: dict[int, list[Any]], target: dict[int, list[Any]]) -> None:
        if source[self.image]:
            target[self.image].append(dict(self.here))
            self.boxes[self.image] = source[self.image].pop()


def perform(person: Person, model: Model, action: str, number: int) -> None:
    box = model.here.get(number)
    match action:
        case "draw" if box is None:
            x0, y0 = 20 + SLOT_PX * number, 100
            person.press("Escape", "1")
            person.draw(x0, y0, x0 + 50, y0 + 60)
            model.change(number, ("person", x0, y0, x0 + 50, y0 + 60))
        case "move" | "resize" | "relabel" | "delete" if box is not None:
            label, x0, y0, x1, y1 = box
            person.press("Escape")
            person.click((x0 + x1) / 2, (y0 + y1) / 2)
            if action == "move":
                person.drag(((x0 + x1) / 2, (y0 + y1) / 2), ((x0 + x1) / 2, (y0 + y1) / 2 + 12))
                model.change(number, (label, x0, y0 + 12, x1, y1 + 12))
            elif action == "resize":
                person.drag((x1, y1), (x1, y1 + 9))
                model.change(number, (label, x0, y0, x1, y1 + 9))
            elif action == "relabel":
                person.press("3" if label != "cat" else "2")
                model.change(number, ("cat" if label != "cat" else "face", x0, y0, x1, y1))
            else:
                person.press("Delete")
                model.change(number, None)
        case "undo":
            person.press("Control+z")
            model.travel(model.past, model.future)
        case "redo":
            person.press("Control+y")
            model.travel(model.future, model.past)
        case "go" if number != model.image:
            person.press("d" if number == 2 else "a")
            person.wait_for_image(f"img{number}.jpg")
            model.image = number


def check(person: Person, model: Model, annotator: str) -> None:
    seen = person.check_agreement(annotator=annotator)
    assert seen == [about(box[1:], px=2.5) for box in sorted(model.here.values(), key=lambda box: box[1:])]
    labels = sorted((round(box["x0"] / SLOT_PX, 0), box["label"]) for box in person.state()["boxes"])
    assert labels == sorted((round(box[1] / SLOT_PX, 0), box[0]) for box in model.here.values())


@pytest.mark.timeout(900)  # some two hundred gestures, each waited for
def test_any_sequence_of_actions_equals_a_simple_model(site: Site, visit: Callable[..., Person]) -> None:
    person = visit(site, "?annotator=p0")
    runs = [0]

    @settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)
    @given(actions=ACTIONS)
    def run(actions: list[tuple[str, int]]) -> None:
        runs[0] += 1
        annotator = f"p{runs[0]}"
        person.page.goto(f"{person.url}/?annotator={annotator}&image=img1.jpg")
        person.wait_until_ready()
        model = Model()
        for action, number in actions:
            perform(person, model, action, number)
        check(person, model, annotator)
        person.page.reload()
        person.wait_until_ready()
        check(person, model, annotator)
        perform(person, model, "undo", 0)
        check(person, model, annotator)

    run()
