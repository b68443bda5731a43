"""Labels with the class ids they keep for good."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass

from sqlalchemy import Connection, delete, func, insert, select, update

from data.colors import choose_colors
from data.database import Database
from data.errors import InputError
from data.labels import LabelEntry
from data.tables import box, edit, label, label_alias


@dataclass(frozen=True, slots=True)
class Label:
    """A label as the page and the exports know it; ``listed`` is false for one that left the labels file."""

    name: str
    class_id: int
    color: str
    hotkey: str
    listed: bool


class LabelBook:
    """The labels in the database.

    A class id is pinned by the first box or export that uses the label. Labels
    nobody used follow the file: they come, go and are numbered in its order.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    def adopt(self, entries: Sequence[LabelEntry]) -> None:
        """Bring the book in line with the labels file. Raises InputError for a rename that would merge two labels."""
        with self._database.writing() as connection:
            for entry in entries:
                _rename(connection, entry)
            _drop_unused(connection, keep=[entry.name for entry in entries])
            connection.execute(update(label).values(position=None, hotkey=""))
            known = set(connection.scalars(select(label.c.name)))
            for position, entry in enumerate(entries):
                values = {"hotkey": entry.hotkey, "position": position}
                if entry.color:
                    values["color"] = entry.color
                if entry.name in known:
                    connection.execute(update(label).where(label.c.name == entry.name).values(values))
                else:
                    connection.execute(insert(label).values(name=entry.name, pinned=False, **values))
            _number(connection)
            _color(connection)

    def all(self) -> list[Label]:
        """Every label: those of the file in its order, then the others by class id."""
        with self._database.reading() as connection:
            rows = connection.execute(
                select(label).order_by(label.c.position.is_(None), label.c.position, label.c.class_id)
            )
            return [Label(r.name, r.class_id, r.color, r.hotkey, r.position is not None) for r in rows]

    def add(self, names: Iterable[str]) -> list[str]:
        """Add labels that an import brings along; returns those that were new."""
        with self._database.writing() as connection:
            new = [name for name in dict.fromkeys(names) if find_label(connection, name) is None]
            for name in new:
                add_within(connection, name)
            return new

    def pin_all(self) -> None:
        """Pin the class id of every label, since someone is about to take them away."""
        with self._database.writing() as connection:
            connection.execute(update(label).values(pinned=True))

    def known(self, names: Iterable[str]) -> dict[str, bool]:
        """Which of the names are labels, now or formerly."""
        with self._database.reading() as connection:
            return {name: find_label(connection, name) is not None for name in names}


def as_dict(item: Label) -> dict[str, object]:
    """A label as JSON has it."""
    return asdict(item)


def add_within(connection: Connection, name: str, wanted: int | None = None) -> None:
    """Add a label within a transaction, with a colour, and the class id that is wanted unless another is pinned to it.

    A label that has it but was never used makes way.
    """
    highest = connection.scalar(select(func.max(label.c.class_id)))
    class_id = 0 if highest is None else highest + 1
    if wanted is not None and wanted >= 0:
        holder = connection.execute(select(label).where(label.c.class_id == wanted)).one_or_none()
        if holder is not None and not holder.pinned:
            connection.execute(update(label).where(label.c.id == holder.id).values(class_id=max(class_id, wanted + 1)))
        if holder is None or not holder.pinned:
            class_id = wanted
    connection.execute(insert(label).values(name=name, class_id=class_id, pinned=True))
    _color(connection)


def find_label(connection: Connection, name: str) -> int | None:
    """The key of a label by its name or an earlier one."""
    found = connection.scalar(select(label.c.id).where(label.c.name == name))
    if found is None:
        found = connection.scalar(select(label_alias.c.label_id).where(label_alias.c.name == name))
    return found


def _rename(connection: Connection, entry: LabelEntry) -> None:
    for old in entry.was:
        old_id = connection.scalar(select(label.c.id).where(label.c.name == old))
        if old_id is None:
            continue
        if connection.scalar(select(label.c.id).where(label.c.name == entry.name)) is not None:
            if _is_used(connection, old_id):
                raise InputError(
                    f'labels: {entry.name!r} was {old!r}, but boxes of both names exist; remove {old!r} from "was", '
                    f"and relabel its boxes in the page"
                )
            connection.execute(delete(label_alias).where(label_alias.c.label_id == old_id))
            connection.execute(delete(label).where(label.c.id == old_id))
        else:
            connection.execute(update(label).where(label.c.id == old_id).values(name=entry.name))
        new_id = connection.scalar(select(label.c.id).where(label.c.name == entry.name))
        connection.execute(delete(label_alias).where(label_alias.c.name == old))
        connection.execute(insert(label_alias).values(name=old, label_id=new_id))


def _is_used(connection: Connection, label_id: int) -> bool:
    used = [connection.scalar(select(func.count()).where(table.c.label_id == label_id)) for table in (box, edit)]
    return any(used)


def _drop_unused(connection: Connection, keep: Sequence[str]) -> None:
    gone = list(connection.scalars(select(label.c.id).where(~label.c.pinned, label.c.name.not_in(keep))))
    connection.execute(delete(label_alias).where(label_alias.c.label_id.in_(gone)))
    connection.execute(delete(label).where(label.c.id.in_(gone)))


def _number(connection: Connection) -> None:
    """Give the smallest free class ids to the labels that are not pinned, in the order of the file."""
    connection.execute(update(label).where(~label.c.pinned).values(class_id=None))
    taken = set(connection.scalars(select(label.c.class_id).where(label.c.class_id.is_not(None))))
    waiting = connection.scalars(select(label.c.id).where(label.c.class_id.is_(None)).order_by(label.c.position))
    next_id = 0
    for label_id in list(waiting):
        while next_id in taken:
            next_id += 1
        taken.add(next_id)
        connection.execute(update(label).where(label.c.id == label_id).values(class_id=next_id))


def _color(connection: Connection) -> None:
    """Choose colours for the labels that have none."""
    rows = connection.execute(select(label.c.id, label.c.color).order_by(label.c.class_id)).all()
    without = [row.id for row in rows if not row.color]
    if not without:
        return
    colors = choose_colors(len(without), taken=[row.color for row in rows if row.color])
    for label_id, color in zip(without, colors, strict=True):
        connection.execute(update(label).where(label.c.id == label_id).values(color=color))
