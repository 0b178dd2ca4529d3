"""Responses with the status 200 that contain an error: every form, at every endpoint, with and without fallback."""

import json
from collections.abc import Mapping
from typing import Any

import httpx
import pytest

from tests.gateway.conftest import Server
from tests.gateway.fake_upstream import RAW, STREAM_HEAD, FakeUpstream, chunked, completion
from vong.gateway.providers.response_check import excerpt, find_error, words_of
from vong.records import RoutePolicy

WORDS = "Provider returned error"
MESSAGE = {"role": "assistant", "content": "hi"}
CHOICE = {"index": 0, "message": MESSAGE, "finish_reason": "stop"}
CHAT_ERRORS: Mapping[str, tuple[Any, int]] = {
    "a number as code": ({"error": {"message": WORDS, "code": 503}, "user_id": "u"}, 503),
    "a text as code": ({"error": {"message": WORDS, "code": "429"}}, 429),
    "a code outside": ({"error": WORDS, "code": 500}, 500),
    "a type": ({"error": {"message": WORDS, "type": "rate_limit_error"}}, 429),
    "a status in words": ({"error": {"message": WORDS, "status": "UNAVAILABLE"}}, 503),
    "no code": ({"error": {"message": WORDS}}, 502),
    "a text": ({"error": WORDS}, 502),
    "a list": ([{"error": {"message": WORDS, "code": 503}}], 502),
    "a list of errors": ({"errors": [{"message": WORDS}]}, 502),
    "an error of another API": ({"type": "error", "error": {"type": "overloaded_error", "message": WORDS}}, 529),
    "an object that is an error": ({"object": "error", "message": WORDS, "code": 500}, 500),
    "an error beside choices": ({"error": {"message": WORDS}, "choices": [CHOICE]}, 502),
    "an error in the choice": ({"choices": [{**CHOICE, "error": {"message": WORDS, "code": 503}}]}, 503),
    "a choice that ends with an error": (
        {"choices": [{"message": {"content": WORDS}, "finish_reason": "error"}]},
        502,
    ),
    "no choices": ({"choices": [], "message": WORDS}, 502),
    "choices that are null": ({"id": "x", "choices": None, "detail": WORDS}, 502),
    "nothing but words": ({"detail": WORDS}, 502),
    "an empty choice": ({"choices": [{"index": 0, "message": None}], "msg": WORDS}, 502),
    "a JSON text": (WORDS, 502),
}
GOOD: list[tuple[Any, Any]] = [
    ({"choices": [CHOICE]}, "chat"),
    ({"choices": [CHOICE], "error": None, "errors": []}, "chat"),
    ({"choices": [CHOICE], "error": {"code": None, "message": ""}}, "chat"),
    ({"choices": [{**CHOICE, "message": {"role": "assistant", "content": None}}]}, "chat"),
    ({"choices": [{"index": 0, "text": ""}]}, "completions"),
    ({"data": [{"embedding": [0.0]}, {"embedding": "AAAA"}]}, "embeddings"),
    ({"type": "message", "content": []}, "messages"),
    ({"object": "response", "output": [], "error": None}, "responses"),
    ({"object": "response", "status": "queued"}, "responses"),
    ({"anything": 1}, None),
]
OTHER_ERRORS: list[tuple[Any, Any]] = [
    ({"data": []}, "embeddings"),
    ({"data": None}, "embeddings"),
    ({"data": [{"embedding": None}]}, "embeddings"),
    ({"object": "list"}, "embeddings"),
    ({"type": "message"}, "messages"),
    ({"type": "message", "content": None}, "messages"),
    ({"status": "failed", "error": {"message": "x"}, "output": []}, "responses"),
    ({"status": "failed", "error": None, "output": []}, "responses"),
    ({"id": "resp_1"}, "responses"),
    ([], "chat"),
    (None, "chat"),
    (7, "embeddings"),
]


@pytest.mark.parametrize("form", CHAT_ERRORS)
def test_an_error_is_found_in_every_form(form: str) -> None:
    decoded, status = CHAT_ERRORS[form]
    found = find_error(decoded, "chat")
    assert found is not None and found.status == status and WORDS in found.error["message"]
    assert {"message", "type", "param", "code"} <= found.error.keys()


