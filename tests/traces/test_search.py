"""Search of spans: newest first and only within the project."""

from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from tests.traces.factories import span, write_spans
from vong import access, traces
from vong.errors import NotFound
from vong.records import Span, Usage, new_id, now
from vong.records.span import SpanVersions
from vong.records.usage import MAX_TOKENS
from vong.store.database import Database
from vong.store.spans.writer import SpanWriter
from vong.traces import SpanFilter


def test_a_page_starts_after_the_last_span_of_the_previous_page(
    database: Database, writer: SpanWriter, project_id: UUID
) -> None:
    begin = now() - timedelta(days=2)
    # Equal start times on several days.
    spans = [span(begin + timedelta(hours=5 * (number // 2))) for number in range(11)]
    write_spans(writer, project_id, *spans)
    expected = sorted(spans, key=lambda one: (one.started_at, one.id), reverse=True)
    found: list[UUID] = []
    after = None
    with database.scope(project_id) as connection:
        while page := traces.search_spans(connection, after=after, limit=3):
            assert len(page) <= 3
            found += [one.id for one in page]
            after = page[-1].id
    assert found == [one.id for one in expected]


def test_every_filter_returns_exactly_the_matching_spans(
    database: Database, writer: SpanWriter, project_id: UUID
) -> None:
    versions = SpanVersions(route="triage", deployment="small", model_version="triage@0123456789ab")
    expected = span(
        model="smollm", user="an", session="s1", kind="tool", key="app", status="error", error="boom",
        duration_ms=900.0, versions=versions, input="why is the printer blue",
    )  # fmt: skip
    write_spans(writer, project_id, expected, span(expected.started_at - timedelta(days=1), duration_ms=1.0))
    filters = [
        {"text": "printer blue"}, {"text": '"is the printer"'}, {"text": "printer -green"}, {"model": "smollm"},
        {"route": "triage"}, {"deployment": "small"}, {"model_version": "triage@0123456789ab"}, {"status": "error"},
        {"user": "an"}, {"session": "s1"}, {"kind": "tool"}, {"key": "app"}, {"min_duration_ms": 100},
        {"trace_id": expected.trace_id}, {"since": expected.started_at},
        {"until": expected.started_at + timedelta(seconds=1), "since": expected.started_at - timedelta(seconds=1)},
    ]  # fmt: skip
    with database.scope(project_id) as connection:
        for values in filters:
            filter = SpanFilter.model_validate(values)
            assert [one.id for one in traces.search_spans(connection, filter)] == [expected.id], values
            assert traces.count_spans(connection, filter) == 1, values
        assert traces.count_spans(connection) == 2
        assert traces.search_spans(connection, SpanFilter(text="printer -blue")) == []
        assert traces.search_spans(connection, SpanFilter(until=expected.started_at, since=expected.started_at)) == []


def test_vietnamese_text_is_found_in_any_case(database: Database, writer: SpanWriter, project_id: UUID) -> None:
    expected = span(output={"role": "assistant", "content": "Đơn hàng của BẠN đang trên đường"})
    write_spans(writer, project_id, expected, span(output="nothing of the kind"))
    with database.scope(project_id) as connection:
        assert [one.id for one in traces.search_spans(connection, SpanFilter(text="đơn HÀNG của bạn"))] == [expected.id]


def test_text_search_uses_the_word_index(database: Database, writer: SpanWriter, project_id: UUID) -> None:
    write_spans(writer, project_id, *(span(input=f"common words and n{number}") for number in range(2000)))
    with database.owner() as owner:
        owner.execute(text("ANALYZE traces_spans"))  # autovacuum does this within a minute
        owner.execute(text("SELECT set_config('vong.project_id', :project, true)"), {"project": str(project_id)})
        body = owner.scalar(text("SELECT prosrc FROM pg_proc WHERE proname = 'traces_matching'"))
        arguments = {"since": "'-infinity'", "until": "'infinity'", "words)": "'n77 common')"}
        for name, value in arguments.items():
            body = body.replace(name, value)
        plan = "\n".join(owner.exec_driver_sql(f"EXPLAIN {body.replace('%', '%%')}").scalars())
        found = owner.execute(text("SELECT id FROM traces_matching('n77 common', '-infinity', 'infinity')")).all()
    assert len(found) == 1
    assert "to_tsvector_idx" in plan, plan


def test_spans_of_another_project_are_never_found(database: Database, writer: SpanWriter, project_id: UUID) -> None:
    theirs = span(input="secret words", session="shared")
    write_spans(writer, project_id, theirs)
    with database.owner() as owner:
        other = access.create_project(owner, "other").id
    mine = span(theirs.started_at, input="secret words", session="shared", trace_id=theirs.trace_id)
    write_spans(writer, other, mine)
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
    database: Database, writer: SpanWriter, project_id: UUID
) -> None:
    with database.owner() as owner:
        other = access.create_project(owner, "other").id
    one = span(input="x")
    write_spans(writer, project_id, one)
    write_spans(writer, other, one)
    for project in (project_id, other):
        with database.scope(project) as connection:
            assert traces.get_span(connection, one.id) == one


def test_lists_show_a_preview_and_a_whole_span_its_bodies(
    database: Database, writer: SpanWriter, project_id: UUID
) -> None:
    messages = [{"role": "system", "content": "be brief"}, {"role": "user", "content": "long " * 500}]
    spans = span(input={"model": "m", "messages": messages}, output={"choices": [{"message": {"content": "short"}}]})
    write_spans(writer, project_id, spans)
    with database.scope(project_id) as connection:
        (shown,) = traces.search_spans(connection)
        assert shown.input_preview == ("long " * 500)[:160]
        assert shown.output_preview == "short"
        assert traces.get_span(connection, spans.id) == spans


def test_a_span_with_an_id_of_another_time_is_found(database: Database, writer: SpanWriter, project_id: UUID) -> None:
    late = span(now() - timedelta(days=3), id=new_id())
    strange = span(id=uuid4())
    write_spans(writer, project_id, late, strange)
    with database.scope(project_id) as connection:
        assert traces.get_spans(connection, [strange.id, late.id, uuid4()]) == [strange, late]


def test_reading_by_id_reads_a_single_partition(database: Database, writer: SpanWriter, project_id: UUID) -> None:
    stored = [span(now() - timedelta(days=days)) for days in range(6)]
    write_spans(writer, project_id, *stored)
    from vong.store.spans.schema import spans, start_range

    with database.scope(project_id) as connection:
        since, until = start_range(stored[3].id)
        explain = text("EXPLAIN SELECT id FROM traces_spans WHERE id = :id AND started_at BETWEEN :since AND :until")
        plan = connection.execute(explain, {"id": stored[3].id, "since": since, "until": until}).scalars().all()
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
def test_written_spans_are_read_unchanged(
    database: Database, writer: SpanWriter, project_id: UUID, body: object, name: str, attributes: dict[str, object],
    tokens: int | None, when: datetime,
) -> None:  # fmt: skip
    today = now().replace(hour=0, minute=0, second=0, microsecond=0)
    started = today + (when - datetime(2026, 1, 1, tzinfo=UTC))
    spans: Span = span(
        started,
        name=name,
        attributes=attributes,
        input=body,
        output=body,
        usage=Usage(input_tokens=tokens, cost=tokens),
    )
    write_spans(writer, project_id, spans)
    with database.scope(project_id) as connection:
        assert traces.get_span(connection, spans.id) == spans


def test_words_are_found_newest_first_over_several_days_and_with_filters(
    database: Database, writer: SpanWriter, project_id: UUID
) -> None:
    hours = (0, 1, 5, 30, 31, 200)
    spans = [
        span(now() - timedelta(hours=age), input="blue printer", user="ann" if age > 4 else "ben") for age in hours
    ]
    write_spans(writer, project_id, *spans, span(input="something else"))
    with database.scope(project_id) as connection:
        found = traces.search_spans(connection, traces.SpanFilter(text="printer"))
        assert [one.id for one in found] == [one.id for one in spans]
        page = traces.search_spans(connection, traces.SpanFilter(text="printer"), limit=2)
        assert [one.id for one in page] == [one.id for one in spans[:2]]
        rest = traces.search_spans(connection, traces.SpanFilter(text="printer"), after=page[-1].id)
        assert [one.id for one in rest] == [one.id for one in spans[2:]]
        ann = traces.search_spans(connection, traces.SpanFilter(text="blue -red", user="ann"), limit=3)
        assert [one.id for one in ann] == [one.id for one in spans[2:5]]
        old = traces.SpanFilter(text="printer", until=now() - timedelta(hours=29), since=now() - timedelta(hours=40))
        assert [one.id for one in traces.search_spans(connection, old)] == [one.id for one in spans[3:5]]
        assert traces.search_spans(connection, traces.SpanFilter(text="zebra")) == []
