"""Helpers to read values of result files, whose fields may be missing or of another type."""

import json
import math
from typing import Any

from vong.errors import InvalidInput


def parse_document(name: str, content: bytes) -> dict[str, Any]:
    """Return the JSON object in a file. Raises InvalidInput if it is none."""
    try:
        value = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise InvalidInput(f"{name!r} is not JSON: {error}", "give the file as the program wrote it") from error
    if not isinstance(value, dict):
        raise InvalidInput(f"{name!r} is not a JSON object", "give the file as the program wrote it")
    return value


def parse_lines(name: str, content: bytes) -> list[dict[str, Any]]:
    """Return the JSON objects in the lines of a file. Raises InvalidInput if a line is none."""
    found: list[dict[str, Any]] = []
    for number, line in enumerate(content.split(b"\n"), 1):
        if line.strip():
            found.append(parse_document(f"{name}:{number}", line))
    return found


def as_dict(value: Any) -> dict[str, Any]:
    """Return the value if it is an object, else an empty one."""
    return value if isinstance(value, dict) else {}


def as_list(value: Any) -> list[Any]:
    """Return the value if it is a list, else an empty one."""
    return value if isinstance(value, list) else []


def as_text(value: Any) -> str:
    """Return the value as text: unchanged, joined parts of a message, or JSON."""
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    if isinstance(value, list) and all(isinstance(part, dict) and "text" in part for part in value):
        return "".join(str(part["text"]) for part in value)
    return json.dumps(value, ensure_ascii=False)


def as_score(value: Any) -> float | None:
    """Return a finite number, or that of a truth value. Returns None for anything else."""
    try:
        return float(value) if isinstance(value, bool | int | float) and math.isfinite(value) else None
    except OverflowError:  # an integer of more than 308 digits
        return None


def as_count(value: Any) -> int | None:
    """Return a count, or None if the value is none."""
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else None
