"""Projects: the tenants of a server."""

from datetime import datetime
from typing import Literal
from uuid import UUID

from sqlalchemy import Connection, insert, select

from vong.access import tables
from vong.errors import Conflict, NotFound, did_you_mean
from vong.records import Record, new_id, now
from vong.records.name import check_display_name

Role = Literal["owner", "member", "viewer"]


class Project(Record):
    """Tenant of the server. Everything except users belongs to exactly one project."""

    id: UUID
    name: str
    created_at: datetime


def create_project(connection: Connection, name: str) -> Project:
    """Create a project. Raises InvalidInput if the name is invalid, Conflict if it is taken."""
    check_display_name(name, "project")
    if connection.scalar(select(tables.projects.c.id).where(tables.projects.c.name == name)):
        raise Conflict(f"project {name!r} exists already", "choose another name")
    project = Project(id=new_id(), name=name, created_at=now())
    connection.execute(insert(tables.projects).values(project.model_dump()))
    return project


def list_projects(connection: Connection) -> list[Project]:
    """List all projects, oldest first."""
    rows = connection.execute(select(tables.projects).order_by(tables.projects.c.id)).mappings()
    return [Project.model_validate(dict(row)) for row in rows]


def find_project(connection: Connection, name: str) -> Project:
    """Return a project by name. Raises NotFound if there is none."""
    projects = {project.name: project for project in list_projects(connection)}
    if name not in projects:
        raise NotFound(f"no project named {name!r}", did_you_mean(name, list(projects), "vong access projects list"))
    return projects[name]
