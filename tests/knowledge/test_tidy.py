"""Answers that end well."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vong.knowledge.postprocess import clean_answer


@pytest.mark.parametrize(
    ("said", "kept"),
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
        ("In case of doubt, ask. In case of doubt, wait.", "In case of doubt, ask. In case of doubt, wait."),
        ("Yes. Yes, it does.", "Yes. Yes, it does."),
        ("", ""),
    ],
)
def test_an_answer_ends_where_it_begins_to_repeat_itself(said: str, kept: str) -> None:
    assert clean_answer(said, passage_count=4) == kept


@given(st.text(alphabet="ab ,.[1]9", max_size=200))
def test_tidying_twice_is_tidying_once_and_never_adds(said: str) -> None:
    once = clean_answer(said, 4)
    assert len(once) <= len(said) + 1
    assert clean_answer(once, 4) == once or len(clean_answer(once, 4)) <= len(once)
