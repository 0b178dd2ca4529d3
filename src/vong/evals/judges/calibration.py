"""Calibration: how far a judge agrees with people on one task, how biased it is, and what it costs."""

import math
from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from pydantic import Field

from vong.errors import InvalidInput
from vong.evals.judges import agreement
from vong.evals.judges.definitions import JudgeDefinition
from vong.evals.judges.inputs import JudgeInput, Judgement
from vong.records import Record

MIN_LABELS = 50
"""Smallest number of labels of a task with which a judge can gate. A calibration may require more, never fewer."""
DEFAULT_MIN_KAPPA = 0.4
"""Default bound for the lower end of kappa's interval: moderate agreement begins here (Landis and Koch 1977)."""
MAX_ERROR_RATE = 0.1
"""Share of inputs without a verdict above which a judge cannot gate: its agreement is known for the others only."""
MAX_LISTED_DISAGREEMENTS = 50
PASS_WORDS = frozenset({"pass", "passed", "true", "yes", "good", "correct", "1"})
FAIL_WORDS = frozenset({"fail", "failed", "false", "no", "bad", "incorrect", "wrong", "0"})
PAIR_WORDS = {"a": 1.0, "b": 0.0, "tie": 0.5}

LabelSource = Literal["feedback", "dataset", "run"]


class CalibrationSettings(Record):
    """Settings of a calibration on the labels of `task`, the name of a dataset or a route.

    The labels are those that people gave to outputs of runs on the dataset, the human scores of spans of the route
    (`score_name` selects one kind of score), and the metadata field `label_field` of the dataset's rows (of `split`).
    The judge can gate with at least `min_labels` labels if the lower bound of kappa is at least `min_kappa`. `limit`
    bounds the number of labels, chosen by `seed`. `fresh` judges again instead of reading stored judgements.
    """

    task: str = Field(min_length=1, max_length=300)
    label_field: str = Field(default="", max_length=200)
    split: str = Field(default="", max_length=100)
    score_name: str | None = Field(default=None, max_length=100)
    min_kappa: float = Field(default=DEFAULT_MIN_KAPPA, ge=0, le=1)
    min_labels: int = Field(default=MIN_LABELS, ge=MIN_LABELS)
    limit: int = Field(default=1_000, ge=2, le=100_000)
    seed: int = 0
    concurrency: int = Field(default=4, ge=1, le=64)
    fresh: bool = False


class LabelledInput(Record):
    """Input of a judge with the label of people in 0..1 (for a pair, 1 means that the first output is better).

    `model` is the model of the judged output if it is known, `source` where the label comes from.
    """

    judged: JudgeInput
    label: float = Field(ge=0, le=1)
    source: LabelSource
    model: str | None = None


class BiasReport(Record):
    """Estimate of a bias with its 95 % interval, from `n` labels."""

    value: float
    low: float
    high: float
    n: int


class LabelDisagreement(Record):
    """Label that the judge contradicts, with the judge's reason. The largest differences are listed."""

    input: str
    output: str
    other: str | None = None
    label: str
    verdict: str
    reason: str


class CalibrationReport(Record):
    """Details of a calibration.

    `matrix` counts labels (rows) and verdicts (columns) in the order of `categories`. `agreement` is the share of equal
    ones. `swap_rate` is the share of pairs whose verdict changed with the positions, `first_rate` the share of verdicts
    for the output that was shown first (0.5 without a position bias). `length_bias` is the correlation of judge minus
    label with the logarithm of the output's length, `self_preference` the mean of judge minus label for outputs of the
    judge's own model minus that for other models. `offset` is the mean of judge minus label. `cost_per_thousand` is in
    millionths of a US dollar. `models` are the models that gave the verdicts.
    """

    categories: tuple[str, ...]
    matrix: list[list[int]]
    weights: agreement.KappaWeights
    agreement: float | None = None
    offset: float | None = None
    swap_rate: BiasReport | None = None
    first_rate: float | None = None
    length_bias: BiasReport | None = None
    self_preference: BiasReport | None = None
    errors: int = 0
    error_rate: float = 0.0
    repairs: int = 0
    first_error: str | None = None
    undecided: int = 0
    sources: dict[str, int] = {}
    models: tuple[str, ...] = ()
    cost_per_thousand: float | None = None
    latency_p50: float | None = None
    latency_p95: float | None = None
    cached: int = 0
    reasons: tuple[str, ...] = ()
    disagreements: tuple[LabelDisagreement, ...] = ()


