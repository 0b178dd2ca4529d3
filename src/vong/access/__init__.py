"""Who may do what: projects, users, roles and API keys.

In: a name, or the key that a caller presents. Out: a `Principal`: the project that a request may see and its role.
"""

from vong.access.keys import Principal, authenticate, create_key, forget_expired, list_keys, revoke_key
from vong.access.projects import create_project, create_user, find_project, list_projects

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
