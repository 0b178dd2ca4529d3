"""Who is calling."""

from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from vong.access.projects import Role
from vong.records.key_scope import KeyLabels, KeyScope


class Principal(NamedTuple):
    """A caller: the project whose rows the request may see, and what may be done there.

    `actor` is what is written beside what the caller does: a key's name, or a person's address. `user_id` and
    `session` (the hash of its token) are those of a person who is signed in; a key has neither, but a `key_id`. `scope`
    and `labels` are null where the key has none. A `deputy` is a job that calls in the name of that key or person.
    `expires_at` is when all of that ends by itself.
    """

    project_id: UUID
    actor: str
    role: Role
    user_id: UUID | None = None
    session: bytes | None = None
    key_id: UUID | None = None
    scope: KeyScope | None = None
    labels: KeyLabels | None = None
    deputy: bool = False
    expires_at: datetime | None = None
