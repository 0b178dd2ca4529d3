"""OpenAI text completions of an engine: one or more prompts as texts or token ids, also with the prompt in the answer.

The prompt is completed as it is, without a chat template.
"""

import asyncio
import time
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from dataclasses import dataclass, replace
from typing import Any
from uuid import uuid4

from pydantic import Field

from vong.errors import InvalidInput
from vong.serving.engine import GenerationChunk, GenerationRequest, TextEngine, TokenLogprob
from vong.serving.engine.admission import AdmittedRequest
from vong.serving.engine.protocol.chat import usage_object
from vong.serving.engine.protocol.choices import collect_all, merge
from vong.serving.engine.protocol.request_fields import (
    MAX_CHOICES,
    SamplingRequest,
    check_unknown_fields,
    choice_requests,
    parse_request,
)
from vong.serving.engine.served_names import public_name

DEFAULT_MAX_TOKENS = 16
"""Tokens of a completion without max_tokens, as at OpenAI."""
MAX_COMPLETIONS = 2048
"""Maximum number of completions of one request: prompts times `best_of`."""


class TextRequest(SamplingRequest):
    """Supported fields of a text completion request."""

    prompt: Any = None
    max_tokens: int = Field(default=DEFAULT_MAX_TOKENS, ge=0)
    echo: bool = False
    logprobs: int | None = Field(default=None, ge=0, le=20, strict=True)
    best_of: int | None = Field(default=None, ge=1, le=MAX_CHOICES)

    @property
    def candidates(self) -> int:
        """Return the number of completions of each prompt, of which `n` are returned."""
        return self.best_of or self.n


@dataclass(frozen=True)
class _Prompt:
    """One prompt: its token ids and, if it is part of the answer, its text and the scores of its tokens."""

    ids: tuple[int, ...]
    text: str = ""
    logprobs: tuple[TokenLogprob, ...] = ()

    @property
    def chunk(self) -> GenerationChunk:
        """Return the beginning of each completion of the prompt."""
        return GenerationChunk(self.text, prompt_tokens=len(self.ids), logprobs=self.logprobs)


def parse_text_request(body: bytes) -> TextRequest:
    """Parse a request body.

    Raises:
        InvalidInput: if a field has an invalid value.
        Unsupported: if a field changes the completion in a way that no engine supports.
    """
    request = parse_request(TextRequest, body)
    check_unknown_fields(request)
    prompts = split_prompts(request.prompt)
    if request.candidates < request.n:
        raise InvalidInput(f"best_of is {request.candidates}, but n is {request.n}", "set best_of to n or more")
    if request.stream and request.candidates > request.n:
        raise InvalidInput("best_of cannot be streamed", "remove best_of or stream")
    if len(prompts) * request.candidates > MAX_COMPLETIONS:
        message = f"the request has {len(prompts)} prompts with {request.candidates} completions each"
        raise InvalidInput(message, f"request at most {MAX_COMPLETIONS} completions at once")
    return request


