"""Tests of prompts by name in calls: the unmodified `openai` and `anthropic` clients, guards, caches, fast path."""

import json
from typing import Any
from uuid import UUID

import anthropic
import httpx
import openai
import pytest
from openai.types.chat import ChatCompletion

from tests.gateway.conftest import Server, new_project
from tests.gateway.fake_upstream import FakeUpstream
from tests.gateway.guards.scripted_calls import guard_config
from tests.running_vong import eventually
from vong import gateway, prompts
from vong.app.prompt_calls import PromptCalls
from vong.gateway.fastpath.call import FastPath
from vong.gateway.pipeline import call as pipeline_call
from vong.prompts import labels
from vong.prompts.labels import LabelMove
from vong.prompts.versions import delete_prompt
from vong.records import RoutePolicy, RouteTarget
from vong.records.cache import CachePolicy
from vong.records.prompt import PromptTemplate, PromptVersion

PATHS: list[tuple[str, dict[str, Any]]] = [("chat/completions", {}), ("responses", {"input": "x"})]
SUPPORT: dict[str, Any] = {
    "variables": {
        "ticket": {"type": "string", "maxLength": 200},
        "tone": {"type": "string", "enum": ["formal", "friendly"], "default": "formal"},
    },
    "messages": [
        {"role": "system", "content": "Answer in a {{ tone }} tone."},
        {"role": "user", "content": "Ticket: {{ ticket }}"},
    ],
    "model": "echo/echo",
    "settings": {"temperature": 0.5, "max_tokens": 50},
}


@pytest.fixture
def client(server: Server) -> openai.OpenAI:
    return openai.OpenAI(base_url=f"{server.url}/v1", api_key=server.key, max_retries=0)


def create(server: Server, name: str = "support", **changes: Any) -> PromptVersion:
    with server.platform.scope(server.project_id) as connection:
        template = PromptTemplate.model_validate({**SUPPORT, **changes})
        return prompts.create_version(connection, name, template, created_by="tester")


def field(id: str = "support", **more: Any) -> dict[str, Any]:
    return {"id": id, **{"variables": {"ticket": "no invoice"}, **more}}


def test_a_chat_names_a_prompt_and_needs_neither_model_nor_messages(client: openai.OpenAI, server: Server) -> None:
    version = create(server)
    answer = client.post("/chat/completions", body={"prompt": field()}, cast_to=ChatCompletion)
    assert answer.choices[0].message.content == "Ticket: no invoice"
    span = server.span()
    assert span.versions.prompt_version == version.ref
    assert span.input["messages"] == [
        {"role": "system", "content": "Answer in a formal tone."},
        {"role": "user", "content": "Ticket: no invoice"},
    ]
    assert (span.input["temperature"], span.input["max_tokens"]) == (0.5, 50)
    assert "prompt" not in span.input
    assert span.attributes["vong.prompt"] == {"id": "support", "version": "1", "variables": {"ticket": "no invoice"}}
    assert span.attributes["gen_ai.prompt.name"] == "support"


def test_fields_of_a_chat_override_those_of_the_prompt_and_its_messages_follow(
    client: openai.OpenAI, server: Server
) -> None:
    create(server, tools=[{"type": "function", "function": {"name": "close_ticket", "parameters": {}}}])
    chunks = list(
        client.chat.completions.create(
            model="echo/echo",
            messages=[{"role": "user", "content": "and now"}],
            temperature=1,
            max_completion_tokens=9,
            tool_choice="none",
            stream=True,
            extra_body={"prompt": field(version="1")},
        )
    )
    assert "".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices) == "and now"
    sent = server.span().input
    assert [message["role"] for message in sent["messages"]] == ["system", "user", "user"]
    assert (sent["temperature"], sent["max_completion_tokens"]) == (1, 9)
    assert "max_tokens" not in sent
    assert sent["tools"][0]["function"]["name"] == "close_ticket"


