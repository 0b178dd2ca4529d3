"""Responses and legacy completions with the `openai` package and any model."""

import json
from typing import Any

import httpx
import openai
import pytest
from hypothesis import given
from hypothesis import strategies as st
from openai.types import Completion
from openai.types.responses import Response, ResponseStreamEvent
from pydantic import TypeAdapter

from tests.gateway.conftest import Server
from tests.gateway.fake_upstream import WORDS, FakeUpstream
from vong.gateway.translators.reasoning_envelope import pack_reasoning, unpack_reasoning
from vong.gateway.translators.responses_request import to_chat_request
from vong.gateway.translators.responses_response import ResponsesEventEncoder, to_response_object

PROMPT = "".join(WORDS)
EVENT: TypeAdapter[Any] = TypeAdapter(ResponseStreamEvent)
WEATHER: Any = {
    "type": "function",
    "name": "weather",
    "description": "The weather of a city.",
    "parameters": {"type": "object", "properties": {"city": {"type": "string"}}},
    "strict": None,
}


@pytest.fixture
def client(server: Server) -> openai.OpenAI:
    return openai.OpenAI(base_url=f"{server.url}/v1", api_key=server.key, max_retries=0)


@pytest.mark.parametrize("provider", ["fake", "claude", "echo"])
def test_responses_are_returned_by_any_model(client: openai.OpenAI, server: Server, provider: str) -> None:
    model = "echo/echo" if provider == "echo" else f"{provider}/plain"
    answer = client.responses.create(
        model=model, instructions="Be brief.", input=PROMPT, user="linh", max_output_tokens=50
    )
    assert answer.output_text == PROMPT
    assert (answer.status, answer.object, answer.instructions) == ("completed", "response", "Be brief.")
    assert answer.usage and answer.usage.output_tokens == 3
    Response.model_validate(answer.model_dump())
    span = server.span()
    assert answer.id == f"resp_{span.id.hex}"
    assert span.input["messages"] == [
        {"role": "system", "content": "Be brief."},
        {"role": "user", "content": PROMPT},
    ]
    assert (span.kind, span.user, span.attributes["vong.endpoint"]) == ("chat", "linh", "responses")


@pytest.mark.parametrize("provider", ["fake", "claude"])
def test_streamed_responses_are_returned_by_any_model(client: openai.OpenAI, server: Server, provider: str) -> None:
    events = list(client.responses.create(model=f"{provider}/plain", input=PROMPT, stream=True))
    assert [event.delta for event in events if event.type == "response.output_text.delta"] == WORDS
    assert [event.sequence_number for event in events] == list(range(len(events)))
    kinds = [event.type for event in events if not event.type.endswith("delta")]
    assert kinds == [
        "response.created",
        "response.in_progress",
        "response.output_item.added",
        "response.content_part.added",
        "response.output_text.done",
        "response.content_part.done",
        "response.output_item.done",
        "response.completed",
    ]
    last: Any = events[-1]
    assert last.response.output_text == PROMPT and last.response.usage.output_tokens == 3
    assert last.response.id == f"resp_{server.span().id.hex}"
    with client.responses.stream(model=f"{provider}/plain", input=PROMPT) as stream:
        assert stream.get_final_response().output_text == PROMPT


@pytest.mark.parametrize("provider", ["fake", "claude"])
def test_function_calls_and_their_results_are_supported(
    client: openai.OpenAI, fake: FakeUpstream, provider: str
) -> None:
    answer = client.responses.create(model=f"{provider}/tools", input="hi", tools=[WEATHER])
    (call,) = [item for item in answer.output if item.type == "function_call"]
    assert (call.name, json.loads(call.arguments)) == ("weather", {"city": "Huế"})
    streamed = list(client.responses.create(model=f"{provider}/tools", input="hi", tools=[WEATHER], stream=True))
    done = [event for event in streamed if event.type == "response.function_call_arguments.done"]
    assert [json.loads(event.arguments) for event in done] == [{"city": "Huế"}]
    result: Any = {"type": "function_call_output", "call_id": call.call_id, "output": "rain"}
    items: Any = [{"role": "user", "content": "hi"}, *answer.output, result]
    client.responses.create(model="fake/plain", input=items, tools=[WEATHER])
    text = fake.requests[-1].body["messages"]
    assert [message["role"] for message in text] == ["user", "assistant", "tool"]
    assert text[1]["tool_calls"][0]["id"] == text[2]["tool_call_id"]


