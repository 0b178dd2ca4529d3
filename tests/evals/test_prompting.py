import pytest
from hypothesis import given
from hypothesis import strategies as st

from vong.errors import InvalidInput
from vong.evals.prompting import EvalSettings, build_messages, choose_examples, choose_shots

from .tickets import ticket


@given(small=st.integers(1, 20), more=st.integers(0, 20), seed=st.integers(0, 5))
def test_a_larger_sample_contains_a_smaller_one(small: int, more: int, seed: int) -> None:
    examples = [ticket(number) for number in range(30)]
    few = choose_examples(examples, EvalSettings(limit=small, seed=seed))
    many = choose_examples(examples, EvalSettings(limit=small + more, seed=seed))
    assert len(few) == small
    assert few.items() <= many.items()
    assert list(few) == sorted(few)
    assert all(examples[position] is example for position, example in few.items())


@given(seed=st.integers(0, 20))
def test_shots_have_different_labels_and_never_contain_evaluated_examples(seed: int) -> None:
    evaluated = [ticket(number) for number in range(10)]
    pool = [*evaluated, *[ticket(number, "train") for number in range(20)]]
    chosen = choose_shots(pool, evaluated, EvalSettings(shots=3, seed=seed))
    assert not {shot.hash for shot in chosen} & {example.hash for example in evaluated}
    assert len({shot.completion_text for shot in chosen}) == 3
    assert chosen == choose_shots(list(reversed(pool)), evaluated, EvalSettings(shots=3, seed=seed))


def test_too_few_examples_for_the_shots_is_an_error() -> None:
    with pytest.raises(InvalidInput, match="has 2 usable examples for 3 shots"):
        choose_shots([ticket(1, "train"), ticket(2, "train")], [], EvalSettings(shots=3))


def test_without_settings_the_prompt_is_the_example_unchanged() -> None:
    example = ticket(1)
    assert build_messages(example, [], EvalSettings()) == list(example.messages)
