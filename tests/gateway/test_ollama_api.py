"""The `ollama` package, unmodified, with models of every provider."""

import asyncio
from typing import Any

import httpx
import ollama
import pytest
from pydantic import BaseModel

from vong import access, gateway
from vong.records import RouteTarget
from vong.records.guard import GuardConfig
from vong.records.key_scope import KeyScope

from .conftest import Server
from .fake_upstream import THOUGHT, WORDS, FakeUpstream

SAID = "".join(WORDS)
ASK: list[Any] = [{"role": "user", "content": SAID}]
PNG = b"\x89PNG\r\n\x1a\n0000"


class Place(BaseModel):
    city: str


def weather(city: str) -> str:
    """Return the weather.

    Args:
        city: name of the city
    """
    return f"sunny in {city}"


@pytest.fixture
def client(server: Server) -> ollama.Client:
    return connect(server, server.key)


def connect(server: Server, key: str) -> ollama.Client:
    return ollama.Client(server.url, headers={"authorization": f"Bearer {key}"}, trust_env=False)


def new_key(server: Server, **more: Any) -> str:
    with server.platform.scope(server.project_id) as connection:
        return access.create_key(connection, "other", **more).secret


@pytest.mark.parametrize("provider", ["fake", "claude"])
def test_a_chat_is_answered_and_recorded_as_any_other(client: ollama.Client, server: Server, provider: str) -> None:
    answer = client.chat(f"{provider}/plain", ASK, options={"num_predict": 9, "temperature": 0.5})
    assert (answer.message.role, answer.message.content, answer.done, answer.done_reason) == (
        "assistant",
        SAID,
        True,
        "stop",
    )
    assert (answer.model, answer.prompt_eval_count, answer.eval_count) == (f"{provider}/plain", 7, 3)
    parts = list(client.chat(f"{provider}/plain", ASK, stream=True))
    assert "".join(part.message.content or "" for part in parts) == SAID
    assert [part.done for part in parts] == [False] * (len(parts) - 1) + [True]
    assert (parts[-1].prompt_eval_count, parts[-1].eval_count) == (7, 3)
    for span in server.spans():
        assert (span.kind, span.status, span.usage.input_tokens, span.usage.output_tokens) == ("chat", "ok", 7, 3)
        assert span.input["messages"] == ASK and span.output["choices"][0]["message"]["content"] == SAID


def test_a_prompt_is_answered(client: ollama.Client, fake: FakeUpstream) -> None:
    answer = client.generate("fake/plain", "hi", system="Be brief.", images=[PNG])
    assert (answer.response, answer.done, answer.eval_count) == (SAID, True, 3)
    system, user = fake.requests[-1].body["messages"]
    assert system["content"] == "Be brief." and user["content"][1]["image_url"]["url"].startswith(
        "data:image/png;base64,"
    )
    assert "".join(part.response or "" for part in client.generate("fake/plain", "hi", stream=True)) == SAID


def test_tools_are_called_and_answered(client: ollama.Client, fake: FakeUpstream) -> None:
    whole = client.chat("fake/tools", ASK, tools=[weather]).message
    streamed = [part.message for part in client.chat("fake/tools", ASK, tools=[weather], stream=True)]
    for message in (whole, *(part for part in streamed if part.tool_calls)):
        [call] = list(message.tool_calls or ())
        assert (call.function.name, call.function.arguments) == ("weather", {"city": "Huế"})
        result = {"role": "tool", "tool_name": "weather", "content": "sunny"}
        assert client.chat("fake/plain", [*ASK, message, result], tools=[weather]).message.content == SAID
        sent = fake.requests[-1].body["messages"]
        assert sent[1]["tool_calls"][0]["id"] == sent[2]["tool_call_id"]
    assert sum(bool(part.tool_calls) for part in streamed) == 1


def test_reasoning_is_returned_unless_it_is_not_wanted(client: ollama.Client) -> None:
    assert client.chat("fake/thinks", ASK).message.thinking == THOUGHT
    assert client.chat("fake/thinks", ASK, think=False).message.thinking is None
    for think, expected in ((None, THOUGHT), (False, "")):
        parts = client.chat("fake/thinks", ASK, stream=True, think=think)
        assert "".join(part.message.thinking or "" for part in parts) == expected


def test_answers_obey_a_schema(client: ollama.Client) -> None:
    answer = client.chat("echo/echo", [{"role": "user", "content": '"Huế"'}], format=Place.model_json_schema())
    assert Place.model_validate_json(answer.message.content or "").city == "Huế"


def test_texts_are_embedded(client: ollama.Client, server: Server) -> None:
    found = client.embed("fake/embedding", "hi")
    assert (found.embeddings, found.prompt_eval_count) == ([[0.5, 0.25]], 4)
    assert client.embeddings("fake/embedding", "hi").embedding == [0.5, 0.25]
    assert client.embed("fake/embedding", []).embeddings == []
    assert [span.kind for span in server.spans()] == ["embeddings"] * 2


def test_models_are_listed_and_shown(client: ollama.Client, server: Server, fake: FakeUpstream) -> None:
    server.client.gateway.set_route("triage", {"fake/plain": 1})
    names = [model.model for model in client.list().models]
    assert {"triage", "echo/echo"} <= set(names)
    assert client.show("triage").capabilities == ["completion", "tools"]
    assert client.chat("triage:latest", ASK).message.content == SAID
    assert client.ps().models == []
    with pytest.raises(ollama.ResponseError) as caught:
        client.show("nothing")
    assert caught.value.status_code == 404


