"""Stored responses: read, continued, shown with their input, deleted, and not stored with `store: false`."""

from typing import Any

import openai
import pytest

from tests.gateway.conftest import Server


@pytest.fixture
def client(module_server: Server) -> openai.OpenAI:
    return openai.OpenAI(base_url=f"{module_server.url}/v1", api_key=module_server.key, max_retries=0)


def test_a_stored_response_is_read_and_continued(client: openai.OpenAI) -> None:
    first = client.responses.create(model="echo/echo", instructions="Be brief.", input="one two", temperature=0.5)
    again = client.responses.retrieve(first.id)
    assert again.output_text == "one two" and again.usage and again.usage.output_tokens == 2
    fields = {"created_at"}
    assert again.model_dump(exclude=fields) == first.model_dump(exclude=fields)
    second = client.responses.create(model="echo/echo", input="three", previous_response_id=first.id, stream=True)
    last: Any = list(second)[-1]
    kept = client.responses.retrieve(last.response.id)
    assert (kept.output_text, kept.previous_response_id, kept.status) == ("three", first.id, "completed")
    items: list[Any] = client.responses.input_items.list(kept.id, order="asc").data
    assert [item.content[0].text for item in items] == ["one two", "one two", "three"]
    page = client.responses.input_items.list(kept.id, limit=1)
    assert page.data[0].id == items[-1].id and [item.id for item in page] == [item.id for item in items[::-1]]


def test_tools_and_images_are_items(client: openai.OpenAI) -> None:
    tool: Any = {"type": "function", "name": "get_weather", "parameters": {"properties": {"place": {"type": "string"}}}}
    said: Any = [
        {
            "role": "user",
            "content": [
                {"type": "input_text", "text": "the weather"},
                {"type": "input_image", "image_url": "https://x/y.png", "detail": "auto"},
            ],
        }
    ]
    first = client.responses.create(model="echo/echo", input=said, tools=[tool])
    call: Any = first.output[0]
    result: Any = [{"type": "function_call_output", "call_id": call.call_id, "output": "fine"}]
    second = client.responses.create(model="echo/echo", input=result, previous_response_id=first.id)
    assert second.output_text == "fine"
    kinds = [item.type for item in client.responses.input_items.list(second.id, order="asc")]
    assert kinds == ["message", "function_call", "function_call_output"]
    seen: Any = client.responses.input_items.list(first.id).data[0]
    assert [part.type for part in seen.content] == ["input_text", "input_image"]


def test_a_deleted_response_is_removed_with_its_text(client: openai.OpenAI, module_server: Server) -> None:
    made = client.responses.create(model="echo/echo", input="forget me")
    client.responses.retrieve(made.id)
    client.responses.delete(made.id)
    for gone in (client.responses.retrieve, client.responses.delete, client.responses.input_items.list):
        with pytest.raises(openai.NotFoundError) as caught:
            gone(made.id)
        assert caught.value.code == "response_not_found"
    with pytest.raises(openai.BadRequestError) as refused:
        client.responses.create(model="echo/echo", input="x", previous_response_id=made.id)
    assert (refused.value.code, refused.value.param) == ("previous_response_not_found", "previous_response_id")
    span = next(span for span in module_server.spans() if f"resp_{span.id.hex}" == made.id)
    assert (span.input, span.output) == (None, None) and span.usage.output_tokens == 2
    assert module_server.client.traces.count(text="forget") == 0


def test_a_response_that_is_not_stored_cannot_be_continued(client: openai.OpenAI) -> None:
    made = client.responses.create(model="echo/echo", input="secret", store=False)
    assert made.output_text == "secret"
    with pytest.raises(openai.NotFoundError):
        client.responses.retrieve(made.id)
    with pytest.raises(openai.BadRequestError):
        client.responses.create(model="echo/echo", input="x", previous_response_id=made.id)


def test_a_failed_response_has_its_status_and_unknown_ids_are_not_found(
    client: openai.OpenAI, module_server: Server
) -> None:
    with pytest.raises(openai.APIStatusError):
        client.responses.create(model="echo/echo?status=500", input="x")
    failed = client.responses.retrieve(f"resp_{module_server.spans()[-1].id.hex}")
    assert failed.status == "failed" and failed.error
    chat = client.chat.completions.with_raw_response.create(
        model="echo/echo", messages=[{"role": "user", "content": "x"}]
    )
    for id in ("resp_nothing", chat.headers["x-vong-span-id"], "resp_01890000000070008000000000000000"):
        with pytest.raises(openai.NotFoundError):
            client.responses.retrieve(id)
