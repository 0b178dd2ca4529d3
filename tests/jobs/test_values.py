"""What a run says of itself: JSON, rates, folders."""

import json
import math
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import update

from vong import jobs
from vong.jobs import tables
from vong.jobs.cleanup import delete_old_folders
from vong.jobs.json_values import to_jsonb_safe
from vong.jobs.progress import RateEstimator
from vong.records import new_id, now
from vong.store.database import Database

JSON: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.tuples(inner) | st.dictionaries(st.text(), inner),
)


@given(JSON)
def test_plain_gives_what_postgresql_can_hold_and_changes_it_no_further(value: Any) -> None:
    once = to_jsonb_safe(value)
    text = json.dumps(once, allow_nan=False)
    assert "\\u0000" not in text.replace("\\\\", "")
    assert to_jsonb_safe(once) == once == json.loads(text)


def test_plain_refuses_what_has_no_form_in_json() -> None:
    with pytest.raises(TypeError, match="object"):
        to_jsonb_safe({"a": [object()]})


@given(st.floats(0.5, 100), st.integers(3, 200))
def test_the_rate_of_an_even_pace_is_that_pace(pace: float, points: int) -> None:
    rate = RateEstimator()
    rates = [rate.add(n * 1.0, n * pace) for n in range(points)]
    assert rates[0] is None
    assert all(value is not None and math.isclose(value, pace, rel_tol=1e-6) for value in rates[1:])


def test_the_rate_forgets_what_is_older_than_half_a_minute_and_starts_anew_on_going_back() -> None:
    rate = RateEstimator()
    for second in range(100):
        rate.add(second, 0)
    rates = [rate.add(second, (second - 99) * 2.0) for second in range(100, 140)]
    assert rates[-1] == pytest.approx(2.0, rel=0.05)
    assert rate.add(141, 1) is None


def test_folders_are_swept_a_week_after_the_end(database: Database, project_id: UUID, tmp_path: Path) -> None:
    with database.scope(project_id) as connection:
        old, fresh, queued = (jobs.submit(connection, "a.x", {}).id for _ in range(3))
        for id, days in ((old, 8), (fresh, 1)):
            jobs.cancel(connection, id)
            change = update(tables.jobs).where(tables.jobs.c.id == id)
            connection.execute(change.values(finished_at=now() - timedelta(days=days)))
    unknown = new_id()
    for name in (old, fresh, queued, unknown, "not-one-of-our-own"):
        (tmp_path / "jobs" / str(name)).mkdir(parents=True)
    with database.owner() as connection:
        assert delete_old_folders(connection, tmp_path) == 2
    assert {folder.name for folder in (tmp_path / "jobs").iterdir()} == {str(fresh), str(queued), "not-one-of-our-own"}
