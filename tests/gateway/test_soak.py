"""Ledger, spans and budgets agree after a minute of faults, disconnects and killed servers and databases."""

from pathlib import Path

import pytest

from benchmarks.soak import soak

pytestmark = pytest.mark.slow
SPAN_WRITE_SECONDS = 2.0
"""Maximum wait of a span before a kill on a very busy machine. Elsewhere this takes about 25 ms and a commit."""


def test_ledger_spans_and_budgets_agree_after_a_minute_of_faults_and_kills(tmp_path: Path) -> None:
    found = soak(tmp_path / "home", 60.0, seed=7)
    books, outcomes = found.books, found.story.outcomes()
    assert found.story.kills and found.story.away
    assert outcomes["answered"] and outcomes["streamed"] and outcomes["caller left"]
    assert outcomes["402 insufficient_quota"] and outcomes["ended by an error event"]
    assert books.spans_sum == books.ledger_sum > 0
    assert (books.without_line, books.without_span) == (0, 0)
    assert books.counters and not books.differing
    assert found.settled is not None and not books.reserved
    assert all(0 <= seconds < SPAN_WRITE_SECONDS for seconds in found.lost), (
        f"answers without a span, far from a kill: {found.lost}"
    )
