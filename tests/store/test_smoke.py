from uuid import UUID

from sqlalchemy import Connection

from vong import access
from vong.store.database import Database


def test_a_key_authenticates_its_own_project(database: Database, project_id: UUID, connection: Connection) -> None:
    made = access.create_key(connection, "first")
    connection.commit()
    with database.owner() as owner:
        assert access.authenticate(owner, made.secret).project_id == project_id
