"""Identity of streamed tool calls.

OpenAI numbers the calls of a stream by `index` and sends id and name with the first part of each. Other servers send
the same index for every call, no index, no id, a new id with every part, or repeat the name in every part. A part is
assigned by its id, then by its index, then by its order.
"""

from collections.abc import Iterable
from typing import Any, NamedTuple

import msgspec

from vong.gateway.translators.chat_variants import CallParts, read_call

PART_FIELDS = frozenset({"index", "id", "type", "function", "custom", "name", "arguments"})
"""Fields of a part that the tracker reads."""


class TrackedCall:
    """One tool call of a stream, as far as it has arrived."""

    __slots__ = ("_pieces", "id", "index", "name", "others")

    def __init__(self, index: int) -> None:
        self.index = index
        """Index that no other call of the message has."""
        self.id: str | None = None
        self.name = ""
        self.others: dict[str, Any] = {}
        """Further fields of the call."""
        self._pieces: list[str] = []

    @property
    def arguments(self) -> str:
        """Return the arguments so far."""
        if len(self._pieces) > 1:
            self._pieces = ["".join(self._pieces)]
        return self._pieces[0] if self._pieces else ""

    @property
    def is_complete(self) -> bool:
        """Return True if the arguments are a complete JSON object."""
        return is_json_object(self.arguments)

    def add(self, id: str | None, parts: CallParts) -> None:
        """Add a part. A name that follows another one before any arguments continues it."""
        self.id = self.id or id
        if parts.name and parts.name != self.name and not (self.name and self._pieces):
            self.name += parts.name
        if parts.arguments:
            self._pieces.append(parts.arguments)


class AssignedPart(NamedTuple):
    """A part of a delta and the call that it belongs to."""

    call: TrackedCall
    part: dict[str, Any]
    arguments: str


class ToolCallTracker:
    """Tool calls of one streamed message. `calls` are in the order of their first parts."""

    def __init__(self) -> None:
        self.calls: list[TrackedCall] = []
        self._by_id: dict[str, TrackedCall] = {}
        self._by_index: dict[int, TrackedCall] = {}
        self._last_group: list[TrackedCall] = []

    def feed(self, parts: Iterable[Any]) -> list[AssignedPart]:
        """Assign the parts of one delta to their calls and add them."""
        items = [part for part in parts if isinstance(part, dict)]
        assigned = list[AssignedPart]()
        for slot, part in enumerate(items):
            fields, id, index = read_call(part), _read_id(part), _read_index(part)
            touched = [item.call for item in assigned]
            call = self._find_call(id, index, fields, touched, slot if len(items) > 1 else None)
            call = call or self._add_call(index)
            if index is not None:
                self._by_index[index] = call
            call.add(id, fields)
            if id:
                self._by_id[id] = call
            call.others.update({name: value for name, value in part.items() if name not in PART_FIELDS and value})
            assigned.append(AssignedPart(call, part, fields.arguments))
        if assigned:
            self._last_group = [item.call for item in assigned]
        return assigned

    def extend(self, index: int, arguments: str) -> bool:
        """Add arguments to the call with an index of the server, as `feed` does for a part with nothing else.

        Return False if there is no such call.
        """
        call = self._by_index.get(index)
        if call is None:
            return False
        call.add(None, CallParts("", arguments))
        self._last_group = [call]
        return True

    def _find_call(
        self, id: str | None, index: int | None, parts: CallParts, touched: list[TrackedCall], slot: int | None
    ) -> TrackedCall | None:
        """Return the call that a part continues, or None if it begins a new one."""
        named = self._by_id.get(id) if id else None
        if named is not None:
            indexed = self._by_index.get(index) if index is not None else None
            named = indexed if indexed is not None and indexed.id == id else named
            is_other = index is not None and index not in self._by_index and bool(parts.name and named.name)
            return None if is_other or self._is_repeated_head(named, parts) else named
        candidate = self._by_index.get(index) if index is not None else self._next_in_order(slot)
        if candidate is None or (index is None and candidate in touched):
            return None
        if id and candidate.id:
            # A new id begins a new call, except from servers that send a new id with every part.
            continues = not parts.name or (parts.name == candidate.name and _is_partial(candidate))
            return candidate if continues and candidate.name else None
        return None if self._begins_new(candidate, parts) else candidate

    def _next_in_order(self, slot: int | None) -> TrackedCall | None:
        """Return the call that a part without id and index continues: the last one, or the one at the same place."""
        if slot is not None and slot < len(self._last_group) > 1:
            return self._last_group[slot]
        return self.calls[-1] if self.calls else None

    @staticmethod
    def _is_repeated_head(call: TrackedCall, parts: CallParts) -> bool:
        """Return True if a part repeats the id of a complete call with a name and arguments of its own."""
        return bool(parts.name and parts.arguments) and call.is_complete

    @staticmethod
    def _begins_new(call: TrackedCall, parts: CallParts) -> bool:
        if not parts.name or not call.name:
            return False
        if not call.arguments:
            return parts.name != call.name and bool(parts.arguments)
        return parts.name != call.name or (bool(parts.arguments) and call.is_complete)

    def _add_call(self, index: int | None) -> TrackedCall:
        used = {call.index for call in self.calls}
        own = max(used, default=-1) + 1 if index is None or index in used else index
        call = TrackedCall(own)
        self.calls.append(call)
        if index is None:
            self._by_index.setdefault(own, call)
        return call


def is_json_object(text: str) -> bool:
    """Return True if a text is a complete JSON object."""
    if not text.rstrip().endswith("}"):
        return False
    try:
        return isinstance(msgspec.json.decode(text), dict)
    except (msgspec.DecodeError, RecursionError):
        return False


def _is_partial(call: TrackedCall) -> bool:
    return bool(call.arguments) and not call.is_complete


def _read_id(part: dict[str, Any]) -> str | None:
    id = part.get("id")
    return id if isinstance(id, str) and id else None


def _read_index(part: dict[str, Any]) -> int | None:
    index = part.get("index")
    if isinstance(index, str) and index.isdecimal():
        return int(index)
    if isinstance(index, float) and index.is_integer():
        return int(index)
    return index if isinstance(index, int) and not isinstance(index, bool) else None
