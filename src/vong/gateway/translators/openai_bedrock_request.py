"""Chat requests translated into requests of Bedrock's Converse."""

import re
from collections.abc import Mapping
from typing import Any

import msgspec

from vong.errors import Unsupported
from vong.gateway.translators.claude import (
    FIRST_FIXED_SAMPLING_VERSION,
    ClaudeModel,
    apply_sampling_rules,
    check_forced_tool,
    check_last_message,
    fit_budget,
    lacks_thinking,
    parse_claude_model,
    thinking_fields,
    thinks,
)
from vong.gateway.translators.content import (
    CLAUDE_REASONING_FORMAT,
    EMPTY_RESULT_TEXT,
    OPENAI_ONLY_FIELDS,
    START_TEXT,
    check_function_names,
    message_parts,
    parse_arguments,
    parse_data_url,
    parse_tool_choice,
    pop_functions,
    pop_max_tokens,
    pop_stop_sequences,
    select_fields,
    select_reasoning,
    used_functions,
)
from vong.gateway.translators.reasoning_effort import (
    CLAUDE_BUDGET_TOKENS,
    EFFORT_ALIASES,
    effort_of_budget,
    resolve_effort,
)
from vong.gateway.translators.tool_call_ids import ANTHROPIC_ID_PATTERN, rewrite_tool_call_ids
from vong.gateway.translators.tool_results import pair_tool_results

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
FUNCTION_NAME_PATTERN = re.compile(r"[a-zA-Z0-9_-]{1,64}", re.ASCII)
UNCACHED_MODEL_PATTERN = re.compile(
    r"(?:^|\.)(?:ai21|cohere|deepseek|google|meta|minimax|mistral|moonshot|nvidia|openai|qwen|stability|writer|zai)\b"
)
"""Models of vendors whose models do not support cache points."""
MAX_CACHE_POINTS = 4
MAX_TOKENS_FIELDS = ("max_tokens", "maxTokens", "max_new_tokens", "max_gen_len", "max_tokens_to_sample")
"""Fields of models that set the maximum of output tokens, which Converse has in `inferenceConfig`."""
THINKING_BUDGET_TOKENS = {**CLAUDE_BUDGET_TOKENS, "xhigh": 32768, "max": 63999}


def to_bedrock_request(chat: Mapping[str, Any]) -> dict[str, Any]:
    """Translate a chat into a Converse request.

    Raises: Unsupported if Converse cannot express the request.
    """
    fields = select_fields(chat, "Bedrock", UNSUPPORTED_FIELDS)
    model = str(fields.pop("model"))
    fields.pop("stream", None)
    messages = pair_tool_results(rewrite_tool_call_ids(fields.pop("messages"), ANTHROPIC_ID_PATTERN))
    system, turns = _to_turns(messages)
    request: dict[str, Any] = {"messages": turns, **({"system": system} if system else {})}
    if "claude" in model:
        _apply_claude_rules(fields, turns, parse_claude_model(model))
    inference: dict[str, Any] = {}
    if (max_tokens := pop_max_tokens(fields)) is not None:
        inference["maxTokens"] = max_tokens
    for name, converse_name in (("temperature", "temperature"), ("top_p", "topP")):
        if name in fields:
            inference[converse_name] = fields.pop(name)
    if stops := [text for text in pop_stop_sequences(fields) if text.strip()]:
        inference["stopSequences"] = stops
    _set_tools(fields, request, used_functions(messages))
    _set_format(fields, request)
    _limit_cache_points(request, 0 if UNCACHED_MODEL_PATTERN.search(model) else MAX_CACHE_POINTS)
    model_fields = _effort_fields(fields, inference, model)
    request |= {name: fields.pop(name) for name in CONVERSE_FIELDS if name in fields}
    model_fields = {**model_fields, **fields, **(request.pop("additionalModelRequestFields", None) or {})}
    for name in MAX_TOKENS_FIELDS:
        if name in model_fields:
            raise Unsupported(f"Bedrock does not support {name} beside max_completion_tokens", f"remove {name}")
    if inference:
        request["inferenceConfig"] = inference
    return {**request, "additionalModelRequestFields": model_fields} if model_fields else request


