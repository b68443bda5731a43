"""What imported files say of a box beside its label and corners."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

Serial = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    op.create_table(
        "box_attributes",
        sa.Column("seq", Serial, primary_key=True),
        sa.Column("annotator_id", Serial, sa.ForeignKey("annotator.id"), nullable=False),
        sa.Column("image_id", sa.Text, sa.ForeignKey("image.id"), nullable=False),
        sa.Column("box_id", sa.Text, nullable=False),
        sa.Column("import_id", sa.Text, sa.ForeignKey("import_step.id"), nullable=False),
        sa.Column("value", sa.Text, nullable=False),
    )
    op.create_index("box_attributes_by_image", "box_attributes", ["image_id", "annotator_id"])
    op.create_index("box_attributes_by_import", "box_attributes", ["import_id"])
