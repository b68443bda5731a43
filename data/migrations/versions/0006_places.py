"""What sizes, shapes and places of boxes there are.

A query such as ``x:0..2`` may speak of few boxes. If PostgreSQL knows how few, it looks for them in one go, rather than
among those of one image after the other. Version 14 is the first that can be told.
"""

from alembic import op

revision = "0006"
down_revision = "0005"

MEASURES = ("((x0 + x1) * 50)", "((y0 + y1) * 50)", "((x1 - x0) * (y1 - y0))", "((x1 - x0) / nullif(y1 - y0, 0))")


def upgrade() -> None:
    op.create_index("image_by_width", "image", ["width"])
    op.create_index("image_by_height", "image", ["height"])
    # Turned TIFFs were measured as they lie, and what has further pages said nothing of them: all are measured again.
    for ending in ("%.tif", "%.tiff"):
        op.execute(f"UPDATE image SET width = NULL, height = NULL, view = NULL WHERE lower(id) LIKE '{ending}'")
    dialect = op.get_bind().dialect
    if dialect.name == "postgresql" and (dialect.server_version_info or ()) >= (14,):
        for name, measure in zip(("x", "y", "size", "aspect"), MEASURES, strict=True):
            op.execute(f"CREATE STATISTICS box_{name} ON {measure} FROM box")
        op.execute("ANALYZE box")
