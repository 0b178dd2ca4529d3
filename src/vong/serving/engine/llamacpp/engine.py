"""Engine for GGUF files with llama.cpp: small, fast on CPUs, with output constrained to JSON schemas.

llama.cpp's server runs inside this process (`llamacpp.server`). The engine calls this server over HTTP, so that a
client disconnect cancels the computation by closing the connection.
"""

import asyncio
import json
from collections.abc import AsyncGenerator, Callable, Iterable
from contextlib import aclosing, asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from vong.errors import InvalidInput, UpstreamFailed
from vong.serving.engine import EngineLoad, EngineSettings, GenerationChunk, GenerationRequest, TokenLogprob
from vong.serving.engine.llamacpp.chat import ChatEncoder
from vong.serving.engine.llamacpp.prompts import PromptEncoder, template_fields, text_message
from vong.serving.engine.llamacpp.server import ModelServers, error_from_response
from vong.serving.engine.protocol.output_parser import parse_output

RANDOM_SEED = 2**32 - 1
"""Seed that llama.cpp replaces by a random one."""
SELECTING_BIAS = 1e6
"""Bias that selects a token regardless of its score."""


class LlamaCppEngine:
    """Engine of one GGUF file and LoRA adapters in GGUF files.

    `exact` stores keys and values in fp32 instead of fp16 and disables flash attention, to compare a file with the
    trainer.
    """

    supports_tools = True

    def __init__(self, folder: Path, settings: EngineSettings, *, exact: bool = False) -> None:
        self._servers = ModelServers(folder, settings, exact=exact)
        self._load = EngineLoad()
        self.precision = "quantised"
        self._slots = asyncio.Semaphore(settings.batch)
        self._context_tokens = self._servers.current.context_tokens
        self._prompts = PromptEncoder(self._post)
        self._chat = ChatEncoder(self._post, self._prompts, self._servers.current.chat_template)
        self._vocabulary_size = self._servers.current.vocabulary_size
        # llama.cpp reports no probabilities for a token that ends within a character.
        self._complete_token = int(self._post("/tokenize", {"content": "a", "add_special": False})["tokens"][-1])

    @property
    def load(self) -> EngineLoad:
        """Return the current load."""
        return self._load

    def set_adapter(self, name: str, folder: Path | None) -> None:
        """Load the LoRA adapter in a GGUF file under a name, or unload it if the folder is None.

        Raises: InvalidInput if the adapter does not fit the model.
        """
        self._servers.set_adapter(name, folder)

    async def generate(self, request: GenerationRequest) -> AsyncGenerator[GenerationChunk]:
        """Generate a completion in chunks."""
        self._check_tokens([token for token, _ in request.logit_bias])
        self._check_tokens(request.prompt or ())
        if request.prompt is not None:
            chunks = self._stream(request, "/completion", build_text_body(request), parse_text_chunk)
        elif await asyncio.to_thread(self._chat.needs_encoding, request):
            chat = await asyncio.to_thread(self._chat.encode, request)
            plain = replace(request, prompt=tuple(chat.ids), response_format=None)
            body = build_text_body(plain) | chat.fields()
            raw = self._stream(request, "/completion", body, parse_text_chunk)
            chunks = parse_output(raw, chat.tags, chat.parser(request), is_reasoning=chat.is_reasoning)
        else:
            chunks = self._stream(request, "/v1/chat/completions", build_chat_body(request), parse_chunk)
        async with aclosing(chunks):
            async for chunk in chunks:
                yield chunk

    async def _stream(
        self,
        request: GenerationRequest,
        path: str,
        body: dict[str, Any],
        parse: Callable[[dict[str, Any], GenerationChunk], GenerationChunk],
    ) -> AsyncGenerator[GenerationChunk]:
        """Send a request to llama.cpp's server and yield the chunks of its answer."""
        from httpx_sse import EventSource

        fields = body | _penalty_fields(request, self._context_tokens)
        async with (
            self._slot(),
            self._servers.lease_async(request.adapter) as lease,
            lease.server.async_http.stream("POST", path, json=fields | lease.fields) as response,
        ):
            if response.status_code >= 400:
                raise error_from_response(response.status_code, await response.aread())
            last = GenerationChunk()
            async for event in EventSource(response).aiter_sse():
                if event.data in ("", "[DONE]"):
                    continue
                payload = json.loads(event.data)
                self.load.steps += 1
                if "prompt_progress" in payload:
                    continue
                chunk = parse(payload, last)
                self.load.tokens += chunk.completion_tokens - last.completion_tokens
                if chunk.text or chunk.reasoning or chunk.logprobs:
                    yield replace(chunk, finish=None)
                last = chunk
            yield replace(last, text="", reasoning="", logprobs=(), finish=last.finish or "stop")

    @asynccontextmanager
    async def _slot(self) -> AsyncGenerator[None]:
        """Wait for a free slot and occupy it."""
        self.load.waiting += 1
        try:
            await self._slots.acquire()
        finally:
            self.load.waiting -= 1
        self.load.active += 1
        try:
            yield
        finally:
            self.load.active -= 1
            self._slots.release()

    def encode(self, adapter: str | None, text: str) -> list[int]:
        """Return the token ids of a text."""
        del adapter  # adapters have the tokenizer of their base
        return self._post("/tokenize", {"content": text, "add_special": True, "parse_special": True})["tokens"]

    def decode(self, ids: list[int]) -> str:
        """Return the text of token ids, including special tokens."""
        self._check_tokens(ids)
        return self._post("/detokenize", {"tokens": ids})["content"]

    async def score(self, adapter: str | None, ids: list[int], top: int, *, first: int = 1) -> list[TokenLogprob]:
        """Return the log-probability of each token of a prompt, or of those from position `first` on.

        llama.cpp reports probabilities of generated tokens only. So each token is generated after those before it, by a
        bias that selects it and does not change the reported probabilities.
        """
        self._check_tokens(ids)
        entries = [] if first > 1 else [TokenLogprob(await asyncio.to_thread(self.decode, ids[:1]), None)]
        async with self._slot():
            for end in range(first, len(ids)):
                found = await self._score_token(adapter, ids[:end], ids[end], max(1, top))
                entry = _parse_logprob(found)
                entries.append(replace(entry, alternatives=entry.alternatives[:top]))
        return entries

    async def _score_token(self, adapter: str | None, prompt: list[int], token: int, top: int) -> dict[str, Any]:
        """Return llama.cpp's probability entry of one token after a prompt."""
        entries = await self._generate_selected(adapter, prompt, token, top)
        if entries and entries[0]["id"] == token:
            return entries[0]
        # A token with an incomplete character has no entry of its own, so it is found among all alternatives.
        entries = await self._generate_selected(adapter, prompt, self._complete_token, self._vocabulary_size)
        found = next((one for one in entries[0]["top_logprobs"] if one["id"] == token), None) if entries else None
        if found is None:
            raise UpstreamFailed(f"llama.cpp did not score the token {token}", "see: vong serving logs NAME")
        return {**found, "top_logprobs": entries[0]["top_logprobs"]}

    async def _generate_selected(
        self, adapter: str | None, prompt: list[int], token: int, top: int
    ) -> list[dict[str, Any]]:
        body = _selecting_body(prompt, token, top)
        async with self._servers.lease_async(adapter) as lease:
            response = await lease.server.async_http.post("/completion", json=body | lease.fields)
        if response.status_code >= 400:
            raise error_from_response(response.status_code, response.content)
        return response.json().get("completion_probabilities") or []

    def _check_tokens(self, ids: Iterable[int]) -> None:
        size = self._vocabulary_size
        if (invalid := next((token for token in ids if not 0 <= token < size), None)) is not None:
            message = f"token id {invalid} does not exist in this model, which has ids up to {size - 1}"
            raise InvalidInput(message, "use the tokenizer of this model, or send text")

    def tokenize(
        self, adapter: str | None, messages: list[dict[str, Any]], tools: list[dict[str, Any]] | None = None
    ) -> list[int]:
        """Return the token ids of a conversation by the chat template of the GGUF file."""
        del adapter  # adapters have the tokenizer of their base
        return self._prompts.encode(messages, tools)

    def logprobs(self, adapter: str | None, ids: list[int], positions: int, top: int) -> list[dict[int, float]]:
        """Return next-token log-probabilities after each of the last prefixes of `ids`."""
        results: list[dict[int, float]] = []
        for end in range(len(ids) - positions + 1, len(ids) + 1):
            body = _selecting_body(ids[:end], self._complete_token, top)
            with self._servers.lease(adapter) as lease:
                answer = lease.server.post("/completion", body | lease.fields)
            best = answer["completion_probabilities"][0]["top_logprobs"]
            results.append({token["id"]: token["logprob"] for token in best})
        return results

    def _post(self, path: str, body: dict[str, Any]) -> Any:
        return self._servers.post(path, body)