def test_a_request_without_content_loads_a_model_without_a_call(client: ollama.Client, server: Server) -> None:
    assert client.chat("echo/echo", []).done_reason == "load"
    assert client.generate("echo/echo", keep_alive=0).done_reason == "unload"
    with pytest.raises(ollama.ResponseError, match="no model named 'nothing'"):
        client.generate("nothing")
    assert server.spans() == []


@pytest.mark.parametrize(
    ("ask", "hint"),
    [
        (lambda client: client.pull("llama3"), "vong serving deploy"),
        (lambda client: client.push("llama3"), "vong registry import"),
        (lambda client: client.create("new", from_="old"), "vong gateway routes set"),
        (lambda client: client.copy("old", "new"), "vong gateway routes set"),
        (lambda client: client.delete("old"), "vong serving stop"),
        (lambda client: client.generate("echo/echo", "a", suffix="b"), "suffix is not supported"),
    ],
)
def test_what_vong_does_otherwise_is_refused_with_how_to_do_it(client: ollama.Client, ask: Any, hint: str) -> None:
    with pytest.raises(ollama.ResponseError, match=hint) as caught:
        ask(client)
    assert caught.value.status_code == 400


def test_calls_need_a_key_and_stay_in_its_scope(server: Server) -> None:
    for stranger in (ollama.Client(server.url, trust_env=False), connect(server, "wrong")):
        for ask in (stranger.list, lambda client=stranger: client.chat("echo/echo", ASK)):
            with pytest.raises(ollama.ResponseError, match="OLLAMA_API_KEY") as caught:
                ask()
            assert caught.value.status_code == 401
    scoped = connect(server, new_key(server, scope=KeyScope(models=("fake/*",), endpoints=("chat",))))
    assert scoped.chat("fake/plain", ASK).message.content == SAID
    for refused in (
        lambda: scoped.chat("echo/echo", ASK),
        lambda: scoped.chat("echo/echo", []),
        lambda: scoped.embed("fake/embedding", "hi"),
        lambda: scoped.embed("fake/embedding", ""),
    ):
        with pytest.raises(ollama.ResponseError) as caught:
            refused()
        assert caught.value.status_code == 403


def test_models_out_of_scope_are_neither_listed_nor_shown(server: Server) -> None:
    scoped = connect(server, new_key(server, scope=KeyScope(models=("echo/*",), endpoints=("embeddings",))))
    assert {model.model for model in scoped.list().models} == {"echo/echo"}
    assert scoped.show("echo/echo").capabilities
    with pytest.raises(ollama.ResponseError, match="scope"):
        scoped.show("fake/plain")


def test_limits_and_guards_apply(client: ollama.Client, server: Server, fake: FakeUpstream) -> None:
    server.client.gateway.guards.set([GuardConfig(guard="pii", action="mask")])
    client.chat("fake/plain", [{"role": "user", "content": "write to linh@example.com"}])
    assert "linh@example.com" not in str(fake.requests[-1].body)
    server.client.gateway.set_limit("key", "requests", "day", 1)
    with pytest.raises(ollama.ResponseError) as caught:
        for _ in range(3):
            client.chat("fake/plain", ASK)
    assert caught.value.status_code == 429


def test_errors_before_and_within_a_stream_are_raised_by_the_client(client: ollama.Client, server: Server) -> None:
    with pytest.raises(ollama.ResponseError, match="no model named 'nothing'") as caught:
        list(client.chat("nothing", ASK, stream=True))
    assert caught.value.status_code == 404
    for model in ("fake/drop", "fake/error-event"):
        with pytest.raises(ollama.ResponseError):
            list(client.chat(model, ASK, stream=True))
    assert {span.status for span in server.spans()} == {"error"}


def test_the_health_check_is_answered_for_programs_only(server: Server) -> None:
    for path, accept, text in (("/", "*/*", "Ollama is running"), ("/", "application/json", "Ollama is running")):
        assert httpx.get(server.url + path, headers={"accept": accept}).text == text
    assert httpx.get(f"{server.url}/api/version").json().keys() == {"version"}
    response = httpx.get(f"{server.url}/api/chat", headers={"authorization": f"Bearer {server.key}"})
    assert (response.status_code, response.headers["allow"]) == (405, "POST")


@pytest.mark.parametrize("body", [b"", b"[]", b"{", b'{"model": 1}', b'{"messages": []}', b"\xff", b"[" * 1000])
def test_malformed_bodies_are_rejected(server: Server, body: bytes) -> None:
    for path in ("chat", "generate", "embed", "embeddings", "show"):
        response = httpx.post(
            f"{server.url}/api/{path}", content=body, headers={"authorization": f"Bearer {server.key}"}
        )
        assert response.status_code == 400 and isinstance(response.json()["error"], str)


def test_the_async_client_is_supported(server: Server) -> None:
    async def ask() -> str:
        client = ollama.AsyncClient(server.url, headers={"authorization": f"Bearer {server.key}"}, trust_env=False)
        return "".join([part.message.content or "" async for part in await client.chat("fake/plain", ASK, stream=True)])

    assert asyncio.run(ask()) == SAID


def test_a_client_disconnect_cancels_the_upstream_call(server: Server, fake: FakeUpstream) -> None:
    body = {"model": "fake/endless", "messages": ASK}
    headers = {"authorization": f"Bearer {server.key}"}
    with httpx.stream("POST", f"{server.url}/api/chat", headers=headers, json=body) as answer:
        next(answer.iter_bytes())
    fake.wait_broken_off()


def test_a_route_is_called_by_its_name(client: ollama.Client, server: Server) -> None:
    with server.platform.scope(server.project_id) as connection:
        gateway.set_route(connection, "triage", [RouteTarget(model="echo/echo")], lambda _: None)
    assert client.chat("triage", ASK).model == "triage"
    assert server.span().versions.route == "triage"
