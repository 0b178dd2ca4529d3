"""Responses of Gemini translated into chat completions, complete and streamed.

Gemini reports STOP even if it calls tools, and some calls have no id. Such a call gets an id made of the response's id
and the position of the call.
"""

import time
from collections.abc import Mapping
from typing import Any

import msgspec

from vong.errors import UpstreamFailed
from vong.gateway.translators.content import build_completion_head, build_tool_call
from vong.gateway.translators.openai_gemini_request import REASONING_FORMAT
from vong.gateway.translators.token_counts import as_fields, token_count

FINISH_REASONS = {
    "STOP": "stop",
    "FINISH_REASON_UNSPECIFIED": "stop",
    "OTHER": "stop",
    "MAX_TOKENS": "length",
    **dict.fromkeys(
        ("SAFETY", "RECITATION", "LANGUAGE", "BLOCKLIST", "PROHIBITED_CONTENT", "SPII", "IMAGE_SAFETY"),
        "content_filter",
    ),
    **dict.fromkeys(("IMAGE_PROHIBITED_CONTENT", "IMAGE_RECITATION"), "content_filter"),
}
"""Finish reasons by Gemini's reason. Every other reason means that the model failed to produce an answer."""
USAGE_FIELDS = (
    *("promptTokenCount", "toolUsePromptTokenCount", "cachedContentTokenCount"),
    *("candidatesTokenCount", "thoughtsTokenCount"),
)


def to_chat_completion(response: Mapping[str, Any], model: str) -> dict[str, Any]:
    """Translate a response into a completion.

    Raises: UpstreamFailed if the model failed to produce an answer.
    """
    id = str(response.get("responseId") or "gemini")
    choices = [
        _to_choice(as_fields(candidate), position, id)
        for position, candidate in enumerate(response.get("candidates") or [])
    ]
    if not choices:
        choices = [
            {"index": 0, "message": {"role": "assistant", **_block_refusal(response)}, "finish_reason": _CONTENT_FILTER}
        ]
    head = build_completion_head(id, str(response.get("modelVersion") or model), int(time.time()))
    return {**head, "choices": choices, "usage": to_chat_usage(response.get("usageMetadata"))}


def to_chat_usage(usage: Mapping[str, Any] | None) -> dict[str, Any] | None:
    """Translate usage. Gemini counts reasoning, and what its tools read, separately; OpenAI includes both."""
    if not usage:
        return None
    counts = {name: token_count(usage.get(name)) for name in USAGE_FIELDS}
    if counts["promptTokenCount"] is None and counts["candidatesTokenCount"] is None:
        return None
    prompt = (counts["promptTokenCount"] or 0) + (counts["toolUsePromptTokenCount"] or 0)
    reasoning = counts["thoughtsTokenCount"] or 0
    output = (counts["candidatesTokenCount"] or 0) + reasoning
    prompt_details = {"cached_tokens": counts["cachedContentTokenCount"] or 0}
    output_details = {"reasoning_tokens": reasoning}
    return {
        "prompt_tokens": prompt,
        "completion_tokens": output,
        "total_tokens": prompt + output,
        "prompt_tokens_details": prompt_details | _modality_tokens(usage.get("promptTokensDetails")),
        "completion_tokens_details": output_details | _modality_tokens(usage.get("candidatesTokensDetails")),
    }


def _modality_tokens(details: list[dict[str, Any]] | None) -> dict[str, int]:
    names = {"AUDIO": "audio_tokens", "IMAGE": "image_tokens"}
    return {
        names[item["modality"]]: token_count(item.get("tokenCount")) or 0
        for item in details or []
        if item["modality"] in names
    }


