"""What tests of spans may use."""

from collections.abc import Iterator

import pytest

from vong.store.database import Database
from vong.store.spans.writer import SpanWriter


@pytest.fixture
def journal(database: Database) -> Iterator[SpanWriter]:
    """A writer on the test's own database."""
    opened = SpanWriter(database)
    yield opened
    opened.close()
