"""Cohere's chats, translated in both directions: similar to OpenAI's format with other names.

The plan that a Cohere model makes before it calls tools is reasoning with its own format.
"""

import time
from collections.abc import Mapping
from typing import Any

from vong.errors import Unsupported, UpstreamFailed
from vong.gateway.translators.chat_variants import read_call, resolve_finish_reason
from vong.gateway.translators.content import (
    EMPTY_RESULT_TEXT,
    OPENAI_ONLY_FIELDS,
    build_completion_head,
    build_tool_call,
    extract_text,
    parse_data_url,
    parse_tool_choice,
    pop_functions,
    pop_max_tokens,
    pop_stop_sequences,
    select_fields,
    select_reasoning,
    visible_parts,
)
from vong.gateway.translators.reasoning_effort import THINKING_BUDGET_TOKENS, resolve_effort
from vong.gateway.translators.streamed_call import StreamedCall
from vong.gateway.translators.token_counts import as_fields, token_count
from vong.gateway.translators.tool_results import pair_tool_results

PLAN_FORMAT, THINKING_FORMAT = "cohere-tool-plan", "cohere-thinking"
UNSUPPORTED_FIELDS = (*OPENAI_ONLY_FIELDS, "n", "top_logprobs", "parallel_tool_calls", "modalities")
FINISH_REASONS = {
    "COMPLETE": "stop",
    "STOP_SEQUENCE": "stop",
    "MAX_TOKENS": "length",
    "TOOL_CALL": "tool_calls",
    "ERROR_TOXIC": "content_filter",
}
"""Finish reasons by Cohere's reason. Every other reason means that the model failed to produce an answer."""


def to_cohere_request(chat: Mapping[str, Any]) -> dict[str, Any]:
    """Translate a chat into a Cohere request; fields that Vong does not know are forwarded.

    Raises: Unsupported if Cohere cannot express the request.
    """
    fields = select_fields(chat, "Cohere", UNSUPPORTED_FIELDS)
    messages = [message for message in map(_to_message, pair_tool_results(fields.pop("messages"))) if message]
    request: dict[str, Any] = {"model": fields.pop("model"), "messages": messages}
    if (max_tokens := pop_max_tokens(fields)) is not None:
        request["max_tokens"] = max_tokens
    if stops := pop_stop_sequences(fields):
        request["stop_sequences"] = stops
    request |= {
        cohere_name: fields.pop(name) for name, cohere_name in (("top_p", "p"), ("top_k", "k")) if name in fields
    }
    _set_format(fields, request)
    _set_tools(fields, request)
    effort = fields.pop("reasoning_effort", None)
    if effort == "none":
        request["thinking"] = {"type": "disabled"}
    elif effort is not None:
        budget = THINKING_BUDGET_TOKENS[resolve_effort(effort, THINKING_BUDGET_TOKENS)]
        request["thinking"] = {"type": "enabled", "token_budget": budget}
    return {**request, **fields}


def _to_message(message: Mapping[str, Any]) -> dict[str, Any] | None:
    """Return a message in Cohere's format, or None if it has no content, which Cohere rejects."""
    role = message["role"]
    if role == "assistant":
        return _to_assistant_message(message)
    parts = visible_parts(message.get("content"))
    if role in {"system", "developer"}:
        return {"role": "system", "content": extract_text(parts)} if parts else None
    if role == "tool":
        content = [{"type": "text", "text": extract_text(parts) or EMPTY_RESULT_TEXT}]
        return {"role": "tool", "tool_call_id": message["tool_call_id"], "content": content}
    if role != "user":
        raise Unsupported(
            f"Cohere does not support messages of the role {role!r}", "use user, assistant, system or tool"
        )
    content = [_to_part(part) for part in parts]
    if not content:
        return None
    return {"role": "user", "content": message["content"] if isinstance(message["content"], str) else content}


def _to_part(part: Mapping[str, Any]) -> dict[str, Any]:
    if part["type"] == "image_url":
        data = parse_data_url(part["image_url"]["url"])
        if data is not None:
            url = f"data:{data.media_type};base64,{data.data}"
            return {"type": "image_url", "image_url": {**part["image_url"], "url": url}}
    elif part["type"] != "text":
        raise Unsupported(f"Cohere does not support a part of type {part['type']!r}", "send texts and images")
    return {name: value for name, value in part.items() if name != "cache_control"}