def _to_choice(candidate: Mapping[str, Any], position: int, id: str) -> dict[str, Any]:
    index = candidate.get("index")
    index = position if index is None else index
    parts = _PartsTranslator(id if index == 0 else f"{id}_{index}")
    delta = parts.translate((candidate.get("content") or {}).get("parts") or [])
    message: dict[str, Any] = {"role": "assistant", "content": None, **delta}
    for call in message.get("tool_calls") or []:
        del call["index"]
    finish = _to_finish_reason(candidate.get("finishReason"), candidate, bool(parts.call_count))
    choice: dict[str, Any] = {
        "index": index,
        "message": message,
        "finish_reason": finish or ("tool_calls" if parts.call_count else "stop"),
    }
    if logprobs := to_chat_logprobs(candidate.get("logprobsResult")):
        choice["logprobs"] = logprobs
    return choice


def _to_finish_reason(reason: str | None, candidate: Mapping[str, Any], called: bool) -> str | None:
    if reason is None:
        return None
    if reason not in FINISH_REASONS:
        detail = candidate.get("finishMessage") or "its answer is unreadable"
        raise UpstreamFailed(f"the model ended with {reason}: {detail}", "try again, or use simpler tools")
    return "tool_calls" if called and FINISH_REASONS[reason] == "stop" else FINISH_REASONS[reason]


def to_chat_logprobs(result: Mapping[str, Any] | None) -> dict[str, Any] | None:
    """Translate log-probabilities of the tokens, with the most likely alternatives of each."""
    if not result:
        return None
    top_candidates = result.get("topCandidates") or []
    content = list[dict[str, Any]]()
    for position, item in enumerate(result.get("chosenCandidates") or []):
        alternatives = top_candidates[position].get("candidates") or [] if position < len(top_candidates) else []
        content.append({**_to_token(item), "top_logprobs": [_to_token(other) for other in alternatives]})
    return {"content": content, "refusal": None}


def _to_token(candidate: Mapping[str, Any]) -> dict[str, Any]:
    text = str(candidate.get("token") or "")
    return {"token": text, "logprob": candidate.get("logProbability") or 0.0, "bytes": list(text.encode())}


_CONTENT_FILTER = "content_filter"


def _block_refusal(answer: Mapping[str, Any]) -> dict[str, Any]:
    """Return the refusal for a prompt that Gemini blocked.

    Raises: KeyError if the response contains no feedback about the prompt.
    """
    reason = answer["promptFeedback"].get("blockReason") or "no reason given"
    return {"content": None, "refusal": f"Gemini blocked the prompt: {reason}"}


class _PartsTranslator:
    """Translator of the parts of one candidate, complete or streamed."""

    def __init__(self, id: str) -> None:
        self._id = id
        self.call_count = 0

    def translate(self, parts: list[dict[str, Any]]) -> dict[str, Any]:
        """Return the message fields for parts. Code that Gemini runs itself cannot be expressed in a chat."""
        texts, thoughts = list[str](), list[str]()
        calls, details, images = list[dict[str, Any]](), list[dict[str, Any]](), list[dict[str, Any]]()
        for part in map(as_fields, parts):
            signature, call_id = part.get("thoughtSignature"), None
            if part.get("thought"):
                thoughts.append(part.get("text") or "")
                details.append({"type": "reasoning.text", "text": part.get("text") or "", "signature": signature})
                continue
            if call := part.get("functionCall"):  # some servers send it beside an empty text
                call_id = call.get("id") or f"call_{self._id}_{self.call_count}"
                arguments = msgspec.json.encode(call.get("args") or {}).decode()
                calls.append({"index": self.call_count, **build_tool_call(call_id, call["name"], arguments)})
                self.call_count += 1
            elif data := part.get("inlineData"):
                url = f"data:{data['mimeType']};base64,{data['data']}"
                images.append({"type": "image_url", "image_url": {"url": url}})
            elif "text" in part:
                texts.append(part["text"] or "")
            if signature and (call_id or "text" in part):
                detail = {"type": "reasoning.encrypted", "data": signature}
                details.append(detail | ({"id": call_id} if call_id else {}))
        fields: dict[str, Any] = {}
        if "".join(texts):
            fields["content"] = "".join(texts)
        if thoughts:
            fields["reasoning_content"] = "".join(thoughts)
        if details:
            fields["reasoning_details"] = [{**detail, "format": REASONING_FORMAT, "index": 0} for detail in details]
        return fields | ({"images": images} if images else {}) | ({"tool_calls": calls} if calls else {})


