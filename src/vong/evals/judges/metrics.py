"""Metrics of judgements, for the scorer `judge` and for comparisons of two runs."""

from vong.evals.judges.definitions import JudgeDefinition
from vong.evals.judges.inputs import Judgement
from vong.evals.scorers.base import MetricValue, mean_metric

METRIC = "judge"
FAILED_OUTPUT = "the request of the output failed"


def to_metrics(definition: JudgeDefinition, judgement: Judgement | None) -> dict[str, MetricValue]:
    """Return the metrics of a judgement. None means that the output itself failed, which scores 0.

    Without a verdict there is no score, only `judge.judged` = 0 with the reason, so that an error never counts as a
    score.
    """
    if judgement is None:
        names = [METRIC, *(f"{METRIC}.{criterion.name}" for criterion in definition.criteria)]
        return {f"{METRIC}.judged": mean_metric(1.0)} | {name: mean_metric(0.0, FAILED_OUTPUT) for name in names}
    if judgement.error is not None or judgement.score is None:
        return {f"{METRIC}.judged": mean_metric(0.0, judgement.error or "no verdict")}
    criteria = {f"{METRIC}.{name}": mean_metric(value) for name, value in judgement.criteria.items()}
    return {
        METRIC: mean_metric(judgement.score, judgement.reason),
        f"{METRIC}.judged": mean_metric(1.0),
        **criteria,
    }
