"""Authentication and authorization: projects, users, roles, sessions and API keys.

In: a name, or the key or session token of a caller. Out: a `Principal` with the project that the request may see and
the role of the caller. May import `vong.errors`, `vong.records` and `vong.store`.
"""

from vong.access.authentication import authenticate
from vong.access.keys import create_key, delete_expired_keys, list_keys, revoke_key
from vong.access.principal import Principal
from vong.access.projects import create_project, find_project, list_projects
from vong.access.users import create_user

__all__ = [
    "Principal",
    "authenticate",
    "create_key",
    "create_project",
    "create_user",
    "delete_expired_keys",
    "find_project",
    "list_keys",
    "list_projects",
    "revoke_key",
]
