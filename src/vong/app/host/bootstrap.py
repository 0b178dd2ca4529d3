"""First start: creates the project `default`, the owner's account and the owner's key."""

import secrets
from pathlib import Path
from typing import NamedTuple

from vong import access
from vong.errors import NotFound
from vong.store.database import Database

DEFAULT_PROJECT = "default"
OWNER_EMAIL = "owner@localhost"


class InitialCredentials(NamedTuple):
    """Credentials that the owner is shown once."""

    email: str
    password: str
    key: str


def owner_key_file(home: Path) -> Path:
    """Return the file with the owner's key for the CLI on this machine (mode 600)."""
    return home / "owner.key"


def prepare(database: Database, home: Path) -> InitialCredentials | None:
    """Create project, account and key on the first start. Returns None on every later start.

    All are created in one transaction, and the key file is written before the commit: an interrupted start leaves
    either everything or nothing.
    """
    with database.owner() as connection:
        try:
            access.find_project(connection, DEFAULT_PROJECT)
        except NotFound:
            project = access.create_project(connection, DEFAULT_PROJECT)
        else:
            return None
        password = secrets.token_urlsafe(12)
        access.create_user(connection, OWNER_EMAIL, password, "owner")
        secret = access.create_key(connection, "owner", role="owner", project_id=project.id).secret
        _write_private(owner_key_file(home), secret)
        return InitialCredentials(OWNER_EMAIL, password, secret)


def _write_private(file: Path, text: str) -> None:
    file.unlink(missing_ok=True)
    file.touch(mode=0o600)
    file.write_text(text + "\n", encoding="utf-8")
