"""The unmodified `openai` client on published pipelines: chat and responses, streamed and not."""

import asyncio
import json
import time
from collections.abc import AsyncIterator
from typing import Any, cast
from uuid import UUID, uuid4

import openai
import pytest
from openai.types.responses import ResponseStreamEvent
from pydantic import TypeAdapter

from tests.gateway.conftest import Server
from tests.pipelines.publications.conftest import create_pipeline
from vong import access
from vong.app.pipelines.publication_events import (
    Passage,
    PublishedEvent,
    PublishedUsage,
    RunAnswer,
    ToolEnded,
    ToolStarted,
)
from vong.app.pipelines.publication_format import chat_completion, stream_response
from vong.records.key_scope import KeyScope

MODEL = "pipeline/support"


@pytest.fixture(scope="module")
def client(server: Server) -> openai.OpenAI:
    return connect(server, server.key)


def connect(server: Server, key: str) -> openai.OpenAI:
    return openai.OpenAI(base_url=f"{server.url}/v1", api_key=key, max_retries=0)


def user(text: str) -> Any:
    return {"role": "user", "content": text}


def test_pipeline_is_listed_as_a_model(client: openai.OpenAI) -> None:
    assert MODEL in [model.id for model in client.models.list().data]
    assert client.models.retrieve(MODEL).id == MODEL


def test_chat_maps_the_last_message_and_the_history_and_sums_usage(client: openai.OpenAI) -> None:
    messages: Any = [user("first"), {"role": "assistant", "content": "one"}, user("second question")]
    answer = client.chat.completions.create(model=MODEL, messages=messages, extra_body={"inputs": {"tone": "casual"}})
    assert answer.choices[0].message.content == "second question (casual)"
    assert answer.choices[0].finish_reason == "stop" and answer.model == MODEL
    assert answer.usage is not None
    # Both calls: "rewritten second question", and the history with "second question (casual)".
    assert (answer.usage.prompt_tokens, answer.usage.completion_tokens) == (3 + 5, 3 + 3)


def test_streamed_chat_contains_only_the_text_of_the_answer(client: openai.OpenAI) -> None:
    stream = client.chat.completions.create(
        model=MODEL, messages=[user("hello streaming world")], stream=True, stream_options={"include_usage": True}
    )
    chunks = list(stream)
    texts = [chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices]
    assert "".join(texts) == "hello streaming world (formal)"
    assert len([text for text in texts if text]) == 4
    assert chunks[-1].usage is not None and chunks[-1].usage.total_tokens > 0


def test_responses_are_stored_and_continued(client: openai.OpenAI) -> None:
    first = client.responses.create(model=MODEL, input="one question", metadata={"input.tone": "kind"})
    assert first.output_text == "one question (kind)"
    assert client.responses.retrieve(first.id).output_text == first.output_text
    second = client.responses.create(model=MODEL, input="another", previous_response_id=first.id)
    assert second.output_text == "another (formal)"


COUNTER: dict[str, Any] = {
    "inputs": {"question": "string", "conversation_count": {"type": "integer", "default": 0}},
    "outputs": {"answer": "{{ say.text }}", "conversation_count": "{{ inputs.conversation_count + 1 }}"},
    "steps": {"say": {"kind": "template", "text": "{{ inputs.question }} {{ inputs.conversation_count }}"}},
}


@pytest.mark.parametrize("stream", [False, True])
def test_a_continued_response_starts_with_the_variables_of_the_one_before(
    server: Server, client: openai.OpenAI, *, stream: bool
) -> None:
    name = f"counter-{stream}".lower()
    create_pipeline(server, name, COUNTER)
    server.client.pipelines.publish(name)

    def ask(text: str, **more: Any) -> Any:
        reply = client.responses.create(model=f"pipeline/{name}", input=text, stream=stream, **more)
        return list(cast(Any, reply))[-1].response if stream else reply

    first = ask("one")
    second = ask("two", previous_response_id=first.id)
    third = ask("three", previous_response_id=second.id)
    assert [one.output_text for one in (first, second, third)] == ["one 0", "two 1", "three 2"]
    given = ask("four", previous_response_id=second.id, extra_body={"inputs": {"conversation_count": 7}})
    assert given.output_text == "four 7", "the values of the caller come first, and are not lost"
    assert ask("new").output_text == "new 0"
    other = client.responses.create(model=MODEL, input="another", previous_response_id=second.id)
    assert other.output_text == "another (formal)", "the variables of another pipeline are not used"


