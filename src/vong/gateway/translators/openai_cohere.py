"""Cohere's chats, translated in both directions: similar to OpenAI's format with other names.

The plan that a Cohere model makes before it calls tools is reasoning with its own format.
"""

import time
from collections.abc import Mapping
from typing import Any

from vong.errors import InvalidInput, Unsupported, UpstreamFailed
from vong.gateway.translators.content import (
    NOWHERE,
    asked_fields,
    call_of,
    chosen,
    completion_head,
    functions_of,
    parts_of,
    stops_of,
    text_of,
    thoughts_of,
    tokens_of,
)

PLAN, THOUGHT = "cohere-tool-plan", "cohere-thinking"
CANNOT = (*NOWHERE, "n", "top_logprobs", "parallel_tool_calls", "modalities")
FINISH = {
    "COMPLETE": "stop",
    "STOP_SEQUENCE": "stop",
    "MAX_TOKENS": "length",
    "TOOL_CALL": "tool_calls",
    "ERROR_TOXIC": "content_filter",
}
"""Finish reasons by Cohere's reason. Every other reason means that the model failed to produce an answer."""
BUDGETS = {"minimal": 512, "low": 1024, "medium": 8192, "high": 24576, "xhigh": 24576, "max": 24576}
"""Thinking budget in tokens for each of OpenAI's efforts."""


def cohere_of(asked: Mapping[str, Any]) -> dict[str, Any]:
    """Translate a chat into a Cohere request; fields that Vong does not know are forwarded.

    Raises: Unsupported if Cohere cannot express the request.
    """
    fields = asked_fields(asked, "Cohere", CANNOT)
    messages = [_message(message) for message in fields.pop("messages")]
    request: dict[str, Any] = {"model": fields.pop("model"), "messages": messages}
    if (max_tokens := tokens_of(fields)) is not None:
        request["max_tokens"] = max_tokens
    if stops := stops_of(fields):
        request["stop_sequences"] = stops
    request |= {
        cohere_name: fields.pop(name) for name, cohere_name in (("top_p", "p"), ("top_k", "k")) if name in fields
    }
    _format(fields, request)
    _tools(fields, request)
    effort = fields.pop("reasoning_effort", None)
    if effort == "none":
        request["thinking"] = {"type": "disabled"}
    elif effort is not None:
        if effort not in BUDGETS:
            raise InvalidInput(f"unknown reasoning_effort {effort!r}", f"use one of: {', '.join(BUDGETS)}")
        request["thinking"] = {"type": "enabled", "token_budget": BUDGETS[effort]}
    return {**request, **fields}


def _message(message: Mapping[str, Any]) -> dict[str, Any]:
    role = message["role"]
    if role == "assistant":
        return _said(message)
    if role in {"system", "developer"}:
        return {"role": "system", "content": text_of(message.get("content"))}
    if role == "tool":
        content = [{"type": "text", "text": text_of(message.get("content"))}]
        return {"role": "tool", "tool_call_id": message["tool_call_id"], "content": content}
    if role != "user":
        raise Unsupported(
            f"Cohere does not support messages of the role {role!r}", "use user, assistant, system or tool"
        )
    for part in parts_of(message.get("content")):
        if part["type"] not in {"text", "image_url"}:
            raise Unsupported(f"Cohere does not support a part of type {part['type']!r}", "send texts and images")
    return {"role": "user", "content": message.get("content") or ""}


def _said(message: Mapping[str, Any]) -> dict[str, Any]:
    result: dict[str, Any] = {"role": "assistant"}
    plan = "".join(detail["text"] for detail in thoughts_of(message, PLAN) if detail.get("format"))
    thought = "".join(detail["text"] for detail in thoughts_of(message, THOUGHT) if detail.get("format"))
    content = [{"type": "thinking", "thinking": thought}] if thought else []
    text = text_of(message.get("content")) + (message.get("refusal") or "")
    if text:
        content.append({"type": "text", "text": text})
    if content:
        result["content"] = content
    if plan:
        result["tool_plan"] = plan
    if message.get("tool_calls"):
        result["tool_calls"] = [
            call_of(call["id"], call["function"]["name"], call["function"].get("arguments") or "{}")
            for call in message["tool_calls"]
        ]
    return result


