"""Requests between Anthropic's messages and the chat, both ways.

What changes no answer is left out: hints for caches, and how a call is billed. Thoughts that Claude had in earlier
turns stay behind on the way to a chat, because they are signed for it; those of other models come back sealed in
`redacted_thinking`.
"""

from collections.abc import Mapping
from typing import Any

import msgspec

from vong.errors import InvalidInput, Unsupported
from vong.gateway.translators.content import chosen, functions_of, thoughts_of
from vong.gateway.translators.reasoning_envelope import is_sealed, unsealed

FORMAT = "anthropic-claude-v1"
"""Whose thoughts Anthropic takes back."""
DEFAULT_TOKENS = 4096
"""Tokens of an answer where a chat does not say: messages must."""
BUDGETS = {"minimal": 1024, "low": 2048, "medium": 8192, "high": 24576}
"""Tokens of thought for OpenAI's efforts."""
LEFT_OUT = {"service_tier", "metadata"}
ACCOUNTING = {"stream_options", "user", "store", "metadata", "service_tier", "prompt_cache_key", "safety_identifier"}
CANNOT: Mapping[str, tuple[Any, ...]] = {
    "n": (1,),
    "logprobs": (False,),
    "top_logprobs": (0,),
    "logit_bias": ({},),
    "frequency_penalty": (0,),
    "presence_penalty": (0,),
    "seed": (),
    "audio": (),
    "modalities": (["text"],),
    "prediction": (),
    "functions": (),
    "function_call": (),
    "web_search_options": (),
}
"""What messages have no word for, with the values that ask for nothing."""
EFFORT = {"xhigh": "high", "max": "high"}


def chat_of(asked: Mapping[str, Any]) -> dict[str, Any]:
    """A messages request as a chat. Unsupported for what a chat cannot hold."""
    fields = {name: value for name, value in asked.items() if value is not None and name not in LEFT_OUT}
    chat: dict[str, Any] = {"model": fields.pop("model"), "messages": _system_of(fields.pop("system", None))}
    for message in fields.pop("messages"):
        chat["messages"] += _chat_messages(message)
    if "max_tokens" in fields:
        chat["max_completion_tokens"] = fields.pop("max_tokens")
    if stop := fields.pop("stop_sequences", None):
        chat["stop"] = stop
    user = (asked.get("metadata") or {}).get("user_id")
    if user is not None:
        chat["user"] = user
    for name in ("container", "mcp_servers", "context_management"):
        if fields.pop(name, None):
            raise Unsupported(f"only Anthropic does {name}", f"leave {name} out, or name a model of Anthropic's")
    _tools_of(fields, chat)
    _thinking_of(fields, chat)
    if fields.get("stream"):
        chat["stream_options"] = {"include_usage": True}
    return {**chat, **fields}


def messages_of(asked: Mapping[str, Any]) -> dict[str, Any]:
    """A chat as a messages request. Unsupported for what messages cannot hold."""
    fields = {name: value for name, value in asked.items() if value is not None and name not in ACCOUNTING}
    for name, neutral in CANNOT.items():
        value = fields.pop(name, None)
        if value is not None and value not in neutral:
            raise Unsupported(f"Anthropic cannot do {name}", f"leave {name} out, or name a model of another provider")
    found: dict[str, Any] = {"model": fields.pop("model")}
    system, found["messages"] = _turns(fields.pop("messages"))
    if system:
        found["system"] = system
    tokens = fields.pop("max_completion_tokens", None) or fields.pop("max_tokens", None)
    fields.pop("max_tokens", None)
    if stop := fields.pop("stop", None):
        found["stop_sequences"] = [stop] if isinstance(stop, str) else stop
    if "user" in asked and asked["user"] is not None:
        found["metadata"] = {"user_id": asked["user"]}
    if fields.get("temperature", 0) > 1:
        raise Unsupported("Anthropic's temperature ends at 1", "send a temperature from 0 to 1")
    _tools_for(fields, found)
    tokens = _effort_for(fields, found, tokens)
    _format_for(fields, found)
    return {**found, "max_tokens": tokens or DEFAULT_TOKENS, **fields}


def _system_of(system: Any) -> list[dict[str, Any]]:
    if not system:
        return []
    if isinstance(system, list):
        parts = [{"type": "text", "text": block["text"]} for block in system]
        system = parts[0]["text"] if len(parts) == 1 else parts
    return [{"role": "system", "content": system}]


def _chat_messages(message: Mapping[str, Any]) -> list[dict[str, Any]]:
    content = message["content"]
    if isinstance(content, str):
        return [{"role": message["role"], "content": content}]
    if message["role"] == "system":  # in the middle of a conversation, where a chat may have it too
        return [{"role": "system", "content": [_part(block) for block in content]}]
    return _assistant(content) if message["role"] == "assistant" else _user(content)


