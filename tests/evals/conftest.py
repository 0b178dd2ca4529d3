"""Fixtures of the tests of evaluations."""

from uuid import UUID

import pytest

from vong.records import Example
from vong.store.database import Database

from .tickets import Scope, ticket


@pytest.fixture
def scope(database: Database, project_id: UUID) -> Scope:
    return lambda: database.scope(project_id)


@pytest.fixture
def examples() -> list[Example]:
    return [ticket(number) for number in range(12)]


@pytest.fixture(autouse=True)
def no_pause(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("vong.evals.runner.RETRY_DELAY_SECONDS", 0.0)