@pytest.mark.parametrize("stream", [False, True])
def test_a_response_repeats_its_prompt_complete_streamed_and_stored(
    client: openai.OpenAI, server: Server, stream: bool
) -> None:
    version = create(server)
    answer: Any = client.responses.create(prompt=field(version="1"), stream=stream)  # type: ignore[call-overload]
    if stream:
        answer = next(event.response for event in answer if event.type == "response.completed")
    assert answer.output_text == "Ticket: no invoice"
    assert answer.instructions == "Answer in a formal tone."
    assert answer.prompt.model_dump() == {"id": "support", "version": "1", "variables": {"ticket": "no invoice"}}
    assert (answer.temperature, answer.max_output_tokens) == (0.5, 50)
    stored = client.responses.retrieve(answer.id)
    assert stored.prompt == answer.prompt and stored.instructions == answer.instructions
    assert server.span().versions.prompt_version == version.ref
    second = client.responses.create(
        prompt={"id": "support", "variables": {"ticket": "two"}}, input="more", previous_response_id=answer.id
    )
    assert second.output_text == "more"
    texts = [message["content"] for message in server.spans()[-1].input["messages"]]
    assert texts == ["Answer in a formal tone.", "Ticket: no invoice", "Ticket: no invoice", "Ticket: two", "more"]


def test_instructions_and_input_of_the_request_join_the_prompt(client: openai.OpenAI, server: Server) -> None:
    create(
        server,
        output_schema={
            "type": "object",
            "properties": {"reply": {"type": "string"}},
            "required": ["reply"],
            "additionalProperties": False,
        },
    )
    answer = client.responses.create(
        prompt={"id": "support", "variables": {"ticket": {"type": "input_text", "text": "from a part"}}},
        instructions="Be brief.",
        input=[{"role": "user", "content": "please"}],
    )
    assert answer.instructions == "Be brief."
    assert json.loads(answer.output_text) == {"reply": "please"}
    sent = server.span().input
    assert [message["content"] for message in sent["messages"]] == ["Be brief.", "Ticket: from a part", "please"]
    assert sent["response_format"]["json_schema"]["name"] == "support"
    assert sent["response_format"]["json_schema"]["strict"] is True


def test_an_image_becomes_a_part_of_the_message_in_which_its_variable_stands(
    client: openai.OpenAI, server: Server
) -> None:
    create(
        server,
        "look",
        variables={"image": {"type": "string"}},
        messages=[{"role": "user", "content": "Before {{ image }} after"}],
    )
    image = {"type": "input_image", "image_url": "data:image/png;base64,AAAA", "detail": "low"}
    client.responses.create(prompt={"id": "look", "variables": {"image": image}})  # type: ignore[dict-item]
    client.post("/chat/completions", body={"prompt": {"id": "look", "variables": {"image": image}}}, cast_to=object)
    for span in server.spans():
        kinds = [part["type"] for part in span.input["messages"][0]["content"]]
        assert kinds == ["text", "image_url", "text"]
        assert span.input["messages"][0]["content"][1]["image_url"]["url"] == image["image_url"]


def test_a_message_for_anthropic_names_a_prompt(server: Server) -> None:
    version = create(server)
    client = anthropic.Anthropic(base_url=server.url, api_key=server.key, max_retries=0)
    answer = client.messages.create(
        model="echo/echo", max_tokens=20, messages=[{"role": "user", "content": "hi"}], extra_body={"prompt": field()}
    )
    assert answer.content[0].text == "hi"  # type: ignore[union-attr]
    sent = server.span().input
    assert [message["content"] for message in sent["messages"]] == [
        "Answer in a formal tone.",
        "Ticket: no invoice",
        "hi",
    ]
    assert server.span().versions.prompt_version == version.ref


def post(server: Server, path: str = "chat/completions", headers: dict[str, str] | None = None, **body: Any) -> Any:
    sent = {"authorization": f"Bearer {server.key}", **(headers or {})}
    return httpx.post(f"{server.url}/v1/{path}", json=body, headers=sent, timeout=30)


def label(server: Server, version: PromptVersion, name: str) -> None:
    with server.platform.scope(server.project_id) as connection:
        labels.move_label(connection, version, name, LabelMove(reason="test"), "tester")


