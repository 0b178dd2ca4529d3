"""Check of the setting `target_modules` against the modules of a base model."""

import re
from collections.abc import Iterable, Sequence
from difflib import get_close_matches

from vong.errors import InvalidInput

SHOWN_NAMES = 12
"""Valid names that an error lists."""


def check_modules(targets: str | Sequence[str], modules: Iterable[str]) -> None:
    """Check that every target matches a module, as PEFT matches them: full or last parts of a dotted name.

    `all-linear` matches in every model. Other text is a regular expression for the full name.

    Raises:
        InvalidInput: A target matches no module. The hint lists valid names.
    """
    if targets == "all-linear":
        return
    names = [name for name in modules if name]
    if isinstance(targets, str):
        unknown = [] if any(re.fullmatch(targets, name) for name in names) else [targets]
    else:
        unknown = [one for one in targets if not any(name == one or name.endswith(f".{one}") for name in names)]
    if not unknown:
        return
    leaves = list_leaf_names(names)
    close = [match for one in unknown for match in get_close_matches(one, leaves, n=1)]
    suggestion = f"did you mean {close[0]!r}? " if close else ""
    shown = ", ".join(leaves[:SHOWN_NAMES]) + (", …" if len(leaves) > SHOWN_NAMES else "")
    raise InvalidInput(
        f"target_modules: the base model has no module {', '.join(map(repr, unknown))}",
        f"{suggestion}use all-linear, or names such as {shown}",
    )


def list_leaf_names(modules: Iterable[str]) -> list[str]:
    """Return the last parts of the names of modules that have no other module inside, without numbers, sorted."""
    names = set(modules)
    parts = [name.split(".") for name in names]
    parents = {".".join(one[:end]) for one in parts for end in range(1, len(one))}
    leaves = {name.rpartition(".")[2] for name in names - parents}
    return sorted(leaf for leaf in leaves if not leaf.isdigit())
