"""Evaluations of retrieval as evidence for a gate: an index is not worse than the live one on the same questions."""

from collections.abc import Iterator, Sequence
from datetime import timedelta
from typing import NamedTuple

from sqlalchemy import Connection

from vong.app.gate_candidate import GateCandidate
from vong.app.knowledge_statistics import KnowledgeComparison, compare_evaluations
from vong.errors import Conflict, InvalidInput, NotFound
from vong.evals.comparison import MetricComparison, declines
from vong.evals.gates import GateRequirements
from vong.knowledge.evaluation import KnowledgeEvaluation, list_evaluations
from vong.knowledge.index.indexes import find_live_index, get_index
from vong.records import now

MAX_EVALUATIONS = 50
"""Newest finished evaluations of an index that are searched for two on the same questions."""


class RetrievalEvidence(NamedTuple):
    """Result of the requirement about one metric of retrieval."""

    name: str
    passed: bool
    detail: str
    command: str | None
    evidence: dict[str, str]


def resolve_index(connection: Connection, base: str, text: str) -> GateCandidate:
    """Return the candidate of a base: an index by its number, or `BASE@NUMBER`.

    Raises: NotFound if there is no such base or index; InvalidInput if the text is no number.
    """
    number = text.removeprefix(f"{base}@")
    if not number.isdecimal() or len(number) > 9:
        raise InvalidInput(
            f"{text!r} is not a number of an index", f"list them with: vong knowledge indexes list {base}"
        )
    index = get_index(connection, base, int(number))
    live = find_live_index(connection, base)
    current = f"{base}@{live.number}" if live else None
    return GateCandidate(key=f"{base}@{index.number}", model=None, target=None, current=current, current_target=None)


def find_pair(
    connection: Connection, base: str, live: int, candidate: int
) -> tuple[KnowledgeEvaluation, KnowledgeEvaluation] | None:
    """Return the newest finished evaluations of two indexes on the same questions with the same settings.

    The first is that of the live index. Returns None if there are no such evaluations.
    """
    before, after = (
        list_evaluations(connection, base, index_number=number, status="finished", limit=MAX_EVALUATIONS)
        for number in (live, candidate)
    )
    for new in after:
        for old in before:
            if _identity(old) == _identity(new):
                return old, new
    return None


def has_evaluations(connection: Connection, base: str, candidate: str) -> bool:
    """Return True if an index and the live one were evaluated on the same questions.

    Raises: as `resolve_index` does.
    """
    number = int(resolve_index(connection, base, candidate).key.rpartition("@")[2])
    live = find_live_index(connection, base)
    return live is not None and find_pair(connection, base, live.number, number) is not None


def find_index_pair(
    connection: Connection, base: str, a: int, b: int
) -> tuple[KnowledgeEvaluation, KnowledgeEvaluation]:
    """Return the newest comparable evaluations of two indexes.

    Raises: NotFound if there is no such index, or there are no such evaluations.
    """
    for number in (a, b):
        get_index(connection, base, number)
    pair = find_pair(connection, base, a, b)
    if pair is None:
        missing = _missing_pair(connection, base, a, b)
        raise NotFound(missing.detail, missing.command or "")
    return pair


def check_retrieval(
    connection: Connection, base: str, candidate: GateCandidate, needed: GateRequirements
) -> Iterator[RetrievalEvidence]:
    """Yield for each required metric if the candidate index is not worse than the live one."""
    live, number = (int(key.rpartition("@")[2]) if key else None for key in (candidate.current, candidate.key))
    if live is None or number is None or live == number:
        for metric in needed.retrieval:
            yield RetrievalEvidence(f"retrieval:{metric}", True, "there is no other live index", None, {})
        return
    pair = find_pair(connection, base, live, number)
    if pair is None:
        yield _missing_pair(connection, base, live, number)
        return
    old, new = pair
    fault = _find_fault(old, new, needed)
    if fault is not None:
        yield RetrievalEvidence("retrieval", False, fault, f"vong knowledge evaluate {base} --index {number}", {})
        return
    try:
        comparison = compare_evaluations(connection, old, new, changes=0)
    except (Conflict, InvalidInput, NotFound) as error:
        yield RetrievalEvidence("retrieval", False, f"the evaluations cannot be compared: {error.message}", None, {})
        return
    p_values = _adjust(comparison, needed.retrieval)
    for metric in needed.retrieval:
        yield _judge_metric(comparison, metric, needed, p_values.get(metric, 1.0))


