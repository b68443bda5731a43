"""The file name of each image, by which imports and searches find it, and the length of its file."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    op.add_column("image", sa.Column("name", sa.Text, nullable=False, server_default=""))
    op.add_column("image", sa.Column("size_bytes", sa.BigInteger))
    image = sa.table("image", sa.column("id", sa.Text), sa.column("name", sa.Text))
    connection = op.get_bind()
    for (image_id,) in connection.execute(sa.select(image.c.id)).all():
        name = image_id.rpartition("/")[2]
        connection.execute(sa.update(image).where(image.c.id == image_id).values(name=name))
    op.create_index("image_by_name", "image", ["name"])
