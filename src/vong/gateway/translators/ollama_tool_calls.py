"""Ids of tool calls in conversations of Ollama, whose clients often name the tool instead of its call."""

from typing import Any

import msgspec

from vong.errors import InvalidInput


class ToolCallNumbers:
    """Numbers of the tool calls of one conversation, which match results to calls."""

    def __init__(self) -> None:
        self._unanswered: list[tuple[str, str]] = []
        self._count = 0

    def number(self, call: dict[str, Any]) -> dict[str, Any]:
        """Return a tool call of an assistant's message as a chat has it, with an id.

        Raises: InvalidInput if the call names no function.
        """
        function = call.get("function")
        if not isinstance(function, dict) or not isinstance(function.get("name"), str):
            raise InvalidInput("a tool call names no function", "send function with name and arguments")
        self._count += 1
        id = str(call.get("id") or f"call_{self._count}")
        self._unanswered.append((id, function["name"]))
        arguments = function.get("arguments")
        text = arguments if isinstance(arguments, str) else msgspec.json.encode(arguments or {}).decode()
        return {"id": id, "type": "function", "function": {"name": function["name"], "arguments": text}}

    def match(self, id: Any, name: Any) -> str:
        """Return the id of the call that a result answers: that id, or the first unanswered call of the tool.

        A result without id and name answers the first unanswered call. Raises: InvalidInput if there is none.
        """
        known_ids = [known for known, _ in self._unanswered]
        tools = [tool for _, tool in self._unanswered]
        place = known_ids.index(id) if id in known_ids else tools.index(name) if name in tools else 0
        if not self._unanswered or (name and place == 0 and id not in known_ids and name not in tools):
            label = f" of {name!r}" if name else ""
            hint = "send it after the message with its tool_calls"
            raise InvalidInput(f"a message of the role 'tool'{label} answers no tool call", hint)
        return self._unanswered.pop(place)[0]
