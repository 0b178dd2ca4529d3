"""Gemini's answers as a chat's, whole and streamed.

Gemini says STOP also where it calls tools, and gives some calls no id: then one is made, of the answer's id and the
call's place in it.
"""

import time
from collections.abc import Mapping
from typing import Any

import msgspec

from vong.errors import UpstreamFailed
from vong.gateway.translators.content import call_of, completion_head
from vong.gateway.translators.openai_gemini_request import FORMAT

FINISH = {
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
"""Every other reason says that the model made something that is no answer."""


def completion_of(answer: Mapping[str, Any], model: str) -> dict[str, Any]:
    """An answer as a completion. UpstreamFailed where the model ended in something that is no answer."""
    id = str(answer.get("responseId") or "gemini")
    choices = [_choice(candidate, place, id) for place, candidate in enumerate(answer.get("candidates") or [])]
    if not choices:
        choices = [{"index": 0, "message": {"role": "assistant", **_blocked(answer)}, "finish_reason": _REFUSED}]
    head = completion_head(id, str(answer.get("modelVersion") or model), int(time.time()))
    return {**head, "choices": choices, "usage": usage_of(answer.get("usageMetadata"))}


def usage_of(usage: Mapping[str, Any] | None) -> dict[str, Any] | None:
    """Gemini counts thoughts beside the answer, and what its own tools read beside the prompt; OpenAI within them."""
    if not usage:
        return None
    prompt = (usage.get("promptTokenCount") or 0) + (usage.get("toolUsePromptTokenCount") or 0)
    thought = usage.get("thoughtsTokenCount") or 0
    made = (usage.get("candidatesTokenCount") or 0) + thought
    read_details = {"cached_tokens": usage.get("cachedContentTokenCount") or 0}
    made_details = {"reasoning_tokens": thought}
    return {
        "prompt_tokens": prompt,
        "completion_tokens": made,
        "total_tokens": prompt + made,
        "prompt_tokens_details": read_details | _kinds(usage.get("promptTokensDetails")),
        "completion_tokens_details": made_details | _kinds(usage.get("candidatesTokensDetails")),
    }


def _kinds(details: list[dict[str, Any]] | None) -> dict[str, int]:
    names = {"AUDIO": "audio_tokens", "IMAGE": "image_tokens"}
    return {names[one["modality"]]: one.get("tokenCount") or 0 for one in details or [] if one["modality"] in names}


def _choice(candidate: Mapping[str, Any], place: int, id: str) -> dict[str, Any]:
    index = candidate.get("index", place)
    said = _Parts(id if index == 0 else f"{id}_{index}")
    delta = said.take((candidate.get("content") or {}).get("parts") or [])
    message: dict[str, Any] = {"role": "assistant", "content": None, **delta}
    for call in message.get("tool_calls") or []:
        del call["index"]
    finish = _finish(candidate.get("finishReason"), candidate, bool(said.calls))
    found: dict[str, Any] = {"index": index, "message": message, "finish_reason": finish or "stop"}
    if logprobs := logprobs_of(candidate.get("logprobsResult")):
        found["logprobs"] = logprobs
    return found


def _finish(reason: str | None, candidate: Mapping[str, Any], called: bool) -> str | None:
    if reason is None:
        return None
    if reason not in FINISH:
        said = candidate.get("finishMessage") or "its answer cannot be read"
        raise UpstreamFailed(f"the model ended with {reason}: {said}", "ask again, or make the tools simpler")
    return "tool_calls" if called and FINISH[reason] == "stop" else FINISH[reason]


def logprobs_of(result: Mapping[str, Any] | None) -> dict[str, Any] | None:
    """Log-probabilities of the tokens, with those of the tokens that were likeliest beside each."""
    if not result:
        return None
    likeliest = result.get("topCandidates") or []
    content = list[dict[str, Any]]()
    for place, one in enumerate(result.get("chosenCandidates") or []):
        beside = likeliest[place].get("candidates") or [] if place < len(likeliest) else []
        content.append({**_token(one), "top_logprobs": [_token(other) for other in beside]})
    return {"content": content, "refusal": None}


def _token(one: Mapping[str, Any]) -> dict[str, Any]:
    text = str(one.get("token") or "")
    return {"token": text, "logprob": one.get("logProbability") or 0.0, "bytes": list(text.encode())}


_REFUSED = "content_filter"


def _blocked(answer: Mapping[str, Any]) -> dict[str, Any]:
    """What is said where Gemini did not answer a prompt. KeyError where it did not say so."""
    reason = answer["promptFeedback"].get("blockReason") or "no reason given"
    return {"content": None, "refusal": f"Gemini blocked the prompt: {reason}"}


class _Parts:
    """Takes the parts of one candidate, in one go or as they come."""

    def __init__(self, id: str) -> None:
        self._id = id
        self.calls = 0

    def take(self, parts: list[dict[str, Any]]) -> dict[str, Any]:
        """What they add to a message. Code that Gemini ran by itself has no word in a chat."""
        texts, thoughts = list[str](), list[str]()
        calls, details, images = list[dict[str, Any]](), list[dict[str, Any]](), list[dict[str, Any]]()
        for part in parts:
            signature, call_id = part.get("thoughtSignature"), None
            if part.get("thought"):
                thoughts.append(part.get("text") or "")
                details.append({"type": "reasoning.text", "text": part.get("text") or "", "signature": signature})
                continue
            if "text" in part:
                texts.append(part["text"])
            elif "functionCall" in part:
                call = part["functionCall"]
                call_id = call.get("id") or f"call_{self._id}_{self.calls}"
                arguments = msgspec.json.encode(call.get("args") or {}).decode()
                calls.append({"index": self.calls, **call_of(call_id, call["name"], arguments)})
                self.calls += 1
            elif "inlineData" in part:
                data = part["inlineData"]
                url = f"data:{data['mimeType']};base64,{data['data']}"
                images.append({"type": "image_url", "image_url": {"url": url}})
            if signature and (call_id or "text" in part):
                detail = {"type": "reasoning.encrypted", "data": signature}
                details.append(detail | ({"id": call_id} if call_id else {}))
        found: dict[str, Any] = {}
        if "".join(texts):
            found["content"] = "".join(texts)
        if thoughts:
            found["reasoning_content"] = "".join(thoughts)
        if details:
            found["reasoning_details"] = [{**detail, "format": FORMAT, "index": 0} for detail in details]
        return found | ({"images": images} if images else {}) | ({"tool_calls": calls} if calls else {})


class GeminiChunkDecoder:
    """Takes the answers that a stream is made of, gives chunks of a chat's."""

    def __init__(self, model: str) -> None:
        self._model = model
        self._head: dict[str, Any] = {}
        self._said: dict[int, _Parts] = {}
        self._finished: set[int] = set()
        self._usage: dict[str, Any] | None = None

    @property
    def ended(self) -> bool:
        """Whether every candidate came to its end."""
        return bool(self._finished) and len(self._finished) == len(self._said)

    def take(self, event: Mapping[str, Any]) -> list[dict[str, Any]]:
        """The chunks that follow from one event."""
        if "error" in event:
            return [error_of(event["error"])]
        self._usage = usage_of(event.get("usageMetadata")) or self._usage
        found = list[dict[str, Any]]()
        if not self._head:
            id, model = str(event.get("responseId") or "gemini"), str(event.get("modelVersion") or self._model)
            self._head = completion_head(id, model, int(time.time()), streamed=True)
            found.append(self._chunk({"index": 0, "delta": {"role": "assistant", "content": ""}}))
        for candidate in event.get("candidates") or []:
            found += self._grown(candidate, candidate.get("index", 0))
        if not event.get("candidates") and (event.get("promptFeedback") or {}).get("blockReason"):
            self._said[0] = _Parts("")
            self._finished.add(0)
            found.append(self._chunk({"index": 0, "delta": _blocked(event), "finish_reason": _REFUSED}))
        return found

    def end(self) -> list[dict[str, Any]]:
        """The last chunk, with usage."""
        return [{**self._head, "choices": [], "usage": self._usage}] if self.ended and self._usage else []

    def _grown(self, candidate: Mapping[str, Any], index: int) -> list[dict[str, Any]]:
        id = self._head["id"] if index == 0 else f"{self._head['id']}_{index}"
        said = self._said.setdefault(index, _Parts(id))
        delta = said.take((candidate.get("content") or {}).get("parts") or [])
        found = list[dict[str, Any]]()
        logprobs = logprobs_of(candidate.get("logprobsResult"))
        if delta:
            choice: dict[str, Any] = {"index": index, "delta": delta}
            found.append(self._chunk({**choice, "logprobs": logprobs} if logprobs else choice))
        try:
            finish = _finish(candidate.get("finishReason"), candidate, bool(said.calls))
        except UpstreamFailed as error:
            self._finished.add(index)
            return [*found, error_of({"message": error.message, "status": candidate.get("finishReason")})]
        if finish:
            self._finished.add(index)
            found.append(self._chunk({"index": index, "delta": {}, "finish_reason": finish}))
        return found

    def _chunk(self, choice: dict[str, Any]) -> dict[str, Any]:
        return {**self._head, "choices": [{"finish_reason": None, **choice}]}


def error_of(said: Mapping[str, Any]) -> dict[str, Any]:
    """An error in OpenAI's form."""
    status = said.get("status")
    return {"error": {"message": said["message"], "type": status, "param": None, "code": status}}


def vectors_of(answer: Mapping[str, Any]) -> tuple[list[list[float]], int | None]:
    """The vectors, and the tokens that were read where they are counted."""
    tokens = (answer.get("usageMetadata") or {}).get("promptTokenCount")
    return [one["values"] for one in answer["embeddings"]], tokens
