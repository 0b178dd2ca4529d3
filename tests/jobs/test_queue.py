"""Submitting, reading and cancelling jobs in the transaction of the caller."""

from uuid import UUID

import pytest
from sqlalchemy import Connection, text

from vong import access, jobs
from vong.errors import Conflict, NotFound
from vong.records import new_id
from vong.store.database import Database


def test_a_submitted_job_is_queued_with_its_parameters(connection: Connection) -> None:
    submitted = jobs.submit(connection, "data.import", {"file": "tickets.jsonl", "rows": 3})
    assert submitted.status == "queued"
    assert jobs.get(connection, submitted.id) == submitted
    assert jobs.get(connection, submitted.id).params == {"file": "tickets.jsonl", "rows": 3}


def test_equal_idempotency_keys_return_the_same_job(connection: Connection) -> None:
    first = jobs.submit(connection, "data.import", {"n": 1}, key="k")
    assert jobs.submit(connection, "data.import", {"n": 2}, key="k") == first
    assert jobs.submit(connection, "data.import", {"n": 1}, key="other").id != first.id
    with pytest.raises(Conflict, match=r"data\.import"):
        jobs.submit(connection, "data.clean", {}, key="k")


def test_equal_ids_return_the_same_job(connection: Connection) -> None:
    id = new_id()
    assert jobs.submit(connection, "data.import", {}, id=id) == jobs.submit(connection, "data.import", {}, id=id)


def test_a_job_is_queued_only_if_its_transaction_commits(database: Database, project_id: UUID) -> None:
    with pytest.raises(RuntimeError), database.scope(project_id) as connection:
        jobs.submit(connection, "data.import", {})
        raise RuntimeError
    assert entries(database) == 0
    with database.scope(project_id) as connection:
        jobs.submit(connection, "data.import", {})
    assert entries(database) == 1


def test_a_queued_job_is_cancelled_at_once_and_removed_from_the_queue(database: Database, project_id: UUID) -> None:
    with database.scope(project_id) as connection:
        submitted = jobs.submit(connection, "data.import", {})
        gone = jobs.cancel(connection, submitted.id)
        assert gone.status == "cancelled"
        assert gone.finished_at is not None
        assert jobs.cancel(connection, submitted.id) == gone
    assert entries(database) == 0


def test_a_cancelled_job_can_be_retried(database: Database, project_id: UUID) -> None:
    with database.scope(project_id) as connection:
        submitted = jobs.submit(connection, "data.import", {})
        with pytest.raises(Conflict, match="is queued"):
            jobs.retry(connection, submitted.id)
        jobs.cancel(connection, submitted.id)
        assert jobs.retry(connection, submitted.id).status == "queued"
    assert entries(database) == 1


def test_jobs_are_listed_newest_first_in_pages_with_filters(connection: Connection) -> None:
    submitted = [jobs.submit(connection, kind, {"n": n}) for n, kind in enumerate(["a.x", "b.x", "a.x", "a.x"])]
    jobs.cancel(connection, submitted[2].id)
    newest = sorted((job.id for job in submitted), reverse=True)
    assert [job.id for job in jobs.list_jobs(connection)] == newest
    page = jobs.list_jobs(connection, limit=3)
    assert [job.id for job in [*page, *jobs.list_jobs(connection, after=page[-1].id)]] == newest
    assert {job.id for job in jobs.list_jobs(connection, kind="a.x", status="queued")} == {
        submitted[0].id,
        submitted[3].id,
    }


def test_another_project_cannot_read_or_change_jobs(database: Database, project_id: UUID) -> None:
    with database.owner() as owner:
        other = access.create_project(owner, "other").id
    with database.scope(project_id) as connection:
        submitted = jobs.submit(connection, "data.import", {}, key="k")
    with database.scope(other) as connection:
        assert jobs.list_jobs(connection) == []
        for verb in (jobs.get, jobs.cancel, jobs.retry, jobs.log_lines):
            with pytest.raises(NotFound):
                verb(connection, submitted.id)
        # A key is unique within its project, an id in all projects.
        assert jobs.submit(connection, "data.import", {}, key="k").id != submitted.id
        with pytest.raises(Conflict):
            jobs.submit(connection, "data.import", {}, id=submitted.id)
    with pytest.raises(Exception, match="in this project"), database.scope(other) as connection:
        connection.execute(text("SELECT jobs_abort(:id)"), {"id": submitted.id})
    with pytest.raises(Exception, match="permission denied"), database.scope(other) as connection:
        connection.execute(text("SELECT * FROM procrastinate.procrastinate_jobs"))


def entries(database: Database) -> int:
    with database.owner() as owner:
        return owner.scalar(text("SELECT count(*) FROM procrastinate.procrastinate_jobs")) or 0
