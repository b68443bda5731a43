"""The labels file: what a box can be called.

[[label]]
name = "person"        # required
color = "#e6194b"      # optional; a tellable one is chosen otherwise
hotkey = "1"           # optional; the first ten labels get 1 to 9 and 0 otherwise
was = ["human"]        # optional; earlier names of this label
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from data.errors import InputError

HOTKEYS = "1234567890"
LONGEST_NAME = 100
_COLOR = re.compile(r"#[0-9a-fA-F]{6}")
_FIELDS = {"name", "color", "hotkey", "was"}


@dataclass(frozen=True, slots=True)
class LabelEntry:
    """One entry of the labels file, checked; empty colour or hotkey means none given."""

    name: str
    color: str = ""
    hotkey: str = ""
    was: tuple[str, ...] = ()


def read_labels(path: Path) -> list[LabelEntry]:
    """Read a labels file, in its order. Raises InputError that names the entry and the mend."""
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror}); give a labels file with --labels FILE") from error
    except UnicodeDecodeError as error:
        raise InputError(f"{path}: is not text in UTF-8; expected a labels file such as data/labels.toml") from error
    except tomllib.TOMLDecodeError as error:
        raise InputError(f"{path}: is not TOML: {error}") from error
    try:
        return parse_labels(document)
    except InputError as error:
        raise error.within(str(path)) from None


def parse_labels(document: Mapping[str, Any]) -> list[LabelEntry]:
    """Check the parsed document of a labels file; see the module for its form."""
    entries = document.get("label")
    if isinstance(entries, Mapping):
        raise InputError("found one [label], expected [[label]] with two brackets at each side")
    if not isinstance(entries, list) or not entries:
        found = f"; found only {', '.join(map(repr, document))}" if document else ""
        raise InputError(f'no labels found; write at least one [[label]] with name = "..."{found}')
    labels = [_parse_entry(entry, f"label {number}") for number, entry in enumerate(entries, start=1)]
    _refuse_repeats(labels)
    return _with_default_hotkeys(labels)


def _parse_entry(entry: object, where: str) -> LabelEntry:
    if not isinstance(entry, Mapping):
        raise InputError(f"{where}: found {entry!r}, expected a [[label]] table")
    unknown = sorted(set(entry) - _FIELDS)
    if unknown:
        raise InputError(f"{where}: unknown field {unknown[0]!r}; expected {', '.join(sorted(_FIELDS))}")
    name = parse_name(entry.get("name"), where)
    where = f"{where} ({name})"
    color, hotkey, was = entry.get("color", ""), entry.get("hotkey", ""), entry.get("was", [])
    if not isinstance(color, str) or (color and not _COLOR.fullmatch(color)):
        raise InputError(f'{where}: color is {color!r}, expected six hex digits such as "#e6194b"')
    if not isinstance(hotkey, str) or (hotkey and hotkey not in HOTKEYS) or len(hotkey) > 1:
        raise InputError(f'{where}: hotkey is {hotkey!r}, expected one digit in quotes such as "1"')
    if not isinstance(was, list):
        raise InputError(f'{where}: was is {was!r}, expected a list of earlier names such as ["human"]')
    return LabelEntry(name=name, color=color.lower(), hotkey=hotkey, was=tuple(parse_name(old, where) for old in was))


def parse_name(value: object, where: str) -> str:
    """Read the name of a label. Raises InputError."""
    name = value.strip() if isinstance(value, str) else ""
    if not 0 < len(name) <= LONGEST_NAME or not name.isprintable():
        raise InputError(f"{where}: name is {value!r}, expected text of 1 to {LONGEST_NAME} characters")
    return name


def _refuse_repeats(labels: Sequence[LabelEntry]) -> None:
    names: dict[str, int] = {}
    hotkeys: dict[str, str] = {}
    for number, label in enumerate(labels, start=1):
        for name in (label.name, *label.was):
            if name in names:
                raise InputError(
                    f"label {number} ({label.name}): {name!r} is already in label {names[name]}; remove one"
                )
            names[name] = number
        if label.hotkey and label.hotkey in hotkeys:
            raise InputError(
                f"label {number} ({label.name}): hotkey {label.hotkey} is already that of "
                f"{hotkeys[label.hotkey]!r}; give it another digit"
            )
        hotkeys[label.hotkey] = label.name


def _with_default_hotkeys(labels: Sequence[LabelEntry]) -> list[LabelEntry]:
    """Give the digits nobody asked for to the labels without one, in order."""
    taken = {label.hotkey for label in labels}
    free = iter([key for key in HOTKEYS if key not in taken])
    return [
        label if label.hotkey else LabelEntry(label.name, label.color, next(free, ""), label.was) for label in labels
    ]
