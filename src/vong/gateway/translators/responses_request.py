"""Requests of OpenAI's responses translated into chats.

A request becomes a chat field by field. Fields that a chat does not have are removed if the answer stays the same
without them (what OpenAI stores, and how a call is billed), and rejected otherwise.
"""

from collections.abc import Mapping
from typing import Any

from vong.errors import Unsupported
from vong.gateway.translators.chat_fields import FORWARDED_FIELDS
from vong.gateway.translators.reasoning_envelope import is_packed, unpack_reasoning
from vong.gateway.translators.responses_tools import (
    HISTORY_TYPES,
    TOOL_LIST_TYPE,
    call_of_item,
    functions_of,
    output_text,
    request_tools,
    select_allowed,
    to_tool_choice,
)
from vong.gateway.translators.responses_upstream import REASONING_FORMAT

COPIED_FIELDS = (*FORWARDED_FIELDS, "user", "metadata", "stop")
"""Fields that are copied to the chat. `metadata` is only recorded: the provider's dialect removes it."""
UNSUPPORTED_FIELDS = ("conversation", "prompt", "max_tool_calls", "context_management")
"""Fields that only OpenAI supports."""
SUPPORTED_INCLUDES = {"message.output_text.logprobs", "reasoning.encrypted_content"}


OUTPUT_TYPES = frozenset(
    {
        *("function_call_output", "custom_tool_call_output", "local_shell_call_output"),
        *("shell_call_output", "apply_patch_call_output"),
    }
)
"""Items with the output of a tool that the caller ran."""


def to_input_items(content: Any) -> list[dict[str, Any]]:
    """Return the input as items; a text is a user message."""
    if content is None:
        return []
    if isinstance(content, str):
        return [{"type": "message", "role": "user", "content": content}]
    return list(content)


def to_chat_request(request: Mapping[str, Any]) -> dict[str, Any]:
    """Translate a responses request into a chat.

    Raises: Unsupported if a chat cannot express the request.
    """
    _check_unsupported(request)
    fields = {name: value for name, value in request.items() if value is not None}
    messages = list[dict[str, Any]]()
    if instructions := fields.get("instructions"):
        messages.append({"role": "system", "content": instructions})
    items, call_ids = to_input_items(fields.get("input")), dict[str, str]()
    for item in items:
        if item.get("id") and item.get("call_id"):
            call_ids[item["id"]] = item["call_id"]
        _add_item(item, messages, call_ids)
    chat: dict[str, Any] = {"model": fields["model"], "messages": messages}
    if max_tokens := fields.get("max_output_tokens"):
        chat["max_completion_tokens"] = max_tokens
    if effort := (fields.get("reasoning") or {}).get("effort"):
        chat["reasoning_effort"] = effort
    _set_text_options(fields.get("text") or {}, chat)
    _set_tools(fields, chat)
    if "message.output_text.logprobs" in (request.get("include") or []):
        chat["logprobs"] = True
        if "top_logprobs" in fields:
            chat["top_logprobs"] = fields["top_logprobs"]
    if fields.get("stream"):
        chat["stream_options"] = {"include_usage": True}
    return {**{name: fields[name] for name in COPIED_FIELDS if name in fields}, **chat}


def _check_unsupported(request: Mapping[str, Any]) -> None:
    for name in (*UNSUPPORTED_FIELDS, "background"):
        if request.get(name):
            raise Unsupported(f"a chat does not support {name}", f"remove {name}")
    if request.get("truncation") not in {None, "disabled"}:
        raise Unsupported("a chat does not support truncation", "set truncation to 'disabled' and send fewer items")
    for name in request.get("include") or []:
        if name not in SUPPORTED_INCLUDES:
            raise Unsupported(f"a chat cannot include {name!r}", f"remove {name!r} from include")


