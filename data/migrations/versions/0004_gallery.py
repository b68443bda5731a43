"""What the gallery asks: the annotations and the boxes of an image, and the boxes of a label.

The first two hold all that filters look at, so that the tables themselves need not be read.
"""

from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    op.create_index("box_by_image", "box", ["image_id", "label_id", "deleted", "annotator_id", "x0", "y0", "x1", "y1"])
    op.create_index("box_by_label", "box", ["label_id", "image_id", "annotator_id", "id", "deleted"])
    op.create_index("annotation_by_image", "annotation", ["image_id", "annotator_id", "state", "boxes", "revision"])
