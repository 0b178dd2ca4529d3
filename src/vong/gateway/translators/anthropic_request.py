"""Requests of Anthropic's messages and chat requests, in both directions.

Fields that do not change the answer are removed: cache hints, and how a call is billed. Claude's reasoning of earlier
turns is dropped on the way to a chat, because it is signed for Claude; reasoning of other models returns packed in
`redacted_thinking`.
"""

from collections.abc import Mapping
from typing import Any

import msgspec

from vong.errors import InvalidInput, Unsupported
from vong.gateway.translators.content import (
    CLAUDE_REASONING_FORMAT,
    parse_tool_choice,
    pop_functions,
    select_fields,
    select_reasoning,
)
from vong.gateway.translators.reasoning_effort import (
    CLAUDE_BUDGET_TOKENS,
    DEFAULT_ANSWER_TOKENS,
    EFFORT_ALIASES,
    claude_thinking,
)
from vong.gateway.translators.reasoning_envelope import is_packed, unpack_reasoning

IGNORED_FIELDS = {"service_tier", "metadata"}
UNSUPPORTED_FIELDS = (
    *("n", "logprobs", "top_logprobs", "logit_bias", "frequency_penalty", "presence_penalty", "seed", "audio"),
    *("modalities", "prediction", "functions", "function_call", "web_search_options"),
)
"""Fields that messages do not support."""


def to_chat_request(request: Mapping[str, Any]) -> dict[str, Any]:
    """Translate a messages request into a chat.

    Raises: Unsupported if a chat cannot express the request.
    """
    fields = {name: value for name, value in request.items() if value is not None and name not in IGNORED_FIELDS}
    chat: dict[str, Any] = {"model": fields.pop("model"), "messages": _to_system_messages(fields.pop("system", None))}
    for message in fields.pop("messages"):
        chat["messages"] += _to_chat_messages(message)
    if "max_tokens" in fields:
        chat["max_completion_tokens"] = fields.pop("max_tokens")
    if stop := fields.pop("stop_sequences", None):
        chat["stop"] = stop
    user = (request.get("metadata") or {}).get("user_id")
    if user is not None:
        chat["user"] = user
    for name in ("container", "mcp_servers", "context_management"):
        if fields.pop(name, None):
            raise Unsupported(f"only Anthropic supports {name}", f"remove {name}, or use a model of Anthropic")
    _tools_to_chat(fields, chat)
    _thinking_to_chat(fields, chat)
    if fields.get("stream"):
        chat["stream_options"] = {"include_usage": True}
    return {**chat, **fields}


def to_anthropic_request(chat: Mapping[str, Any]) -> dict[str, Any]:
    """Translate a chat into a messages request.

    Raises: Unsupported if messages cannot express the request.
    """
    fields = select_fields(chat, "Anthropic", UNSUPPORTED_FIELDS)
    request: dict[str, Any] = {"model": fields.pop("model")}
    system, request["messages"] = _to_turns(fields.pop("messages"))
    if system:
        request["system"] = system
    max_tokens = fields.pop("max_completion_tokens", None) or fields.pop("max_tokens", None)
    fields.pop("max_tokens", None)
    if stop := fields.pop("stop", None):
        request["stop_sequences"] = [stop] if isinstance(stop, str) else stop
    if "user" in chat and chat["user"] is not None:
        request["metadata"] = {"user_id": chat["user"]}
    if fields.get("temperature", 0) > 1:
        raise Unsupported("Anthropic's maximum temperature is 1", "set temperature from 0 to 1")
    _tools_to_anthropic(fields, request)
    max_tokens = _effort_to_anthropic(fields, request, max_tokens)
    _format_to_anthropic(fields, request)
    return {**request, "max_tokens": max_tokens or DEFAULT_ANSWER_TOKENS, **fields}


def _to_system_messages(system: Any) -> list[dict[str, Any]]:
    if not system:
        return []
    if isinstance(system, list):
        parts = [{"type": "text", "text": block["text"]} for block in system]
        system = parts[0]["text"] if len(parts) == 1 else parts
    return [{"role": "system", "content": system}]


def _to_chat_messages(message: Mapping[str, Any]) -> list[dict[str, Any]]:
    content = message["content"]
    if isinstance(content, str):
        return [{"role": message["role"], "content": content}]
    if message["role"] == "system":  # a chat may also have it in the middle of a conversation
        return [{"role": "system", "content": [_to_part(block) for block in content]}]
    return _to_assistant_message(content) if message["role"] == "assistant" else _to_user_messages(content)


