"""Chat requests translated into requests of Gemini's `generateContent`.

Gemini signs the reasoning of a model. Reasoning models require these signatures back with the calls and texts that they
belong to. Signatures are details of the format `google-gemini-v1`, with the `id` of the tool call if one belongs to it.
"""

import re
from collections.abc import Mapping
from typing import Any

import msgspec

from vong.errors import InvalidInput, Unsupported
from vong.gateway.translators.content import (
    OPENAI_ONLY_FIELDS,
    START_TEXT,
    check_function_names,
    extract_text,
    parse_arguments,
    parse_data_url,
    parse_tool_choice,
    pop_functions,
    pop_max_tokens,
    pop_stop_sequences,
    select_fields,
    select_reasoning,
    to_parts,
    visible_parts,
)
from vong.gateway.translators.gemini_schema import reduce_schema
from vong.gateway.translators.reasoning_effort import THINKING_BUDGET_TOKENS, resolve_effort
from vong.gateway.translators.tool_results import pair_tool_results

REASONING_FORMAT = "google-gemini-v1"
FUNCTION_NAME_PATTERN = re.compile(r"[a-zA-Z_][a-zA-Z0-9_.:-]{0,127}", re.ASCII)
FOREIGN_CALL_SIGNATURE = "skip_thought_signature_validator"
"""Signature of calls that another model made. Google documents it for conversations that move to Gemini."""
SECOND_GENERATION = ("gemini-1", "gemini-2")
UNSUPPORTED_FIELDS = (*OPENAI_ONLY_FIELDS, "parallel_tool_calls")
RENAMED_FIELDS = {
    "temperature": "temperature",
    "top_p": "topP",
    "top_k": "topK",
    "n": "candidateCount",
    "seed": "seed",
    "presence_penalty": "presencePenalty",
    "frequency_penalty": "frequencyPenalty",
    "logprobs": "responseLogprobs",
    "top_logprobs": "logprobs",
}
"""Fields that have another name at Gemini."""
MIN_PRO_BUDGET_TOKENS = 128
GEMINI_BUDGET_TOKENS = {"none": 0, **THINKING_BUDGET_TOKENS}
"""Thinking budgets, for models that take a number."""
THINKING_LEVELS = {"none": "minimal", "minimal": "minimal", "low": "low", "medium": "medium", "high": "high"}
"""Thinking levels, for models that take a level."""
FETCHABLE_PREFIXES = (
    "https://generativelanguage.googleapis.com/",
    "gs://",
    "https://www.youtube.com/",
    "https://youtu.be/",
)
"""Prefixes of URLs that Gemini fetches itself."""
AUDIO_MEDIA_TYPES = {"mp3": "audio/mpeg", "wav": "audio/wav"}
TOOL_MODES = {"auto": "AUTO", "required": "ANY", "none": "NONE"}


def to_gemini_request(chat: Mapping[str, Any]) -> dict[str, Any]:
    """Translate a chat into a request; fields that Vong does not know are forwarded beside it.

    Raises: Unsupported if Gemini cannot express the request.
    """
    fields = select_fields(chat, "Gemini", UNSUPPORTED_FIELDS)
    model = str(fields.pop("model"))
    fields.pop("stream", None)
    messages = pair_tool_results(fields.pop("messages"))
    system, contents = _to_turns(messages, needs_signatures=_needs_signatures(model))
    request: dict[str, Any] = {"contents": contents}
    if system:
        request["systemInstruction"] = {"parts": system}
    config: dict[str, Any] = {
        gemini_name: fields.pop(name) for name, gemini_name in RENAMED_FIELDS.items() if name in fields
    }
    if (max_output_tokens := pop_max_tokens(fields)) is not None:
        config["maxOutputTokens"] = max_output_tokens
    if stops := pop_stop_sequences(fields):
        config["stopSequences"] = stops
    _set_modalities(fields, config)
    _set_format(fields, config)
    _set_thinking(fields, config, model)
    _set_tools(fields, request)
    if "tools" in request and "responseMimeType" in config and model.startswith(SECOND_GENERATION):
        raise Unsupported(f"{model!r} does not support response_format with tools", "remove one of them")
    _merge_config(fields.pop("generationConfig", None) or {}, config)
    return {**request, **({"generationConfig": config} if config else {}), **fields}


def _needs_signatures(model: str) -> bool:
    """Return True if a model rejects calls without a signature."""
    return model.startswith("gemini-") and not model.startswith(SECOND_GENERATION)


