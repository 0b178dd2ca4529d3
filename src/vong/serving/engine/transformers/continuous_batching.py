"""Continuous batching: sequences join the running batch between decoding steps and leave it when they end.

One thread computes prompts and decodes all sequences together. A long prompt is computed in parts, with a decoding step
of the other sequences after each part, and ends with the next part if its caller leaves. Other uses of the model
(loading an adapter, the log-probabilities of the parity check) pause the thread between two steps.

This module requires torch. Only the engine `transformers` imports it, in a separate process.
"""

import logging
import threading
from collections import Counter, deque
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor

from vong.errors import InvalidInput, VongError
from vong.serving.engine import EngineLoad, GenerationChunk, GenerationRequest, TokenLogprob
from vong.serving.engine.transformers.constraints import GrammarMatcher
from vong.serving.engine.transformers.detokenizer import IncrementalDetokenizer
from vong.serving.engine.transformers.kv_cache import BatchedKvCache, PrefixCache, merge_rows
from vong.serving.engine.transformers.sampling import MIN_TEMPERATURE, changes_scores, select_token

log = logging.getLogger(__name__)

BASE_ADAPTER_NAME = "__base__"
"""Adapter name by which PEFT identifies the rows of a mixed batch without an adapter."""
SCORED_TOKENS = 256
"""Tokens of a prompt whose logits are computed at once when it is scored: bounds their memory."""


PROMPT_TOKENS = 256
"""Tokens of a prompt that are computed at once. A decoding step of the other sequences follows."""


@dataclass
class Sequence:
    """Running request. `emit` sends its chunks, or the error that ended it, to the caller."""

    ids: list[int]
    request: GenerationRequest
    max_tokens: int
    detokenizer: IncrementalDetokenizer
    emit: Callable[[GenerationChunk | VongError], None]
    generator: torch.Generator | None = None
    cancelled: bool = False
    last_token: int = 0
    generated: int = 0
    token_counts: Counter[int] = field(default_factory=Counter[int])
    """Generated tokens and how often each was generated, if the request has penalties."""
    cached_tokens: int = 0
    done: bool = False
    matcher: GrammarMatcher | None = None
    """Position in the grammar of the completion, if it is constrained."""
    pending_logprobs: list[TokenLogprob] = field(default_factory=list)

    @property
    def adapter(self) -> str | None:
        """Return the adapter, or None for the base model."""
        return self.request.adapter


@dataclass
class PromptComputation:
    """Prompt of a sequence, whose first tokens are in its cache."""

    row: Sequence
    cache: BatchedKvCache

    @property
    def next_tokens(self) -> list[int]:
        """Return the tokens of the next part."""
        start = self.cache.end_column
        return self.row.ids[start : start + PROMPT_TOKENS]

    @property
    def is_complete(self) -> bool:
        """Return whether all tokens are computed."""
        return self.cache.end_column == len(self.row.ids)


