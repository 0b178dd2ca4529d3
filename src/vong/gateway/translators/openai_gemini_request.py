"""A chat as a request for Gemini's `generateContent`.

Gemini signs what a model thought, and models that think want the signatures back with the calls and texts that they
came with: they are the details of the format `google-gemini-v1`, with the `id` of the tool call that one belongs to.
"""

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
    text_of,
    thoughts_of,
    tokens_of,
)

FORMAT = "google-gemini-v1"
CANNOT = (*NOWHERE, "parallel_tool_calls")
PLAIN = {
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
"""Fields that Gemini has under another name."""
BUDGETS = {"none": 0, "minimal": 512, "low": 1024, "medium": 8192, "high": 24576}
"""Tokens of thought for OpenAI's efforts, where a model takes a number."""
LEVELS = {"none": "minimal", "minimal": "minimal", "low": "low", "medium": "medium", "high": "high"}
"""The levels of models that take one."""
MORE = {"xhigh": "high", "max": "high"}
FILES = ("https://generativelanguage.googleapis.com/", "gs://", "https://www.youtube.com/", "https://youtu.be/")
"""How addresses begin that Gemini reads itself."""
AUDIO = {"mp3": "audio/mpeg", "wav": "audio/wav"}
MODES = {"auto": "AUTO", "required": "ANY", "none": "NONE"}


def generate_of(asked: Mapping[str, Any]) -> dict[str, Any]:
    """The request. Fields that Vong does not know pass on beside it; Unsupported for what Gemini cannot do."""
    fields = asked_fields(asked, "Gemini", CANNOT)
    model = str(fields.pop("model"))
    fields.pop("stream", None)
    system, contents = _contents(fields.pop("messages"))
    found: dict[str, Any] = {"contents": contents}
    if system:
        found["systemInstruction"] = {"parts": system}
    config: dict[str, Any] = {theirs: fields.pop(name) for name, theirs in PLAIN.items() if name in fields}
    if (tokens := tokens_of(fields)) is not None:
        config["maxOutputTokens"] = tokens
    if stops := stops_of(fields):
        config["stopSequences"] = stops
    _modalities(fields, config)
    _format(fields, config)
    _effort(fields, config, model)
    _tools(fields, found)
    config |= fields.pop("generationConfig", None) or {}
    return {**found, **({"generationConfig": config} if config else {}), **fields}


def _contents(messages: list[dict[str, Any]]) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """What the system says, and the turns: results of tools belong to the person's."""
    system, turns, names = list[dict[str, Any]](), list[dict[str, Any]](), dict[str, str]()
    for message in messages:
        role = message["role"]
        if role in {"system", "developer"}:
            system.append({"text": text_of(message.get("content"))})
            continue
        if role == "assistant":
            parts = _said(message)
            names |= {call["id"]: call["function"]["name"] for call in message.get("tool_calls") or []}
        elif role == "tool":
            parts = _result(message, names)
        elif role == "user":
            parts = [_part(part) for part in parts_of(message.get("content"))]
        else:
            raise Unsupported(f"Gemini has no messages of the role {role!r}", "use user, assistant, system or tool")
        side = "model" if role == "assistant" else "user"
        if turns and turns[-1]["role"] == side:
            turns[-1]["parts"] += parts
        elif parts:
            turns.append({"role": side, "parts": parts})
    return system, turns


def _said(message: Mapping[str, Any]) -> list[dict[str, Any]]:
    parts, signatures = list[dict[str, Any]](), dict[str | None, str]()
    for detail in thoughts_of(message, FORMAT):
        if detail["type"] == "reasoning.encrypted":
            signatures[detail.get("id")] = detail["data"]
        elif detail["type"] == "reasoning.text" and detail.get("format") == FORMAT:
            parts.append(_signed({"text": detail["text"], "thought": True}, detail.get("signature")))
    text = text_of(message.get("content")) + (message.get("refusal") or "")
    if text or None in signatures:
        parts.append(_signed({"text": text}, signatures.get(None)))
    for image in message.get("images") or []:
        parts.append(_part(image))
    for call in message.get("tool_calls") or []:
        made = {"name": call["function"]["name"], "args": arguments_of(call), "id": call["id"]}
        parts.append(_signed({"functionCall": made}, signatures.get(call["id"])))
    return parts


def _signed(part: dict[str, Any], signature: str | None) -> dict[str, Any]:
    return {**part, "thoughtSignature": signature} if signature else part


def _result(message: Mapping[str, Any], names: Mapping[str, str]) -> list[dict[str, Any]]:
    id = message["tool_call_id"]
    if id not in names:
        hint = "send the assistant's message with its tool_calls before it"
        raise InvalidInput(f"the tool call {id!r} that a result answers is not in the conversation", hint)
    text = text_of(message.get("content"))
    try:
        found = msgspec.json.decode(text)
    except msgspec.DecodeError:
        found = None
    response = found if isinstance(found, dict) else {"output": text}
    return [{"functionResponse": {"name": names[id], "response": response, "id": id}}]


def _part(part: Mapping[str, Any]) -> dict[str, Any]:
    kind = part["type"]
    if kind in {"text", "refusal"}:
        return {"text": part[kind]}
    if kind == "image_url":
        return _file(part["image_url"]["url"])
    if kind == "file" and part["file"].get("file_data"):
        return _file(part["file"]["file_data"])
    if kind == "input_audio":
        sound = part["input_audio"]
        if sound["format"] not in AUDIO:
            raise InvalidInput(f"no audio format {sound['format']!r}", "use wav or mp3")
        return {"inlineData": {"mimeType": AUDIO[sound["format"]], "data": sound["data"]}}
    raise Unsupported(f"Gemini cannot read a part of type {kind!r}", "send the data itself, or a text")


def _file(url: str) -> dict[str, Any]:
    data = data_of(url)
    if data is not None:
        return {"inlineData": {"mimeType": data.media_type, "data": data.data}}
    if not url.startswith(FILES):
        raise Unsupported("Gemini does not fetch files from such an address", "send the data itself, as a data URL")
    return {"fileData": {"fileUri": url}}


def _modalities(fields: dict[str, Any], config: dict[str, Any]) -> None:
    wanted = fields.pop("modalities", None)
    if not wanted or wanted == ["text"]:
        return
    if not set(wanted) <= {"text", "image"}:
        raise Unsupported("Gemini answers a chat in texts and images", "ask for the modalities text and image")
    config["responseModalities"] = [str(one).upper() for one in wanted]


def _format(fields: dict[str, Any], config: dict[str, Any]) -> None:
    wanted: dict[str, Any] = fields.pop("response_format", None) or {"type": "text"}
    if wanted["type"] in {"json_schema", "json_object"}:
        config["responseMimeType"] = "application/json"
    elif wanted["type"] != "text":
        raise Unsupported(f"Gemini has no response_format {wanted['type']!r}", "send a json_schema")
    if wanted["type"] == "json_schema" and wanted["json_schema"].get("schema") is not None:
        config["responseJsonSchema"] = wanted["json_schema"]["schema"]


def _effort(fields: dict[str, Any], config: dict[str, Any], model: str) -> None:
    """Models of the second generation think up to a number of tokens, later ones at a level."""
    effort = fields.pop("reasoning_effort", None)
    if effort is None:
        return
    effort = MORE.get(effort, effort)
    if effort not in BUDGETS:
        raise InvalidInput(f"no reasoning_effort {effort!r}", f"use one of: {', '.join(BUDGETS)}")
    if model.startswith(("gemini-1", "gemini-2")):
        thinking: dict[str, Any] = {"thinkingBudget": BUDGETS[effort]}
    else:
        thinking = {"thinkingLevel": LEVELS[effort]}
    config["thinkingConfig"] = thinking if effort == "none" else {**thinking, "includeThoughts": True}


def _tools(fields: dict[str, Any], found: dict[str, Any]) -> None:
    declared = list[dict[str, Any]]()
    functions = functions_of(fields, "Gemini")
    for function in functions:
        made = {name: function[name] for name in ("name", "description") if function.get(name) is not None}
        if function.get("parameters") is not None:
            made["parametersJsonSchema"] = function["parameters"]
        declared.append(made)
    choice = fields.pop("tool_choice", None)
    if not declared:
        return
    found["tools"] = [{"functionDeclarations": declared}]
    mode, only = chosen(choice or "auto", "Gemini")
    if mode == "auto" and any(function.get("strict") for function in functions):
        found["toolConfig"] = {"functionCallingConfig": {"mode": "VALIDATED"}}
    elif choice is not None:
        named = {"allowedFunctionNames": [only]} if only else {}
        found["toolConfig"] = {"functionCallingConfig": {"mode": MODES[mode], **named}}


def embed_of(model: str, texts: list[str], dimensions: int | None, more: Mapping[str, Any]) -> dict[str, Any]:
    """Texts as a request for `batchEmbedContents`."""
    size = {} if dimensions is None else {"outputDimensionality": dimensions}
    return {
        "requests": [
            {"model": f"models/{model}", "content": {"parts": [{"text": text}]}, **size, **more} for text in texts
        ]
    }
