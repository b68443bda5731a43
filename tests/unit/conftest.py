"""A batch that was worked on, on either database."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from data.services import Services
from tests.conftest import new_postgres_database
from tests.worked_on import fill


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def services(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Services]:
    """On each database, for tests that change nothing."""
    folder = tmp_path_factory.mktemp("query")
    url = str(folder / "a.db")
    if request.param == "postgresql":
        url = new_postgres_database(request.getfixturevalue("postgres_server"))
    made = fill(url, folder)
    yield made
    made.database.engine.dispose()