def test_streamed_response_ends_with_the_complete_response(client: openai.OpenAI) -> None:
    events = list(client.responses.create(model=MODEL, input="stream it", stream=True))
    assert events[0].type == "response.created" and events[-1].type == "response.completed"
    assert (
        "".join(event.delta for event in events if event.type == "response.output_text.delta") == "stream it (formal)"
    )
    assert events[-1].response.output_text == "stream it (formal)"
    assert [event.sequence_number for event in events] == list(range(len(events)))


def test_outer_span_costs_nothing_and_is_the_parent_of_the_run(server: Server, client: openai.OpenAI) -> None:
    answer = client.chat.completions.create(model=MODEL, messages=[user("trace me")])
    run_id = UUID(cast(Any, answer).vong["run_id"])
    spans = {span.id: span for span in server.spans()}
    outer = spans[UUID(answer.id.removeprefix("chatcmpl-"))]
    assert (outer.usage.input_tokens, outer.usage.cost, outer.model) == (0, 0, MODEL)
    assert spans[run_id].trace_id == outer.trace_id and spans[run_id].parent_span_id == outer.span_id


@pytest.mark.parametrize("stream", [False, True])
def test_failed_step_is_an_openai_error_that_names_it(server: Server, client: openai.OpenAI, *, stream: bool) -> None:
    broken = {"kind": "prompt", "model": "echo/echo?status=500", "messages": [user("x")]}
    name = f"broken-{stream}".lower()
    definition = {"inputs": {"question": "string"}, "outputs": {"answer": "{{ bad.text }}"}, "steps": {"bad": broken}}
    create_pipeline(server, name, definition)
    server.client.pipelines.publish(name)
    with pytest.raises(openai.APIError, match="'bad'"):
        reply = client.chat.completions.create(model=f"pipeline/{name}", messages=[user("x")], stream=stream)
        list(cast(Any, reply))


def test_run_that_waits_for_an_approval_says_so(server: Server, client: openai.OpenAI) -> None:
    steps = {"ask": {"kind": "approval", "message": "Send it?"}}
    create_pipeline(
        server, "approved", {"inputs": {"question": "string"}, "outputs": {"answer": "yes"}, "steps": steps}
    )
    server.client.pipelines.publish("approved")
    with pytest.raises(openai.ConflictError, match="waits for the approval of the step 'ask'") as raised:
        client.chat.completions.create(model="pipeline/approved", messages=[user("x")])
    assert raised.value.code == "approval_required"


def test_unknown_input_is_rejected(client: openai.OpenAI) -> None:
    with pytest.raises(openai.BadRequestError, match="no input 'mood'"):
        client.chat.completions.create(model=MODEL, messages=[user("x")], extra_body={"inputs": {"mood": "good"}})
    with pytest.raises(openai.BadRequestError, match="no tools of the caller"):
        tool: Any = {"type": "function", "function": {"name": "f", "parameters": {}}}
        client.chat.completions.create(model=MODEL, messages=[user("x")], tools=[tool])


def test_key_with_the_pipeline_in_its_scope_needs_no_other_model(server: Server) -> None:
    with server.platform.scope(server.project_id) as connection:
        scoped = access.create_key(connection, "scoped", scope=KeyScope(models=(MODEL,))).secret
        viewer = access.create_key(connection, "viewer", role="viewer").secret
    limited = connect(server, scoped)
    answer = limited.chat.completions.create(model=MODEL, messages=[user("scoped")])
    assert answer.choices[0].message.content == "scoped (formal)"
    assert [model.id for model in limited.models.list().data] == [MODEL]
    with pytest.raises(openai.PermissionDeniedError):
        limited.chat.completions.create(model="echo/echo", messages=[user("x")])
    with pytest.raises(openai.PermissionDeniedError):
        connect(server, viewer).chat.completions.create(model=MODEL, messages=[user("x")])