def _to_assistant_message(message: Mapping[str, Any]) -> dict[str, Any] | None:
    result: dict[str, Any] = {"role": "assistant"}
    plan = "".join(detail["text"] for detail in select_reasoning(message, PLAN_FORMAT) if detail.get("format"))
    thought = "".join(detail["text"] for detail in select_reasoning(message, THINKING_FORMAT) if detail.get("format"))
    content = [{"type": "thinking", "thinking": thought}] if thought else []
    text = extract_text(message.get("content")) + (message.get("refusal") or "")
    if text.strip():
        content.append({"type": "text", "text": text})
    if content:
        result["content"] = content
    if plan:
        result["tool_plan"] = plan
    if message.get("tool_calls"):
        result["tool_calls"] = [
            build_tool_call(call["id"], call["function"]["name"], read_call(call).arguments or "{}")
            for call in message["tool_calls"]
        ]
    return result if len(result) > 1 else None


def _set_format(fields: dict[str, Any], request: dict[str, Any]) -> None:
    response_format: dict[str, Any] = fields.pop("response_format", None) or {"type": "text"}
    if response_format["type"] == "json_object":
        request["response_format"] = {"type": "json_object"}
    elif response_format["type"] == "json_schema":
        schema = response_format["json_schema"].get("schema")
        request["response_format"] = {"type": "json_object", **({"json_schema": schema} if schema else {})}
    elif response_format["type"] != "text":
        raise Unsupported(f"Cohere does not support response_format {response_format['type']!r}", "use json_schema")


def _set_tools(fields: dict[str, Any], request: dict[str, Any]) -> None:
    functions = pop_functions(fields, "Cohere")
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
    mode, function_name = parse_tool_choice(choice or "auto", "Cohere")
    if function_name:
        raise Unsupported(
            "Cohere cannot be required to call a specific tool", "send only that tool, with tool_choice required"
        )
    if mode != "auto":
        request["tool_choice"] = mode.upper()


def to_chat_completion(response: Mapping[str, Any], model: str) -> dict[str, Any]:
    """Translate a response into a completion, without citations, which a chat cannot express."""
    message = response["message"]
    reply: dict[str, Any] = {"role": "assistant", "content": None}
    details = [_reasoning_detail(message["tool_plan"], PLAN_FORMAT)] if message.get("tool_plan") else []
    texts = list[str]()
    for part in message.get("content") or []:
        if part.get("thinking"):
            details.append(_reasoning_detail(part["thinking"], THINKING_FORMAT))
        elif part.get("text"):
            texts.append(part["text"])
    if texts:
        reply["content"] = "".join(texts)
    if details:
        reply |= {"reasoning_content": "".join(detail["text"] for detail in details), "reasoning_details": details}
    if message.get("tool_calls"):
        reply["tool_calls"] = [
            build_tool_call(
                call.get("id") or f"call_{position}",
                call["function"]["name"],
                call["function"].get("arguments") or "{}",
            )
            for position, call in enumerate(message["tool_calls"])
        ]
    choice: dict[str, Any] = {
        "index": 0,
        "message": reply,
        "finish_reason": _to_finish_reason(response.get("finish_reason"), bool(message.get("tool_calls"))),
    }
    if logprobs := to_chat_logprobs(response.get("logprobs")):
        choice["logprobs"] = logprobs
    head = build_completion_head(str(response.get("id") or "cohere"), model, int(time.time()))
    return {**head, "choices": [choice], "usage": to_chat_usage(response.get("usage"))}


def to_chat_usage(usage: Mapping[str, Any] | None) -> dict[str, Any] | None:
    """Translate usage into the billed tokens; the tokens that Cohere adds around a prompt are not billed."""
    billed = (usage or {}).get("billed_units") or (usage or {}).get("tokens")
    if not usage or not billed:
        return None
    input_tokens, output_tokens = token_count(billed.get("input_tokens")), token_count(billed.get("output_tokens"))
    if input_tokens is None and output_tokens is None:
        return None
    input_tokens, output_tokens = input_tokens or 0, output_tokens or 0
    counts: dict[str, Any] = {
        "prompt_tokens": input_tokens,
        "completion_tokens": output_tokens,
        "total_tokens": input_tokens + output_tokens,
    }
    cached = token_count(usage.get("cached_tokens"))
    return {**counts, "prompt_tokens_details": {"cached_tokens": min(cached, input_tokens)}} if cached else counts


def to_chat_logprobs(logprobs: list[dict[str, Any]] | None) -> dict[str, Any] | None:
    """Translate log-probabilities. A piece of text with several tokens gets their sum."""
    content = list[dict[str, Any]]()
    for item in logprobs or []:
        if item.get("logprobs"):
            text = str(item.get("text") or "")
            token = {"token": text, "logprob": sum(item["logprobs"]), "bytes": list(text.encode())}
            content.append({**token, "top_logprobs": []})
    return {"content": content, "refusal": None} if content else None


