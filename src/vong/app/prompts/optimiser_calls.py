"""Model calls of an optimisation: repeated ones are answered from the log of the job, also in a later attempt."""

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from hashlib import sha256
from threading import Lock
from typing import Any, NamedTuple

from vong.app.eval_estimates import find_price
from vong.app.judge_calls import JudgeCalls
from vong.app.platform import Platform
from vong.errors import UpstreamFailed
from vong.evals import ModelOutput
from vong.jobs import JobContext
from vong.prompts.optimiser.search_log import SearchLog
from vong.records import Message, Usage

LOG_FILE = "calls.jsonl"
MAX_CONSECUTIVE_FAILURES = 10
"""Failed calls in a row after which an optimisation stops, because the model is unavailable."""


class SearchStopped(BaseException):
    """The search must end: its budget is spent, the job was stopped, or the model is unavailable.

    Not an Exception, because optimisers count those as wrong answers and go on.
    """


class LoggedAnswer(NamedTuple):
    """Answer of a model, with the cost in millionths of a US dollar."""

    text: str
    cost: int | None
    error: str | None = None


class OptimiserCalls:
    """Calls of one optimisation. Several threads may use it.

    Every answer is appended to a file in the folder of the job. Calls at temperature 0 with the same content are made
    once; of others, the n-th call returns the n-th answer of the file.
    """

    def __init__(self, platform: Platform, job: JobContext, calls: JudgeCalls, log: SearchLog) -> None:
        self._platform = platform
        self._job = job
        self._calls = calls
        self._log = log
        self._lock = Lock()
        self._seen: Counter[str] = Counter()
        self._has_budget = True
        self._failures = 0
        self._prices: dict[str, Any] = {}
        self._file = job.folder / LOG_FILE
        self._answers = self._read()
        self.failure: UpstreamFailed | None = None

    def ignore_budget(self) -> None:
        """Make further calls although the budget is spent, for the check on held-out rows."""
        self._has_budget = False

    def ask(self, model: str, messages: Sequence[Message], params: Mapping[str, Any]) -> LoggedAnswer:
        """Return the answer of a model.

        Raises: SearchStopped if the search must end.
        """
        key = self._build_key(model, messages, params)
        with self._lock:
            known = self._answers.get(key)
        if known is not None:
            return known
        is_spent = self._has_budget and self._log.find_spent() is not None
        if self._job.stop_event.is_set() or is_spent or self.failure:
            raise SearchStopped
        output = self._calls.complete(model, messages, params)
        if output.error is not None:
            return self._fail(output)
        answer = LoggedAnswer(output.text, self._find_cost(model, output))
        self._log.add_call(answer.cost)
        with self._lock:
            self._failures = 0
            self._answers[key] = answer
            with self._file.open("a", encoding="utf-8") as file:
                file.write(json.dumps([key, answer.text, answer.cost]) + "\n")
        return answer

    def _fail(self, output: ModelOutput) -> LoggedAnswer:
        if self._job.stop_event.is_set():
            raise SearchStopped
        with self._lock:
            self._failures += 1
            if self._failures >= MAX_CONSECUTIVE_FAILURES:
                self.failure = UpstreamFailed(
                    f"{self._failures} calls in a row failed: {output.error}",
                    f"fix it, then: vong jobs retry {self._job.id}",
                )
        if self.failure:
            raise SearchStopped
        return LoggedAnswer("", 0, output.error)

    def _build_key(self, model: str, messages: Sequence[Message], params: Mapping[str, Any]) -> str:
        content = [model, [message.model_dump(mode="json", exclude_none=True) for message in messages], dict(params)]
        key = sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()
        if params.get("temperature") == 0:
            return key
        with self._lock:
            self._seen[key] += 1
            return f"{key}-{self._seen[key]}"

    def _find_cost(self, model: str, output: ModelOutput) -> int | None:
        if output.usage.cost is not None:
            return output.usage.cost
        if model not in self._prices:
            self._prices[model] = find_price(self._platform, self._job.project_id, model)
        price = self._prices[model]
        tokens = Usage(input_tokens=output.usage.input_tokens, output_tokens=output.usage.output_tokens)
        return price.cost_of_usage(tokens) if price else None

    def _read(self) -> dict[str, LoggedAnswer]:
        """Read the answers of earlier attempts and count them. A line that a crash cut off is ignored."""
        answers: dict[str, LoggedAnswer] = {}
        if self._file.exists():
            for line in self._file.read_text(encoding="utf-8").splitlines():
                try:
                    key, text, cost = json.loads(line)
                except ValueError:
                    continue
                answers[key] = LoggedAnswer(text, cost)
                self._log.add_call(cost)
        return answers
