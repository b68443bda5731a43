"""The query of the gallery: ``state:done label:cat boxes:>3 -name:night``.

Terms beside each other must all hold; ``or``, ``-`` (or ``not``) and brackets combine them. What is asked of a box
(``label``, ``size``, ``aspect``, ``x``, ``y``) in one run of terms must hold for one and the same box.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import Any

from sqlalchemy import Connection, and_, not_, or_, select, true

from data.errors import InputError
from data.query_terms import BOX, WORK, Condition, Said, in_name, terms
from data.tables import annotator, image

LONGEST = 2000
DEEPEST = 20
MOST_TERMS = 100
FEW = 100  # images that are taken by their ids
ME = "me"
WORDS = ("and", "or", "not")

_TOKEN = re.compile(
    r"""\s*(?: (?P<bracket>[()]) | (?P<minus>-)(?=[^\s)])"""
    r""" | (?P<field>[A-Za-z]+):(?P<value>(?:"(?:[^"]|"")*"|[^\s()"])*)"""
    r""" | "(?P<quoted>(?:[^"]|"")*)" | (?P<word>[^\s()"]+) )""",
    re.VERBOSE,
)
_QUOTED = re.compile(r'"((?:[^"]|"")*)"')
_COMPARED = re.compile(r"(?P<field>[A-Za-z]+)[<>=]")


@dataclass(frozen=True, slots=True)
class Compiled:
    """A query as SQL: which images match, and whose annotations it speaks of (None: everybody's)."""

    condition: Condition
    boxes: Condition  # which of their boxes, where the query's outermost terms ask for some
    who: int | None
    whose: str


@dataclass(slots=True)
class _Run:
    """Terms beside each other."""

    said: list[Said] = field(default_factory=list)
    other: list[Condition] = field(default_factory=list)

    def condition(self, connection: Connection, who: int | None) -> Condition:
        parts = [*self.other, *(one.condition for one in self.said if one.kind == "image")]
        annotations = [one for one in self.said if one.kind == "annotation"]
        if annotations:
            asked = [*_by(WORK, who), *(one.condition for one in annotations)]
            if all(one.absent for one in annotations):
                parts.append(or_(_there_is(WORK, *asked), not_(_there_is(WORK, *_by(WORK, who)))))
            else:
                parts += [*_if_few(connection, WORK, *asked), _there_is(WORK, *asked)]
        boxes = [one for one in self.said if one.kind == "box"]
        shared = [one.condition for one in boxes if not one.is_label]
        named = [one.condition for one in boxes if one.is_label] or ([true()] if boxes else [])
        for name in named:
            asked = [not_(BOX.c.deleted), name, *shared, *_by(BOX, who)]
            parts += [*_if_few(connection, BOX, *asked), _there_is(BOX, *asked, *(one.beside for one in boxes))]
        return and_(true(), *parts)


def compile_query(connection: Connection, text: str, *, me: str = "") -> Compiled:
    """Make SQL of a query. ``me`` is who asks. Raises InputError that says which term is of no use and why."""
    if len(text) > LONGEST:
        raise InputError(f"query: found {len(text)} characters, expected at most {LONGEST}")
    if "\0" in text:
        raise InputError("query: found the character NUL, expected text without it")
    tokens = list(_tokens(text))
    if len(tokens) > MOST_TERMS:
        raise InputError(f"query: found {len(tokens)} terms, expected at most {MOST_TERMS}")
    return _Compiler(connection, tokens, me).compiled()


class _Compiler:
    def __init__(self, connection: Connection, tokens: list[dict[str, str | None]], me: str) -> None:
        self._connection = connection
        self._tokens = tokens
        self._at = 0
        self._me = me
        self._whose = ""
        self._depth = 0
        self._boxes: list[Condition] = []
        self._takes = terms(connection)

    def compiled(self) -> Compiled:
        who = self._who()
        speaks_of_todo = any(token["field"] == "state" for token in self._tokens)
        condition = self._either(who) if self._tokens else true()
        if who is not None and not speaks_of_todo:  # theirs are the images that they worked on
            asked = [*_by(WORK, who), or_(WORK.c.state != "todo", WORK.c.boxes > 0)]
            condition = and_(condition, *_if_few(self._connection, WORK, *asked), _there_is(WORK, *asked))
        if self._at < len(self._tokens):
            raise InputError("query: a bracket is closed that was not opened")
        return Compiled(condition, and_(true(), *self._boxes), who, self._whose)

    def _who(self) -> int | None:
        """Whose annotations the whole query speaks of: taken out of the terms, where it stands among the outermost."""
        places = [n for n, token in enumerate(self._tokens) if token["field"] == "annotator"]
        if not places:
            return None
        if len(places) > 1:
            raise InputError("query: annotator: found twice, expected once, since the whole query speaks of it")
        depth = sum({"(": 1, ")": -1}.get(token["bracket"] or "", 0) for token in self._tokens[: places[0]])
        before = self._tokens[places[0] - 1] if places[0] else {}
        outermost_or, level = False, 0
        for token in self._tokens:
            level += {"(": 1, ")": -1}.get(token["bracket"] or "", 0)
            outermost_or |= level == 0 and token["word"] == "or"
        if depth or before.get("minus") or before.get("word") == "not" or outermost_or:
            raise InputError("query: annotator: speaks of the whole query: annotator:ada (label:cat or label:dog)")
        names = [self._tokens.pop(places[0])["value"] or ""]
        name = _unquoted(names[0])
        if not name:
            raise InputError("query: annotator: expected something right after the colon")
        self._whose = self._me if name == ME and self._me else name
        found = self._connection.scalar(select(annotator.c.id).where(annotator.c.name == self._whose))
        if found is None and self._whose != self._me:
            known = list(self._connection.scalars(select(annotator.c.name).order_by(annotator.c.name).limit(20)))
            there = ", ".join(known) or "nobody yet"
            raise InputError(f"query: annotator: {name!r} has annotated nothing here; those who have: {there}")
        return -1 if found is None else found

    def _either(self, who: int | None) -> Condition:
        runs = [self._all(who)]
        while self._peek("word") == "or":
            self._at += 1
            runs.append(self._all(who))
        if len(runs) == 1:
            return runs[0]
        if not self._depth:
            self._boxes.clear()  # there is no telling which of them it was
        return or_(*runs)

    def _all(self, who: int | None) -> Condition:
        run = _Run()
        start = self._at
        while self._at < len(self._tokens) and self._peek("bracket") != ")" and self._peek("word") != "or":
            self._one(run, who)
        if self._at == start and self._tokens:
            found = "or" if self._peek("word") == "or" or self._peek("bracket") is None else "a bracket"
            raise InputError(f"query: {found}: expected something to find beside it")
        if not self._depth:
            of_boxes = (one for one in run.said if one.kind == "box" and not one.is_label)
            self._boxes += [and_(one.condition, one.beside) for one in of_boxes]
        return run.condition(self._connection, who)

    def _one(self, run: _Run, who: int | None) -> None:
        token = self._tokens[self._at]
        self._at += 1
        if token["minus"] or token["word"] == "not":
            if self._at == len(self._tokens) or self._peek("bracket") == ")" or self._peek("word") == "or":
                raise InputError("query: not: expected something after it")
            inner = _Run()
            self._one(inner, who)
            run.other.append(not_(inner.condition(self._connection, who)))
        elif token["bracket"]:
            self._depth += 1
            if self._depth > DEEPEST:
                raise InputError(f"query: found more than {DEEPEST} brackets in each other")
            run.other.append(self._either(who))
            if self._peek("bracket") != ")":
                raise InputError("query: a bracket is not closed")
            self._at += 1
            self._depth -= 1
        elif token["field"]:
            run.said.append(self._term(token["field"], token["value"] or ""))
        else:
            word = token["word"] or ""
            if (meant := _COMPARED.match(word)) and meant["field"].lower() in self._takes:
                mended = f"{meant['field'].lower()}:{word[meant.end('field') :]}"
                raise InputError(f"query: {word}: expected a colon, as in {mended}")
            run.said.append(in_name(word if token["quoted"] is None else token["quoted"].replace('""', '"')))

    def _term(self, name: str, value: str) -> Said:
        if name not in self._takes:
            close = get_close_matches(name, self._takes, n=1)
            hint = f"; did you mean {close[0]}: ?" if close else f"; there are {', '.join(self._takes)}, annotator"
            raise InputError(f"query: {name}: is no field{hint}")
        value = _unquoted(value)
        if not value:
            raise InputError(f"query: {name}: expected something right after the colon")
        try:
            return self._takes[name](value)
        except InputError as error:
            raise InputError(f"query: {name}: {error}") from None

    def _peek(self, kind: str) -> str | None:
        return self._tokens[self._at][kind] if self._at < len(self._tokens) else None


def _tokens(text: str) -> Iterator[dict[str, str | None]]:
    at = 0
    text = text.rstrip()
    while at < len(text):
        found = _TOKEN.match(text, at)
        if not found:
            raise InputError(f"query: found {text[at:].strip()[:30]!r}, where a quote is not closed")
        token = found.groupdict()
        at = found.end()
        if (token["word"] or "").lower() in WORDS:
            token["word"] = token["word"].lower()
        if token["word"] != "and":  # which is meant anyway
            token["field"] = (token["field"] or "").lower() or None
            yield token


def _unquoted(value: str) -> str:
    return _QUOTED.sub(lambda found: found[1].replace('""', '"'), value)


def _there_is(table: Any, *conditions: Condition) -> Condition:
    """An annotation or a box of the image that is so."""
    return select(true()).where(table.c.image_id == image.c.id, *conditions).correlate(image).exists()


def _if_few(connection: Connection, table: Any, *conditions: Condition) -> list[Condition]:
    """The images that have an annotation or a box that is so, where these are few: no other needs to be looked at."""
    found = list(connection.scalars(select(table.c.image_id).where(*conditions).limit(FEW + 1)))
    return [image.c.id.in_(sorted(set(found)))] if len(found) <= FEW else []


def _by(table: Any, who: int | None) -> list[Condition]:
    return [] if who is None else [table.c.annotator_id == who]
