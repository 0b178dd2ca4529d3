"""Tool calls of a message: read, compared as objects, and written as text for the scorers of texts."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from vong.evals.scorers.texts import NOT_JSON, compose, dump_json, parse_json
from vong.records import Message


class ToolCall(NamedTuple):
    """Call of a function. `arguments` is the decoded object, or the text if it is not JSON."""

    name: str
    arguments: Any

    @property
    def text(self) -> str:
        """Return the call as JSON with sorted keys. Equal arguments have equal texts."""
        return dump_json(canonical({"name": self.name, "arguments": self.arguments}))


def read_tool_calls(message: Message | None) -> list[ToolCall]:
    """Return the tool calls of a message, also those of the older field `function_call`."""
    if message is None:
        return []
    calls: list[dict[str, Any]] = list(message.tool_calls or [])
    legacy: Any = (message.model_extra or {}).get("function_call")
    if isinstance(legacy, dict):
        calls.append({"function": legacy})
    return [_read_call(call) for call in calls]


def render(message: Message | None) -> str:
    """Return the text of a message followed by its tool calls, one JSON object on each line, in sorted order.

    Parallel calls have no order, so that two messages with the same calls have the same text.
    """
    if message is None:
        return ""
    calls = sorted(call.text for call in read_tool_calls(message))
    return "\n".join(filter(None, [message.text, *calls]))


def _read_call(call: Mapping[str, Any]) -> ToolCall:
    named = call.get("function") or call.get("custom") or call
    function: Mapping[str, Any] = named if isinstance(named, dict) else {}
    arguments: Any = function.get("arguments", function.get("input"))
    if isinstance(arguments, str):
        parsed = parse_json(arguments) if arguments.strip() else {}
        arguments = arguments if parsed is NOT_JSON else parsed
    return ToolCall(str(function.get("name", "")), {} if arguments is None else arguments)


def canonical(value: Any) -> Any:
    """Return a value with composed texts, and whole numbers without a fraction."""
    if isinstance(value, dict):
        return {compose(key): canonical(item) for key, item in value.items()}
    if isinstance(value, list):
        items: list[Any] = value
        return [canonical(item) for item in items]
    if isinstance(value, str):
        return compose(value)
    return int(value) if isinstance(value, float) and value.is_integer() else value
