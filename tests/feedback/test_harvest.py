"""Harvest of corrections and good answers into examples. Conflicting corrections are listed."""

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.feedback.factories import score, span
from vong.feedback import HarvestSettings, harvest
from vong.records import Span


def test_a_correction_becomes_the_completion_with_the_span_as_its_origin() -> None:
    answered = span("where is it", "gone")
    judged = score(answered, 0.0, correction="in the box")
    found = harvest([answered], [judged], HarvestSettings(split="train"))
    (example,) = found.examples
    assert [message.model_dump(exclude_none=True) for message in example.messages] == [
        {"role": "user", "content": "where is it"}
    ]
    assert example.completion_text == "in the box"
    assert example.rejected is None
    assert example.origin and (example.origin.kind, example.origin.id) == ("span", str(answered.id))
    assert example.metadata == {
        "feedback": "correction",
        "scores": [str(judged.id)],
        "model": "deployment/base",
        "model_version": "triage@aaaaaaaaaaaa",
        "route": "support",
        "split": "train",
    }
    assert (found.corrections, found.good) == (1, 0)


def test_pairs_have_the_corrected_answer_as_rejected() -> None:
    wrong, right = span("a", "bad"), span("b", "good")
    scores = [score(wrong, 0, correction="better"), score(right, 1, correction="good")]
    first, second = harvest([wrong, right], scores, HarvestSettings(pairs=True)).examples
    assert first.rejected and first.rejected.text == "bad"
    assert second.rejected is None


def test_good_answers_become_completions_unchanged() -> None:
    good, fair, unscored = span("a", "yes"), span("b", "so-so"), span("c", "?")
    scores = [score(good, 1.0), score(good, 0.7, author="bob"), score(fair, 0.5)]
    found = harvest([good, fair, unscored], scores)
    assert [(example.prompt_text, example.completion_text) for example in found.examples] == [("a", "yes")]
    assert found.skipped == {"not scored": 1, "score too low": 1}
    assert len(harvest([good, fair], scores, HarvestSettings(min_value=0.5)).examples) == 2


def test_the_latest_score_of_an_author_counts() -> None:
    answered = span()
    scores = [score(answered, correction="second", minute=2), score(answered, correction="first", minute=1)]
    assert harvest([answered], scores).examples[0].completion_text == "second"
    voted = span()
    votes = [score(voted, 0.0, minute=1), score(voted, 1.0, minute=2)]
    assert harvest([voted], votes).good == 1


def test_conflicting_corrections_are_listed_and_not_harvested() -> None:
    answered = span()
    scores = [score(answered, correction="in London"), score(answered, correction="in Paris", author="bob")]
    found = harvest([answered], scores)
    assert found.examples == []
    assert found.disagreements[0].corrections == {"ann": "in London", "bob": "in Paris"}


def test_equivalent_corrections_agree() -> None:
    answered = span()
    scores = [
        score(answered, correction='{"a": 1, "b": 2}', minute=1),
        score(answered, correction='{"b":2,"a":1}', author="bob", minute=2),
    ]
    assert harvest([answered], scores).examples[0].completion_text == '{"b":2,"a":1}'


def test_spans_without_messages_or_answer_are_skipped() -> None:
    tools = [{"type": "function", "function": {"name": "find"}}]
    spans = [
        span(input=None),
        span(input={"input": "embed me"}),
        span(answer=None),
        span(status="error", error="timeout"),
        span(input={"messages": [{"role": "user", "content": "a"}], "tools": tools}),
    ]
    found = harvest(spans, [score(one, 1.0) for one in spans])
    assert found.skipped == {"no answer": 2, "no conversation": 2}
    assert found.examples[0].tools == tuple(tools)


def test_scores_of_another_name_do_not_count() -> None:
    answered = span()
    scores = [score(answered, 1.0, name="politeness"), score(answered, 0.0, name="quality")]
    assert harvest([answered], scores, HarvestSettings(name="politeness")).good == 1
    assert harvest([answered], scores, HarvestSettings(name="quality")).good == 0


judgements = st.lists(
    st.tuples(
        st.integers(0, 4),
        st.one_of(st.none(), st.floats(0, 1)),
        st.one_of(st.none(), st.sampled_from(["x", "y"])),
        st.sampled_from(["ann", "bob"]),
    ),
    max_size=20,
)
SPANS: list[Span] = [span(f"question {number}", f"answer {number}") for number in range(5)]


@settings(max_examples=80, deadline=None)
@given(judgements, st.randoms())
def test_every_span_has_one_outcome_for_any_order_of_its_scores(drawn: list[Any], dice: Any) -> None:
    scores = [
        score(SPANS[place], value, minute, correction=correction, author=author)
        for minute, (place, value, correction, author) in enumerate(drawn)
    ]
    found = harvest(SPANS, scores)
    assert found.corrections + found.good == len(found.examples)
    assert len(found.examples) + len(found.disagreements) + sum(found.skipped.values()) == len(SPANS)
    assert len({example.origin.id for example in found.examples if example.origin}) == len(found.examples)
    shuffled = list(scores)
    dice.shuffle(shuffled)
    assert harvest(SPANS, shuffled) == found
