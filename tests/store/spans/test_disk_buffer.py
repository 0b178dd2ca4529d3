"""Disk buffer of the span writer: bounded, ordered, crash-safe and adopted by the next process."""

from pathlib import Path
from uuid import UUID

import psycopg
import pytest
from sqlalchemy import text

from tests.running_vong import eventually
from tests.traces.factories import span
from vong.errors import Unavailable
from vong.store.database import Database
from vong.store.spans.segments import SEGMENT_BYTES, SegmentLog, read_records
from vong.store.spans.writer import SpanWriter

LOCK = "LOCK TABLE traces_spans IN ACCESS EXCLUSIVE MODE"


def stored(database: Database) -> set[UUID]:
    with database.owner() as owner:
        return set(owner.execute(text("SELECT id FROM traces_spans")).scalars())


def drain(overflow: SegmentLog) -> list[bytes]:
    found: list[bytes] = []
    while overflow.count:
        some, _ = overflow.peek(3)
        found += some
        overflow.remove(some)
    return found


def test_records_are_drained_in_order_and_the_buffer_is_empty_afterwards(tmp_path: Path) -> None:
    overflow = SegmentLog(tmp_path / "journal", 1 << 30)
    assert not (tmp_path / "journal").exists()
    buffered = [bytes([number]) * number for number in range(1, 11)]
    overflow.append(buffered[:4])
    assert overflow.peek(3) == (buffered[:3], True)
    overflow.remove(buffered[:3])
    overflow.append(buffered[4:])
    assert drain(overflow) == buffered[3:]
    overflow.close()
    assert overflow.size == 0
    assert list((tmp_path / "journal").iterdir()) == []


def test_full_files_are_rotated_and_deleted_after_they_are_read(tmp_path: Path) -> None:
    overflow = SegmentLog(tmp_path, 3 * SEGMENT_BYTES)
    for number in range(3):
        overflow.append([bytes([number]) * SEGMENT_BYTES])
    assert overflow.full
    assert len(list(tmp_path.glob("*/0*"))) == 3
    first, _ = overflow.peek(10)
    overflow.remove(first)
    assert not overflow.full
    assert len(list(tmp_path.glob("*/0*"))) == 2
    assert [one[0] for one in drain(overflow)] == [1, 2]
    overflow.close()


def test_the_next_process_adopts_files_of_ended_processes_but_not_of_running_ones(tmp_path: Path) -> None:
    ended, living = SegmentLog(tmp_path, 1 << 20), SegmentLog(tmp_path, 1 << 20)
    ended.append([b"first", b"second"])
    living.append([b"kept"])
    ended.close()
    heir = SegmentLog(tmp_path, 1 << 20)
    assert heir.recover() == 2
    assert heir.peek(9) == ([b"first", b"second"], False)
    heir.append([b"own"])
    assert drain(heir) == [b"first", b"second", b"own"]
    assert drain(living) == [b"kept"]
    for one in (heir, living):
        one.close()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("cut", [1, 4, 9])
def test_a_truncated_record_ends_the_file(tmp_path: Path, cut: int) -> None:
    overflow = SegmentLog(tmp_path, 1 << 20)
    overflow.append([b"whole", b"torn"])
    overflow.close()
    (file,) = tmp_path.glob("*/0*")
    file.write_bytes(file.read_bytes()[:-cut])
    assert read_records(file) == [b"whole"]
    heir = SegmentLog(tmp_path, 1 << 20)
    assert heir.recover() == 1
    heir.close()


def test_spans_are_stored_on_disk_while_postgresql_hangs_and_all_futures_complete(
    database: Database, project_id: UUID, tmp_path: Path
) -> None:
    journal = SpanWriter(database, folder=tmp_path / "journal")
    journal.append_durable(project_id, span()).result(20)
    assert not (tmp_path / "journal").exists()
    with psycopg.connect(database.url) as blocker:
        blocker.execute(LOCK)
        futures = [journal.append_durable(project_id, span()) for _ in range(40)]
        eventually(lambda: journal.disk_count >= 1, 60)
        futures += [journal.append_durable(project_id, span()) for _ in range(40)]
        assert not any(future.done() for future in futures)
        blocker.rollback()
    for future in futures:
        future.result(60)
    assert (
        journal.pending_count == 0 or journal.disk_count
    )  # a duplicate of the batch that the writer held may still be skipped
    journal.flush(60)
    journal.close()
    assert len(stored(database)) == 81


def test_spans_that_cannot_be_written_at_close_are_written_by_the_next_writer(
    database: Database, project_id: UUID, tmp_path: Path
) -> None:
    first = SpanWriter(database, folder=tmp_path)
    first.append_durable(project_id, span()).result(20)
    with psycopg.connect(database.url) as blocker:
        blocker.execute(LOCK)
        futures = [first.append_durable(project_id, span()) for _ in range(30)]
        first.close(timeout=0.3)
        for future in futures:
            with pytest.raises(Unavailable):
                future.result(0)
        blocker.rollback()
    second = SpanWriter(database, folder=tmp_path)
    second.recover_segments()
    eventually(lambda: len(stored(database)) == 31, 60)
    second.close()
    assert not list(tmp_path.glob("*/0*"))


def test_a_full_disk_buffer_rejects_spans_until_postgresql_accepts_some(
    database: Database, project_id: UUID, tmp_path: Path
) -> None:
    journal = SpanWriter(database, folder=tmp_path, max_disk_bytes=2_000)
    journal.append_durable(project_id, span()).result(20)
    with psycopg.connect(database.url) as blocker:
        blocker.execute(LOCK)
        futures = [journal.append_durable(project_id, span(input="x" * 500)) for _ in range(50)]
        eventually(lambda: journal.is_full, 60)
        futures += [journal.append_durable(project_id, span()) for _ in range(10)]  # spans in flight still have room
        blocker.rollback()
    for future in futures:
        future.result(60)
    eventually(lambda: not journal.is_full, 60)
    journal.close()
