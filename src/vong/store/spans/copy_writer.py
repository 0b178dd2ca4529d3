"""Spans on their way into PostgreSQL: a connection of the journal's own, the partitions of their days, binary COPY."""

import logging
from collections.abc import Sequence
from contextlib import suppress
from typing import Any, NamedTuple, Protocol
from uuid import UUID

import msgspec
import psycopg
from psycopg import sql

from vong.errors import InvalidInput, VongError
from vong.records import Span
from vong.store.database import Database, libpq_url
from vong.store.partitions import days_ahead, make_days
from vong.store.spans import copy_format
from vong.store.spans.schema import COLUMNS, EncodedRow

log = logging.getLogger(__name__)

NAMES = sql.SQL(", ").join(map(sql.Identifier, COLUMNS))
COPY = sql.SQL("COPY {} ({}) FROM STDIN (FORMAT BINARY)")
SPANS = sql.Identifier("traces_spans")
ARRIVALS = sql.Identifier("traces_arrivals")
AWAY = (psycopg.OperationalError, psycopg.InterfaceError)
"""What is raised while PostgreSQL does not answer."""


class TransactionHook(Protocol):
    """Writes a line of its own along with spans, in their transaction. Called from the journal's threads."""

    def line(self, project_id: UUID, span: Span, along: Any) -> Any:
        """The line of a span as it is stored; `along` is what came with it. msgspec must be able to write it."""
        ...

    def read(self, packed: bytes) -> Any:
        """A line that was kept on disk, in msgpack."""
        ...

    def within(self, connection: psycopg.Connection[Any], lines: Sequence[Any], *, fresh: bool) -> None:
        """Write these lines. They may have been written before, unless they are `fresh`."""
        ...

    def kept(self, lines: Sequence[Any]) -> None:
        """They are safe on disk, and will be written later."""
        ...

    def after(self, lines: Sequence[Any], *, kept: bool) -> None:
        """The transaction is committed; `kept` where they were told to be on disk before."""
        ...

    def lost(self, along: Any) -> None:
        """The span that this came with will never be written."""
        ...


class SpanRow(NamedTuple):
    """A span that is encoded, and the line that goes with it."""

    encoded: EncodedRow
    line: Any = None


class DiskRecord(msgspec.Struct, array_like=True):
    """A row as it lies on disk. `copied`: the process that wrote it had it in hand as well."""

    id: UUID
    day: str
    row: bytes
    line: msgspec.Raw
    copied: bool = False


pack = msgspec.msgpack.Encoder(uuid_format="hex").encode
unpack = msgspec.msgpack.Decoder(DiskRecord).decode
NOTHING = pack(None)


def packed(row: SpanRow, *, copied: bool) -> bytes:
    """For the disk."""
    line = NOTHING if row.line is None else pack(row.line)
    return pack(DiskRecord(row.encoded.id, row.encoded.day, row.encoded.row, msgspec.Raw(line), copied))


class CopyWriter:
    """The connection that the journal writes through. One thread at a time."""

    def __init__(self, database: Database) -> None:
        self._url = libpq_url(database.url)
        self._connection: psycopg.Connection[Any] | None = None
        self._days: set[str] = set()

    def commit(self, batch: Sequence[SpanRow], companion: TransactionHook | None) -> None:
        """Write a batch in one transaction. Rows that are there already are passed over."""
        connection = self._connected()
        missing = {row.encoded.day for row in batch} - self._days
        if missing:
            make_days(connection, missing)
            self._days |= missing
        try:
            with connection.transaction():
                _copy(connection, SPANS, batch)
                _along(connection, batch, companion, fresh=True)
        except psycopg.errors.UniqueViolation:  # some are known already: a retry, or a client that repeats itself
            with connection.transaction():
                connection.execute(
                    sql.SQL("CREATE TEMPORARY TABLE {} (LIKE {}) ON COMMIT DROP").format(ARRIVALS, SPANS)
                )
                _copy(connection, ARRIVALS, batch)
                connection.execute(
                    sql.SQL("INSERT INTO {} ({names}) SELECT {names} FROM {} ON CONFLICT DO NOTHING").format(
                        SPANS, ARRIVALS, names=NAMES
                    )
                )
                _along(connection, batch, companion, fresh=False)

    def commit_or_alone(self, rows: Sequence[SpanRow], companion: TransactionHook | None) -> dict[UUID, VongError]:
        """Write a batch, row by row where PostgreSQL refuses it as a whole; the errors of the rows that it refuses."""
        refused = dict[UUID, VongError]()
        try:
            self.commit(rows, companion)
        except AWAY:
            raise
        except psycopg.Error:
            self.disconnect()
        else:
            return refused
        for row in rows:
            try:
                self.commit([row], companion)
            except AWAY:
                raise
            except psycopg.Error as error:
                self.disconnect()
                log.error("a span cannot be stored: %s", error)
                refused[row.encoded.id] = InvalidInput(f"PostgreSQL refuses this span: {error}", "mend it")
        return refused

    def make_ahead(self) -> None:
        """Have partitions for the days ahead."""
        try:
            make_days(self._connected(), set(days_ahead()) - self._days)
            self._days.update(days_ahead())
        except psycopg.Error as error:
            log.warning("the days ahead have no partition yet: %s", str(error).strip())
            self.disconnect()

    def disconnect(self) -> None:
        """Begin anew at the next batch."""
        self._days.clear()
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def interrupt(self) -> None:
        """From another thread: what is under way shall fail."""
        connection = self._connection
        if connection is not None:
            with suppress(psycopg.Error):
                connection.cancel_safe(timeout=5)  # it may wait for somebody's lock

    def _connected(self) -> psycopg.Connection[Any]:
        if self._connection is None or self._connection.closed:
            self._connection = psycopg.connect(
                self._url, autocommit=True, connect_timeout=5, application_name="vong journal", tcp_user_timeout=20_000
            )
            self._connection.execute("SET statement_timeout = '60s'")
        return self._connection


def _copy(connection: psycopg.Connection[Any], table: sql.Identifier, batch: Sequence[SpanRow]) -> None:
    with connection.cursor() as cursor, cursor.copy(COPY.format(table, NAMES)) as copy:
        copy.write(b"".join([copy_format.HEAD, *[row.encoded.row for row in batch], copy_format.TAIL]))


def _along(
    connection: psycopg.Connection[Any], batch: Sequence[SpanRow], companion: TransactionHook | None, *, fresh: bool
) -> None:
    lines = [row.line for row in batch if row.line is not None]
    if companion is not None and lines:
        companion.within(connection, lines, fresh=fresh)
