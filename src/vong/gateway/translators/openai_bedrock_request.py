"""A chat as a request for Bedrock's Converse."""

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
"""Whose signatures Bedrock's models give: Claude's, which are the same everywhere."""
CANNOT = (
    *NOWHERE,
    *("n", "logprobs", "top_logprobs", "frequency_penalty", "presence_penalty", "seed", "modalities"),
    "parallel_tool_calls",
)
OWN = (
    *("guardrailConfig", "performanceConfig", "requestMetadata", "promptVariables", "serviceTier"),
    *("additionalModelRequestFields", "additionalModelResponseFieldPaths"),
)
"""Converse's own fields. Every other one that Vong does not know is the model's."""
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
    """The request. Unsupported for what Converse cannot do."""
    fields = asked_fields(asked, "Bedrock", CANNOT)
    model = str(fields.pop("model"))
    fields.pop("stream", None)
    system, turns = _turns(fields.pop("messages"))
    found: dict[str, Any] = {"messages": turns, **({"system": system} if system else {})}
    inference: dict[str, Any] = {}
    if (tokens := tokens_of(fields)) is not None:
        inference["maxTokens"] = tokens
    for name, theirs in (("temperature", "temperature"), ("top_p", "topP")):
        if name in fields:
            inference[theirs] = fields.pop(name)
    if stops := stops_of(fields):
        inference["stopSequences"] = stops
    _tools(fields, found, any("toolUse" in block for turn in turns for block in turn["content"]))
    _format(fields, found)
    more = _effort(fields, inference, model)
    found |= {name: fields.pop(name) for name in OWN if name in fields}
    more = {**more, **fields, **(found.pop("additionalModelRequestFields", None) or {})}
    if inference:
        found["inferenceConfig"] = inference
    return {**found, "additionalModelRequestFields": more} if more else found


def _turns(messages: list[dict[str, Any]]) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """What the system says, and the turns: results of tools belong to the person's."""
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
            raise Unsupported(f"Bedrock has no messages of the role {role!r}", "use user, assistant, system or tool")
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
            raise Unsupported("Bedrock does not fetch images", "send the image itself, as a data URL")
        if data.format not in IMAGES:
            raise Unsupported(f"Bedrock reads no images of {data.media_type!r}", "send png, jpeg, gif or webp")
        return {"image": {"format": data.format, "source": {"bytes": data.data}}}
    if kind == "file" and part["file"].get("file_data"):
        data = data_of(part["file"]["file_data"])
        if data is None or data.media_type not in DOCUMENTS:
            raise Unsupported("Bedrock reads documents of a few types only", "send a PDF or a text, as a data URL")
        name = _document_name(part["file"].get("filename"))
        return {"document": {"format": DOCUMENTS[data.media_type], "name": name, "source": {"bytes": data.data}}}
    raise Unsupported(f"Bedrock cannot read a part of type {kind!r}", "name a model of another provider")


def _document_name(name: str | None) -> str:
    """Letters, digits, spaces, hyphens and brackets are all that Bedrock lets a document be called by."""
    bare = (name or "document").rpartition(".")[0] or name or "document"
    return " ".join("".join(c if c.isascii() and (c.isalnum() or c in "-()[]") else " " for c in bare).split()) or "it"


def _tools(fields: dict[str, Any], found: dict[str, Any], used: bool) -> None:
    tools = list[dict[str, Any]]()
    for function in functions_of(fields, "Bedrock"):
        made = {name: function[name] for name in ("name", "description", "strict") if function.get(name) is not None}
        schema = function.get("parameters") or {"type": "object", "properties": {}}
        tools.append({"toolSpec": {**made, "inputSchema": {"json": schema}}})
    choice = fields.pop("tool_choice", None)
    if not tools:
        return
    mode, only = chosen(choice or "auto", "Bedrock")
    if mode == "none":
        if used:
            raise Unsupported("Bedrock cannot keep tools from a model that has used them", "leave tool_choice out")
        return
    wanted: dict[str, Any] = {"tool": {"name": only}} if only else {"any" if mode == "required" else "auto": {}}
    found["toolConfig"] = {"tools": tools, **({} if choice is None else {"toolChoice": wanted})}


def _format(fields: dict[str, Any], found: dict[str, Any]) -> None:
    wanted: dict[str, Any] = fields.pop("response_format", None) or {"type": "text"}
    if wanted["type"] == "json_schema":
        given = wanted["json_schema"]
        schema = {"schema": msgspec.json.encode(given.get("schema") or {"type": "object"}).decode()}
        schema |= {name: given[name] for name in ("name", "description") if given.get(name) is not None}
        found["outputConfig"] = {"textFormat": {"type": "json_schema", "structure": {"jsonSchema": schema}}}
    elif wanted["type"] != "text":
        raise Unsupported(f"Bedrock has no response_format {wanted['type']!r}", "send a json_schema")


def _effort(fields: dict[str, Any], inference: dict[str, Any], model: str) -> dict[str, Any]:
    """Each family of models is told otherwise how much to think."""
    effort = fields.pop("reasoning_effort", None)
    if effort is None or effort == "none":
        return {}
    if effort not in BUDGETS:
        raise InvalidInput(f"no reasoning_effort {effort!r}", f"use one of: {', '.join(BUDGETS)}")
    if "openai." in model:
        return {"reasoning_effort": effort}
    if "nova-2" in model:
        level = {"minimal": "low", "xhigh": "high", "max": "high"}.get(effort, effort)
        return {"reasoningConfig": {"type": "enabled", "maxReasoningEffort": level}}
    if "claude" not in model:
        raise Unsupported(f"Vong does not know how {model!r} is told to think", "send the model's own fields")
    budget = BUDGETS[effort]
    tokens = inference.setdefault("maxTokens", budget + DEFAULT_TOKENS)
    if tokens <= BUDGETS["minimal"]:
        raise Unsupported("Claude thinks in 1024 tokens or more", "raise max_completion_tokens")
    return {"thinking": {"type": "enabled", "budget_tokens": min(budget, tokens - 1)}}