class GeminiChunkDecoder:
    """Decoder of a stream of responses into chat chunks."""

    def __init__(self, model: str) -> None:
        self._model = model
        self._head: dict[str, Any] = {}
        self._candidates: dict[int, _PartsTranslator] = {}
        self._finished: set[int] = set()
        self._usage: dict[str, Any] | None = None

    @property
    def ended(self) -> bool:
        """Return True if every candidate ended."""
        return bool(self._finished) and len(self._finished) == len(self._candidates)

    def decode(self, event: Mapping[str, Any]) -> list[dict[str, Any]]:
        """Return the chunks for one event."""
        if event.get("error"):
            return [build_error(event["error"])]
        self._usage = to_chat_usage(event.get("usageMetadata")) or self._usage
        chunks = list[dict[str, Any]]()
        if not self._head:
            id, model = str(event.get("responseId") or "gemini"), str(event.get("modelVersion") or self._model)
            self._head = build_completion_head(id, model, int(time.time()), streamed=True)
            chunks.append(self._chunk({"index": 0, "delta": {"role": "assistant", "content": ""}}))
        for candidate in map(as_fields, event.get("candidates") or []):
            chunks += self._extend_candidate(candidate, candidate.get("index") or 0)
        if not event.get("candidates") and (event.get("promptFeedback") or {}).get("blockReason"):
            self._candidates[0] = _PartsTranslator("")
            self._finished.add(0)
            chunks.append(self._chunk({"index": 0, "delta": _block_refusal(event), "finish_reason": _CONTENT_FILTER}))
        return chunks

    def finish(self) -> list[dict[str, Any]]:
        """Return the last chunk, with usage."""
        return [{**self._head, "choices": [], "usage": self._usage}] if self.ended and self._usage else []

    def _extend_candidate(self, candidate: Mapping[str, Any], index: int) -> list[dict[str, Any]]:
        id = self._head["id"] if index == 0 else f"{self._head['id']}_{index}"
        parts = self._candidates.setdefault(index, _PartsTranslator(id))
        delta = parts.translate((candidate.get("content") or {}).get("parts") or [])
        chunks = list[dict[str, Any]]()
        logprobs = to_chat_logprobs(candidate.get("logprobsResult"))
        if delta:
            choice: dict[str, Any] = {"index": index, "delta": delta}
            chunks.append(self._chunk({**choice, "logprobs": logprobs} if logprobs else choice))
        try:
            finish = _to_finish_reason(candidate.get("finishReason"), candidate, bool(parts.call_count))
        except UpstreamFailed as error:
            self._finished.add(index)
            return [*chunks, build_error({"message": error.message, "status": candidate.get("finishReason")})]
        if finish:
            self._finished.add(index)
            chunks.append(self._chunk({"index": index, "delta": {}, "finish_reason": finish}))
        return chunks

    def _chunk(self, choice: dict[str, Any]) -> dict[str, Any]:
        return {**self._head, "choices": [{"finish_reason": None, **choice}]}


def build_error(error: Mapping[str, Any]) -> dict[str, Any]:
    """Build an error in OpenAI's format."""
    status = error.get("status")
    return {"error": {"message": error["message"], "type": status, "param": None, "code": status}}


def parse_embeddings(response: Mapping[str, Any]) -> tuple[list[list[float]], int | None]:
    """Return the vectors of an embedding response, and the number of input tokens if it is reported."""
    tokens = (response.get("usageMetadata") or {}).get("promptTokenCount")
    return [embedding["values"] for embedding in response["embeddings"]], tokens
