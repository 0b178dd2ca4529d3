"""Chat requests translated into requests of Bedrock's Converse."""

from collections.abc import Mapping
from typing import Any

import msgspec

from vong.errors import Unsupported
from vong.gateway.translators.content import (
    CLAUDE_REASONING_FORMAT,
    OPENAI_ONLY_FIELDS,
    parse_arguments,
    parse_data_url,
    parse_tool_choice,
    pop_functions,
    pop_max_tokens,
    pop_stop_sequences,
    select_fields,
    select_reasoning,
    to_parts,
)
from vong.gateway.translators.reasoning_effort import (
    CLAUDE_BUDGET_TOKENS,
    DEFAULT_ANSWER_TOKENS,
    EFFORT_ALIASES,
    claude_thinking,
    resolve_effort,
)

UNSUPPORTED_FIELDS = (
    *OPENAI_ONLY_FIELDS,
    *("n", "logprobs", "top_logprobs", "frequency_penalty", "presence_penalty", "seed", "modalities"),
    "parallel_tool_calls",
)
CONVERSE_FIELDS = (
    *("guardrailConfig", "performanceConfig", "requestMetadata", "promptVariables", "serviceTier"),
    *("additionalModelRequestFields", "additionalModelResponseFieldPaths"),
)
"""Fields of Converse itself. Every other unknown field is passed to the model."""
IMAGE_FORMATS = {"png", "jpeg", "gif", "webp"}
DOCUMENT_FORMATS = {
    "application/pdf": "pdf",
    "text/csv": "csv",
    "text/html": "html",
    "text/plain": "txt",
    "text/markdown": "md",
    "application/msword": "doc",
    "application/vnd.ms-excel": "xls",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document": "docx",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": "xlsx",
}
THINKING_BUDGET_TOKENS = {**CLAUDE_BUDGET_TOKENS, "xhigh": 32768, "max": 63999}


def to_bedrock_request(chat: Mapping[str, Any]) -> dict[str, Any]:
    """Translate a chat into a Converse request.

    Raises: Unsupported if Converse cannot express the request.
    """
    fields = select_fields(chat, "Bedrock", UNSUPPORTED_FIELDS)
    model = str(fields.pop("model"))
    fields.pop("stream", None)
    system, turns = _to_turns(fields.pop("messages"))
    request: dict[str, Any] = {"messages": turns, **({"system": system} if system else {})}
    inference: dict[str, Any] = {}
    if (max_tokens := pop_max_tokens(fields)) is not None:
        inference["maxTokens"] = max_tokens
    for name, converse_name in (("temperature", "temperature"), ("top_p", "topP")):
        if name in fields:
            inference[converse_name] = fields.pop(name)
    if stops := pop_stop_sequences(fields):
        inference["stopSequences"] = stops
    _set_tools(fields, request, any("toolUse" in block for turn in turns for block in turn["content"]))
    _set_format(fields, request)
    model_fields = _effort_fields(fields, inference, model)
    request |= {name: fields.pop(name) for name in CONVERSE_FIELDS if name in fields}
    model_fields = {**model_fields, **fields, **(request.pop("additionalModelRequestFields", None) or {})}
    if inference:
        request["inferenceConfig"] = inference
    return {**request, "additionalModelRequestFields": model_fields} if model_fields else request


def _to_turns(messages: list[dict[str, Any]]) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Return the system blocks and the turns; tool results belong to the user's turn."""
    system, turns = list[dict[str, Any]](), list[dict[str, Any]]()
    for message in messages:
        role = message["role"]
        if role in {"system", "developer"}:
            system += _to_blocks(message.get("content"))
            continue
        if role == "assistant":
            blocks = _to_assistant_blocks(message)
        elif role == "tool":
            result = {"toolUseId": message["tool_call_id"], "content": _to_blocks(message.get("content"))}
            blocks = [{"toolResult": result}]
        elif role == "user":
            blocks = _to_blocks(message.get("content"))
        else:
            raise Unsupported(
                f"Bedrock does not support messages of the role {role!r}", "use user, assistant, system or tool"
            )
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
            blocks.append({"reasoningContent": {"redactedContent": detail["data"]}})
        elif detail.get("signature"):
            text = {"text": detail["text"], "signature": detail["signature"]}
            blocks.append({"reasoningContent": {"reasoningText": text}})
    blocks += _to_blocks(message.get("content"))
    if message.get("refusal"):
        blocks.append({"text": message["refusal"]})
    for call in message.get("tool_calls") or []:
        use = {"toolUseId": call["id"], "name": call["function"]["name"], "input": parse_arguments(call)}
        blocks.append({"toolUse": use})
    return blocks


