"""Curves: figures over steps, thinned for the eye, and what is new in a run that goes on."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import Connection, select

from vong.experiments import tables
from vong.experiments.runs import get
from vong.records import Record


class MetricPoint(Record):
    """One figure of one step."""

    step: int
    value: float
    at: datetime


class Curve(Record):
    """A figure over the steps. `total` is how many points there are; `points` may be fewer, chosen by LTTB."""

    name: str
    total: int
    points: tuple[MetricPoint, ...]


class MetricEntry(Record):
    """What was logged at once for one step. `entry` orders the entries of a run in time."""

    entry: UUID
    step: int
    values: dict[str, float]
    at: datetime


def curve(connection: Connection, run_id: UUID, names: Sequence[str] | None = None, points: int = 500) -> list[Curve]:
    """The curves of a run, all or those named, each with at most that many points.

    Longer ones are thinned by largest-triangle-three-buckets (Steinarsson 2013, section 4.2): every point kept is a
    measured one, and peaks stay.
    """
    get(connection, run_id)
    column = tables.metrics.c
    query = select(column.name, column.step, column.value, column.at).where(column.run_id == run_id)
    query = query if names is None else query.where(column.name.in_(list(names)))
    found: dict[str, list[MetricPoint]] = {}
    for name, step, value, at in connection.execute(query.order_by(column.name, column.step)).all():
        found.setdefault(name, []).append(MetricPoint(step=step, value=value, at=at))
    return [Curve(name=name, total=len(all_), points=tuple(thin(all_, points))) for name, all_ in found.items()]


def thin(points: Sequence[MetricPoint], wanted: int) -> list[MetricPoint]:
    """At most `wanted` (3 or more) of the points, first and last among them, by largest triangles."""
    if len(points) <= wanted:
        return list(points)
    width = (len(points) - 2) / (wanted - 2)
    kept = [points[0]]
    for bucket in range(wanted - 2):
        start, end = int(bucket * width) + 1, int((bucket + 1) * width) + 1
        after = points[end : min(int((bucket + 2) * width) + 1, len(points))] or points[-1:]
        step = sum(point.step for point in after) / len(after)
        value = sum(point.value for point in after) / len(after)
        last = kept[-1]
        kept.append(
            max(
                points[start:end],
                key=lambda point: abs(
                    (last.step - step) * (point.value - last.value) - (last.step - point.step) * (value - last.value)
                ),
            )
        )
    return [*kept, points[-1]]


def figures_after(
    connection: Connection, run_id: UUID, after: UUID | None = None, limit: int = 500
) -> list[MetricEntry]:
    """What was logged after that entry, in the order of time."""
    column = tables.metrics.c
    entries = select(column.entry).where(column.run_id == run_id).distinct().order_by(column.entry).limit(limit)
    entries = entries if after is None else entries.where(column.entry > after)
    query = select(column.entry, column.step, column.name, column.value, column.at).where(column.run_id == run_id)
    found: dict[UUID, MetricEntry] = {}
    for entry, step, name, value, at in connection.execute(
        query.where(column.entry.in_(entries)).order_by(column.entry, column.name)
    ).all():
        known = found.get(entry) or MetricEntry(entry=entry, step=step, values={}, at=at)
        found[entry] = known.model_copy(update={"values": {**known.values, name: value}})
    return list(found.values())
