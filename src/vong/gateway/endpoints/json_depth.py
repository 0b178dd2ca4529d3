"""How deeply JSON may be nested: what reads it goes down with it, and ends where its stack does."""

import re

from vong.errors import InvalidInput

DEPTH = 128
"""Lists and objects within each other. The records that are written of a call can be read to 200 and some."""
STRING = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"?', re.DOTALL)
"""A text of JSON; one without an end goes to the end of the body, so that none is looked at twice."""
STEPS = bytes.maketrans(b"[{]}", b"\x01\x01\xff\xff")
OTHERS = bytes(set(range(256)) - set(b"[{]}"))


def deep(body: bytes) -> bool:
    """Whether JSON is nested more deeply than `DEPTH`. A few counts say it of most; else it takes a pass."""
    if body.count(b"[") + body.count(b"{") <= DEPTH:
        return False
    import numpy as np  # here, for few calls need it and it takes 14 MB

    steps = STRING.sub(b"", body).translate(STEPS, OTHERS)
    return bool(steps) and int(np.frombuffer(steps, np.int8).cumsum(dtype=np.int32).max()) > DEPTH


def shallow(body: bytes) -> None:
    """InvalidInput where a request is nested too deeply."""
    if deep(body):
        raise InvalidInput(
            f"the body is nested more than {DEPTH} deep", "send lists and objects that hold fewer others"
        )