class BatchScheduler:
    """Scheduler of the decoding thread. `model` may be replaced while it is `paused` (an adapter wraps it)."""

    def __init__(
        self,
        model: Any,
        decode: Callable[[list[int]], str],
        end_token_ids: set[int],
        *,
        max_rows: int,
        prefix_bytes: int,
    ):
        self.model = model
        self.load = EngineLoad()
        self.prefixes = PrefixCache(prefix_bytes)
        self.has_adapters = False
        self._decode = decode
        self._end_token_ids = end_token_ids
        self._max_rows = max_rows
        self._cache_dimensions = kv_cache_dimensions(model.config)
        self._cache: BatchedKvCache | None = None
        self._rows: list[Sequence] = []
        self._prompt: PromptComputation | None = None
        self._waiting: deque[Sequence] = deque()
        self._pause_requests = 0
        self._model_lock = threading.Lock()
        self._wake = threading.Condition()
        threading.Thread(target=self._run, name="batch", daemon=True).start()

    def submit(self, row: Sequence) -> None:
        """Queue a sequence."""
        with self._wake:
            self._waiting.append(row)
            self.load.waiting = len(self._waiting)
            self._wake.notify()

    @contextmanager
    def paused(self) -> Generator[None]:
        """Pause decoding for the duration of the block, so that the model can be used or changed."""
        with self._wake:
            self._pause_requests += 1
        with self._model_lock, torch.inference_mode():
            try:
                yield
            finally:
                with self._wake:
                    self._pause_requests -= 1
                    self._wake.notify()

    def end_adapter_rows(self, adapter: str) -> None:
        """End the sequences of an adapter before it is unloaded. Call this only while paused."""
        with self._wake:
            for row in [*self._running_rows, *self._waiting]:
                if row.adapter == adapter and not row.cancelled:
                    row.cancelled = True
                    row.emit(VongError("the adapter was unloaded", "retry when the deployment is ready"))
        self._remove_finished()

    def forward(self, ids: Tensor, cache: BatchedKvCache, adapters: list[str | None], keep: int) -> Tensor:
        """Return the logits (rows, keep, vocabulary) after the last `keep` columns of `ids` (rows, columns)."""
        columns = ids.shape[1]
        cache.reserve(columns)
        lengths = torch.tensor(cache.lengths(), device=ids.device)[:, None]
        adapter_options = (
            {"adapter_names": [name or BASE_ADAPTER_NAME for name in adapters]} if self.has_adapters else {}
        )
        output = self.model(
            input_ids=ids,
            attention_mask=cache.attention_mask(columns),
            position_ids=lengths + torch.arange(columns, device=ids.device),
            past_key_values=cache.past_key_values,
            use_cache=True,
            logits_to_keep=keep,
            **adapter_options,
        )
        cache.end_column += columns
        self.load.steps += 1
        return output.logits.float()

    def last_logits(self, ids: list[int], adapter: str | None, keep: int) -> Tensor:
        """Return the logits after each of the last `keep` tokens of a prompt. Call this only while paused."""
        cache = self._create_cache(len(ids), None)
        return self.forward(torch.tensor([ids], device=cache.tensor.device), cache, [adapter], keep)[0]

    def prompt_logits(self, ids: list[int], adapter: str | None) -> Generator[tuple[int, Tensor]]:
        """Yield the logits after each token of a prompt, in parts with their position. Call this only while paused."""
        cache = self._create_cache(len(ids), None)
        for start in range(0, len(ids), SCORED_TOKENS):
            part = torch.tensor([ids[start : start + SCORED_TOKENS]], device=cache.tensor.device)
            yield start, self.forward(part, cache, [adapter], part.shape[1])[0]

    def _create_cache(self, columns: int, prefix: Tensor | None) -> BatchedKvCache:
        return BatchedKvCache.for_prompt(self._cache_dimensions, columns, next(self.model.parameters()), prefix)

    @property
    def _running_rows(self) -> list[Sequence]:
        """Return the sequences that are decoded, and the one whose prompt is computed."""
        return [*self._rows, self._prompt.row] if self._prompt else self._rows

    @property
    def _has_work(self) -> bool:
        return bool(self._waiting or self._rows or self._prompt)

    def _run(self) -> None:
        with torch.inference_mode():
            while True:
                with self._wake:
                    self._wake.wait_for(lambda: not self._pause_requests and self._has_work)
                with self._model_lock:
                    try:
                        self._remove_finished()
                        self._compute_prompts()
                        self._decode_step()
                        self._remove_finished()
                    # Boundary of a request: the sequences of this batch fail, later ones do not.
                    except Exception as error:
                        log.exception("a decoding step failed")
                        self._fail_rows(f"the engine failed on this request: {type(error).__name__}: {error}")

    def _fail_rows(self, message: str) -> None:
        for row in self._running_rows:
            row.emit(VongError(message, "the engine's log has the traceback"))
        self._rows, self._cache, self._prompt = [], None, None
        self.load.active = 0

    def _remove_finished(self) -> None:
        remaining = [index for index, row in enumerate(self._rows) if not (row.done or row.cancelled)]
        if len(remaining) < len(self._rows):
            self._rows = [self._rows[index] for index in remaining]
            self._cache = merge_rows([(self._cache, remaining)]) if remaining and self._cache else None
        if self._prompt is not None and self._prompt.row.cancelled:
            self._prompt = None
        self.load.active = len(self._running_rows)

    def _compute_prompts(self) -> None:
        """Compute the next part of a prompt, or several short prompts, and add complete ones to the batch.

        The parts of a prompt do not depend on other sequences, so that its result is the same in any batch.
        """
        parts = [] if self._cache is None else [(self._cache, list(range(len(self._rows))))]
        before, computed = len(parts), 0
        while computed < PROMPT_TOKENS and (prompt := self._next_prompt()) is not None:
            tokens = prompt.next_tokens
            ids = torch.tensor([tokens], device=prompt.cache.tensor.device)
            logits = self.forward(ids, prompt.cache, [prompt.row.adapter], 1)[0]
            computed += len(tokens)
            if prompt.is_complete:
                self._prompt = None
                self._rows.append(prompt.row)
                self.prefixes.store(prompt.row.adapter, prompt.row.ids, prompt.cache)
                self._append_token(prompt.row, logits[-1])
                parts.append((prompt.cache, [0]))
        if len(parts) > before:
            self._cache = merge_rows(parts)
            self._remove_finished()

    def _next_prompt(self) -> PromptComputation | None:
        """Return the prompt that is being computed, or that of the next waiting sequence if the batch has room."""
        if self._prompt is None and len(self._rows) < self._max_rows and (row := self._next_waiting()) is not None:
            prefix = self.prefixes.find(row.adapter, row.ids)
            row.cached_tokens = 0 if prefix is None else prefix.shape[-2]
            self._prompt = PromptComputation(row, self._create_cache(len(row.ids), prefix))
            self.load.active = len(self._running_rows)
        return self._prompt

    def _next_waiting(self) -> Sequence | None:
        with self._wake:
            while self._waiting:
                row = self._waiting.popleft()
                self.load.waiting = len(self._waiting)
                if not row.cancelled:
                    return row
        return None

    def _decode_step(self) -> None:
        if not self._rows or self._cache is None:
            return
        ids = torch.tensor([[row.last_token] for row in self._rows], device=self._cache.tensor.device)
        logits = self.forward(ids, self._cache, [row.adapter for row in self._rows], 1)[:, -1]
        greedy: list[int] = logits.argmax(-1).tolist()
        for row, scores, most_likely in zip(self._rows, logits, greedy, strict=True):
            self._append_token(row, scores, most_likely)

    def _append_token(self, row: Sequence, logits: Tensor, most_likely: int | None = None) -> None:
        """Select the next token of a sequence and emit its text."""
        request = row.request
        is_greedy = request.temperature < MIN_TEMPERATURE and not changes_scores(request) and row.matcher is None
        if most_likely is not None and is_greedy:
            token = most_likely
        else:
            try:
                token = select_token(logits, request, row.ids, row.token_counts, row.generator, row.matcher)
            except VongError as error:  # the grammar of this sequence only
                row.cancelled = True
                row.emit(error)
                return
        if row.matcher is not None:
            row.matcher.accept(token)
        row.last_token, row.generated = token, row.generated + 1
        self.load.tokens += 1
        if request.has_penalties:
            row.token_counts[token] += 1
        if request.top_logprobs is not None and token not in self._end_token_ids:
            row.pending_logprobs.append(
                token_logprob(logits.log_softmax(-1), token, request.top_logprobs, self._decode)
            )
        text = "" if token in self._end_token_ids else row.detokenizer.add_token(token)
        finish = (
            "stop"
            if token in self._end_token_ids or row.detokenizer.stopped
            else "length"
            if row.generated >= row.max_tokens
            else None
        )
        if finish:
            row.done = True
            text += row.detokenizer.finish()
            finish = "stop" if row.detokenizer.stopped else finish
        if text or finish:
            logprobs, row.pending_logprobs = tuple(row.pending_logprobs), []
            row.emit(GenerationChunk(text, finish, len(row.ids), row.generated, row.cached_tokens, logprobs))


def token_logprob(scores: Tensor, token: int, top: int, decode: Callable[[list[int]], str]) -> TokenLogprob:
    """Return a token with its log-probability and the `top` most likely tokens. `scores` are log-probabilities."""
    best = scores.topk(min(top, scores.shape[-1])) if top else None
    pairs = zip(best.indices.tolist(), best.values.tolist(), strict=True) if best else ()
    alternatives = tuple((decode([alternative]), score) for alternative, score in pairs)
    return TokenLogprob(decode([token]), float(scores[token]), alternatives)


def kv_cache_dimensions(config: Any) -> tuple[int, int, int]:
    """Return (layers, key-value heads, head size) of a decoder.

    Raises: InvalidInput if the number of heads differs between layers.
    """
    text = config.get_text_config()
    heads = getattr(text, "num_key_value_heads", None) or text.num_attention_heads
    size = getattr(text, "head_dim", None) or text.hidden_size // text.num_attention_heads
    if not isinstance(heads, int):
        raise InvalidInput("layers with different numbers of heads cannot be batched", "serve a GGUF of this model")
    return int(text.num_hidden_layers), heads, int(size)