def _merge_config(own: Mapping[str, Any], config: dict[str, Any]) -> None:
    """Add the caller's own `generationConfig`, which must not exceed the limits of the chat.

    Raises: Unsupported if it requests more choices than the chat.
    """
    if (own.get("candidateCount") or 1) > config.get("candidateCount", 1):
        raise Unsupported(f"generationConfig requests {own['candidateCount']} candidates", "set n instead")
    maximums = [value for value in (own.get("maxOutputTokens"), config.get("maxOutputTokens")) if value is not None]
    config |= own
    if maximums:
        config["maxOutputTokens"] = min(maximums)


def _to_turns(
    messages: list[dict[str, Any]], *, needs_signatures: bool
) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Return the system parts and the turns; tool results belong to the user's turn."""
    system, turns, names = list[dict[str, Any]](), list[dict[str, Any]](), dict[str, str]()
    for message in messages:
        role = message["role"]
        if role in {"system", "developer"}:
            if text := extract_text(visible_parts(message.get("content"))):
                system.append({"text": text})
            continue
        if role == "assistant":
            parts = _to_model_parts(message, needs_signatures=needs_signatures)
            names |= {call["id"]: call["function"]["name"] for call in message.get("tool_calls") or []}
        elif role == "tool":
            parts = _to_result_parts(message, names)
        elif role == "user":
            parts = [_to_part(part) for part in visible_parts(message.get("content"))]
        else:
            raise Unsupported(
                f"Gemini does not support messages of the role {role!r}", "use user, assistant, system or tool"
            )
        turn_role = "model" if role == "assistant" else "user"
        if not parts:
            continue
        if not turns and turn_role == "model":
            turns.append({"role": "user", "parts": [{"text": START_TEXT}]})
        if turns and turns[-1]["role"] == turn_role:
            turns[-1]["parts"] += parts
        else:
            turns.append({"role": turn_role, "parts": parts})
    return system, turns or [{"role": "user", "parts": [{"text": START_TEXT}]}]


def _to_model_parts(message: Mapping[str, Any], *, needs_signatures: bool) -> list[dict[str, Any]]:
    parts, signatures = list[dict[str, Any]](), dict[str | None, str]()
    for detail in select_reasoning(message, REASONING_FORMAT):
        if detail["type"] == "reasoning.encrypted":
            signatures[detail.get("id")] = detail["data"]
        elif detail["type"] == "reasoning.text" and detail.get("format") == REASONING_FORMAT:
            parts.append(_with_signature({"text": detail["text"], "thought": True}, detail.get("signature")))
    text = extract_text(visible_parts(message.get("content"))) + (message.get("refusal") or "")
    if text or None in signatures:
        parts.append(_with_signature({"text": text}, signatures.get(None)))
    for image in message.get("images") or []:
        parts.append(_to_part(image))
    calls = message.get("tool_calls") or []
    if needs_signatures and calls and not any(call["id"] in signatures for call in calls):
        signatures[calls[0]["id"]] = FOREIGN_CALL_SIGNATURE
    for call in calls:
        function_call = {"name": call["function"]["name"], "args": parse_arguments(call), "id": call["id"]}
        parts.append(_with_signature({"functionCall": function_call}, signatures.get(call["id"])))
    return parts


def _with_signature(part: dict[str, Any], signature: str | None) -> dict[str, Any]:
    return {**part, "thoughtSignature": signature} if signature else part


def _to_result_parts(message: Mapping[str, Any], names: Mapping[str, str]) -> list[dict[str, Any]]:
    id, parts = message["tool_call_id"], to_parts(message.get("content"))
    text = extract_text([part for part in parts if part["type"] == "text"])
    try:
        decoded = msgspec.json.decode(text)
    except msgspec.DecodeError:
        decoded = None
    response = decoded if isinstance(decoded, dict) else {"output": text}
    result = {"functionResponse": {"name": names[id], "response": response, "id": id}}
    return [result, *(_to_part(part) for part in parts if part["type"] != "text")]


def _to_part(part: Mapping[str, Any]) -> dict[str, Any]:
    kind = part["type"]
    if kind in {"text", "refusal"}:
        return {"text": part[kind]}
    if kind == "image_url":
        return _to_file_part(part["image_url"]["url"])
    if kind == "file" and part["file"].get("file_data"):
        return _to_file_part(part["file"]["file_data"])
    if kind == "input_audio":
        audio = part["input_audio"]
        if audio["format"] not in AUDIO_MEDIA_TYPES:
            raise InvalidInput(f"unknown audio format {audio['format']!r}", "use wav or mp3")
        return {"inlineData": {"mimeType": AUDIO_MEDIA_TYPES[audio["format"]], "data": audio["data"]}}
    raise Unsupported(f"Gemini does not support a part of type {kind!r}", "send the data itself, or a text")


