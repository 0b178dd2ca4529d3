"""Tests of training files and of the meaning of requests for fine-tuning jobs."""

import json
from typing import Any

import pytest

from vong.app.fine_tuning import to_model_name
from vong.errors import InvalidInput, Unsupported
from vong.gateway.fine_tuning.graders import plan_rewards, resolve_reference
from vong.gateway.fine_tuning.requests import InvalidParameter, parse_body, plan_job
from vong.gateway.fine_tuning.training_file import TrainingFileError, check_method, inspect_file
from vong.records.name import check_versioned_name

USER, ANSWER = {"role": "user", "content": "hi"}, {"role": "assistant", "content": "hello"}
CALL = {"id": "c1", "type": "function", "function": {"name": "find", "arguments": "{}"}}
TOOL = {"type": "function", "function": {"name": "find", "parameters": {"type": "object"}}}
IMAGE = {"type": "image_url", "image_url": {"url": "data:image/png;base64,AA=="}}
PAIR = {"input": {"messages": [USER]}, "preferred_output": [ANSWER], "non_preferred_output": [ANSWER]}


def lines(*rows: Any) -> list[bytes]:
    return [json.dumps(row).encode() + b"\n" for row in rows]


def chat(*messages: Any, **fields: Any) -> dict[str, Any]:
    return {"messages": list(messages), **fields}


@pytest.mark.parametrize(
    ("row", "kind"),
    [
        (chat(USER, ANSWER), "chat"),
        (
            chat({"role": "developer", "content": "x"}, USER, {**ANSWER, "weight": 0}, USER, {**ANSWER, "weight": 1}),
            "chat",
        ),
        (chat(USER, {"role": "assistant", "tool_calls": [CALL]}, tools=[TOOL], parallel_tool_calls=False), "chat"),
        (
            chat(
                USER,
                {"role": "assistant", "content": None, "function_call": CALL["function"]},
                functions=[TOOL["function"]],
            ),
            "chat",
        ),
        (
            chat(
                USER,
                {"role": "assistant", "tool_calls": [CALL]},
                {"role": "tool", "tool_call_id": "c1", "content": "5"},
                ANSWER,
            ),
            "chat",
        ),
        (chat({"role": "user", "content": [{"type": "text", "text": "see"}, IMAGE]}, ANSWER), "chat"),
        (chat(USER, {"role": "assistant", "refusal": "no", "content": None}), "chat"),
        (chat(USER, ANSWER, USER), "open_chat"),
        (chat(USER, answer="5"), "prompt"),
        (chat(USER, {**ANSWER, "weight": 0}), "prompt"),
        ({"prompt": "", "completion": " text"}, "completion"),
        (PAIR, "preference"),
    ],
)
def test_rows_of_every_format_are_recognised(row: dict[str, Any], kind: str) -> None:
    assert list(inspect_file(lines(row)).rows) == [kind]


def test_a_byte_order_mark_crlf_and_blank_lines_are_allowed() -> None:
    row = json.dumps(chat(USER, ANSWER)).encode()
    summary = inspect_file([b"\xef\xbb\xbf" + row + b"\r\n", b"\r\n", b"  \n", row])
    assert summary.total == 2


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "the file has no rows"),
        (b"\n\n", "the file has no rows"),
        (b'\n{"messages": [],}\n', "line 2 is not valid JSON"),
        (b"[1]\n", "line 1 is not a JSON object"),
        (b"\xff\xfe{\x00", "UTF-16"),
        (b'{"messages": "\xe9"}\n', "line 1 is not UTF-8"),
        (b'[\n{"messages": []}\n]', "line 1 is not valid JSON"),
        (json.dumps({"text": "x"}).encode(), "line 1 has neither 'messages'"),
        (json.dumps(chat()).encode(), "line 1: 'messages' is not a list of messages"),
        (
            json.dumps(chat(USER, {"role": "bot", "content": "x"})).encode(),
            "line 1, message 2 has the unknown role 'bot'",
        ),
        (json.dumps(chat({"content": "x"})).encode(), "line 1, message 1 has no role"),
        (json.dumps(chat(USER, {"role": "assistant"})).encode(), "line 1, message 2 has no content"),
        (json.dumps(chat(USER, {**ANSWER, "weight": 0.5})).encode(), "has the weight 0.5"),
        (json.dumps(chat({**USER, "weight": 1}, ANSWER)).encode(), "has a weight, but its role is 'user'"),
        (json.dumps(chat(USER, {"role": "tool", "content": "5"})).encode(), "has no 'tool_call_id'"),
        (json.dumps(chat({**USER, "tool_calls": [CALL]})).encode(), "calls a tool, but its role is 'user'"),
        (json.dumps(chat(USER, ANSWER, tools=[{}])).encode(), "an entry of 'tools' has no name"),
        (json.dumps(chat(USER, ANSWER, parallel_tool_calls="no")).encode(), "'parallel_tool_calls' is not a boolean"),
        (
            json.dumps(chat({"role": "user", "content": [{"type": "video"}]})).encode(),
            "part 1 has the unknown type 'video'",
        ),
        (json.dumps({"prompt": "x"}).encode(), "'completion' is not a string"),
        (json.dumps({**PAIR, "non_preferred_output": []}).encode(), "non_preferred_output is not a list of messages"),
        (json.dumps({**PAIR, "preferred_output": [USER]}).encode(), "preferred_output"),
        (json.dumps({"preferred_output": [ANSWER]}).encode(), "has no 'input'"),
        (b"[" * 500 + b"]" * 500, "nested"),
    ],
)
def test_an_invalid_row_is_named_by_its_line(content: bytes, message: str) -> None:
    with pytest.raises(TrainingFileError, match=message.replace("[", r"\[")):
        inspect_file(content.splitlines(keepends=True))


