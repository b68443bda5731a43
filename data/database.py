"""The database: connecting, migrating, transactions."""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event, select, text
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, SQLAlchemyError

from data.errors import InputError
from data.tables import memo

_MIGRATION_LOCK = 20_201_124


class Database:
    """An engine with two kinds of transaction. Safe to share between threads."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.is_sqlite = engine.dialect.name == "sqlite"

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """One consistent view of the database."""
        with self.engine.begin() as connection:
            yield connection

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """A transaction that writes; on SQLite it takes the write lock at once, so that it cannot fail half-way."""
        with self.engine.connect().execution_options(writes=True) as connection, connection.begin():
            yield connection

    def identity(self) -> str:
        """A name that this database keeps for good; browsers keep their unsent edits under it."""
        with self.writing() as connection:
            name = self.recall(connection, "identity")
            if name is None:
                name = f"annotations {uuid.uuid4()}"
                self.remember(connection, "identity", name)
            return name

    def insert(self, table: Any) -> Any:
        """An INSERT that knows ON CONFLICT, for either database."""
        return sqlite.insert(table) if self.is_sqlite else postgresql.insert(table)

    def recall(self, connection: Connection, key: str) -> str | None:
        """The value remembered under a key."""
        return connection.execute(select(memo.c.value).where(memo.c.key == key)).scalar()

    def remember(self, connection: Connection, key: str, value: str) -> None:
        """Keep a small value under a key."""
        statement = self.insert(memo).values(key=key, value=value)
        connection.execute(statement.on_conflict_do_update(index_elements=["key"], set_={"value": value}))


def open_database(url: str) -> Database:
    """Connect to the database and bring its tables up to date.

    Raises InputError in one line when it does not answer or is of no use.
    """
    try:
        parsed = make_url(url)
        engine = _make_engine(url)
    except (ArgumentError, ImportError, ValueError, SQLAlchemyError):
        shown = _hide_password(url)
        raise InputError(
            f"database {shown}: expected a SQLite file or postgresql://USER:PASSWORD@HOST:PORT/NAME"
        ) from None
    shown = _hide_password(url)
    if parsed.get_backend_name() == "sqlite" and parsed.database:
        _make_folder(Path(parsed.database))
    try:
        _migrate(engine)
    except SQLAlchemyError as error:
        engine.dispose()
        raise InputError(f"database {shown}: {_first_line(error)}; check --database or DATABASE_URL") from error
    return Database(engine)


def _make_engine(url: str) -> Engine:
    if make_url(url).get_backend_name() != "sqlite":
        # Unprepared statements: the best plan of a query depends on the numbers in it.
        arguments = {"connect_timeout": 10, "prepare_threshold": None}
        # Small plans of hosted databases allow twenty connections in all, and there are two processes.
        return create_engine(url, pool_pre_ping=True, pool_size=8, max_overflow=0, connect_args=arguments)
    engine = create_engine(url, pool_size=10, max_overflow=50, connect_args={"timeout": 30, "check_same_thread": False})

    @event.listens_for(engine, "connect")
    def on_connect(connection: Any, _record: object) -> None:
        connection.isolation_level = None  # transactions are begun below, not by the driver
        cursor = connection.cursor()
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "busy_timeout=30000"):
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    @event.listens_for(engine, "begin")
    def on_begin(connection: Connection) -> None:
        writes = connection.get_execution_options().get("writes")
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")

    return engine


def _make_folder(path: Path) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(
            f"database {path}: its folder cannot be made ({error.strerror}); choose another path"
        ) from error


def _migrate(engine: Engine) -> None:
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    with engine.connect().execution_options(writes=True) as connection, connection.begin():
        if engine.dialect.name == "postgresql":  # several workers start at once: one migrates, the others wait
            connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _MIGRATION_LOCK})
        config.attributes["connection"] = connection
        command.upgrade(config, "head")


def _hide_password(url: str) -> str:
    return (
        re.sub(r"//[^/@]*@", "//***@", url).replace("postgresql+psycopg://", "postgresql://").removeprefix("sqlite:///")
    )


def _first_line(error: BaseException) -> str:
    cause = getattr(error, "orig", None) or error
    return (str(cause).strip().splitlines() or [type(cause).__name__])[0]
