"""Envelope for reasoning details in formats without a field for them: a text that callers send back unread."""

import base64
from typing import Any

import msgspec

from vong.errors import InvalidInput

ENVELOPE_PREFIX = "vong."
"""Prefix of an envelope."""


def pack_reasoning(details: list[dict[str, Any]]) -> str:
    """Pack reasoning details into an envelope."""
    return ENVELOPE_PREFIX + base64.urlsafe_b64encode(msgspec.json.encode(details)).decode()


def is_packed(content: str) -> bool:
    """Return True if a text is an envelope."""
    return content.startswith(ENVELOPE_PREFIX)


def unpack_reasoning(content: str) -> list[dict[str, Any]]:
    """Unpack an envelope. Text of another server is returned unchanged, as encrypted reasoning."""
    if not is_packed(content):
        return [{"type": "reasoning.encrypted", "data": content, "index": 0}]
    try:
        return msgspec.json.decode(base64.urlsafe_b64decode(content[len(ENVELOPE_PREFIX) :]), type=list[dict[str, Any]])
    except (ValueError, msgspec.DecodeError) as error:
        raise InvalidInput(
            f"the packed reasoning was modified: {error}", "send the reasoning back unchanged"
        ) from error
