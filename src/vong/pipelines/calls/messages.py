"""Messages between the server and the process of Python objects: one JSON object per line."""

import json
from typing import Any

MAX_LINE_BYTES = 16_000_000
MAX_OUTPUT_CHARS = 5_000_000
"""Characters of the output of a call, as JSON."""


def encode(message: dict[str, Any]) -> bytes:
    """Return a message as a line."""
    return json.dumps(message, ensure_ascii=True, default=str).encode() + b"\n"


def decode(line: bytes) -> dict[str, Any]:
    """Return the message of a line. Raises ValueError if it is no object."""
    message = json.loads(line)
    if not isinstance(message, dict):
        raise ValueError("not an object")
    return message
