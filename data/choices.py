"""What is taken away, as the command line, an address or the page says it."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from data.annotations import Annotation
from data.edits import STATES, State
from data.errors import InputError
from data.formats.model import Options, Split

UNTOUCHED = {"auto": None, "true": True, "1": True, "yes": True, "false": False, "0": False, "no": False}
SPLITS: tuple[Split, ...] = ("train", "val", "test")


@dataclass(frozen=True, slots=True)
class Choice:
    """What is taken away. Empty means everybody's, and every state; ``shares`` are those of train, val and test.

    ``untouched`` images are in or out; None leaves it to the format: in where it can tell them from empty ones.
    ``each`` annotator gets a folder; with ``pictures``, they come with their annotations.
    """

    annotators: tuple[str, ...] = ()
    states: tuple[State, ...] = ()
    untouched: bool | None = None
    shares: tuple[float, ...] = ()
    seed: int = 0
    each: bool = False
    pictures: bool = False


def parse_choice(given: Mapping[str, Any]) -> Choice:
    """Read a choice from the texts of a command line or an address. Raises InputError for one that cannot be."""
    states = _words(given.get("state"))
    for state in states:
        if state not in STATES:
            raise InputError(f"state: found {state!r}, expected one of {', '.join(STATES)}")
    shares: tuple[float, ...] = ()
    if given.get("split") and given["split"] != "none":
        words = str(given["split"]).replace(":", "/").split("/")
        try:
            shares = tuple(float(word) for word in words)
        except ValueError:
            shares = ()
        if len(shares) not in (2, 3) or min(shares) < 0 or round(sum(shares), 6) not in (1, 100):
            raise InputError(
                f"split: found {given['split']!r}, expected shares of train, val and test that add up to 100, "
                "such as 80/10/10"
            )
    seed = str(given.get("seed") or 0)
    if not seed.isascii() or not seed.isdigit():
        raise InputError(f"seed: found {seed!r}, expected a whole number")
    said = str(given.get("untouched") or "auto").lower()
    if said not in UNTOUCHED:
        raise InputError(f"untouched: found {said!r}, expected yes or no")
    return Choice(
        annotators=tuple(_words(given.get("annotator"))),
        states=tuple(states),  # type: ignore[arg-type]
        untouched=UNTOUCHED[said],
        shares=shares,
        seed=int(seed),
        each=_yes(given.get("each")),
        pictures=_yes(given.get("pictures")),
    )


def parse_options(given: Mapping[str, Any]) -> Options:
    """Read the options of formats from texts. Raises InputError for one that cannot be."""
    for name, allowed in (("voc_base", ("0", "1")), ("coco_first_id", ("0", "1"))):
        if given.get(name) and str(given[name]) not in allowed:
            raise InputError(f"{name}: found {given[name]!r}, expected {' or '.join(allowed)}")
    integers = _yes(given.get("voc_integers"))
    base = int(given.get("voc_base") or 0)
    return Options(
        voc_base=base,
        voc_integers=integers,
        coco_first_id=int(given["coco_first_id"]) if given.get("coco_first_id") else 1,
    )


def _yes(value: object) -> bool:
    return str(value or "").lower() in ("1", "true", "yes")


def _words(value: object) -> list[str]:
    listed = value if isinstance(value, list | tuple) else [value] if value else []
    return [str(word) for word in listed if word]


def split_of(image: str, shares: Sequence[float], seed: int) -> Split:
    """Which split an image belongs to: by its name and the seed alone, so that other images never move it."""
    if not shares:
        return ""
    digest = hashlib.sha256(f"{seed}\0{image}".encode()).digest()
    place = int.from_bytes(digest[:8]) / 2**64 * sum(shares)
    for split, share in zip(SPLITS, shares, strict=False):
        if place < share:
            return split
        place -= share
    return SPLITS[len(shares) - 1]


def is_chosen(one: Annotation, choice: Choice) -> bool:
    by = not choice.annotators or one.annotator in choice.annotators
    return by and (not choice.states or one.state in choice.states)
