"""Pages of lists that are ordered by creation time, as OpenAI's API has them."""

from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import Connection, Select, tuple_

from vong.errors import InvalidInput


class StorePage(NamedTuple):
    """Requested page. `after` and `before` are ids of items of the list, newest first unless `oldest_first`."""

    limit: int
    after: UUID | None = None
    before: UUID | None = None
    oldest_first: bool = False


def select_page(connection: Connection, query: Select[Any], created_at: Any, id: Any, page: StorePage) -> list[Any]:
    """Return the rows of a page and one more if there is another page.

    Raises: InvalidInput if `after` or `before` is no item of the list.
    """
    key = tuple_(created_at, id)
    backwards = page.before is not None and page.after is None
    for cursor, is_after in ((page.after, True), (page.before, False)):
        if cursor is None:
            continue
        found = connection.execute(query.with_only_columns(created_at, id).where(id == cursor)).first()
        if found is None:
            raise InvalidInput(f"no item of the list has the id {str(cursor)!r}", "send the last_id of the last page")
        position = tuple_(*found)
        query = query.where(key > position if is_after == page.oldest_first else key < position)
    ascending = page.oldest_first != backwards
    order = (created_at, id) if ascending else (created_at.desc(), id.desc())
    rows = list(connection.execute(query.order_by(*order).limit(page.limit + 1)).mappings())
    return rows if not backwards else [*rows[: page.limit][::-1], *rows[page.limit :]]
