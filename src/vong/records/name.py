"""Valid names of the objects that users name: routes, deployments, datasets, models, keys, projects and others."""

import re

from vong.errors import InvalidInput

NAME_PATTERN = re.compile(r"[a-z0-9][a-z0-9._-]{0,62}")
"""Name of a route, a provider or a deployment. Such a name may be part of a model name in a call."""
VERSIONED_NAME_PATTERN = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")
"""Name of a dataset, a model or an alias. Such a name is part of a ref: `NAME@NUMBER` or `NAME:ALIAS`."""

MAX_DISPLAY_NAME_CHARS = 100


def check_name(name: str, what: str) -> None:
    """Check the name of a route, a provider or a deployment; `what` is the kind of object.

    Raises: InvalidInput if the name is invalid.
    """
    if not NAME_PATTERN.fullmatch(name):
        hint = "use up to 63 lowercase letters, digits, '.', '_' and '-', starting with a letter or digit"
        raise InvalidInput(f"invalid {what} name {name!r}", hint)


def check_versioned_name(name: str, what: str) -> None:
    """Check the name of a dataset, a model or an alias; `what` is the kind of object.

    Raises: InvalidInput if the name is invalid.
    """
    if not VERSIONED_NAME_PATTERN.fullmatch(name):
        hint = "use up to 100 letters, digits, '.', '_' and '-', starting with a letter or digit"
        raise InvalidInput(f"invalid {what} name {name!r}", hint)


def check_display_name(name: str, what: str) -> None:
    """Check the name of an API key or a project, which may have spaces and any letters; `what` is the kind of object.

    Raises: InvalidInput if the name is invalid.
    """
    if not 0 < len(name) <= MAX_DISPLAY_NAME_CHARS or not name.isprintable() or name != name.strip() or name == "*":
        hint = f"use 1 to {MAX_DISPLAY_NAME_CHARS} printable characters without spaces at the ends, and not only '*'"
        raise InvalidInput(f"invalid {what} name {name[:200]!r}", hint)
