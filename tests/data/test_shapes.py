"""Rows as other trainers write them: read as they mean, or named and rejected."""

import json
from pathlib import Path
from typing import Any

import pytest

from vong.data import formats
from vong.data.formats.columns import parse_tools
from vong.data.importer import Importer
from vong.errors import InvalidInput
from vong.records import Example
from vong.training.rows.tokenization import message_weight, select_trainable

USER = {"role": "user", "content": "q"}
GOOD = {"role": "assistant", "content": "good"}
BAD = {"role": "assistant", "content": "bad"}
CALL = {"name": "find", "arguments": {"what": "x"}}


def import_rows(folder: Path, rows: list[Any], **settings: Any) -> tuple[list[Example], Importer]:
    path = folder / "rows.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    imported = Importer([(path, path.name)], **settings)
    return list(imported.iter_examples()), imported


def outline(example: Example) -> tuple[Any, ...]:
    """Return the texts of an Example: prompt by role, completion, rejected completion."""
    prompt = [(message.role, message.text) for message in example.messages]
    return prompt, example.completion and example.completion.text, example.rejected and example.rejected.text


READ: list[tuple[str, dict[str, Any], tuple[Any, ...]]] = [
    # text that looks like JSON stays text
    ("pairs", {"prompt": "[3, 1, 2]", "completion": "[1, 2, 3]"}, ([("user", "[3, 1, 2]")], "[1, 2, 3]", None)),
    ("pairs", {"prompt": '{"a": 1}', "completion": '[{"a": 1}]'}, ([("user", '{"a": 1}')], '[{"a": 1}]', None)),
    ("pairs", {"prompt": "[]", "completion": "{}"}, ([("user", "[]")], "{}", None)),
    ("pairs", {"prompt": "[" * 3000, "completion": "{"}, ([("user", "[" * 3000)], "{", None)),
    ("chat", {"messages": [USER], "completion": '{"a": 1}'}, ([("user", "q")], '{"a": 1}', None)),
    ("chat", {"messages": [USER], "completion": '[{"a": 1}]'}, ([("user", "q")], '[{"a": 1}]', None)),
    ("preference", {"prompt": "[1]", "chosen": "[2]", "rejected": '{"a":3}'}, ([("user", "[1]")], "[2]", '{"a":3}')),
    ("alpaca", {"instruction": "[1]", "input": "{}", "output": "[{}]"}, ([("user", "[1]\n\n{}")], "[{}]", None)),
    # chat
    ("chat", {"messages": [USER, GOOD]}, ([("user", "q")], "good", None)),
    ("chat", {"messages": json.dumps([USER, GOOD])}, ([("user", "q")], "good", None)),
    ("chat", {"messages": [USER, GOOD], "system": "s"}, ([("system", "s"), ("user", "q")], "good", None)),
    ("chat", {"prompt": [USER], "completion": [GOOD]}, ([("user", "q")], "good", None)),
    ("chat", {"prompt": "q", "completion": [GOOD]}, ([("user", "q")], "good", None)),
    (
        "chat",
        {"messages": [{"role": "Human", "content": "q"}, {"role": "ASSISTANT", "content": "good"}]},
        ([("user", "q")], "good", None),
    ),
    (
        "chat",
        {"messages": [{"role": "user", "value": "q"}, {"role": "model", "text": "good"}]},
        ([("user", "q")], "good", None),
    ),
    (
        "chat",
        {"contents": [{"role": "user", "parts": [{"text": "q"}]}, {"role": "model", "parts": [{"text": "good"}]}]},
        ([("user", "q")], "good", None),
    ),
    (
        "chat",
        {
            "messages": [
                {"role": "user", "content": [{"type": "text", "value": "q"}], "loss_weight": 0.0},
                {"role": "assistant", "content": [{"type": "text", "value": "good"}], "loss_weight": 1.0},
            ]
        },
        ([("user", "q")], "good", None),
    ),
    (
        "chat",
        {
            "messages": [
                {"role": "user", "content": [{"type": "image_url", "value": "a.jpg"}, {"type": "text", "value": "q"}]},
                {"role": "assistant", "content": [{"type": "output_text", "text": "good"}]},
            ]
        },
        ([("user", "q")], "good", None),
    ),
    ("chat", {"messages": [USER, {"role": "assistant", "refusal": "no"}]}, ([("user", "q")], "no", None)),
    ("chat", {"text": "### Human: q### x\n### Assistant: good"}, ([("user", "q### x")], "good", None)),
    (
        "chat",
        {"text": "<|im_start|>user\nq<|im_end|>\n<|im_start|>assistant\ngood<|im_end|>\n"},
        ([("user", "q")], "good", None),
    ),
    # ShareGPT
    (
        "sharegpt",
        {"conversations": [{"from": "Human", "value": "q"}, {"from": "gpt", "value": "good"}], "system": "s"},
        ([("system", "s"), ("user", "q")], "good", None),
    ),
    (
        "sharegpt",
        {"conversations": [{"role": "user", "content": "q"}, {"role": "assistant", "content": "good"}]},
        ([("user", "q")], "good", None),
    ),
    # Alpaca, Dolly, tables with capital names
    ("alpaca", {"instruction": "q", "input": None, "output": "good"}, ([("user", "q")], "good", None)),
    ("alpaca", {"instruction": "q", "context": "c", "response": "good"}, ([("user", "q\n\nc")], "good", None)),
    ("alpaca", {"instruction": "q", "input": "c", "response": "good"}, ([("user", "q\n\nc")], "good", None)),
    ("pairs", {"Question": "q", "Answer": "good"}, ([("user", "q")], "good", None)),
    ("pairs", {"Question, in full": "q", "answer (short)": "good"}, ([("user", "q")], "good", None)),
    ("pairs", {"text": "q", "label": True}, ([("user", "q")], "true", None)),
    ("pairs", {"text": "q", "label": 0}, ([("user", "q")], "0", None)),
    # preference
    ("preference", {"prompt": "q", "chosen": "good", "rejected": "bad"}, ([("user", "q")], "good", "bad")),
    (
        "preference",
        {"instruction": "q", "input": "c", "chosen": "good", "rejected": "bad"},
        ([("user", "q\n\nc")], "good", "bad"),
    ),
    ("preference", {"instruction": "q", "output": "good", "rejected": "bad"}, ([("user", "q")], "good", "bad")),
    (
        "preference",
        {
            "conversations": [{"from": "human", "value": "q"}],
            "chosen": {"from": "gpt", "value": "good"},
            "rejected": {"from": "gpt", "value": "bad"},
        },
        ([("user", "q")], "good", "bad"),
    ),
    ("preference", {"messages": [USER], "chosen": GOOD, "rejected": BAD}, ([("user", "q")], "good", "bad")),
    ("preference", {"prompt": "q", "chosen": [USER, GOOD], "rejected": [USER, BAD]}, ([("user", "q")], "good", "bad")),
    ("preference", {"chosen": [USER, GOOD], "rejected": [USER, BAD]}, ([("user", "q")], "good", "bad")),
    (
        "preference",
        {"chosen_messages": [USER, GOOD], "rejected_messages": [USER, BAD]},
        ([("user", "q")], "good", "bad"),
    ),
    ("preference", {"question": "q", "response_j": "good", "response_k": "bad"}, ([("user", "q")], "good", "bad")),
    (
        "preference",
        {"input": {"messages": [USER]}, "preferred_output": [GOOD], "non_preferred_output": [BAD]},
        ([("user", "q")], "good", "bad"),
    ),
    (
        "preference",
        {"chosen": "\n\nHuman: q\n\nAssistant: good", "rejected": "\n\nHuman: q\n\nAssistant: bad"},
        ([("user", "q")], "good", "bad"),
    ),
    (
        "preference",
        {"prompt": "\n\nHuman: a\n\nAssistant: b\n\nHuman: q\n\nAssistant:", "chosen": "good", "rejected": "bad"},
        ([("user", "a"), ("assistant", "b"), ("user", "q")], "good", "bad"),
    ),
    (
        "preference",
        {"prompt": "write a dialogue", "chosen": "Human: x\n\nAssistant: y", "rejected": "bad"},
        ([("user", "write a dialogue")], "Human: x\n\nAssistant: y", "bad"),
    ),
    (
        "preference",
        {"system": "s", "question": "q", "chosen": "good", "rejected": "bad"},
        ([("system", "s"), ("user", "q")], "good", "bad"),
    ),
    # context beside the question
    (
        "pairs",
        {"id": 1, "system_prompt": "s", "question": "q", "response": "good"},
        ([("system", "s"), ("user", "q")], "good", None),
    ),
    (
        "pairs",
        {"query": "q", "response": "good", "system": "s", "history": [["p", "a"]]},
        ([("system", "s"), ("user", "p"), ("assistant", "a"), ("user", "q")], "good", None),
    ),
    (
        "chat",
        {
            "systemInstruction": {"parts": [{"text": "s"}]},
            "contents": [{"role": "user", "parts": [{"text": "q"}]}, {"role": "model", "parts": [{"text": "good"}]}],
        },
        ([("system", "s"), ("user", "q")], "good", None),
    ),
    (
        "sharegpt",
        {
            "system_prompt": "s",
            "conversations": [{"from": "human", "value": "q"}, {"from": "gpt", "value": "good"}],
        },
        ([("system", "s"), ("user", "q")], "good", None),
    ),
    # a worse answer beside the conversation
    ("chat", {"messages": [USER, GOOD], "rejected_response": "bad"}, ([("user", "q")], "good", "bad")),
    ("chat", {"messages": [USER, GOOD], "rejected_messages": [USER, BAD]}, ([("user", "q")], "good", "bad")),
    (
        "preference",
        {"query": "q", "response": "good", "rejected_response": "bad", "history": [["p", "a"]]},
        ([("user", "p"), ("assistant", "a"), ("user", "q")], "good", "bad"),
    ),
    # KTO
    ("kto", {"prompt": "q", "completion": "good", "label": True}, ([("user", "q")], "good", None)),
    ("kto", {"prompt": "q", "completion": "bad", "label": False}, ([("user", "q")], None, "bad")),
    ("kto", {"prompt": [USER], "completion": [BAD], "label": False}, ([("user", "q")], None, "bad")),
    ("kto", {"instruction": "q", "output": "bad", "kto_tag": "false"}, ([("user", "q")], None, "bad")),
    ("kto", {"instruction": "q", "output": "bad", "label": 0}, ([("user", "q")], None, "bad")),
    ("kto", {"messages": [USER, BAD], "label": False}, ([("user", "q")], None, "bad")),
    ("kto", {"question": "q", "answer": "bad", "thumbs": -1}, ([("user", "q")], None, "bad")),
    ("kto", {"question": "q", "answer": "bad", "rating": "👎"}, ([("user", "q")], None, "bad")),
    (
        "kto",
        {"conversations": [{"from": "human", "value": "q"}, {"from": "gpt", "value": "bad"}], "is_good": False},
        ([("user", "q")], None, "bad"),
    ),
]


