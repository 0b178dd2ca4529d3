"""Formats: round trips, and the errors of invalid rows."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.data import factories
from vong import plugins
from vong.data import formats
from vong.errors import InvalidInput
from vong.records import Example, Message

few_examples = settings(max_examples=40, deadline=None)


def round_trip(name: str, example: Example) -> Example:
    format_ = formats.create_format(name)
    return format_.to_example(json.loads(json.dumps(format_.to_row(example))))


def test_all_formats_are_registered_as_plugins() -> None:
    assert plugins.list_extensions("format") == ["alpaca", "chat", "kto", "pairs", "preference", "sharegpt", "text"]


@few_examples
@given(factories.examples(), st.booleans())
def test_chat_reads_what_it_writes(example: Example, has_completion: bool) -> None:
    example = example if has_completion else example.model_copy(update={"completion": None})
    assert round_trip("chat", example) == example


@few_examples
@given(factories.examples())
def test_alpaca_reads_what_it_writes(example: Example) -> None:
    assert round_trip("alpaca", example) == example


@few_examples
@given(factories.examples())
def test_sharegpt_reads_what_it_writes(example: Example) -> None:
    assert round_trip("sharegpt", example) == example


@few_examples
@given(factories.examples(system=False, turns=0))
def test_pairs_reads_what_it_writes(example: Example) -> None:
    assert round_trip("pairs", example) == example


@few_examples
@given(factories.examples(), factories.texts)
def test_preference_reads_what_it_writes(example: Example, worse: str) -> None:
    pair = example.model_copy(update={"rejected": factories.assistant(worse)})
    assert round_trip("preference", pair) == pair


def test_chat_preserves_tools_and_tool_calls() -> None:
    call = {"id": "1", "type": "function", "function": {"name": "find", "arguments": "{}"}}
    example = Example(
        messages=(
            factories.user("where is it"),
            Message(role="assistant", tool_calls=[call]),
            Message(role="tool", content="in the box", tool_call_id="1"),
        ),
        completion=factories.assistant("In the box."),
        tools=({"type": "function", "function": {"name": "find"}},),
    )
    assert round_trip("chat", example) == example


def test_chat_reads_prompt_and_completion_as_message_lists() -> None:
    row = {"prompt": [{"role": "user", "content": "a"}], "completion": [{"role": "assistant", "content": "b"}]}
    example = formats.create_format("chat").to_example(row)
    assert (example.prompt_text, example.completion_text) == ("a", "b")


def test_sharegpt_reads_function_calls_as_tool_calls() -> None:
    turns = [
        {"from": "human", "value": "how warm is it"},
        {"from": "function_call", "value": '{"name": "weather", "arguments": {"place": "Huế"}}'},
        {"from": "observation", "value": '{"celsius": 31}'},
        {"from": "gpt", "value": "31 degrees."},
    ]
    example = formats.create_format("sharegpt").to_example({"conversations": turns, "tools": "[]"})
    assert example.messages[1].tool_calls == [
        {"id": "call_1", "type": "function", "function": {"name": "weather", "arguments": '{"place": "Huế"}'}}
    ]
    assert example.messages[2].tool_call_id == "call_1"
    assert example.completion_text == "31 degrees."


def test_alpaca_joins_instruction_and_input() -> None:
    example = formats.create_format("alpaca").to_example(
        {"instruction": "Translate.", "input": "xin chào", "output": "hello"}
    )
    assert example.prompt_text == "Translate.\n\nxin chào"


def test_pairs_writes_an_object_as_compact_json_in_the_order_given() -> None:
    row = {"id": "T-1", "text": "broken", "channel": "mail", "triage": {"urgency": "high", "intent": "defect"}}
    example = formats.create_format("pairs").to_example(row)
    assert example.completion_text == '{"urgency":"high","intent":"defect"}'
    assert example.metadata == {"id": "T-1", "channel": "mail"}


def test_pairs_accepts_a_system_message_and_a_template() -> None:
    options = {"output": "label", "system": "Sort tickets.", "template": "{channel}: {text} {{done}}"}
    example = formats.create_format("pairs", options).to_example({"text": "hi", "channel": "mail", "label": 3, "id": 7})
    assert [message.text for message in example.messages] == ["Sort tickets.", "mail: hi {done}"]
    assert (example.completion_text, example.metadata) == ("3", {"id": 7})


@pytest.mark.parametrize("template", ["{text.__class__}", "{text[0]}", "{text!r}", "{text:>9}", "{", "no column", "{}"])
def test_pairs_rejects_templates_with_more_than_column_names(template: str) -> None:
    with pytest.raises(InvalidInput):
        formats.create_format("pairs", {"template": template})


@pytest.mark.parametrize("name", ["alpaca", "chat", "kto", "pairs", "preference", "sharegpt"])
def test_unknown_options_are_rejected(name: str) -> None:
    with pytest.raises(InvalidInput, match="no option 'colour'"):
        formats.create_format(name, {"colour": "red"})


@pytest.mark.parametrize(
    ("row", "name"),
    [
        ({"messages": [{"role": "user", "content": "a"}]}, "chat"),
        ({"messages": '[{"role": "user", "content": "a"}]'}, "chat"),
        ({"instruction": "a", "input": "", "output": "b"}, "alpaca"),
        ({"conversations": [{"from": "human", "value": "a"}]}, "sharegpt"),
        ({"prompt": "a", "chosen": "b", "rejected": "c"}, "preference"),
        ({"prompt": [{"role": "user", "content": "a"}], "chosen": [], "rejected": []}, "preference"),
        ({"question": "a", "answer": "b"}, "pairs"),
        ({"prompt": "a", "completion": "b"}, "pairs"),
        ({"id": 1, "text": "a", "triage": {"x": 1}}, "pairs"),
    ],
)
def test_a_format_is_detected_from_a_row(row: dict[str, object], name: str) -> None:
    assert formats.detect_format([row] * 3) == name


def test_rows_of_an_unknown_format_are_rejected_with_the_next_step() -> None:
    with pytest.raises(InvalidInput, match="--format pairs"):
        formats.detect_format([{"alpha": 1, "beta": 2}])


@pytest.mark.parametrize(
    ("name", "row", "reason"),
    [
        ("chat", {"messages": [{"role": "wizard", "content": "a"}]}, "role"),
        ("chat", {"messages": "hello"}, "not a list of messages"),
        ("chat", {"messages": [{"role": "assistant", "content": "a"}]}, "before its completion"),
        ("alpaca", {"instruction": "a"}, "no 'output'"),
        ("sharegpt", {"conversations": [{"from": "elf", "value": "a"}]}, "speaker 'elf'"),
        ("preference", {"chosen": "a", "rejected": "b"}, "no 'prompt'"),
        ("preference", {"prompt": "a", "chosen": "b"}, "no 'rejected'"),
        ("pairs", {"prompt": "a", "completion": None}, "'completion' has no value"),
        ("pairs", {"prompt": None, "completion": "b"}, "'prompt' has no value"),
    ],
)
def test_the_error_of_an_unreadable_row_names_the_reason(name: str, row: dict[str, object], reason: str) -> None:
    with pytest.raises(InvalidInput, match=reason):
        formats.create_format(name).to_example(row)


def test_a_preference_without_a_prompt_uses_the_common_prefix_of_both_completions() -> None:
    shared = [{"role": "user", "content": "a"}]
    row = {
        "chosen": [*shared, {"role": "assistant", "content": "good"}],
        "rejected": [*shared, {"role": "assistant", "content": "bad"}],
    }
    example = formats.create_format("preference").to_example(row)
    assert (example.prompt_text, example.completion_text, example.rejected and example.rejected.text) == (
        "a",
        "good",
        "bad",
    )
