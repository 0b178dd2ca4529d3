"""Engines: one package per implementation (`llamacpp`, `vllm`, `transformers`, `embeddings`).

The package `protocol` has the request and response formats. The modules of this package are the HTTP application.

An engine is created from a folder (`Engine(folder, settings)`, which blocks while the weights are loaded) and runs in a
separate process. An engine serves one base model and any number of adapters of it, under names set by the caller.

A third-party engine is a class with these methods, registered under the entry point `vong.engines`.

May import `errors`, `records` and `plugins`; heavy libraries are imported inside functions.
"""

from collections.abc import AsyncGenerator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol, runtime_checkable


@dataclass(frozen=True)
class EngineSettings:
    """Settings of an engine. Zero selects the engine's default.

    `threads`: CPU threads. `context`: tokens of prompt and completion together. `batch`: sequences that are decoded
    concurrently. `prefix_bytes`: memory of the cache of shared prompt prefixes. `queue_limit`: completions that may
    wait for a place in the batch. `reproducible`: a completion at temperature 0 does not depend on the requests that
    run at the same time. `chat_template`: Jinja template that replaces the one in a GGUF file.
    `engine_options`: further options of the engine (vLLM).
    """

    threads: int = 0
    context: int = 0
    batch: int = 8
    prefix_bytes: int = 256_000_000
    queue_limit: int = 128
    reproducible: bool = False
    chat_template: str = ""
    engine_options: dict[str, Any] = field(default_factory=dict[str, Any])


@dataclass(frozen=True)
class GenerationRequest:
    """Request for one completion of a conversation (`messages`), or of a text (`prompt`, its token ids).

    `adapter` is None for the base model. A temperature of 0 selects the most likely token. `top_logprobs` is None if
    no log-probabilities are requested. `response_format` has OpenAI's format, `grammar` that of llama.cpp (GBNF).

    The defaults of the other fields have no effect: `top_k` 0 and `min_p` 0 keep all tokens, `repetition_penalty`
    divides the scores of tokens of the prompt and the completion, the presence and frequency penalties lower the scores
    of repeated tokens, `logit_bias` is added to the scores of token ids.

    `tools` are described to the model and have OpenAI's format. The model may call those in `callable_tools`; it must
    call one if `requires_call` is set, and at most one without `parallel_calls`. `template_options` are variables of
    the chat template, for example `enable_thinking`.
    """

    messages: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])
    prompt: tuple[int, ...] | None = None
    adapter: str | None = None
    max_tokens: int | None = None
    temperature: float = 1.0
    top_p: float = 1.0
    stop: tuple[str, ...] = ()
    seed: int | None = None
    top_logprobs: int | None = None
    response_format: dict[str, Any] | None = None
    grammar: str | None = None
    top_k: int = 0
    min_p: float = 0.0
    repetition_penalty: float = 1.0
    presence_penalty: float = 0.0
    frequency_penalty: float = 0.0
    logit_bias: tuple[tuple[int, float], ...] = ()
    tools: tuple[dict[str, Any], ...] = ()
    callable_tools: tuple[str, ...] = ()
    requires_call: bool = False
    parallel_calls: bool = True
    template_options: dict[str, Any] = field(default_factory=dict[str, Any])

    @property
    def has_penalties(self) -> bool:
        """Return True if the scores of repeated tokens are lowered."""
        return self.repetition_penalty != 1 or bool(self.presence_penalty or self.frequency_penalty)


@dataclass(frozen=True)
class TokenLogprob:
    """Selected token, its log-probability (natural logarithm), and the most likely alternatives.

    The log-probability of the first token of a prompt is None.
    """

    token: str
    logprob: float | None
    alternatives: tuple[tuple[str, float], ...] = ()


@dataclass(frozen=True)
class ToolCallDelta:
    """Part of a tool call. The first part of a call has its name, the parts of its arguments together are JSON."""

    index: int
    name: str | None = None
    arguments: str = ""


@dataclass(frozen=True)
class GenerationChunk:
    """Part of a completion. The last one has `finish`: `stop` (end token or stop string), `length` or `tool_calls`.

    The counts cover the completion so far. `cached_tokens` counts the prompt tokens from the prefix cache. `reasoning`
    and `tool_calls` are not part of `text`.
    """

    text: str = ""
    finish: str | None = None
    prompt_tokens: int = 0
    completion_tokens: int = 0
    cached_tokens: int = 0
    logprobs: tuple[TokenLogprob, ...] = ()
    reasoning: str = ""
    tool_calls: tuple[ToolCallDelta, ...] = ()


@dataclass
class EngineLoad:
    """Load of an engine: running requests, waiting requests, and tokens generated since the start.

    `steps` advances with every computation, also within a long prompt, and shows that the engine is not stuck.
    """

    active: int = 0
    waiting: int = 0
    tokens: int = 0
    steps: int = 0


class Engine(Protocol):
    """Runtime of one base model and its adapters.

    `precision` (`fp32`, `bf16`, `quantised`) sets the tolerance of the parity check.
    """

    precision: str

    @property
    def load(self) -> EngineLoad:
        """Return the current load."""
        ...

    def set_adapter(self, name: str, folder: Path | None) -> None:
        """Load the adapter in a folder under a name, or unload it if the folder is None.

        Raises: InvalidInput if the adapter does not fit the base model.
        """
        ...

    def generate(self, request: GenerationRequest) -> AsyncGenerator[GenerationChunk]:
        """Generate a completion in chunks. Closing the generator frees its slot for the next request.

        Raises: InvalidInput if the engine does not support the request or the prompt exceeds its context.
        """
        ...

    def tokenize(
        self, adapter: str | None, messages: list[dict[str, Any]], tools: list[dict[str, Any]] | None = None
    ) -> list[int]:
        """Return the token ids of a conversation by the chat template, including tools and the generation prompt."""
        ...

    def logprobs(self, adapter: str | None, ids: list[int], positions: int, top: int) -> list[dict[int, float]]:
        """Return the `top` most likely next tokens after each of the last `positions` prefixes of `ids`.

        Each item maps tokens to natural log-probabilities. The last item follows all ids.
        """
        ...


@runtime_checkable
class ToolEngine(Engine, Protocol):
    """Engine that obeys `tools` and `template_options` of a request and returns tool calls and reasoning apart."""

    supports_tools: bool


@runtime_checkable
class TextEngine(Engine, Protocol):
    """Engine that completes texts without a chat template (`GenerationRequest.prompt`) and scores their tokens."""

    def encode(self, adapter: str | None, text: str) -> list[int]:
        """Return the token ids of a text, with the tokens that the tokenizer adds at its beginning."""
        ...

    def decode(self, ids: list[int]) -> str:
        """Return the text of token ids, including special tokens.

        Raises: InvalidInput if a token id does not exist.
        """
        ...

    async def score(self, adapter: str | None, ids: list[int], top: int) -> list[TokenLogprob]:
        """Return the log-probability of each of `ids` after those before it, with the `top` most likely tokens.

        Raises: InvalidInput if a token id does not exist or the ids exceed the context.
        """
        ...
