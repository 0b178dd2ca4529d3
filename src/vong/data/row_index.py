"""Which versions hold a row, without reading them: an entry for each spell of versions of a dataset that have it."""

import hashlib
from collections.abc import Callable, Iterable
from typing import NamedTuple

from sqlalchemy import Connection, func, select
from sqlalchemy.dialects.postgresql import insert

from vong.data import tables
from vong.records.example import CONTENT_FIELDS
from vong.records.record import canonical_json


class RowLocation(NamedTuple):
    """Where a row stands: row `row` of version number `first` of the dataset `name`."""

    name: str
    first: int
    row: int


def catch_up(connection: Connection, name: str, lines: Callable[[int], Iterable[bytes]]) -> None:
    """Index the versions of a dataset that are not indexed yet, oldest first. `lines` gives the canonical JSON of the
    rows of a version by its number. The caller is the only one who writes this dataset.
    """
    versions, indexed = tables.versions.c, tables.indexed.c
    done = connection.scalar(select(indexed.number).where(indexed.name == name)) or 0
    newest = connection.scalar(select(func.max(versions.number)).where(versions.name == name)) or 0
    for number in range(done + 1, newest + 1):
        _add(connection, name, number, lines(number))
    written = insert(tables.indexed).values(name=name, number=newest)
    at = [tables.indexed.c.project_id, tables.indexed.c.name]
    connection.execute(written.on_conflict_do_update(index_elements=at, set_={"number": newest}))


def place(connection: Connection, prefix: str) -> RowLocation | None:
    """Where a row stands whose hash begins with these hexadecimal digits."""
    rows = tables.rows.c
    low, high = (bytes.fromhex(prefix.ljust(64, digit)) for digit in "0f")
    query = select(rows.name, rows.first, rows.row).where(rows.hash.between(low, high)).order_by(rows.hash, rows.first)
    found = connection.execute(query.limit(1)).one_or_none()
    return RowLocation(*found) if found else None


def _add(connection: Connection, name: str, number: int, lines: Iterable[bytes]) -> None:
    now: dict[tuple[bytes, bytes], int] = {}
    for row, line in enumerate(lines, 1):
        now.setdefault(identity(line), row)
    values = {
        "name": name,
        "number": number,
        "before": number - 1,
        "open": tables.OPEN,
        "hashes": [hash_ for hash_, _ in now],
        "origins": [made_from for _, made_from in now],
    }
    connection.execute(tables.GONE, values)
    connection.execute(tables.COME, values | {"rows": list(now.values())})


def identity(line: bytes) -> tuple[bytes, bytes]:
    """`Example.hash` of a row and of the row that it was made from (empty where its origin is no row), read off its
    canonical JSON: a tenth of the cost of making the Example.
    """
    import msgspec

    row = msgspec.json.decode(line)
    content = canonical_json({name: row[name] for name in CONTENT_FIELDS if name in row})
    origin = row.get("origin") or {}
    return hashlib.sha256(content).digest(), _digest(origin["id"]) if origin.get("kind") == "row" else b""


def _digest(text: str) -> bytes:
    try:
        return bytes.fromhex(text)
    except ValueError:
        return b""
