"""Principal: the key or user behind a request."""

from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from vong.access.projects import Role
from vong.records.key_scope import KeyLabels, KeyScope


class Principal(NamedTuple):
    """Key or user behind a request, with its project and role.

    `actor` is recorded with the actions of the caller: the name of a key or the address of a user. A signed-in user has
    `user_id` and `session` (the hash of the session token); a key has `key_id` instead. `scope` and `labels` are None
    if the key has none. `is_delegated` is true if a job calls on behalf of the key or user. `expires_at` is the time at
    which the authentication expires.
    """

    project_id: UUID
    actor: str
    role: Role
    user_id: UUID | None = None
    session: bytes | None = None
    key_id: UUID | None = None
    scope: KeyScope | None = None
    labels: KeyLabels | None = None
    is_delegated: bool = False
    expires_at: datetime | None = None