@pytest.mark.parametrize(("name", "row", "expected"), READ)
def test_a_row_is_detected_and_read(tmp_path: Path, name: str, row: dict[str, Any], expected: Any) -> None:
    examples, imported = import_rows(tmp_path, [row] * 2)
    assert imported.formats == {"rows.jsonl": name}
    assert outline(examples[0]) == expected
    assert outline(examples[1]) == expected


REJECTED: list[tuple[Any, str]] = [
    ({"content": "a document"}, "only the text 'content'.*'prompt'.*knowledge upload.*--format text"),
    ({"prompt": "q"}, "only the text 'prompt'"),
    ({"prompt": "q", "completions": ["a"], "labels": [True]}, "stepwise supervision.*'label' for each step"),
    ({"segments": [{"label": True, "text": "a"}]}, "segments.*'messages'"),
    ({"history": "q", "human_ref_A": "a", "human_ref_B": "b", "labels": 1}, "SHP.*'chosen'"),
    ({"prompt": "q", "answers": [{"answer": "a", "rank": 1}]}, "ranked answers.*'chosen'"),
    ({"prompt": "q", "response_0": "a", "response_1": "b", "better_response_id": 1}, "two answers.*'chosen'"),
    ({"prompt": "q", "response_a": "a", "response_b": "b", "winner": "model_b"}, "two answers.*'chosen'"),
    ({"query": "q", "answers": '[{"name": "f"}]', "tools": "[]"}, "tool calls .xLAM.*'tool_calls'"),
    ({"system": "s", "chat": "USER: q\n\nASSISTANT: a"}, "Glaive.*'messages'"),
    ({"messages": [USER, GOOD], "rejected_messages": [GOOD, BAD]}, "other messages before its last answer"),
    (
        {"messages": [USER, {**GOOD, "train_detail": [{"begin_offset": 0, "end_offset": 1, "train": False}]}]},
        "only parts of its text .'train_detail'",
    ),
    ({"messages": [USER, {**GOOD, "loss_mask": [0, 1]}]}, "only parts of its text .'loss_mask'"),
    ({"messages": [USER, {"role": "assistant", "tool_calls": [{"function": {"arguments": "{}"}}]}]}, "call .* no name"),
    ({"question_id": 1, "turns": ["q"]}, "questions without answers"),
    ({"message_id": "1", "parent_id": None, "text": "q", "role": "prompter"}, "OpenAssistant.*each path"),
    ({"custom_id": "1", "method": "POST", "url": "/v1", "body": {}}, "batch"),
    ({"alpha": 1, "beta": 2}, "columns: 'alpha', 'beta'.*--format pairs"),
    ({"messages": []}, "no message before its completion"),
    ({"messages": [GOOD]}, "no message before its completion"),
    ({"messages": [{"role": "wizard", "content": "a"}, GOOD]}, "message 1 of 'messages' has the unknown role 'wizard'"),
    ({"messages": [USER, {"role": "assistant", "content": None}]}, "message 2 of 'messages' has no content"),
    ({"messages": [USER, {"role": "assistant"}]}, "message 2 of 'messages' has no content.*'role'"),
    ({"messages": [{"content": "q"}, GOOD]}, "message 1 of 'messages' has no role"),
    ({"messages": [{"role": "user", "content": [{"type": "text"}]}, GOOD]}, "part 1 of message 1 .* has no text"),
    ({"messages": [{"role": "user", "content": [{"type": "x", "y": 1}]}, GOOD]}, "unknown type 'x'"),
    ({"messages": [{"role": "user", "content": [1]}, GOOD]}, "part 1 of message 1 .* is not an object"),
    (
        {"messages": [USER, {"role": "assistant", "content": [{"type": "image_url", "image_url": {"url": "u"}}]}]},
        "no text that can be trained",
    ),
    ({"messages": [USER], "completion": USER}, "'completion' has the role 'user'"),
    ({"messages": [USER], "completion": [GOOD, BAD]}, "2 messages instead of one"),
    (
        {"conversations": [{"from": "human", "value": "q"}, {"from": "function_call", "value": "{'name': 'f'}"}]},
        "function call without a name.*JSON",
    ),
    ({"chosen": [USER, GOOD], "rejected": [GOOD, BAD]}, "start with different messages"),
    ({"chosen": "good", "rejected": "bad"}, "no 'prompt'"),
    ({"prompt": "q", "chosen": ["good"], "rejected": ["bad"]}, "neither text nor messages"),
    ({"prompt": "q", "completion": "a", "weight": -1}, "weight is -1.0.*from 0"),
    ({"prompt": "q", "completion": "a", "weight": 1e300}, "weight is 1e.300.*from 0"),
    ({"prompt": "q", "completion": "a", "weight": "-0.5"}, "weight is -0.5"),
    ({"prompt": "q", "completion": "a", "weight": "inf"}, "weight.*finite"),
    ({"prompt": "q", "completion": "a", "weight": "nan"}, "weight.*finite"),
    ({"prompt": "q", "completion": "a", "split": "tr\0ain"}, "metadata.split contains the character NUL"),
    ({"prompt": "q", "completion": "a", "note": ["x\0"]}, r"metadata.note\[0\] contains the character NUL"),
    ({"prompt": "q", "completion": "a", "no\0te": 1}, "a name in metadata contains the character NUL"),
]


