"""What the XML formats share."""

from __future__ import annotations

import json
import re
from xml.etree.ElementTree import Element, ParseError, XMLParser
from xml.sax.saxutils import escape

from defusedxml import DefusedXmlException
from defusedxml import ElementTree as SafeTree

# What reading may raise: no XML, entities, an encoding that is unknown or has characters of several bytes.
UNREADABLE = (ParseError, DefusedXmlException, LookupError, ValueError)

_FORBIDDEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")


def parsed(content: bytes) -> Element:
    """The outermost element of a small document. Raises one of UNREADABLE.

    Entities, which can grow without bound or name other files, can only be declared in a DOCTYPE. What has none, and
    no byte 0 that could hide one, is safe with the fast parser of the standard library.
    """
    if b"<!DOCTYPE" in content or b"\0" in content:
        return SafeTree.fromstring(content)  # type: ignore[no-any-return]
    parser = XMLParser()
    parser.feed(content)
    return parser.close()


def under(element: Element, tag: str) -> Element:
    """The first child of a name, or an empty element: a path would be slow to follow a million times."""
    found = element.find(tag)
    return Element(tag) if found is None else found


def quoted(text: str) -> str:
    """Text for an element or an attribute in double quotes; what XML cannot hold becomes a question mark."""
    return escape(_FORBIDDEN.sub("?", text), {'"': "&quot;", "\n": "&#10;", "\t": "&#9;"})


def plain_text(value: object) -> str:
    """An attribute's value as text: that of JSON where it is no text."""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
