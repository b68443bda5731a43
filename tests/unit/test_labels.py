"""The labels file, and class ids that stay."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from data.colors import choose_colors
from data.database import Database, open_database
from data.errors import InputError
from data.label_book import LabelBook
from data.labels import read_labels
from data.settings import database_url as to_url

ROOT = Path(__file__).parents[2]


def write(path: Path, text: str) -> Path:
    path.write_text(text, encoding="utf-8")
    return path


def labels_file(path: Path, *names: str, extra: str = "") -> Path:
    return write(path, "".join(f"[[label]]\nname = '{name}'\n{extra}" for name in names))


@pytest.mark.parametrize("name", ["labels.toml", "labels-street.toml"])
def test_the_files_that_come_along_are_good(name: str) -> None:
    assert len(read_labels(ROOT / "data" / name)) >= 11


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", r"no labels found; write at least one"),
        ("label = 3", r"no labels found"),
        ("[[labels]]\nname = 'a'", r"no labels found; .*; found only 'labels'"),
        ("[label]\nname = 'a'", r"found one \[label\], expected \[\[label\]\]"),
        ("[[label]]\ncolor = '#ffffff'", r"label 1: name is None"),
        ("[[label]]\nname = 'a'\n[[label]]\nname = 'a'", r"label 2 \(a\): 'a' is already in label 1; remove one"),
        ("[[label]]\nname = 'a'\ncolor = 'red'", r"label 1 \(a\): color is 'red', expected six hex digits"),
        ("[[label]]\nname = 'a'\nhotkey = 'q'", r"label 1 \(a\): hotkey is 'q', expected one digit"),
        ("[[label]]\nname = 'a'\nhotkey = 1", r"hotkey is 1, expected one digit in quotes"),
        (
            "[[label]]\nname='a'\nhotkey='1'\n[[label]]\nname='b'\nhotkey='1'",
            r"label 2 \(b\): hotkey 1 is already that of 'a'",
        ),
        ("[[label]]\nname = 'a'\ncolour = '#ffffff'", r"unknown field 'colour'; expected color, hotkey, name, was"),
        ("[[label]]\nname = 'a'\nwas = 'b'", r"was is 'b', expected a list"),
        ("[[label]\nname = 'a'", r"is not TOML"),
    ],
)
def test_a_bad_file_says_the_entry_and_the_mend(tmp_path: Path, text: str, says: str) -> None:
    with pytest.raises(InputError, match=says) as caught:
        read_labels(write(tmp_path / "l.toml", text))
    assert "\n" not in str(caught.value).split("is not TOML")[0]
    assert "l.toml" in str(caught.value)


def test_a_missing_file_and_a_binary_one_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot be read"):
        read_labels(tmp_path / "none.toml")
    (tmp_path / "b.toml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(InputError, match="is not text in UTF-8"):
        read_labels(tmp_path / "b.toml")


def test_digits_go_to_the_first_ten_that_ask_for_none(tmp_path: Path) -> None:
    names = [f"l{n}" for n in range(12)]
    path = labels_file(tmp_path / "l.toml", *names)
    path.write_text(path.read_text() + "[[label]]\nname = 'last'\nhotkey = '1'\n")
    assert [entry.hotkey for entry in read_labels(path)] == [*"234567890", "", "", "", "1"]


@pytest.mark.parametrize("count", [11, 24, 40, 100])
def test_colours_are_different_and_tellable(count: int) -> None:
    from skimage.color import rgb2lab

    colors = choose_colors(count)
    assert len(set(colors)) == count
    rgb = np.array([[int(c[i : i + 2], 16) for i in (1, 3, 5)] for c in colors]) / 255
    lab = rgb2lab(rgb[None])[0]
    apart = np.linalg.norm(lab[:, None] - lab[None], axis=2) + 1000 * np.eye(count)
    assert apart.min() > (20 if count <= 40 else 10)  # CIE76; 2.3 is just noticeable


def book(database: Database, tmp_path: Path, *names: str, extra: str = "") -> LabelBook:
    labels = LabelBook(database)
    labels.adopt(read_labels(labels_file(tmp_path / "l.toml", *names, extra=extra)))
    return labels


def ids(labels: LabelBook) -> dict[str, int]:
    return {label.name: label.class_id for label in labels.all()}


def test_class_ids_follow_the_file_until_they_are_pinned(database_url: str, tmp_path: Path) -> None:
    database = open_database(to_url(database_url))
    assert ids(book(database, tmp_path, "a", "b", "c")) == {"a": 0, "b": 1, "c": 2}
    labels = book(database, tmp_path, "c", "b")
    assert ids(labels) == {"c": 0, "b": 1}
    labels.pin_all()
    assert ids(book(database, tmp_path, "new", "b", "c")) == {"new": 2, "b": 1, "c": 0}
    labels = book(database, tmp_path, "b")
    assert ids(labels) == {"b": 1, "c": 0}
    assert [label.listed for label in labels.all()] == [True, False]
    database.engine.dispose()


def test_a_rename_keeps_the_class_id(tmp_path: Path) -> None:
    database = open_database(to_url(str(tmp_path / "a.db")))
    book(database, tmp_path, "x", "human").pin_all()
    labels = book(database, tmp_path, "person", extra="was = ['human']\n")
    assert ids(labels) == {"person": 1, "x": 0}
    assert labels.known(["human", "person", "nobody"]) == {"human": True, "person": True, "nobody": False}
    labels = book(database, tmp_path, "person", extra="was = ['human']\n")  # the next start
    assert ids(labels) == {"person": 1, "x": 0}
    database.engine.dispose()