@pytest.mark.parametrize(("row", "reason"), REJECTED)
def test_a_row_that_cannot_be_read_is_named(tmp_path: Path, row: dict[str, Any], reason: str) -> None:
    with pytest.raises(InvalidInput) as raised:
        import_rows(tmp_path, [row])
    assert raised.value.hint
    assert raised.match(f"(?s)rows.jsonl.*{reason}")
    assert "\0" not in str(raised.value)


@pytest.mark.parametrize(
    "row",
    [
        {"prompt": "q", "completion": "a", "note": "\ud83d"},
        {"prompt": "\ud83d", "completion": "a"},
        {"prompt": "q", "completion": "a", "\udc00": 1},
        {"messages": json.dumps([USER, {"role": "assistant", "content": "\ud83d"}])},
        {"conversations": [{"from": "human", "value": "q"}, {"from": "function_call", "value": '{"name": "\\ud83d"}'}]},
        {"prompt": "q", "completion": "a", "note": float("inf")},
        {"prompt": "q", "completion": "a", "weight": float("nan")},
    ],
)
@pytest.mark.parametrize("name", ["rows.json", "rows.jsonl"])
def test_a_value_that_cannot_be_stored_is_an_invalid_row(tmp_path: Path, name: str, row: dict[str, Any]) -> None:
    good = {"messages": [USER, GOOD]}
    texts = [json.dumps(good if "messages" in row else {"prompt": "q", "completion": "a"}), json.dumps(row)]
    path = tmp_path / name
    path.write_text("[" + ",".join(texts) + "]" if name == "rows.json" else "\n".join(texts))
    imported = Importer([(path, name)], on_error="skip", format="sharegpt" if "conversations" in row else None)
    if "conversations" in row:
        path.write_text(json.dumps([row]))
    list(imported.iter_examples())
    assert imported.counts["skipped"] == 1
    imported.skipped[0].reason.encode()


