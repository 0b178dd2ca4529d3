"""What `echo` says to a chat: text, a call of one of the caller's tools, or JSON in the form that was asked for."""

import hashlib
import re
from typing import Any, NamedTuple

import msgspec

from vong.errors import InvalidInput
from vong.gateway.providers.embeddings import words
from vong.gateway.providers.schema_sampler import QUOTED, SchemaSampler
from vong.records import Message

SPOKEN = re.compile(r"\s*\S+|\s+$")


class EchoRequest(msgspec.Struct):
    """The fields of a chat that `echo` reads."""

    messages: list[dict[str, Any]]
    max_tokens: int | None = None
    max_completion_tokens: int | None = None
    n: int | None = None
    stop: str | list[str] | None = None
    tools: list[dict[str, Any]] | None = None
    tool_choice: str | dict[str, Any] | None = None
    response_format: dict[str, Any] | None = None


class EchoCompletion(NamedTuple):
    """`pieces` are the words of a text, or those of a tool's arguments where `tool` is that tool's name."""

    pieces: list[str]
    finish: str
    read: int
    """Words of the request."""
    tool: str | None = None
    choices: int = 1
    call: str = ""
    """The id of the tool's call."""

    @property
    def message(self) -> dict[str, Any]:
        """As the message of a choice."""
        said = "".join(self.pieces)
        if self.tool is None:
            return {"role": "assistant", "content": said}
        function = {"name": self.tool, "arguments": said}
        call = {"id": self.call, "type": "function", "function": function}
        return {"role": "assistant", "content": None, "tool_calls": [call]}

    @property
    def usage(self) -> dict[str, int]:
        """A word is a token."""
        made = len(self.pieces) * self.choices
        return {"prompt_tokens": self.read, "completion_tokens": made, "total_tokens": self.read + made}

    def deltas(self) -> list[dict[str, Any]]:
        """As the pieces of a stream, the first before any waiting."""
        if self.tool is None:
            return [{"role": "assistant", "content": ""}, *({"content": piece} for piece in self.pieces)]
        head = {"id": self.call, "type": "function", "function": {"name": self.tool, "arguments": ""}}
        return [
            {"role": "assistant", "content": None, "tool_calls": [{"index": 0, **head}]},
            *({"tool_calls": [{"index": 0, "function": {"arguments": piece}}]} for piece in self.pieces),
        ]


def answered(body: bytes) -> EchoCompletion:
    """The answer to a chat. InvalidInput where it cannot be read, or names a tool that is not there."""
    try:
        asked = msgspec.json.decode(body, type=EchoRequest)
        messages = [Message.model_validate(message) for message in asked.messages]
    except ValueError as error:
        raise InvalidInput(f"echo cannot read the messages: {error}", "send messages in OpenAI's shape") from error
    said = next((message.text for message in reversed(messages) if message.role in {"user", "tool"}), "")
    answering = not messages or messages[-1].role == "tool"
    tool = _tool(asked, said, answering)
    text = _called(tool, said) if tool else _formed(asked.response_format, said)
    finish = "tool_calls" if tool else "stop"
    if not tool:
        text = _stopped(text, asked.stop)
    spoken = SPOKEN.findall(text)
    limit = asked.max_completion_tokens or asked.max_tokens or len(spoken)
    return EchoCompletion(
        pieces=spoken[:limit],
        finish="length" if limit < len(spoken) else finish,
        read=words([message.text for message in messages]),
        tool=str(tool["name"]) if tool else None,
        choices=min(max(asked.n or 1, 1), 16),
        call=f"call_{hashlib.sha256(body).hexdigest()[:24]}",
    )


def _tool(asked: EchoRequest, said: str, answering: bool) -> dict[str, Any] | None:
    """The function that is called: the one that the caller names or insists on; else one whose name shares a word with
    the message, unless that is a tool's result.
    """
    functions = [tool["function"] for tool in asked.tools or () if isinstance(tool.get("function"), dict)]
    functions = [function for function in functions if isinstance(function.get("name"), str)]
    choice = asked.tool_choice
    if isinstance(choice, dict):
        name = (choice.get("function") or {}).get("name")
        found = next((function for function in functions if function["name"] == name), None)
        if found is None:
            raise InvalidInput(f"tool_choice names {name!r}, which is not among the tools", "name one that is")
        return found
    if choice == "none" or not functions or (answering and choice != "required"):
        return None
    spoken = set(re.findall(r"[^\W_]+", said.lower()))
    shared = [len(spoken & set(re.findall(r"[^\W_]+", function["name"].lower()))) for function in functions]
    best = shared.index(max(shared))
    return functions[best] if shared[best] or choice == "required" else None


def _called(function: dict[str, Any], said: str) -> str:
    schema: dict[str, Any] = function.get("parameters") or {}
    return _invented(said, {"type": "object", **schema})


def _formed(form: dict[str, Any] | None, said: str) -> str:
    """The text, or JSON in the form that was asked for: of a schema; or of whatever the message has in quotation marks
    as the keys.
    """
    kind = (form or {}).get("type", "text")
    if form is None or kind == "text":
        return said
    if kind == "json_schema":
        return _invented(said, (form.get("json_schema") or {}).get("schema") or {"type": "object"})
    names = [next(filter(None, found.groups())) for found in QUOTED.finditer(said)]
    return _json(dict.fromkeys(names or ["text"], said))


def _stopped(text: str, stop: str | list[str] | None) -> str:
    """The text before the first stop sequence in it."""
    sequences = [stop] if isinstance(stop, str) else stop or []
    ends = [text.find(sequence) for sequence in sequences if sequence and sequence in text]
    return text[: min(ends)] if ends else text


def _invented(said: str, schema: dict[str, Any]) -> str:
    try:
        return _json(SchemaSampler(said, schema).value())
    except (TypeError, ValueError, AttributeError) as error:
        raise InvalidInput(f"echo cannot read the schema: {error}", "send a JSON schema") from error


def _json(value: Any) -> str:
    return msgspec.json.format(msgspec.json.encode(value), indent=0).decode()