def _selecting_body(prompt: list[int], token: int, top: int) -> dict[str, Any]:
    """Return the body of a request that generates a given token and reports the `top` most likely ones."""
    body = {"prompt": prompt, "n_predict": 1, "n_probs": top, "temperature": 0.0, "cache_prompt": True}
    return {**body, "logit_bias": [[token, SELECTING_BIAS]]}


def build_chat_body(request: GenerationRequest) -> dict[str, Any]:
    """Return the body of a request to complete a conversation."""
    body: dict[str, Any] = {
        "messages": [text_message(message) for message in request.messages],
        "stream_options": {"include_usage": True},
        **_sampling_fields(request),
        **template_fields(request.template_options),
    }
    optional = {"max_tokens": request.max_tokens, "response_format": request.response_format}
    body |= {name: value for name, value in optional.items() if value is not None}
    if request.top_logprobs is not None:
        body |= {"logprobs": True, "top_logprobs": max(1, request.top_logprobs)}
    return body


def build_text_body(request: GenerationRequest) -> dict[str, Any]:
    """Return the body of a request to complete a text.

    Raises: InvalidInput if the response format is invalid.
    """
    body: dict[str, Any] = {"prompt": list(request.prompt or ()), **_sampling_fields(request)}
    if request.max_tokens is not None:
        body["n_predict"] = request.max_tokens
    response_format = request.response_format or {"type": "text"}
    if response_format.get("type", "text") != "text":
        schema = (response_format.get("json_schema") or {}).get("schema")
        if response_format["type"] not in ("json_object", "json_schema"):
            raise InvalidInput(f"unknown response_format {response_format['type']!r}", "use json_schema or json_object")
        body["json_schema"] = schema if schema is not None else {"type": "object"}
    if request.top_logprobs is not None:
        body["n_probs"] = max(1, request.top_logprobs)
    return body