class Calibration(Record):
    """Calibration of a version of a judge on one task.

    `labels` counts the labels with a verdict. `kappa` is Cohen's kappa (quadratic weights on scales) with its 95 %
    bootstrap interval from `low` to `high`. `can_gate` is True if the judge may decide about a release.
    """

    id: UUID
    judge: str
    version: str
    task: str
    status: str
    settings: dict[str, Any] = {}
    labels: int = 0
    kappa: float | None = None
    low: float | None = None
    high: float | None = None
    can_gate: bool = False
    report: CalibrationReport | None = None
    created_at: datetime
    finished_at: datetime | None = None


class CalibrationOutcome(Record):
    """Result of the computation of a calibration."""

    labels: int
    kappa: float | None
    low: float | None
    high: float | None
    can_gate: bool
    report: CalibrationReport


def choose_weights(definition: JudgeDefinition) -> agreement.KappaWeights:
    """Return quadratic weights for a scale, on which a verdict can be nearly right, otherwise none."""
    return "quadratic" if definition.form == "score" else "none"


def compute_calibration(
    definition: JudgeDefinition,
    labelled: Sequence[LabelledInput],
    judgements: Sequence[Judgement],
    costs: Sequence[int | None],
    settings: CalibrationSettings,
    *,
    models: Sequence[str] = (),
) -> CalibrationOutcome:
    """Compare the judgements with the labels. `models` are the models that gave the verdicts.

    A label in the middle decides nothing for a judge that passes or fails: it is counted as undecided and left out.
    """
    pairs = list(zip(labelled, judgements, strict=True))
    decided = [pair for pair in pairs if definition.form != "pass_fail" or pair[0].label != 0.5]
    judged = [(item, one, one.score) for item, one in decided if one.error is None and one.score is not None]
    labels = [definition.category(item.label) for item, _, _ in judged]
    verdicts = [definition.category(score) for _, _, score in judged]
    matrix = agreement.confusion_matrix(labels, verdicts, definition.categories)
    weights = choose_weights(definition)
    kappa = agreement.kappa_interval(matrix, weights, seed=settings.seed)
    errors = [one for _, one in decided if one.error is not None]
    error_rate = len(errors) / len(decided) if decided else 0.0
    reasons = explain_gate(len(judged), kappa, error_rate, errors, settings)
    known = [cost for cost in costs if cost is not None]
    latencies = sorted(one.latency_ms for _, one, _ in judged)
    report = CalibrationReport(
        categories=definition.categories,
        matrix=matrix,
        weights=weights,
        agreement=sum(map(str.__eq__, labels, verdicts)) / len(judged) if judged else None,
        errors=len(errors),
        error_rate=error_rate,
        repairs=sum(one.repairs for one in judgements),
        first_error=errors[0].error if errors else None,
        undecided=len(pairs) - len(decided),
        sources=dict(Counter(item.source for item in labelled)),
        models=tuple(models),
        cost_per_thousand=1000 * sum(known) / len(known) if known and len(known) == len(costs) else None,
        latency_p50=_percentile(latencies, 50),
        latency_p95=_percentile(latencies, 95),
        cached=sum(one.cached for one in judgements),
        reasons=tuple(reasons),
        disagreements=_list_disagreements(definition, judged),
        **_measure_bias(definition, judged, settings, models),
    )
    return CalibrationOutcome(
        labels=len(judged), kappa=kappa.kappa, low=kappa.low, high=kappa.high, can_gate=not reasons, report=report
    )


def explain_gate(
    labels: int,
    kappa: agreement.KappaInterval,
    error_rate: float,
    errors: Sequence[Judgement],
    settings: CalibrationSettings,
) -> list[str]:
    """Return the reasons why a judge cannot gate. Without any, it can."""
    reasons: list[str] = []
    if labels < settings.min_labels:
        reasons.append(f"{labels} labels with a verdict, at least {settings.min_labels} are required")
    if labels and kappa.kappa is None:
        reasons.append("all labels or all verdicts are the same, so that agreement beyond chance is undefined")
    elif kappa.low is not None and kappa.low < settings.min_kappa:
        reasons.append(f"the lower bound of kappa is {kappa.low:.2f}, at least {settings.min_kappa:.2f} is required")
    if error_rate > MAX_ERROR_RATE:
        reasons.append(
            f"{len(errors)} inputs ({error_rate:.0%}) have no verdict, at most {MAX_ERROR_RATE:.0%} are allowed"
        )
    return reasons