def test_the_weight_of_a_message_is_the_weight_of_the_row(tmp_path: Path) -> None:
    for key, value, weight in (("weight", 0, 0.0), ("loss_weight", 0.5, 0.5), ("train", False, 0.0)):
        rows = [{"messages": [USER, {**GOOD, key: value}]}, {"messages": [USER, GOOD]}]
        examples, _ = import_rows(tmp_path, rows)
        assert [example.weight for example in examples] == [weight, 1.0]
        assert examples[0].completion == examples[1].completion


@pytest.mark.parametrize(
    ("text", "weight", "metadata"),
    [("0.5", 0.5, {}), (" 2 ", 2.0, {}), ("1e-1", 0.1, {}), ("", 1.0, {}), ("12 kg", 1.0, {"weight": "12 kg"})],
)
def test_a_column_of_numbers_named_weight_is_the_weight(
    tmp_path: Path, text: str, weight: float, metadata: dict[str, Any]
) -> None:
    path = tmp_path / "rows.csv"
    path.write_text(f"prompt,completion,weight\nq,a,{text}\n")
    imported = Importer([(path, path.name)])
    (example,) = imported.iter_examples()
    assert (example.weight, example.metadata) == (weight, metadata)
    assert bool(imported.warnings) == bool(metadata)


def test_an_import_without_any_positive_weight_is_refused(tmp_path: Path) -> None:
    row = {"prompt": "q", "completion": "a"}
    with pytest.raises(InvalidInput, match="all 2 rows have the weight 0"):
        import_rows(tmp_path, [{**row, "weight": 0}] * 2)
    assert len(import_rows(tmp_path, [{**row, "weight": 0}, row])[0]) == 2


