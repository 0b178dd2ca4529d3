"""Choices of a completion, built up from the deltas of a stream.

Every field is kept, also those that Vong does not know, so that a cached stream can be returned as a whole response.
"""

from collections.abc import Mapping
from typing import Any

from vong.gateway.translators.chat_variants import REASONING_PARTS, content_text, list_calls
from vong.gateway.translators.content import build_tool_call, merge_reasoning
from vong.gateway.translators.tool_call_tracker import ToolCallTracker

IDENTITY_FIELDS = frozenset({"role", "type", "id", "name", "format", "index", "object", "status", "signature"})
"""Fields whose texts are values, not pieces of a text."""
CALL_FIELDS = frozenset({"tool_calls", "function_call"})
MAX_UNMERGED_DETAILS = 256
"""Number of reasoning details above which they are merged, to bound the memory of a stream."""


def merge_fields(target: dict[str, Any], update: Mapping[str, Any], *, appends: bool) -> None:
    """Merge an object of a stream into the object so far.

    With `appends`, texts are pieces of a text and lists are parts of a list; otherwise the last value counts. Nulls
    change nothing.
    """
    for name, value in update.items():
        current = target.get(name)
        if value is None:
            continue
        if isinstance(value, dict) and isinstance(current, dict):
            merge_fields(current, value, appends=appends)
        elif appends and isinstance(value, list) and isinstance(current, list):
            _merge_items(current, value)
        elif appends and isinstance(value, str) and isinstance(current, str) and name not in IDENTITY_FIELDS:
            target[name] = current + value
        elif isinstance(value, dict):
            target[name] = {}
            merge_fields(target[name], value, appends=appends)
        else:
            target[name] = list(value) if isinstance(value, list) else value


def has_content(value: Any) -> bool:
    """Return True if a delta, or a value in it, contains anything that the model said."""
    if isinstance(value, dict):
        return any(name not in IDENTITY_FIELDS and has_content(item) for name, item in value.items())
    if isinstance(value, list):
        return any(has_content(item) or isinstance(item, int | float) for item in value)
    return isinstance(value, str) and bool(value)


class ChoiceBuilder:
    """One choice of a completion, built up from deltas."""

    def __init__(self) -> None:
        self.finish_reason: str | None = None
        self._role = "assistant"
        self._texts: dict[str, list[str]] = {}
        self._parts: list[dict[str, Any]] = []
        """Parts of a content that is a list, before the text in `_texts`."""
        self._tracker = ToolCallTracker()
        self._details: list[dict[str, Any]] = []
        self._message_fields: dict[str, Any] = {}
        self._choice_fields: dict[str, Any] = {}

    @property
    def has_calls(self) -> bool:
        """Return True if the choice contains a tool call."""
        return bool(self._tracker.calls)

    @property
    def text(self) -> str:
        """Return the text so far, without reasoning."""
        return content_text(self._content() or "")

    def add_text(self, name: str, text: str) -> None:
        """Add a piece of a text field of the message."""
        pieces = self._texts.get(name)
        if pieces is None:
            self._texts[name] = [text]
        else:
            pieces.append(text)

    def extend_call(self, index: int, arguments: str) -> bool:
        """Add a piece of the arguments of a call by its index; return False if no call has it."""
        return self._tracker.extend(index, arguments)

    def add_delta(self, delta: Mapping[str, Any]) -> bool:
        """Add a delta and return True if the model said something in it."""
        calls = list_calls(delta)
        for name, value in delta.items():
            if value is None or name in CALL_FIELDS:
                continue
            if name == "role":
                self._role = value if isinstance(value, str) and value else self._role
            elif name == "reasoning_details" and isinstance(value, list):
                self._add_details(value)
            elif name == "content" and not isinstance(value, str):
                self._add_parts(value if isinstance(value, list) else [value])
            elif isinstance(value, str) and name not in IDENTITY_FIELDS:
                if value or name == "content":
                    self.add_text(name, value)
            else:
                merge_fields(self._message_fields, {name: value}, appends=True)
        self._tracker.feed(calls)
        return bool(calls) or has_content(delta)

    def add_choice_fields(self, choice: Mapping[str, Any]) -> None:
        """Add the fields of a choice beside its delta: log-probabilities, and those that Vong does not know."""
        for name, value in choice.items():
            if name not in {"index", "delta", "message", "finish_reason", "usage"} and value is not None:
                appends = isinstance(value, dict | list)
                merge_fields(self._choice_fields, {name: value}, appends=appends)

    def to_choice(self, index: int) -> dict[str, Any]:
        """Return the message as a choice of a completion."""
        message: dict[str, Any] = {"role": self._role, "content": self._content()}
        message.update({name: "".join(parts) for name, parts in self._texts.items() if name != "content"})
        message.update(self._message_fields)
        if self._details:
            self._details = merge_reasoning(self._details)
            message["reasoning_details"] = self._details
        if self._tracker.calls:
            calls = sorted(self._tracker.calls, key=lambda call: call.index)
            message["tool_calls"] = [
                {**build_tool_call(call.id or "", call.name, call.arguments), "id": call.id, **call.others}
                for call in calls
            ]
        return {"index": index, "message": message, "finish_reason": self.finish_reason, **self._choice_fields}

    def _content(self) -> Any:
        text = "".join(self._texts.get("content", ()))
        if not self._parts:
            return text if "content" in self._texts and text else None
        return [*self._parts, {"type": "text", "text": text}] if text else self._parts

    def _add_details(self, details: list[Any]) -> None:
        self._details += [detail for detail in details if isinstance(detail, dict)]
        if len(self._details) > MAX_UNMERGED_DETAILS:
            self._details = merge_reasoning(self._details)

    def _add_parts(self, parts: list[Any]) -> None:
        """Add parts of a content that is a list. Pieces of a text become one part."""
        for part in parts:
            if isinstance(part, str) or (isinstance(part, dict) and set(part) <= {"type", "text"}):
                self.add_text("content", content_text([part]))
                continue
            if text := "".join(self._texts.pop("content", ())):
                self._parts.append({"type": "text", "text": text})
            last = self._parts[-1] if self._parts else None
            if (
                isinstance(part, dict)
                and last
                and part.get("type") in REASONING_PARTS
                and part["type"] == last.get("type")
            ):
                merge_fields(last, part, appends=True)
            elif isinstance(part, dict):
                self._parts.append({})
                merge_fields(self._parts[-1], part, appends=True)


def _merge_items(target: list[Any], items: list[Any]) -> None:
    """Merge the items of a list: by their index if they have one; the pieces of a text become one item."""
    for item in items:
        index = item.get("index") if isinstance(item, dict) else None
        same = next((other for other in target if isinstance(other, dict) and other.get("index") == index), None)
        last = target[-1] if target else None
        if index is not None and same is not None:
            merge_fields(same, item, appends=True)
        elif last is not None and _is_text_part(item) and _is_text_part(last):
            last["text"] += item["text"]
        else:
            target.append(item)


def _is_text_part(item: Any) -> bool:
    return isinstance(item, dict) and set(item) == {"type", "text"} and isinstance(item["text"], str)
