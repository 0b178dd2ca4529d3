"""Parser of the output of a model: reasoning, text and tool calls, as they arrive."""

import json
import re
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import aclosing
from dataclasses import replace
from importlib import import_module
from typing import Any

from vong.serving.engine import GenerationChunk, ToolCallDelta
from vong.serving.engine.protocol.call_formats import CallFormat, loose_pattern
from vong.serving.engine.protocol.reasoning import DEFAULT_TAGS, ReasoningSplitter, ReasoningTags, held_back_length

NAME_PATTERN = r"(?P<name>[\w.:/-]+?)"
NAME_KEYS = ("name", "tool_name", "function")
ARGUMENT_KEYS = ("arguments", "parameters", "args")


async def parse_output(
    chunks: AsyncGenerator[GenerationChunk],
    tags: ReasoningTags | None = None,
    calls: "CallParser | None" = None,
    *,
    is_reasoning: bool = False,
) -> AsyncGenerator[GenerationChunk]:
    """Yield the chunks of an answer with reasoning and tool calls apart from the text.

    `is_reasoning` is True if the prompt ends with the opening tag of the reasoning.
    """
    splitter = ReasoningSplitter(tags or DEFAULT_TAGS, is_open=is_reasoning)
    async with aclosing(chunks):
        async for chunk in chunks:
            reasoning, text = splitter.add(chunk.text, is_last=chunk.finish is not None)
            deltas: Sequence[ToolCallDelta] = ()
            finish = chunk.finish
            if calls is not None:
                text, deltas = calls.add(text, is_last=finish is not None)
                if finish == "stop" and calls.count:
                    finish = "tool_calls"
            if text or reasoning or deltas or chunk.logprobs or finish:
                yield replace(chunk, text=text, reasoning=reasoning, tool_calls=tuple(deltas), finish=finish)


class CallParser:
    """Parser of the calls in a streamed text. The arguments of a call are returned as they arrive.

    Text that looks like a call but is none stays text.
    """

    def __init__(self, call_format: CallFormat, tools: Sequence[Mapping[str, Any]] = ()) -> None:
        self._format = call_format
        self._schemas = {tool["function"]["name"]: tool["function"].get("parameters") or {} for tool in tools}
        self._marker = call_format.marker
        regex: Any = import_module("regex")
        ending = r"(?=\{)" if call_format.tags is None else ""
        after_name = loose_pattern(call_format.after_name) + ending
        self._first = regex.compile(loose_pattern(call_format.head) + NAME_PATTERN + after_name)
        between = call_format.between
        self._next = None if between is None else regex.compile(loose_pattern(between) + NAME_PATTERN + after_name)
        self._tail = regex.compile(loose_pattern(call_format.tail))
        self._pending = ""
        self._state = self._read_text
        self._scanner = _JsonScanner()
        self._is_start = True
        self.count = 0

    def add(self, text: str, *, is_last: bool = False) -> tuple[str, list[ToolCallDelta]]:
        """Add output and return the text and the parts of calls that are complete now."""
        self._pending += text
        content, deltas = "", list[ToolCallDelta]()
        while True:
            state, before = self._state, self._pending
            content += state(deltas, is_last)
            if self._state == state and self._pending == before:
                break
        return content, deltas

    def _read_text(self, deltas: list[ToolCallDelta], is_last: bool) -> str:
        del deltas
        text, self._pending = self._pending, ""
        if not self._marker:
            return self._read_beginning(text, is_last=is_last)
        if (position := text.find(self._marker)) >= 0:
            visible = text[:position].rstrip()
            self._state, self._pending = self._read_first, text[len(visible) :]
            return visible
        if is_last:
            return "" if self.count and not text.strip() else text
        # White space before a call is no text of the answer.
        visible = text[: len(text) - held_back_length(text, self._marker)].rstrip()
        self._pending = text[len(visible) :]
        return visible

    def _read_beginning(self, text: str, *, is_last: bool) -> str:
        """Read text in a format whose calls start the answer."""
        beginning = text.lstrip()
        if not self._is_start or is_last:
            return "" if self.count and not beginning else text
        if beginning.startswith(self._format.head[:1]):
            self._state, self._pending = self._read_first, text
            return ""
        if not beginning:
            self._pending = text
            return ""
        self._is_start = False
        return text

    def _read_first(self, deltas: list[ToolCallDelta], is_last: bool) -> str:
        return self._read_start(self._first, deltas, is_last)

    def _read_start(self, pattern: Any, deltas: list[ToolCallDelta], is_last: bool) -> str:
        """Read the text before the arguments of a call."""
        if self._format.tags is not None:
            self._state = self._read_whole
            return ""
        match = pattern.match(self._pending, partial=True)
        if match is None or (match.partial and is_last) or (not match.partial and not self._is_known(match["name"])):
            self._state = self._read_whole
        elif not match.partial:
            deltas.append(ToolCallDelta(self.count, match["name"]))
            self._pending = self._pending[match.end() :]
            self._scanner = _JsonScanner()
            self._state = self._read_arguments
        return ""

    def _is_known(self, name: str) -> bool:
        return not self._schemas or name in self._schemas

    def _read_arguments(self, deltas: list[ToolCallDelta], is_last: bool) -> str:
        end = self._scanner.scan(self._pending)
        if end:
            deltas.append(ToolCallDelta(self.count, None, self._pending[:end]))
            self._pending = self._pending[end:]
        if self._scanner.is_complete or (is_last and not self._pending):
            self.count += 1
            self._state = self._read_end
        return ""

    def _read_end(self, deltas: list[ToolCallDelta], is_last: bool) -> str:
        """Read the text after a call: the next call, the end of the calls, or text."""
        if self._next is not None:
            match = self._next.match(self._pending, partial=True)
            if match is not None and not match.partial and self._is_known(match["name"]):
                return self._read_start(self._next, deltas, is_last)
        else:
            match = None
        tail = self._tail.match(self._pending, partial=True)
        if not is_last and ((match is not None and match.partial) or (tail is not None and tail.partial)):
            return ""
        if tail is not None and (is_last or not tail.partial):
            self._pending = self._pending[tail.end() :]
        else:
            self._pending = self._pending.lstrip(" \n}]")
        self._state = self._read_text
        self._is_start = False
        return ""

    def _read_whole(self, deltas: list[ToolCallDelta], is_last: bool) -> str:
        """Read calls whose arguments are in tags, or whose JSON has another form than the template's."""
        closing = _last_tag(self._format.tail)
        position = self._pending.find(closing) if closing else -1
        if position < 0 and not is_last:
            return ""
        end = position + len(closing) if position >= 0 else len(self._pending)
        whole, self._pending = self._pending[:end], self._pending[end:]
        self._state, self._is_start = self._read_text, False
        calls = _parse_tagged(whole, self._format, self._schemas) if self._format.tags else parse_json_calls(whole)
        if not calls or not all(self._is_known(name) for name, _ in calls):
            end = whole.find(self._marker) + len(self._marker)  # so that the marker is not found again
            self._pending = whole[end:] + self._pending
            return whole[:end]
        for name, arguments in calls:
            deltas.append(ToolCallDelta(self.count, name, arguments))
            self.count += 1
        return ""


