"""Results of tool calls paired with their calls, for APIs that reject a conversation with unpaired ones.

Clients leave calls without a result when a user interrupts them, and results without a call when they shorten a long
conversation.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

MISSING_RESULT_TEXT = "(no result: the call was interrupted)"
"""Text of the result of a call that has none."""
IMAGE_RESULT_TEXT = "The result is in the next message of the user."
"""Text of a result that has only images."""


def pair_tool_results(messages: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the messages of a chat with exactly one result for each call that other messages follow.

    A call without a result gets one that says so. A result without a call becomes a message of the user. Of several
    results of a call, the last one remains.
    """
    paired = list[dict[str, Any]]()
    start, group = 0, _Group(None)
    for message in messages:
        if message["role"] == "assistant":
            paired[start:] = group.complete(paired[start:])
            group, start = _Group(message), len(paired) + 1
        elif message["role"] == "tool":
            message = group.add_result(message, len(paired) - start)
        paired.append(message)
    if len(paired) > start:
        paired[start:] = group.complete(paired[start:])
    return paired


def move_result_images(messages: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the messages with the images of tool results in a message of the user after all results of a turn."""
    moved, images = list[dict[str, Any]](), list[dict[str, Any]]()
    for message in messages:
        content = message.get("content")
        if images and message.get("role") != "tool":
            moved.append({"role": "user", "content": images})
            images = []
        if message.get("role") == "tool" and isinstance(content, list):
            texts = [part for part in content if part.get("type") == "text"]
            if len(texts) < len(content):
                images += [part for part in content if part.get("type") != "text"]
                message = {**message, "content": "".join(part["text"] for part in texts) or IMAGE_RESULT_TEXT}
        moved.append(message)
    return [*moved, {"role": "user", "content": images}] if images else moved


class _Group:
    """Messages from an assistant message to the next one."""

    def __init__(self, message: Mapping[str, Any] | None) -> None:
        calls = (message or {}).get("tool_calls") or []
        self._results: dict[Any, int | None] = {call.get("id"): None for call in calls}
        self._replaced = set[int]()

    def add_result(self, message: dict[str, Any], position: int) -> dict[str, Any]:
        """Return the result of a call, or a message of the user if it has no call.

        A result without an id is that of the first call without a result.

        Raises: KeyError if there is none.
        """
        id = message.get("tool_call_id")
        if id is None:
            missing = [id for id, position in self._results.items() if position is None]
            if not missing:
                raise KeyError("tool_call_id")
            id = missing[0]
            message = {**message, "tool_call_id": id}
        if id not in self._results:
            return {**message, "role": "user", "content": _as_user_content(id, message.get("content"))}
        if (earlier := self._results[id]) is not None:
            self._replaced.add(earlier)
        self._results[id] = position
        return message

    def complete(self, messages: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """Return the messages of the group with one result for each call."""
        missing = [id for id, position in self._results.items() if position is None]
        kept = [message for position, message in enumerate(messages) if position not in self._replaced]
        return [{"role": "tool", "tool_call_id": id, "content": MISSING_RESULT_TEXT} for id in missing] + kept


def _as_user_content(id: Any, content: Any) -> Any:
    head = f"Result of the earlier tool call {id}:"
    if isinstance(content, list):
        return [{"type": "text", "text": head}, *content]
    text = content if isinstance(content, str) else msgspec.json.encode(content).decode() if content else ""
    return f"{head}\n{text}"
