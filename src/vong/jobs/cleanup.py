"""Deletion of the folders of old jobs, whose results are in the blob store."""

import shutil
from datetime import timedelta
from pathlib import Path
from uuid import UUID

from sqlalchemy import Connection, select

from vong.jobs import tables
from vong.records import now

FOLDER_RETENTION = timedelta(days=7)
"""Time after the end of a job until its folder is deleted. Until then a retry can use its checkpoints."""


def delete_old_folders(connection: Connection, home: Path) -> int:
    """Delete the folders of unknown jobs and of jobs that ended longer ago than the retention. Return their number.

    The connection is the owner's. Folders that are not named by an id are not deleted.
    """
    folders = {id: folder for folder in (home / "jobs").glob("*-*-*-*-*") if (id := _parse_id(folder.name))}
    jobs = tables.jobs.c
    query = select(jobs.id, jobs.finished_at).where(jobs.id.in_(list(folders)))
    retained = {
        row.id
        for row in connection.execute(query)
        if row.finished_at is None or row.finished_at > now() - FOLDER_RETENTION
    }
    old = [folder for id, folder in folders.items() if id not in retained]
    for folder in old:
        shutil.rmtree(folder, ignore_errors=True)
    return len(old)


def _parse_id(name: str) -> UUID | None:
    try:
        return UUID(name)
    except ValueError:
        return None
