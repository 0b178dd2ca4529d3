"""Span batches written to PostgreSQL: a dedicated connection, day partitions and binary COPY."""

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
"""Exceptions that are raised while PostgreSQL is unavailable."""


class TransactionHook(Protocol):
    """Writes an additional row per span, in the transaction of the span. Called from the threads of the span writer."""

    def line(self, project_id: UUID, span: Span, along: Any) -> Any:
        """Build the row of a span from the `hook_context` of its call. msgspec must be able to encode the row."""
        ...

    def read(self, packed: bytes) -> Any:
        """Decode a row that was stored on disk in msgpack."""
        ...

    def within(self, connection: psycopg.Connection[Any], lines: Sequence[Any], *, fresh: bool) -> None:
        """Write the rows in the transaction `connection`. Unless `fresh`, some may have been written before."""
        ...

    def kept(self, lines: Sequence[Any]) -> None:
        """Handle rows that are stored on disk and will be written later."""
        ...

    def after(self, lines: Sequence[Any], *, kept: bool) -> None:
        """Handle rows whose transaction is committed. `spooled` is true if the rows were stored on disk before."""
        ...

    def lost(self, along: Any) -> None:
        """Handle the context of a span that will never be written."""
        ...


class SpanRow(NamedTuple):
    """Encoded span and the row of the transaction hook."""

    encoded: EncodedRow
    line: Any = None


class DiskRecord(msgspec.Struct, array_like=True):
    """Row in the disk format. `also_in_memory` is true if the process that stored the row also held it in memory."""

    id: UUID
    day: str
    row: bytes
    line: msgspec.Raw
    copied: bool = False


pack = msgspec.msgpack.Encoder(uuid_format="hex").encode
unpack = msgspec.msgpack.Decoder(DiskRecord).decode
NOTHING = pack(None)


def packed(row: SpanRow, *, copied: bool) -> bytes:
    """Encode a row for the disk."""
    line = NOTHING if row.line is None else pack(row.line)
    return pack(DiskRecord(row.encoded.id, row.encoded.day, row.encoded.row, msgspec.Raw(line), copied))


class CopyWriter:
    """Connection through which the span writer writes. Not thread-safe."""

    def __init__(self, database: Database) -> None:
        self._url = libpq_url(database.url)
        self._connection: psycopg.Connection[Any] | None = None
        self._days: set[str] = set()

    def commit(self, batch: Sequence[SpanRow], companion: TransactionHook | None) -> None:
        """Write a batch in one transaction. Rows that exist already are skipped."""
        connection = self._connected()
        missing = {row.encoded.day for row in batch} - self._days
        if missing:
            make_days(connection, missing)
            self._days |= missing
        try:
            with connection.transaction():
                _copy(connection, SPANS, batch)
                _along(connection, batch, companion, fresh=True)
        except psycopg.errors.UniqueViolation:  # some rows exist already: a retry, or a client that sent them twice
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
        """Write a batch, row by row if PostgreSQL rejects it. Return the errors of the rejected rows by span id."""
        errors = dict[UUID, VongError]()
        try:
            self.commit(rows, companion)
        except AWAY:
            raise
        except psycopg.Error:
            self.disconnect()
        else:
            return errors
        for row in rows:
            try:
                self.commit([row], companion)
            except AWAY:
                raise
            except psycopg.Error as error:
                self.disconnect()
                log.error("span cannot be stored: %s", error)
                errors[row.encoded.id] = InvalidInput(f"PostgreSQL rejected this span: {error}", "fix the span")
        return errors

    def make_ahead(self) -> None:
        """Create the partitions of the coming days."""
        try:
            make_days(self._connected(), set(days_ahead()) - self._days)
            self._days.update(days_ahead())
        except psycopg.Error as error:
            log.warning("partitions of the coming days could not be created: %s", str(error).strip())
            self.disconnect()

    def disconnect(self) -> None:
        """Close the connection. The next batch opens a new one."""
        self._days.clear()
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def interrupt(self) -> None:
        """Cancel the running statement, from another thread."""
        connection = self._connection
        if connection is not None:
            with suppress(psycopg.Error):
                connection.cancel_safe(timeout=5)  # the statement may be waiting for a lock

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
    rows = [row.line for row in batch if row.line is not None]
    if companion is not None and rows:
        companion.within(connection, rows, fresh=fresh)