def test_limits_of_the_key_apply_to_the_call_and_to_its_steps(server: Server) -> None:
    with server.platform.scope(server.project_id) as connection:
        key = access.create_key(connection, "limited").secret
    limit = {"subject_type": "key", "subject": "limited", "metric": "requests", "window": "month", "amount": 3}
    server.client.transport.request("PUT", "/api/v1/gateway/limits", body=limit)
    limited = connect(server, key)
    limited.chat.completions.create(model=MODEL, messages=[user("one call and two steps")])
    with pytest.raises(openai.RateLimitError):
        limited.chat.completions.create(model=MODEL, messages=[user("no request is left")])


def test_repeated_call_with_a_key_returns_the_first_run(client: openai.OpenAI) -> None:
    key = {"idempotency_key": str(uuid4())}

    def call(text: str) -> Any:
        return client.chat.completions.create(model=MODEL, messages=[user(text)], extra_body=key)

    assert call("once").vong["run_id"] == call("once").vong["run_id"]
    with pytest.raises(openai.ConflictError, match="other inputs"):
        call("twice")


def test_disconnected_client_cancels_the_run(server: Server, client: openai.OpenAI) -> None:
    slow = {"kind": "prompt", "model": "echo/echo?delay=0.2", "messages": [user("{{ inputs.question }}")]}
    definition = {"inputs": {"question": "string"}, "outputs": {"answer": "{{ slow.text }}"}, "steps": {"slow": slow}}
    create_pipeline(server, "slow", definition)
    server.client.pipelines.publish("slow")
    text = " ".join(["word"] * 100)
    stream = client.chat.completions.create(model="pipeline/slow", messages=[user(text)], stream=True)
    next(iter(stream))
    stream.close()
    deadline = time.monotonic() + 10
    while (states := [run["state"] for run in server.client.pipelines.runs.list(pipeline="slow")]) != ["cancelled"]:
        assert time.monotonic() < deadline, states
        time.sleep(0.05)


PASSAGE = Passage(number=1, title="handbook.md", text="Leave is 24 days.", document_id=str(UUID(int=7)), score=0.5)
ANSWER = RunAnswer(
    run_id=UUID(int=1), text="You have 24 days [1].", passages=(PASSAGE,), usage=PublishedUsage(5, 6, 0, 7)
)


def test_citations_are_annotations_of_a_chat_message() -> None:
    completion = chat_completion("pipeline/x", UUID(int=2), ANSWER)
    (annotation,) = completion["choices"][0]["message"]["annotations"]
    citation = annotation["url_citation"]
    assert ANSWER.text[citation["start_index"] : citation["end_index"]] == "[1]"
    assert citation["title"] == "handbook.md"


async def events_of_a_retrieval() -> AsyncIterator[PublishedEvent]:
    arguments = {"question": "leave"}
    yield ToolStarted("find", "retrieval", "find", arguments)
    yield ToolEnded("find", "retrieval", "find", arguments, passages=(PASSAGE,))
    yield ToolEnded("send", "tool", "send", {"url": "x"}, output={"status": 200})
    yield ANSWER


def test_retrievals_and_tools_are_items_of_a_response() -> None:
    async def collect() -> list[bytes]:
        return [data async for data in stream_response("pipeline/x", UUID(int=2), events_of_a_retrieval())]

    parse = TypeAdapter[Any](ResponseStreamEvent).validate_python
    events: list[Any] = []
    for data in asyncio.run(collect()):
        lines = data.decode().splitlines()
        events.append(parse(json.loads(next(line for line in lines if line.startswith("data: "))[6:])))
    kinds = [event.type for event in events]
    assert "response.file_search_call.searching" in kinds and "response.mcp_call.completed" in kinds
    search, call, message = events[-1].response.output
    assert (search.type, search.queries, search.results[0].text) == ("file_search_call", ["leave"], PASSAGE.text)
    assert (call.type, call.name, json.loads(call.output)) == ("mcp_call", "send", {"status": 200})
    assert message.content[0].annotations[0].filename == "handbook.md"
