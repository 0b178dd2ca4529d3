"""Variants of OpenAI's chat format, read into one form.

Servers with this format disagree about the name of reasoning, about content (a text or a list of parts), about finish
reasons, about legacy function calls, and about fields that are missing or null.
"""

from collections.abc import Mapping
from typing import Any, Literal, NamedTuple

import msgspec

from vong.gateway.translators.content import build_tool_call
from vong.gateway.translators.token_counts import as_fields, find_usage

TextKind = Literal["reasoning", "content", "refusal"]
REASONING_FIELDS = ("reasoning_content", "reasoning", "thinking", "reasoning_text")
"""Fields with the reasoning of a message as text. Servers that send two of them repeat the same text."""
REASONING_PARTS = ("thinking", "reasoning", "reasoning_text")
"""Types of content parts that are reasoning."""
VARIANT_FIELDS = frozenset(
    {"content", "refusal", "reasoning_details", "tool_calls", "function_call", *REASONING_FIELDS},
)
"""Fields of a message that `normalize_message` reads; all others are returned unchanged."""
FINISH_REASONS: Mapping[str, str] = {
    **dict.fromkeys(("stop", "eos", "eos_token", "end_turn", "stop_sequence", "complete", "completed"), "stop"),
    **dict.fromkeys(("length", "max_tokens", "max_output_tokens", "max_completion_tokens", "model_length"), "length"),
    **dict.fromkeys(("token_limit", "model_context_window_exceeded", "context_length_exceeded"), "length"),
    **dict.fromkeys(("tool_calls", "tool_call", "tool_use", "function_call", "function_calls"), "tool_calls"),
    **dict.fromkeys(("content_filter", "safety", "refusal", "sensitive", "recitation", "blocked"), "content_filter"),
}
"""OpenAI's finish reasons by the names that servers use."""


class CallParts(NamedTuple):
    """Name and arguments of a tool call, or of a streamed part of one; both may be empty."""

    name: str
    arguments: str


class CallIds:
    """Ids of the tool calls of one message. A missing or repeated id is replaced, because results refer to it."""

    def __init__(self, seed: str) -> None:
        self._seed = "".join(letter for letter in seed if letter.isalnum() or letter in "-_")
        self._used = set[str]()

    def assign(self, id: Any, position: int) -> str:
        """Return the id of the call at a position."""
        result = id if isinstance(id, str) and id and id not in self._used else f"call_{self._seed}_{position}"
        self._used.add(result)
        return result


def flatten_text(value: Any) -> str:
    """Return the text of a part: a string, an object with a text, or a list of them."""
    if isinstance(value, str):
        return value
    if isinstance(value, list):
        return "".join(map(flatten_text, value))
    if not isinstance(value, dict):
        return ""
    names = ("text", "thinking", "reasoning", "content", "summary", "value")
    return next((text for name in names if (text := flatten_text(value.get(name)))), "")


def content_texts(content: Any) -> list[tuple[TextKind, str]]:
    """Return the texts of a content in their order. Parts without text (images, references) are left out."""
    found = list[tuple[TextKind, str]]()
    for part in content if isinstance(content, list) else [content]:
        kind = part.get("type") if isinstance(part, dict) else "text"
        text = flatten_text(part.get("refusal") if isinstance(part, dict) and kind == "refusal" else part)
        if text:
            found.append(
                ("reasoning" if kind in REASONING_PARTS else "refusal" if kind == "refusal" else "content", text)
            )
    return found


def content_text(content: Any) -> str:
    """Return the text of a content, without reasoning and refusals."""
    return (
        content if isinstance(content, str) else "".join(t for kind, t in content_texts(content) if kind == "content")
    )


def message_texts(message: Mapping[str, Any]) -> list[tuple[TextKind, str]]:
    """Return the texts of a message, or of the delta of one: reasoning, then content, then a refusal."""
    reasoning = next((text for name in REASONING_FIELDS if (text := flatten_text(message.get(name)))), "")
    texts = content_texts(message.get("content"))
    found = list[tuple[TextKind, str]]()
    if reasoning:
        found.append(("reasoning", reasoning))
    found += [item for item in texts if not reasoning or item[0] != "reasoning"]
    if refusal := flatten_text(message.get("refusal")):
        found.append(("refusal", refusal))
    return found


