"""Chat completions and embeddings as responses of Ollama's API, complete or as lines of JSON."""

import time
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, NamedTuple

import msgspec

from vong.errors import UpstreamFailed
from vong.gateway.translators.json_lines import encode_json_line

DONE_REASONS = {"length": "length", "content_filter": "content_filter"}
"""Reasons for the end of an answer. Every other reason is `stop`."""
NANOSECONDS = 1_000_000_000


class OllamaCall(NamedTuple):
    """Call of Ollama's API that is answered: the requested model, and the start by `time.perf_counter`.

    `is_chat` selects the form of `/api/chat`, else that of `/api/generate`. `shows_thinking` is false if the caller
    asked for no reasoning.
    """

    model: str
    is_chat: bool
    shows_thinking: bool
    started: float

    def part(self, content: str, thinking: str = "", calls: list[dict[str, Any]] | None = None) -> dict[str, Any]:
        """Return an object with a part of the answer, or all of it."""
        thought = {"thinking": thinking} if thinking and self.shows_thinking else {}
        head = {"model": self.model, "created_at": format_now()}
        if not self.is_chat:
            return {**head, "response": content, **thought}
        message = {"role": "assistant", "content": content, **thought}
        return {**head, "message": {**message, "tool_calls": calls} if calls else message}

    def end(self, reason: str, usage: Mapping[str, Any], first_token: float | None) -> dict[str, Any]:
        """Return the fields that end an answer: the reason, durations in nanoseconds and token counts."""
        now = time.perf_counter()
        split = self.started if first_token is None else first_token
        return {
            "done": True,
            "done_reason": DONE_REASONS.get(reason, "stop"),
            "total_duration": int((now - self.started) * NANOSECONDS),
            "load_duration": 0,
            "prompt_eval_count": usage.get("prompt_tokens") or 0,
            "prompt_eval_duration": int((split - self.started) * NANOSECONDS),
            "eval_count": usage.get("completion_tokens") or 0,
            "eval_duration": int((now - split) * NANOSECONDS),
        }


def to_ollama_response(completion: Mapping[str, Any], call: OllamaCall) -> dict[str, Any]:
    """Translate the first choice of a chat completion.

    Raises: UpstreamFailed if the arguments of a tool call are not a JSON object.
    """
    choice = completion["choices"][0]
    message = choice["message"]
    content = (message.get("content") or "") + (message.get("refusal") or "")
    calls = [_to_tool_call(item, index) for index, item in enumerate(message.get("tool_calls") or ())]
    part = call.part(content, message.get("reasoning_content") or "", calls)
    logprobs = _to_logprobs(choice)
    return {**part, **logprobs, **call.end(str(choice.get("finish_reason")), completion.get("usage") or {}, None)}


def to_ollama_embeddings(response: Mapping[str, Any], model: str, started: float) -> dict[str, Any]:
    """Translate an embeddings response to that of `/api/embed`."""
    return {
        "model": model,
        "embeddings": [item["embedding"] for item in response["data"]],
        "total_duration": int((time.perf_counter() - started) * NANOSECONDS),
        "load_duration": 0,
        "prompt_eval_count": (response.get("usage") or {}).get("prompt_tokens") or 0,
    }


class OllamaLineEncoder:
    """Encoder of chat chunks into lines of JSON. Tool calls are written when they are complete."""

    def __init__(self, call: OllamaCall) -> None:
        self._call = call
        self._calls: dict[int, dict[str, Any]] = {}
        self._usage: dict[str, Any] = {}
        self._reason = "stop"
        self._first_token: float | None = None
        self._failed = False

    def encode(self, chunk: Mapping[str, Any]) -> bytes:
        """Return the lines for one chunk, or empty bytes."""
        if chunk.get("error") is not None:
            self._failed = True
            error = chunk["error"]
            return encode_json_line(
                {"error": str(error.get("message") or error) if isinstance(error, dict) else str(error)}
            )
        self._usage = chunk.get("usage") or self._usage
        lines = list[bytes]()
        for choice in chunk.get("choices") or ():
            if choice.get("index", 0) == 0:
                lines.append(self._encode_choice(choice))
        return b"".join(lines)

    def finish(self) -> bytes:
        """Return the last lines: tool calls, and the end with the token counts.

        Raises: UpstreamFailed if the arguments of a tool call are not a JSON object.
        """
        if self._failed:
            return b""
        calls = [_to_tool_call(item, index) for index, (_, item) in enumerate(sorted(self._calls.items()))]
        line = encode_json_line({**self._call.part("", "", calls), "done": False}) if calls else b""
        end = self._call.end(self._reason, self._usage, self._first_token)
        return line + encode_json_line({**self._call.part(""), **end})

    def _encode_choice(self, choice: Mapping[str, Any]) -> bytes:
        delta: Mapping[str, Any] = choice.get("delta") or {}
        self._reason = choice.get("finish_reason") or self._reason
        for part in delta.get("tool_calls") or ():
            self._add_call(part)
        content = (delta.get("content") or "") + (delta.get("refusal") or "")
        thinking = delta.get("reasoning_content") or ""
        if self._first_token is None and (content or thinking or delta.get("tool_calls")):
            self._first_token = time.perf_counter()
        if not content and not (thinking and self._call.shows_thinking):
            return b""
        return encode_json_line({**self._call.part(content, thinking), **_to_logprobs(choice), "done": False})

    def _add_call(self, part: Mapping[str, Any]) -> None:
        call = self._calls.setdefault(part.get("index", 0), {"function": {"name": "", "arguments": ""}})
        call["id"] = part.get("id") or call.get("id")
        function, known = part.get("function") or {}, call["function"]
        if function.get("name") != known["name"]:  # some providers repeat the name in every part
            known["name"] += function.get("name") or ""
        known["arguments"] += function.get("arguments") or ""


def format_now() -> str:
    """Return the current time in RFC 3339."""
    return datetime.now(UTC).isoformat().replace("+00:00", "Z")


def _to_tool_call(call: Mapping[str, Any], index: int) -> dict[str, Any]:
    name, text = call["function"]["name"], call["function"].get("arguments") or "{}"
    try:
        arguments = msgspec.json.decode(text, type=dict[str, Any])
    except msgspec.DecodeError as error:
        hint = "try again, or set a stricter schema for the tool"
        raise UpstreamFailed(f"the model called the tool {name!r} with invalid JSON: {error}", hint) from error
    function = {"index": index, "name": name, "arguments": arguments}
    return {"id": call.get("id"), "function": function} if call.get("id") else {"function": function}


def _to_logprobs(choice: Mapping[str, Any]) -> dict[str, Any]:
    entries = (choice.get("logprobs") or {}).get("content")
    return {"logprobs": entries} if entries else {}
