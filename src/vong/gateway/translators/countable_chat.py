"""Messages requests as chats whose tokens are counted."""

from collections.abc import Mapping
from typing import Any

import msgspec

from vong.errors import InvalidInput
from vong.gateway.translators.anthropic_request import to_chat_request
from vong.gateway.translators.content import MALFORMED_ERRORS
from vong.gateway.translators.token_estimate import estimate_tokens


def to_countable_chat(body: bytes) -> dict[str, Any]:
    """Translate a messages request into a chat.

    Raises: InvalidInput if the body is no messages request.
    """
    try:
        return to_chat_request(msgspec.json.decode(body))
    except InvalidInput:
        raise
    except MALFORMED_ERRORS as error:
        raise InvalidInput(f"the request is not a messages request: {error!r}", "see docs/guides/gateway.md") from error


def split_attachments(chat: Mapping[str, Any]) -> tuple[dict[str, Any], int]:
    """Return a chat without images and documents, and the estimated tokens of these."""
    messages, tokens = list[dict[str, Any]](), 0
    for message in chat["messages"]:
        content = message.get("content")
        if isinstance(content, list):
            attachments = [part for part in content if part["type"] != "text"]
            tokens += estimate_tokens(attachments)
            content = [part for part in content if part["type"] == "text"]
            content = content[0]["text"] if len(content) == 1 else content or ""
        messages.append({**message, "content": content})
    return {**chat, "messages": messages}, tokens