def test_answers_are_no_errors_and_missing_content_is_one() -> None:
    for decoded, format in GOOD:
        assert find_error(decoded, format) is None, decoded
    for decoded, format in OTHER_ERRORS:
        assert find_error(decoded, format) is not None, decoded


def test_words_are_short_and_without_tags() -> None:
    page = b"<!doctype html><style>p{color:red}</style><title>Bad  gateway</title>\n<p>Try <b>later</b></p>"
    assert excerpt(page) == "Bad gateway Try later"
    assert excerpt(b"") == "an empty body"
    assert len(words_of("x" * 10_000)) == len(excerpt(b"x" * 10_000)) == 500
    assert words_of({"detail": [{"loc": ["body"], "msg": "field required"}]}) == "field required"
    assert words_of({"odd": [1]}) == '{"odd":[1]}'


HI = [{"role": "user", "content": "hi"}]
REQUESTS: dict[str, dict[str, Any]] = {
    "chat/completions": {"messages": HI},
    "messages": {"messages": HI, "max_tokens": 9},
    "responses": {"input": "hi"},
    "completions": {"prompt": "hi"},
}


def raw(body: Any, kind: str = "application/json", more: str = "") -> bytes:
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    return f"HTTP/1.1 200 OK\r\ncontent-type: {kind}\r\ncontent-length: {len(data)}\r\n{more}\r\n".encode() + data


def stream(*events: Any) -> bytes:
    data = [event if isinstance(event, bytes) else f"data: {json.dumps(event)}\n\n".encode() for event in events]
    return STREAM_HEAD + b"".join(map(chunked, data)) + b"0\r\n\r\n"


def ask(server: Server, path: str, body: dict[str, Any]) -> httpx.Response:
    headers = {"authorization": f"Bearer {server.key}"}
    return httpx.post(f"{server.url}/v1/{path}", json=body, headers=headers, timeout=30)


BODIES: dict[str, tuple[bytes, int]] = {
    "error object": (raw({"error": {"message": WORDS, "code": 503}}), 503),
    "no choices": (raw({"choices": [], "message": WORDS}), 502),
    "failed choice": (raw({"choices": [{"message": {"content": WORDS}, "finish_reason": "error"}]}), 502),
    "page": (raw(f"<html><p>{WORDS}</p></html>".encode(), "text/html"), 502),
    "text": (raw(WORDS), 502),
    "empty": (raw(b""), 502),
}


@pytest.mark.parametrize("path", REQUESTS)
@pytest.mark.parametrize("kind", ["fake", "claude"])
def test_a_whole_response_with_an_error_fails_over(
    server: Server, fake: FakeUpstream, monkeypatch: pytest.MonkeyPatch, path: str, kind: str
) -> None:
    policy = RoutePolicy(fallbacks=("echo/echo",), retries=0)
    for name, (body, status) in BODIES.items():
        if kind == "claude" and name in ("no choices", "failed choice"):
            continue
        monkeypatch.setitem(RAW, "bad", body)
        answer = ask(server, path, {"model": f"{kind}/bad", **REQUESTS[path]})
        assert answer.status_code == status, (name, answer.text)
        assert (WORDS in answer.text or name == "empty") and answer.json()["error"]["message"], (name, answer.text)
        server.client.gateway.set_route("saved", {f"{kind}/bad": 1}, policy=policy)
        saved = ask(server, path, {"model": "saved", **REQUESTS[path]})
        assert saved.status_code == 200, (name, saved.text)
    failed = [span for span in server.spans() if span.versions.route is None]
    assert {span.status for span in failed} == {"error"} and all(span.error for span in failed)


