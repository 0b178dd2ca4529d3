"""Selection of the next token from the scores of a model.

This module requires torch. Only the engine `transformers` imports it, in a separate process.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor

from vong.serving.engine import GenerationRequest
from vong.serving.engine.transformers.constraints import GrammarMatcher

MIN_TEMPERATURE = 1e-5
"""Temperature below which the most likely token is selected: the division would overflow."""


def changes_scores(request: GenerationRequest) -> bool:
    """Return True if a request changes the scores, so that their maximum may be another token."""
    return bool(request.logit_bias) or request.has_penalties


def select_token(
    scores: Tensor,
    request: GenerationRequest,
    prompt: Sequence[int],
    counts: Mapping[int, int],
    random: torch.Generator | None,
    matcher: GrammarMatcher | None = None,
) -> int:
    """Return the next token. `counts` are the generated tokens and how often each was generated.

    A grammar removes tokens after the biases and penalties, so that none of them brings a token back.
    """
    if changes_scores(request):
        scores = adjust_scores(scores, request, prompt, counts)
    if matcher is not None:
        scores = matcher.mask(scores)
    if request.temperature < MIN_TEMPERATURE:
        return int(scores.argmax())
    return sample_token(scores, request, random)


def adjust_scores(
    scores: Tensor, request: GenerationRequest, prompt: Sequence[int], counts: Mapping[int, int]
) -> Tensor:
    """Return the scores after the biases and penalties of a request."""
    scores = scores.clone()
    device = scores.device
    if request.repetition_penalty != 1:
        seen = torch.tensor(sorted({*prompt, *counts}), device=device)
        values, penalty = scores[seen], request.repetition_penalty
        scores[seen] = torch.where(values > 0, values / penalty, values * penalty)
    if counts and (request.presence_penalty or request.frequency_penalty):
        numbers = torch.tensor(list(counts.values()), device=device, dtype=scores.dtype)
        scores[torch.tensor(list(counts), device=device)] -= (
            request.presence_penalty + request.frequency_penalty * numbers
        )
    for token, bias in request.logit_bias:
        scores[token] += bias
    return scores


def sample_token(scores: Tensor, request: GenerationRequest, random: torch.Generator | None) -> int:
    """Sample a token by temperature, `top_k`, nucleus sampling (Holtzman et al. 2020) and `min_p`, in this order.

    The scores are divided by the temperature. The token is drawn from the smallest set of most likely tokens whose
    probabilities reach `top_p`, without those below `min_p` times the highest probability.
    """
    probabilities = (scores / request.temperature).softmax(-1)
    if not request.top_k and request.top_p >= 1 and not request.min_p:
        return int(torch.multinomial(probabilities, 1, generator=random))
    ordered, index = probabilities.sort(descending=True)
    if request.top_k:
        ordered[request.top_k :] = 0.0
        ordered /= ordered.sum()
    if request.top_p < 1:
        ordered[ordered.cumsum(-1) - ordered > request.top_p] = 0.0
    ordered[ordered < request.min_p * ordered[0]] = 0.0
    return int(index[torch.multinomial(ordered, 1, generator=random)])
