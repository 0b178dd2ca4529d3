"""Migrated databases of the tests, which are emptied and used again.

A new database is a copy of 700 files and takes up to half a second on a busy machine. An empty one takes 20 ms.
"""

import itertools
import time
from collections.abc import Generator
from contextlib import contextmanager
from typing import NamedTuple

import psycopg
from psycopg import sql

TEMPLATE = "template_vong"
"""Migrated database without rows, which is copied."""
MAX_USES = 40
"""Number of tests that use one database. PostgreSQL's catalog grows whenever tables are emptied."""
END_CONNECTIONS = "SELECT pg_terminate_backend(pid, 1000) FROM pg_stat_activity WHERE datname = %s"
EVERY_TABLE = """
    SELECT pg_class.oid::regclass::text, pg_relation_size(pg_class.oid) > 0
    FROM pg_class JOIN pg_namespace ON pg_namespace.oid = relnamespace
    WHERE relkind IN ('r', 'p') AND nspname NOT IN ('pg_catalog', 'information_schema')
"""
SCHEMA = """
    SELECT md5(concat_ws(' ',
        (SELECT string_agg(concat_ws(' ', relname, relkind, relrowsecurity, relforcerowsecurity, relacl),
                ',' ORDER BY oid)
            FROM pg_class WHERE relkind <> 't' AND relnamespace <> 'pg_catalog'::regnamespace),
        (SELECT string_agg(concat_ws(' ', attname, atttypid, attnotnull, attisdropped), ',' ORDER BY attrelid, attnum)
            FROM pg_attribute JOIN pg_class ON pg_class.oid = attrelid
            WHERE relkind <> 't' AND relnamespace <> 'pg_catalog'::regnamespace),
        (SELECT string_agg(conname, ',' ORDER BY oid) FROM pg_constraint),
        (SELECT string_agg(concat_ws(' ', tgname, tgenabled), ',' ORDER BY oid) FROM pg_trigger),
        (SELECT string_agg(polname, ',' ORDER BY oid) FROM pg_policy),
        (SELECT string_agg(concat_ws(' ', proname, md5(prosrc)), ',' ORDER BY oid) FROM pg_proc WHERE oid >= 16384),
        (SELECT string_agg(nspname, ',' ORDER BY oid) FROM pg_namespace WHERE nspname !~ '^pg_(toast_)?temp'),
        (SELECT string_agg(setconfig::text, ',') FROM pg_db_role_setting WHERE setdatabase =
            (SELECT oid FROM pg_database WHERE datname = current_database())),
        (SELECT string_agg(version_num, ',') FROM alembic_version)
    ))
"""
"""Query for a hash of all definitions, with the version of the migrations."""
RESET_SEQUENCES = "SELECT setval(seqrelid::regclass, seqstart, false) FROM pg_sequence"


class Spare(NamedTuple):
    """Empty database, and the number of tests that have used it."""

    name: str
    uses: int


class TestDatabases:
    """Databases of one PostgreSQL server. The template exists."""

    __test__ = False

    def __init__(self, postgres_url: str) -> None:
        self.url = postgres_url
        self._spare: list[Spare] = []
        self._numbers = itertools.count()
        with psycopg.connect(with_database_name(postgres_url, TEMPLATE)) as connection:
            self._tables = {name for name, _ in connection.execute(EVERY_TABLE)}
            self._schema = _schema_hash(connection)

    @contextmanager
    def use(self) -> Generator[str]:
        """Return the URL of an empty database for the duration of the block."""
        database = self._spare.pop() if self._spare else self._create()
        yield with_database_name(self.url, database.name)
        name = database.name
        if database.uses + 1 < MAX_USES:
            # The new name prevents that a thread which the test left behind writes into the next test's database.
            renamed = Spare(self._next_name(), database.uses + 1)
            if self._rename(database.name, renamed.name):
                if self._clear(renamed.name):
                    self._spare.append(renamed)
                    return
                name = renamed.name
        drop_database(self.url, name)

    def _next_name(self) -> str:
        return f"test_{next(self._numbers)}"

    def _create(self) -> Spare:
        name = self._next_name()
        with psycopg.connect(self.url, autocommit=True) as connection:
            statement = "CREATE DATABASE {} TEMPLATE {} STRATEGY file_copy"
            connection.execute(sql.SQL(statement).format(sql.Identifier(name), sql.Identifier(TEMPLATE)))
        return Spare(name, 0)

    def _clear(self, name: str) -> bool:
        """Delete all rows and the tables that a test created. Return False if a test changed the rest of the schema."""
        with psycopg.connect(with_database_name(self.url, name)) as connection:
            tables = connection.execute(EVERY_TABLE).fetchall()
            for table in [table for table, _ in tables if table not in self._tables]:
                connection.execute(f"DROP TABLE IF EXISTS {table} CASCADE".encode())
            written = [table for table, has_pages in tables if has_pages and table in self._tables]
            if listed := ", ".join(table for table in written if table != "alembic_version"):
                connection.execute(f"TRUNCATE {listed} CASCADE".encode())
            connection.execute(RESET_SEQUENCES)
            try:
                return _schema_hash(connection) == self._schema
            except psycopg.errors.UndefinedTable:  # a test dropped the table with the version
                return False

    def _rename(self, before: str, after: str) -> bool:
        """End all connections to a database, and rename it. Return False if a connection does not end."""
        old, new = sql.Identifier(before), sql.Identifier(after)
        with psycopg.connect(self.url, autocommit=True) as connection:
            try:
                connection.execute(sql.SQL("ALTER DATABASE {} WITH ALLOW_CONNECTIONS false").format(old))
                connection.execute(END_CONNECTIONS, [before])
                connection.execute(sql.SQL("ALTER DATABASE {} RENAME TO {}").format(old, new))
                connection.execute(sql.SQL("ALTER DATABASE {} WITH ALLOW_CONNECTIONS true").format(new))
            except (psycopg.errors.ObjectInUse, psycopg.errors.InsufficientPrivilege):
                return False
        return True


def with_database_name(url: str, name: str) -> str:
    """Return the URL of another database of the same server."""
    before, _, query = url.partition("?")
    return f"{before.rsplit('/', 1)[0]}/{name}?{query}"


def drop_database(postgres_url: str, name: str) -> None:
    """Drop a database. Retry for 20 seconds, because the owner may not drop it while PostgreSQL vacuums it."""
    deadline = time.monotonic() + 20
    while True:
        try:
            with psycopg.connect(postgres_url, autocommit=True) as connection:
                connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))
            return
        except psycopg.errors.InsufficientPrivilege:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.2)


def _schema_hash(connection: psycopg.Connection) -> str:
    row = connection.execute(SCHEMA).fetchone()
    assert row is not None
    return row[0]
