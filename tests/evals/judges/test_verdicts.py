"""Verdicts in the answers of judges, with the faults of public bug reports."""

import time
from typing import Any

import pytest

from vong.evals.judges.definitions import JudgeDefinition
from vong.evals.judges.prompts import build_schema
from vong.evals.judges.verdicts import VerdictFault, parse_verdict
from vong.structured_outputs import find_objects, strip_reasoning

from .fake_models import define

RUBRIC = define(kind="rubric")
PASS_FAIL = define()
PAIR = define(kind="pairwise")
CRITERIA = define(
    kind="rubric",
    criteria=[
        {"name": "accuracy", "description": "Facts are correct.", "weight": 3},
        {"name": "tone", "description": "Friendly."},
    ],
)


@pytest.mark.parametrize(
    ("definition", "answer", "score", "shown"),
    [
        (RUBRIC, '{"reason": "ok", "score": 4}', 0.75, "4"),
        (RUBRIC, '```json\n{"reason": "ok", "score": 5}\n```', 1.0, "5"),
        (RUBRIC, 'Sure! Here it is:\n{"reason": "ok {not} {\\"a\\": 1}", "score": 1}\nHope this helps.', 0.0, "1"),
        (RUBRIC, '{"reason": "ok", "score": "3"}', 0.5, "3"),
        (RUBRIC, '{"reason": "ok", "score": "4/5"}', 0.75, "4"),
        (RUBRIC, '{"Score": 4.0, "Reason": "ok"}', 0.75, "4"),
        (RUBRIC, '{"reason": "two\nlines", "score": 2, // of five\n}', 0.25, "2"),
        (RUBRIC, '{"reason": "a wrong \\_ escape", "score": 2}', 0.25, "2"),
        (RUBRIC, '<think>{"score": 1} no, better</think>{"reason": "ok", "score": 5}', 1.0, "5"),
        (RUBRIC, 'I would say {"score": 1} at first.</think>\n{"reason": "ok", "score": 5}', 1.0, "5"),
        (RUBRIC, '{"reason": "it has a <think> tag and </think>", "score": 5}', 1.0, "5"),
        (RUBRIC, '{"score": 4} and again {"score": 4}', 0.75, "4"),
        (PASS_FAIL, '{"reason": "ok", "pass": true}', 1.0, "pass"),
        (PASS_FAIL, '{"reason": "no", "pass": "False"}', 0.0, "fail"),
        (PASS_FAIL, '{"reason": "no", "pass": ["fail"]}', 0.0, "fail"),
        (PAIR, '{"reason": "a", "winner": "A"}', 1.0, "A"),
        (PAIR, '{"reason": "a", "winner": "Tie"}', 0.5, "tie"),
        (CRITERIA, '{"reason": "ok", "accuracy": 5, "tone": 1}', 0.75, "4"),
    ],
)
def test_verdicts_are_read_from_answers(definition: JudgeDefinition, answer: str, score: float, shown: str) -> None:
    found = parse_verdict(definition, answer)
    assert (found.score, found.verdict) == (score, shown)


@pytest.mark.parametrize(
    ("definition", "answer", "fault"),
    [
        (RUBRIC, "", "empty"),
        (RUBRIC, "I cannot evaluate this.", "no complete JSON object"),
        (RUBRIC, "4", "no complete JSON object"),
        (RUBRIC, '{"reason": "good", "rating": 4}', "no field 'score'"),
        (RUBRIC, '{"reason": "good", "score": 10}', "10, which is not between 1 and 5"),
        (RUBRIC, '{"reason": "good", "score": 0}', "0, which is not between"),
        (RUBRIC, '{"reason": "good", "score": 0.85}', "whole number"),
        (RUBRIC, '{"reason": "good", "score": "8/10"}', "not on the scale to 5"),
        (RUBRIC, '{"reason": "good", "score": true}', "instead of a number"),
        (RUBRIC, '{"reason": "good", "score": null}', "instead of a number"),
        (RUBRIC, '{"reason": "good", "score": 1e999}', "whole number"),
        (RUBRIC, '{"reason": "good", "score": NaN}', "no complete JSON object"),
        (RUBRIC, '{"score": 1} or {"score": 5}', "2 different verdicts"),
        (RUBRIC, '{"reason": "the answer says {\\"score\\": 5} and', "no complete JSON object"),
        (RUBRIC, '{"reason": {"quoted": {"score": 5}', "no complete JSON object"),
        (RUBRIC, '<think>{"score": 5}', "empty"),
        (PASS_FAIL, '{"reason": "?", "pass": "maybe"}', "instead of true or false"),
        (PASS_FAIL, '{"verdict": "pass"}', "no field 'pass'"),
        (PAIR, '{"winner": "C"}', 'instead of "A", "B" or "tie"'),
        (CRITERIA, '{"reason": "ok", "accuracy": 5}', "'tone' is missing"),
    ],
)
def test_an_answer_without_a_usable_verdict_is_a_fault(definition: JudgeDefinition, answer: str, fault: str) -> None:
    with pytest.raises(VerdictFault, match=fault.replace("?", r"\?")):
        parse_verdict(definition, answer)


def test_a_truncated_answer_says_so() -> None:
    with pytest.raises(VerdictFault, match="cut off"):
        parse_verdict(RUBRIC, '{"reason": "the output', truncated=True)


@pytest.mark.parametrize(
    "text",
    ['{"a":' * 40_000, "{" * 200_000, "<think>" * 30_000, "</think>" * 30_000, '{"a" x' * 30_000, "/*" * 100_000],
)
def test_hostile_answers_are_read_in_linear_time(text: str) -> None:
    started = time.perf_counter()
    assert find_objects(strip_reasoning(text)) == []
    assert time.perf_counter() - started < 1.0


def test_the_schema_allows_exactly_the_scale() -> None:
    schema: dict[str, Any] = build_schema(CRITERIA)
    assert schema["required"] == ["reason", "accuracy", "tone"]
    assert schema["properties"]["tone"]["enum"] == [1, 2, 3, 4, 5]
    assert next(iter(schema["properties"])) == "reason"
