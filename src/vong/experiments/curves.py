"""Metric curves over steps, downsampled for charts, and new metric entries of a running run."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import Connection, select

from vong.experiments import tables
from vong.experiments.runs import get_run
from vong.records import Record

MAX_ENTRIES = 500
"""Metric entries that are returned at a time."""


class MetricPoint(Record):
    """One value of a metric at one step."""

    step: int
    value: float
    recorded_at: datetime


class Curve(Record):
    """Metric over the steps. `total` is the number of measured points; `points` is a subset chosen by LTTB."""

    name: str
    total: int
    points: tuple[MetricPoint, ...]


class MetricEntry(Record):
    """Metrics logged together for one step. `entry` orders the entries of a run by time."""

    entry: UUID
    step: int
    values: dict[str, float]
    recorded_at: datetime


def load_curves(
    connection: Connection, run_id: UUID, names: Sequence[str] | None = None, max_points: int = 500
) -> list[Curve]:
    """Return the curves of a run, all or only those named, with at most `max_points` points each.

    Longer curves are downsampled by largest-triangle-three-buckets (Steinarsson 2013, section 4.2): every returned
    point is a measured one, and peaks are preserved.
    """
    get_run(connection, run_id)
    column = tables.metrics.c
    query = select(column.name, column.step, column.value, column.recorded_at).where(column.run_id == run_id)
    query = query if names is None else query.where(column.name.in_(list(names)))
    points_by_name: dict[str, list[MetricPoint]] = {}
    for name, step, value, recorded_at in connection.execute(query.order_by(column.name, column.step)).all():
        point = MetricPoint(step=step, value=value, recorded_at=recorded_at)
        points_by_name.setdefault(name, []).append(point)
    return [
        Curve(name=name, total=len(measured), points=tuple(downsample_lttb(measured, max_points)))
        for name, measured in points_by_name.items()
    ]


def downsample_lttb(points: Sequence[MetricPoint], max_points: int) -> list[MetricPoint]:
    """Return at most `max_points` (3 or more) of the points, including first and last, by largest triangles."""
    if len(points) <= max_points:
        return list(points)
    width = (len(points) - 2) / (max_points - 2)
    selected = [points[0]]
    for bucket in range(max_points - 2):
        start, end = int(bucket * width) + 1, int((bucket + 1) * width) + 1
        after = points[end : min(int((bucket + 2) * width) + 1, len(points))] or points[-1:]
        step = sum(point.step for point in after) / len(after)
        value = sum(point.value for point in after) / len(after)
        last = selected[-1]
        selected.append(
            max(
                points[start:end],
                key=lambda point: abs(
                    (last.step - step) * (point.value - last.value) - (last.step - point.step) * (value - last.value)
                ),
            )
        )
    return [*selected, points[-1]]


def list_metric_entries(connection: Connection, run_id: UUID, after: UUID | None = None) -> list[MetricEntry]:
    """Return the metric entries logged after the entry `after`, in order of time, at most MAX_ENTRIES of them."""
    column = tables.metrics.c
    entries = select(column.entry).where(column.run_id == run_id).distinct().order_by(column.entry).limit(MAX_ENTRIES)
    entries = entries if after is None else entries.where(column.entry > after)
    query = select(column.entry, column.step, column.name, column.value, column.recorded_at).where(
        column.run_id == run_id
    )
    entries_by_id: dict[UUID, MetricEntry] = {}
    for entry, step, name, value, recorded_at in connection.execute(
        query.where(column.entry.in_(entries)).order_by(column.entry, column.name)
    ).all():
        empty = MetricEntry(entry=entry, step=step, values={}, recorded_at=recorded_at)
        previous = entries_by_id.get(entry, empty)
        entries_by_id[entry] = previous.model_copy(update={"values": {**previous.values, name: value}})
    return list(entries_by_id.values())
