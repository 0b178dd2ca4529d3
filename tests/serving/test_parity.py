from hypothesis import given
from hypothesis import strategies as st

from vong.serving.parity import TokenLogprobs, compare

SCORES = {1: -0.1, 2: -2.5, 3: -4.0}


def log_probabilities(ids: tuple[int, ...] = (5, 6, 7), *logprobs: dict[int, float]) -> TokenLogprobs:
    return TokenLogprobs(ids=ids, logprobs=logprobs or (SCORES, SCORES))


def test_equal_log_probabilities_pass() -> None:
    report = compare([log_probabilities(), log_probabilities()], [log_probabilities(), log_probabilities()])
    assert (report.equal, report.positions, report.largest_difference) == (True, 4, 0.0)
    assert report.mismatch is None


def test_a_changed_chat_template_is_detected_at_its_first_token() -> None:
    report = compare(
        [log_probabilities(), log_probabilities((5, 6, 7))], [log_probabilities(), log_probabilities((5, 9, 7))]
    )
    assert not report.equal
    assert report.reason == "conversation 1, position 1: the trainer has token 6, the engine 9"


def test_a_template_with_additional_tokens_at_the_end_is_detected() -> None:
    report = compare([log_probabilities((5, 6))], [log_probabilities((5, 6, 7))])
    assert report.reason == "conversation 0, position 2: the trainer has token None, the engine 7"


def test_different_weights_are_reported_with_the_token_and_both_values() -> None:
    other = {1: -0.4, 2: -2.5, 3: -4.0}
    report = compare([log_probabilities()], [log_probabilities((5, 6, 7), SCORES, other)])
    assert report.mismatch is not None
    assert (report.mismatch.position, report.mismatch.token) == (2, 1)
    assert (report.mismatch.reference, report.mismatch.observed) == (-0.1, -0.4)


def test_the_tolerance_depends_on_the_precision() -> None:
    near = {1: -0.12, 2: -2.5, 3: -4.0}
    assert not compare([log_probabilities()], [log_probabilities((5, 6, 7), near)], "fp32").equal
    assert compare([log_probabilities()], [log_probabilities((5, 6, 7), near)], "bf16").equal


def test_quantised_weights_may_shift_probabilities_but_not_the_most_likely_token() -> None:
    shifted = {1: -0.6, 2: -1.2, 3: -2.0}
    changed = {1: -2.0, 2: -0.2, 3: -2.5}
    assert compare([log_probabilities()], [log_probabilities((5, 6, 7), shifted)], "quantised").equal
    assert not compare([log_probabilities()], [log_probabilities((5, 6, 7), changed)], "quantised").equal


@given(st.dictionaries(st.integers(0, 50), st.floats(-20, -0.01), min_size=5, max_size=30))
def test_log_probabilities_always_equal_themselves(scores: dict[int, float]) -> None:
    assert compare([log_probabilities((1,), scores)], [log_probabilities((1,), scores)], "fp32").equal
    assert compare([log_probabilities((1,), scores)], [log_probabilities((1,), scores)], "quantised").equal
