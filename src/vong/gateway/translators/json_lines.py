"""JSON lines that every client splits at the same places."""

from typing import Any

import msgspec

LINE_SEPARATORS = {
    "\x85".encode(): b"\\u0085",
    "\u2028".encode(): b"\\u2028",
    "\u2029".encode(): b"\\u2029",
}
"""Characters that JSON allows in a text and that some programs read as the end of a line (Python's `splitlines`)."""


def encode_json_line(value: Any) -> bytes:
    """Encode a value as one line of JSON that contains no other line separator."""
    line = msgspec.json.encode(value)
    for separator, escape in LINE_SEPARATORS.items():
        if separator in line:
            line = line.replace(separator, escape)
    return line + b"\n"
