"""Responses and old completions: the `openai` package asks any model in them."""

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

from vong.gateway.translators.reasoning_envelope import pack_reasoning, unpack_reasoning
from vong.gateway.translators.responses_request import to_chat_request
from vong.gateway.translators.responses_response import ResponsesEventEncoder, to_response_object

from .conftest import Server
from .fake_upstream import WORDS, FakeUpstream

SAID = "".join(WORDS)
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
def test_a_response_of_any_model(client: openai.OpenAI, server: Server, provider: str) -> None:
    model = "echo/echo" if provider == "echo" else f"{provider}/plain"
    answer = client.responses.create(
        model=model, instructions="Be brief.", input=SAID, user="linh", max_output_tokens=50
    )
    assert answer.output_text == SAID
    assert (answer.status, answer.object, answer.instructions) == ("completed", "response", "Be brief.")
    assert answer.usage and answer.usage.output_tokens == 3
    Response.model_validate(answer.model_dump())
    span = server.span()
    assert answer.id == f"resp_{span.id.hex}"
    assert span.input["messages"] == [
        {"role": "system", "content": "Be brief."},
        {"role": "user", "content": SAID},
    ]
    assert (span.kind, span.user, span.attributes["vong.endpoint"]) == ("chat", "linh", "responses")


@pytest.mark.parametrize("provider", ["fake", "claude"])
def test_a_streamed_response(client: openai.OpenAI, server: Server, provider: str) -> None:
    events = list(client.responses.create(model=f"{provider}/plain", input=SAID, stream=True))
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
    assert last.response.output_text == SAID and last.response.usage.output_tokens == 3
    assert last.response.id == f"resp_{server.span().id.hex}"
    with client.responses.stream(model=f"{provider}/plain", input=SAID) as stream:
        assert stream.get_final_response().output_text == SAID


@pytest.mark.parametrize("provider", ["fake", "claude"])
def test_a_function_is_called_and_its_result_sent(client: openai.OpenAI, fake: FakeUpstream, provider: str) -> None:
    answer = client.responses.create(model=f"{provider}/tools", input="hi", tools=[WEATHER])
    (call,) = [item for item in answer.output if item.type == "function_call"]
    assert (call.name, json.loads(call.arguments)) == ("weather", {"city": "Huế"})
    streamed = list(client.responses.create(model=f"{provider}/tools", input="hi", tools=[WEATHER], stream=True))
    done = [event for event in streamed if event.type == "response.function_call_arguments.done"]
    assert [json.loads(event.arguments) for event in done] == [{"city": "Huế"}]
    result: Any = {"type": "function_call_output", "call_id": call.call_id, "output": "rain"}
    items: Any = [{"role": "user", "content": "hi"}, *answer.output, result]
    client.responses.create(model="fake/plain", input=items, tools=[WEATHER])
    said = fake.requests[-1].body["messages"]
    assert [message["role"] for message in said] == ["user", "assistant", "tool"]
    assert said[1]["tool_calls"][0]["id"] == said[2]["tool_call_id"]


def test_a_response_goes_on_from_an_earlier_one(client: openai.OpenAI, fake: FakeUpstream) -> None:
    first = client.responses.create(model="fake/plain", instructions="Be brief.", input="one")
    second = client.responses.create(model="fake/plain", input="two", previous_response_id=first.id, stream=True)
    last: Any = list(second)[-1]
    client.responses.create(
        model="claude/plain", instructions="Be long.", input="three", previous_response_id=last.response.id
    )
    asked = fake.requests[-1].body
    assert asked["system"] == [{"type": "text", "text": "Be long."}]
    texts = [(turn["role"], turn["content"][0]["text"]) for turn in asked["messages"]]
    assert texts == [("user", "one"), ("assistant", SAID), ("user", "two"), ("assistant", SAID), ("user", "three")]


