"""Review items: answers with a low score that a person should look at."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Literal
from uuid import UUID, uuid5

from sqlalchemy import Connection, func, select, update
from sqlalchemy.dialects.postgresql import insert

from vong.errors import Conflict, NotFound
from vong.evals.monitor_tables import reviews as table
from vong.records import Record, now

ReviewStatus = Literal["open", "done"]
Resolution = Literal["corrected", "accepted", "dismissed"]
"""`corrected`: a person wrote the right answer; `accepted`: the answer is right; `dismissed`: it is of no interest."""


class ReviewItem(Record):
    """Answer to review: the score `metric` has the `value`, which is below `bound`.

    `assignee` is the person who has taken it. `score_id` is the score that the resolution created.
    """

    id: UUID
    monitor_id: UUID
    monitor: str
    span_id: UUID
    route: str | None = None
    model: str | None = None
    metric: str
    value: float
    bound: float
    reason: str
    status: ReviewStatus = "open"
    assignee: str | None = None
    resolution: Resolution | None = None
    comment: str | None = None
    score_id: UUID | None = None
    created_at: datetime
    done_at: datetime | None = None
    done_by: str | None = None


def item_id(monitor_id: UUID, span_id: UUID) -> UUID:
    """Return the id of the item of a span, so that it is marked once."""
    return uuid5(monitor_id, f"review:{span_id}")


def add_item(connection: Connection, item: ReviewItem) -> None:
    """Store an item unless the span was marked by the monitor before."""
    connection.execute(insert(table).values(item.model_dump()).on_conflict_do_nothing())


def get_item(connection: Connection, id: UUID) -> ReviewItem:
    """Return an item by its id.

    Raises: NotFound if the project has no such item.
    """
    row = connection.execute(select(table).where(table.c.id == id)).mappings().first()
    if row is None:
        raise NotFound(f"no review item {str(id)!r}", "list them with: vong evals reviews list")
    return _to_item(row)


def list_items(
    connection: Connection,
    *,
    status: ReviewStatus | None = None,
    monitor: str | None = None,
    assignee: str | None = None,
    after: UUID | None = None,
    limit: int = 50,
) -> list[ReviewItem]:
    """Return items, newest first. `after` is the id of the last item of the previous page."""
    query = select(table).order_by(table.c.created_at.desc(), table.c.id.desc()).limit(limit)
    for column, value in ((table.c.status, status), (table.c.monitor, monitor), (table.c.assignee, assignee)):
        if value is not None:
            query = query.where(column == value)
    if after is not None:
        last = get_item(connection, after)
        earlier = (table.c.created_at < last.created_at) | (
            (table.c.created_at == last.created_at) & (table.c.id < last.id)
        )
        query = query.where(earlier)
    return [_to_item(row) for row in connection.execute(query).mappings()]


def count_items(connection: Connection, status: ReviewStatus = "open") -> int:
    """Count the items with a status."""
    return int(connection.scalar(select(func.count()).select_from(table).where(table.c.status == status)) or 0)


def assign_item(connection: Connection, id: UUID, assignee: str | None, *, only_free: bool = False) -> ReviewItem:
    """Assign an open item to a person, or to nobody.

    Raises: NotFound if there is no such item; Conflict if it is done, or with `only_free` if somebody else has it.
    """
    item = get_item(connection, id)
    change = update(table).where(table.c.id == id, table.c.status == "open")
    if only_free:
        change = change.where(table.c.assignee.is_(None) | (table.c.assignee == assignee))
    if connection.execute(change.values(assignee=assignee)).rowcount == 0:
        item = get_item(connection, id)
        if item.status == "done":
            raise Conflict(f"review item {str(id)!r} is done", "list the open ones: vong evals reviews list")
        raise Conflict(f"review item {str(id)!r} is assigned to {item.assignee!r}", "assign it explicitly to take it")
    return get_item(connection, id)


def finish_item(connection: Connection, id: UUID, actor: str, values: Mapping[str, Any]) -> ReviewItem:
    """Mark an open item as done.

    Raises: NotFound if there is no such item; Conflict if it is done already.
    """
    change = update(table).where(table.c.id == id, table.c.status == "open")
    done = {**values, "status": "done", "done_at": now(), "done_by": actor}
    if connection.execute(change.values(done)).rowcount == 0:
        item = get_item(connection, id)
        raise Conflict(f"review item {str(id)!r} was completed by {item.done_by!r}", "list the open ones")
    return get_item(connection, id)


def set_score(connection: Connection, id: UUID, score_id: UUID) -> None:
    """Record the score that the resolution of an item created."""
    connection.execute(update(table).where(table.c.id == id).values(score_id=score_id))


def reopen_item(connection: Connection, id: UUID) -> ReviewItem:
    """Mark an item as open again. Scores that it created are kept."""
    item = get_item(connection, id)
    cleared = {"status": "open", "done_at": None, "done_by": None, "resolution": None}
    connection.execute(update(table).where(table.c.id == item.id).values(cleared))
    return get_item(connection, id)


def _to_item(row: Any) -> ReviewItem:
    return ReviewItem.model_validate({name: row[name] for name in ReviewItem.model_fields})