def _to_file_part(url: str) -> dict[str, Any]:
    data = parse_data_url(url)
    if data is not None:
        return {"inlineData": {"mimeType": data.media_type, "data": data.data}}
    if not url.startswith(FETCHABLE_PREFIXES):
        raise Unsupported("Gemini does not fetch files from this URL", "send the file as a data URL")
    return {"fileData": {"fileUri": url}}


def _set_modalities(fields: dict[str, Any], config: dict[str, Any]) -> None:
    modalities = fields.pop("modalities", None)
    if not modalities or modalities == ["text"]:
        return
    if not set(modalities) <= {"text", "image"}:
        raise Unsupported("Gemini supports only the modalities text and image", "request text and image")
    config["responseModalities"] = [str(modality).upper() for modality in modalities]


def _set_format(fields: dict[str, Any], config: dict[str, Any]) -> None:
    response_format: dict[str, Any] = fields.pop("response_format", None) or {"type": "text"}
    if response_format["type"] in {"json_schema", "json_object"}:
        config["responseMimeType"] = "application/json"
    elif response_format["type"] != "text":
        raise Unsupported(f"Gemini does not support response_format {response_format['type']!r}", "use json_schema")
    if response_format["type"] == "json_schema" and response_format["json_schema"].get("schema") is not None:
        config["responseJsonSchema"] = reduce_schema(response_format["json_schema"]["schema"])


def _set_thinking(fields: dict[str, Any], config: dict[str, Any], model: str) -> None:
    """Set the thinking budget of second-generation models, or the thinking level of later ones."""
    effort = fields.pop("reasoning_effort", None)
    if effort is None:
        return
    effort = resolve_effort(effort, GEMINI_BUDGET_TOKENS)
    if model.startswith(("gemini-1", "gemini-2.0")):
        if effort != "none":
            raise Unsupported(f"{model!r} does not reason", "remove reasoning_effort, or use a newer model")
        return
    if model.startswith(SECOND_GENERATION):
        minimum = MIN_PRO_BUDGET_TOKENS if "pro" in model else 0  # models named pro always reason
        thinking: dict[str, Any] = {"thinkingBudget": max(GEMINI_BUDGET_TOKENS[effort], minimum)}
    else:
        thinking = {"thinkingLevel": _thinking_level(effort, model)}
    config["thinkingConfig"] = thinking if effort == "none" else {**thinking, "includeThoughts": True}


def _thinking_level(effort: str, model: str) -> str:
    """Return the thinking level of an effort. Models named pro have no level `minimal`, and the first no `medium`."""
    level = THINKING_LEVELS[effort]
    if "pro" not in model:
        return level
    return {"minimal": "low", "medium": "high" if model.startswith("gemini-3-pro") else "medium"}.get(level, level)


def _set_tools(fields: dict[str, Any], request: dict[str, Any]) -> None:
    declarations = list[dict[str, Any]]()
    functions = pop_functions(fields, "Gemini")
    check_function_names(functions, FUNCTION_NAME_PATTERN, "Gemini")
    for function in functions:
        declaration = {name: function[name] for name in ("name", "description") if function.get(name) is not None}
        if function.get("parameters") is not None:
            declaration["parametersJsonSchema"] = reduce_schema(function["parameters"])
        declarations.append(declaration)
    choice = fields.pop("tool_choice", None)
    if not declarations:
        return
    request["tools"] = [{"functionDeclarations": declarations}]
    mode, function_name = parse_tool_choice(choice or "auto", "Gemini")
    if mode == "auto" and any(function.get("strict") for function in functions):
        request["toolConfig"] = {"functionCallingConfig": {"mode": "VALIDATED"}}
    elif choice is not None:
        allowed = {"allowedFunctionNames": [function_name]} if function_name else {}
        request["toolConfig"] = {"functionCallingConfig": {"mode": TOOL_MODES[mode], **allowed}}


def to_gemini_embed_request(
    model: str, texts: list[str], dimensions: int | None, more: Mapping[str, Any]
) -> dict[str, Any]:
    """Build a request of `batchEmbedContents` for texts."""
    size = {} if dimensions is None else {"outputDimensionality": dimensions}
    return {
        "requests": [
            {"model": f"models/{model}", "content": {"parts": [{"text": text}]}, **size, **more} for text in texts
        ]
    }
