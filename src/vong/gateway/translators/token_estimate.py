"""Estimate of the input tokens of a request, for models whose tokenizer Vong cannot ask."""

from collections.abc import Mapping
from typing import Any

import msgspec

BYTES_PER_TOKEN = 4
"""Bytes of text of one token, as in the estimates of spans."""
TOKENS_PER_IMAGE = 1_600
"""Tokens of an image of usual size with most providers."""
TOKENS_PER_DOCUMENT = 3_000
"""Tokens of a document of a few pages."""
TOKENS_PER_MESSAGE = 4
"""Tokens that a chat template adds to each message."""
ATTACHMENT_TOKENS: Mapping[str, int] = {
    "image": TOKENS_PER_IMAGE,
    "image_url": TOKENS_PER_IMAGE,
    "document": TOKENS_PER_DOCUMENT,
    "file": TOKENS_PER_DOCUMENT,
}
UNREAD_FIELDS = frozenset(
    {"type", "id", "role", "tool_use_id", "tool_call_id", "signature", "cache_control", "media_type", "citations"}
)
"""Fields whose texts no model reads, or that a template replaces by a few tokens."""


def estimate_message_tokens(request: Mapping[str, Any]) -> int:
    """Return the estimated input tokens of a messages request: system, messages and tools."""
    messages = request.get("messages")
    count = len(messages) if isinstance(messages, list) else 0
    texts = estimate_tokens(request.get("system")) + estimate_tokens(messages)
    return max(1, texts + TOKENS_PER_MESSAGE * count + estimate_json_tokens(request.get("tools")))


def estimate_tokens(content: Any) -> int:
    """Return the estimated tokens of texts and attachments in messages or parts."""
    total, attachments = _measure(content)
    return -(-total // BYTES_PER_TOKEN) + attachments


def estimate_json_tokens(value: Any) -> int:
    """Return the estimated tokens of a value that a model reads as JSON, for example tools."""
    return -(-len(msgspec.json.encode(value)) // BYTES_PER_TOKEN) if value else 0


def _measure(value: Any) -> tuple[int, int]:
    """Return the bytes of the texts in a value, and the tokens of its attachments."""
    if isinstance(value, str):
        return len(value.encode("utf-8", "replace")), 0
    if isinstance(value, dict):
        kind = value.get("type")
        if isinstance(kind, str) and kind in ATTACHMENT_TOKENS and not _is_text_source(value.get("source")):
            return 0, ATTACHMENT_TOKENS[str(kind)]
        items = [item for name, item in value.items() if name not in UNREAD_FIELDS]
    else:
        items = value if isinstance(value, list) else []
    measured = [_measure(item) for item in items]
    return sum(size for size, _ in measured), sum(tokens for _, tokens in measured)


def _is_text_source(source: Any) -> bool:
    return isinstance(source, dict) and source.get("type") in ("text", "content")
