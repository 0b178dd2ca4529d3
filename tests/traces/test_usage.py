"""Usage over time and facets: sums agree with the spans, also for late and duplicate spans."""

import math
from datetime import UTC, datetime, timedelta
from uuid import UUID

import numpy as np
import pytest
from sqlalchemy import Connection, text

from tests.traces.factories import span, write_spans
from vong import access, traces
from vong.errors import InvalidInput
from vong.records import SpanVersions, Usage, now
from vong.store.database import Database
from vong.store.spans.writer import SpanWriter
from vong.traces.usage import percentile

HOUR = now().replace(minute=0, second=0, microsecond=0) - timedelta(hours=3)


def test_calls_are_summed_by_hour_and_group(database: Database, writer: SpanWriter, project_id: UUID) -> None:
    spans = [
        span(HOUR + timedelta(minutes=place * 20), model=model, status=status, usage=usage, duration_ms=100.0 + place)
        for place, (model, status, usage) in enumerate(
            [
                ("a/x", "ok", Usage(input_tokens=10, output_tokens=1, cost=5)),
                ("a/x", "error", Usage()),
                ("b/y", "ok", Usage(input_tokens=7, output_tokens=2)),
                ("a/x", "ok", Usage(input_tokens=1, output_tokens=1, cost=0)),
            ]
        )
    ]
    write_spans(writer, project_id, *spans)
    write_spans(writer, project_id, *spans, span(HOUR, kind="tool", model="a/x"))  # duplicates count once
    with database.scope(project_id) as connection:
        report = traces.get_usage(connection, since=HOUR, by="model")
        whole = traces.get_usage(connection, since=HOUR)
        assert traces.get_usage(connection, since=HOUR - timedelta(hours=2), until=HOUR).totals[0].calls == 0
    assert [(point.at, point.group, point.calls, point.errors, point.cost) for point in report.points] == [
        (HOUR, "a/x", 2, 1, 5),
        (HOUR, "b/y", 1, 0, None),
        (HOUR + timedelta(hours=1), "a/x", 1, 0, 0),
    ]
    first, second = report.totals
    assert (first.group, first.calls, first.input_tokens, first.cost, first.priced) == ("a/x", 3, 11, 5, 2)
    assert (second.group, second.input_tokens, second.output_tokens, second.cost) == ("b/y", 7, 2, None)
    assert (whole.totals[0].calls, whole.totals[0].errors, whole.totals[0].input_tokens) == (4, 1, 18)


@pytest.mark.parametrize("bucket", ["minute", "hour", "day"])
def test_every_bucket_counts_the_same_calls(
    database: Database, writer: SpanWriter, project_id: UUID, bucket: str
) -> None:
    write_spans(writer, project_id, *(span(HOUR + timedelta(minutes=n), key=f"k{n % 15}") for n in range(60)))
    with database.scope(project_id) as connection:
        report = traces.get_usage(connection, since=HOUR, until=HOUR + timedelta(hours=1), bucket=bucket, by="key")  # type: ignore[arg-type]
    assert sum(point.calls for point in report.points) == 60 == sum(total.calls for total in report.totals)
    assert len({point.group for point in report.points}) == 13 and "…" in {point.group for point in report.points}
    assert all(total.latency_p50 and abs(total.latency_p50 / 12.5 - 1) < 0.115 for total in report.totals)


def test_a_percentile_of_a_histogram_is_exact_to_one_bin(connection: Connection) -> None:
    drawn = np.random.default_rng(7).lognormal(5, 1.5, 2000)
    step = text("SELECT sum(traces_step(ms))::text FROM unnest(CAST(:drawn AS float8[])) AS ms")
    histogram = [float(count) for count in connection.scalar(step, {"drawn": drawn.tolist()}).strip("[]").split(",")]
    assert sum(histogram) == 2000
    for share in (0.05, 0.5, 0.95):
        found = percentile(histogram, share)
        assert found and abs(math.log(found / float(np.quantile(drawn, share)))) < math.log(1.115)
    assert percentile(None, 0.5) is None and percentile([0.0] * 128, 0.5) is None


def test_a_time_range_that_no_chart_can_show_is_rejected(connection: Connection) -> None:
    with pytest.raises(InvalidInput, match="bucket=hour"):
        traces.get_usage(connection, since=now() - timedelta(hours=7), bucket="minute")
    with pytest.raises(InvalidInput, match="not before"):
        traces.get_usage(connection, since=now() + timedelta(hours=1))
    with pytest.raises(InvalidInput, match="time zone"):
        traces.get_usage(connection, since=datetime(2026, 1, 1))


def test_facets_list_the_values_of_the_last_days(database: Database, writer: SpanWriter, project_id: UUID) -> None:
    write_spans(
        writer,
        project_id,
        *(span(model="a/x", versions=SpanVersions(route="triage"), key="app") for _ in range(3)),
        span(status="error", kind="embeddings"),
        span(datetime.now(UTC) - timedelta(days=9), model="old"),
    )
    with database.scope(project_id) as connection:
        found = traces.get_facets(connection)
    assert [(facet.value, facet.count) for facet in found.statuses] == [("ok", 3), ("error", 1)]
    assert [(facet.value, facet.count) for facet in found.kinds] == [("chat", 3), ("embeddings", 1)]
    assert [facet.value for facet in (*found.routes, *found.models, *found.keys)] == ["triage", "a/x", "app"]


def test_a_project_reads_only_its_own_usage(database: Database, writer: SpanWriter, project_id: UUID) -> None:
    write_spans(writer, project_id, span())
    with database.owner() as connection:
        other = access.create_project(connection, "other").id
    with database.scope(other) as connection:
        assert traces.get_usage(connection).totals[0].calls == 0 and not traces.get_facets(connection).kinds
