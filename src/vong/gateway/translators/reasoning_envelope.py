"""Details of thoughts that go through shapes without a place for them, in a text that callers send back unread."""

import base64
from typing import Any

import msgspec

from vong.errors import InvalidInput

SEALED = "vong."
"""How such a text begins."""


def sealed(details: list[dict[str, Any]]) -> str:
    """Details of thoughts as a text."""
    return SEALED + base64.urlsafe_b64encode(msgspec.json.encode(details)).decode()


def is_sealed(content: str) -> bool:
    """Whether a text was made here."""
    return content.startswith(SEALED)


def unsealed(content: str) -> list[dict[str, Any]]:
    """The way back. What another server made is passed on as it is."""
    if not is_sealed(content):
        return [{"type": "reasoning.encrypted", "data": content, "index": 0}]
    try:
        return msgspec.json.decode(base64.urlsafe_b64decode(content[len(SEALED) :]), type=list[dict[str, Any]])
    except (ValueError, msgspec.DecodeError) as error:
        raise InvalidInput(f"the sealed thoughts were changed: {error}", "send them back as they came") from error
