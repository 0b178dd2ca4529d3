"""Measures of an engine: latencies, tokens, speed, and the time without progress."""

import time
from bisect import bisect_left
from collections import deque
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from typing import Any

from vong.serving.engine import GenerationChunk

BUCKETS_SECONDS = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 120.0)
"""Upper bounds of the histogram buckets, in seconds."""
RATE_WINDOW_SECONDS = 10.0
"""Period over which the current tokens per second are measured."""
RECENT_REQUESTS = 20
"""Number of requests over which the current time to the first token is measured."""
MIN_PROMPT_TOKENS = 32
"""Computed tokens of a prompt from which its time measures the speed of prompts. Fewer cost about one decoding step."""


@dataclass
class DurationHistogram:
    """Histogram of durations in seconds: the count of each bucket, their number and their sum."""

    counts: list[int] = field(default_factory=lambda: [0] * (len(BUCKETS_SECONDS) + 1))
    count: int = 0
    seconds: float = 0.0

    def observe(self, seconds: float) -> None:
        """Record one duration."""
        self.counts[bisect_left(BUCKETS_SECONDS, seconds)] += 1
        self.count += 1
        self.seconds += seconds


@dataclass
class SpeedTotals:
    """Computed tokens and the machine time that they took, in seconds.

    Completions that run at the same time share the time equally. Prompt tokens from the prefix cache are not computed.
    """

    prompt_tokens: int = 0
    prompt_seconds: float = 0.0
    output_tokens: int = 0
    output_seconds: float = 0.0


class CompletionMeasure:
    """Measures of one running completion."""

    def __init__(self, measures: "EngineMeasures", waited: float) -> None:
        self._measures = measures
        self._waited = waited
        self._started_at = measures.clock()
        self._start_share = measures.machine_share()
        self._first_share: float | None = None
        self._last = GenerationChunk()

    def record(self, chunk: GenerationChunk) -> None:
        """Record a chunk of the completion."""
        measures = self._measures
        measures.record_progress()
        if self._first_share is None and (chunk.completion_tokens or chunk.text or chunk.finish):
            self._first_share = measures.machine_share()
            measures.record_first_token(self._waited + measures.clock() - self._started_at)
        measures.record_tokens(max(0, chunk.completion_tokens - self._last.completion_tokens))
        self._last = chunk

    def finish(self) -> None:
        """Record the end of the completion."""
        measures, last = self._measures, self._last
        end_share = measures.machine_share()
        measures.end_completion()
        measures.requests += 1
        measures.prompt_tokens += last.prompt_tokens
        measures.cached_tokens += last.cached_tokens
        speed, computed = measures.speed, last.prompt_tokens - last.cached_tokens
        first_share = end_share if self._first_share is None else self._first_share
        if computed >= MIN_PROMPT_TOKENS:
            speed.prompt_tokens += computed
            speed.prompt_seconds += first_share - self._start_share
            speed.output_seconds += end_share - first_share
        elif last.completion_tokens:
            speed.output_seconds += end_share - self._start_share
        speed.output_tokens += last.completion_tokens


class EngineMeasures:
    """Measures of one engine process since its start. Use it on one event loop."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self.clock = clock
        self.requests = self.prompt_tokens = self.cached_tokens = self.output_tokens = 0
        self.first_token = DurationHistogram()
        """Time from the arrival of a request to its first token."""
        self.queue = DurationHistogram()
        """Time that a completion waited for a slot."""
        self.speed = SpeedTotals()
        self._running = 0
        self._share = 0.0
        self._share_at = self._progress_at = clock()
        self._engine_counts = (0, 0)
        self._recent: deque[tuple[float, int]] = deque()
        self._first_tokens: deque[float] = deque(maxlen=RECENT_REQUESTS)

    def start_completion(self, waited: float) -> CompletionMeasure:
        """Start to measure a completion that waited for its slot for some seconds."""
        self.queue.observe(waited)
        self._begin_work()
        return CompletionMeasure(self, waited)

    def end_completion(self) -> None:
        """Record that a completion ended."""
        self.machine_share()
        self._running -= 1
        self.record_progress()

    @contextmanager
    def running(self) -> Generator[None]:
        """Count other work of the engine as running."""
        self._begin_work()
        try:
            yield
        finally:
            self.end_completion()

    @property
    def is_running(self) -> bool:
        """Return whether the engine has work."""
        return self._running > 0

    def forget_requests(self) -> None:
        """Reset the counts of requests, latencies and tokens, but not the speed."""
        self.requests = self.prompt_tokens = self.cached_tokens = self.output_tokens = 0
        self.first_token, self.queue = DurationHistogram(), DurationHistogram()
        self._recent.clear()
        self._first_tokens.clear()

    def _begin_work(self) -> None:
        self.machine_share()
        if not self._running:
            self.record_progress()
        self._running += 1

    def machine_share(self) -> float:
        """Return the machine time in seconds that each completion would have received if it ran since the start."""
        moment = self.clock()
        if self._running:
            self._share += (moment - self._share_at) / self._running
        self._share_at = moment
        return self._share

    def record_tokens(self, tokens: int) -> None:
        """Count generated tokens."""
        if tokens:
            self.output_tokens += tokens
            self._recent.append((self.clock(), tokens))
            self._drop_old()

    def record_first_token(self, seconds: float) -> None:
        """Record the time to the first token of a request."""
        self.first_token.observe(seconds)
        self._first_tokens.append(seconds)

    def record_progress(self) -> None:
        """Record that the engine has computed something."""
        self._progress_at = self.clock()

    def stalled_seconds(self, tokens: int, steps: int) -> float:
        """Return the seconds since the last progress of running completions. Returns 0 if none is running.

        `tokens` and `steps` are the engine's own counts, which also advance within a long prompt.
        """
        if self._engine_counts != (tokens, steps):
            self._engine_counts = tokens, steps
            self.record_progress()
        return self.clock() - self._progress_at if self._running else 0.0

    @property
    def time_to_first_token_ms(self) -> float | None:
        """Return the mean time to the first token of the latest requests, or None if there are none."""
        recent = self._first_tokens
        return round(1000 * sum(recent) / len(recent), 1) if recent else None

    @property
    def tokens_per_second(self) -> float:
        """Return the tokens generated per second within the last seconds."""
        self._drop_old()
        return round(sum(tokens for _, tokens in self._recent) / RATE_WINDOW_SECONDS, 2)

    def to_dict(self) -> dict[str, Any]:
        """Return all measures as JSON."""
        return {
            "requests": self.requests,
            "prompt_tokens": self.prompt_tokens,
            "cached_tokens": self.cached_tokens,
            "output_tokens": self.output_tokens,
            "tokens_per_second": self.tokens_per_second,
            "time_to_first_token_ms": self.time_to_first_token_ms,
            "first_token": asdict(self.first_token),
            "queue": asdict(self.queue),
            "speed": asdict(self.speed),
        }

    def _drop_old(self) -> None:
        oldest = self.clock() - RATE_WINDOW_SECONDS
        while self._recent and self._recent[0][0] < oldest:
            self._recent.popleft()