def test_a_response_continues_an_earlier_one(client: openai.OpenAI, fake: FakeUpstream) -> None:
    first = client.responses.create(model="fake/plain", instructions="Be brief.", input="one")
    second = client.responses.create(model="fake/plain", input="two", previous_response_id=first.id, stream=True)
    last: Any = list(second)[-1]
    client.responses.create(
        model="claude/plain", instructions="Be long.", input="three", previous_response_id=last.response.id
    )
    asked = fake.requests[-1].body
    assert asked["system"] == [{"type": "text", "text": "Be long."}]
    texts = [(turn["role"], turn["content"][0]["text"]) for turn in asked["messages"]]
    assert texts == [("user", "one"), ("assistant", PROMPT), ("user", "two"), ("assistant", PROMPT), ("user", "three")]


def test_an_unknown_previous_response_is_an_error(client: openai.OpenAI, server: Server) -> None:
    for model, id in (("claude/plain", "resp_none"), ("fake/plain", f"resp_{'0' * 32}")):
        with pytest.raises(openai.BadRequestError, match="no response has the id"):
            client.responses.create(model=model, input="hi", previous_response_id=id)
    with pytest.raises(openai.APIStatusError):
        client.responses.create(model="fake/status-500", input="hi")
    failed = server.spans()[-1]
    with pytest.raises(openai.BadRequestError, match="is incomplete"):
        client.responses.create(model="fake/plain", input="hi", previous_response_id=f"resp_{failed.id.hex}")


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"input": ""}, "input is missing"),
        ({"input": [{"type": "message"}]}, "invalid responses request"),
        ({"input": [5]}, "invalid responses request"),
        ({"input": [{"type": "image_generation_call", "id": "w"}]}, "image_generation_call"),
        ({"tools": [{"type": "web_search"}]}, "runs at OpenAI only"),
        ({"background": True}, "does not support background"),
        ({"conversation": "conv_1"}, "does not support conversation"),
        ({"truncation": "auto"}, "does not support truncation"),
        ({"include": ["file_search_call.results"]}, "cannot include"),
    ],
)
def test_unsupported_fields_are_rejected(
    server: Server, fake: FakeUpstream, fields: dict[str, Any], message: str
) -> None:
    body = {"model": "claude/plain", "input": "hi", **fields}
    answer = httpx.post(f"{server.url}/v1/responses", headers={"authorization": f"Bearer {server.key}"}, json=body)
    assert answer.status_code == 400 and message in answer.json()["error"]["message"], answer.text
    assert not fake.requests


def test_a_broken_stream_ends_with_an_error_event(server: Server) -> None:
    body = {"model": "fake/drop", "input": "hi", "stream": True}
    answer = httpx.post(f"{server.url}/v1/responses", headers={"authorization": f"Bearer {server.key}"}, json=body)
    events = [event for event in answer.text.split("\n\n") if event]
    name, _, data = events[-1].partition("\n")
    assert name == "event: error" and json.loads(data[5:])["code"] == "upstream_failed"
    assert "response.completed" not in answer.text


# pure translation


TEXT = st.text(min_size=1, max_size=20)
CALL = st.builds(
    lambda id: {
        "id": f"call_{id}",
        "type": "function",
        "function": {"name": f"f{id % 9}", "arguments": '{"a": 1}'},
    },
    st.integers(0, 99),
)
TEXTS_AND_CALLS = st.fixed_dictionaries(
    {"content": st.none() | TEXT},
    optional={
        "refusal": TEXT,
        "reasoning_content": TEXT,
        "tool_calls": st.lists(CALL, min_size=1, max_size=3, unique_by=lambda call: str(call["id"])),
    },
)