@pytest.mark.parametrize("format_", ["alpaca", "pairs", "kto", None])
def test_a_negative_label_is_never_trained_as_an_answer(tmp_path: Path, format_: str | None) -> None:
    rows = [{"instruction": "q", "output": text, "label": label} for text, label in (("good", True), ("bad", False))]
    examples, imported = import_rows(tmp_path, rows, format=format_)
    assert [example.completion_text for example in examples] == ["good", ""]
    assert examples[1].rejected is not None
    assert "1 of 2 rows are marked as bad" in imported.warnings[0]


def test_ratings_are_metadata_with_a_warning(tmp_path: Path) -> None:
    examples, imported = import_rows(tmp_path, [{"prompt": "q", "completion": "a", "rating": 2}])
    assert examples[0].metadata == {"rating": 2}
    assert "'rating'" in imported.warnings[0]


def test_calls_in_every_notation_become_tool_calls(tmp_path: Path) -> None:
    arguments = json.dumps(CALL["arguments"])
    notations: list[list[dict[str, Any]]] = [
        [
            USER,
            {"role": "assistant", "content": None, "function_call": {"name": "find", "arguments": arguments}},
            {"role": "function", "name": "find", "content": "found"},
            GOOD,
        ],
        [
            USER,
            {"role": "assistant", "content": [{"type": "tool_call", "value": json.dumps(CALL)}]},
            {"role": "observation", "content": "found"},
            GOOD,
        ],
        [
            USER,
            {"role": "assistant", "content": [{"type": "tool_use", "id": "1", "name": "find", "input": {"what": "x"}}]},
            {"role": "tool", "content": "found", "tool_call_id": "1"},
            GOOD,
        ],
        [
            USER,
            {"role": "assistant", "tool_calls": json.dumps([{"id": "1", "function": {"name": "find"}}])},
            {"role": "tool", "content": "found", "tool_call_id": "1"},
            GOOD,
        ],
    ]
    for messages in notations:
        examples, _ = import_rows(tmp_path, [{"messages": messages}])
        call, result = examples[0].messages[1:]
        assert call.tool_calls is not None
        assert call.tool_calls[0]["function"]["name"] == "find"
        assert (result.role, result.tool_call_id) == ("tool", call.tool_calls[0]["id"])


