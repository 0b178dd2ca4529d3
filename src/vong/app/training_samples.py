"""Scorers of the sample generations of a training run, built from the scorers of evaluations."""

from collections.abc import Sequence

from pydantic import BaseModel

from vong.errors import InvalidInput
from vong.evals.scoring import ConfiguredScorer, build_scorers, compute_totals, find_scorer, score_output
from vong.training.scoring.sample_scores import SampleScorer, SampleScores

SAMPLE_PREFIX = "sample_"
"""Prefix of the metrics of samples."""


def build_sample_scorer(settings: BaseModel) -> SampleScorer | None:
    """Return a function that scores samples with the scorers of the settings. Returns None if they name none.

    Raises:
        NotFound: A scorer does not exist.
        InvalidInput: An option of a scorer is wrong, or `best_metric` is not a metric of the samples.
    """
    specs: tuple[str, ...] = getattr(settings, "scorers", ())
    best = getattr(settings, "best_metric", "")
    scorers = build_scorers(specs) if specs else []
    if best.startswith(SAMPLE_PREFIX) and find_scorer(scorers, best.removeprefix(SAMPLE_PREFIX)) is None:
        raise InvalidInput(
            f"best_metric {best!r} is not a metric of the scorers ({', '.join(specs) or 'none'})",
            "add its scorer, for example: --set 'scorers=[\"exact_match\"]' --set best_metric=sample_exact_match",
        )
    # The scorers of a distillation also compare teacher and student, and have a default.
    if scorers and not getattr(settings, "samples", 0) and not hasattr(settings, "report_rows"):
        raise InvalidInput("scorers need samples, but samples is 0", "set samples to 1 or more")
    return _bind(scorers) if scorers else None


def _bind(scorers: Sequence[ConfiguredScorer]) -> SampleScorer:
    def score(outputs: Sequence[str], references: Sequence[str]) -> SampleScores:
        measured = [score_output(scorers, *pair) for pair in zip(outputs, references, strict=True)]
        single = [{name: metric.value for name, metric in one.items()} for one in measured]
        return SampleScores(compute_totals(scorers, measured), single)

    return score
