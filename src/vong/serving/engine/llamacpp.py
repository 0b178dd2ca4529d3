"""Engine for GGUF files with llama.cpp: small, fast on CPUs, with output constrained to JSON schemas.

llama.cpp's server runs inside this process and listens on loopback behind a random key. The engine calls this server
over HTTP, so that a client disconnect cancels the computation by closing the connection.
"""

import asyncio
import json
import os
import secrets
from collections.abc import AsyncGenerator, Iterable
from contextlib import asynccontextmanager
from dataclasses import replace
from importlib import import_module
from pathlib import Path
from typing import Any

from vong.errors import InvalidInput, MissingExtra, UpstreamFailed, error_message, parse_error
from vong.serving.engine import EngineLoad, EngineSettings, GenerationChunk, GenerationRequest, TokenLogprob
from vong.serving.engine.chat import check_content, part_text
from vong.serving.engine.llamacpp_prompts import PromptEncoder

RANDOM_SEED = 2**32 - 1
"""Seed that llama.cpp replaces by a random one."""
SELECTING_BIAS = 1e6
"""Bias that selects a token, whatever its score."""


class LlamaCppEngine:
    """Engine of one GGUF file. Tuned models must be merged and converted to GGUF.

    `exact` stores keys and values in fp32 instead of fp16 and disables flash attention, to compare a file with the
    trainer.
    """

    def __init__(self, folder: Path, settings: EngineSettings, *, exact: bool = False) -> None:
        try:
            library: Any = import_module("xllamacpp")
        except ImportError as error:
            raise MissingExtra("xllamacpp", "serving") from error
        import httpx

        self._load = EngineLoad()
        self.precision = "quantised"
        key = secrets.token_urlsafe(24)
        parameters: Any = library.CommonParams()
        parameters.model.path = str(find_gguf_file(folder))
        # Waiting threads of llama.cpp spin: one on every core would block all other processes.
        threads = settings.threads or max(1, (os.cpu_count() or 2) - 1)
        parameters.cpuparams.n_threads = parameters.cpuparams_batch.n_threads = threads
        parameters.n_parallel = settings.batch
        parameters.kv_unified = True
        parameters.n_ctx = self._context_tokens = settings.context or 8192
        parameters.cache_ram_mib = settings.prefix_bytes // 1_000_000
        if exact:
            parameters.cache_type_k = parameters.cache_type_v = library.ggml_type.GGML_TYPE_F32
            parameters.flash_attn_type = library.llama_flash_attn_type.LLAMA_FLASH_ATTN_TYPE_DISABLED
        parameters.hostnames, parameters.port, parameters.api_keys = ["127.0.0.1"], 0, [key]
        parameters.ui, parameters.warmup, parameters.verbosity = False, False, 1
        try:
            self._server: Any = library.Server(parameters)
        except RuntimeError as error:
            raise InvalidInput(f"llama.cpp cannot load the model: {error}", "check the file") from error
        url, headers = str(self._server.listening_address), {"Authorization": f"Bearer {key}"}
        # The server may close idle connections at any time; a new connection per request avoids lost requests.
        limits = httpx.Limits(max_connections=None, max_keepalive_connections=0)
        self._http = httpx.Client(base_url=url, headers=headers, timeout=600, trust_env=False, limits=limits)
        self._async_http = httpx.AsyncClient(base_url=url, headers=headers, timeout=600, trust_env=False, limits=limits)
        self._slots = asyncio.Semaphore(settings.batch)
        self._prompts = PromptEncoder(self._post)
        self._vocabulary_size = int(self._http.get("/v1/models").json()["data"][0]["meta"]["n_vocab"])
        # llama.cpp reports no probabilities for a token that ends within a character.
        self._complete_token = int(self._post("/tokenize", {"content": "a", "add_special": False})["tokens"][-1])

    @property
    def load(self) -> EngineLoad:
        """Return the current load."""
        return self._load

    def set_adapter(self, name: str, folder: Path | None) -> None:
        """Reject adapters: llama.cpp loads them only at start, and a converted adapter differs from the tuned one.

        Raises: InvalidInput if a folder is set.
        """
        if folder is not None:
            message = f"adapter {name!r} cannot be loaded into a running GGUF engine"
            raise InvalidInput(message, "serve it with the engine transformers, or merge it and convert the result")

    async def generate(self, request: GenerationRequest) -> AsyncGenerator[GenerationChunk]:
        """Generate a completion in chunks."""
        from httpx_sse import EventSource

        self._check_tokens([token for token, _ in request.logit_bias])
        self._check_tokens(request.prompt or ())
        request = await asyncio.to_thread(self._protect_prompt, request)
        path, body, parse = "/v1/chat/completions", build_chat_body, parse_chunk
        if request.prompt is not None:
            path, body, parse = "/completion", build_text_body, parse_text_chunk
        fields = body(request) | _penalty_fields(request, self._context_tokens)
        async with self._slot(), self._async_http.stream("POST", path, json=fields) as response:
            if response.status_code >= 400:
                raise error_from_response(response.status_code, await response.aread())
            last = GenerationChunk()
            async for event in EventSource(response).aiter_sse():
                if event.data in ("", "[DONE]"):
                    continue
                chunk = parse(json.loads(event.data), last)
                self.load.tokens += chunk.completion_tokens - last.completion_tokens
                if chunk.text or chunk.logprobs:
                    yield replace(chunk, finish=None)
                last = chunk
            yield replace(last, text="", logprobs=(), finish=last.finish or "stop")

    def _protect_prompt(self, request: GenerationRequest) -> GenerationRequest:
        """Return a request whose prompt is tokenized already if its messages contain control tokens."""
        if request.prompt is not None or not self._prompts.find_control_tokens(request.messages):
            return request
        return replace(request, prompt=tuple(self.tokenize(None, request.messages)))

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
        del adapter  # this engine has none
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
        del adapter  # this engine has none
        self._check_tokens(ids)
        entries = [] if first > 1 else [TokenLogprob(await asyncio.to_thread(self.decode, ids[:1]), None)]
        async with self._slot():
            for end in range(first, len(ids)):
                found = await self._score_token(ids[:end], ids[end], max(1, top))
                entry = _parse_logprob(found)
                entries.append(replace(entry, alternatives=entry.alternatives[:top]))
        return entries

    async def _score_token(self, prompt: list[int], token: int, top: int) -> dict[str, Any]:
        """Return llama.cpp's probability entry of one token after a prompt."""
        entries = await self._generate_selected(prompt, token, top)
        if entries and entries[0]["id"] == token:
            return entries[0]
        # A token with an incomplete character has no entry of its own, so it is found among all alternatives.
        entries = await self._generate_selected(prompt, self._complete_token, self._vocabulary_size)
        found = next((one for one in entries[0]["top_logprobs"] if one["id"] == token), None) if entries else None
        if found is None:
            raise UpstreamFailed(f"llama.cpp did not score the token {token}", "see: vong serving logs NAME")
        return {**found, "top_logprobs": entries[0]["top_logprobs"]}

    async def _generate_selected(self, prompt: list[int], token: int, top: int) -> list[dict[str, Any]]:
        response = await self._async_http.post("/completion", json=_selecting_body(prompt, token, top))
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
        del adapter  # this engine has none
        return self._prompts.encode([_text_message(message) for message in messages], tools)

    def logprobs(self, adapter: str | None, ids: list[int], positions: int, top: int) -> list[dict[int, float]]:
        """Return next-token log-probabilities after each of the last prefixes of `ids`."""
        del adapter  # this engine has none
        results: list[dict[int, float]] = []
        for end in range(len(ids) - positions + 1, len(ids) + 1):
            body = _selecting_body(ids[:end], self._complete_token, top)
            best = self._post("/completion", body)["completion_probabilities"][0]["top_logprobs"]
            results.append({token["id"]: token["logprob"] for token in best})
        return results

    def _post(self, path: str, body: dict[str, Any]) -> Any:
        response = self._http.post(path, json=body)
        if response.status_code >= 400:
            raise error_from_response(response.status_code, response.content)
        return response.json()