def test_a_sharegpt_turn_may_have_several_calls(tmp_path: Path) -> None:
    turns = [
        {"from": "human", "value": "q"},
        {"from": "function_call", "value": json.dumps([CALL, CALL])},
        {"from": "observation", "value": "one"},
        {"from": "observation", "value": "two"},
        {"from": "gpt", "value": "good"},
    ]
    examples, _ = import_rows(tmp_path, [{"conversations": turns}])
    calls = examples[0].messages[1].tool_calls or []
    assert [message.tool_call_id for message in examples[0].messages[2:]] == [call["id"] for call in calls]
    assert len({call["id"] for call in calls}) == 2


# https://github.com/hiyouga/LlamaFactory/issues/7547: a blank column of tools stops the whole run
@pytest.mark.parametrize("tools", ["", " ", "\n", "[]", "{}", "null", None, [], {}, [""], ["{}"]])
def test_blank_tools_are_no_tools(tools: Any) -> None:
    for row in ({"messages": [USER, GOOD], "tools": tools}, {"messages": [USER, GOOD], "functions": tools}):
        assert formats.create_format("chat").to_example(row).tools is None


@pytest.mark.parametrize("tools", [[{"name": "f"}], '[{"name": "f"}]', ['{"name": "f"}'], {"name": "f"}])
def test_tools_are_read_as_list_or_as_text(tools: Any) -> None:
    example = formats.create_format("chat").to_example({"messages": [USER, GOOD], "tools": tools})
    assert example.tools == ({"name": "f"},)


def test_reasoning_of_a_part_is_kept_beside_the_answer(tmp_path: Path) -> None:
    parts = [{"type": "reasoning", "value": "think"}, {"type": "text", "value": "good"}]
    examples, _ = import_rows(tmp_path, [{"messages": [USER, {"role": "assistant", "content": parts}]}])
    assert examples[0].completion is not None
    assert examples[0].completion.model_extra == {"reasoning_content": "think"}
    assert examples[0].completion_text == "good"