def _apply_claude_rules(fields: dict[str, Any], turns: list[dict[str, Any]], model: ClaudeModel) -> None:
    check_forced_tool(fields, "Bedrock")
    if thinks(fields) and not model.is_adaptive and lacks_thinking(turns, _block_kind):
        fields.pop("reasoning_effort", None)
        fields.pop("thinking", None)
    check_last_message(turns, model, "Bedrock", thinking=thinks(fields))
    apply_sampling_rules(fields, model, "Bedrock")


def _block_kind(block: Mapping[str, Any]) -> str:
    return {"toolResult": "result", "reasoningContent": "thinking"}.get(next(iter(block)), "other")


def _to_turns(messages: list[dict[str, Any]]) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Return the system blocks and the turns; tool results belong to the user's turn."""
    system, turns = list[dict[str, Any]](), list[dict[str, Any]]()
    for message in messages:
        role = message["role"]
        if role in {"system", "developer"}:
            system += _to_blocks(message)
            continue
        if role == "assistant":
            blocks = _to_assistant_blocks(message)
        elif role == "tool":
            content = _to_blocks({"content": message.get("content")}) or [{"text": EMPTY_RESULT_TEXT}]
            result = {"toolUseId": message["tool_call_id"], "content": content}
            blocks = _with_cache_point([{"toolResult": result}], message)
        elif role == "user":
            blocks = _to_blocks(message)
        else:
            raise Unsupported(
                f"Bedrock does not support messages of the role {role!r}", "use user, assistant, system or tool"
            )
        turn_role = "assistant" if role == "assistant" else "user"
        if not blocks:
            continue
        if not turns and turn_role == "assistant":
            turns.append({"role": "user", "content": [{"text": START_TEXT}]})
        if turns and turns[-1]["role"] == turn_role:
            turns[-1]["content"] += blocks
        else:
            turns.append({"role": turn_role, "content": blocks})
    if not turns:
        turns.append({"role": "user", "content": [{"text": START_TEXT}]})
    _order_results(turns)
    return system, turns


def _order_results(turns: list[dict[str, Any]]) -> None:
    """Move tool results to the start of their turn, and trim an assistant message that the model continues."""
    for turn in turns:
        if any("toolResult" in block for block in turn["content"]):
            last_result = max(i for i, block in enumerate(turn["content"]) if "toolResult" in block)
            until_result, rest = turn["content"][: last_result + 1], turn["content"][last_result + 1 :]
            results = [block for block in until_result if "toolResult" in block]
            others = [block for block in until_result if "toolResult" not in block and "cachePoint" not in block]
            points = rest[:1] if rest and "cachePoint" in rest[0] else []
            turn["content"] = [*results, *points, *others, *rest[len(points) :]]
    last = turns[-1]["content"][-1]
    if turns[-1]["role"] == "assistant" and "text" in last:
        last["text"] = last["text"].rstrip()


