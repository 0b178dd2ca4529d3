"""Scores: added once, immutable, and summarized with confidence intervals."""

from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError
from sqlalchemy import Connection, select
from sqlalchemy.exc import ProgrammingError

from tests.feedback.factories import span
from vong import access, feedback
from vong.errors import Conflict, InvalidInput, NotFound
from vong.feedback import ScoreCreate, ScoreFilter, tables
from vong.feedback.scores import AddedScore
from vong.feedback.summary import normal_interval, wilson_interval
from vong.records import Span, new_id
from vong.store.database import Database


def add_score(connection: Connection, of: Span, value: float | None = None, **fields: object) -> AddedScore:
    judgement = ScoreCreate.model_validate({"span_id": of.id, "value": value, **fields})
    return feedback.add_score(connection, of, judgement)


def test_a_score_is_returned_as_stored(connection: Connection) -> None:
    answered = span()
    added = add_score(connection, answered, 0.5, comment="nearly", correction="there", author="ann", name="tone")
    assert added.new
    assert feedback.get_score(connection, added.score.id) == added.score
    assert (added.score.span_id, added.score.source) == (answered.id, "human")


def test_a_repeated_id_returns_the_existing_score(connection: Connection) -> None:
    answered, id = span(), new_id()
    first = add_score(connection, answered, 1.0, id=id)
    again = add_score(connection, answered, 1.0, id=id)
    assert (again.new, again.score) == (False, first.score)
    with pytest.raises(Conflict, match="different score"):
        add_score(connection, answered, 0.0, id=id)


def test_an_empty_score_is_rejected(connection: Connection) -> None:
    with pytest.raises(InvalidInput, match="score is empty"):
        add_score(connection, span())
    with pytest.raises(InvalidInput, match="instead of"):
        feedback.add_score(connection, span(), ScoreCreate(span_id=new_id(), value=1))


@pytest.mark.parametrize("value", [-0.1, 1.1, float("nan"), float("inf")])
def test_values_outside_0_to_1_are_rejected(value: float) -> None:
    with pytest.raises(ValidationError):
        ScoreCreate(span_id=new_id(), value=value)


def test_scores_can_be_added_but_not_changed_or_removed(connection: Connection) -> None:
    add_score(connection, span(), 1.0)
    for statement in (tables.scores.update().values(value=0.0), tables.scores.delete()):
        with pytest.raises(ProgrammingError, match="permission denied"), connection.begin_nested():
            connection.execute(statement)


def test_another_project_reads_nothing_even_without_a_filter(database: Database, connection: Connection) -> None:
    answered, id = span(), new_id()
    add_score(connection, answered, 1.0, id=id)
    connection.commit()
    with database.owner() as owner:
        other = access.create_project(owner, "other").id
    with database.scope(other) as foreign:
        assert foreign.execute(select(tables.scores)).all() == []
        with pytest.raises(NotFound):
            feedback.get_score(foreign, id)
        assert add_score(foreign, answered, 0.0, id=id).new


def test_scores_are_listed_by_subject_in_pages(connection: Connection) -> None:
    old, fresh = span(route="support"), span(route="sales", model_version="b@bbbbbb")
    ids = [add_score(connection, old, number / 10, name="tone").score.id for number in range(5)]
    other = add_score(connection, fresh, 1.0, source="judge").score
    assert [one.id for one in feedback.list_scores(connection)] == [*ids, other.id]
    assert [one.id for one in feedback.list_scores(connection, newest_first=True, limit=2)] == [other.id, ids[4]]
    page = feedback.list_scores(connection, name="tone", limit=3)
    rest = feedback.list_scores(connection, name="tone", limit=3, after=page[-1].id)
    assert [one.id for one in (*page, *rest)] == ids
    assert [one.id for one in feedback.list_scores(connection, newest_first=True, after=ids[4], limit=2)] == ids[3:1:-1]
    for fits in ({"route": "sales"}, {"model_version": "b@bbbbbb"}, {"source": "judge"}, {"spans": (fresh.id,)}):
        assert feedback.list_all_scores(connection, ScoreFilter.model_validate(fits)) == [other]
    since = feedback.get_score(connection, other.id).created_at
    assert feedback.list_scores(connection, since=since) == [other]
    assert [one.id for one in feedback.list_scores(connection, until=since)] == ids


def test_a_summary_has_count_mean_and_interval_of_each_group(connection: Connection) -> None:
    old, fresh = span(model_version="m@1"), span(model_version="m@2")
    for value in (1, 1, 0, 1):
        add_score(connection, old, value)
    for value in (0.25, 0.75, 0.5):
        add_score(connection, fresh, value)
    add_score(connection, fresh, correction="better")
    add_score(connection, fresh, 1.0, name="tone")
    first, second, third = feedback.summarize(connection, ScoreFilter())
    assert (first.model_version, first.n, first.mean, first.method) == ("m@1", 4, 0.75, "wilson")
    assert (second.model_version, second.scores, second.n, second.corrections) == ("m@2", 4, 3, 1)
    assert (second.mean, second.method) == (0.5, "normal")
    assert second.low == pytest.approx(0.5 - 1.959964 * 0.25 / 3**0.5)
    assert (third.name, third.n, third.low, third.method) == ("tone", 1, None, None)
    (all_in_one,) = feedback.summarize(connection, ScoreFilter(name="quality"), by=())
    assert all_in_one.n == 7


def test_wilson_intervals_equal_published_values() -> None:
    # Newcombe 1998, Statistics in Medicine 17:857-872, table I: 81 of 263, 15 of 148, 0 of 20, 1 of 29.
    for count, n, low, high in (
        (81, 263, 0.2553, 0.3662),
        (15, 148, 0.0624, 0.1605),
        (0, 20, 0, 0.1611),
        (1, 29, 0.0061, 0.1718),
    ):
        assert wilson_interval(count / n, n) == (pytest.approx(low, abs=5e-5), pytest.approx(high, abs=5e-5))


@given(st.floats(0, 1), st.integers(2, 10_000), st.floats(0, 0.8))
def test_an_interval_contains_its_mean_and_stays_in_range(mean: float, n: int, deviation: float) -> None:
    for low, high in (wilson_interval(mean, n), normal_interval(mean, deviation, n)):
        assert 0 <= low <= mean + 1e-12
        assert mean - 1e-12 <= high <= 1


def test_ids_of_projects_do_not_matter_for_order(project_id: UUID, database: Database) -> None:
    with database.scope(project_id) as connection:
        answered = span()
        late = add_score(connection, answered, 1.0).score
        early = UUID("00000000-0000-7000-8000-000000000000")
        add_score(connection, answered, 1.0, id=early)
        assert [one.id for one in feedback.list_scores(connection)] == [late.id, early]