class TextCompletion:
    """Text completion of one request. The choices of prompt `p` have the indexes from `p * n`."""

    def __init__(
        self, engine: TextEngine, request: TextRequest, adapter: str | None, admitted: AdmittedRequest
    ) -> None:
        self._engine = engine
        self._admitted = admitted
        self._request = request
        self._adapter = adapter
        self._head = {
            "id": f"cmpl-{uuid4().hex}",
            "object": "text_completion",
            "created": int(time.time()),
            "model": public_name(request.model),
        }

    async def complete(self) -> dict[str, Any]:
        """Return the response."""
        request = self._request
        prompts = await self._load_prompts()
        generators = [
            self._generate(prompt, one)
            for prompt in prompts
            for one in choice_requests(self._generation_request(prompt), request.candidates)
        ]
        completed = await collect_all(generators)
        chosen = list[list[GenerationChunk]]()
        for start in range(0, len(completed), request.candidates):
            candidates = completed[start : start + request.candidates]
            ranked = (
                sorted(candidates, key=_mean_logprob, reverse=True) if request.candidates > request.n else candidates
            )
            chosen += ranked[: request.n]
        choices = [self._build_choice(index, chunks) for index, chunks in enumerate(chosen)]
        last = [chunks[-1] for chunks in completed]
        usage = usage_object(last, last[:: request.candidates])
        return {**self._head, "choices": choices, "usage": usage}

    async def stream(self) -> AsyncGenerator[dict[str, Any]]:
        """Yield the chunks of the response, and its usage at the end if it was requested."""
        request = self._request
        prompts = await self._load_prompts()
        generators = [
            self._generate(prompt, one)
            for prompt in prompts
            for one in choice_requests(self._generation_request(prompt), request.n)
        ]
        last = [GenerationChunk()] * len(generators)
        offsets = [0] * len(generators)
        async for index, chunk in merge(generators):
            choice = self._build_choice(index, [chunk], offsets[index])
            offsets[index] += sum(len(entry.token) for entry in chunk.logprobs)
            last[index] = chunk
            if chunk.text or chunk.finish or chunk.logprobs:
                yield {**self._head, "choices": [choice]}
        if request.include_usage:
            usage = usage_object(last, last[:: request.n])
            yield {**self._head, "choices": [], "usage": usage}

    async def _load_prompts(self) -> list[_Prompt]:
        return [await self._load_prompt(prompt) for prompt in split_prompts(self._request.prompt)]

    async def _load_prompt(self, prompt: str | list[int]) -> _Prompt:
        request, engine = self._request, self._engine
        ids = await asyncio.to_thread(engine.encode, self._adapter, prompt) if isinstance(prompt, str) else prompt
        if not request.echo:
            return _Prompt(tuple(ids))
        text = prompt if isinstance(prompt, str) else await asyncio.to_thread(engine.decode, ids)
        if request.logprobs is None:
            return _Prompt(tuple(ids), text)
        async with self._admitted.slot():
            return _Prompt(tuple(ids), text, tuple(await engine.score(self._adapter, ids, request.logprobs)))

    def _generation_request(self, prompt: _Prompt) -> GenerationRequest:
        request = self._request
        ranks = request.candidates > request.n
        return GenerationRequest(
            prompt=prompt.ids,
            adapter=self._adapter,
            max_tokens=request.max_tokens,
            top_logprobs=0 if ranks and request.logprobs is None else request.logprobs,
            **request.sampling_fields(),
        )

    async def _generate(self, prompt: _Prompt, generation: GenerationRequest) -> AsyncGenerator[GenerationChunk]:
        """Yield one completion, after its prompt if the request has `echo`."""
        if self._request.max_tokens == 0:
            yield replace(prompt.chunk, finish="length")
            return
        if self._request.echo:
            yield prompt.chunk
        async with aclosing(self._admitted.generate(self._engine.generate, generation)) as chunks:
            async for chunk in chunks:
                yield chunk

    def _build_choice(self, index: int, chunks: Sequence[GenerationChunk], offset: int = 0) -> dict[str, Any]:
        """Return a choice. `offset` is the position of the first token in the text."""
        entries = [entry for chunk in chunks for entry in chunk.logprobs]
        logprobs = None
        if self._request.logprobs is not None:
            lengths = [0]
            for entry in entries:
                lengths.append(lengths[-1] + len(entry.token))
            logprobs = {
                "tokens": [entry.token for entry in entries],
                "token_logprobs": [entry.logprob for entry in entries],
                "top_logprobs": [_top_logprobs(entry) for entry in entries],
                "text_offset": [offset + length for length in lengths[:-1]],
            }
        text = "".join(chunk.text for chunk in chunks)
        return {"index": index, "text": text, "logprobs": logprobs, "finish_reason": chunks[-1].finish}


def split_prompts(prompt: Any) -> list[str | list[int]]:
    """Return the prompts of a request: one text, several texts, the token ids of one or those of several.

    Raises: InvalidInput if the prompt is something else.
    """
    prompts = [prompt] if isinstance(prompt, str) or _is_token_ids(prompt) else prompt
    if not isinstance(prompts, list) or not all(isinstance(one, str) or _is_token_ids(one) for one in prompts):
        raise InvalidInput("prompt is neither text nor token ids", "send a text, token ids, or a list of one of them")
    if not prompts or not all(prompts):
        raise InvalidInput("prompt is empty", "send at least one text or token id for each prompt")
    return prompts


def _is_token_ids(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and all(type(item) is int for item in value)


def _top_logprobs(entry: TokenLogprob) -> dict[str, float] | None:
    """Return the most likely tokens and the selected one, by text. The likeliest of tokens with equal texts counts."""
    if entry.logprob is None:
        return None
    tops: dict[str, float] = {}
    for token, logprob in (*entry.alternatives, (entry.token, entry.logprob)):
        tops[token] = max(logprob, tops.get(token, logprob))
    return tops


def _mean_logprob(chunks: Sequence[GenerationChunk]) -> float:
    """Return the mean log-probability of the generated tokens."""
    values = [entry.logprob for chunk in chunks if chunk.completion_tokens for entry in chunk.logprobs]
    scores = [value for value in values if value is not None]
    return sum(scores) / len(scores) if scores else 0.0