def test_an_earlier_response_that_is_not_there(client: openai.OpenAI, server: Server) -> None:
    for model, id in (("claude/plain", "resp_none"), ("fake/plain", f"resp_{'0' * 32}")):
        with pytest.raises(openai.NotFoundError, match="no response has the id"):
            client.responses.create(model=model, input="hi", previous_response_id=id)
    with pytest.raises(openai.APIStatusError):
        client.responses.create(model="fake/status-500", input="hi")
    failed = server.spans()[-1]
    with pytest.raises(openai.BadRequestError, match="is incomplete"):
        client.responses.create(model="fake/plain", input="hi", previous_response_id=f"resp_{failed.id.hex}")


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({"input": ""}, "input is missing"),
        ({"input": [{"type": "message"}]}, "invalid responses request"),
        ({"input": [5]}, "invalid responses request"),
        ({"input": [{"type": "web_search_call", "id": "w"}]}, "web_search_call"),
        ({"tools": [{"type": "web_search"}]}, "runs at OpenAI only"),
        ({"background": True}, "does not support background"),
        ({"conversation": "conv_1"}, "does not support conversation"),
        ({"truncation": "auto"}, "does not support truncation"),
        ({"include": ["file_search_call.results"]}, "cannot include"),
    ],
)
def test_what_cannot_be_done_is_refused(server: Server, fake: FakeUpstream, fields: dict[str, Any], told: str) -> None:
    body = {"model": "claude/plain", "input": "hi", **fields}
    answer = httpx.post(f"{server.url}/v1/responses", headers={"authorization": f"Bearer {server.key}"}, json=body)
    assert answer.status_code == 400 and told in answer.json()["error"]["message"], answer.text
    assert not fake.requests


def test_a_stream_that_breaks_off_ends_with_an_error_event(server: Server) -> None:
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
SPOKEN = st.fixed_dictionaries(
    {"content": st.none() | TEXT},
    optional={
        "refusal": TEXT,
        "reasoning_content": TEXT,
        "tool_calls": st.lists(CALL, min_size=1, max_size=3, unique_by=lambda call: str(call["id"])),
    },
)


@given(SPOKEN, st.sampled_from(["stop", "length", "content_filter", "tool_calls"]))
def test_an_answer_comes_back_as_it_was(said: dict[str, Any], finish: str) -> None:
    thought = said.get("reasoning_content")
    details = [{"type": "reasoning.text", "text": thought, "signature": "s", "index": 0}]
    message = {"role": "assistant", **said, **({"reasoning_details": details} if thought else {})}
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
        chunks += [{name: letter} for letter in said.get(name) or ""]
    for index, call in enumerate(said.get("tool_calls") or []):
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


def test_what_a_model_needs_back_is_carried_sealed() -> None:
    details: list[dict[str, Any]] = [{"type": "reasoning.encrypted", "data": "…", "index": 0}]
    assert unpack_reasoning(pack_reasoning(details)) == details
    assert unpack_reasoning("gAAAA") == [{"type": "reasoning.encrypted", "data": "gAAAA", "index": 0}]


# old completions


def test_an_old_completion(client: openai.OpenAI, server: Server) -> None:
    answer = client.completions.create(model="fake/plain", prompt=SAID, max_tokens=9)
    Completion.model_validate(answer.model_dump())
    assert (answer.object, answer.choices[0].text, answer.choices[0].finish_reason) == ("text_completion", SAID, "stop")
    assert answer.usage and answer.usage.completion_tokens == 3
    chunks = list(client.completions.create(model="claude/plain", prompt=[SAID], stream=True))
    assert [chunk.choices[0].text for chunk in chunks if chunk.choices[0].text] == WORDS
    assert chunks[-1].choices[0].finish_reason == "stop"
    asked: Any = {"include_usage": True}
    told = list(client.completions.create(model="fake/plain", prompt=SAID, stream=True, stream_options=asked))
    assert [chunk.usage.completion_tokens for chunk in told if chunk.usage] == [3]
    assert [span.input["messages"] for span in server.spans()] == [[{"role": "user", "content": SAID}]] * 3


@pytest.mark.parametrize(
    "more",
    [{"prompt": ["a", "b"]}, {"prompt": [1, 2]}, {"suffix": "x"}, {"echo": True}, {"logprobs": 2}, {"prompt": ""}],
)
def test_what_a_chat_cannot_complete_is_refused(client: openai.OpenAI, more: dict[str, Any]) -> None:
    asked: Any = {"model": "fake/plain", "prompt": "hi", **more}
    with pytest.raises(openai.BadRequestError):
        client.completions.create(**asked)