@pytest.mark.parametrize(
    ("prompt", "status", "texts"),
    [
        (field("suport"), 404, ("no prompt named 'suport'", "did you mean 'support'")),
        (field(version="9"), 404, ("no version '9'", "vong prompts versions support")),
        (field(version="canary"), 404, ("no label 'canary'", "latest")),
        (field("support:staging", version="1"), 422, ("'support:staging'", "'1'", "one of them")),
        (field(variables={}), 422, ("support@", "'ticket'", "missing")),
        (field(variables={"ticket": "x", "colour": "red"}), 422, ("support@", "'colour'")),
        (field(variables={"ticket": "x", "tone": "rude"}), 422, ("support@", "'tone'")),
        (field(variables={"ticket": "x" * 300}), 422, ("support@", "'ticket'", "200")),
        ({"variables": {}}, 422, ("prompt.id is missing", '"id"')),
        ("support", 422, ("field prompt is invalid", "object", '"id"')),
        ({"name": "support"}, 422, ("unknown field `name`", '"id"')),
    ],
)
def test_an_error_names_the_prompt_the_variable_and_the_fix(
    server: Server, prompt: Any, status: int, texts: tuple[str, ...]
) -> None:
    create(server)
    for path, more in PATHS:
        answer = post(server, path, model="echo/echo", prompt=prompt, **more)
        assert answer.status_code in (status, 400 if status == 422 else status), answer.text
        message = answer.json()["error"]["message"]
        assert all(text in message for text in texts), message
    assert {span.status for span in server.spans()} == {"error"}
    is_found = texts[0] == "support@"
    assert {bool(span.versions.prompt_version) for span in server.spans()} == {is_found}, "errors of a version count"


def test_without_a_model_the_request_or_the_prompt_must_name_one(server: Server) -> None:
    create(server, model=None)
    answer = post(server, prompt=field())
    assert "names none" in answer.json()["error"]["message"] and answer.status_code in (400, 422)
    assert post(server, prompt=field(), model="echo/echo").status_code == 200


