"""``python -m data.formats`` prints the table of docs/formats.md."""

from data.formats import FORMATS

KEPT = {
    "empty": "empty images",
    "untouched": "untouched images told apart",
    "annotators": "annotators",
    "states": "states",
    "sizes": "sizes",
    "labels": "class ids",
    "ids": "ids and times of boxes",
    "attributes": "attributes of boxes",
}


def table() -> str:
    """The formats as Markdown."""
    lines = ["| name | format | in | out | written as | keeps, beside boxes and labels |", "|---|---|---|---|---|---|"]
    for one in FORMATS:
        kept = ", ".join(text for name, text in KEPT.items() if name in one.keeps)
        out, files = ("yes", one.file or "folder or zip") if one.write else ("", "")
        lines.append(f"| `{one.name}` | {one.title} | yes | {out} | {files} | {kept} |")
    return "\n".join(lines)


if __name__ == "__main__":
    print(table())  # noqa: T201
