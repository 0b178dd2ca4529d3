"""JSON objects that were cut off, for example by the maximum number of output tokens."""

from typing import Any

import msgspec


def parse_partial_object(text: str) -> dict[str, Any]:
    """Return the members of a cut off JSON object that can be read; empty if there are none.

    A string at the cut is kept as far as it goes. A number or literal at the cut is dropped, because it may continue.
    """
    closers, in_string, escaped = list[str](), False, False
    readable, readable_closers = 0, ""
    for position, letter in enumerate(text):
        if in_string:
            in_string, escaped = escaped or letter != '"', letter == "\\" and not escaped
        elif letter == '"':
            in_string = True
        elif letter in "{[":
            closers.append("}" if letter == "{" else "]")
            readable, readable_closers = position + 1, "".join(reversed(closers))
        elif letter in "}]" and closers:
            closers.pop()
            readable, readable_closers = position + 1, "".join(reversed(closers))
        elif letter == ",":
            readable, readable_closers = position, "".join(reversed(closers))
    candidates = [text[:readable] + readable_closers]
    if in_string:
        ending = "".join(reversed(closers))
        # An escape sequence at the cut has up to 12 characters (a surrogate pair).
        candidates = [text[: len(text) - cut] + '"' + ending for cut in range(12)] + candidates
    elif text.rstrip().endswith('"'):
        candidates.insert(0, text + "".join(reversed(closers)))
    return next((found for one in candidates if (found := _decode_object(one)) is not None), {})


def _decode_object(text: str) -> dict[str, Any] | None:
    try:
        found = msgspec.json.decode(text)
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        return None
    return found if isinstance(found, dict) else None