def reasoning_details(message: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the reasoning details of a message or delta, each with a type."""
    details = message.get("reasoning_details")
    items = details if isinstance(details, list) else []
    return [item for item in items if isinstance(item, dict) and isinstance(item.get("type"), str)]


def detail_text(detail: Mapping[str, Any]) -> str:
    """Return the readable text of a reasoning detail; encrypted ones have none."""
    if detail["type"] == "reasoning.encrypted":
        return ""
    return flatten_text(detail.get("text")) or flatten_text(detail.get("summary"))


def read_call(call: Mapping[str, Any]) -> CallParts:
    """Return name and arguments of a tool call; arguments that are no text are encoded as JSON."""
    function = as_fields(call.get("function")) or as_fields(call.get("custom")) or call
    name, arguments = function.get("name"), function.get("arguments")
    if arguments is None and call.get("type") == "custom" and isinstance(function.get("input"), str):
        arguments = {"input": function["input"]} if function["input"] else None
    if arguments is not None and not isinstance(arguments, str):
        arguments = msgspec.json.encode(arguments).decode()
    return CallParts(name if isinstance(name, str) else "", arguments or "")


def list_calls(message: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the tool calls of a message or delta, with a legacy function call as the last one."""
    calls = message.get("tool_calls")
    found = [call for call in calls if isinstance(call, dict)] if isinstance(calls, list) else []
    legacy = as_fields(message.get("function_call"))
    return [*found, {"function": legacy}] if legacy else found


def resolve_finish_reason(reason: Any, has_calls: bool) -> str | None:
    """Return the finish reason in OpenAI's names; None if the server gave none.

    Tool calls decide between `stop` and `tool_calls`, because many servers report one for the other.
    """
    is_known = isinstance(reason, str) and bool(reason)
    resolved = FINISH_REASONS.get(reason.lower().replace("-", "_"), "stop") if is_known else None
    if has_calls:
        return resolved if resolved in {"length", "content_filter"} else "tool_calls"
    return "stop" if resolved == "tool_calls" else resolved


def is_finish_reason(reason: str) -> bool:
    """Return True if a text is the name of a finish reason."""
    return reason.lower().replace("-", "_") in FINISH_REASONS


def normalize_message(message: Mapping[str, Any], id_seed: str) -> dict[str, Any]:
    """Return a message in the form that translators read.

    `content`, `reasoning_content` and `refusal` are texts, and every tool call has an id, a name and arguments in JSON.
    `id_seed` makes the ids of calls without one.
    """
    texts, details = message_texts(message), reasoning_details(message)
    joined = {kind: "".join(text for name, text in texts if name == kind) for kind, _ in texts}
    reasoning = joined.get("reasoning") or "".join(map(detail_text, details))
    ids = CallIds(id_seed)
    calls = list[dict[str, Any]]()
    for position, call in enumerate(list_calls(message)):
        name, arguments = read_call(call)
        parts = build_tool_call(ids.assign(call.get("id"), position), name, arguments or "{}")
        others = {
            field: value for field, value in call.items() if field not in {"index", "custom", "name", "arguments"}
        }
        calls.append({**others, **parts})
    reply: dict[str, Any] = {name: value for name, value in message.items() if name not in VARIANT_FIELDS}
    reply["content"] = joined.get("content")
    optional = {
        "reasoning_content": reasoning,
        "refusal": joined.get("refusal"),
        "reasoning_details": details,
        "tool_calls": calls,
    }
    return {**reply, **{name: value for name, value in optional.items() if value}}


def normalize_completion(completion: Mapping[str, Any], id_seed: str = "") -> dict[str, Any]:
    """Return a completion with its messages and finish reasons in the form that translators read.

    Raises: KeyError, TypeError or IndexError if it is no completion.
    """
    choices = list[dict[str, Any]]()
    for choice in completion["choices"]:
        message = normalize_message(choice["message"], str(completion.get("id") or id_seed))
        finish = resolve_finish_reason(choice.get("finish_reason"), bool(message.get("tool_calls")))
        choices.append({**choice, "message": message, "finish_reason": finish})
    return {**completion, "choices": choices, "usage": find_usage(completion)}


def first_choice(choices: list[dict[str, Any]]) -> dict[str, Any]:
    """Return the choice with the index 0, which need not be the first in the list.

    Raises: IndexError if there are no choices.
    """
    return next((choice for choice in choices if not choice.get("index")), choices[0])