def _add_item(item: Mapping[str, Any], messages: list[dict[str, Any]], call_ids: Mapping[str, str]) -> None:
    kind = item.get("type") or "message"
    if kind == "message":
        role = item["role"]
        if role == "assistant":
            _add_text(item["content"], _assistant_message(messages))
        else:
            messages.append({"role": role, "content": _to_content(item["content"])})
    elif kind == TOOL_LIST_TYPE or kind in HISTORY_TYPES:
        return
    elif kind == "reasoning":
        _add_reasoning(item, _assistant_message(messages))
    elif kind in OUTPUT_TYPES:
        call_id = item.get("call_id") or call_ids.get(item.get("id") or "") or item["id"]
        messages.append({"role": "tool", "tool_call_id": call_id, "content": _to_content(output_text(item))})
    elif (call := call_of_item({"type": kind, **item})) is not None:
        function = {"name": call[0], "arguments": call[1]}
        tool_call = {"id": item.get("call_id") or item["id"], "type": "function", "function": function}
        _assistant_message(messages).setdefault("tool_calls", []).append(tool_call)
    else:
        raise Unsupported(f"a chat cannot express an item of type {kind!r}", "remove it from input")


def _assistant_message(messages: list[dict[str, Any]]) -> dict[str, Any]:
    """Return the assistant message to which the next items belong."""
    if not messages or messages[-1]["role"] != "assistant":
        messages.append({"role": "assistant", "content": None})
    return messages[-1]


def _add_text(content: Any, turn: dict[str, Any]) -> None:
    for part in [{"type": "output_text", "text": content}] if isinstance(content, str) else content:
        name = "refusal" if part["type"] == "refusal" else "content"
        text = part["refusal"] if name == "refusal" else to_chat_part(part)["text"]
        turn[name] = (turn.get(name) or "") + text


def _add_reasoning(item: Mapping[str, Any], turn: dict[str, Any]) -> None:
    parts = item.get("content") or item.get("summary") or []
    if text := "".join(part["text"] for part in parts):
        turn["reasoning_content"] = turn.get("reasoning_content", "") + text
    if data := item.get("encrypted_content"):
        format = {} if is_packed(data) else {"format": REASONING_FORMAT}
        details = [{**detail, **format} for detail in unpack_reasoning(data)]
        turn.setdefault("reasoning_details", []).extend(details)


def _to_content(content: Any) -> Any:
    return content if isinstance(content, str) else [to_chat_part(part) for part in content]


def to_chat_part(part: Mapping[str, Any]) -> dict[str, Any]:
    """Return a part of an item as a part of a chat.

    Raises: Unsupported if a chat cannot express it.
    """
    kind = part["type"]
    if kind in {"input_text", "output_text", "text"}:
        return {"type": "text", "text": part["text"]}
    if kind == "input_image" and part.get("image_url"):
        image = {"url": part["image_url"]}
        return {"type": "image_url", "image_url": image | ({"detail": part["detail"]} if part.get("detail") else {})}
    if kind == "input_file" and part.get("file_data"):
        return {"type": "file", "file": {k: part[k] for k in ("file_data", "filename") if part.get(k)}}
    if kind == "input_audio":
        return {"type": "input_audio", "input_audio": part["input_audio"]}
    hint = "send the data itself: files stored at OpenAI or at a URL are not fetched"
    raise Unsupported(f"a chat cannot express this part of type {kind!r}", hint)


def _set_text_options(text: Mapping[str, Any], chat: dict[str, Any]) -> None:
    if text.get("verbosity"):
        chat["verbosity"] = text["verbosity"]
    text_format = text.get("format") or {"type": "text"}
    if text_format["type"] == "json_schema":
        schema = {k: v for k, v in text_format.items() if k != "type" and v is not None}
        chat["response_format"] = {"type": "json_schema", "json_schema": schema}
    elif text_format["type"] != "text":
        chat["response_format"] = dict(text_format)


def _set_tools(fields: Mapping[str, Any], chat: dict[str, Any]) -> None:
    choice = fields.get("tool_choice")
    functions = select_allowed(functions_of(request_tools(fields), choice), choice)
    if not functions:
        return
    chat["tools"] = functions
    if choice is not None:
        chat["tool_choice"] = to_tool_choice(choice)
    if "parallel_tool_calls" in fields:
        chat["parallel_tool_calls"] = fields["parallel_tool_calls"]
