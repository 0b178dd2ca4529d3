"""Fixtures of the tests of traces."""

from collections.abc import Iterator

import pytest

from vong.store.database import Database
from vong.store.spans.writer import SpanWriter


@pytest.fixture
def writer(database: Database) -> Iterator[SpanWriter]:
    """Open a span writer on the database of the test."""
    opened = SpanWriter(database)
    yield opened
    opened.close()