@pytest.mark.parametrize(
    ("row", "method"),
    [
        (PAIR, "supervised"),
        (chat(USER, ANSWER), "dpo"),
        (chat(USER), "supervised"),
        (chat(USER, ANSWER), "reinforcement"),
    ],
)
def test_rows_that_do_not_fit_the_method_are_named(row: dict[str, Any], method: Any) -> None:
    good: Any = {"supervised": chat(USER, ANSWER), "dpo": PAIR, "reinforcement": chat(USER)}[method]
    check_method(inspect_file(lines(good)), method, "training_file")
    with pytest.raises(TrainingFileError, match="line 2 of validation_file") as raised:
        check_method(inspect_file(lines(good, row)), method, "validation_file")
    assert raised.value.param == "validation_file"


def plan(**fields: Any) -> Any:
    body = {"model": "tiny", "training_file": "file-1", **fields}
    return plan_job(parse_body(json.dumps(body).encode()))


def test_hyperparameters_become_settings_of_the_recipe() -> None:
    given = {"n_epochs": 3, "batch_size": "auto", "learning_rate_multiplier": 0.5}
    for fields in (
        {"hyperparameters": given},
        {"method": {"type": "supervised", "supervised": {"hyperparameters": given}}},
    ):
        planned = plan(**fields)
        assert (planned.recipe, planned.settings, planned.learning_rate_multiplier) == ("sft", {"epochs": 3}, 0.5)
    planned = plan(method={"type": "dpo", "dpo": {"hyperparameters": {"beta": 0.2, "batch_size": 2}}})
    assert (planned.recipe, planned.settings) == ("dpo", {"batch_size": 2, "beta": 0.2})


def test_null_parameters_count_as_absent() -> None:
    empty = dict.fromkeys(
        ("method", "hyperparameters", "suffix", "seed", "metadata", "integrations", "validation_file")
    )
    assert plan(**empty).settings == {}
    assert plan(method={"type": "supervised", "supervised": None, "dpo": None}).settings == {}
    assert plan(hyperparameters={"n_epochs": None}).settings == {}


def test_parameters_without_meaning_become_warnings() -> None:
    grader = {
        "type": "string_check",
        "name": "g",
        "input": "{{sample.output_text}}",
        "reference": "{{item.a}}",
        "operation": "eq",
    }
    settings = {"grader": grader, "hyperparameters": {"reasoning_effort": "high", "compute_multiplier": 2, "beta": 0.1}}
    planned = plan(
        method={"type": "reinforcement", "reinforcement": settings},
        integrations=[{"type": "wandb", "wandb": {"project": "p"}}],
        trainingType=1,
    )
    assert len(planned.warnings) == 5
    assert planned.settings == {"rewards": {"exact_match": 1.0}} and planned.reference == "{{item.a}}"


@pytest.mark.parametrize(
    ("fields", "param"),
    [
        ({"model": ""}, "model"),
        ({"training_file": None}, "training_file"),
        ({"suffix": "x" * 65}, "suffix"),
        ({"suffix": "a:b"}, "suffix"),
        ({"seed": -1}, "seed"),
        ({"hyperparameters": {"n_epochs": 0}}, "hyperparameters.n_epochs"),
        ({"hyperparameters": {"n_epochs": "many"}}, "hyperparameters.n_epochs"),
        ({"method": {"type": "magic"}}, "method.type"),
        ({"metadata": {"k": "v" * 513}}, "metadata.k"),
        ({"metadata": {str(n): "" for n in range(17)}}, "metadata"),
    ],
)
def test_an_invalid_parameter_is_named(fields: dict[str, Any], param: str) -> None:
    with pytest.raises(InvalidParameter) as raised:
        plan(**fields)
    assert raised.value.param == param
    assert "literal" not in str(raised.value).partition(";")[0].lower() or "auto" in str(raised.value)