def _with_cache_point(blocks: list[dict[str, Any]], source: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the blocks with a cache point if a part, message or tool has cache control."""
    control = source.get("cache_control")
    if not control or not blocks:
        return blocks
    one_hour = {"ttl": "1h"} if isinstance(control, dict) and control.get("ttl") == "1h" else {}
    return [*blocks, {"cachePoint": {"type": "default", **one_hour}}]


def _limit_cache_points(request: dict[str, Any], maximum: int) -> None:
    """Remove the cache points in the middle of a request that has more than the model accepts."""
    lists: list[list[dict[str, Any]]] = [(request.get("toolConfig") or {}).get("tools", []), request.get("system", [])]
    lists += [turn["content"] for turn in request["messages"]]
    for turn in request["messages"]:
        lists += [block["toolResult"]["content"] for block in turn["content"] if "toolResult" in block]
    points = [(items, block) for items in lists for block in items if "cachePoint" in block]
    kept = points if len(points) <= maximum else [*points[: maximum // 2], *points[len(points) - maximum // 2 :]]
    for items, block in points:
        if not any(block is other for _, other in kept):
            items[:] = [item for item in items if item is not block]


def _to_assistant_blocks(message: Mapping[str, Any]) -> list[dict[str, Any]]:
    blocks = list[dict[str, Any]]()
    for detail in select_reasoning(message, CLAUDE_REASONING_FORMAT):
        if detail["type"] == "reasoning.encrypted":
            blocks.append({"reasoningContent": {"redactedContent": detail["data"]}})
        elif detail.get("signature"):
            text = {"text": detail.get("text") or "", "signature": detail["signature"]}
            blocks.append({"reasoningContent": {"reasoningText": text}})
    has_calls = bool(message.get("tool_calls"))
    blocks += _to_blocks({"content": message.get("content")} if has_calls else message)
    if (message.get("refusal") or "").strip():
        blocks.append({"text": message["refusal"]})
    for call in message.get("tool_calls") or []:
        use = {"toolUseId": call["id"], "name": call["function"]["name"], "input": parse_arguments(call)}
        blocks.append({"toolUse": use})
    return _with_cache_point(blocks, message) if has_calls else blocks


def _to_blocks(message: Mapping[str, Any]) -> list[dict[str, Any]]:
    return [block for part in message_parts(message) for block in _with_cache_point([_to_block(part)], part)]


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


def _set_tools(fields: dict[str, Any], request: dict[str, Any], used: list[str]) -> None:
    """Set the tools. Bedrock requires those that the conversation calls, which are declared if the chat has none."""
    functions = pop_functions(fields, "Bedrock")
    choice = fields.pop("tool_choice", None)
    if not functions:
        functions, choice = [{"name": name, "description": "a tool of earlier messages"} for name in used], None
    if not functions:
        return
    check_function_names(functions, FUNCTION_NAME_PATTERN, "Bedrock")
    tools = [block for function in functions for block in _with_cache_point([_to_tool(function)], function)]
    mode, function_name = parse_tool_choice(choice or "auto", "Bedrock")
    if mode == "none":
        if used:
            raise Unsupported("Bedrock cannot disable tools after a model has used them", "remove tool_choice")
        return
    tool_choice: dict[str, Any] = (
        {"tool": {"name": function_name}} if function_name else {"any" if mode == "required" else "auto": {}}
    )
    request["toolConfig"] = {"tools": tools, **({} if choice is None else {"toolChoice": tool_choice})}


def _to_tool(function: Mapping[str, Any]) -> dict[str, Any]:
    spec = {name: function[name] for name in ("name", "description", "strict") if function.get(name)}
    schema = function.get("parameters") or {"type": "object", "properties": {}}
    schema = schema if schema.get("type") else {"type": "object", **schema}
    return {"toolSpec": {**spec, "inputSchema": {"json": schema}}}


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
    effort, own_thinking = fields.pop("reasoning_effort", None), fields.get("thinking")
    claude = parse_claude_model(model)
    if isinstance(own_thinking, dict) and own_thinking.get("type") == "enabled":
        budget = int(own_thinking["budget_tokens"])
        del fields["thinking"]
        if not claude.since(FIRST_FIXED_SAMPLING_VERSION):
            thinking, inference["maxTokens"] = fit_budget(budget, inference.get("maxTokens"))
            return {"thinking": thinking}
        effort = effort_of_budget(budget)
    if effort is None or effort == "none" or "thinking" in fields:
        return {}
    effort = resolve_effort(effort, THINKING_BUDGET_TOKENS)
    if "openai." in model:
        return {"reasoning_effort": effort}
    if "nova-2" in model:
        level = {"minimal": "low", **EFFORT_ALIASES}.get(effort, effort)
        return {"reasoningConfig": {"type": "enabled", "maxReasoningEffort": level}}
    if "claude" not in model:
        raise Unsupported(f"reasoning_effort is not supported for {model!r}", "send the model's own fields")
    thinking, inference["maxTokens"] = thinking_fields(
        claude, effort, inference.get("maxTokens"), THINKING_BUDGET_TOKENS
    )
    return thinking
