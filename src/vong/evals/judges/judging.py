"""Judging: call the model, read its verdict, ask again if it has none, and store it for equal inputs."""

import re
import statistics
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from threading import Event, Lock
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import Connection

from vong.errors import InvalidInput, UpstreamFailed
from vong.evals.judges.definitions import JudgeDefinition
from vong.evals.judges.inputs import MAX_INPUT_CHARACTERS, JudgeInput, Judgement
from vong.evals.judges.prompts import build_messages, build_repair, build_schema, describe_form
from vong.evals.judges.store import JudgeVersion, load_judgement, store_judgement
from vong.evals.judges.verdicts import JudgeVerdict, VerdictFault, parse_verdict
from vong.evals.model_output import ModelOutput
from vong.records import Message, now

OpenConnection = Callable[[], AbstractContextManager[Connection]]
Complete = Callable[[str, Sequence[Message], Mapping[str, Any]], ModelOutput]
"""Calls a model with messages and parameters. A failed call is an output with an error; a VongError ends the work."""

UNSUPPORTED_FORMAT = re.compile(
    r"response_format|json_schema|json_object|structured|schema|grammar|json mode", re.IGNORECASE
)
"""Error of a model that does not accept the requested form of its output."""
TRUNCATED = "length"
MAX_TOKENS_GROWTH = 4
"""An answer that was cut off is requested again with up to this many times the maximum of the definition."""
MAX_CONSECUTIVE_FAILURES = 10
"""Number of failed calls in a row that end the work."""
CALL_FAILED = "the call of the judge failed"
SHOWN_CHARACTERS = 300
PURPOSE = "judge"
"""Tag and purpose in the metadata of the calls of judges."""


class _Call(NamedTuple):
    """Outcome of the calls for one verdict: the verdict or an error, and what the calls used."""

    verdict: JudgeVerdict | None
    error: str | None
    outputs: list[ModelOutput]


