"""What tests of the store may use."""

from collections.abc import Iterator

import psycopg
import pytest

from tests.conftest import named
from vong.store.database import Database


@pytest.fixture
def empty(postgres_url: str) -> Iterator[Database]:
    """A database that has never been migrated."""
    with psycopg.connect(postgres_url, autocommit=True) as connection:
        connection.execute("CREATE DATABASE never_migrated")
    opened = Database(named(postgres_url, "never_migrated"), pool=2)
    yield opened
    opened.close()
    with psycopg.connect(postgres_url, autocommit=True) as connection:
        connection.execute("DROP DATABASE never_migrated WITH (FORCE)")
