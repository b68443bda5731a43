"""What the XML formats share."""

from __future__ import annotations

import re
from xml.sax.saxutils import escape

_FORBIDDEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")


def quoted(text: str) -> str:
    """Text for an element or an attribute in double quotes; what XML cannot hold becomes a question mark."""
    return escape(_FORBIDDEN.sub("?", text), {'"': "&quot;", "\n": "&#10;", "\t": "&#9;"})