def _format(fields: dict[str, Any], request: dict[str, Any]) -> None:
    response_format: dict[str, Any] = fields.pop("response_format", None) or {"type": "text"}
    if response_format["type"] == "json_object":
        request["response_format"] = {"type": "json_object"}
    elif response_format["type"] == "json_schema":
        schema = response_format["json_schema"].get("schema")
        request["response_format"] = {"type": "json_object", **({"json_schema": schema} if schema else {})}
    elif response_format["type"] != "text":
        raise Unsupported(f"Cohere does not support response_format {response_format['type']!r}", "use json_schema")


def _tools(fields: dict[str, Any], request: dict[str, Any]) -> None:
    functions = functions_of(fields, "Cohere")
    choice = fields.pop("tool_choice", None)
    if not functions:
        return
    names = ("name", "description", "parameters")
    request["tools"] = [
        {"type": "function", "function": {name: function[name] for name in names if function.get(name) is not None}}
        for function in functions
    ]
    if any(function.get("strict") for function in functions):
        request["strict_tools"] = True
    mode, function_name = chosen(choice or "auto", "Cohere")
    if function_name:
        raise Unsupported(
            "Cohere cannot be required to call a specific tool", "send only that tool, with tool_choice required"
        )
    if mode != "auto":
        request["tool_choice"] = mode.upper()


def completion_of(answer: Mapping[str, Any], model: str) -> dict[str, Any]:
    """Translate a response into a completion, without citations, which a chat cannot express."""
    message = answer["message"]
    reply: dict[str, Any] = {"role": "assistant", "content": None}
    details = [_detail(message["tool_plan"], PLAN)] if message.get("tool_plan") else []
    texts = list[str]()
    for part in message.get("content") or []:
        if part["type"] == "thinking":
            details.append(_detail(part["thinking"], THOUGHT))
        elif part["type"] == "text":
            texts.append(part["text"])
    if texts:
        reply["content"] = "".join(texts)
    if details:
        reply |= {"reasoning_content": "".join(detail["text"] for detail in details), "reasoning_details": details}
    if message.get("tool_calls"):
        reply["tool_calls"] = [
            call_of(call["id"], call["function"]["name"], call["function"].get("arguments") or "{}")
            for call in message["tool_calls"]
        ]
    choice: dict[str, Any] = {"index": 0, "message": reply, "finish_reason": _finish(answer["finish_reason"])}
    if logprobs := logprobs_of(answer.get("logprobs")):
        choice["logprobs"] = logprobs
    head = completion_head(str(answer["id"]), model, int(time.time()))
    return {**head, "choices": [choice], "usage": usage_of(answer.get("usage"))}


def usage_of(usage: Mapping[str, Any] | None) -> dict[str, Any] | None:
    """Translate usage into the billed tokens; the tokens that Cohere adds around a prompt are not billed."""
    billed = (usage or {}).get("billed_units") or (usage or {}).get("tokens")
    if not usage or not billed:
        return None
    input_tokens, output_tokens = int(billed.get("input_tokens") or 0), int(billed.get("output_tokens") or 0)
    counts: dict[str, Any] = {
        "prompt_tokens": input_tokens,
        "completion_tokens": output_tokens,
        "total_tokens": input_tokens + output_tokens,
    }
    cached = usage.get("cached_tokens")
    return {**counts, "prompt_tokens_details": {"cached_tokens": min(int(cached), input_tokens)}} if cached else counts


