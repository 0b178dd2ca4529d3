"""Score of an output by a judge."""

from vong.evals.scorers.base import MetricValue, Scorer, ScorerInput, build_input_scorer
from vong.evals.scorers.services import NO_SERVICES, ScorerServices

GROUP = "model"


def judge(name: str, services: ScorerServices = NO_SERVICES) -> Scorer:
    """Score an output with a judge of the project: its verdict in 0..1 (`judge`), pass is 1 and fail is 0.

    `judge.judged` is the share of outputs with a verdict. An output without one has no score. A judge with criteria
    also yields `judge.CRITERION`.

    `name`: the judge, `NAME` or `NAME@VERSION`. A run records the version.
    """

    def measure(scored: ScorerInput) -> dict[str, MetricValue]:
        return services.judge(name, scored)

    # The judge itself reports a missing reference, if its prompt needs one.
    return build_input_scorer(f"judge|name:{name}", measure, uses_reference=False)