def _to_blocks(content: Any) -> list[dict[str, Any]]:
    blocks = list[dict[str, Any]]()
    for part in to_parts(content):
        blocks.append(_to_block(part))
        if part.get("cache_control"):
            blocks.append({"cachePoint": {"type": "default"}})
    return blocks


def _to_block(part: Mapping[str, Any]) -> dict[str, Any]:
    kind = part["type"]
    if kind in {"text", "refusal"}:
        return {"text": part[kind]}
    if kind == "image_url":
        data = parse_data_url(part["image_url"]["url"])
        if data is None:
            raise Unsupported("Bedrock does not fetch images from URLs", "send the image as a data URL")
        if data.format not in IMAGE_FORMATS:
            raise Unsupported(
                f"Bedrock does not support images of type {data.media_type!r}", "send png, jpeg, gif or webp"
            )
        return {"image": {"format": data.format, "source": {"bytes": data.data}}}
    if kind == "file" and part["file"].get("file_data"):
        data = parse_data_url(part["file"]["file_data"])
        if data is None or data.media_type not in DOCUMENT_FORMATS:
            raise Unsupported("Bedrock does not support documents of this type", "send a PDF or a text as a data URL")
        name = _document_name(part["file"].get("filename"))
        return {"document": {"format": DOCUMENT_FORMATS[data.media_type], "name": name, "source": {"bytes": data.data}}}
    raise Unsupported(f"Bedrock does not support a part of type {kind!r}", "use a model of another provider")


def _document_name(name: str | None) -> str:
    """Return a valid document name: Bedrock allows letters, digits, spaces, hyphens and brackets."""
    stem = (name or "document").rpartition(".")[0] or name or "document"
    return " ".join("".join(c if c.isascii() and (c.isalnum() or c in "-()[]") else " " for c in stem).split()) or "it"


def _set_tools(fields: dict[str, Any], request: dict[str, Any], used: bool) -> None:
    tools = list[dict[str, Any]]()
    for function in pop_functions(fields, "Bedrock"):
        spec = {name: function[name] for name in ("name", "description", "strict") if function.get(name) is not None}
        schema = function.get("parameters") or {"type": "object", "properties": {}}
        tools.append({"toolSpec": {**spec, "inputSchema": {"json": schema}}})
    choice = fields.pop("tool_choice", None)
    if not tools:
        return
    mode, function_name = parse_tool_choice(choice or "auto", "Bedrock")
    if mode == "none":
        if used:
            raise Unsupported("Bedrock cannot disable tools after a model has used them", "remove tool_choice")
        return
    tool_choice: dict[str, Any] = (
        {"tool": {"name": function_name}} if function_name else {"any" if mode == "required" else "auto": {}}
    )
    request["toolConfig"] = {"tools": tools, **({} if choice is None else {"toolChoice": tool_choice})}


def _set_format(fields: dict[str, Any], request: dict[str, Any]) -> None:
    response_format: dict[str, Any] = fields.pop("response_format", None) or {"type": "text"}
    if response_format["type"] == "json_schema":
        json_schema = response_format["json_schema"]
        schema = {"schema": msgspec.json.encode(json_schema.get("schema") or {"type": "object"}).decode()}
        schema |= {name: json_schema[name] for name in ("name", "description") if json_schema.get(name) is not None}
        request["outputConfig"] = {"textFormat": {"type": "json_schema", "structure": {"jsonSchema": schema}}}
    elif response_format["type"] != "text":
        raise Unsupported(f"Bedrock does not support response_format {response_format['type']!r}", "use json_schema")


def _effort_fields(fields: dict[str, Any], inference: dict[str, Any], model: str) -> dict[str, Any]:
    """Set the thinking effort, which each model family configures differently."""
    effort = fields.pop("reasoning_effort", None)
    if effort is None or effort == "none":
        return {}
    effort = resolve_effort(effort, THINKING_BUDGET_TOKENS)
    if "openai." in model:
        return {"reasoning_effort": effort}
    if "nova-2" in model:
        level = {"minimal": "low", **EFFORT_ALIASES}.get(effort, effort)
        return {"reasoningConfig": {"type": "enabled", "maxReasoningEffort": level}}
    if "claude" not in model:
        raise Unsupported(f"reasoning_effort is not supported for {model!r}", "send the model's own fields")
    budget = THINKING_BUDGET_TOKENS[effort]
    tokens = inference.setdefault("maxTokens", budget + DEFAULT_ANSWER_TOKENS)
    return {"thinking": claude_thinking(budget, tokens)}