def logprobs_of(given: list[dict[str, Any]] | None) -> dict[str, Any] | None:
    """Translate log-probabilities. A piece of text with several tokens gets their sum."""
    content = list[dict[str, Any]]()
    for item in given or []:
        if item.get("logprobs"):
            text = str(item.get("text") or "")
            token = {"token": text, "logprob": sum(item["logprobs"]), "bytes": list(text.encode())}
            content.append({**token, "top_logprobs": []})
    return {"content": content, "refusal": None} if content else None


def _finish(reason: str) -> str:
    if reason not in FINISH:
        raise UpstreamFailed(f"the model ended with {reason}", "try again")
    return FINISH[reason]


def _detail(text: str, format: str) -> dict[str, Any]:
    return {"type": "reasoning.text", "text": text, "format": format, "index": 0 if format == PLAN else 1}


class CohereChunkDecoder:
    """Decoder of a stream into chat chunks."""

    def __init__(self, model: str) -> None:
        self._model = model
        self._head: dict[str, Any] = {}
        self._calls: dict[int, int] = {}
        self._usage: dict[str, Any] | None = None
        self.ended = False

    def take(self, event: Mapping[str, Any]) -> list[dict[str, Any]]:
        """Return the chunks for one event."""
        kind = event["type"]
        message = (event.get("delta") or {}).get("message") or {}
        if kind == "message-start":
            self._head = completion_head(str(event["id"]), self._model, int(time.time()), streamed=True)
            return [self._chunk({"role": "assistant", "content": ""})]
        if kind in {"content-start", "content-delta"}:
            return self._grown(message["content"], event.get("logprobs"))
        if kind == "tool-plan-delta":
            return [self._thought(message["tool_plan"], PLAN)]
        if kind == "tool-call-start":
            return [self._called(event.get("index") or 0, message["tool_calls"])]
        if kind == "tool-call-delta":
            function = {"arguments": message["tool_calls"]["function"]["arguments"]}
            call = {"index": self._calls[event.get("index") or 0], "function": function}
            return [self._chunk({"tool_calls": [call]})]
        return self._end(event["delta"]) if kind == "message-end" else []

    def end(self) -> list[dict[str, Any]]:
        """Return the last chunk, with usage."""
        return [{**self._head, "choices": [], "usage": self._usage}] if self._usage else []

    def _grown(self, content: Mapping[str, Any], raw_logprobs: Any) -> list[dict[str, Any]]:
        if content.get("thinking"):
            return [self._thought(content["thinking"], THOUGHT)]
        if not content.get("text"):
            return []
        chunk = self._chunk({"content": content["text"]})
        logprobs = logprobs_of([raw_logprobs] if isinstance(raw_logprobs, dict) else raw_logprobs)
        if logprobs:
            chunk["choices"][0]["logprobs"] = logprobs
        return [chunk]

    def _thought(self, text: str, format: str) -> dict[str, Any]:
        return self._chunk({"reasoning_content": text, "reasoning_details": [_detail(text, format)]})

    def _called(self, index: int, call: Mapping[str, Any]) -> dict[str, Any]:
        self._calls[index] = len(self._calls)
        function = call["function"]
        tool_call = call_of(call["id"], function["name"], function.get("arguments") or "")
        return self._chunk({"tool_calls": [{"index": self._calls[index], **tool_call}]})

    def _end(self, delta: Mapping[str, Any]) -> list[dict[str, Any]]:
        self.ended = True
        self._usage = usage_of(delta.get("usage"))
        try:
            return [self._chunk({}, _finish(delta["finish_reason"]))]
        except UpstreamFailed as error:
            return [error_of(str(delta.get("error") or error.message))]

    def _chunk(self, delta: dict[str, Any], finish: str | None = None) -> dict[str, Any]:
        return {**self._head, "choices": [{"index": 0, "delta": delta, "finish_reason": finish}]}


def error_of(message: str) -> dict[str, Any]:
    """Build an error in OpenAI's format."""
    return {"error": {"message": message, "type": "upstream_error", "param": None, "code": None}}
