"""Span writer: every acknowledged span is committed, also after crashes and outages."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import Future, wait
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import psycopg
import pytest
from sqlalchemy import text
from sqlalchemy.exc import ProgrammingError

from tests.running_vong import eventually
from tests.traces.factories import span, write_spans
from vong.errors import InvalidInput, Unavailable
from vong.records import Usage, new_id, now
from vong.store.database import Database
from vong.store.migrate import migrate
from vong.store.postgres import server as postgres_server
from vong.store.spans import copy_writer, incoming
from vong.store.spans.writer import SpanWriter

WRITER = """
import sys
from uuid import UUID
from tests.traces.factories import span
from vong.store.database import Database
from vong.store.spans.writer import SpanWriter

def say(id):
    return lambda future: future.exception() or (sys.stdout.write(f"{id}\\n"), sys.stdout.flush())

journal = SpanWriter(Database(sys.argv[1]))
while True:
    one = span(input="x" * 500)
    journal.append_durable(UUID(sys.argv[2]), one).add_done_callback(say(one.id))
"""


@pytest.fixture
def writer(database: Database) -> Iterator[SpanWriter]:
    opened = SpanWriter(database)
    yield opened
    opened.close()


def stored(database: Database) -> set[UUID]:
    with database.owner() as owner:
        return set(owner.execute(text("SELECT id FROM traces_spans")).scalars())


def test_the_future_completes_when_the_span_is_committed(
    database: Database, writer: SpanWriter, project_id: UUID
) -> None:
    one = span()
    writer.append_durable(project_id, one).result(10)
    assert stored(database) == {one.id}


def test_a_batch_that_is_sent_in_portions_is_complete_and_a_flush_ends_its_pauses(
    database: Database, writer: SpanWriter, project_id: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(incoming, "PORTION_PAUSE_SECONDS", 30.0)
    eventually(lambda: writer._write_started_at == 0)  # the partitions are created
    spans = [span() for _ in range(3 * copy_writer.PORTION_SPANS + 1)]
    for one in spans:
        writer.enqueue(project_id, one, lambda finished: finished, None)
    eventually(lambda: writer._write_started_at > 0)  # the writer pauses behind the first portion
    assert stored(database) == set()
    writer.flush(10)
    assert stored(database) == {one.id for one in spans}


def test_spans_acknowledged_by_a_killed_writer_are_stored(database: Database, project_id: UUID) -> None:
    command = [sys.executable, "-c", WRITER, database.url, str(project_id)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=Path(__file__).parents[3])
    assert process.stdout
    acknowledged = [process.stdout.readline() for _ in range(700)]
    os.kill(process.pid, signal.SIGKILL)
    acknowledged += process.stdout.readlines()
    process.wait()
    whole = {UUID(line.strip()) for line in acknowledged if line.endswith("\n")}
    assert len(whole) >= 700
    assert whole <= stored(database)


def test_no_span_is_lost_while_postgresql_is_unavailable(tmp_path: Path) -> None:
    tmp_path.chmod(0o711)
    folder = tmp_path / "postgres"
    database = Database(postgres_server.start(folder))
    try:
        migrate(database)
        writer = SpanWriter(database)
        project = new_id()
        spans = [span(input=f"number {number}") for number in range(1200)]
        futures = [writer.append_durable(project, one) for one in spans[:400]]
        server = postgres_server.server_pid(folder)
        assert server
        os.kill(server, signal.SIGKILL)
        futures += [writer.append_durable(project, one) for one in spans[400:]]
        time.sleep(0.5)
        assert not all(future.done() for future in futures)
        postgres_server.start(folder)
        wait(futures, 30)
        assert [future.exception(0) for future in futures] == [None] * 1200
        database.engine.dispose()
        assert stored(database) == {one.id for one in spans}
        postgres_server.stop(folder)
        late = writer.append_durable(project, span())
        writer.close(timeout=0.5)
        with pytest.raises(Unavailable):
            late.result(0)
    finally:
        database.close()
        postgres_server.stop(folder)


def test_a_duplicate_span_is_ignored_in_a_batch_of_new_ones(
    database: Database, writer: SpanWriter, project_id: UUID
) -> None:
    first = [span() for _ in range(5)]
    write_spans(writer, project_id, *first)
    again = [*first, *[span() for _ in range(5)]]
    write_spans(writer, project_id, *again, *again)
    assert stored(database) == {one.id for one in again}


def test_a_late_span_is_stored_in_a_new_partition_of_its_day(
    database: Database, writer: SpanWriter, project_id: UUID
) -> None:
    late = span(now() - timedelta(days=40))
    write_spans(writer, project_id, late)
    with database.owner() as owner:
        day = text("SELECT tableoid::regclass::text FROM traces_spans")
        assert owner.scalar(day) == f"traces_spans_{late.started_at:%Y%m%d}"


def test_partitions_of_coming_days_are_created_ahead(database: Database, writer: SpanWriter) -> None:
    writer.flush(5)
    present = text("SELECT to_regclass(:name) IS NOT NULL")
    until = time.monotonic() + 10
    while time.monotonic() < until:
        with database.owner() as owner:
            days = [f"traces_spans_{now() + timedelta(days=ahead):%Y%m%d}" for ahead in range(4)]
            if all(owner.scalar(present, {"name": day}) for day in days):
                return
        time.sleep(0.05)
    raise AssertionError("no partitions ahead")


def test_a_dropped_partition_is_created_again(database: Database, writer: SpanWriter, project_id: UUID) -> None:
    write_spans(writer, project_id, span())
    with database.owner() as owner:
        owner.execute(text(f"DROP TABLE traces_spans_{now():%Y%m%d}"))
    one = span()
    write_spans(writer, project_id, one)
    assert stored(database) == {one.id}


def test_creating_a_partition_neither_waits_for_readers_nor_blocks_them(
    database: Database, writer: SpanWriter, project_id: UUID
) -> None:
    with database.scope(project_id) as reader:
        assert reader.scalar(text("SELECT count(*) FROM traces_spans")) == 0
        write_spans(writer, project_id, span(now() - timedelta(days=9)))
        assert reader.scalar(text("SELECT count(*) FROM traces_spans")) == 1


def test_the_project_role_cannot_read_partitions_or_write_spans(
    database: Database, writer: SpanWriter, project_id: UUID
) -> None:
    write_spans(writer, project_id, span())
    partition = f"traces_spans_{now():%Y%m%d}"
    for statement in (f"SELECT * FROM {partition}", "DELETE FROM traces_spans", f"DROP TABLE {partition}"):
        with (
            pytest.raises(ProgrammingError, match=r"permission denied|must be owner"),
            database.scope(project_id) as connection,
        ):
            connection.execute(text(statement))


def test_a_span_that_cannot_be_stored_does_not_fail_others(
    database: Database, writer: SpanWriter, project_id: UUID
) -> None:
    good = [span(), span(name="half \ud800 and NUL \x00", attributes={"a": "\x00\ud800"}, input="\ud800\x00")]
    dated = [span(now() - timedelta(days=500)), span(now() + timedelta(days=5))]
    bad = [*dated, span(attributes={"n": 10**400}), span(usage=Usage(input_tokens=2**62))]
    futures = [writer.append_durable(project_id, one) for one in (good[0], *bad, good[1])]
    wait(futures, 10)
    assert futures[0].exception() is None
    assert futures[-1].exception() is None
    assert all(isinstance(future.exception(), InvalidInput) for future in (*futures[1:3], futures[4]))
    assert stored(database) >= {one.id for one in good}


def test_a_full_writer_rejects_and_counts_spans_and_recovers(project_id: UUID, database: Database) -> None:
    with psycopg.connect(database.url) as blocker:
        writer = SpanWriter(database, max_spans=20)
        write_spans(writer, project_id, span())
        blocker.execute("LOCK TABLE traces_spans IN ACCESS EXCLUSIVE MODE")
        futures = [writer.append_durable(project_id, span()) for _ in range(50)]
        refused = [future for future in futures if future.done()]
        assert len(refused) == writer.dropped == 30
        assert all(isinstance(future.exception(), Unavailable) for future in refused)
        with pytest.raises(Unavailable):
            writer.flush(0.1)
        blocker.rollback()
    writer.flush(10)
    write_spans(writer, project_id, span())
    writer.close()
    assert len(stored(database)) == 22


def test_append_does_not_block(database: Database, project_id: UUID) -> None:
    with psycopg.connect(database.url) as blocker:
        writer = SpanWriter(database)
        writer.append_durable(project_id, span()).result(10)
        blocker.execute("LOCK TABLE traces_spans IN ACCESS EXCLUSIVE MODE")
        for _ in range(500):
            writer.append_durable(project_id, span(input="y" * 2000))
        assert writer.pending_count == 500  # none of them can be written, and no caller waits for them
        blocker.rollback()
    writer.close()
    assert len(stored(database)) == 501


def test_closing_writes_all_appended_spans_and_rejects_new_ones(database: Database, project_id: UUID) -> None:
    writer = SpanWriter(database)
    threads = [
        threading.Thread(target=lambda: [writer.append_durable(project_id, span()) for _ in range(300)])
        for _ in range(3)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    writer.close()
    writer.close()
    assert len(stored(database)) == 900
    refused: Future[None] = writer.append_durable(project_id, span())
    with pytest.raises(Unavailable):
        refused.result(0)


def test_closing_waits_for_a_lock_no_longer_than_its_timeout(database: Database, project_id: UUID) -> None:
    writer = SpanWriter(database)
    write_spans(writer, project_id, span())
    with psycopg.connect(database.url) as blocker:
        blocker.execute("LOCK TABLE traces_spans IN ACCESS EXCLUSIVE MODE")
        futures = [writer.append_durable(project_id, span()) for _ in range(3)]
        before = time.monotonic()
        writer.close(timeout=0.5)
        assert time.monotonic() - before < 10
    assert all(isinstance(future.exception(0), Unavailable) for future in futures)