class _JsonScanner:
    """Scanner of a streamed JSON object that finds its end."""

    def __init__(self) -> None:
        self._depth = 0
        self._in_string = self._is_escaped = False
        self.is_complete = False

    def scan(self, text: str) -> int:
        """Return the number of characters of a text that belong to the object."""
        for position, character in enumerate(text):
            if self._in_string:
                self._in_string = self._is_escaped or character != '"'
                self._is_escaped = character == "\\" and not self._is_escaped
            elif character == '"':
                self._in_string = True
            elif character in "{[":
                self._depth += 1
            elif character in "}]":
                self._depth -= 1
                if self._depth == 0:
                    self.is_complete = True
                    return position + 1
        return len(text)


def parse_json_calls(text: str) -> list[tuple[str, str]]:
    """Return the names and arguments of all calls in a text: JSON objects with fields in any order."""
    found: list[tuple[str, str]] = []
    position = 0
    while (match := re.search(r"[\[{]", text[position:])) is not None:
        position += match.start()
        try:
            value, position = json.JSONDecoder().raw_decode(text, position)
        except (ValueError, RecursionError):
            position += 1
            continue
        found += filter(None, map(_read_call, value if isinstance(value, list) else [value]))
    return found


def _read_call(value: Any) -> tuple[str, str] | None:
    if not isinstance(value, dict):
        return None
    if isinstance(value.get("function"), dict):
        value = value["function"]
    name = next((value[key] for key in NAME_KEYS if isinstance(value.get(key), str)), None)
    arguments = next((value[key] for key in ARGUMENT_KEYS if key in value), None)
    if name is None or not isinstance(arguments, dict | str | None):
        return None
    if isinstance(arguments, str):
        return name, arguments or "{}"
    return name, json.dumps(arguments or {}, ensure_ascii=False)


def _parse_tagged(text: str, call_format: CallFormat, schemas: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Return the call whose arguments are in tags."""
    tags = call_format.tags
    opening = re.match(loose_pattern(call_format.head) + NAME_PATTERN + r"(?=[^\w.:/-]|$)", text)
    if opening is None or tags is None:
        return []
    name = opening["name"]
    properties = schemas.get(name, {}).get("properties") or {}
    key_opening, value_closing = loose_pattern(tags.key_opening), re.escape(tags.value_closing.strip())
    # The white space around a value is that of the format and not part of the value.
    before, after = (re.escape(part) for part in _value_margins(tags))
    pattern = rf"{key_opening}(\S+?){re.escape(tags.key_closing.rstrip())}(?:{before})?(.*?)(?:{after})?{value_closing}"
    arguments = {key: _convert_value(value, properties.get(key)) for key, value in re.findall(pattern, text, re.DOTALL)}
    return [(name, json.dumps(arguments, ensure_ascii=False))]


def _value_margins(tags: Any) -> tuple[str, str]:
    closing, ending = tags.key_closing, tags.value_closing
    return closing[len(closing.rstrip()) :], ending[: len(ending) - len(ending.lstrip())]


def _convert_value(value: str, schema: Any) -> Any:
    """Return a value of the type that its schema names. Text that is not JSON stays text."""
    if isinstance(schema, dict) and schema.get("type") == "string":
        return value
    try:
        return json.loads(value)
    except (ValueError, RecursionError):
        return value


def _last_tag(text: str) -> str:
    tags = re.findall(r"<[^<>\s]+>|\[/?[A-Z_]+\]", text)
    return tags[-1] if tags else ""
