"""The keys. The page listens by this list and the help dialog shows it, so that they cannot differ.

A key is written as the browser names it (`event.key`, letters in lower case), with
``mod+`` for Ctrl or Cmd, ``shift+`` and ``alt+`` in that order. ``assets/actions.mjs``
holds what each action does.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Key:
    """One line of the help: the action, the keys that start it, how they are shown, what it does."""

    action: str
    keys: tuple[str, ...]
    shown: str
    does: str


GROUPS: tuple[tuple[str, tuple[Key, ...]], ...] = (
    (
        "Move through the batch",
        (
            Key("next", ("d", "pagedown"), "D", "next image"),
            Key("previous", ("a", "pageup"), "A", "previous image"),
            Key("done", ("e", "enter"), "E or Enter", "mark done and go on; with no box: verified empty"),
            Key("skip", ("x",), "X", "skip, with a reason"),
            Key("search", ("/",), "/", "search by name"),
            Key("jump", ("j",), "J", "jump to a number"),
            Key("gallery", ("g",), "G", "gallery: all images at once, and back"),
        ),
    ),
    (
        "Boxes",
        (
            Key("label", tuple("1234567890"), "1 … 9, 0", "choose a label, or relabel the selected box"),
            Key("new", ("b",), "B", "new box in the middle of the view"),
            Key("select-next", ("tab",), "Tab", "select the next box (Shift: the one before)"),
            Key("select-previous", ("shift+tab",), "", ""),
            Key("delete", ("delete", "backspace"), "Delete", "remove the selected box"),
            Key("release", ("escape",), "Esc", "let go of the selected box"),
            Key("copy", ("mod+c",), "Ctrl C", "copy the selected box"),
            Key("paste", ("mod+v",), "Ctrl V", "paste, on this image or another"),
            Key("duplicate", ("mod+d",), "Ctrl D", "duplicate the selected box"),
            Key("copy-previous", ("r",), "R", "copy all boxes of the previous image"),
            Key("undo", ("mod+z", "z"), "Ctrl Z", "undo"),
            Key("redo", ("mod+shift+z", "mod+y", "shift+z"), "Ctrl Y", "redo"),
        ),
    ),
    (
        "The selected box",
        (
            Key("left", ("arrowleft",), "Arrows", "move by 1 pixel of the picture"),
            Key("right", ("arrowright",), "", ""),
            Key("up", ("arrowup",), "", ""),
            Key("down", ("arrowdown",), "", ""),
            Key("left-10", ("shift+arrowleft",), "Shift Arrows", "move by 10"),
            Key("right-10", ("shift+arrowright",), "", ""),
            Key("up-10", ("shift+arrowup",), "", ""),
            Key("down-10", ("shift+arrowdown",), "", ""),
            Key("narrower", ("alt+arrowleft",), "Alt Arrows", "resize by 1 (with Shift by 10)"),
            Key("wider", ("alt+arrowright",), "", ""),
            Key("lower", ("alt+arrowup",), "", ""),
            Key("higher", ("alt+arrowdown",), "", ""),
            Key("narrower-10", ("shift+alt+arrowleft",), "", ""),
            Key("wider-10", ("shift+alt+arrowright",), "", ""),
            Key("lower-10", ("shift+alt+arrowup",), "", ""),
            Key("higher-10", ("shift+alt+arrowdown",), "", ""),
        ),
    ),
    (
        "View",
        (
            Key("fit", ("f",), "F", "fit the picture"),
            Key("zoom-in", ("+", "=", "shift++"), "+", "zoom in"),
            Key("zoom-out", ("-",), "−", "zoom out"),
            Key("page-previous", ("[",), "[ and ]", "page of a picture with several"),
            Key("page-next", ("]",), "", ""),
            Key("hide", ("h",), "H", "hide or show the boxes of the chosen label"),
            Key("crosshair", ("c",), "C", "crosshair on or off"),
            Key("help", ("?", "shift+?"), "?", "this help"),
        ),
    ),
)

MOUSE: tuple[tuple[str, str], ...] = (
    ("Drag", "draw a box with the chosen label"),
    ("Click", "select the smallest box there; again for the one under it"),
    ("Drag the selected box", "move it; by a corner, resize it; with Alt, resize by the nearest edge"),
    ("Wheel", "zoom at the pointer"),
    ("Space and drag, or middle button", "pan"),
)


GALLERY: tuple[tuple[str, str], ...] = (
    ("Click", "open the image; Next then walks what is shown"),
    ("Box beside the name, Space", "choose one"),
    ("Shift and click", "choose a stretch"),
    ("Ctrl A", "choose all that match"),
    ("Esc", "choose none"),
    ("Arrows", "go from card to card"),
)


def bindings() -> dict[str, str]:
    """Key to action, for the page."""
    return {key: entry.action for _, entries in GROUPS for entry in entries for key in entry.keys}
