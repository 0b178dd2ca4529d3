"""Log of a search: the score of each candidate, the calls and the cost so far, and the limits of the search."""

import json
import time
from collections.abc import Callable
from hashlib import sha256
from threading import Lock
from typing import Literal

from vong.prompts.optimiser.candidates import PromptCandidate
from vong.records import Record

SpentBudget = Literal["cost", "time", "calls"]


class CandidateScore(Record):
    """Mean score of a candidate on the rows on which it was tried.

    `number` counts the candidates from 0, the optimised version. `calls` and `cost` (millionths of a US dollar, null if
    a price is unknown) are those of the whole search when the candidate had all its scores.
    """

    number: int
    score: float
    rows: int
    complete: bool
    examples: int
    instructions: str
    calls: int
    cost: int | None = None


class SearchBudget(Record):
    """Limits of a search: cost in millionths of a US dollar, seconds and calls. Null is no limit."""

    cost: int | None = None
    seconds: float | None = None
    calls: int | None = None


class SearchLog:
    """Scores, calls and cost of one search. Several threads may use it."""

    def __init__(self, budget: SearchBudget, row_count: int, clock: Callable[[], float] = time.monotonic) -> None:
        """`row_count` is the number of rows that a complete score needs."""
        self._budget = budget
        self._row_count = row_count
        self._clock = clock
        self._started = clock()
        self._lock = Lock()
        self._candidates: dict[str, tuple[int, PromptCandidate]] = {}
        self._scores: dict[str, dict[int, float]] = {}
        self._points: dict[str, tuple[int, int | None]] = {}
        self.calls = 0
        self.cost: int | None = 0

    def add_call(self, cost: int | None) -> None:
        """Count a call. An unknown cost makes the sum unknown."""
        with self._lock:
            self.calls += 1
            self.cost = None if cost is None or self.cost is None else self.cost + cost

    def find_spent(self) -> SpentBudget | None:
        """Return the first limit that the search has reached, or None."""
        budget = self._budget
        if budget.cost is not None and self.cost is not None and self.cost >= budget.cost:
            return "cost"
        if budget.seconds is not None and self._clock() - self._started >= budget.seconds:
            return "time"
        if budget.calls is not None and self.calls >= budget.calls:
            return "calls"
        return None

    def add_score(self, candidate: PromptCandidate, row: int, score: float) -> None:
        """Record the score of a candidate on a row."""
        key = hash_candidate(candidate)
        with self._lock:
            self._candidates.setdefault(key, (len(self._candidates), candidate))
            scores = self._scores.setdefault(key, {})
            if len(scores) < self._row_count or key not in self._points:
                self._points[key] = self.calls, self.cost
            scores[row] = score

    def list_scores(self) -> list[CandidateScore]:
        """Return the candidates in the order in which they were tried first."""
        with self._lock:
            return [self._summarize(key) for key in self._candidates]

    def find_best(self) -> PromptCandidate | None:
        """Return the candidate with the best mean, of those with a score on every row; the earliest of equal ones.

        Returns None if no candidate has all scores.
        """
        with self._lock:
            complete = [key for key in self._candidates if len(self._scores[key]) >= self._row_count]
            best = max(complete, key=self._mean, default=None)
            return self._candidates[best][1] if best else None

    def read_scores(self, candidate: PromptCandidate) -> dict[int, float]:
        """Return the scores of a candidate by row."""
        with self._lock:
            return dict(self._scores.get(hash_candidate(candidate), {}))

    def _mean(self, key: str) -> float:
        scores = self._scores[key]
        return sum(scores.values()) / len(scores)

    def _summarize(self, key: str) -> CandidateScore:
        number, candidate = self._candidates[key]
        calls, cost = self._points[key]
        return CandidateScore(
            number=number,
            score=self._mean(key),
            rows=len(self._scores[key]),
            complete=len(self._scores[key]) >= self._row_count,
            examples=len(candidate.examples),
            instructions=candidate.instructions,
            calls=calls,
            cost=cost,
        )


def hash_candidate(candidate: PromptCandidate) -> str:
    """Return the hash of a candidate."""
    return sha256(json.dumps(candidate.model_dump(mode="json"), sort_keys=True).encode()).hexdigest()
