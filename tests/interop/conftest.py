"""These tests need other people's packages in an environment of their own: `make test-interop` makes it."""

import os

collect_ignore = [] if os.environ.get("INTEROP_PYTHON") else ["test_interop.py"]
