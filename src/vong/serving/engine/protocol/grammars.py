"""Grammars that constrain the output of a model, in the notation of llguidance, which both engines obey."""

import json
import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from vong.errors import InvalidInput
from vong.serving.engine import GenerationRequest
from vong.serving.engine.protocol.call_formats import ID_PLACEHOLDER, CallFormat
from vong.serving.engine.protocol.reasoning import ReasoningTags

JSON_OPTIONS = {"whitespace_flexible": False, "item_separator": ", ", "key_separator": ": "}
"""JSON as chat templates write it. Free white space would let a weak model write nothing else."""


class LarkWriter:
    """Writer of expressions in a grammar for llguidance. `special` maps the texts of special tokens to their ids.

    A special token must be written as its id. If `is_certain` is False, the tokens may also be ordinary ones, and each
    is written as its id or its text. `end_tokens` are ids that may follow the output, for an engine whose grammars
    know only one of the tokens that end it.
    """

    def __init__(self, special: dict[str, int], *, is_certain: bool = True, end_tokens: Sequence[int] = ()) -> None:
        self._special = special
        self._end_tokens = end_tokens
        self._is_certain = is_certain
        self._pattern = re.compile("|".join(map(re.escape, sorted(special, key=len, reverse=True))) or "(?!)")
        self._lines: list[str] = []

    def literal(self, text: str) -> str:
        """Return an expression for a text, which may contain special tokens."""
        parts, end = [], 0
        for match in self._pattern.finditer(text):
            parts += [_quote(text[end : match.start()]), self._token(match[0])]
            end = match.end()
        return " ".join(part for part in (*parts, _quote(text[end:])) if part)

    def _token(self, text: str) -> str:
        token = f"<[{self._special[text]}]>"
        return token if self._is_certain else f"( {token} | {_quote(text)} )"

    def call_id(self) -> str:
        """Return an expression for the id of a call."""
        return "/[a-zA-Z0-9]{9}/"

    def json(self, schema: dict[str, Any]) -> str:
        """Return an expression for JSON of a schema."""
        return self.rule("%json " + json.dumps({**schema, "x-guidance": JSON_OPTIONS}))

    def text_until(self, ending: str) -> str:
        """Return an expression for any text up to and including its first `ending`."""
        token = f"/(.|\\n)*/ <[{self._special[ending]}]>" if ending in self._special else None
        if token and self._is_certain:
            return token
        name = f"until_{len(self._lines)}"
        self._lines.append(f"{name}[lazy]: /(.|\\n)*/ {_quote(ending)}")
        return f"( {token} | {name} )" if token else name

    def any_text(self) -> str:
        """Return an expression for any text."""
        return "/(.|\\n)*/"

    def rule(self, expression: str) -> str:
        """Return the name of a new rule."""
        name = f"rule_{len(self._lines)}"
        self._lines.append(f"{name}: {expression}")
        return name

    def build(self, root: str) -> str:
        """Return the grammar."""
        if self._end_tokens:
            root = f"( {root} ) ( {' | '.join(f'<[{token}]>' for token in self._end_tokens)} )?"
        return "\n".join(["%llguidance {}", f"start: {root}", *self._lines, ""])


def write_calls(writer: LarkWriter, request: GenerationRequest, call_format: CallFormat) -> str:
    """Return an expression for the calls that a request allows, from the beginning of the format to its end."""
    tools = {tool["function"]["name"]: tool["function"] for tool in request.tools}
    called = [tools[name] for name in request.callable_tools]
    call = writer.rule(" | ".join(_write_call(writer, tool, call_format) for tool in called))
    parts = [_with_ids(writer, call_format.head), call]
    if call_format.between is not None and request.parallel_calls:
        parts.append(f"( {_with_ids(writer, call_format.between)} {call} )*")
    parts.append(_with_ids(writer, call_format.tail))
    return " ".join(part for part in parts if part)