@pytest.mark.parametrize("field", ["weight", "loss_weight", "train", "training", "trainable", "loss", "loss_mask"])
@pytest.mark.parametrize("value", [0, False])
def test_an_answer_without_loss_is_never_trained(tmp_path: Path, field: str, value: Any) -> None:
    rows = [{"messages": [USER, {**BAD, field: value}]}, {"messages": [USER, GOOD]}]
    (bad, good), _ = import_rows(tmp_path, rows)
    assert (bad.weight, good.weight) == (0, 1)
    rows = [{"messages": [USER, {**BAD, field: value}, USER, GOOD]}]
    (example,), _ = import_rows(tmp_path, rows)
    assert select_trainable([example], "all").examples == [example]
    assert message_weight(example.messages[1]) == 0


@pytest.mark.parametrize(
    "call",
    [
        {"name": "f", "arguments": {"x": 1}},
        {"type": "function", "function": {"name": "f", "parameters": {"x": 1}}},
        {"id": "1", "function": {"name": "f", "arguments": '{"x": 1}'}},
    ],
)
def test_calls_of_a_message_have_the_form_of_openai(tmp_path: Path, call: dict[str, Any]) -> None:
    (example,), _ = import_rows(tmp_path, [{"messages": [USER, {"role": "assistant", "tool_calls": [call]}]}])
    assert example.completion is not None
    assert example.completion.tool_calls is not None
    found = example.completion.tool_calls[0]
    arguments = found["function"]["arguments"]
    assert found["type"] == "function"
    assert found["function"]["name"] == "f"
    assert (json.loads(arguments) if isinstance(arguments, str) else arguments) == {"x": 1}


def test_a_call_without_arguments_has_an_empty_object(tmp_path: Path) -> None:
    call = {"function": {"name": "f", "arguments": None}}
    (example,), _ = import_rows(tmp_path, [{"messages": [USER, {"role": "assistant", "tool_calls": [call]}]}])
    assert example.completion is not None
    assert example.completion.tool_calls == [{"type": "function", "function": {"name": "f", "arguments": "{}"}}]


def test_results_of_tools_in_turns_of_the_user_are_results(tmp_path: Path) -> None:
    result = {"type": "tool_result", "tool_use_id": "c1", "content": [{"type": "text", "text": "21 degrees"}]}
    turns = [USER, {"role": "assistant", "content": [{"type": "tool_use", "id": "c1", "name": "f", "input": {}}]}]
    turns += [{"role": "user", "content": [result, {"type": "text", "text": "thanks"}]}, GOOD]
    (example,), _ = import_rows(tmp_path, [{"messages": turns}])
    assert [message.role for message in example.messages] == ["user", "assistant", "tool", "user"]
    assert (example.messages[2].tool_call_id, example.messages[2].text) == ("c1", "21 degrees")
    assert example.messages[3].text == "thanks"


@pytest.mark.parametrize("schema", ["parameters", "input_schema"])
def test_tools_that_are_only_functions_are_wrapped(schema: str) -> None:
    tools = parse_tools({"tools": [{"name": "f", "description": "d", schema: {"type": "object"}}]})
    assert tools == (
        {"type": "function", "function": {"name": "f", "description": "d", "parameters": {"type": "object"}}},
    )


def test_images_of_a_column_are_parts_so_that_training_leaves_the_row_out(tmp_path: Path) -> None:
    row = {"messages": [{"role": "user", "content": "<image>what?<image>"}, GOOD], "images": ["a.png"]}
    (example, table), _ = import_rows(tmp_path, [row, {"messages": [USER, GOOD], "images": ["a.png"]}])
    parts = [{"type": "image", "image": "a.png"}, {"type": "text", "text": "what?<image>"}]
    assert example.messages[0].content == parts
    assert select_trainable([example]).media == 1
    assert table.messages[0].content == "q"
