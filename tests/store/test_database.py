"""Reachability of the database, also while it hangs."""

import threading
import time
from collections.abc import Generator
from contextlib import contextmanager

import pytest
from sqlalchemy import Connection

from vong.store.database import Database


def test_a_database_that_responds_is_reachable(database: Database) -> None:
    assert database.is_reachable(10)
    assert not Database("postgresql://nobody@127.0.0.1:9/none").is_reachable(10)


def test_a_database_that_hangs_is_unreachable_and_occupies_one_thread(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    goes_on, owner = threading.Event(), database.owner

    @contextmanager
    def hanging() -> Generator[Connection]:
        assert goes_on.wait(30)
        with owner() as connection:
            yield connection

    monkeypatch.setattr(database, "owner", hanging)
    started = time.monotonic()
    assert [database.is_reachable(0.1) for _ in range(5)] == [False] * 5
    assert time.monotonic() - started < 5
    assert len([thread for thread in threading.enumerate() if thread.name == "vong-pulse"]) == 1
    goes_on.set()
    assert database.is_reachable(10)