STRING = {"type": "string_check", "input": "{{ sample.output_text }}", "reference": "{{item.a}}", "operation": "eq"}
BLEU = {
    "type": "text_similarity",
    "input": "{{sample.output_text}}",
    "reference": "{{item.a}}",
    "evaluation_metric": "bleu",
}


JUDGE = {
    "type": "score_model",
    "name": "tone",
    "model": "grader",
    "range": [1, 5],
    "input": [{"role": "user", "content": [{"type": "input_text", "text": "Rate {{sample.output_text}}"}]}],
}


def test_a_model_that_scores_is_a_judge_whose_range_is_part_of_its_weight() -> None:
    judge = plan_rewards(JUDGE).settings["judges"]["tone"]
    assert (judge["model"], judge["lowest"], judge["highest"], judge["weight"]) == ("grader", 1.0, 5.0, 4.0)
    assert judge["messages"] == [{"role": "user", "content": "Rate {{sample.output_text}}"}]
    sampled = plan_rewards({**JUDGE, "sampling_params": {"temperature": 1, "max_completions_tokens": 9, "seed": None}})
    assert sampled.settings["judges"]["tone"]["params"] == {"temperature": 1, "max_completion_tokens": 9}
    multi = {"type": "multi", "graders": {"a": STRING, "b": JUDGE}, "calculate_output": "0.5 * a + 0.5 * b"}
    found = plan_rewards(multi).settings
    assert (found["rewards"], found["judges"]["b"]["weight"]) == ({"exact_match": 0.5}, 2.0)


def test_a_multi_grader_is_a_weighted_sum_of_rewards() -> None:
    multi = {"type": "multi", "graders": {"a": STRING, "b": BLEU}, "calculate_output": "(3 * a + b) / 4 - 0.5"}
    found = plan_rewards(multi)
    assert found.settings == {"rewards": {"exact_match": 0.75, "bleu": 0.25}} and found.reference == "{{item.a}}"
    reward = {"type": "score_model", "name": "m", "model": "model:judge@2", "input": []}
    assert plan_rewards(reward).settings == {"rewards": {}, "reward_model": "judge@2", "reward_model_weight": 1.0}
    assert resolve_reference("= {{item.a.b}}", {"a": {"b": 5}}) == "= 5"
    with pytest.raises(InvalidInput, match=r"no field 'a\.c'"):
        resolve_reference("{{item.a.c}}", {"a": {}})


@pytest.mark.parametrize(
    "grader",
    [
        {"type": "python", "source": "def grade(): ..."},
        {**JUDGE, "sampling_params": {"logit_bias": {}}},
        {**JUDGE, "input": [{"role": "user", "content": [{"type": "input_image", "image_url": "x"}]}]},
        {**STRING, "operation": "like"},
        {**BLEU, "evaluation_metric": "cosine"},
        {**STRING, "input": "{{sample.output_json.x}}"},
        {"type": "multi", "graders": {"a": STRING}, "calculate_output": "a * a"},
        {"type": "multi", "graders": {"a": STRING}, "calculate_output": "__import__('os')"},
        {
            "type": "multi",
            "graders": {"a": STRING, "b": {**BLEU, "reference": "{{item.b}}"}},
            "calculate_output": "a+b",
        },
    ],
)
def test_graders_without_a_counterpart_are_refused_with_a_reason(grader: dict[str, Any]) -> None:
    with pytest.raises(Unsupported):
        plan_rewards(grader)


def test_a_missing_or_malformed_grader_is_an_error() -> None:
    malformed: list[Any] = [None, {}, {"type": "magic"}, {"type": "string_check"}, {"type": "multi", "graders": {}}]
    malformed += [{**JUDGE, **change} for change in ({"model": ""}, {"input": []}, {"range": [1, 0]}, {"range": 5})]
    for grader in malformed:
        with pytest.raises(InvalidInput):
            plan_rewards(grader)


@pytest.mark.parametrize("suffix", [".x", "-x", "a b/c", "..", "x" * 64, "Ä"])
def test_a_suffix_becomes_a_valid_name_of_a_model(suffix: str) -> None:
    check_versioned_name(to_model_name(suffix), "model")
