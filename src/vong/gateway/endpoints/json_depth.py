"""Nesting limit of JSON: parsers recurse with the nesting and fail when their stack ends."""

import re

from vong.errors import InvalidInput

DEPTH = 128
"""Maximum nesting of lists and objects. Stored records of a call can be read up to a depth of about 200."""
STRING = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"?', re.DOTALL)
"""Pattern of a JSON string; an unterminated one matches to the end, so that no byte is scanned twice."""
STEPS = bytes.maketrans(b"[{]}", b"\x01\x01\xff\xff")
OTHERS = bytes(set(range(256)) - set(b"[{]}"))


def deep(body: bytes) -> bool:
    """Return True if JSON is nested more deeply than `MAX_DEPTH`.

    Counting brackets is enough for most bodies; the others need a full pass.
    """
    if body.count(b"[") + body.count(b"{") <= DEPTH:
        return False
    import numpy as np  # imported here: few calls need it, and it takes 14 MB

    steps = STRING.sub(b"", body).translate(STEPS, OTHERS)
    return bool(steps) and int(np.frombuffer(steps, np.int8).cumsum(dtype=np.int32).max()) > DEPTH


def shallow(body: bytes) -> None:
    """Check the nesting of a request.

    Raises: InvalidInput if the body is nested too deeply.
    """
    if deep(body):
        raise InvalidInput(
            f"the body is nested more than {DEPTH} levels deep", "send lists and objects with less nesting"
        )
