"""Span batches written to PostgreSQL: a dedicated connection, day partitions and binary COPY."""

import logging
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any, NamedTuple, Protocol
from uuid import UUID

import msgspec
import psycopg
from psycopg import sql

from vong.errors import InvalidInput, VongError
from vong.records import Span
from vong.store.database import Database, libpq_url
from vong.store.partitions import create_day_partitions, upcoming_days
from vong.store.spans import copy_format
from vong.store.spans.schema import COPY_COLUMNS, EncodedRow

log = logging.getLogger(__name__)

COLUMN_LIST = sql.SQL(", ").join(map(sql.Identifier, COPY_COLUMNS))
COPY_STATEMENT = sql.SQL("COPY {} ({}) FROM STDIN (FORMAT BINARY)")
SPANS_TABLE = sql.Identifier("traces_spans")
TEMPORARY_TABLE = sql.Identifier("traces_arrivals")
PORTION_SPANS = 4
"""Rows that are sent to PostgreSQL at once if the batch is not urgent."""
CONNECTION_ERRORS = (psycopg.OperationalError, psycopg.InterfaceError)
"""Exceptions that are raised while PostgreSQL is unavailable."""


class TransactionHook(Protocol):
    """Writes an additional row per span, in the transaction of the span. Called from the threads of the span writer."""

    def build_row(self, project_id: UUID, span: Span, hook_context: Any) -> Any:
        """Build the row of a span from the `hook_context` of its call. msgspec must be able to encode the row."""
        ...

    def decode_row(self, packed: bytes) -> Any:
        """Decode a row that was stored on disk in msgpack."""
        ...

    def write(self, connection: psycopg.Connection[Any], rows: Sequence[Any], *, fresh: bool) -> None:
        """Write the rows in the transaction `connection`. Unless `fresh`, some may have been written before."""
        ...

    def on_spooled(self, rows: Sequence[Any]) -> None:
        """Handle rows that are stored on disk and will be written later."""
        ...

    def on_committed(self, rows: Sequence[Any], *, spooled: bool) -> None:
        """Handle rows whose transaction is committed. `spooled` is true if the rows were stored on disk before."""
        ...

    def on_dropped(self, hook_context: Any) -> None:
        """Handle the context of a span that will never be written."""
        ...


class SpanRow(NamedTuple):
    """Encoded span and the row of the transaction hook."""

    encoded: EncodedRow
    hook_row: Any = None


class DiskRecord(msgspec.Struct, array_like=True):
    """Row in the disk format. `also_in_memory` is true if the process that stored the row also held it in memory."""

    id: UUID
    day: str
    row: bytes
    hook_row: msgspec.Raw
    also_in_memory: bool = False


encode_msgpack = msgspec.msgpack.Encoder(uuid_format="hex").encode
decode_record = msgspec.msgpack.Decoder(DiskRecord).decode
NO_HOOK_ROW = encode_msgpack(None)


def encode_record(row: SpanRow, *, also_in_memory: bool) -> bytes:
    """Encode a row for the disk."""
    line = NO_HOOK_ROW if row.hook_row is None else encode_msgpack(row.hook_row)
    return encode_msgpack(
        DiskRecord(row.encoded.id, row.encoded.day, row.encoded.row, msgspec.Raw(line), also_in_memory)
    )


class CopyWriter:
    """Connection through which the span writer writes. Not thread-safe."""

    def __init__(self, database: Database) -> None:
        self._url = libpq_url(database.url)
        self._connection: psycopg.Connection[Any] | None = None
        self._days: set[str] = set()

    def commit(
        self, batch: Sequence[SpanRow], hook: TransactionHook | None, pause: Callable[[], object] | None = None
    ) -> None:
        """Write a batch in one transaction. Rows that exist already are skipped.

        `pause` is called between portions of PORTION_SPANS rows. PostgreSQL then works in short bursts, which delay
        fewer calls on a machine with few cores.
        """
        connection = self._connect()
        missing = {row.encoded.day for row in batch} - self._days
        if missing:
            create_day_partitions(connection, missing)
            self._days |= missing
        try:
            with connection.transaction():
                _copy(connection, SPANS_TABLE, batch, pause)
                _write_hook_rows(connection, batch, hook, fresh=True)
        except psycopg.errors.UniqueViolation:  # some rows exist already: a retry, or a client that sent them twice
            with connection.transaction():
                connection.execute(
                    sql.SQL("CREATE TEMPORARY TABLE {} (LIKE {}) ON COMMIT DROP").format(TEMPORARY_TABLE, SPANS_TABLE)
                )
                _copy(connection, TEMPORARY_TABLE, batch)
                connection.execute(
                    sql.SQL("INSERT INTO {} ({names}) SELECT {names} FROM {} ON CONFLICT DO NOTHING").format(
                        SPANS_TABLE, TEMPORARY_TABLE, names=COLUMN_LIST
                    )
                )
                _write_hook_rows(connection, batch, hook, fresh=False)

    def commit_with_row_fallback(self, rows: Sequence[SpanRow], hook: TransactionHook | None) -> dict[UUID, VongError]:
        """Write a batch, row by row if PostgreSQL rejects it. Return the errors of the rejected rows by span id."""
        errors = dict[UUID, VongError]()
        try:
            self.commit(rows, hook)
        except CONNECTION_ERRORS:
            raise
        except psycopg.Error:
            self.disconnect()
        else:
            return errors
        for row in rows:
            try:
                self.commit([row], hook)
            except CONNECTION_ERRORS:
                raise
            except psycopg.Error as error:
                self.disconnect()
                log.error("span cannot be stored: %s", error)
                errors[row.encoded.id] = InvalidInput(f"PostgreSQL rejected this span: {error}", "fix the span")
        return errors

    def create_partitions_ahead(self) -> None:
        """Create the partitions of the coming days."""
        try:
            create_day_partitions(self._connect(), set(upcoming_days()) - self._days)
            self._days.update(upcoming_days())
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

    def _connect(self) -> psycopg.Connection[Any]:
        if self._connection is None or self._connection.closed:
            self._connection = psycopg.connect(
                self._url, autocommit=True, connect_timeout=5, application_name="vong journal", tcp_user_timeout=20_000
            )
            self._connection.execute("SET statement_timeout = '60s'")
        return self._connection


def _copy(
    connection: psycopg.Connection[Any],
    table: sql.Identifier,
    batch: Sequence[SpanRow],
    pause: Callable[[], object] | None = None,
) -> None:
    portion = PORTION_SPANS if pause else max(len(batch), 1)
    with connection.cursor() as cursor, cursor.copy(COPY_STATEMENT.format(table, COLUMN_LIST)) as copy:
        copy.write(copy_format.COPY_HEADER)
        for start in range(0, len(batch), portion):
            copy.write(b"".join([row.encoded.row for row in batch[start : start + portion]]))
            if pause:
                connection.pgconn.flush()
                pause()
        copy.write(copy_format.COPY_TRAILER)


def _write_hook_rows(
    connection: psycopg.Connection[Any], batch: Sequence[SpanRow], hook: TransactionHook | None, *, fresh: bool
) -> None:
    rows = [row.hook_row for row in batch if row.hook_row is not None]
    if hook is not None and rows:
        hook.write(connection, rows, fresh=fresh)
