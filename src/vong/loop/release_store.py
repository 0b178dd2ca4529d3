"""Storage of releases, their observations and their events."""

from collections.abc import Iterable, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, RowMapping, func, insert, select, update

from vong.errors import NotFound
from vong.loop import tables
from vong.loop.release_records import ACTIVE, Release, ReleaseEvent, ReleaseObservation, ReleaseStatus, Series
from vong.records import new_id, now

MAX_EVENTS = 1000
JSON_FIELDS = ("plan", "previous_targets", "previous_policy", "canary_versions", "evidence", "gates")
HISTORY_FIELDS = {"quality_history", "shadow_history"}


def get_release(connection: Connection, id: UUID) -> Release:
    """Return a release by its id.

    Raises: NotFound if the project has no such release.
    """
    return load_release(connection, id, lock=False)


def load_release(connection: Connection, id: UUID, *, lock: bool) -> Release:
    """Return a release. With `lock` other transactions wait until this one ends."""
    query = select(tables.releases).where(tables.releases.c.id == id)
    row = connection.execute(query.with_for_update() if lock else query).mappings().first()
    if row is None:
        raise NotFound(f"no release {str(id)!r}", "list them with: vong loop releases list")
    return _to_release(row)


def list_releases(
    connection: Connection,
    *,
    status: ReleaseStatus | None = None,
    route: str | None = None,
    active: bool = False,
    after: UUID | None = None,
    limit: int = 50,
) -> list[Release]:
    """Return releases without their evidence history, newest first. `after` is the last id of the previous page."""
    columns = tables.releases.c
    query = select(tables.releases).order_by(columns.id.desc()).limit(limit)
    for column, value in ((columns.status, status), (columns.route, route)):
        if value is not None:
            query = query.where(column == value)
    if active:
        query = query.where(columns.status.in_(ACTIVE))
    if after is not None:
        query = query.where(columns.id < after)
    releases = [_to_release(row) for row in connection.execute(query).mappings()]
    empty = dict.fromkeys(HISTORY_FIELDS, ())
    return [one.model_copy(update={"evidence": one.evidence.model_copy(update=empty)}) for one in releases]


def find_active(connection: Connection, route: str) -> Release | None:
    """Return the scheduled or running release of a route. Returns None if there is none."""
    return next(iter(list_releases(connection, route=route, active=True, limit=1)), None)


def insert_release(connection: Connection, release: Release) -> None:
    """Store a new release."""
    connection.execute(insert(tables.releases).values(_to_values(release, set(Release.model_fields))))


def update_release(connection: Connection, release: Release, **changes: Any) -> Release:
    """Store changed fields and return the release with them."""
    changed = release.model_copy(update=changes)
    values = _to_values(changed, set(changes))
    connection.execute(update(tables.releases).where(tables.releases.c.id == release.id).values(values))
    return changed


def add_event(
    connection: Connection, id: UUID, kind: str, message: str, actor: str, data: dict[str, Any] | None = None
) -> None:
    """Append an entry to the log of a release."""
    values = {
        "id": new_id(),
        "release_id": id,
        "kind": kind,
        "message": message,
        "actor": actor,
        "data": data or {},
        "created_at": now(),
    }
    connection.execute(insert(tables.release_events).values(values))


def list_events(connection: Connection, id: UUID) -> list[ReleaseEvent]:
    """Return the log of a release, oldest first."""
    get_release(connection, id)
    events = tables.release_events
    query = select(events).where(events.c.release_id == id).order_by(events.c.id).limit(MAX_EVENTS)
    rows = connection.execute(query).mappings()
    return [ReleaseEvent.model_validate({name: row[name] for name in ReleaseEvent.model_fields}) for row in rows]


def add_observations(
    connection: Connection, id: UUID, observations: Sequence[ReleaseObservation]
) -> list[ReleaseObservation]:
    """Store the observations of spans that were not counted yet, and return those. The caller holds the lock."""
    added: list[ReleaseObservation] = []
    columns = tables.release_observations.c
    names: list[Series] = [one.series for one in observations]
    for series in dict.fromkeys(names):
        own = [one for one in observations if one.series == series]
        known = counted_spans(connection, id, series, [one.span_id for one in own])
        query = select(func.max(columns.position)).where(columns.release_id == id, columns.series == series)
        highest = connection.scalar(query)
        position = 0 if highest is None else highest + 1
        rows: list[dict[str, Any]] = []
        for one in own:
            if one.span_id not in known:
                known.add(one.span_id)
                rows.append({**one.model_dump(), "release_id": id, "position": position + len(rows)})
                added.append(one)
        if rows:
            connection.execute(insert(tables.release_observations), rows)
    return added


def counted_spans(connection: Connection, id: UUID, series: Series, spans: Iterable[UUID]) -> set[UUID]:
    """Return those of the spans that a release has counted."""
    columns = tables.release_observations.c
    query = select(columns.span_id).where(
        columns.release_id == id, columns.series == series, columns.span_id.in_(list(spans))
    )
    return set(connection.scalars(query))


def list_observations(connection: Connection, id: UUID, series: Series) -> list[ReleaseObservation]:
    """Return the observations of a series in the order of counting."""
    columns = tables.release_observations.c
    query = select(tables.release_observations).where(columns.release_id == id, columns.series == series)
    rows = connection.execute(query.order_by(columns.position)).mappings()
    return [
        ReleaseObservation.model_validate({name: row[name] for name in ReleaseObservation.model_fields}) for row in rows
    ]


def _to_release(row: RowMapping) -> Release:
    return Release.model_validate({name: value for name, value in row.items() if name != "project_id"})


def _to_values(release: Release, fields: set[str]) -> dict[str, Any]:
    as_json = release.model_dump(mode="json", include=fields & set(JSON_FIELDS))
    return {**release.model_dump(include=fields - set(JSON_FIELDS)), **as_json}
