"""What looks a picture has: pages, channels, more than eight bits."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    op.add_column("image", sa.Column("view", sa.Text))
