"""Perplexity and bits per byte of texts under a local model."""

import math
from collections.abc import Sequence
from typing import Literal

from vong.evals.scorers.base import MetricValue, Scorer, ScorerInput, build_input_scorer
from vong.evals.scorers.services import NO_SERVICES, ScorerServices

GROUP = "likelihood"
MICRONATS = 1e6
"""Log-likelihoods are summed as whole micronats, so that resampled sums remain exact."""
MAX_EXPONENT = 700.0
"""Mean negative log-likelihood above which the perplexity exceeds the range of numbers."""


def perplexity(
    model: str, text: Literal["reference", "output"] = "reference", services: ScorerServices = NO_SERVICES
) -> Scorer:
    """Compute the perplexity of texts under a local model, and `perplexity.bits_per_byte`. Lower is better.

    The perplexity is the exponential of the mean negative log-likelihood per token, over all tokens of all texts; bits
    per byte divides by the UTF-8 bytes instead, so that models with other tokenizers are comparable. The first token
    has no prediction and is not counted.

    `model`: a deployment whose engine returns prompt log-probabilities (`/v1/completions` with `echo` and `logprobs`).
    `text`: score the `reference`, or the `output` to find implausible answers.
    """

    def measure_input(scored: ScorerInput) -> dict[str, MetricValue]:
        value = scored.output if text == "output" else scored.reference
        if not value:
            return {}
        [probabilities] = services.log_probabilities(model, [value])
        if not probabilities:
            return {}
        loss = -math.fsum(probabilities)
        tokens, size = (round(loss * MICRONATS), float(len(probabilities))), len(value.encode("utf-8", "replace"))
        bits = (round(loss * MICRONATS), float(size), 0.0)
        return {
            "perplexity": MetricValue(total(tokens), tuple(map(float, tokens))),
            "perplexity.bits_per_byte": MetricValue(total(bits), tuple(map(float, bits))),
        }

    signature = f"perplexity|model:{model}|text:{text}|first token:not counted|aggregate:all tokens"
    return build_input_scorer(signature, measure_input, total=total, higher_is_better=False, uses_reference=False)


def total(sums: Sequence[float]) -> float:
    """Return the perplexity of (micronats, tokens), or the bits per byte of (micronats, bytes, 0)."""
    mean = sums[0] / MICRONATS / sums[1]
    return mean / math.log(2) if len(sums) == 3 else math.exp(min(mean, MAX_EXPONENT))