def test_a_label_is_followed_at_once_and_steady_calls_read_no_database(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = create(server)
    second = create(server, settings={"temperature": 0.1})
    label(server, first, "prod")
    assert post(server, prompt=field()).status_code == 200
    loads = list[str]()
    load = PromptCalls._load

    def count(self: PromptCalls, project_id: UUID, ref: str) -> PromptVersion:
        loads.append(ref)
        return load(self, project_id, ref)

    monkeypatch.setattr(PromptCalls, "_load", count)
    for _ in range(5):
        assert post(server, prompt=field()).status_code == 200
    assert len(loads) <= 1, "the first refresh after a change may run in the background"
    label(server, second, "prod")
    eventually(lambda: post(server, prompt=field()).status_code == 200 and bool(loads))
    assert server.spans()[-1].versions.prompt_version == second.ref
    assert {span.versions.prompt_version for span in server.spans()} == {first.ref, second.ref}


def test_a_deleted_prompt_is_no_longer_used(server: Server) -> None:
    create(server)
    assert post(server, prompt=field()).status_code == 200
    with server.platform.scope(server.project_id) as connection:
        delete_prompt(connection, "support")
    eventually(lambda: post(server, prompt=field()).status_code == 404)


def test_prompts_of_other_projects_are_not_found(server: Server) -> None:
    other = new_project(server.platform.database)
    with server.platform.scope(other) as connection:
        prompts.create_version(connection, "secret", PromptTemplate.model_validate(SUPPORT), created_by="other")
    assert post(server, prompt=field("secret")).status_code == 404


def test_guards_limits_and_cache_see_the_rendered_request(server: Server) -> None:
    create(server)
    with server.platform.scope(server.project_id) as connection:
        policy = RoutePolicy(cache=CachePolicy(mode="exact"), guards=(guard_config("pii", "mask", "input"),))
        gateway.set_route(connection, "guarded", [RouteTarget(model="echo/echo")], policy=policy)
    server.platform.apply_routing_change(server.project_id)
    person = field(variables={"ticket": "mail lan@example.com"})
    first = post(server, model="guarded", prompt=person)
    assert "lan@example.com" not in first.text and first.headers["x-vong-cache"] == "miss"
    assert post(server, model="guarded", prompt=person).headers["x-vong-cache"] == "hit"
    other = field(variables={"ticket": "mail lan@example.com", "tone": "friendly"})
    assert post(server, model="guarded", prompt=other).headers["x-vong-cache"] == "miss"
    span = server.spans()[0]
    assert "lan@example.com" not in span.model_dump_json()
    assert span.attributes["vong.prompt"] == {"id": "support", "version": "1"}


def test_calls_without_a_prompt_stay_on_the_fast_path_and_skip_the_service(
    server: Server, fake: FakeUpstream, monkeypatch: pytest.MonkeyPatch
) -> None:
    create(server, model="priced/plain")
    taken, rendered = list[bool](), list[bool]()
    send, render = FastPath.try_send, pipeline_call.render_request

    def try_send(self: FastPath, *arguments: Any) -> Any:
        sent = send(self, *arguments)
        taken.append(sent is not None)
        return sent

    async def count(*arguments: Any) -> Any:
        rendered.append(True)
        return await render(*arguments)

    monkeypatch.setattr(FastPath, "try_send", try_send)
    monkeypatch.setattr(pipeline_call, "render_request", count)
    plain: dict[str, Any] = {"model": "priced/plain", "messages": [{"role": "user", "content": "hi"}]}
    eventually(lambda: post(server, **plain).status_code == 200 and taken[-1:] == [True])
    assert not rendered
    assert post(server, **plain, prompt=field()).status_code == 200
    assert taken[-1] is False and rendered == [True]
    quoted = [{"role": "user", "content": 'a "prompt"'}]
    assert post(server, model="priced/plain", messages=quoted).status_code == 200
    assert taken[-1] is True
    assert post(server, **plain, prompt=None).status_code == 200
    assert server.spans()[-1].versions.prompt_version is None


def test_openais_own_prompts_are_forwarded_to_openai(server: Server) -> None:
    answer = post(server, "responses", model="echo/echo", input="x", prompt={"id": "pmpt_68b0", "version": "2"})
    assert answer.status_code == 400 and answer.json()["error"]["code"] == "unsupported"


def test_a_prompt_that_the_caller_rendered_is_recorded_and_searched(server: Server) -> None:
    first = create(server)
    second = create(server, settings={})
    ask: dict[str, Any] = {"model": "echo/echo", "messages": [{"role": "user", "content": "hi"}]}
    post(server, headers={"x-vong-prompt": "support@1"}, **ask)
    post(server, **ask, metadata={"prompt_version": "support@2"})
    post(server, **ask, metadata={"prompt_version": "own text"})
    post(server, **ask)
    versions = [span.versions.prompt_version for span in server.spans()]
    assert versions == [first.ref, second.ref, "own text", None]
    traces = server.client.traces
    assert traces.count(prompt="support") == 2
    assert traces.count(prompt="support@1") == traces.count(prompt=first.ref) == 1
    assert traces.count(prompt="support:latest") == 1
    assert traces.count(prompt="own text") == 1
    assert traces.count(prompt="unknown") == 0
    (found,) = traces.list(prompt=second.ref)
    assert found.versions.prompt_version == second.ref


def test_a_client_that_sends_texts_only_sets_numbers_and_lists(server: Server) -> None:
    create(
        server,
        "typed",
        variables={"count": {"type": "integer"}, "words": {"type": "array"}, "code": {"type": "string"}},
        messages=[{"role": "user", "content": "{{ count + 1 }} {{ words | join('-') }} {{ code }}"}],
    )
    variables = {"count": "30", "words": '["a", "b"]', "code": "007"}
    answer = post(server, prompt={"id": "typed", "variables": variables})
    assert answer.json()["choices"][0]["message"]["content"] == "31 a-b 007"


def test_values_of_variables_are_never_read_as_templates(server: Server) -> None:
    create(server)
    answer = post(server, prompt=field(variables={"ticket": "{{ 7 * 7 }}{% raw %}"}))
    assert answer.json()["choices"][0]["message"]["content"] == "Ticket: {{ 7 * 7 }}{% raw %}"


def test_input_tokens_of_a_response_are_counted_with_its_prompt(server: Server) -> None:
    create(server, messages=[{"role": "user", "content": "word " * 500 + "{{ ticket }}{{ tone }}"}])
    counted = post(server, "responses/input_tokens", prompt=field())
    assert counted.json()["input_tokens"] > 400
