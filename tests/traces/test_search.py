"""Search finds what was recorded, newest first, and nothing of another project."""

from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from tests.traces.spans import span, write
from vong import access, traces
from vong.errors import NotFound
from vong.records import Span, Usage, new_id, now
from vong.records.span import SpanVersions
from vong.records.usage import MAX_TOKENS
from vong.store.database import Database
from vong.store.spans.writer import SpanWriter
from vong.traces import SpanFilter


def test_a_page_begins_after_the_last_span_of_the_page_before(
    database: Database, journal: SpanWriter, project_id: UUID
) -> None:
    begin = now() - timedelta(days=2)
    made = [span(begin + timedelta(hours=5 * (number // 2))) for number in range(11)]  # equal starts, several days
    write(journal, project_id, *made)
    wanted = sorted(made, key=lambda one: (one.started_at, one.id), reverse=True)
    found: list[UUID] = []
    after = None
    with database.scope(project_id) as connection:
        while page := traces.search_spans(connection, after=after, limit=3):
            assert len(page) <= 3
            found += [one.id for one in page]
            after = page[-1].id
    assert found == [one.id for one in wanted]


def test_every_filter_keeps_what_matches_and_drops_the_rest(
    database: Database, journal: SpanWriter, project_id: UUID
) -> None:
    versions = SpanVersions(route="triage", deployment="small", model_version="triage@0123456789ab")
    wanted = span(
        model="smollm", user="an", session="s1", kind="tool", key="app", status="error", error="boom",
        duration_ms=900.0, versions=versions, input="why is the printer blue",
    )  # fmt: skip
    write(journal, project_id, wanted, span(wanted.started_at - timedelta(days=1), duration_ms=1.0))
    filters = [
        {"text": "printer blue"}, {"text": '"is the printer"'}, {"text": "printer -green"}, {"model": "smollm"},
        {"route": "triage"}, {"deployment": "small"}, {"model_version": "triage@0123456789ab"}, {"status": "error"},
        {"user": "an"}, {"session": "s1"}, {"kind": "tool"}, {"key": "app"}, {"min_duration_ms": 100},
        {"trace_id": wanted.trace_id}, {"since": wanted.started_at},
        {"until": wanted.started_at + timedelta(seconds=1), "since": wanted.started_at - timedelta(seconds=1)},
    ]  # fmt: skip
    with database.scope(project_id) as connection:
        for values in filters:
            filter = SpanFilter.model_validate(values)
            assert [one.id for one in traces.search_spans(connection, filter)] == [wanted.id], values
            assert traces.count_spans(connection, filter) == 1, values
        assert traces.count_spans(connection) == 2
        assert traces.search_spans(connection, SpanFilter(text="printer -blue")) == []
        assert traces.search_spans(connection, SpanFilter(until=wanted.started_at, since=wanted.started_at)) == []


def test_text_is_found_in_vietnamese_whatever_its_case(
    database: Database, journal: SpanWriter, project_id: UUID
) -> None:
    wanted = span(output={"role": "assistant", "content": "Đơn hàng của BẠN đang trên đường"})
    write(journal, project_id, wanted, span(output="nothing of the kind"))
    with database.scope(project_id) as connection:
        assert [one.id for one in traces.search_spans(connection, SpanFilter(text="đơn HÀNG của bạn"))] == [wanted.id]


def test_text_search_uses_the_index_of_words(database: Database, journal: SpanWriter, project_id: UUID) -> None:
    write(journal, project_id, *(span(input=f"common words and n{number}") for number in range(2000)))
    with database.owner() as owner:
        owner.execute(text("ANALYZE traces_spans"))  # as autovacuum does within the minute
        owner.execute(text("SELECT set_config('vong.project_id', :project, true)"), {"project": str(project_id)})
        body = owner.scalar(text("SELECT prosrc FROM pg_proc WHERE proname = 'traces_matching'"))
        arguments = {"since": "'-infinity'", "until": "'infinity'", "words)": "'n77 common')"}
        for name, value in arguments.items():
            body = body.replace(name, value)
        plan = "\n".join(owner.exec_driver_sql(f"EXPLAIN {body.replace('%', '%%')}").scalars())
        found = owner.execute(text("SELECT id FROM traces_matching('n77 common', '-infinity', 'infinity')")).all()
    assert len(found) == 1
    assert "to_tsvector_idx" in plan, plan


def test_another_projects_spans_are_found_by_no_way(database: Database, journal: SpanWriter, project_id: UUID) -> None:
    theirs = span(input="secret words", session="shared")
    write(journal, project_id, theirs)
    with database.owner() as owner:
        other = access.create_project(owner, "other").id
    mine = span(theirs.started_at, input="secret words", session="shared", trace_id=theirs.trace_id)
    write(journal, other, mine)
    with database.scope(other) as connection:
        assert [one.id for one in traces.search_spans(connection)] == [mine.id]
        assert [one.id for one in traces.search_spans(connection, SpanFilter(text="secret"))] == [mine.id]
        hex_of_theirs = f"p{project_id.hex}"
        assert traces.search_spans(connection, SpanFilter(text=hex_of_theirs)) == []
        assert traces.count_spans(connection, SpanFilter(text="secret or words")) == 1
        assert traces.get_spans(connection, [theirs.id, mine.id]) == [mine]
        assert traces.get_trace(connection, theirs.trace_id).spans == 1
        with pytest.raises(NotFound):
            traces.get_span(connection, theirs.id)
        with pytest.raises(NotFound):
            traces.search_spans(connection, after=theirs.id)


def test_the_same_span_in_two_projects_is_stored_in_both(
    database: Database, journal: SpanWriter, project_id: UUID
) -> None:
    with database.owner() as owner:
        other = access.create_project(owner, "other").id
    one = span(input="x")
    write(journal, project_id, one)
    write(journal, other, one)
    for project in (project_id, other):
        with database.scope(project) as connection:
            assert traces.get_span(connection, one.id) == one


def test_lists_show_a_preview_and_a_whole_span_its_bodies(
    database: Database, journal: SpanWriter, project_id: UUID
) -> None:
    messages = [{"role": "system", "content": "be brief"}, {"role": "user", "content": "long " * 500}]
    made = span(input={"model": "m", "messages": messages}, output={"choices": [{"message": {"content": "short"}}]})
    write(journal, project_id, made)
    with database.scope(project_id) as connection:
        (shown,) = traces.search_spans(connection)
        assert shown.input_preview == ("long " * 500)[:160]
        assert shown.output_preview == "short"
        assert traces.get_span(connection, made.id) == made


def test_a_span_whose_id_names_another_time_is_still_found(
    database: Database, journal: SpanWriter, project_id: UUID
) -> None:
    late = span(now() - timedelta(days=3), id=new_id())
    strange = span(id=uuid4())
    write(journal, project_id, late, strange)
    with database.scope(project_id) as connection:
        assert traces.get_spans(connection, [strange.id, late.id, uuid4()]) == [strange, late]


def test_reading_by_id_looks_into_one_day(database: Database, journal: SpanWriter, project_id: UUID) -> None:
    made = [span(now() - timedelta(days=days)) for days in range(6)]
    write(journal, project_id, *made)
    from vong.store.spans.schema import spans, start_range

    with database.scope(project_id) as connection:
        since, until = start_range(made[3].id)
        explain = text("EXPLAIN SELECT id FROM traces_spans WHERE id = :id AND started_at BETWEEN :since AND :until")
        plan = connection.execute(explain, {"id": made[3].id, "since": since, "until": until}).scalars().all()
    touched = {word for line in plan for word in line.split() if word.startswith("traces_spans_20")}
    assert 1 <= len({word[:21] for word in touched if "_pk" not in word}) <= 2, plan
    assert spans.name == "traces_spans"


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    body=st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
        max_leaves=8,
    ),
    name=st.text(st.characters(exclude_characters="\x00", exclude_categories=["Cs"])),
    attributes=st.dictionaries(
        st.text(st.characters(exclude_characters="\x00", exclude_categories=["Cs"])),
        st.integers(-(2**53), 2**53) | st.booleans() | st.none(),
        max_size=3,
    ),
    tokens=st.integers(0, MAX_TOKENS) | st.none(),
    when=st.datetimes(datetime(2026, 1, 1), datetime(2026, 1, 1, 5), timezones=st.just(UTC)),
)
def test_what_is_written_is_read_back_equal(
    database: Database, journal: SpanWriter, project_id: UUID, body: object, name: str, attributes: dict[str, object],
    tokens: int | None, when: datetime,
) -> None:  # fmt: skip
    today = now().replace(hour=0, minute=0, second=0, microsecond=0)
    started = today + (when - datetime(2026, 1, 1, tzinfo=UTC))
    made: Span = span(
        started,
        name=name,
        attributes=attributes,
        input=body,
        output=body,
        usage=Usage(input_tokens=tokens, cost=tokens),
    )
    write(journal, project_id, made)
    with database.scope(project_id) as connection:
        assert traces.get_span(connection, made.id) == made


def test_words_are_found_from_the_newest_back_over_days_and_with_filters(
    database: Database, journal: SpanWriter, project_id: UUID
) -> None:
    hours = (0, 1, 5, 30, 31, 200)
    made = [span(now() - timedelta(hours=age), input="blue printer", user="ann" if age > 4 else "ben") for age in hours]
    write(journal, project_id, *made, span(input="something else"))
    with database.scope(project_id) as connection:
        found = traces.search_spans(connection, traces.SpanFilter(text="printer"))
        assert [one.id for one in found] == [one.id for one in made]
        page = traces.search_spans(connection, traces.SpanFilter(text="printer"), limit=2)
        assert [one.id for one in page] == [one.id for one in made[:2]]
        rest = traces.search_spans(connection, traces.SpanFilter(text="printer"), after=page[-1].id)
        assert [one.id for one in rest] == [one.id for one in made[2:]]
        ann = traces.search_spans(connection, traces.SpanFilter(text="blue -red", user="ann"), limit=3)
        assert [one.id for one in ann] == [one.id for one in made[2:5]]
        old = traces.SpanFilter(text="printer", until=now() - timedelta(hours=29), since=now() - timedelta(hours=40))
        assert [one.id for one in traces.search_spans(connection, old)] == [one.id for one in made[3:5]]
        assert traces.search_spans(connection, traces.SpanFilter(text="zebra")) == []
