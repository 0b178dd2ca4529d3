"""Completion of `echo` for a chat: text, a tool call, or JSON in the requested format."""

import hashlib
import re
from typing import Any, NamedTuple

import msgspec

from vong.errors import InvalidInput
from vong.gateway.providers.embeddings import count_words
from vong.gateway.providers.schema_sampler import QUOTED_PATTERN, SchemaSampler
from vong.records import Message

WORD_PATTERN = re.compile(r"\s*\S+|\s+$")


class EchoRequest(msgspec.Struct):
    """Fields of a chat request that `echo` reads."""

    messages: list[dict[str, Any]]
    max_tokens: int | float | None = None
    max_completion_tokens: int | float | None = None
    n: int | float | None = None
    stop: str | list[str] | None = None
    tools: list[dict[str, Any]] | None = None
    tool_choice: str | dict[str, Any] | None = None
    response_format: dict[str, Any] | None = None


class EchoCompletion(NamedTuple):
    """Completion of `echo`: `pieces` are words of the text, or of the tool arguments if `tool` is set."""

    pieces: list[str]
    finish_reason: str
    input_words: int
    """Number of words in the request."""
    tool: str | None = None
    choices: int = 1
    call_id: str = ""
    """Id of the tool call."""

    @property
    def message(self) -> dict[str, Any]:
        """Return the completion as the message of a choice."""
        text = "".join(self.pieces)
        if self.tool is None:
            return {"role": "assistant", "content": text}
        function = {"name": self.tool, "arguments": text}
        call = {"id": self.call_id, "type": "function", "function": function}
        return {"role": "assistant", "content": None, "tool_calls": [call]}

    @property
    def usage(self) -> dict[str, int]:
        """Return the usage; a word counts as a token."""
        output_words = len(self.pieces) * self.choices
        return {
            "prompt_tokens": self.input_words,
            "completion_tokens": output_words,
            "total_tokens": self.input_words + output_words,
        }

    def deltas(self) -> list[dict[str, Any]]:
        """Return the deltas of a stream; the first is sent without delay."""
        if self.tool is None:
            return [{"role": "assistant", "content": ""}, *({"content": piece} for piece in self.pieces)]
        head = {"id": self.call_id, "type": "function", "function": {"name": self.tool, "arguments": ""}}
        return [
            {"role": "assistant", "content": None, "tool_calls": [{"index": 0, **head}]},
            *({"tool_calls": [{"index": 0, "function": {"arguments": piece}}]} for piece in self.pieces),
        ]


def complete_chat(body: bytes) -> EchoCompletion:
    """Return the completion of a chat.

    Raises: InvalidInput if the request is malformed, or names a tool that does not exist.
    """
    try:
        request = msgspec.json.decode(body, type=EchoRequest)
        messages = [Message.model_validate(message) for message in request.messages]
    except ValueError as error:
        raise InvalidInput(f"invalid messages: {error}", "send messages in OpenAI's format") from error
    last_message = next((message.text for message in reversed(messages) if message.role in {"user", "tool"}), "")
    is_tool_result = not messages or messages[-1].role == "tool"
    tool = _choose_tool(request, last_message, is_tool_result)
    text = _tool_arguments(tool, last_message) if tool else _format_text(request.response_format, last_message)
    finish = "tool_calls" if tool else "stop"
    if not tool:
        text = _cut_at_stop(text, request.stop)
    all_words = WORD_PATTERN.findall(text)
    limit = int(request.max_completion_tokens or request.max_tokens or 0)
    limit = limit if limit > 0 else len(all_words)
    return EchoCompletion(
        pieces=all_words[:limit],
        finish_reason="length" if limit < len(all_words) else finish,
        input_words=count_words([message.text for message in messages]),
        tool=str(tool["name"]) if tool else None,
        choices=min(max(int(request.n or 1), 1), 16),
        call_id=f"call_{hashlib.sha256(body).hexdigest()[:24]}",
    )


def _choose_tool(request: EchoRequest, message: str, is_tool_result: bool) -> dict[str, Any] | None:
    """Choose the function to call, or None.

    The function that the caller names or requires comes first; otherwise one whose name shares a word with the message,
    unless the message is a tool's result.
    """
    functions = [tool["function"] for tool in request.tools or () if isinstance(tool.get("function"), dict)]
    functions = [function for function in functions if isinstance(function.get("name"), str)]
    choice = request.tool_choice
    if isinstance(choice, dict):
        name = (choice.get("function") or {}).get("name")
        named = next((function for function in functions if function["name"] == name), None)
        if named is None:
            raise InvalidInput(f"tool_choice names {name!r}, which is not in tools", "use a name from tools")
        return named
    if choice == "none" or not functions or (is_tool_result and choice != "required"):
        return None
    message_words = set(re.findall(r"[^\W_]+", message.lower()))
    matches = [len(message_words & set(re.findall(r"[^\W_]+", function["name"].lower()))) for function in functions]
    best = matches.index(max(matches))
    return functions[best] if matches[best] or choice == "required" else None


def _tool_arguments(function: dict[str, Any], message: str) -> str:
    schema: dict[str, Any] = function.get("parameters") or {}
    return _sample_json(message, {"type": "object", **schema})


def _format_text(response_format: dict[str, Any] | None, message: str) -> str:
    """Return the text, or JSON in the requested format.

    The JSON follows the schema if there is one; otherwise the quoted texts of the message are its keys.
    """
    kind = (response_format or {}).get("type", "text")
    if response_format is None or kind == "text":
        return message
    if kind == "json_schema":
        return _sample_json(message, (response_format.get("json_schema") or {}).get("schema") or {"type": "object"})
    names = [next(filter(None, match.groups())) for match in QUOTED_PATTERN.finditer(message)]
    return _encode_json(dict.fromkeys(names or ["text"], message))


def _cut_at_stop(text: str, stop: str | list[str] | None) -> str:
    """Return the text before the first stop sequence in it."""
    sequences = [stop] if isinstance(stop, str) else stop or []
    ends = [text.find(sequence) for sequence in sequences if sequence and sequence in text]
    return text[: min(ends)] if ends else text


def _sample_json(message: str, schema: dict[str, Any]) -> str:
    try:
        return _encode_json(SchemaSampler(message, schema).sample())
    except (TypeError, ValueError, AttributeError) as error:
        raise InvalidInput(f"invalid schema: {error}", "send a JSON schema") from error


def _encode_json(value: Any) -> str:
    return msgspec.json.format(msgspec.json.encode(value), indent=0).decode()
