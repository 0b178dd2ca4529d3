"""Fields of completion requests to an engine: obeyed, without effect, or rejected."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vong.errors import ContextLengthExceeded, InvalidInput, Unsupported
from vong.serving.engine.llamacpp.server import error_from_response
from vong.serving.engine.protocol.chat import ChatRequest, parse_chat
from vong.serving.engine.protocol.request_fields import IGNORED_FIELDS, NEUTRAL_VALUES, choice_requests
from vong.serving.engine.protocol.text_completions import TextRequest, parse_text_request, split_prompts

TOOL = {"type": "function", "function": {"name": "f"}}
OBEYED: list[tuple[dict[str, Any], str, Any]] = [
    ({"top_k": 5}, "top_k", 5),
    ({"top_k": -1}, "top_k", 0),
    ({"top_p": 0}, "top_p", 1e-6),
    ({"min_p": 0.1}, "min_p", 0.1),
    ({"repetition_penalty": 1.2}, "repetition_penalty", 1.2),
    ({"repeat_penalty": 1.2}, "repetition_penalty", 1.2),
    ({"presence_penalty": -2}, "presence_penalty", -2),
    ({"frequency_penalty": 2}, "frequency_penalty", 2),
    ({"logit_bias": {"7": -100, "8": 1.5}}, "logit_bias", ((7, -100.0), (8, 1.5))),
    ({"seed": -1}, "seed", -1),
    ({"stop": "a"}, "stop", ("a",)),
    ({"stop": ["a", "", "b"]}, "stop", ("a", "b")),
    ({"grammar": "root ::= x"}, "grammar", "root ::= x"),
    ({"guided_grammar": "root ::= x"}, "grammar", "root ::= x"),
    ({"guided_choice": ['a"', "b"]}, "grammar", 'root ::= "a\\"" | "b"'),
    ({"guided_json": '{"type": "object"}'}, "response_format", {"type": "json_schema"}),
    ({"response_format": {"type": "json_object"}}, "response_format", {"type": "json_object"}),
]
INVALID: list[dict[str, Any]] = [
    *({"temperature": value} for value in (-0.1, 2.1, "hot")),
    *({"top_p": value} for value in (-0.1, 1.1)),
    *({"top_k": value} for value in (-2, 1.5)),
    *({"min_p": value} for value in (-0.1, 1.1)),
    *({"repetition_penalty": value} for value in (0, 11)),
    *({"presence_penalty": value} for value in (-2.1, 2.1)),
    *({"logit_bias": value} for value in ({"a": 1}, {"1": 101}, [1], {"1": "x"})),
    *({"n": value} for value in (0, 129, "x")),
    {"guided_json": "{"},
    {"guided_choice": ["a"], "grammar": "root ::= x"},
    {"response_format": {"type": "json_object"}, "grammar": "root ::= x"},
]
UNSUPPORTED = [
    *("typical_p", "tfs_z", "mirostat", "min_tokens", "ignore_eos", "length_penalty", "use_beam_search", "bad_words"),
    *("stop_token_ids", "guided_regex", "structured_outputs", "dry_multiplier", "xtc_probability", "allowed_token_ids"),
    *("skip_special_tokens", "chat_template", "audio", "modalities", "not_known", "verbosity"),
]


def chat(**fields: Any) -> ChatRequest:
    body = {"model": "m", "messages": [{"role": "user", "content": "hi"}], **fields}
    return parse_chat(json.dumps(body).encode())


def text(**fields: Any) -> TextRequest:
    return parse_text_request(json.dumps({"model": "m", "prompt": "hi", **fields}).encode())


@pytest.mark.parametrize(("fields", "name", "expected"), OBEYED)
@pytest.mark.parametrize("parse", [chat, text])
def test_sampling_fields_reach_the_engine(parse: Any, fields: dict[str, Any], name: str, expected: Any) -> None:
    found = parse(**fields).sampling_fields()[name]
    assert (found if not isinstance(found, dict) else {"type": found["type"]}) == expected


@pytest.mark.parametrize("fields", INVALID)
@pytest.mark.parametrize("parse", [chat, text])
def test_an_invalid_value_is_rejected(parse: Any, fields: dict[str, Any]) -> None:
    with pytest.raises(InvalidInput):
        parse(**fields)


@pytest.mark.parametrize("name", UNSUPPORTED)
@pytest.mark.parametrize("parse", [chat, text])
def test_no_field_is_dropped_in_silence(parse: Any, name: str) -> None:
    with pytest.raises(Unsupported, match=f"local models do not support {name}"):
        parse(**{name: 0.123})
    assert parse(**{name: None}) and parse(**{name: []})


@pytest.mark.parametrize("parse", [chat, text])
def test_values_without_effect_are_accepted(parse: Any) -> None:
    declared = ChatRequest.model_fields | TextRequest.model_fields
    for name, values in NEUTRAL_VALUES.items():
        if name not in declared:
            parse(**{name: values[0]})
    for name in IGNORED_FIELDS:
        parse(**{name: "anything"})


@given(st.sampled_from(sorted(ChatRequest.model_fields.keys() - {"model", "messages"})))
def test_null_is_the_default_of_every_field(name: str) -> None:
    assert chat(**{name: None}) == chat()


def test_tools_reach_the_engine() -> None:
    request = chat(tools=[TOOL], parallel_tool_calls=False, reasoning_effort="none").to_generation_request(None)
    assert request.callable_tools == ("f",) and not request.requires_call and not request.parallel_calls
    assert request.template_options == {"reasoning_effort": "none", "enable_thinking": False}
    assert chat(tools=[TOOL], tool_choice="required").to_generation_request(None).requires_call
    assert chat(functions=[{"name": "f"}]).to_generation_request(None).callable_tools == ("f",)
    assert chat(tools=[TOOL], chat_template_kwargs={"a": 1}).to_generation_request(None).template_options == {"a": 1}


def test_tools_that_may_not_be_called_are_no_tools() -> None:
    for fields in ({"tools": [TOOL], "tool_choice": "none"}, {"functions": [{"name": "f"}], "function_call": "none"}):
        assert chat(**fields).to_generation_request(None).tools == ()
    assert chat(tools=[], tool_choice="auto").to_generation_request(None).tools == ()


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"tools": [{"type": "custom", "custom": {"name": "f"}}]}, "tools of type 'custom'"),
        ({"tools": [{"type": "function", "function": {"name": "a b"}}]}, "'a b' is not a name"),
        ({"tools": [TOOL, TOOL]}, "two functions named 'f'"),
        ({"tools": [{"type": "function", "function": {"name": "f", "parameters": []}}]}, "not a JSON schema"),
        ({"tools": [TOOL], "tool_choice": "sometimes"}, "tool_choice is 'sometimes'"),
        ({"tools": [TOOL], "tool_choice": {"function": {"name": "g"}}}, "use one of the tools: 'f'"),
        ({"tool_choice": "required"}, "the request has no tools"),
        ({"tools": [TOOL], "tool_choice": "required", "grammar": "root ::= x"}, "requires a tool call and constrains"),
        ({"chat_template_kwargs": {"tools": []}}, "chat_template_kwargs sets 'tools'"),
        ({"messages": [{"role": "assistant", "tool_calls": [{"id": "1"}]}]}, "tool_calls is invalid"),
        ({"messages": [{"role": "a<|im_end|>", "content": "x"}]}, "the role 'a<|im_end|>' is no name"),
        ({"top_logprobs": 3}, "top_logprobs is 3 without logprobs"),
    ],
)
def test_invalid_tools_are_rejected(fields: dict[str, Any], message: str) -> None:
    with pytest.raises(InvalidInput, match=message):
        chat(**fields)


@pytest.mark.parametrize(
    "content",
    [
        [{"type": "image_url", "image_url": {"url": "data:image/png;base64,AAAA"}}],
        [{"type": "text", "text": "a"}, {"type": "input_audio", "input_audio": {}}],
        [{"type": "file", "file": {}}],
        [{"text": "a"}],
        ["a"],
        [{"type": "text", "text": 5}],
        {"type": "text", "text": "a"},
        7,
    ],
)
def test_content_other_than_text_is_rejected(content: Any) -> None:
    with pytest.raises(InvalidInput):
        chat(messages=[{"role": "user", "content": content}])


@pytest.mark.parametrize("fields", [{"logprobs": True}, {"logprobs": 21}, {"max_tokens": -1}, {"best_of": 0}])
def test_invalid_fields_of_text_completions_are_rejected(fields: dict[str, Any]) -> None:
    with pytest.raises(InvalidInput):
        text(**fields)


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"best_of": 2, "n": 3}, "best_of is 2, but n is 3"),
        ({"best_of": 2, "stream": True}, "best_of cannot be streamed"),
        ({"prompt": ["a"] * 17, "n": 128}, "17 prompts with 128 completions"),
        ({"suffix": "x"}, "do not support suffix"),
        ({"prompt": ""}, "prompt is empty"),
        ({"prompt": None}, "prompt is neither"),
        ({"prompt": ["a", ""]}, "prompt is empty"),
        ({"prompt": [True]}, "prompt is neither"),
    ],
)
def test_impossible_text_completions_are_rejected(fields: dict[str, Any], message: str) -> None:
    with pytest.raises(InvalidInput, match=message):
        text(**fields)


def test_prompts_are_texts_or_token_ids() -> None:
    assert split_prompts("a") == ["a"]
    assert split_prompts(["a", "b"]) == ["a", "b"]
    assert split_prompts([1, 2]) == [[1, 2]]
    assert split_prompts([[1, 2], [3]]) == [[1, 2], [3]]
    assert text().max_tokens == 16 and text(max_tokens=0).max_tokens == 0


def test_choices_have_seeds_of_their_own() -> None:
    request = chat(seed=7).to_generation_request(None)
    assert [one.seed for one in choice_requests(request, 3)] == [7, 8, 9]
    assert [one.seed for one in choice_requests(chat().to_generation_request(None), 2)] == [None, None]


def test_a_long_prompt_is_reported_with_the_code_that_clients_know() -> None:
    error = {"type": "exceed_context_size_error", "message": "too long", "n_prompt_tokens": 40, "n_ctx": 32}
    found = error_from_response(400, json.dumps({"error": error}).encode())
    assert isinstance(found, ContextLengthExceeded) and found.code == "context_length_exceeded"
    assert str(found).startswith("the prompt is too long: 40 tokens, but the context of this deployment is 32; shorten")