def test_embeddings_without_vectors_fail_over(
    server: Server, fake: FakeUpstream, monkeypatch: pytest.MonkeyPatch
) -> None:
    policy = RoutePolicy(fallbacks=("echo/echo",), retries=0)
    server.client.gateway.set_route("vectors", {"fake/bad": 1}, policy=policy)
    monkeypatch.setattr("tests.gateway.fake_upstream._beside", lambda *_: None)
    for body in (
        {"data": [], "message": WORDS},
        {"error": {"message": WORDS}},
        {"data": [{"index": 0}], "detail": WORDS},
    ):
        monkeypatch.setitem(RAW, "bad", raw(body))
        answer = ask(server, "embeddings", {"model": "fake/bad", "input": "hi"})
        assert answer.status_code == 502 and WORDS in answer.json()["error"]["message"]
        assert ask(server, "embeddings", {"model": "vectors", "input": "hi"}).status_code == 200


def test_an_error_is_retried_like_one_with_an_error_status(
    server: Server, fake: FakeUpstream, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(RAW, "bad", raw({"error": {"message": WORDS, "code": 503}}, more="retry-after-ms: 1\r\n"))
    server.client.gateway.set_route("again", {"fake/bad": 1}, policy=RoutePolicy(retries=1))
    assert ask(server, "chat/completions", {"model": "again", "messages": HI}).status_code == 503
    assert len(fake.requests) == 2
    assert [attempt["status"] for attempt in server.span().attributes["vong.attempts"]] == [503, 503]


CHUNK = {"id": "c", "choices": [{"index": 0, "delta": {"role": "assistant", "content": ""}, "finish_reason": None}]}
ERROR_CHUNK = {"error": {"message": WORDS, "code": 503}}
FIRST_EVENTS: dict[str, tuple[bytes, int]] = {
    "error": (stream(ERROR_CHUNK), 503),
    "error after a comment": (stream(b": PROCESSING\n\n", ERROR_CHUNK), 503),
    "error in the first batch": (
        stream(b"".join(f"data: {json.dumps(c)}\n\n".encode() for c in (CHUNK, ERROR_CHUNK))),
        503,
    ),
    "text": (stream({"error": WORDS}), 502),
    "an object that is an error": (stream({"object": "error", "message": WORDS, "code": 429}), 429),
    "a choice with an error": (
        stream({"choices": [{"delta": {}, "finish_reason": "error", "error": {"message": WORDS}}]}),
        502,
    ),
    "no stream": (raw(ERROR_CHUNK), 503),
    "a page": (raw(f"<p>{WORDS}</p>".encode(), "text/html"), 502),
}


@pytest.mark.parametrize("path", REQUESTS)
def test_a_stream_that_begins_with_an_error_fails_over(
    server: Server, fake: FakeUpstream, monkeypatch: pytest.MonkeyPatch, path: str
) -> None:
    policy = RoutePolicy(fallbacks=("echo/echo",), retries=0)
    server.client.gateway.set_route("saved", {"fake/bad": 1}, policy=policy)
    for name, (body, status) in FIRST_EVENTS.items():
        monkeypatch.setitem(RAW, "bad", body)
        answer = ask(server, path, {"model": "fake/bad", "stream": True, **REQUESTS[path]})
        assert answer.status_code == status and WORDS in answer.json()["error"]["message"], (name, answer.text)
        saved = ask(server, path, {"model": "saved", "stream": True, **REQUESTS[path]})
        assert saved.status_code == 200 and WORDS not in saved.text, (name, saved.text)


def test_a_messages_stream_that_begins_with_an_error_has_its_status(
    server: Server, fake: FakeUpstream, monkeypatch: pytest.MonkeyPatch
) -> None:
    event = {"type": "error", "error": {"type": "overloaded_error", "message": WORDS}}
    monkeypatch.setitem(RAW, "bad", stream(f"event: error\ndata: {json.dumps(event)}\n\n".encode()))
    answer = ask(server, "messages", {"model": "claude/bad", "stream": True, **REQUESTS["messages"]})
    assert answer.status_code == 529 and answer.json()["error"]["type"] == "overloaded_error"
    assert answer.json()["type"] == "error"


def test_a_good_response_is_unchanged(server: Server, fake: FakeUpstream) -> None:
    answer = ask(server, "chat/completions", {"model": "fake/plain", "messages": HI})
    assert answer.json() == completion("plain")
