"""Nesting limit of JSON: parsers recurse with the nesting and fail when their stack ends."""

import re

from vong.errors import InvalidInput

MAX_DEPTH = 128
"""Maximum nesting of lists and objects. Stored records of a call can be read up to a depth of about 200."""
STRING_PATTERN = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"?', re.DOTALL)
"""Pattern of a JSON string; an unterminated one matches to the end, so that no byte is scanned twice."""
DEPTH_CHANGES = bytes.maketrans(b"[{]}", b"\x01\x01\xff\xff")
NON_BRACKETS = bytes(set(range(256)) - set(b"[{]}"))


def exceeds_max_depth(body: bytes) -> bool:
    """Return True if JSON is nested more deeply than `MAX_DEPTH`.

    Counting brackets is enough for most bodies; the others need a full pass.
    """
    if body.count(b"[") + body.count(b"{") <= MAX_DEPTH:
        return False
    import numpy as np  # imported here: few calls need it, and it takes 14 MB

    steps = STRING_PATTERN.sub(b"", body).translate(DEPTH_CHANGES, NON_BRACKETS)
    return bool(steps) and int(np.frombuffer(steps, np.int8).cumsum(dtype=np.int32).max()) > MAX_DEPTH


def check_max_depth(body: bytes) -> None:
    """Check the nesting of a request.

    Raises: InvalidInput if the body is nested too deeply.
    """
    if exceeds_max_depth(body):
        raise InvalidInput(
            f"the body is nested more than {MAX_DEPTH} levels deep", "send lists and objects with less nesting"
        )
