"""Thinking of other models in a messages request, which Anthropic rejects because it is not signed by Claude.

Vong returns the reasoning of other models as thinking with an empty signature, and packed in redacted thinking. Clients
send both back, perhaps to a target that is Claude.
"""

import re
from typing import Any

import msgspec

from vong.gateway.translators.reasoning_envelope import ENVELOPE_PREFIX

BLOCK_PATTERN = re.compile(rb'"type"\s*:\s*"(?:redacted_)?thinking"')
"""Text that every request with thinking contains."""
_decode_fields = msgspec.json.Decoder(dict[str, msgspec.Raw]).decode


def remove_foreign_thinking(body: bytes) -> bytes:
    """Return a messages request without the thinking of other models. Any other request is returned unchanged."""
    if BLOCK_PATTERN.search(body) is None:
        return body
    fields = _decode_fields(body)
    messages = msgspec.json.decode(fields["messages"])
    if not isinstance(messages, list):
        return body
    kept = [cleaned for message in messages if (cleaned := _without_foreign_blocks(message)) is not None]
    if kept == messages:
        return body
    return msgspec.json.encode({**fields, "messages": kept})


def _without_foreign_blocks(message: Any) -> Any:
    """Return a message without such thinking, or None if it contains nothing else."""
    content = message.get("content") if isinstance(message, dict) else None
    if not isinstance(content, list) or message.get("role") != "assistant":
        return message
    blocks = [block for block in content if not _is_foreign(block)]
    if len(blocks) == len(content):
        return message
    return {**message, "content": blocks} if blocks else None


def _is_foreign(block: Any) -> bool:
    if not isinstance(block, dict):
        return False
    if block.get("type") == "thinking":
        return not block.get("signature")
    return block.get("type") == "redacted_thinking" and str(block.get("data")).startswith(ENVELOPE_PREFIX)