def _to_finish_reason(reason: str | None, has_calls: bool) -> str | None:
    if reason and reason not in FINISH_REASONS:
        raise UpstreamFailed(f"the model ended with {reason}", "try again")
    return resolve_finish_reason(FINISH_REASONS.get(reason or ""), has_calls)


def _reasoning_detail(text: str, format: str) -> dict[str, Any]:
    return {"type": "reasoning.text", "text": text, "format": format, "index": 0 if format == PLAN_FORMAT else 1}


class CohereChunkDecoder:
    """Decoder of a stream into chat chunks."""

    def __init__(self, model: str) -> None:
        self._model = model
        self._head: dict[str, Any] = {}
        self._calls: dict[int, StreamedCall] = {}
        self._call = -1
        self._usage: dict[str, Any] | None = None
        self.ended = False

    def decode(self, event: Mapping[str, Any]) -> list[dict[str, Any]]:
        """Return the chunks for one event."""
        kind = event.get("type")
        message = as_fields(as_fields(event.get("delta")).get("message"))
        if kind == "message-start":
            id = str(event.get("id") or "cohere")
            self._head = build_completion_head(id, self._model, int(time.time()), streamed=True)
            return [self._chunk({"role": "assistant", "content": ""})]
        if kind in {"content-start", "content-delta"}:
            return self._extend_content(as_fields(message.get("content")), event.get("logprobs"))
        if kind == "tool-plan-delta":
            return [self._reasoning_chunk(message["tool_plan"], PLAN_FORMAT)] if message.get("tool_plan") else []
        if kind == "tool-call-start":
            return self._start_tool_call(event.get("index"), message["tool_calls"])
        if kind == "tool-call-delta":
            call, part = self._calls[self._call_index(event)], as_fields(message.get("tool_calls"))
            arguments = as_fields(part.get("function")).get("arguments")
            return [self._chunk(update) for update in call.extend(arguments)]
        if kind == "tool-call-end":
            return self._end_calls(self._call_index(event))
        return self._end_message(as_fields(event.get("delta"))) if kind == "message-end" else []

    def finish(self) -> list[dict[str, Any]]:
        """Return the last chunk, with usage."""
        return [{**self._head, "choices": [], "usage": self._usage}] if self._usage else []

    def _extend_content(self, content: Mapping[str, Any], raw_logprobs: Any) -> list[dict[str, Any]]:
        if content.get("thinking"):
            return [self._reasoning_chunk(content["thinking"], THINKING_FORMAT)]
        if not content.get("text"):
            return []
        chunk = self._chunk({"content": content["text"]})
        logprobs = to_chat_logprobs([raw_logprobs] if isinstance(raw_logprobs, dict) else raw_logprobs)
        if logprobs:
            chunk["choices"][0]["logprobs"] = logprobs
        return [chunk]

    def _reasoning_chunk(self, text: str, format: str) -> dict[str, Any]:
        return self._chunk({"reasoning_content": text, "reasoning_details": [_reasoning_detail(text, format)]})

    def _start_tool_call(self, index: Any, call: Mapping[str, Any]) -> list[dict[str, Any]]:
        self._call = index if isinstance(index, int) else self._call + 1
        function, started = call["function"], StreamedCall(len(self._calls))
        self._calls[self._call] = started
        id = call.get("id") or f"call_{self._call}"
        updates = [started.start(id, function["name"]), *started.extend(function.get("arguments"))]
        return [self._chunk(update) for update in updates]

    def _call_index(self, event: Mapping[str, Any]) -> int:
        index = event.get("index")
        return index if isinstance(index, int) else self._call

    def _end_calls(self, index: int | None = None) -> list[dict[str, Any]]:
        """Return the arguments that are missing from a call, or from all."""
        calls = [call for number, call in self._calls.items() if index in (None, number)]
        return [self._chunk(update) for call in calls for update in call.end()]

    def _end_message(self, delta: Mapping[str, Any]) -> list[dict[str, Any]]:
        self.ended = True
        self._usage = to_chat_usage(delta.get("usage"))
        try:
            finish = _to_finish_reason(delta.get("finish_reason"), bool(self._calls))
            return [*self._end_calls(), self._chunk({}, finish or "stop")]
        except UpstreamFailed as error:
            return [build_error(str(delta.get("error") or error.message))]

    def _chunk(self, delta: dict[str, Any], finish: str | None = None) -> dict[str, Any]:
        return {**self._head, "choices": [{"index": 0, "delta": delta, "finish_reason": finish}]}


def build_error(message: str) -> dict[str, Any]:
    """Build an error in OpenAI's format."""
    return {"error": {"message": message, "type": "upstream_error", "param": None, "code": None}}