def _to_assistant_message(blocks: list[dict[str, Any]]) -> list[dict[str, Any]]:
    texts, calls, reasoning = list[str](), list[dict[str, Any]](), list[dict[str, Any]]()
    for block in blocks:
        if block["type"] == "text":
            texts.append(block["text"])
        elif block["type"] == "tool_use":
            arguments = msgspec.json.encode(block["input"]).decode()
            function = {"name": block["name"], "arguments": arguments}
            calls.append({"id": block["id"], "type": "function", "function": function})
        elif block["type"] == "redacted_thinking" and is_packed(block["data"]):
            reasoning += unpack_reasoning(block["data"])
        elif block["type"] not in {"thinking", "redacted_thinking"}:
            raise _unsupported_block(block)
    message: dict[str, Any] = {"role": "assistant", "content": "".join(texts) if texts else None}
    if reasoning:
        message["reasoning_details"] = reasoning
    return [{**message, "tool_calls": calls} if calls else message]


def _to_user_messages(blocks: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Translate user blocks: first tool results as messages of their own, then the other parts with result images."""
    results, parts = list[dict[str, Any]](), list[dict[str, Any]]()
    for block in blocks:
        if block["type"] != "tool_result":
            parts.append(_to_part(block))
            continue
        content = block.get("content") or ""
        inner = (
            [{"type": "text", "text": content}] if isinstance(content, str) else [_to_part(item) for item in content]
        )
        text = "\n".join(part["text"] for part in inner if part["type"] == "text")
        parts += [part for part in inner if part["type"] != "text"]
        result = f"Error: {text}" if block.get("is_error") else text
        results.append({"role": "tool", "tool_call_id": block["tool_use_id"], "content": result})
    if not parts:
        return results
    only = parts[0]["text"] if len(parts) == 1 and parts[0]["type"] == "text" else parts
    return [*results, {"role": "user", "content": only}]


def _to_part(block: Mapping[str, Any]) -> dict[str, Any]:
    kind, source = block["type"], block.get("source") or {}
    if kind == "text":
        return {"type": "text", "text": block["text"]}
    if kind == "image" and source.get("type") in {"base64", "url"}:
        return {"type": "image_url", "image_url": {"url": _to_url(source)}}
    if kind == "document" and source.get("type") == "base64":
        return {
            "type": "file",
            "file": {"file_data": _to_url(source), "filename": block.get("title") or "document.pdf"},
        }
    if kind == "document" and source.get("type") == "text":
        return {"type": "text", "text": source["data"]}
    raise _unsupported_block(block)


def _to_url(source: Mapping[str, Any]) -> str:
    return source["url"] if source["type"] == "url" else f"data:{source['media_type']};base64,{source['data']}"


def _unsupported_block(block: Mapping[str, Any]) -> Unsupported:
    return Unsupported(f"a chat cannot express a block of type {block['type']!r}", "use a model of Anthropic")


def _tools_to_chat(fields: dict[str, Any], chat: dict[str, Any]) -> None:
    tools = list[dict[str, Any]]()
    for tool in fields.pop("tools", None) or []:
        if tool.get("type", "custom") != "custom":
            raise Unsupported(f"the tool {tool['type']!r} runs at Anthropic only", "use a model of Anthropic")
        names = {"name": "name", "description": "description", "input_schema": "parameters", "strict": "strict"}
        tools.append({"type": "function", "function": {names[k]: tool[k] for k in names if k in tool}})
    choice = fields.pop("tool_choice", None)
    if tools:
        chat["tools"] = tools
    if not choice:
        return
    modes = {"auto": "auto", "any": "required", "none": "none"}
    function_choice = {"type": "function", "function": {"name": choice.get("name")}}
    chat["tool_choice"] = modes.get(choice["type"], function_choice)
    if "disable_parallel_tool_use" in choice:
        chat["parallel_tool_calls"] = not choice["disable_parallel_tool_use"]


def _thinking_to_chat(fields: dict[str, Any], chat: dict[str, Any]) -> None:
    thinking, output = fields.pop("thinking", None) or {}, dict(fields.pop("output_config", None) or {})
    if thinking.get("type") == "enabled":
        budget = thinking.get("budget_tokens", 0)
        chat["reasoning_effort"] = "low" if budget < 4096 else "medium" if budget < 16384 else "high"
    if effort := output.get("effort"):
        chat["reasoning_effort"] = EFFORT_ALIASES.get(effort, effort)
    if (output_format := output.get("format") or fields.pop("output_format", None)) is not None:
        schema = {"name": "answer", "schema": output_format["schema"], "strict": True}
        chat["response_format"] = {"type": "json_schema", "json_schema": schema}


def _to_turns(messages: list[dict[str, Any]]) -> tuple[Any, list[dict[str, Any]]]:
    """Return the system blocks of all messages, and the turns; tool results belong to the user's turn."""
    system, turns = list[dict[str, Any]](), list[dict[str, Any]]()
    for message in messages:
        role = message["role"]
        if role in {"system", "developer"}:
            system += _to_blocks(message.get("content"))
            continue
        if role == "function":
            raise Unsupported("messages of the role 'function' are obsolete", "use tools and the role 'tool'")
        blocks = _to_assistant_blocks(message) if role == "assistant" else _to_user_blocks(message)
        turn_role = "assistant" if role == "assistant" else "user"
        if turns and turns[-1]["role"] == turn_role:
            turns[-1]["content"] += blocks
        elif blocks:
            turns.append({"role": turn_role, "content": blocks})
    return system, turns


def _to_assistant_blocks(message: Mapping[str, Any]) -> list[dict[str, Any]]:
    blocks = list[dict[str, Any]]()
    for detail in select_reasoning(message, CLAUDE_REASONING_FORMAT):
        if detail["type"] == "reasoning.encrypted":
            blocks.append({"type": "redacted_thinking", "data": detail["data"]})
        elif detail.get("signature"):
            blocks.append({"type": "thinking", "thinking": detail["text"], "signature": detail["signature"]})
    blocks += _to_blocks(message.get("content"))
    if message.get("refusal"):
        blocks.append({"type": "text", "text": message["refusal"]})
    for call in message.get("tool_calls") or []:
        try:
            arguments = msgspec.json.decode(call["function"]["arguments"] or "{}")
        except msgspec.DecodeError as error:
            raise InvalidInput(f"the arguments of the tool call {call['id']!r} are not valid JSON: {error}") from error
        blocks.append({"type": "tool_use", "id": call["id"], "name": call["function"]["name"], "input": arguments})
    return blocks


def _to_user_blocks(message: Mapping[str, Any]) -> list[dict[str, Any]]:
    blocks = _to_blocks(message.get("content"))
    if message["role"] != "tool":
        return blocks
    return [{"type": "tool_result", "tool_use_id": message["tool_call_id"], "content": blocks}]


def _to_blocks(content: Any) -> list[dict[str, Any]]:
    if not content:
        return []
    if isinstance(content, str):
        return [{"type": "text", "text": content}]
    return [_to_block(part) for part in content]


def _to_block(part: Mapping[str, Any]) -> dict[str, Any]:
    cache_control = {"cache_control": part["cache_control"]} if part.get("cache_control") else {}
    kind = part["type"]
    if kind in {"text", "refusal"}:
        return {"type": "text", "text": part[kind], **cache_control}
    if kind == "image_url":
        return {"type": "image", "source": _to_source(part["image_url"]["url"]), **cache_control}
    if kind == "file" and part["file"].get("file_data"):
        return {"type": "document", "source": _to_source(part["file"]["file_data"]), **cache_control}
    raise Unsupported(f"Anthropic does not support a part of type {kind!r}", "use a model of another provider")


def _to_source(url: str) -> dict[str, Any]:
    if not url.startswith("data:"):
        return {"type": "url", "url": url}
    head, _, data = url[5:].partition(",")
    media_type, _, encoding = head.partition(";")
    if encoding != "base64":
        raise InvalidInput("a data URL is not base64", "write it as data:MEDIA-TYPE;base64,DATA")
    return {"type": "base64", "media_type": media_type, "data": data}


def _tools_to_anthropic(fields: dict[str, Any], request: dict[str, Any]) -> None:
    tools = list[dict[str, Any]]()
    for function in pop_functions(fields, "Anthropic"):
        converted = {"name": function["name"], "input_schema": function.get("parameters") or {"type": "object"}}
        tools.append(
            {**converted, **{k: function[k] for k in ("description", "strict") if function.get(k) is not None}}
        )
    choice, parallel = fields.pop("tool_choice", None), fields.pop("parallel_tool_calls", None)
    if not tools:
        return
    request["tools"] = tools
    if choice is None and parallel is not False:
        return
    mode, function_name = parse_tool_choice(choice or "auto", "Anthropic")
    converted = (
        {"type": "tool", "name": function_name} if function_name else {"type": {"required": "any"}.get(mode, mode)}
    )
    request["tool_choice"] = {**converted, "disable_parallel_tool_use": True} if parallel is False else converted


def _effort_to_anthropic(fields: dict[str, Any], request: dict[str, Any], tokens: int | None) -> int | None:
    """Set the thinking budget: at least 1024 tokens, and less than the maximum of the whole answer."""
    effort = fields.pop("reasoning_effort", None)
    if effort is None or effort == "none":
        return tokens
    budget = CLAUDE_BUDGET_TOKENS.get(effort, CLAUDE_BUDGET_TOKENS["high"])
    tokens = tokens or budget + DEFAULT_ANSWER_TOKENS
    request["thinking"] = claude_thinking(budget, tokens)
    return tokens


def _format_to_anthropic(fields: dict[str, Any], request: dict[str, Any]) -> None:
    response_format: dict[str, Any] = fields.pop("response_format", None) or {"type": "text"}
    if response_format["type"] == "json_schema":
        request["output_config"] = {
            "format": {"type": "json_schema", "schema": response_format["json_schema"]["schema"]}
        }
    elif response_format["type"] != "text":
        raise Unsupported(f"Anthropic does not support response_format {response_format['type']!r}", "use json_schema")
