"""Patterns that select pages and files: `*` for any characters, `?` for one."""

from collections.abc import Sequence
from fnmatch import fnmatchcase


def is_selected(name: str, include: Sequence[str], exclude: Sequence[str]) -> bool:
    """Return whether a name matches a pattern of `include`, if there are any, and none of `exclude`."""
    if include and not any(fnmatchcase(name, pattern) for pattern in include):
        return False
    return not any(fnmatchcase(name, pattern) for pattern in exclude)
