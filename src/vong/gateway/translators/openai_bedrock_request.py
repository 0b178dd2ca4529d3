"""Chat requests translated into requests of Bedrock's Converse."""

from collections.abc import Mapping
from typing import Any

import msgspec

from vong.errors import InvalidInput, Unsupported
from vong.gateway.translators.content import (
    NOWHERE,
    arguments_of,
    asked_fields,
    chosen,
    data_of,
    functions_of,
    parts_of,
    stops_of,
    thoughts_of,
    tokens_of,
)

FORMAT = "anthropic-claude-v1"
"""Format of the reasoning signatures of Bedrock's models: Claude's, which are the same everywhere."""
CANNOT = (
    *NOWHERE,
    *("n", "logprobs", "top_logprobs", "frequency_penalty", "presence_penalty", "seed", "modalities"),
    "parallel_tool_calls",
)
OWN = (
    *("guardrailConfig", "performanceConfig", "requestMetadata", "promptVariables", "serviceTier"),
    *("additionalModelRequestFields", "additionalModelResponseFieldPaths"),
)
"""Fields of Converse itself. Every other unknown field is passed to the model."""
IMAGES = {"png", "jpeg", "gif", "webp"}
DOCUMENTS = {
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
BUDGETS = {"minimal": 1024, "low": 2048, "medium": 8192, "high": 24576, "xhigh": 32768, "max": 63999}
DEFAULT_TOKENS = 4096


def converse_of(asked: Mapping[str, Any]) -> dict[str, Any]:
    """Translate a chat into a Converse request.

    Raises: Unsupported if Converse cannot express the request.
    """
    fields = asked_fields(asked, "Bedrock", CANNOT)
    model = str(fields.pop("model"))
    fields.pop("stream", None)
    system, turns = _turns(fields.pop("messages"))
    request: dict[str, Any] = {"messages": turns, **({"system": system} if system else {})}
    inference: dict[str, Any] = {}
    if (max_tokens := tokens_of(fields)) is not None:
        inference["maxTokens"] = max_tokens
    for name, converse_name in (("temperature", "temperature"), ("top_p", "topP")):
        if name in fields:
            inference[converse_name] = fields.pop(name)
    if stops := stops_of(fields):
        inference["stopSequences"] = stops
    _tools(fields, request, any("toolUse" in block for turn in turns for block in turn["content"]))
    _format(fields, request)
    model_fields = _effort(fields, inference, model)
    request |= {name: fields.pop(name) for name in OWN if name in fields}
    model_fields = {**model_fields, **fields, **(request.pop("additionalModelRequestFields", None) or {})}
    if inference:
        request["inferenceConfig"] = inference
    return {**request, "additionalModelRequestFields": model_fields} if model_fields else request


def _turns(messages: list[dict[str, Any]]) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Return the system blocks and the turns; tool results belong to the user's turn."""
    system, turns = list[dict[str, Any]](), list[dict[str, Any]]()
    for message in messages:
        role = message["role"]
        if role in {"system", "developer"}:
            system += _blocks(message.get("content"))
            continue
        if role == "assistant":
            blocks = _said(message)
        elif role == "tool":
            result = {"toolUseId": message["tool_call_id"], "content": _blocks(message.get("content"))}
            blocks = [{"toolResult": result}]
        elif role == "user":
            blocks = _blocks(message.get("content"))
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


def _said(message: Mapping[str, Any]) -> list[dict[str, Any]]:
    blocks = list[dict[str, Any]]()
    for detail in thoughts_of(message, FORMAT):
        if detail["type"] == "reasoning.encrypted":
            blocks.append({"reasoningContent": {"redactedContent": detail["data"]}})
        elif detail.get("signature"):
            text = {"text": detail["text"], "signature": detail["signature"]}
            blocks.append({"reasoningContent": {"reasoningText": text}})
    blocks += _blocks(message.get("content"))
    if message.get("refusal"):
        blocks.append({"text": message["refusal"]})
    for call in message.get("tool_calls") or []:
        use = {"toolUseId": call["id"], "name": call["function"]["name"], "input": arguments_of(call)}
        blocks.append({"toolUse": use})
    return blocks


def _blocks(content: Any) -> list[dict[str, Any]]:
    blocks = list[dict[str, Any]]()
    for part in parts_of(content):
        blocks.append(_block(part))
        if part.get("cache_control"):
            blocks.append({"cachePoint": {"type": "default"}})
    return blocks


def _block(part: Mapping[str, Any]) -> dict[str, Any]:
    kind = part["type"]
    if kind in {"text", "refusal"}:
        return {"text": part[kind]}
    if kind == "image_url":
        data = data_of(part["image_url"]["url"])
        if data is None:
            raise Unsupported("Bedrock does not fetch images from URLs", "send the image as a data URL")
        if data.format not in IMAGES:
            raise Unsupported(
                f"Bedrock does not support images of type {data.media_type!r}", "send png, jpeg, gif or webp"
            )
        return {"image": {"format": data.format, "source": {"bytes": data.data}}}
    if kind == "file" and part["file"].get("file_data"):
        data = data_of(part["file"]["file_data"])
        if data is None or data.media_type not in DOCUMENTS:
            raise Unsupported("Bedrock does not support documents of this type", "send a PDF or a text as a data URL")
        name = _document_name(part["file"].get("filename"))
        return {"document": {"format": DOCUMENTS[data.media_type], "name": name, "source": {"bytes": data.data}}}
    raise Unsupported(f"Bedrock does not support a part of type {kind!r}", "use a model of another provider")


def _document_name(name: str | None) -> str:
    """Return a valid document name: Bedrock allows letters, digits, spaces, hyphens and brackets."""
    stem = (name or "document").rpartition(".")[0] or name or "document"
    return " ".join("".join(c if c.isascii() and (c.isalnum() or c in "-()[]") else " " for c in stem).split()) or "it"


def _tools(fields: dict[str, Any], request: dict[str, Any], used: bool) -> None:
    tools = list[dict[str, Any]]()
    for function in functions_of(fields, "Bedrock"):
        spec = {name: function[name] for name in ("name", "description", "strict") if function.get(name) is not None}
        schema = function.get("parameters") or {"type": "object", "properties": {}}
        tools.append({"toolSpec": {**spec, "inputSchema": {"json": schema}}})
    choice = fields.pop("tool_choice", None)
    if not tools:
        return
    mode, function_name = chosen(choice or "auto", "Bedrock")
    if mode == "none":
        if used:
            raise Unsupported("Bedrock cannot disable tools after a model has used them", "remove tool_choice")
        return
    tool_choice: dict[str, Any] = (
        {"tool": {"name": function_name}} if function_name else {"any" if mode == "required" else "auto": {}}
    )
    request["toolConfig"] = {"tools": tools, **({} if choice is None else {"toolChoice": tool_choice})}


def _format(fields: dict[str, Any], request: dict[str, Any]) -> None:
    response_format: dict[str, Any] = fields.pop("response_format", None) or {"type": "text"}
    if response_format["type"] == "json_schema":
        json_schema = response_format["json_schema"]
        schema = {"schema": msgspec.json.encode(json_schema.get("schema") or {"type": "object"}).decode()}
        schema |= {name: json_schema[name] for name in ("name", "description") if json_schema.get(name) is not None}
        request["outputConfig"] = {"textFormat": {"type": "json_schema", "structure": {"jsonSchema": schema}}}
    elif response_format["type"] != "text":
        raise Unsupported(f"Bedrock does not support response_format {response_format['type']!r}", "use json_schema")


def _effort(fields: dict[str, Any], inference: dict[str, Any], model: str) -> dict[str, Any]:
    """Set the thinking effort, which each model family configures differently."""
    effort = fields.pop("reasoning_effort", None)
    if effort is None or effort == "none":
        return {}
    if effort not in BUDGETS:
        raise InvalidInput(f"unknown reasoning_effort {effort!r}", f"use one of: {', '.join(BUDGETS)}")
    if "openai." in model:
        return {"reasoning_effort": effort}
    if "nova-2" in model:
        level = {"minimal": "low", "xhigh": "high", "max": "high"}.get(effort, effort)
        return {"reasoningConfig": {"type": "enabled", "maxReasoningEffort": level}}
    if "claude" not in model:
        raise Unsupported(f"reasoning_effort is not supported for {model!r}", "send the model's own fields")
    budget = BUDGETS[effort]
    tokens = inference.setdefault("maxTokens", budget + DEFAULT_TOKENS)
    if tokens <= BUDGETS["minimal"]:
        raise Unsupported("thinking requires more than 1024 tokens", "raise max_completion_tokens")
    return {"thinking": {"type": "enabled", "budget_tokens": min(budget, tokens - 1)}}