def _sampling_fields(request: GenerationRequest) -> dict[str, Any]:
    """Return the fields for both kinds of completions. The samplers that a request does not have are disabled."""
    fields: dict[str, Any] = {
        "stream": True,
        "cache_prompt": True,
        "return_progress": True,
        "temperature": request.temperature,
        "top_p": request.top_p,
        "top_k": request.top_k,
        "min_p": request.min_p,
    }
    if request.logit_bias:
        fields["logit_bias"] = [list(bias) for bias in request.logit_bias]
    if request.stop:
        fields["stop"] = list(request.stop)
    if request.seed is not None:
        fields["seed"] = request.seed % RANDOM_SEED
    if request.grammar is not None:
        fields["grammar"] = request.grammar
    return fields


def _penalty_fields(request: GenerationRequest, context_tokens: int) -> dict[str, Any]:
    """Return the fields of the penalties, which llama.cpp applies to the last 64 tokens unless told otherwise."""
    if not request.has_penalties:
        return {}
    return {
        "repeat_penalty": request.repetition_penalty,
        "presence_penalty": request.presence_penalty,
        "frequency_penalty": request.frequency_penalty,
        "repeat_last_n": context_tokens,
    }


def parse_chunk(chunk: dict[str, Any], previous: GenerationChunk) -> GenerationChunk:
    """Parse one chunk of llama.cpp's stream. Tokens are counted by chunk until the last chunk reports the counts.

    Raises: UpstreamFailed if the chunk contains an error.
    """
    if "error" in chunk:
        raise UpstreamFailed(str(chunk["error"].get("message", chunk["error"])), "see: vong serving logs NAME")
    choice = chunk["choices"][0] if chunk.get("choices") else {}
    delta = choice.get("delta", {})
    text, reasoning = delta.get("content") or "", delta.get("reasoning_content") or ""
    usage = chunk.get("usage") or {}
    entries = (choice.get("logprobs") or {}).get("content") or []
    return GenerationChunk(
        text=text,
        finish=choice.get("finish_reason") or previous.finish,
        prompt_tokens=usage.get("prompt_tokens", previous.prompt_tokens),
        completion_tokens=usage.get("completion_tokens", previous.completion_tokens + bool(text or reasoning)),
        cached_tokens=(usage.get("prompt_tokens_details") or {}).get("cached_tokens", previous.cached_tokens),
        logprobs=tuple(_parse_logprob(entry) for entry in entries),
        reasoning=reasoning,
    )


def parse_text_chunk(chunk: dict[str, Any], previous: GenerationChunk) -> GenerationChunk:
    """Parse one chunk of the stream of a text completion.

    Raises: UpstreamFailed if the chunk contains an error.
    """
    if "error" in chunk:
        raise UpstreamFailed(str(chunk["error"].get("message", chunk["error"])), "see: vong serving logs NAME")
    finish = ("length" if chunk.get("stop_type") == "limit" else "stop") if chunk.get("stop") else previous.finish
    return GenerationChunk(
        text=chunk.get("content") or "",
        finish=finish,
        prompt_tokens=chunk.get("tokens_evaluated", previous.prompt_tokens),
        completion_tokens=chunk.get("tokens_predicted", previous.completion_tokens),
        cached_tokens=(chunk.get("timings") or {}).get("cache_n", previous.cached_tokens),
        # The last chunk of llama.cpp repeats all tokens.
        logprobs=() if chunk.get("stop") else tuple(map(_parse_logprob, chunk.get("completion_probabilities") or ())),
    )


def _parse_logprob(entry: dict[str, Any]) -> TokenLogprob:
    top = tuple((alternative["token"], alternative["logprob"]) for alternative in entry.get("top_logprobs") or [])
    return TokenLogprob(entry["token"], entry["logprob"], top)
