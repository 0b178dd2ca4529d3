"""What tests of spans may use."""

from collections.abc import Iterator

import pytest

from vong.store.database import Database
from vong.store.spans.writer import Journal


@pytest.fixture
def journal(database: Database) -> Iterator[Journal]:
    """A writer on the test's own database."""
    opened = Journal(database)
    yield opened
    opened.close()
