"""Selection of the next token.

torch is imported by the tests, because every test process imports this file.
"""

from functools import cache
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vong.serving.engine import GenerationRequest

if TYPE_CHECKING:
    from torch import Tensor


@cache
def scores() -> "Tensor":
    """Return the scores of four tokens."""
    import torch

    return torch.tensor([1.0, 3.0, 2.0, -1.0])


def select(seed: int = 0, **fields: Any) -> int:
    import torch

    from vong.serving.engine.transformers.sampling import select_token

    random = torch.Generator().manual_seed(seed)
    return select_token(scores(), GenerationRequest(**fields), [1], {2: 2}, random)


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({}, [1.0, 3.0, 2.0, -1.0]),
        ({"repetition_penalty": 2.0}, [1.0, 1.5, 1.0, -1.0]),
        ({"presence_penalty": 0.5}, [1.0, 3.0, 1.5, -1.0]),
        ({"frequency_penalty": 0.5}, [1.0, 3.0, 1.0, -1.0]),
        ({"logit_bias": ((3, 10.0), (0, -1.0))}, [0.0, 3.0, 2.0, 9.0]),
    ],
)
def test_biases_and_penalties_change_the_scores(fields: dict[str, Any], expected: list[float]) -> None:
    from vong.serving.engine.transformers.sampling import adjust_scores, changes_scores

    request = GenerationRequest(**fields)
    assert adjust_scores(scores(), request, [1], {2: 2}).tolist() == expected
    assert changes_scores(request) is bool(fields)
    assert scores().tolist() == [1.0, 3.0, 2.0, -1.0]


def test_a_negative_score_is_multiplied_by_the_repetition_penalty() -> None:
    from vong.serving.engine.transformers.sampling import adjust_scores

    request = GenerationRequest(repetition_penalty=2.0)
    assert adjust_scores(scores(), request, [3], {})[3] == -2.0


@given(st.integers(0, 1000), st.sampled_from([{"top_k": 1}, {"min_p": 1.0}, {"top_p": 1e-6}, {"temperature": 0.0}]))
def test_a_narrow_sampler_selects_the_most_likely_token(seed: int, fields: dict[str, Any]) -> None:
    assert select(seed, **{"temperature": 2.0, **fields}) == 1


@given(st.integers(0, 1000), st.integers(1, 4))
def test_top_k_selects_one_of_the_most_likely_tokens(seed: int, count: int) -> None:
    assert select(seed, temperature=2.0, top_k=count) in [1, 2, 0, 3][:count]


def test_a_bias_decides_a_greedy_selection() -> None:
    assert select(temperature=0.0, logit_bias=((3, 100.0),)) == 3
    assert select(temperature=0.0, logit_bias=((1, -100.0),)) == 2


def test_a_tiny_temperature_does_not_overflow() -> None:
    assert select(temperature=1e-40) == 1
