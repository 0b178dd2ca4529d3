"""Engines: what turns a folder of weights into answers, one file each.

An engine is made from a folder (`Engine(folder, settings)`, which loads the weights and blocks while it does) and
lives in a process of its own. It holds one base model and any number of adapters over it, named by whoever loads them.

A third party's engine is a class with these methods under the entry point `vong.engines`.
"""

from collections.abc import AsyncGenerator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol


@dataclass(frozen=True)
class EngineSettings:
    """How an engine runs. Zero means that the engine chooses.

    `threads`: CPU threads. `context`: tokens of prompt and answer together. `batch`: conversations decoded side by
    side. `prefix_bytes`: memory for prompts whose beginnings later prompts share.
    """

    threads: int = 0
    context: int = 0
    batch: int = 8
    prefix_bytes: int = 256_000_000


@dataclass(frozen=True)
class GenerationRequest:
    """One answer wanted. `adapter` is None for the base model; a temperature of 0 always takes the likeliest token.

    `top_logprobs` is None where no log-probabilities are wanted. `response_format` is OpenAI's.
    """

    messages: list[dict[str, Any]]
    adapter: str | None = None
    max_tokens: int | None = None
    temperature: float = 1.0
    top_p: float = 1.0
    stop: tuple[str, ...] = ()
    seed: int | None = None
    top_logprobs: int | None = None
    response_format: dict[str, Any] | None = None


@dataclass(frozen=True)
class TokenLogprob:
    """A token that was taken, how likely it was (natural logarithm), and its likeliest rivals."""

    token: str
    logprob: float
    top: tuple[tuple[str, float], ...] = ()


@dataclass(frozen=True)
class GenerationChunk:
    """A part of an answer. The last one has `finish`: `stop` (it ended, or a stop string came) or `length`.

    The counts are of the answer so far; `cached_tokens` are those of the prompt that were not computed again.
    """

    text: str = ""
    finish: str | None = None
    prompt_tokens: int = 0
    completion_tokens: int = 0
    cached_tokens: int = 0
    logprobs: tuple[TokenLogprob, ...] = ()


@dataclass
class EngineLoad:
    """How busy an engine is: answers being made, requests that wait for a place, tokens made since the start."""

    active: int = 0
    waiting: int = 0
    tokens: int = 0


class Engine(Protocol):
    """One base model and its adapters. `precision` is `fp32`, `bf16` or `quantised`: what the parity check allows."""

    precision: str

    @property
    def load(self) -> EngineLoad:
        """How busy it is."""
        ...

    def adapt(self, name: str, folder: Path | None) -> None:
        """Load the adapter in that folder under that name; None unloads it. InvalidInput where it does not fit."""
        ...

    def generate(self, wanted: GenerationRequest) -> AsyncGenerator[GenerationChunk]:
        """The answer, piece by piece. Closing the generator gives the place to the next request.

        InvalidInput for what this engine cannot do and for prompts longer than its context.
        """
        ...

    def tokenize(self, adapter: str | None, messages: list[dict[str, Any]]) -> list[int]:
        """The token ids of a conversation as the model sees it, ready for its answer."""
        ...

    def logprobs(self, adapter: str | None, ids: list[int], positions: int, top: int) -> list[dict[int, float]]:
        """The `top` likeliest next tokens with their natural log-probabilities after each of the last `positions`
        prefixes of `ids`; the last item is what follows all of them.
        """
        ...
