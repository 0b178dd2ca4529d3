"""Workers with real processes: children, cancellation, kills and restarts."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from uuid import UUID

import psutil
import psycopg
import pytest
from sqlalchemy import text

from tests.conftest import fresh_database
from vong import access, jobs
from vong.jobs import lifecycle
from vong.records import Job
from vong.store.database import Database

ROOT = Path(__file__).parents[2]


class Site:
    """Database, home folder and workers of a test."""

    def __init__(self, database: Database, project_id: UUID, home: Path) -> None:
        self.database = database
        self.project_id = project_id
        self.home = home
        self.workers: list[subprocess.Popen[bytes]] = []

    def worker(self) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-m", "tests.jobs.job_handlers", self.database.url, str(self.home)]
        with (self.home / f"worker{len(self.workers)}.log").open("wb") as log:
            process = subprocess.Popen(command, cwd=ROOT, stdout=log, stderr=log)
        self.workers.append(process)
        return process

    def submit(self, kind: str, **params: Any) -> UUID:
        with self.database.scope(self.project_id) as connection:
            return jobs.submit(connection, kind, params).id

    def get(self, id: UUID) -> Job:
        with self.database.scope(self.project_id) as connection:
            return jobs.get(connection, id)

    def cancel(self, id: UUID) -> Job:
        with self.database.scope(self.project_id) as connection:
            return jobs.cancel(connection, id)

    def log(self, id: UUID) -> str:
        with self.database.scope(self.project_id) as connection:
            return "\n".join(line.line for line in jobs.log_lines(connection, id))

    def folder(self, id: UUID) -> Path:
        return self.home / "jobs" / str(id)

    def wait_for(self, true: Callable[[], Any], seconds: float = 30) -> Any:
        end = time.monotonic() + seconds
        while not (value := true()):
            if time.monotonic() > end:
                logs = "\n".join(file.read_text() for file in self.home.glob("worker*.log"))
                raise AssertionError(f"waited {seconds} s for nothing; the workers said:\n{logs}")
            time.sleep(0.05)
        return value

    def wait_for_end(self, id: UUID) -> Job:
        return self.wait_for(lambda: (job := self.get(id)).finished_at and job)

    def wait_for_pids(self, id: UUID) -> list[int]:
        """Wait until a job waits for its file and return its process ids."""
        file = self.folder(id) / "waiting"
        return self.wait_for(lambda: file.exists() and [int(pid) for pid in file.read_text().split()])

    def close(self) -> None:
        for process in self.workers:
            process.kill()
            process.wait()


@pytest.fixture
def site(database: Database, project_id: UUID, tmp_path: Path) -> Iterator[Site]:
    made = Site(database, project_id, tmp_path)
    yield made
    made.close()


@pytest.fixture(scope="module")
def shared_site(postgres_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """Start one worker for all tests that do not stop it. Each waits until its jobs have ended."""
    with fresh_database(postgres_url) as url:
        database = Database(url, pool=3)
        with database.owner() as connection:
            project_id = access.create_project(connection, "default").id
        made = Site(database, project_id, tmp_path_factory.mktemp("site"))
        made.worker()
        yield made
        made.close()
        database.close()


def test_thread_and_isolated_jobs_finish_with_their_result(shared_site: Site) -> None:
    in_thread, isolated = shared_site.submit("thread.add", a=1, b=2), shared_site.submit("isolated.add", a=3, b=4)
    for id, total in ((in_thread, 3), (isolated, 7)):
        job = shared_site.wait_for_end(id)
        assert (job.status, job.result, job.attempts, job.error) == ("finished", {"sum": total}, 1, None)
        assert (job.progress.done, job.progress.unit) == (1, "sums")
        assert "adding" in shared_site.log(id)


def test_a_thread_job_starts_while_all_isolated_slots_are_in_use(shared_site: Site) -> None:
    first, second = shared_site.submit("isolated.wait_for_file"), shared_site.submit("isolated.wait_for_file")
    shared_site.wait_for_pids(first)
    assert shared_site.wait_for_end(shared_site.submit("thread.add", a=1, b=1)).status == "finished"
    assert shared_site.get(second).status == "queued"
    (shared_site.folder(first) / "go").touch()
    assert shared_site.wait_for_end(first).status == "finished"
    shared_site.wait_for_pids(second)
    (shared_site.folder(second) / "go").touch()
    assert shared_site.wait_for_end(second).status == "finished"


def test_max_concurrency_limits_the_running_jobs_of_a_kind(shared_site: Site) -> None:
    first, second = shared_site.submit("thread.few"), shared_site.submit("thread.few")
    shared_site.wait_for_pids(first)
    assert shared_site.wait_for_end(shared_site.submit("thread.add", a=1, b=1)).status == "finished"
    assert shared_site.get(second).status == "queued"
    (shared_site.folder(first) / "go").touch()
    assert shared_site.wait_for_end(first).status == "finished"
    shared_site.wait_for_pids(second)
    (shared_site.folder(second) / "go").touch()
    assert shared_site.wait_for_end(second).status == "finished"


def test_cancel_kills_the_whole_process_group(shared_site: Site) -> None:
    id = shared_site.submit("isolated.ignore_sigterm")
    pids = shared_site.wait_for_pids(id)
    assert len(pids) == 2
    shared_site.cancel(id)
    job = shared_site.wait_for_end(id)
    assert job.status == "cancelled"
    shared_site.wait_for(lambda: not any(alive(pid) for pid in pids), 5)


def test_cancel_ends_a_thread_job_at_its_next_check(shared_site: Site) -> None:
    id = shared_site.submit("thread.wait_for_file")
    shared_site.wait_for_pids(id)
    shared_site.cancel(id)
    assert shared_site.wait_for_end(id).status == "cancelled"


def test_a_killed_child_is_retried_and_resumes_at_its_step(shared_site: Site) -> None:
    id = shared_site.submit("isolated.wait_for_file")
    [pid] = shared_site.wait_for_pids(id)
    (shared_site.folder(id) / "waiting").unlink()
    os.kill(pid, signal.SIGKILL)
    shared_site.wait_for_pids(id)
    (shared_site.folder(id) / "go").touch()
    job = shared_site.wait_for_end(id)
    assert (job.status, job.result, job.attempts) == ("finished", {"first": 1, "second": 1}, 2)
    assert "SIGKILL" in shared_site.log(id)


@pytest.mark.parametrize(
    "kind", ["isolated.wait_for_file", pytest.param("thread.wait_for_file", marks=pytest.mark.slow)]
)
def test_another_worker_finishes_the_job_of_a_killed_worker(site: Site, kind: str) -> None:
    first = site.worker()
    id = site.submit(kind)
    [pid] = site.wait_for_pids(id)
    (site.folder(id) / "waiting").unlink()
    site.worker()
    first.kill()
    first.wait()
    site.wait_for(lambda: not alive(pid))
    site.wait_for_pids(id)
    (site.folder(id) / "go").touch()
    job = site.wait_for_end(id)
    assert (job.status, job.result, job.attempts) == ("finished", {"first": 1, "second": 1}, 2)
    assert "reclaimed" in site.log(id)


def test_a_worker_does_not_reclaim_its_own_jobs_if_its_heartbeat_is_late(site: Site) -> None:
    site.worker()
    id = site.submit("thread.wait_for_file")
    site.wait_for_pids(id)
    with site.database.owner() as connection:
        entry = connection.scalar(text("SELECT queue_entry_id FROM jobs_jobs WHERE id = :id").bindparams(id=id))

        def found(*entries: int) -> list[UUID]:
            taken = lifecycle.ClaimedEntries(None, frozenset(entries))
            return [
                orphan.id for orphan in lifecycle.find_orphans(connection, -60.0, taken)
            ]  # every heartbeat counts as too old

        assert found() == [id] and found(entry + 1) == [id]
        assert found(entry) == []


@pytest.mark.slow
def test_a_stopping_worker_requeues_its_jobs_without_a_failure(site: Site) -> None:
    first = site.worker()
    isolated, in_thread = site.submit("isolated.wait_for_file"), site.submit("thread.wait_for_file")
    [pid], _ = site.wait_for_pids(isolated), site.wait_for_pids(in_thread)
    for id in (isolated, in_thread):
        (site.folder(id) / "waiting").unlink()
    first.terminate()
    assert first.wait(timeout=15) == 0
    assert not alive(pid)
    assert {site.get(isolated).status, site.get(in_thread).status} == {"queued"}
    site.worker()
    for id in (isolated, in_thread):
        site.wait_for_pids(id)
        (site.folder(id) / "go").touch()
        assert site.wait_for_end(id).result == {"first": 1, "second": 1}
        assert "asked to stop" in site.log(id)


def test_running_jobs_survive_a_restart_of_postgresql(site: Site) -> None:
    worker = site.worker()
    running = [site.submit("isolated.wait_for_file"), site.submit("thread.wait_for_file")]
    for id in running:
        site.wait_for_pids(id)
    site.database.close()
    for _ in range(3):
        with psycopg.connect(site.database.url, autocommit=True) as connection:
            connection.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
        time.sleep(0.5)
    for id in running:
        (site.folder(id) / "go").touch()
        job = site.wait_for_end(id)
        assert (job.status, job.result, job.attempts) == ("finished", {"first": 1, "second": 1}, 1)
    assert site.wait_for_end(site.submit("thread.add", a=1, b=1)).result == {"sum": 2}
    assert worker.poll() is None


def test_a_client_error_fails_the_job_at_once_with_its_hint(shared_site: Site) -> None:
    submitted = shared_site.submit("thread.raise_invalid_input")
    job = shared_site.wait_for_end(submitted)
    assert (job.status, job.attempts) == ("failed", 1)
    assert job.error == "the file has no rows; send a file with rows"
    assert "Traceback" not in shared_site.log(submitted)


@pytest.mark.parametrize(
    ("kind", "how", "message"),
    [
        ("thread.crash", "raise", "ZeroDivisionError: one by nought"),
        pytest.param("isolated.crash", signal.SIGABRT, "SIGABRT", marks=pytest.mark.slow),
    ],
)
def test_crashes_are_retried_and_then_fail_the_job_with_the_reason(
    shared_site: Site, kind: str, how: Any, message: str
) -> None:
    good = shared_site.submit(kind, how=how, good_at=3)
    bad = shared_site.submit(kind, how=how)
    assert shared_site.wait_for_end(good).result == {"attempt": 3}
    job = shared_site.wait_for_end(bad)
    assert (job.status, job.attempts) == ("failed", 3)
    assert job.error is not None
    assert message in job.error
    assert "failed 3 times" in job.error
    log = shared_site.log(bad)
    assert log.count("retrying") == 2
    if kind == "isolated.crash":
        assert "about to crash" in log
    with shared_site.database.scope(shared_site.project_id) as connection:
        assert jobs.retry(connection, bad).status == "queued"
    assert shared_site.wait_for(lambda: (job := shared_site.get(bad)).status == "failed" and job).attempts == 6


def test_a_handler_that_cannot_be_loaded_is_a_configuration_error(shared_site: Site) -> None:
    job = shared_site.wait_for_end(shared_site.submit("isolated.missing"))
    assert (job.status, job.attempts) == ("failed", 1)
    assert "no_such_function" in (job.error or "")


def alive(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False
