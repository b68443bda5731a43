"""The first tables."""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

Serial = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def _text(name: str, **options: Any) -> sa.Column[Any]:
    return sa.Column(name, sa.Text, **{"nullable": False, **options})


def _link(name: str, target: str, **options: Any) -> sa.Column[Any]:
    return sa.Column(
        name, sa.Text if target in ("image.id", "import_step.id") else Serial, sa.ForeignKey(target), **options
    )


def _corners() -> list[sa.Column[Any]]:
    return [sa.Column(name, sa.Float) for name in ("x0", "y0", "x1", "y1")]


def upgrade() -> None:
    op.create_table(
        "image",
        _text("id", primary_key=True),
        _text("location"),
        sa.Column("position", sa.Integer),
        _text("version"),
        sa.Column("width", sa.Integer),
        sa.Column("height", sa.Integer),
        _text("error", server_default=""),
        _text("scan"),
    )
    op.create_index("image_by_position", "image", ["position"])
    op.create_table("annotator", sa.Column("id", Serial, primary_key=True), _text("name", unique=True))
    op.create_table(
        "label",
        sa.Column("id", Serial, primary_key=True),
        _text("name", unique=True),
        sa.Column("class_id", sa.Integer, unique=True),
        _text("color", server_default=""),
        _text("hotkey", server_default=""),
        sa.Column("position", sa.Integer),
        sa.Column("pinned", sa.Boolean, nullable=False),
    )
    op.create_table("label_alias", _text("name", primary_key=True), _link("label_id", "label.id", nullable=False))
    op.create_table(
        "import_step", _text("id", primary_key=True), _text("time"), _text("file"), _text("undone", server_default="")
    )
    op.create_table(
        "edit",
        sa.Column("seq", Serial, primary_key=True),
        _text("id", unique=True),
        _link("annotator_id", "annotator.id", nullable=False),
        _link("image_id", "image.id", nullable=False),
        _text("kind"),
        _text("time"),
        _text("received"),
        _text("box_id", nullable=True),
        _link("label_id", "label.id"),
        *_corners(),
        *[_text(name, nullable=True) for name in ("state", "reason", "created", "modified")],
        _link("import_id", "import_step.id"),
    )
    op.create_index("edit_by_annotation", "edit", ["annotator_id", "image_id"])
    op.create_index("edit_by_import", "edit", ["import_id"])
    op.create_table(
        "box",
        _link("annotator_id", "annotator.id", primary_key=True),
        _link("image_id", "image.id", primary_key=True),
        _text("id", primary_key=True),
        _link("label_id", "label.id"),
        *_corners(),
        _text("created", nullable=True),
        _text("modified"),
        sa.Column("deleted", sa.Boolean, nullable=False),
        _text("stamp_time"),
        _text("stamp_id"),
    )
    op.create_table(
        "annotation",
        _link("annotator_id", "annotator.id", primary_key=True),
        _link("image_id", "image.id", primary_key=True),
        _text("state"),
        _text("register", nullable=True),
        *[_text(name, server_default="") for name in ("reason", "state_time", "state_id", "last_box_time")],
        sa.Column("boxes", sa.Integer, nullable=False, server_default="0"),
        sa.Column("revision", sa.BigInteger, nullable=False),
    )
    op.create_index("annotation_by_state", "annotation", ["annotator_id", "state"])
    op.create_table("memo", _text("key", primary_key=True), _text("value"))
