"""Who may do what: projects, users, roles and API keys.

In: a name, or the key or session that a caller presents. Out: a `Principal`: the project that a request may see, and
the caller's role.
"""

from vong.access.authentication import authenticate
from vong.access.keys import create_key, forget_expired, list_keys, revoke_key
from vong.access.principal import Principal
from vong.access.projects import create_project, find_project, list_projects
from vong.access.users import create_user

__all__ = [
    "Principal",
    "authenticate",
    "create_key",
    "create_project",
    "create_user",
    "find_project",
    "forget_expired",
    "list_keys",
    "list_projects",
    "revoke_key",
]