def write_output(
    writer: LarkWriter,
    request: GenerationRequest,
    call_format: CallFormat | None = None,
    tags: ReasoningTags | None = None,
    *,
    is_reasoning: bool = False,
) -> str | None:
    """Return the grammar of the output that a request allows, or None if it allows any output.

    Without a required call, calls are constrained from their marker on. `is_reasoning` is True if the prompt ends with
    the opening tag of the reasoning.

    Raises: InvalidInput if the response format is invalid.
    """
    schema = output_schema(request.response_format)
    json_output = None if schema is None else writer.json(schema)
    if call_format is None or (not request.requires_call and not call_format.marker and json_output is None):
        output = json_output
    elif request.requires_call:
        output = write_calls(writer, request, call_format)
    elif json_output is not None:
        output = f"( {json_output} | {write_calls(writer, request, call_format)} )"
    else:
        rest = replace(call_format, head=call_format.head[len(call_format.marker) :])
        start, text = writer.text_until(call_format.marker), writer.any_text()
        return writer.build(f"{start} {write_calls(writer, request, rest)} | {text}")
    if output is None:
        return None
    return writer.build(f"{write_reasoning(writer, tags, is_open=is_reasoning)} {output}")


def write_reasoning(writer: LarkWriter, tags: ReasoningTags | None, *, is_open: bool) -> str:
    """Return an expression for the reasoning before an answer: required if it is open, else optional."""
    if tags is None:
        return ""
    rest = f"{writer.text_until(tags.closing)} {_line_breaks(writer)}"
    return rest if is_open else f"( {writer.literal(tags.opening)} {rest} )?"


def output_schema(response_format: dict[str, Any] | None) -> dict[str, Any] | None:
    """Return the JSON schema of a response format, or None if the output is plain text.

    Raises: InvalidInput if the format is unknown or has no schema.
    """
    kind = (response_format or {}).get("type", "text")
    if response_format is None or kind == "text":
        return None
    if kind == "json_object":
        schema = response_format.get("schema") or {"type": "object"}
    elif kind == "json_schema":
        schema = (response_format.get("json_schema") or {}).get("schema")
    else:
        raise InvalidInput(f"unknown response_format {kind!r}", "use json_schema, json_object or text")
    if not isinstance(schema, dict):
        raise InvalidInput("response_format: json_schema.schema is not a JSON schema", "send an object")
    return schema


def _write_call(writer: LarkWriter, tool: dict[str, Any], call_format: CallFormat) -> str:
    schema: dict[str, Any] = tool.get("parameters") or {"type": "object", "properties": {}}
    beginning = f"{writer.literal(tool['name'])} {_with_ids(writer, call_format.after_name)}"
    if call_format.tags is None:
        return f"{beginning} {writer.json(schema)}"
    tags, required = call_format.tags, schema.get("required") or ()
    properties: dict[str, Any] = schema.get("properties") or {}
    parts: list[str] = []
    for key, value in properties.items():
        part = (
            f"{writer.literal(tags.key_opening + key + tags.key_closing)} {_write_value(writer, value, tags, schema)}"
        )
        parts.append(part if key in required else f"( {part} )?")
    return " ".join([beginning, *parts])


def _write_value(writer: LarkWriter, value: Any, tags: Any, schema: dict[str, Any]) -> str:
    definition = value if isinstance(value, dict) else {}
    if definition.get("type") == "string" and isinstance(definition.get("enum"), list):
        choices = " | ".join(writer.literal(str(choice)) for choice in definition["enum"])
        return f"( {choices} ) {writer.literal(tags.value_closing)}"
    if definition.get("type") == "string":
        return writer.text_until(tags.value_closing)
    if "$defs" in schema:
        definition = {**definition, "$defs": schema["$defs"]}
    return f"{writer.json(definition)} {writer.literal(tags.value_closing)}"


def _with_ids(writer: LarkWriter, text: str) -> str:
    parts: list[str] = []
    for number, part in enumerate(text.split(ID_PLACEHOLDER)):
        parts += [writer.call_id()] if number else []
        parts += [writer.literal(part)] if part else []
    return " ".join(parts)


def _line_breaks(writer: LarkWriter) -> str:
    return f"( {writer.literal(chr(10))} ( {writer.literal(chr(10))} )? )?"


def _quote(text: str) -> str:
    return json.dumps(text, ensure_ascii=False) if text else ""


def choice_grammar(choices: Sequence[str]) -> str:
    """Return the GBNF grammar of one of several texts."""
    return "root ::= " + " | ".join(map(_quote, choices))