def _selecting_body(prompt: list[int], token: int, top: int) -> dict[str, Any]:
    """Return the body of a request that generates a given token and reports the `top` most likely ones."""
    body = {"prompt": prompt, "n_predict": 1, "n_probs": top, "temperature": 0.0, "cache_prompt": True}
    return {**body, "logit_bias": [[token, SELECTING_BIAS]]}


def find_gguf_file(folder: Path) -> Path:
    """Return the only GGUF file of a folder, or the path itself if it is a file.

    Raises: InvalidInput if there is none or more than one.
    """
    files = [folder] if folder.is_file() else sorted(folder.glob("*.gguf"))
    if len(files) != 1:
        raise InvalidInput(f"{str(folder)!r} contains {len(files)} GGUF files", "serve a folder with exactly one")
    return files[0]


def build_chat_body(request: GenerationRequest) -> dict[str, Any]:
    """Return the body of a request to complete a conversation."""
    body: dict[str, Any] = {
        "messages": [_text_message(message) for message in request.messages],
        "stream_options": {"include_usage": True},
        **_sampling_fields(request),
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


def _text_message(message: dict[str, Any]) -> dict[str, Any]:
    """Return a message whose parts have the only type that llama.cpp knows for text.

    Raises: InvalidInput if the message contains anything but text.
    """
    check_content(content := message.get("content"))
    if not isinstance(content, list):
        return message
    return {**message, "content": [{"type": "text", "text": part_text(part)} for part in content]}


def parse_chunk(chunk: dict[str, Any], previous: GenerationChunk) -> GenerationChunk:
    """Parse one chunk of llama.cpp's stream. Tokens are counted by chunk until the last chunk reports the counts.

    Raises: UpstreamFailed if the chunk contains an error.
    """
    if "error" in chunk:
        raise UpstreamFailed(str(chunk["error"].get("message", chunk["error"])), "see: vong serving logs NAME")
    choice = chunk["choices"][0] if chunk.get("choices") else {}
    text = choice.get("delta", {}).get("content") or ""
    usage = chunk.get("usage") or {}
    entries = (choice.get("logprobs") or {}).get("content") or []
    return GenerationChunk(
        text=text,
        finish=choice.get("finish_reason") or previous.finish,
        prompt_tokens=usage.get("prompt_tokens", previous.prompt_tokens),
        completion_tokens=usage.get("completion_tokens", previous.completion_tokens + bool(text)),
        cached_tokens=(usage.get("prompt_tokens_details") or {}).get("cached_tokens", previous.cached_tokens),
        logprobs=tuple(_parse_logprob(entry) for entry in entries),
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


def error_from_response(status: int, body: bytes) -> Exception:
    """Return the error that corresponds to an error response of llama.cpp's server."""
    message = error_message(parse_error(body)) or body.decode(errors="replace")[:400]
    if status < 500:
        return InvalidInput(message, "change the request")
    return UpstreamFailed(f"llama.cpp returned status {status}: {message}", "see: vong serving logs NAME")
