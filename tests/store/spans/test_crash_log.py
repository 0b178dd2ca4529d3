import threading
from pathlib import Path
from typing import Any, NamedTuple, cast
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vong.records import new_id
from vong.store.spans import crash_log
from vong.store.spans.crash_log import UNRECORDED, CrashLog, read_records, recover_records


class Recorded(NamedTuple):
    """Span with the generation of its record."""

    record: bytes
    generation: int


@given(st.lists(st.tuples(st.sampled_from(["append", "store", "rotate", "start", "finish"]), st.binary(max_size=40))))
def test_every_span_that_is_not_stored_can_be_read_at_any_time(
    tmp_path_factory: pytest.TempPathFactory, steps: list[tuple[str, bytes]]
) -> None:
    folder = tmp_path_factory.mktemp("process")
    log = CrashLog(lambda: folder, threading.RLock())
    pending, running = list[Recorded](), dict[UUID, bytes]()
    for number, (step, content) in enumerate(steps):
        record = b"%d %b" % (number, content)
        if step == "append":
            pending.append(Recorded(record, log.append(record)))
        elif step == "store":
            log.release(pending[:2])
            del pending[:2]
        elif step == "rotate":
            log.rotate()
        elif step == "start":
            running[id := new_id()] = record
            log.start(id, record)
        elif running:
            log.finish(next(iter(running)))
            running.pop(next(iter(running)))
        assert {one.record for one in pending} | set(running.values()) <= set(read_records(folder))


def test_records_are_passed_on_once_and_the_files_are_deleted(tmp_path: Path) -> None:
    log = CrashLog(lambda: tmp_path, threading.RLock())
    for record in (b"first", b"second"):
        log.append(record)
    found = list[list[bytes]]()
    recover_records(tmp_path, lambda records: found.append(list(records)))
    recover_records(tmp_path, lambda records: found.append(list(records)))
    assert found == [[b"first", b"second"]]
    assert list(tmp_path.iterdir()) == []


def test_stored_spans_are_not_read_after_two_rotations(tmp_path: Path) -> None:
    log = CrashLog(lambda: tmp_path, threading.RLock())
    for record in (b"a long record", b"b", b"c"):
        log.release([Recorded(record, log.append(record))])
        log.rotate()
    assert set(read_records(tmp_path)) <= {b"b", b"c"}


def test_a_record_that_does_not_fit_is_not_recorded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(crash_log, "FILE_BYTES", 64)
    log = CrashLog(lambda: tmp_path, threading.RLock())
    assert log.append(b"x" * 60) == UNRECORDED
    assert log.append(b"x" * 20) != UNRECORDED
    assert read_records(tmp_path) == [b"x" * 20]


def test_no_record_is_written_without_a_folder_or_if_it_cannot_be_created(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    assert CrashLog(None, threading.RLock()).append(b"x") == UNRECORDED
    assert CrashLog(lambda: tmp_path / "file", threading.RLock()).append(b"x") == UNRECORDED


def test_the_files_are_deleted_at_the_end(tmp_path: Path) -> None:
    log = CrashLog(lambda: tmp_path, threading.RLock())
    one = Recorded(b"x", log.append(b"x"))
    log.close()
    assert read_records(tmp_path) == [b"x"]
    log.release(cast(Any, [one]))
    log.close()
    assert list(tmp_path.iterdir()) == []
