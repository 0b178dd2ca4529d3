"""A tool call of another API's stream, sent as parts of a chat chunk."""

from typing import Any

import msgspec

from vong.gateway.translators.content import build_tool_call


class StreamedCall:
    """Tool call whose arguments arrive in pieces. A tool without parameters may get none, which means `{}`."""

    def __init__(self, index: int, arguments: Any = None) -> None:
        self._index = index
        self._default = arguments if isinstance(arguments, str) else msgspec.json.encode(arguments or {}).decode()
        self._has_arguments = False

    def start(self, id: str, name: str) -> dict[str, Any]:
        """Return the delta with id and name."""
        return {"tool_calls": [{"index": self._index, **build_tool_call(id, name, "")}]}

    def extend(self, arguments: str | None) -> list[dict[str, Any]]:
        """Return the deltas for a piece of the arguments."""
        if not arguments:
            return []
        self._has_arguments = self._has_arguments or bool(arguments.strip())
        return [{"tool_calls": [{"index": self._index, "function": {"arguments": arguments}}]}]

    def end(self, arguments: str | None = None) -> list[dict[str, Any]]:
        """Return the delta with the complete arguments if none arrived. Further calls return nothing."""
        return [] if self._has_arguments else self.extend(arguments or self._default or "{}")
