"""Jobs over HTTP with the client: lists, logs, event streams and their resumption."""

import threading
import time
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from types import SimpleNamespace
from typing import Any
from uuid import UUID

import pytest
import uvicorn
from click.testing import CliRunner
from fastapi import FastAPI

from vong import access, jobs
from vong.api.http import problems
from vong.api.routes.jobs import routes
from vong.cli import jobs as commands
from vong.cli.job_progress import follow
from vong.client import Client
from vong.errors import Conflict, InvalidInput, NotFound, VongError
from vong.jobs import lifecycle
from vong.jobs.lock import JobLock
from vong.jobs.progress import ProgressWriter
from vong.records import Job
from vong.records.job import LogLine
from vong.store.database import Database


@contextmanager
def serving(database: Database, port: int = 0) -> Generator[tuple[str, uvicorn.Server]]:
    app = FastAPI()
    problems.install_handlers(app)
    app.state.platform = SimpleNamespace(database=database, scope=database.scope)
    app.include_router(routes)
    server = uvicorn.Server(uvicorn.Config(app, port=port, log_level="warning", timeout_graceful_shutdown=1))
    thread = threading.Thread(target=server.run)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    bound = server.servers[0].sockets[0].getsockname()[1]
    try:
        yield f"http://127.0.0.1:{bound}", server
    finally:
        server.should_exit = True
        thread.join()


@pytest.fixture
def client(database: Database, project_id: UUID, monkeypatch: pytest.MonkeyPatch) -> Iterator[Client]:
    with database.scope(project_id) as connection:
        secret = access.create_key(connection, "test").secret
    with serving(database) as (url, _), Client(url, secret) as submitted:
        monkeypatch.setenv("VONG_PUBLIC_URL", url)
        monkeypatch.setenv("VONG_API_KEY", secret)
        yield submitted


class Running:
    """Job that the test runs step by step."""

    def __init__(self, database: Database, project_id: UUID) -> None:
        self.database = database
        self.project_id = project_id
        with database.scope(project_id) as connection:
            self.id = jobs.submit(connection, "test.run", {}).id
            task: Any = lifecycle.tables.jobs.c.queue_entry_id
            entry = connection.scalar(task.table.select().with_only_columns(task))
            assert entry is not None
            assert lifecycle.start_attempt(connection, self.id, entry, "here:1") is not None

    @contextmanager
    def recorder(self) -> Generator[ProgressWriter]:
        with (
            JobLock(self.database.url, self.id) as lease,
            ProgressWriter(self.database, self.project_id, self.id, 1, lease) as recorder,
        ):
            yield recorder

    def finish(self, result: Any) -> None:
        with self.database.scope(self.project_id) as connection:
            lifecycle.mark_finished(connection, self.id, 1, result)

    def fail(self, error: Exception) -> None:
        with self.database.scope(self.project_id) as connection:
            lifecycle.record_failure(connection, self.id, 1, error, lifecycle.JobRetryPolicy(0, 1))


@pytest.fixture
def running(database: Database, project_id: UUID) -> Running:
    return Running(database, project_id)


def test_jobs_are_listed_shown_cancelled_and_retried(client: Client, database: Database, project_id: UUID) -> None:
    with database.scope(project_id) as connection:
        submitted = [jobs.submit(connection, kind, {}) for kind in ("a.x", "b.x")]
    assert {job.id for job in client.jobs.list()} == {job.id for job in submitted}
    assert [job.kind for job in client.jobs.list(kind="b.x", status="queued")] == ["b.x"]
    assert client.jobs.get(submitted[0].id) == submitted[0]
    assert client.jobs.cancel(submitted[0].id).status == "cancelled"
    assert client.jobs.retry(submitted[0].id).status == "queued"
    with pytest.raises(Conflict, match="is queued"):
        client.jobs.retry(submitted[0].id)
    with pytest.raises(NotFound):
        client.jobs.get(project_id)


