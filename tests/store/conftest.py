"""Fixtures of the tests of storage."""

from collections.abc import Iterator

import psycopg
import pytest

from tests.conftest import with_database_name
from vong.store.database import Database


@pytest.fixture
def empty(postgres_url: str) -> Iterator[Database]:
    """Create an empty database without migrations."""
    with psycopg.connect(postgres_url, autocommit=True) as connection:
        connection.execute("CREATE DATABASE never_migrated")
    opened = Database(with_database_name(postgres_url, "never_migrated"), pool=2)
    yield opened
    opened.close()
    with psycopg.connect(postgres_url, autocommit=True) as connection:
        connection.execute("DROP DATABASE never_migrated WITH (FORCE)")