def _assistant(blocks: list[dict[str, Any]]) -> list[dict[str, Any]]:
    texts, calls, details = list[str](), list[dict[str, Any]](), list[dict[str, Any]]()
    for block in blocks:
        if block["type"] == "text":
            texts.append(block["text"])
        elif block["type"] == "tool_use":
            arguments = msgspec.json.encode(block["input"]).decode()
            function = {"name": block["name"], "arguments": arguments}
            calls.append({"id": block["id"], "type": "function", "function": function})
        elif block["type"] == "redacted_thinking" and is_sealed(block["data"]):
            details += unsealed(block["data"])
        elif block["type"] not in {"thinking", "redacted_thinking"}:
            raise _no_block(block)
    found: dict[str, Any] = {"role": "assistant", "content": "".join(texts) if texts else None}
    if details:
        found["reasoning_details"] = details
    return [{**found, "tool_calls": calls} if calls else found]


def _user(blocks: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The results of tools first, as messages of their own; then what the person says, images of results included."""
    results, parts = list[dict[str, Any]](), list[dict[str, Any]]()
    for block in blocks:
        if block["type"] != "tool_result":
            parts.append(_part(block))
            continue
        content = block.get("content") or ""
        inner = [{"type": "text", "text": content}] if isinstance(content, str) else [_part(one) for one in content]
        text = "\n".join(part["text"] for part in inner if part["type"] == "text")
        parts += [part for part in inner if part["type"] != "text"]
        said = f"Error: {text}" if block.get("is_error") else text
        results.append({"role": "tool", "tool_call_id": block["tool_use_id"], "content": said})
    if not parts:
        return results
    only = parts[0]["text"] if len(parts) == 1 and parts[0]["type"] == "text" else parts
    return [*results, {"role": "user", "content": only}]


def _part(block: Mapping[str, Any]) -> dict[str, Any]:
    kind, source = block["type"], block.get("source") or {}
    if kind == "text":
        return {"type": "text", "text": block["text"]}
    if kind == "image" and source.get("type") in {"base64", "url"}:
        return {"type": "image_url", "image_url": {"url": _url(source)}}
    if kind == "document" and source.get("type") == "base64":
        return {"type": "file", "file": {"file_data": _url(source), "filename": block.get("title") or "document.pdf"}}
    if kind == "document" and source.get("type") == "text":
        return {"type": "text", "text": source["data"]}
    raise _no_block(block)


def _url(source: Mapping[str, Any]) -> str:
    return source["url"] if source["type"] == "url" else f"data:{source['media_type']};base64,{source['data']}"


def _no_block(block: Mapping[str, Any]) -> Unsupported:
    return Unsupported(f"a chat cannot hold a block of type {block['type']!r}", "name a model of Anthropic's")


def _tools_of(fields: dict[str, Any], chat: dict[str, Any]) -> None:
    tools = list[dict[str, Any]]()
    for tool in fields.pop("tools", None) or []:
        if tool.get("type", "custom") != "custom":
            raise Unsupported(f"the tool {tool['type']!r} runs at Anthropic only", "name a model of Anthropic's")
        names = {"name": "name", "description": "description", "input_schema": "parameters", "strict": "strict"}
        tools.append({"type": "function", "function": {names[k]: tool[k] for k in names if k in tool}})
    choice = fields.pop("tool_choice", None)
    if tools:
        chat["tools"] = tools
    if not choice:
        return
    plain = {"auto": "auto", "any": "required", "none": "none"}
    named = {"type": "function", "function": {"name": choice.get("name")}}
    chat["tool_choice"] = plain.get(choice["type"], named)
    if "disable_parallel_tool_use" in choice:
        chat["parallel_tool_calls"] = not choice["disable_parallel_tool_use"]


def _thinking_of(fields: dict[str, Any], chat: dict[str, Any]) -> None:
    thinking, output = fields.pop("thinking", None) or {}, dict(fields.pop("output_config", None) or {})
    if thinking.get("type") == "enabled":
        budget = thinking.get("budget_tokens", 0)
        chat["reasoning_effort"] = "low" if budget < 4096 else "medium" if budget < 16384 else "high"
    if effort := output.get("effort"):
        chat["reasoning_effort"] = EFFORT.get(effort, effort)
    if (wanted := output.get("format") or fields.pop("output_format", None)) is not None:
        schema = {"name": "answer", "schema": wanted["schema"], "strict": True}
        chat["response_format"] = {"type": "json_schema", "json_schema": schema}


def _turns(messages: list[dict[str, Any]]) -> tuple[Any, list[dict[str, Any]]]:
    """What the system says, wherever it says it, and the turns: results of tools belong to the person's."""
    system, turns = list[dict[str, Any]](), list[dict[str, Any]]()
    for message in messages:
        role = message["role"]
        if role in {"system", "developer"}:
            system += _blocks(message.get("content"))
            continue
        if role == "function":
            raise Unsupported("messages of the role 'function' are of the past", "use tools and the role 'tool'")
        blocks = _said(message) if role == "assistant" else _heard(message)
        side = "assistant" if role == "assistant" else "user"
        if turns and turns[-1]["role"] == side:
            turns[-1]["content"] += blocks
        elif blocks:
            turns.append({"role": side, "content": blocks})
    return system, turns


def _said(message: Mapping[str, Any]) -> list[dict[str, Any]]:
    blocks = list[dict[str, Any]]()
    for detail in thoughts_of(message, FORMAT):
        if detail["type"] == "reasoning.encrypted":
            blocks.append({"type": "redacted_thinking", "data": detail["data"]})
        elif detail.get("signature"):
            blocks.append({"type": "thinking", "thinking": detail["text"], "signature": detail["signature"]})
    blocks += _blocks(message.get("content"))
    if message.get("refusal"):
        blocks.append({"type": "text", "text": message["refusal"]})
    for call in message.get("tool_calls") or []:
        try:
            given = msgspec.json.decode(call["function"]["arguments"] or "{}")
        except msgspec.DecodeError as error:
            raise InvalidInput(f"the arguments of the tool call {call['id']!r} are no JSON: {error}") from error
        blocks.append({"type": "tool_use", "id": call["id"], "name": call["function"]["name"], "input": given})
    return blocks


def _heard(message: Mapping[str, Any]) -> list[dict[str, Any]]:
    blocks = _blocks(message.get("content"))
    if message["role"] != "tool":
        return blocks
    return [{"type": "tool_result", "tool_use_id": message["tool_call_id"], "content": blocks}]


def _blocks(content: Any) -> list[dict[str, Any]]:
    if not content:
        return []
    if isinstance(content, str):
        return [{"type": "text", "text": content}]
    return [_block(part) for part in content]


def _block(part: Mapping[str, Any]) -> dict[str, Any]:
    kept = {"cache_control": part["cache_control"]} if part.get("cache_control") else {}
    kind = part["type"]
    if kind in {"text", "refusal"}:
        return {"type": "text", "text": part[kind], **kept}
    if kind == "image_url":
        return {"type": "image", "source": _source(part["image_url"]["url"]), **kept}
    if kind == "file" and part["file"].get("file_data"):
        return {"type": "document", "source": _source(part["file"]["file_data"]), **kept}
    raise Unsupported(f"Anthropic cannot read a part of type {kind!r}", "name a model of another provider")


def _source(url: str) -> dict[str, Any]:
    if not url.startswith("data:"):
        return {"type": "url", "url": url}
    head, _, data = url[5:].partition(",")
    media_type, _, coding = head.partition(";")
    if coding != "base64":
        raise InvalidInput("a data URL is not in base64", "write it as data:MEDIA-TYPE;base64,DATA")
    return {"type": "base64", "media_type": media_type, "data": data}


def _tools_for(fields: dict[str, Any], found: dict[str, Any]) -> None:
    tools = list[dict[str, Any]]()
    for function in functions_of(fields, "Anthropic"):
        made = {"name": function["name"], "input_schema": function.get("parameters") or {"type": "object"}}
        tools.append({**made, **{k: function[k] for k in ("description", "strict") if function.get(k) is not None}})
    choice, parallel = fields.pop("tool_choice", None), fields.pop("parallel_tool_calls", None)
    if not tools:
        return
    found["tools"] = tools
    if choice is None and parallel is not False:
        return
    mode, only = chosen(choice or "auto", "Anthropic")
    made = {"type": "tool", "name": only} if only else {"type": {"required": "any"}.get(mode, mode)}
    found["tool_choice"] = {**made, "disable_parallel_tool_use": True} if parallel is False else made


def _effort_for(fields: dict[str, Any], found: dict[str, Any], tokens: int | None) -> int | None:
    """A budget of thought lies below the tokens of the whole answer, and is at least 1024."""
    effort = fields.pop("reasoning_effort", None)
    if effort is None or effort == "none":
        return tokens
    budget = BUDGETS.get(effort, BUDGETS["high"])
    tokens = tokens or budget + DEFAULT_TOKENS
    if tokens <= BUDGETS["minimal"]:
        raise Unsupported("Anthropic's models think in 1024 tokens or more", "raise max_completion_tokens")
    found["thinking"] = {"type": "enabled", "budget_tokens": min(budget, tokens - 1)}
    return tokens


def _format_for(fields: dict[str, Any], found: dict[str, Any]) -> None:
    wanted: dict[str, Any] = fields.pop("response_format", None) or {"type": "text"}
    if wanted["type"] == "json_schema":
        found["output_config"] = {"format": {"type": "json_schema", "schema": wanted["json_schema"]["schema"]}}
    elif wanted["type"] != "text":
        raise Unsupported(f"Anthropic has no response_format {wanted['type']!r}", "send a json_schema")
