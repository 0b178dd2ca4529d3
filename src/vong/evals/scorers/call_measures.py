"""Measures of calls: length, latency and cost of outputs."""

from typing import Literal

from vong.evals.scorers.base import MetricValue, Scorer, ScorerInput, build_input_scorer, mean_metric
from vong.evals.scorers.words import find_words

GROUP = "call"
MICRODOLLARS = 1_000_000


def length(unit: Literal["characters", "words", "tokens"] = "words", minimum: int = 0, maximum: int = 0) -> Scorer:
    """Measure the mean length of outputs; with bounds, `length.ok` is the share of outputs within them.

    `unit`: `characters`, `words` (a character of a script without spaces is a word) or `tokens` as counted by the
    model; outputs without a token count are not scored. `minimum`, `maximum`: inclusive bounds; 0 means none.
    `length.ratio` is the length relative to the reference, if there is one.
    """

    def count(text: str) -> int:
        return len(text) if unit == "characters" else len(find_words(text))

    def measure_input(scored: ScorerInput) -> dict[str, MetricValue]:
        size = scored.output_tokens if unit == "tokens" else count(scored.output)
        if size is None:
            return {}
        values = {"length": mean_metric(size)}
        if minimum or maximum:
            values["length.ok"] = mean_metric(minimum <= size and (not maximum or size <= maximum))
        if unit != "tokens" and scored.reference and (expected := count(scored.reference)):
            values["length.ratio"] = mean_metric(size / expected)
        return values

    signature = f"length|unit:{unit}|minimum:{minimum}|maximum:{maximum or 'none'}"
    return build_input_scorer(signature, measure_input, uses_reference=False, higher_is_better=None)


def latency(maximum_ms: float = 0.0) -> Scorer:
    """Measure the mean latency in milliseconds; the percentiles are part of every run. Lower is better.

    `latency.tokens_per_second` is the mean rate of output tokens, if the model counted them. `maximum_ms`: with it,
    `latency.ok` is the share of outputs that arrived in time. Failed requests are not scored. Latencies depend on the
    concurrency of the run.
    """

    def measure_input(scored: ScorerInput) -> dict[str, MetricValue]:
        if scored.latency_ms is None or scored.error:
            return {}
        values = {"latency": mean_metric(scored.latency_ms)}
        if scored.output_tokens and scored.latency_ms > 0:
            rate = scored.output_tokens / scored.latency_ms * 1000
            values["latency.tokens_per_second"] = mean_metric(rate)
        if maximum_ms:
            values["latency.ok"] = mean_metric(scored.latency_ms <= maximum_ms)
        return values

    signature = f"latency|wall time of one request in ms|maximum:{maximum_ms or 'none'}"
    return build_input_scorer(signature, measure_input, uses_reference=False, higher_is_better=False)


def cost(maximum_usd: float = 0.0) -> Scorer:
    """Measure the mean cost of an output in US dollars. Lower is better. Outputs with an unknown price are not scored.

    `maximum_usd`: with it, `cost.ok` is the share of outputs that cost at most this amount.
    """

    def measure_input(scored: ScorerInput) -> dict[str, MetricValue]:
        if scored.cost is None or scored.error:
            return {}
        dollars = scored.cost / MICRODOLLARS
        values = {"cost": mean_metric(dollars)}
        if maximum_usd:
            values["cost.ok"] = mean_metric(dollars <= maximum_usd)
        return values

    signature = f"cost|US dollars per output|maximum:{maximum_usd or 'none'}"
    return build_input_scorer(signature, measure_input, uses_reference=False, higher_is_better=False)
