"""Postprocessing of generated answers."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vong.knowledge.postprocess import clean_answer


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        ("Agents approve up to £100 alone [1].", "Agents approve up to £100 alone [1]."),
        (
            "A supervisor may only approve up to £1,000, but may only approve up to £1,000, but may only approve up to",
            "A supervisor may only approve up to £1,000.",
        ),
        ("Hold the button. Hold the button. Hold the button. Hold", "Hold the button."),
        (
            "Hold the reset button. It blinks blue [2]. Hold the reset button.",
            "Hold the reset button. It blinks blue [2].",
        ),
        ("It takes five days [1]. Then the agent must", "It takes five days [1]."),
        ("It takes five", "It takes five"),
        ("It takes five days [1][7]. [9]", "It takes five days [1]."),
        (
            "Up to 500 euros, and up to 900 euros with a supervisor.",
            "Up to 500 euros, and up to 900 euros with a supervisor.",
        ),
        ("It costs 5 euros [1, 9].", "It costs 5 euros [1]."),
        ("It costs 5 euros【2†source】.", "It costs 5 euros[2]."),
        ("It costs 5 euros [Source 1] [ID:7] [^2].", "It costs 5 euros [1] [2]."),
        ("It costs (5) euros (passage 3).", "It costs (5) euros [3]."),
        ("<think>They ask about [3].</think>It costs 5 euros [1].", "It costs 5 euros [1]."),
        ("<think>They ask about", ""),
        ("In case of doubt, ask. In case of doubt, wait.", "In case of doubt, ask. In case of doubt, wait."),
        ("Yes. Yes, it does.", "Yes. Yes, it does."),
        ("", ""),
    ],
)
def test_an_answer_is_cut_before_its_repetitions(answer: str, expected: str) -> None:
    assert clean_answer(answer, passage_count=4) == expected


@given(st.text(alphabet="ab ,.[1]9", max_size=200))
def test_postprocessing_is_idempotent_and_never_adds_text(answer: str) -> None:
    once = clean_answer(answer, 4)
    assert len(once) <= len(answer) + 1
    assert clean_answer(once, 4) == once or len(clean_answer(once, 4)) <= len(once)
