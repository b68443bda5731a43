"""What an import did, or would do."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any

from data.words import counted

MOST_NOTES = 1000
SAME_NOTES = 20
SHOWN_NUMBERS = 8


@dataclass
class Report:
    """What an import did: counts, and one line for everything that was not taken as it stood.

    ``candidates`` are the formats that the file looks like, name to title; ``doubts`` what
    it does not say and was assumed.
    """

    file: str
    format: str = ""
    step: str = ""
    images: int = 0
    boxes_added: int = 0
    boxes_changed: int = 0
    boxes_unchanged: int = 0
    boxes_failed: int = 0
    states: int = 0
    labels_added: dict[str, int] = field(default_factory=dict)  # with the number of their boxes
    renumbered: dict[str, tuple[int, int]] = field(default_factory=dict)  # class ids of the file, and here
    moved: dict[str, tuple[int, int]] = field(default_factory=dict)  # class ids here, before and now, of unused labels
    labels_left_out: dict[str, int] = field(default_factory=dict)
    doubts: list[str] = field(default_factory=list)
    candidates: dict[str, str] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    notes_left_out: int = 0
    verified_empty: int = 0  # images without a box that are taken as looked at

    def note(self, text: str) -> None:
        """Keep a line, as long as there are not too many of them."""
        if text in self.notes[-SAME_NOTES:]:
            return  # the same of each annotator
        if len(self.notes) < MOST_NOTES:
            self.notes.append(text)
        else:
            self.notes_left_out += 1

    @property
    def is_clear(self) -> bool:
        """Whether everything is taken as it stands, with nothing assumed and no new label."""
        return not (self.notes or self.doubts or self.labels_added)

    def summary(self) -> str:
        """One sentence for a person."""
        added, changed = ("added", "changed") if self.step else ("to add", "to change")
        text = f"{self.file} ({self.format}): {counted(self.boxes_added, 'box')} {added}, "
        text += f"{self.boxes_changed:,} {changed}, {self.boxes_unchanged:,} already there, "
        text += f"in {counted(self.images, 'image')}"
        if self.states:
            text += f"; {counted(self.states, 'state')} {'set' if self.step else 'to set'}"
        if self.labels_added:
            text += f"; new labels: {', '.join(self.labels_added)}"
        if self.renumbered:
            text += f"; other class ids here than in the file, counted from 0: {_numbers(self.renumbered)}"
        if self.moved:
            text += f"; labels that nobody used got other class ids, counted from 0: {_numbers(self.moved)}"
        if self.labels_left_out:
            text += f"; labels left out: {', '.join(self.labels_left_out)}"
        if self.notes:
            text += f"; {counted(len(self.notes) + self.notes_left_out, 'remark')}"
        return text + "."

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        return {**asdict(self), "summary": self.summary()}


def _numbers(ids: dict[str, tuple[int, int]]) -> str:
    some = [f"{name} {before} -> {now}" for name, (before, now) in ids.items()]
    more = f" and {len(some) - SHOWN_NUMBERS} more" if len(some) > SHOWN_NUMBERS else ""
    return ", ".join(some[:SHOWN_NUMBERS]) + more