@given(TEXTS_AND_CALLS, st.sampled_from(["stop", "length", "content_filter", "tool_calls"]))
def test_a_translated_response_round_trips(text: dict[str, Any], finish: str) -> None:
    thought = text.get("reasoning_content")
    details = [{"type": "reasoning.text", "text": thought, "signature": "s", "index": 0}]
    message = {"role": "assistant", **text, **({"reasoning_details": details} if thought else {})}
    choice = {"index": 0, "message": message, "finish_reason": finish}
    usage = {"prompt_tokens": 5, "completion_tokens": 2}
    completion = {"id": "x", "model": "m", "choices": [choice], "usage": usage}
    response = to_response_object(completion, {"model": "m", "input": "hi"}, "0" * 32)
    Response.model_validate(response)
    assert response["status"] == ("completed" if finish in ("stop", "tool_calls") else "incomplete")
    if not response["output"]:
        return
    (back,) = to_chat_request({"model": "m", "input": response["output"]})["messages"]
    assert {name: value for name, value in back.items() if value} == {n: v for n, v in message.items() if v}

    events = ResponsesEventEncoder({"model": "m", "input": "hi"}, "0" * 32)
    chunks: list[dict[str, Any]] = [{"reasoning_details": details}] if thought else []
    for name in ("reasoning_content", "content", "refusal"):
        chunks += [{name: letter} for letter in text.get(name) or ""]
    for index, call in enumerate(text.get("tool_calls") or []):
        begun = {**call, "index": index, "function": {**call["function"], "arguments": ""}}
        chunks.append({"tool_calls": [begun]})
        chunks += [{"tool_calls": [{"index": index, "function": {"arguments": c}}]} for c in '{"a": 1}']
    streamed = [
        event
        for delta in chunks
        for event in events.encode({"model": "m", "choices": [{"index": 0, "delta": delta, "finish_reason": None}]})
    ]
    streamed += events.encode({"choices": [{"index": 0, "delta": {}, "finish_reason": finish}], "usage": usage})
    streamed += events.finish()
    for event in streamed:
        EVENT.validate_python(event)
    (last,) = to_chat_request({"model": "m", "input": streamed[-1]["response"]["output"]})["messages"]
    assert last == back and streamed[-1]["type"] == f"response.{response['status']}"


def test_model_state_is_carried_in_encrypted_reasoning() -> None:
    details: list[dict[str, Any]] = [{"type": "reasoning.encrypted", "data": "…", "index": 0}]
    assert unpack_reasoning(pack_reasoning(details)) == details
    assert unpack_reasoning("gAAAA") == [{"type": "reasoning.encrypted", "data": "gAAAA", "index": 0}]


# legacy completions


def test_legacy_completions_are_answered(client: openai.OpenAI, server: Server) -> None:
    answer = client.completions.create(model="fake/plain", prompt=PROMPT, max_tokens=9)
    Completion.model_validate(answer.model_dump())
    assert (answer.object, answer.choices[0].text, answer.choices[0].finish_reason) == (
        "text_completion",
        PROMPT,
        "stop",
    )
    assert answer.usage and answer.usage.completion_tokens == 3
    chunks = list(client.completions.create(model="claude/plain", prompt=[PROMPT], stream=True))
    assert [chunk.choices[0].text for chunk in chunks if chunk.choices[0].text] == WORDS
    assert chunks[-1].choices[0].finish_reason == "stop"
    asked: Any = {"include_usage": True}
    message = list(client.completions.create(model="fake/plain", prompt=PROMPT, stream=True, stream_options=asked))
    assert [chunk.usage.completion_tokens for chunk in message if chunk.usage] == [3]
    assert [span.input["messages"] for span in server.spans()] == [[{"role": "user", "content": PROMPT}]] * 3


@pytest.mark.parametrize(
    "more",
    [
        *({"prompt": [1, 2]}, {"prompt": [[1]]}, {"suffix": "x"}, {"echo": True}, {"logprobs": 2}, {"best_of": 2}),
        *({"max_tokens": 0}, {"prompt": ""}, {"prompt": []}, {"prompt": ["a", ""]}, {"prompt": ["a", 1]}),
    ],
)
def test_completions_without_a_chat_equivalent_are_rejected(client: openai.OpenAI, more: dict[str, Any]) -> None:
    asked: Any = {"model": "claude/plain", "prompt": "hi", **more}
    with pytest.raises(openai.BadRequestError):
        client.completions.create(**asked)
