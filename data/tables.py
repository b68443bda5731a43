"""The tables. `data/migrations` makes them; a test checks that both say the same.

Edits are append-only and are what happened; `box` and `annotation` are what they
add up to, kept in the same transaction so that reading needs no replay.
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    Table,
    Text,
)  # fmt: skip

metadata = MetaData()
Serial = BigInteger().with_variant(Integer, "sqlite")

image = Table(
    "image",
    metadata,
    Column("id", Text, primary_key=True),
    Column("name", Text, nullable=False, server_default=""),  # the last part of the id
    Column("location", Text, nullable=False),  # the name as the source spells it
    Column("position", Integer),  # 1 for the first of the batch; null once it is gone from the source
    Column("version", Text, nullable=False),  # changes when the file does
    Column("size_bytes", BigInteger),  # null where the source does not say
    Column("width", Integer),  # null until the file was first opened
    Column("height", Integer),
    Column("view", Text),  # null until the file was first opened; JSON for a picture with several looks, else ""
    Column("error", Text, nullable=False, server_default=""),
    Column("scan", Text, nullable=False),  # the scan of the source that last met it
    Index("image_by_position", "position"),
    Index("image_by_name", "name"),
    Index("image_by_width", "width"),
    Index("image_by_height", "height"),
)

annotator = Table(
    "annotator",
    metadata,
    Column("id", Serial, primary_key=True),
    Column("name", Text, nullable=False, unique=True),
)

label = Table(
    "label",
    metadata,
    Column("id", Serial, primary_key=True),
    Column("name", Text, nullable=False, unique=True),
    Column("class_id", Integer, unique=True),
    Column("color", Text, nullable=False, server_default=""),
    Column("hotkey", Text, nullable=False, server_default=""),
    Column("position", Integer),  # null: not in the labels file any more, but in use
    Column("pinned", Boolean, nullable=False),  # used or exported: its class id never moves
)

label_alias = Table(
    "label_alias",
    metadata,
    Column("name", Text, primary_key=True),
    Column("label_id", ForeignKey("label.id"), nullable=False),
)

import_step = Table(
    "import_step",
    metadata,
    Column("id", Text, primary_key=True),
    Column("time", Text, nullable=False),
    Column("file", Text, nullable=False),
    Column("undone", Text, nullable=False, server_default=""),  # when it was taken back
)

edit = Table(
    "edit",
    metadata,
    Column("seq", Serial, primary_key=True),
    Column("id", Text, nullable=False, unique=True),
    Column("annotator_id", ForeignKey("annotator.id"), nullable=False),
    Column("image_id", ForeignKey("image.id"), nullable=False),
    Column("kind", Text, nullable=False),
    Column("time", Text, nullable=False),
    Column("received", Text, nullable=False),
    Column("box_id", Text),
    Column("label_id", ForeignKey("label.id")),
    Column("x0", Float),
    Column("y0", Float),
    Column("x1", Float),
    Column("y1", Float),
    Column("state", Text),
    Column("reason", Text),
    Column("created", Text),
    Column("modified", Text),
    Column("import_id", ForeignKey("import_step.id")),
    Index("edit_by_annotation", "annotator_id", "image_id"),
    Index("edit_by_import", "import_id"),
)

box = Table(
    "box",
    metadata,
    Column("annotator_id", ForeignKey("annotator.id"), primary_key=True),
    Column("image_id", ForeignKey("image.id"), primary_key=True),
    Column("id", Text, primary_key=True),
    Column("label_id", ForeignKey("label.id")),  # this and the corners are null if only a delete was seen
    Column("x0", Float),
    Column("y0", Float),
    Column("x1", Float),
    Column("y1", Float),
    Column("created", Text),
    Column("modified", Text, nullable=False),
    Column("deleted", Boolean, nullable=False),
    Column("stamp_time", Text, nullable=False),
    Column("stamp_id", Text, nullable=False),
    Index("box_by_image", "image_id", "label_id", "deleted", "annotator_id", "x0", "y0", "x1", "y1"),
    Index("box_by_label", "label_id", "image_id", "annotator_id", "id", "deleted"),
)

annotation = Table(
    "annotation",
    metadata,
    Column("annotator_id", ForeignKey("annotator.id"), primary_key=True),
    Column("image_id", ForeignKey("image.id"), primary_key=True),
    Column("state", Text, nullable=False),  # what register, its time and the last box edit add up to
    Column("register", Text),
    Column("reason", Text, nullable=False, server_default=""),
    Column("state_time", Text, nullable=False, server_default=""),
    Column("state_id", Text, nullable=False, server_default=""),
    Column("last_box_time", Text, nullable=False, server_default=""),
    Column("boxes", Integer, nullable=False, server_default="0"),
    Column("revision", BigInteger, nullable=False),  # the greatest edit.seq seen
    Index("annotation_by_state", "annotator_id", "state"),
    Index("annotation_by_image", "image_id", "annotator_id", "state", "boxes", "revision"),
)

box_attributes = Table(
    "box_attributes",
    metadata,
    Column("seq", Serial, primary_key=True),  # of several for one box, the last counts
    Column("annotator_id", ForeignKey("annotator.id"), nullable=False),
    Column("image_id", ForeignKey("image.id"), nullable=False),
    Column("box_id", Text, nullable=False),
    Column("import_id", ForeignKey("import_step.id"), nullable=False),
    Column("value", Text, nullable=False),  # a JSON object
    Index("box_attributes_by_image", "image_id", "annotator_id"),
    Index("box_attributes_by_import", "import_id"),
)

memo = Table(
    "memo",
    metadata,
    Column("key", Text, primary_key=True),
    Column("value", Text, nullable=False),
)
