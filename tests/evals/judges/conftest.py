"""Fixtures of the tests of judges."""

from uuid import UUID

import pytest

from tests.evals.tickets import Scope
from vong.store.database import Database


@pytest.fixture
def scope(database: Database, project_id: UUID) -> Scope:
    return lambda: database.scope(project_id)