class Judging:
    """One judge at work. `judge` may be called by several threads.

    `members` are the versions of the members of a jury. With `scope`, judgements are stored, and equal inputs are not
    judged again unless `reads_stored` is False. Errors are not stored, so that a later call tries again.
    """

    def __init__(
        self,
        judge: JudgeVersion,
        complete: Complete,
        *,
        members: Sequence[JudgeVersion] = (),
        scope: OpenConnection | None = None,
        reads_stored: bool = True,
    ) -> None:
        self.version = judge
        self.definition = judge.definition
        self._complete = complete
        self._scope = scope
        self._reads_stored = reads_stored
        self._members = [Judging(one, complete, scope=scope, reads_stored=reads_stored) for one in members]
        self._refuses_format = Event()
        self._locks: dict[str, Lock] = {}
        self._lock = Lock()

    def judge(self, judged: JudgeInput) -> Judgement:
        """Return the judgement of an input: a stored one, or a new one. A failure is a judgement with an error."""
        input_hash = judged.hash_for(self._metadata_fields())
        with self._lock_of(input_hash):
            if self._scope is not None and self._reads_stored and not self._members:
                with self._scope() as connection:
                    stored = load_judgement(connection, self.version, input_hash)
                if stored is not None:
                    return stored
            judgement = self._judge_jury(judged, input_hash) if self._members else self._judge(judged, input_hash)
            if self._scope is not None and not self._members:
                with self._scope() as connection:
                    store_judgement(connection, self.version, judgement)
        return judgement

    def judge_all(
        self,
        inputs: Sequence[JudgeInput],
        *,
        concurrency: int = 4,
        progress: Callable[[int, int], None] | None = None,
    ) -> list[Judgement]:
        """Return the judgements of all inputs in their order. `progress(done, total)` may raise JobCancelled.

        Raises: UpstreamFailed if many calls in a row fail, because the model is unavailable.
        """
        results: list[Judgement] = []
        failures = 0
        pool = ThreadPoolExecutor(concurrency, thread_name_prefix="judge")
        try:
            for judgement in pool.map(self.judge, inputs):
                results.append(judgement)
                failures = failures + 1 if judgement.error and judgement.error.startswith(CALL_FAILED) else 0
                if failures >= MAX_CONSECUTIVE_FAILURES:
                    raise UpstreamFailed(
                        f"{failures} calls of the judge {self.version.ref} in a row failed: {judgement.error}",
                        "check it with: vong gateway chat; then run it again",
                    )
                if progress is not None:
                    progress(len(results), len(inputs))
        finally:
            pool.shutdown(wait=False, cancel_futures=True)
        return results

    def _metadata_fields(self) -> frozenset[str]:
        return self.definition.metadata_fields.union(*(member.definition.metadata_fields for member in self._members))

    def _lock_of(self, input_hash: str) -> Lock:
        """Return the lock of an input, so that equal inputs of one run are judged and paid once."""
        with self._lock:
            return self._locks.setdefault(input_hash, Lock())

    def _judge(self, judged: JudgeInput, input_hash: str) -> Judgement:
        if judged.characters > MAX_INPUT_CHARACTERS:
            message = f"the texts have {judged.characters:,} characters, more than {MAX_INPUT_CHARACTERS:,}"
            return self._result(input_hash, [], error=message)
        try:
            calls = [self._ask(judged, swapped=False)]
            if self.definition.kind == "pairwise" and calls[0].error is None:
                calls.append(self._ask(judged, swapped=True))
        except InvalidInput as error:  # the example lacks what this judge reads
            return self._result(input_hash, [], error=str(error))
        error = next((call.error for call in calls if call.error), None)
        verdicts = [call.verdict for call in calls if call.verdict is not None]
        if error is not None or not verdicts:
            return self._result(input_hash, calls, error=error or "no verdict")
        if self.definition.kind == "pairwise":
            return self._result(input_hash, calls, **_combine_orders(*verdicts))
        [verdict] = verdicts
        return self._result(input_hash, calls, **verdict._asdict())

    def _result(self, input_hash: str, calls: Sequence[_Call], **fields: Any) -> Judgement:
        outputs = [output for call in calls for output in call.outputs]
        costs = [output.usage.cost for output in outputs]
        known = [cost for cost in costs if cost is not None]
        return Judgement(
            judge=self.version.ref,
            input_hash=input_hash,
            span_ids=tuple(output.span_id for output in outputs if isinstance(output.span_id, UUID)),
            latency_ms=sum(output.latency_ms for output in outputs),
            input_tokens=sum(output.usage.input_tokens or 0 for output in outputs),
            output_tokens=sum(output.usage.output_tokens or 0 for output in outputs),
            cost=sum(known) if known and len(known) == len(costs) else None,
            repairs=sum(max(0, len(call.outputs) - 1) for call in calls),
            created_at=now(),
            **fields,
        )

    def _ask(self, judged: JudgeInput, *, swapped: bool) -> _Call:
        """Return the verdict of a request. Answers without one are requested again, at most `repairs` times."""
        settings = self.definition.settings
        first = messages = build_messages(self.definition, judged, swapped=swapped)
        outputs: list[ModelOutput] = []
        max_tokens = settings.max_tokens
        fault = ""
        for _ in range(settings.repairs + 1):
            output = self._request(messages, max_tokens)
            outputs.append(output)
            if output.error is not None:
                return _Call(None, f"{CALL_FAILED}: {output.error}", outputs)
            truncated = output.finish_reason == TRUNCATED
            try:
                return _Call(parse_verdict(self.definition, output.text, truncated=truncated), None, outputs)
            except VerdictFault as error:
                fault = str(error)
            if truncated:
                max_tokens, messages = min(2 * max_tokens, MAX_TOKENS_GROWTH * settings.max_tokens), first
            else:
                messages = build_repair(first, outputs[-1].text, fault, describe_form(self.definition))
        shown = outputs[-1].text.strip()[:SHOWN_CHARACTERS]
        tries = f"{len(outputs)} answers" if len(outputs) > 1 else "the answer"
        return _Call(None, f"no verdict in {tries} of the judge: {fault}; the last one: {shown!r}", outputs)

    def _request(self, messages: Sequence[Message], max_tokens: int) -> ModelOutput:
        """Call the model. A model that refuses the form of the output is called again without it, now and later."""
        settings = self.definition.settings
        output = self._complete(self.definition.model, messages, self._params(max_tokens))
        mode_is_open = settings.structured == "auto" and not self._refuses_format.is_set()
        if output.error is not None and mode_is_open and UNSUPPORTED_FORMAT.search(output.error):
            self._refuses_format.set()
            output = self._complete(self.definition.model, messages, self._params(max_tokens))
        return output

    def _params(self, max_tokens: int) -> dict[str, Any]:
        settings = self.definition.settings
        params: dict[str, Any] = {
            "max_tokens": max_tokens,
            "temperature": settings.temperature,
            "metadata": {"purpose": PURPOSE, "judge": self.version.ref},
        }
        if settings.seed is not None:
            params["seed"] = settings.seed
        if settings.reasoning_effort:
            params["reasoning_effort"] = settings.reasoning_effort
        mode = settings.structured
        if mode == "auto":
            mode = "text" if self._refuses_format.is_set() else "json_schema"
        if mode == "json_object":
            params["response_format"] = {"type": "json_object"}
        if mode == "json_schema":
            schema = {"name": "verdict", "strict": True, "schema": build_schema(self.definition)}
            params["response_format"] = {"type": "json_schema", "json_schema": schema}
        return params

    def _judge_jury(self, judged: JudgeInput, input_hash: str) -> Judgement:
        """Return the combined judgement of the members. More than half of them must have a verdict."""
        found = [member.judge(judged) for member in self._members]
        valid = [one for one in found if one.error is None and one.score is not None]
        fields: dict[str, Any] = {
            "judge": self.version.ref,
            "input_hash": input_hash,
            "span_ids": tuple(id for one in found for id in one.span_ids),
            "latency_ms": sum(one.latency_ms for one in found),
            "input_tokens": sum(one.input_tokens for one in found),
            "output_tokens": sum(one.output_tokens for one in found),
            "repairs": sum(one.repairs for one in found),
            "cached": all(one.cached for one in found),
            "created_at": now(),
        }
        if 2 * len(valid) <= len(found):
            failure = next(one for one in found if one.error is not None)
            message = f"{len(valid)} of {len(found)} members returned a verdict; {failure.judge}: {failure.error}"
            return Judgement(error=message, **fields)
        combined = combine_votes(self.definition, valid)
        if isinstance(combined, str):
            return Judgement(error=combined, **fields)
        return Judgement(**fields, **combined)


