"""What the XML formats share."""

from __future__ import annotations

import json
import re
from xml.sax.saxutils import escape

_FORBIDDEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")


def quoted(text: str) -> str:
    """Text for an element or an attribute in double quotes; what XML cannot hold becomes a question mark."""
    return escape(_FORBIDDEN.sub("?", text), {'"': "&quot;", "\n": "&#10;", "\t": "&#9;"})


def plain_text(value: object) -> str:
    """An attribute's value as text: that of JSON where it is no text."""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
