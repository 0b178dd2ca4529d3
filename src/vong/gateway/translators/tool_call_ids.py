"""Ids of tool calls rewritten for APIs that accept only some forms of ids.

A conversation may contain calls of several models, each with its own form of ids. An id of an accepted form is sent
unchanged. Every other id, and an id that occurs twice, becomes a hash of itself, the same in a call and in its result.
"""

import hashlib
import re
from collections.abc import Mapping, Sequence
from typing import Any

BASE62 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
ANTHROPIC_ID_PATTERN = re.compile(r"[a-zA-Z0-9_-]{1,64}", re.ASCII)
"""Ids at Anthropic and Bedrock."""
MISTRAL_ID_PATTERN = re.compile(r"[a-zA-Z0-9]{9}", re.ASCII)
HASHED_ID_CHARS = 9
"""Length of a rewritten id. Letters and digits of this length are accepted by every API."""


def rewrite_tool_call_ids(messages: Sequence[dict[str, Any]], pattern: re.Pattern[str]) -> list[dict[str, Any]]:
    """Return the messages of a chat with tool call ids that match a pattern and occur once."""
    ids = _IdTable(pattern)
    result = list[dict[str, Any]]()
    for message in messages:
        if message.get("tool_calls"):
            calls = [{**call, "id": ids.add_call(call.get("id"))} for call in message["tool_calls"]]
            message = {**message, "tool_calls": calls}
        elif message["role"] == "tool":
            message = {**message, "tool_call_id": ids.find_call(message.get("tool_call_id"))}
        result.append(message)
    return result


def needs_rewriting(messages: Sequence[Mapping[str, Any]], pattern: re.Pattern[str]) -> bool:
    """Return True if any id of a tool call does not match a pattern, or occurs twice."""
    ids = [call.get("id") for message in messages for call in message.get("tool_calls") or []]
    return len(set(ids)) < len(ids) or any(not isinstance(id, str) or not pattern.fullmatch(id) for id in ids)


class _IdTable:
    """New ids of the calls of one conversation."""

    def __init__(self, pattern: re.Pattern[str]) -> None:
        self._pattern = pattern
        self._used = set[str]()
        self._unanswered: dict[str | None, list[str]] = {}
        self._latest: dict[str | None, str] = {}

    def add_call(self, id: str | None) -> str:
        """Return the new id of a call."""
        new_id, count = id or "", 0
        while new_id in self._used or not self._pattern.fullmatch(new_id):
            new_id = _hash_id(id or "", count)
            count += 1
        self._used.add(new_id)
        self._unanswered.setdefault(id, []).append(new_id)
        self._latest[id] = new_id
        return new_id

    def find_call(self, id: str | None) -> str:
        """Return the new id of the call that a result answers: the first without a result, else the latest.

        Raises: KeyError if the result has no id, and every call has a result.
        """
        unanswered = self._unanswered.get(id)
        if id is None and not unanswered:
            unanswered = next((ids for ids in self._unanswered.values() if ids), None)
            if unanswered is None:
                raise KeyError("tool_call_id")
        if unanswered:
            return unanswered.pop(0)
        if id in self._latest:
            return self._latest[id]
        return id if id and self._pattern.fullmatch(id) else _hash_id(id or "", 0)


def _hash_id(id: str, count: int) -> str:
    number = int.from_bytes(hashlib.sha256(f"{count}:{id}".encode()).digest())
    chars = list[str]()
    for _ in range(HASHED_ID_CHARS):
        number, digit = divmod(number, len(BASE62))
        chars.append(BASE62[digit])
    return "".join(chars)