def combine_votes(definition: JudgeDefinition, votes: Sequence[Judgement]) -> dict[str, Any] | str:
    """Return the verdict of a jury with the share of members that agree, or why there is none.

    By `vote`, pass or fail needs a majority, a pair without a majority is a tie, and a scale has the median. By `mean`,
    the score is the mean of the members.
    """
    scores = [one.score for one in votes if one.score is not None]
    counts = Counter(one.verdict for one in votes)
    top, most = counts.most_common(1)[0]
    if definition.combine == "mean":
        score = sum(scores) / len(scores)
    elif definition.form == "score":
        score = float(statistics.median_low(scores))
    elif 2 * most > len(votes):
        score = next(one.score for one in votes if one.verdict == top and one.score is not None)
    elif definition.form == "pairwise":
        score = 0.5
    else:
        return f"the jury is split: {', '.join(f'{count} {verdict}' for verdict, count in counts.items())}"
    verdict = definition.category(score)
    reasons = "\n".join(f"{one.judge}: {one.verdict}. {one.reason}" for one in votes)
    return {"score": score, "verdict": verdict, "reason": reasons, "agreement": counts[verdict] / len(votes)}


def _combine_orders(normal: JudgeVerdict, swapped: JudgeVerdict) -> dict[str, Any]:
    """Return the verdict of a pair from both orders. Verdicts that contradict each other are a tie."""
    unswapped = {"A": "B", "B": "A", "tie": "tie"}[swapped.verdict]
    consistent = normal.verdict == unswapped
    winner = normal.verdict if consistent else "tie"
    reason = normal.reason if consistent else f"first: {normal.reason}\nswapped: {swapped.reason}"
    return {
        "score": {"A": 1.0, "B": 0.0, "tie": 0.5}[winner],
        "verdict": winner,
        "reason": reason,
        "consistent": consistent,
        "first": sum(verdict.verdict == "A" for verdict in (normal, swapped)),
    }