def test_events_arrive_in_real_time_and_end_with_the_job(client: Client, running: Running) -> None:
    seen: list[Job | LogLine] = []
    reader = threading.Thread(target=lambda: seen.extend(client.jobs.events(running.id)))
    reader.start()
    with running.recorder() as recorder:
        for n in range(5):
            recorder.set_progress(n, 4, "rows", "counting")
            recorder.log(f"line {n}")
            time.sleep(0.2)
    running.finish({"loss": float("nan"), "rows": 4})
    reader.join(timeout=10)
    assert [line.line for line in seen if isinstance(line, LogLine)] == [f"line {n}" for n in range(5)]
    states = [job for job in seen if isinstance(job, Job)]
    assert [job.status for job in states] == ["running"] * (len(states) - 1) + ["finished"]
    assert 2 <= len(states) <= 6, "progress is written at most twice a second"
    assert states[-1].result == {"loss": None, "rows": 4}
    assert states[-1].progress.done == 4
    assert 3 < (states[-1].progress.rate or 0) < 6


def test_a_broken_stream_resumes_after_its_last_event(client: Client, running: Running) -> None:
    with running.recorder() as recorder:
        recorder.log("one\ntwo\nthree")
    running.finish({})
    first = [line.removeprefix("id: ") for line in lines_of(client, running.id, "") if line.startswith("id")]
    assert len(first) == 4
    rest = [line for line in lines_of(client, running.id, first[1]) if line.startswith(("id", "event"))]
    assert rest == [f"id: {first[2]}", "event: log", f"id: {first[3]}", "event: end"]
    with pytest.raises(InvalidInput, match="not a valid event id"):
        list(client.transport.events(f"/api/v1/jobs/{running.id}/events", after="yesterday"))


def test_follow_survives_a_restart_of_the_server(database: Database, running: Running) -> None:
    with database.scope(running.project_id) as connection:
        secret = access.create_key(connection, "test").secret
    with serving(database) as (url, _), running.recorder() as recorder:
        client = Client(url, secret)
        events = client.jobs.events(running.id)
        recorder.log("before")
        assert isinstance(next(events), Job | LogLine)
    with running.recorder() as recorder:
        recorder.log("while it was away")
    with serving(database, port=int(url.rpartition(":")[2])):
        running.finish({"done": True})
        rest = list(events)
    assert "while it was away" in [line.line for line in rest if isinstance(line, LogLine)]
    assert isinstance(rest[-1], Job)
    assert rest[-1].result == {"done": True}


def test_a_log_is_read_in_pages(client: Client, running: Running) -> None:
    with running.recorder() as recorder:
        for n in range(1203):
            recorder.log(str(n))
    assert [line.line for line in client.jobs.logs(running.id)] == [str(n) for n in range(1203)]
    assert [line.number for line in client.jobs.logs(running.id, after=1200)] == [1201, 1202, 1203]
    running.finish({})
    assert len(list(client.jobs.events(running.id))) == 1204


def test_follow_raises_the_error_of_the_job(
    client: Client, running: Running, capsys: pytest.CaptureFixture[str]
) -> None:
    with running.recorder() as recorder:
        recorder.set_progress(3, 10, "rows", "reading")
    running.fail(InvalidInput("the file has no rows", "send a file with rows"))
    with pytest.raises(VongError, match="the file has no rows; send a file with rows") as raised:
        follow(client, client.jobs.get(running.id))
    assert "vong jobs retry" in raised.value.hint
    shown = capsys.readouterr()
    assert "3 of 10 rows, 30%" in shown.err
    assert shown.out == ""


def test_commands_print_data_to_stdout_and_progress_to_stderr(client: Client, running: Running) -> None:
    with running.recorder() as recorder:
        recorder.log("hello")
    running.finish({"rows": 4})
    call = CliRunner().invoke(commands.group, ["logs", "--follow", str(running.id)])
    assert (call.exit_code, call.stdout.split()) == (0, ["rows", "4"])
    assert "test.run: hello" in call.stderr
    call = CliRunner().invoke(commands.group, ["list", "--json"])
    assert f'"{running.id}"' in call.stdout
    assert "hello" in CliRunner().invoke(commands.group, ["logs", str(running.id)]).stdout
    assert "finished" in CliRunner().invoke(commands.group, ["show", str(running.id)]).stdout


def lines_of(client: Client, id: UUID, after: str) -> list[str]:
    return client.transport.http.get(f"/api/v1/jobs/{id}/events", params={"after": after}).text.splitlines()
