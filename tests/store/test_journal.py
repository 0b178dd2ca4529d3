"""The span journal: acknowledged is committed, whatever happens in between."""

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

from tests.traces.spans import span, write
from vong.errors import InvalidInput, Unavailable
from vong.records import Usage, new_id, now
from vong.store.database import Database
from vong.store.migrate import migrate
from vong.store.postgres import server as postgres_server
from vong.store.spans.writer import SpanWriter

WRITER = """
import sys
from uuid import UUID
from tests.traces.spans import span
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
def journal(database: Database) -> Iterator[SpanWriter]:
    opened = SpanWriter(database)
    yield opened
    opened.close()


def stored(database: Database) -> set[UUID]:
    with database.owner() as owner:
        return set(owner.execute(text("SELECT id FROM traces_spans")).scalars())


def test_a_future_is_done_when_the_span_is_committed(database: Database, journal: SpanWriter, project_id: UUID) -> None:
    one = span()
    journal.append_durable(project_id, one).result(10)
    assert stored(database) == {one.id}


def test_what_a_killed_writer_had_acknowledged_is_there(database: Database, project_id: UUID) -> None:
    command = [sys.executable, "-c", WRITER, database.url, str(project_id)]
    writer = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=Path(__file__).parents[2])
    assert writer.stdout
    acknowledged = [writer.stdout.readline() for _ in range(700)]
    os.kill(writer.pid, signal.SIGKILL)
    acknowledged += writer.stdout.readlines()
    writer.wait()
    whole = {UUID(line.strip()) for line in acknowledged if line.endswith("\n")}
    assert len(whole) >= 700
    assert whole <= stored(database)


def test_spans_wait_while_postgresql_is_away_and_none_is_lost(tmp_path: Path) -> None:
    tmp_path.chmod(0o711)
    folder = tmp_path / "postgres"
    database = Database(postgres_server.start(folder))
    try:
        migrate(database)
        journal = SpanWriter(database)
        project = new_id()
        spans = [span(input=f"number {number}") for number in range(1200)]
        futures = [journal.append_durable(project, one) for one in spans[:400]]
        server = postgres_server.server_pid(folder)
        assert server
        os.kill(server, signal.SIGKILL)
        futures += [journal.append_durable(project, one) for one in spans[400:]]
        time.sleep(0.5)
        assert not all(future.done() for future in futures)
        postgres_server.start(folder)
        wait(futures, 30)
        assert [future.exception(0) for future in futures] == [None] * 1200
        database.engine.dispose()
        assert stored(database) == {one.id for one in spans}
        postgres_server.stop(folder)
        late = journal.append_durable(project, span())
        journal.close(timeout=0.5)
        with pytest.raises(Unavailable):
            late.result(0)
    finally:
        database.close()
        postgres_server.stop(folder)


def test_a_span_that_is_known_is_ignored_beside_new_ones(
    database: Database, journal: SpanWriter, project_id: UUID
) -> None:
    first = [span() for _ in range(5)]
    write(journal, project_id, *first)
    again = [*first, *[span() for _ in range(5)]]
    write(journal, project_id, *again, *again)
    assert stored(database) == {one.id for one in again}


def test_a_late_span_gets_a_partition_of_its_day(database: Database, journal: SpanWriter, project_id: UUID) -> None:
    late = span(now() - timedelta(days=40))
    write(journal, project_id, late)
    with database.owner() as owner:
        day = text("SELECT tableoid::regclass::text FROM traces_spans")
        assert owner.scalar(day) == f"traces_spans_{late.started_at:%Y%m%d}"


def test_the_days_ahead_have_their_partition_before_their_first_span(database: Database, journal: SpanWriter) -> None:
    journal.flush(5)
    present = text("SELECT to_regclass(:name) IS NOT NULL")
    until = time.monotonic() + 10
    while time.monotonic() < until:
        with database.owner() as owner:
            days = [f"traces_spans_{now() + timedelta(days=ahead):%Y%m%d}" for ahead in range(4)]
            if all(owner.scalar(present, {"name": day}) for day in days):
                return
        time.sleep(0.05)
    raise AssertionError("no partitions ahead")


def test_a_partition_that_was_dropped_is_made_again(database: Database, journal: SpanWriter, project_id: UUID) -> None:
    write(journal, project_id, span())
    with database.owner() as owner:
        owner.execute(text(f"DROP TABLE traces_spans_{now():%Y%m%d}"))
    one = span()
    write(journal, project_id, one)
    assert stored(database) == {one.id}


def test_a_new_partition_waits_for_no_reader_and_stops_none(
    database: Database, journal: SpanWriter, project_id: UUID
) -> None:
    with database.scope(project_id) as reader:
        assert reader.scalar(text("SELECT count(*) FROM traces_spans")) == 0
        write(journal, project_id, span(now() - timedelta(days=9)))
        assert reader.scalar(text("SELECT count(*) FROM traces_spans")) == 1


def test_a_project_reads_no_partition_and_writes_no_span(
    database: Database, journal: SpanWriter, project_id: UUID
) -> None:
    write(journal, project_id, span())
    partition = f"traces_spans_{now():%Y%m%d}"
    for statement in (f"SELECT * FROM {partition}", "DELETE FROM traces_spans", f"DROP TABLE {partition}"):
        with (
            pytest.raises(ProgrammingError, match=r"permission denied|must be owner"),
            database.scope(project_id) as connection,
        ):
            connection.execute(text(statement))


def test_a_span_that_cannot_be_stored_fails_alone(database: Database, journal: SpanWriter, project_id: UUID) -> None:
    good = [span(), span(name="half \ud800 and NUL \x00", attributes={"a": "\x00\ud800"}, input="\ud800\x00")]
    dated = [span(now() - timedelta(days=500)), span(now() + timedelta(days=5))]
    bad = [*dated, span(attributes={"n": 10**400}), span(usage=Usage(input_tokens=2**62))]
    futures = [journal.append_durable(project_id, one) for one in (good[0], *bad, good[1])]
    wait(futures, 10)
    assert futures[0].exception() is None
    assert futures[-1].exception() is None
    assert all(isinstance(future.exception(), InvalidInput) for future in (*futures[1:3], futures[4]))
    assert stored(database) >= {one.id for one in good}


def test_past_its_bound_it_refuses_counts_and_recovers(project_id: UUID, database: Database) -> None:
    with psycopg.connect(database.url) as blocker:
        journal = SpanWriter(database, max_spans=20)
        write(journal, project_id, span())
        blocker.execute("LOCK TABLE traces_spans IN ACCESS EXCLUSIVE MODE")
        futures = [journal.append_durable(project_id, span()) for _ in range(50)]
        refused = [future for future in futures if future.done()]
        assert len(refused) == journal.dropped == 30
        assert all(isinstance(future.exception(), Unavailable) for future in refused)
        with pytest.raises(Unavailable):
            journal.flush(0.1)
        blocker.rollback()
    journal.flush(10)
    write(journal, project_id, span())
    journal.close()
    assert len(stored(database)) == 22


def test_append_waits_for_nothing(database: Database, project_id: UUID) -> None:
    with psycopg.connect(database.url) as blocker:
        journal = SpanWriter(database)
        journal.append_durable(project_id, span()).result(10)
        blocker.execute("LOCK TABLE traces_spans IN ACCESS EXCLUSIVE MODE")
        for _ in range(500):
            journal.append_durable(project_id, span(input="y" * 2000))
        assert journal.pending_count == 500  # none of them can be written, and nobody waited for that
        blocker.rollback()
    journal.close()
    assert len(stored(database)) == 501


def test_closing_writes_all_that_was_appended_and_refuses_more(database: Database, project_id: UUID) -> None:
    journal = SpanWriter(database)
    threads = [
        threading.Thread(target=lambda: [journal.append_durable(project_id, span()) for _ in range(300)])
        for _ in range(3)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    journal.close()
    journal.close()
    assert len(stored(database)) == 900
    refused: Future[None] = journal.append_durable(project_id, span())
    with pytest.raises(Unavailable):
        refused.result(0)


def test_closing_waits_for_nobodys_lock_longer_than_it_was_told(database: Database, project_id: UUID) -> None:
    journal = SpanWriter(database)
    write(journal, project_id, span())
    with psycopg.connect(database.url) as blocker:
        blocker.execute("LOCK TABLE traces_spans IN ACCESS EXCLUSIVE MODE")
        futures = [journal.append_durable(project_id, span()) for _ in range(3)]
        before = time.monotonic()
        journal.close(timeout=0.5)
        assert time.monotonic() - before < 10
    assert all(isinstance(future.exception(0), Unavailable) for future in futures)