def parse_label(definition: JudgeDefinition, value: Any) -> float:
    """Return a label of a row in 0..1: a value of the judge's scale, pass or fail, or the better output of a pair.

    Raises: InvalidInput if the value is none of them.
    """
    form = definition.form
    text = value.strip().lower() if isinstance(value, str) else value
    if form == "pairwise" and isinstance(text, str) and text in PAIR_WORDS:
        return PAIR_WORDS[text]
    if form == "pass_fail" and str(text).lower() in PASS_WORDS | FAIL_WORDS:
        return float(str(text).lower() in PASS_WORDS)
    number = _read_number(text)
    if form == "score" and number is not None:
        scale = definition.scale
        if scale.lowest <= number <= scale.highest:
            return scale.to_share(number)
    elif form == "pass_fail" and number is not None and 0 <= number <= 1:
        return number
    wanted = {
        "score": f"a number from {definition.scale.lowest} to {definition.scale.highest}",
        "pass_fail": "pass or fail, true or false, or a number from 0 to 1",
        "pairwise": "A, B or tie",
    }[form]
    raise InvalidInput(
        f"the label {str(value)[:100]!r} is not {wanted}", "correct the field, or the scale of the judge"
    )


def merge_labels(labelled: Sequence[LabelledInput]) -> list[LabelledInput]:
    """Return one label for each input: the mean of all labels of equal inputs, in the order of their first."""
    groups: dict[str, list[LabelledInput]] = {}
    for item in labelled:
        key = item.judged.hash_for(frozenset())
        groups.setdefault(key, []).append(item)
    return [
        items[0].model_copy(update={"label": sum(item.label for item in items) / len(items)})
        for items in groups.values()
    ]


def _measure_bias(
    definition: JudgeDefinition,
    judged: Sequence[tuple[LabelledInput, Judgement, float]],
    settings: CalibrationSettings,
    models: Sequence[str],
) -> dict[str, Any]:
    differences = [score - item.label for item, _, score in judged]
    found: dict[str, Any] = {"offset": sum(differences) / len(differences) if differences else None}
    swaps = [one.consistent for _, one, _ in judged if one.consistent is not None]
    if swaps:
        found["swap_rate"] = _to_report(agreement.wilson_interval(swaps.count(False), len(swaps)))
        found["first_rate"] = sum(one.first or 0 for _, one, _ in judged) / (2 * len(swaps))
    lengths = [_compared_length(item) for item, _, _ in judged]
    found["length_bias"] = _to_report(agreement.length_bias(differences, lengths, seed=settings.seed))
    own = {*models, definition.model} - {""}
    is_own = [(item.model or "") in own for item, _, _ in judged]
    found["self_preference"] = _to_report(agreement.self_preference(differences, is_own, seed=settings.seed))
    return found


def _compared_length(item: LabelledInput) -> float:
    """Return the logarithm of the output's length. For a pair, how much longer the first one is."""
    length = math.log1p(len(item.judged.output))
    return length if item.judged.other is None else length - math.log1p(len(item.judged.other))


def _list_disagreements(
    definition: JudgeDefinition, judged: Sequence[tuple[LabelledInput, Judgement, float]]
) -> tuple[LabelDisagreement, ...]:
    differing = [
        (item, one, score)
        for item, one, score in judged
        if definition.category(item.label) != definition.category(score)
    ]
    differing.sort(key=lambda found: -abs(found[0].label - found[2]))
    return tuple(
        LabelDisagreement(
            input=item.judged.input[:2_000],
            output=item.judged.output[:2_000],
            other=item.judged.other and item.judged.other[:2_000],
            label=definition.category(item.label),
            verdict=one.verdict,
            reason=one.reason[:2_000],
        )
        for item, one, _ in differing[:MAX_LISTED_DISAGREEMENTS]
    )


def _to_report(estimate: agreement.BiasEstimate | None) -> BiasReport | None:
    return None if estimate is None else BiasReport(**estimate._asdict())


def _percentile(ordered: Sequence[float], percent: int) -> float | None:
    return ordered[max(0, -(-percent * len(ordered) // 100) - 1)] if ordered else None


def _read_number(value: Any) -> float | None:
    if isinstance(value, bool) or value is None:
        return None
    try:
        number = float(value)
    except (TypeError, ValueError):
        return None
    return number if math.isfinite(number) else None
