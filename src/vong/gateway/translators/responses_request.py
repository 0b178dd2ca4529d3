"""Requests of OpenAI's responses translated into chats.

Fields that do not change the answer are removed: what OpenAI stores, and how a call is billed.
"""

from collections.abc import Mapping
from typing import Any

from vong.errors import Unsupported
from vong.gateway.translators.reasoning_envelope import unpack_reasoning

IGNORED_FIELDS = {
    *("store", "include", "background", "service_tier", "truncation", "stream_options", "prompt_cache_key"),
    *("previous_response_id", "safety_identifier"),
}
"""Fields that do not change the answer, or are read before they are removed."""
UNSUPPORTED_FIELDS = ("conversation", "prompt", "max_tool_calls", "context_management")
"""Fields that only OpenAI supports."""
SUPPORTED_INCLUDES = {"message.output_text.logprobs", "reasoning.encrypted_content"}


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
    fields = {
        name: value
        for name, value in request.items()
        if value is not None and name not in {*IGNORED_FIELDS, *UNSUPPORTED_FIELDS}
    }
    messages = list[dict[str, Any]]()
    if instructions := fields.pop("instructions", None):
        messages.append({"role": "system", "content": instructions})
    for item in to_input_items(fields.pop("input", None)):
        _add_item(item, messages)
    chat: dict[str, Any] = {"model": fields.pop("model"), "messages": messages}
    if max_tokens := fields.pop("max_output_tokens", None):
        chat["max_completion_tokens"] = max_tokens
    if effort := (fields.pop("reasoning", None) or {}).get("effort"):
        chat["reasoning_effort"] = effort
    _set_text_options(fields.pop("text", None) or {}, chat)
    _set_tools(fields, chat)
    top_logprobs = fields.pop("top_logprobs", None)
    if "message.output_text.logprobs" in (request.get("include") or []):
        chat["logprobs"] = True
        if top_logprobs is not None:
            chat["top_logprobs"] = top_logprobs
    if fields.get("stream"):
        chat["stream_options"] = {"include_usage": True}
    return {**chat, **fields}


def _check_unsupported(request: Mapping[str, Any]) -> None:
    for name in (*UNSUPPORTED_FIELDS, "background"):
        if request.get(name):
            raise Unsupported(f"a chat does not support {name}", f"remove {name}")
    if request.get("truncation") not in {None, "disabled"}:
        raise Unsupported("a chat does not support truncation", "set truncation to 'disabled' and send fewer items")
    for name in request.get("include") or []:
        if name not in SUPPORTED_INCLUDES:
            raise Unsupported(f"a chat cannot include {name!r}", f"remove {name!r} from include")


def _add_item(item: Mapping[str, Any], messages: list[dict[str, Any]]) -> None:
    kind = item.get("type") or "message"
    if kind == "message":
        role = item["role"]
        if role == "assistant":
            _add_text(item["content"], _assistant_message(messages))
        else:
            messages.append({"role": role, "content": _to_content(item["content"])})
    elif kind == "function_call":
        function = {"name": item["name"], "arguments": item["arguments"]}
        call = {"id": item["call_id"], "type": "function", "function": function}
        _assistant_message(messages).setdefault("tool_calls", []).append(call)
    elif kind == "function_call_output":
        messages.append({"role": "tool", "tool_call_id": item["call_id"], "content": _to_content(item["output"])})
    elif kind == "reasoning":
        _add_reasoning(item, _assistant_message(messages))
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
        text = part["refusal"] if name == "refusal" else _to_part(part)["text"]
        turn[name] = (turn.get(name) or "") + text


def _add_reasoning(item: Mapping[str, Any], turn: dict[str, Any]) -> None:
    parts = item.get("content") or item.get("summary") or []
    if text := "".join(part["text"] for part in parts):
        turn["reasoning_content"] = turn.get("reasoning_content", "") + text
    if data := item.get("encrypted_content"):
        turn.setdefault("reasoning_details", []).extend(unpack_reasoning(data))


def _to_content(content: Any) -> Any:
    return content if isinstance(content, str) else [_to_part(part) for part in content]


def _to_part(part: Mapping[str, Any]) -> dict[str, Any]:
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


def _set_tools(fields: dict[str, Any], chat: dict[str, Any]) -> None:
    tools = list[dict[str, Any]]()
    for tool in fields.pop("tools", None) or []:
        if tool["type"] != "function":
            raise Unsupported(f"the tool {tool['type']!r} runs at OpenAI only", "use a function")
        names = ("name", "description", "parameters", "strict")
        function = {name: tool[name] for name in names if tool.get(name) is not None}
        tools.append({"type": "function", "function": function})
    choice = fields.pop("tool_choice", None)
    if not tools:
        fields.pop("parallel_tool_calls", None)
        return
    chat["tools"] = tools
    if isinstance(choice, str):
        chat["tool_choice"] = choice
    elif choice:
        if choice["type"] != "function":
            raise Unsupported(
                f"a chat does not support tool_choice {choice['type']!r}", "use a function, auto, required or none"
            )
        chat["tool_choice"] = {"type": "function", "function": {"name": choice["name"]}}
