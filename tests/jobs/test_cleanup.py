"""Deletion of the folders of finished jobs."""

from datetime import timedelta
from pathlib import Path
from uuid import UUID

from sqlalchemy import update

from vong import jobs
from vong.jobs import tables
from vong.jobs.cleanup import delete_old_folders
from vong.records import new_id, now
from vong.store.database import Database


def test_job_folders_are_deleted_a_week_after_the_end(database: Database, project_id: UUID, tmp_path: Path) -> None:
    with database.scope(project_id) as connection:
        old, recent, queued = (jobs.submit(connection, "a.x", {}).id for _ in range(3))
        for id, days in ((old, 8), (recent, 1)):
            jobs.cancel(connection, id)
            change = update(tables.jobs).where(tables.jobs.c.id == id)
            connection.execute(change.values(finished_at=now() - timedelta(days=days)))
    unknown = new_id()
    for name in (old, recent, queued, unknown, "not-one-of-our-own"):
        (tmp_path / "jobs" / str(name)).mkdir(parents=True)
    with database.owner() as connection:
        assert delete_old_folders(connection, tmp_path) == 2
    assert {folder.name for folder in (tmp_path / "jobs").iterdir()} == {str(recent), str(queued), "not-one-of-our-own"}