def _adjust(comparison: KnowledgeComparison, metrics: Sequence[str]) -> dict[str, float]:
    """Return the p-values of the required metrics, with Holm's correction over them alone."""
    from vong.evals.paired_tests import holm_adjust

    known = [metric for metric in metrics if metric in comparison.metrics]
    return dict(zip(known, holm_adjust([comparison.metrics[metric].p for metric in known]), strict=True))


def _missing_pair(connection: Connection, base: str, live: int, number: int) -> RetrievalEvidence:
    """Return the requirement with the command for the index that has no evaluation, the candidate first."""
    evaluated = bool(list_evaluations(connection, base, index_number=number, status="finished", limit=1))
    lacking = live if evaluated else number
    detail = f"indexes {live} and {number} of {base} have no finished evaluations on the same questions and settings"
    return RetrievalEvidence("retrieval", False, detail, f"vong knowledge evaluate {base} --index {lacking}", {})


def _find_fault(old: KnowledgeEvaluation, new: KnowledgeEvaluation, needed: GateRequirements) -> str | None:
    questions = new.questions - new.failed
    for one in (old, new):
        if one.failed:
            return f"{one.failed} questions of evaluation {one.id} failed, so its metrics leave them out"
    if questions < needed.min_questions:
        return f"evaluation {new.id} has {questions} questions, at least {needed.min_questions} are required"
    if needed.max_age_days is not None:
        limit = now() - timedelta(days=needed.max_age_days)
        if min(old.created_at, new.created_at) < limit:
            return f"an evaluation is older than {needed.max_age_days:g} days"
    return None


def _judge_metric(
    comparison: KnowledgeComparison, metric: str, needed: GateRequirements, p: float
) -> RetrievalEvidence:
    evidence = {"evaluation": str(comparison.b.id), "base": str(comparison.a.id)}
    name, found = f"retrieval:{metric}", comparison.metrics.get(metric)
    command = f"vong knowledge indexes compare {comparison.a.base} {comparison.a.index_number} "
    command += str(comparison.b.index_number)
    if found is None:
        known = ", ".join(comparison.metrics)
        return RetrievalEvidence(name, False, f"the evaluations have no metric {metric} (they have: {known})", None, {})
    values = f"{metric} {found.a:.3g} -> {found.b:.3g}, difference {found.low:+.3g} to {found.high:+.3g}"
    passed = not _is_worse(found, needed, p)
    bound = f", at most {needed.retrieval_margin:g} worse is allowed" if needed.retrieval_margin is not None else ""
    detail = f"{values} (p {p:.2g}, {found.n} questions){bound}"
    return RetrievalEvidence(name, passed, detail, command, evidence)


def _is_worse(found: MetricComparison, needed: GateRequirements, p: float) -> bool:
    """Return True if a metric is significantly worse, or with a margin if it may be worse by more than the margin."""
    worst = -found.high if found.higher_is_better is False else found.low
    if needed.retrieval_margin is not None:
        return worst < -needed.retrieval_margin
    return p < needed.slice_alpha and declines(found.difference, found.higher_is_better)


def _identity(evaluation: KnowledgeEvaluation) -> tuple[object, ...]:
    """Return what two evaluations must have in common to be compared."""
    settings = evaluation.settings.model_dump(exclude={"concurrency"})
    return evaluation.question_set_hash, evaluation.questions, tuple(sorted((k, str(v)) for k, v in settings.items()))
