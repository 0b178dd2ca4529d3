"""Trees of the spans of a trace."""

from datetime import timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.traces.factories import span, write_spans
from vong import traces
from vong.errors import NotFound
from vong.records import Usage, now
from vong.records.trace import SpanNode, SpanSummary
from vong.store.database import Database
from vong.store.spans.writer import SpanWriter
from vong.traces.tree import build_tree

TRACE = "ab" * 16


def summary(number: int, parent: int | None) -> SpanSummary:
    """Return the summary of span `number`, which starts `number` milliseconds after the trace."""
    made = span(now() + timedelta(milliseconds=number), span_id=f"{number:016x}", trace_id=TRACE)
    kept = made.model_dump(include=set(SpanSummary.model_fields))
    return SpanSummary.model_validate({**kept, "parent_span_id": None if parent is None else f"{parent:016x}"})


def everything(nodes: tuple[SpanNode, ...]) -> list[str]:
    return [id for node in nodes for id in (node.span.span_id, *everything(node.children))]


def test_children_are_below_their_parents_with_offsets_from_the_start(
    database: Database, writer: SpanWriter, project_id: UUID
) -> None:
    begin = now()
    root = span(begin, trace_id=TRACE, duration_ms=100.0, usage=Usage(input_tokens=30, output_tokens=8))
    below = {"trace_id": TRACE, "parent_span_id": root.span_id}
    first = span(begin + timedelta(milliseconds=10), **below, usage=Usage(input_tokens=10, output_tokens=3, cost=5))
    second = span(
        begin + timedelta(milliseconds=60), **below, duration_ms=90.0, status="error",
        usage=Usage(input_tokens=20, output_tokens=5, cost=6),
    )  # fmt: skip
    orphan = span(begin + timedelta(milliseconds=70), trace_id=TRACE, parent_span_id="f" * 16)
    write_spans(writer, project_id, second, orphan, first, root, span())
    with database.scope(project_id) as connection:
        trace = traces.get_trace(connection, TRACE)
    assert [node.span.id for node in trace.roots] == [root.id, orphan.id]
    assert [(node.span.id, node.offset_ms) for node in trace.roots[0].children] == [(first.id, 10), (second.id, 60)]
    assert (trace.spans, trace.errors, trace.duration_ms) == (4, 1, 150)
    assert trace.usage == Usage(input_tokens=30, output_tokens=8, cost=11)


def test_an_unknown_trace_is_not_found(database: Database, project_id: UUID) -> None:
    with database.scope(project_id) as connection, pytest.raises(NotFound):
        traces.get_trace(connection, "0" * 32)


@given(st.lists(st.integers(-1, 30), min_size=1, max_size=30))
def test_every_span_is_shown_once_for_any_parents(parents: list[int]) -> None:
    spans = [summary(number, parent if parent >= 0 else None) for number, parent in enumerate(parents)]
    trace = build_tree(sorted(spans, key=lambda one: one.started_at))
    assert sorted(everything(trace.roots)) == sorted(one.span_id for one in spans)


def test_a_chain_beyond_the_maximum_depth_is_flattened_without_loss() -> None:
    spans = [summary(number, number - 1 if number else None) for number in range(3000)]
    trace = build_tree(spans)
    assert len(everything(trace.roots)) == 3000
    assert trace.model_dump_json()
