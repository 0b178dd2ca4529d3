"""Choice of the calls that a monitor scores, in the order in which spans are stored."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import Connection

from vong import traces
from vong.app.monitor_calls import is_own_call
from vong.evals.monitors import samples, store
from vong.evals.monitors.definitions import Monitor, MonitorCounts, MonitorFilter
from vong.evals.monitors.store import MonitorPosition
from vong.records import Span, now
from vong.records.trace import SpanSummary
from vong.traces.stream import MAX_BATCHES, last_number, read_arrivals

STREAM_RETENTION = timedelta(minutes=50)
"""Age of the read position up to which no batch of spans is missing: batches are stored for one hour."""
MAX_RESCAN = timedelta(days=1)
"""Time before the read position in which a scan looks for spans that were stored late."""
CURSOR_INTERVAL = timedelta(minutes=1)
"""Time after which the read position is stored although no span has arrived."""
PAGE = 500
HOUR = timedelta(hours=1)


class Arrivals(NamedTuple):
    """Matching spans since the last look, the new read position, and whether more spans may have arrived."""

    spans: list[SpanSummary]
    cursor: int
    more: bool


def sample_arrivals(connection: Connection, monitor: Monitor) -> bool:
    """Add the chosen calls that arrived since the last look, and move the read position in the same transaction.

    Returns whether more calls may have arrived.
    """
    state, at = store.get_state(connection, monitor.id), now()
    arrivals = _read(connection, monitor.settings.filter, state, at)
    if arrivals.cursor == state.cursor and at - state.cursor_at < CURSOR_INTERVAL:
        return False
    counts = _add(connection, monitor, arrivals.spans, at)
    values = {"cursor": arrivals.cursor, "cursor_at": at, "counts": counts.model_dump()}
    store.update_monitor(connection, monitor.id, values)
    return arrivals.more


def span_filter(chosen: MonitorFilter, since: datetime | None = None) -> traces.SpanFilter:
    """Return the filter of spans. A tag is checked later, because lists of spans have no tags."""
    fields = chosen.model_dump(exclude={"tag"})
    return traces.SpanFilter(**fields, kind="chat", status="ok", since=since)


def _read(connection: Connection, chosen: MonitorFilter, state: MonitorPosition, at: datetime) -> Arrivals:
    if at - state.cursor_at < STREAM_RETENTION:
        arrived = read_arrivals(connection, state.cursor, span_filter(chosen))
        more = arrived.number - state.cursor >= MAX_BATCHES
        return Arrivals(list(arrived.arrived.spans), arrived.number, more)
    newest = max(state.cursor, last_number(connection))
    found: list[SpanSummary] = []
    matching = span_filter(chosen, since=state.cursor_at - MAX_RESCAN)
    while page := traces.search_spans(connection, matching, after=found[-1].id if found else None, limit=PAGE):
        found += page
    return Arrivals(found[::-1], newest, more=False)


def _add(connection: Connection, monitor: Monitor, arrived: list[SpanSummary], at: datetime) -> MonitorCounts:
    """Add the chosen calls within the limits and return the new counts."""
    counts, settings = monitor.counts.model_dump(), monitor.settings
    counts["matched"] += len(arrived)
    ids = [span.id for span in arrived if samples.is_sampled(span.id, settings.share)]
    known = samples.list_known(connection, monitor.id, ids) if ids else set[UUID]()
    chosen = list(_load(connection, [id for id in ids if id not in known], settings.filter.tag))
    live = [span for span in chosen if not is_own_call(span)]
    counts["own"] += len(chosen) - len(live)
    if monitor.blocked_until is not None and monitor.blocked_until > at and is_over_budget(monitor):
        counts["over_budget"] += len(live)
        live = []
    free = max(0, settings.max_per_hour - samples.count_since(connection, monitor.id, at - HOUR))
    counts["over_limit"] += max(0, len(live) - free)
    counts["sampled"] += samples.add_samples(connection, monitor.id, live[:free])
    return MonitorCounts(**counts)


def is_over_budget(monitor: Monitor) -> bool:
    """Return whether the daily budget is spent."""
    return (monitor.blocked or "").startswith(BUDGET_SPENT)


BUDGET_SPENT = "the daily budget"
"""Begin of the reason for which a monitor without budget is blocked."""


def _load(connection: Connection, ids: list[UUID], tag: str | None) -> Iterable[Span]:
    for start in range(0, len(ids), PAGE):
        for span in traces.get_spans(connection, ids[start : start + PAGE]):
            if tag is None or tag in (span.attributes.get("vong.tags") or []):
                yield span
