"""Names of steps, inputs and ports made from titles and ids of Dify."""

import re
import unicodedata
from collections.abc import Callable, Container, Iterable

from vong.pipelines.definition import RESERVED_NAMES, TEMPLATE_WORDS

MAX_NAME_CHARACTERS = 40
AVOIDED_NAMES = RESERVED_NAMES | TEMPLATE_WORDS | {"and", "or", "in", "is", "if", "else"}


def to_identifier(text: str, fallback: str) -> str:
    """Return a text as lowercase letters, digits and `_`, or the fallback if nothing is left."""
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()
    # A title such as "获取 URL" keeps its Latin part, but one letter of many is no name.
    words = re.sub(r"[^a-z0-9]+", "_", plain.lower()).strip("_")
    words = re.sub(r"^[0-9_]+", "", words)[:MAX_NAME_CHARACTERS].rstrip("_")
    is_mostly_kept = len(words) >= 2 and len(words) * 2 >= len(text.strip())
    return words if is_mostly_kept else fallback


def unique_name(wanted: str, taken: Container[str]) -> str:
    """Return a name that is not taken and not reserved, with a number if necessary."""
    if wanted not in taken and wanted not in AVOIDED_NAMES:
        return wanted
    number = 2
    while f"{wanted}_{number}" in taken:
        number += 1
    return f"{wanted}_{number}"


def name_all(
    texts: Iterable[tuple[str, str]], fallback: Callable[[str], str], taken: set[str] | None = None
) -> dict[str, str]:
    """Return a unique name for each id with a text."""
    used = set() if taken is None else taken
    names: dict[str, str] = {}
    for key, text in texts:
        name = unique_name(to_identifier(text, fallback(key)), used)
        used.add(name)
        names[key] = name
    return names
