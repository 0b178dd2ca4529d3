"""Conversation of Anthropic's messages translated into that of a chat, and back."""

import base64
from collections.abc import Mapping
from typing import Any

import msgspec

from vong.errors import InvalidInput, Unsupported
from vong.gateway.translators.content import (
    CLAUDE_REASONING_FORMAT,
    IMAGE_MEDIA_TYPES,
    START_TEXT,
    message_parts,
    parse_arguments,
    parse_data_url,
    select_reasoning,
)
from vong.gateway.translators.reasoning_envelope import is_packed, unpack_reasoning

MAX_CACHE_POINTS = 4
"""Maximum number of blocks with cache control that Anthropic accepts."""


def system_messages(system: Any) -> list[dict[str, Any]]:
    """Return the system prompt of a messages request as messages of a chat."""
    if not system:
        return []
    if isinstance(system, str):
        return [{"role": "system", "content": system}]
    parts = [_with_cache_control({"type": "text", "text": block["text"]}, block) for block in system if block["text"]]
    return [_message("system", parts)] if parts else []


def chat_messages(message: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return a message as messages of a chat.

    Raises: Unsupported if a chat cannot express a block.
    """
    content = message["content"]
    if isinstance(content, str):
        return [{"role": message["role"], "content": content}]
    if message["role"] == "system":  # a chat may also have it in the middle of a conversation
        return [{"role": "system", "content": [part for block in content for part in _to_parts(block)]}]
    return _to_assistant_message(content) if message["role"] == "assistant" else _to_user_messages(content)


def _message(role: str, parts: list[dict[str, Any]]) -> dict[str, Any]:
    """Return a message whose content is a text if it has only one, without cache control."""
    only = parts[0] if len(parts) == 1 else {}
    return {"role": role, "content": only["text"] if set(only) == {"type", "text"} else parts}


def _with_cache_control(part: dict[str, Any], block: Mapping[str, Any]) -> dict[str, Any]:
    return {**part, "cache_control": block["cache_control"]} if block.get("cache_control") else part


def _to_assistant_message(blocks: list[dict[str, Any]]) -> list[dict[str, Any]]:
    texts, calls = list[dict[str, Any]](), list[dict[str, Any]]()
    thoughts, details = list[str](), list[dict[str, Any]]()
    cache_control: Any = None
    for block in blocks:
        kind = block["type"]
        cache_control = block.get("cache_control") or cache_control
        if kind == "text":
            texts.append(_with_cache_control({"type": "text", "text": block["text"]}, block))
        elif kind == "tool_use":
            arguments = msgspec.json.encode(block.get("input") or {}).decode()
            function = {"name": block["name"], "arguments": arguments}
            calls.append({"id": block["id"], "type": "function", "function": function})
        elif kind == "thinking":
            thoughts.append(block["thinking"])
            if block.get("signature"):
                detail = {"type": "reasoning.text", "text": block["thinking"], "signature": block["signature"]}
                details.append({**detail, "format": CLAUDE_REASONING_FORMAT, "index": len(details)})
        elif kind == "redacted_thinking":
            details += _unpack_redacted(block["data"], len(details))
        else:
            raise _unsupported_block(block)
    message: dict[str, Any] = {"role": "assistant", "content": _join_texts(texts)}
    if any(thoughts):
        message["reasoning_content"] = "".join(thoughts)
    if details:
        message["reasoning_details"] = details
    if cache_control and isinstance(message["content"], str | None):
        message["cache_control"] = cache_control
    return [{**message, "tool_calls": calls} if calls else message]


def _unpack_redacted(data: str, index: int) -> list[dict[str, Any]]:
    """Return redacted thinking as reasoning details: reasoning of another model that Vong packed, or of Claude."""
    if is_packed(data):
        return unpack_reasoning(data)
    return [{"type": "reasoning.encrypted", "data": data, "format": CLAUDE_REASONING_FORMAT, "index": index}]


def _join_texts(parts: list[dict[str, Any]]) -> Any:
    """Return the texts of an assistant message as one text, or as parts if one in the middle has cache control."""
    if any("cache_control" in part for part in parts[:-1]):
        return parts
    return "".join(part["text"] for part in parts) or None


def _to_user_messages(blocks: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Translate user blocks: first tool results as messages of their own, then the other parts with result images."""
    results, parts = list[dict[str, Any]](), list[dict[str, Any]]()
    for block in blocks:
        if block["type"] != "tool_result":
            parts += _to_parts(block)
            continue
        content = block.get("content") or ""
        items = [{"type": "text", "text": content}] if isinstance(content, str) else content
        inner = [part for item in items for part in _to_parts(item)]
        text = "\n".join(part["text"] for part in inner if part["type"] == "text")
        parts += [part for part in inner if part["type"] != "text"]
        result = {"role": "tool", "tool_call_id": block["tool_use_id"]}
        result["content"] = f"Error: {text}" if block.get("is_error") else text
        results.append(_with_cache_control(result, block))
    return [*results, _message("user", parts)] if parts else results


def _to_parts(block: Mapping[str, Any]) -> list[dict[str, Any]]:
    return [_with_cache_control(part, block) for part in _convert_block(block)]


def _convert_block(block: Mapping[str, Any]) -> list[dict[str, Any]]:
    kind, source = block["type"], block.get("source") or {}
    if kind == "text":
        return [{"type": "text", "text": block["text"]}]
    if kind == "image" and source.get("type") in {"base64", "url"}:
        return [{"type": "image_url", "image_url": {"url": _to_url(source)}}]
    if kind == "document" and source.get("type") == "base64":
        return [
            {
                "type": "file",
                "file": {"file_data": _to_url(source), "filename": block.get("title") or "document.pdf"},
            }
        ]
    if kind == "document" and source.get("type") == "text":
        return [{"type": "text", "text": source["data"]}]
    if kind == "document" and source.get("type") == "content":
        content = source["content"]
        items = [{"type": "text", "text": content}] if isinstance(content, str) else content
        return [part for item in items for part in _to_parts(item)]
    if kind == "search_result":
        texts = [item["text"] for item in block["content"]]
        return [{"type": "text", "text": "\n".join([f"{block['title']} ({block['source']})", *texts])}]
    if kind == "tool_reference":
        return [{"type": "text", "text": f"The tool {block['tool_name']} is available."}]
    raise _unsupported_block(block)


def _to_url(source: Mapping[str, Any]) -> str:
    return source["url"] if source["type"] == "url" else f"data:{source['media_type']};base64,{source['data']}"


def _unsupported_block(block: Mapping[str, Any]) -> Unsupported:
    return Unsupported(f"a chat cannot express a block of type {block['type']!r}", "use a model of Anthropic")


def translate_conversation(messages: list[dict[str, Any]]) -> tuple[Any, list[dict[str, Any]]]:
    """Return the system blocks of all messages of a chat, and the turns; tool results belong to the user's turn."""
    system, turns = list[dict[str, Any]](), list[dict[str, Any]]()
    for message in messages:
        role = message["role"]
        if role in {"system", "developer"}:
            system += _to_blocks(message)
            continue
        if role == "function":
            raise Unsupported("messages of the role 'function' are obsolete", "use tools and the role 'tool'")
        blocks = _to_assistant_blocks(message) if role == "assistant" else _to_user_blocks(message)
        turn_role = "assistant" if role == "assistant" else "user"
        if not blocks:
            continue
        if not turns and turn_role == "assistant":
            turns.append({"role": "user", "content": [{"type": "text", "text": START_TEXT}]})
        if turns and turns[-1]["role"] == turn_role:
            turns[-1]["content"] += blocks
        else:
            turns.append({"role": turn_role, "content": blocks})
    if not turns:
        turns.append({"role": "user", "content": [{"type": "text", "text": START_TEXT}]})
    for turn in turns:  # a result follows its call; a text of the same turn comes after it
        turn["content"].sort(key=lambda block: block["type"] != "tool_result" if turn["role"] == "user" else False)
    _trim_last_text(turns[-1])
    return system, turns


def _trim_last_text(turn: dict[str, Any]) -> None:
    """Remove white space at the end of an assistant message that the model continues, which Anthropic rejects."""
    last = turn["content"][-1]
    if turn["role"] == "assistant" and last["type"] == "text":
        last["text"] = last["text"].rstrip()


def limit_cache_points(request: Mapping[str, Any]) -> None:
    """Remove cache control from the blocks in the middle of a request that has more than Anthropic accepts."""
    results = [
        block for turn in request["messages"] for block in turn["content"] if isinstance(block.get("content"), list)
    ]
    blocks = [*request.get("tools", ()), *request.get("system", ())]
    blocks += [block for turn in request["messages"] for block in turn["content"]]
    blocks += [block for result in results for block in result["content"]]
    marked = [block for block in blocks if "cache_control" in block]
    for block in marked[MAX_CACHE_POINTS // 2 : -MAX_CACHE_POINTS // 2]:
        del block["cache_control"]


def _to_assistant_blocks(message: Mapping[str, Any]) -> list[dict[str, Any]]:
    blocks = list[dict[str, Any]]()
    for detail in select_reasoning(message, CLAUDE_REASONING_FORMAT):
        if detail["type"] == "reasoning.encrypted":
            blocks.append({"type": "redacted_thinking", "data": detail["data"]})
        elif detail.get("signature"):
            blocks.append({"type": "thinking", "thinking": detail.get("text") or "", "signature": detail["signature"]})
    blocks += _to_blocks(message)
    if (message.get("refusal") or "").strip():
        blocks.append({"type": "text", "text": message["refusal"]})
    for call in message.get("tool_calls") or []:
        blocks.append(
            {
                "type": "tool_use",
                "id": call["id"],
                "name": call["function"]["name"],
                "input": parse_arguments(call),
            }
        )
    if message.get("cache_control") and message.get("tool_calls"):
        for block in blocks:
            block.pop("cache_control", None)
        blocks[-1]["cache_control"] = message["cache_control"]
    return blocks


def _to_user_blocks(message: Mapping[str, Any]) -> list[dict[str, Any]]:
    if message["role"] != "tool":
        return _to_blocks(message)
    blocks = _to_blocks({"content": message.get("content")})
    result = {"type": "tool_result", "tool_use_id": message["tool_call_id"], **({"content": blocks} if blocks else {})}
    return [_with_cache_control(result, message)]


def _to_blocks(message: Mapping[str, Any]) -> list[dict[str, Any]]:
    return [_with_cache_control(_to_block(part), part) for part in message_parts(message)]


def _to_block(part: Mapping[str, Any]) -> dict[str, Any]:
    kind = part["type"]
    if kind in {"text", "refusal"}:
        return {"type": "text", "text": part[kind]}
    if kind == "image_url":
        return {"type": "image", "source": _to_source(part["image_url"]["url"], IMAGE_MEDIA_TYPES)}
    if kind == "file" and part["file"].get("file_data"):
        return _to_document(part["file"])
    raise Unsupported(f"Anthropic does not support a part of type {kind!r}", "use a model of another provider")


def _to_document(file: Mapping[str, Any]) -> dict[str, Any]:
    data = parse_data_url(file["file_data"])
    if data is None or not data.media_type.startswith("text/"):
        return {"type": "document", "source": _to_source(file["file_data"], {"application/pdf"})}
    try:
        text = base64.b64decode(data.data).decode()
    except ValueError as error:
        raise InvalidInput(f"a file of type {data.media_type!r} is no text in UTF-8: {error}", "send UTF-8") from error
    return {"type": "document", "source": {"type": "text", "media_type": "text/plain", "data": text}}


def _to_source(url: str, media_types: set[str]) -> dict[str, Any]:
    data = parse_data_url(url)
    if data is None:
        return {"type": "url", "url": url}
    if data.media_type not in media_types:
        accepted = ", ".join(sorted(media_types))
        raise Unsupported(f"Anthropic does not support files of type {data.media_type!r}", f"send {accepted}")
    return {"type": "base64", "media_type": data.media_type, "data": data.data}
