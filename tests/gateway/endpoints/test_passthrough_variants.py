"""Responses of text completions, embeddings, rerankers, responses, images and audio with odd fields, and their streams.

A field without content may be missing, null or empty: the caller receives the same answer. With any other field the
caller receives an answer or one error, the span says which, and the server never fails.
"""

import copy
import json
import random
from collections.abc import Iterator
from typing import Any, NamedTuple

import httpx
import pytest

from tests.gateway.conftest import Server
from tests.gateway.endpoints.test_native_stream_variants import list_paths, spoil
from tests.gateway.fake_native_apis import stream_events as native_events
from tests.gateway.fake_upstream import RAW, STREAM_HEAD, FakeUpstream, chunked
from vong.gateway.upstream.sse import DONE, DONE_DATA, batch_data

SEED = 20261201
SAMPLED_MUTATIONS = 20
CLOSE = "connection: close\r\n"
USAGE = {"prompt_tokens": 7, "completion_tokens": 3, "prompt_tokens_details": {"cached_tokens": 2}}
HEAD = {"id": "x-1", "created": 1, "model": "m", "system_fingerprint": "f"}
LOGPROBS = {"tokens": ["Xin "], "token_logprobs": [-0.5], "top_logprobs": [{"Xin ": -0.5}], "text_offset": [0]}


def text_choice(text: str, finish: str | None) -> dict[str, Any]:
    return {"index": 0, "text": text, "finish_reason": finish, "logprobs": LOGPROBS}


def chat_choice(name: str, text: str, finish: str | None) -> dict[str, Any]:
    return {"index": 0, name: {"role": "assistant", "content": text}, "finish_reason": finish, "logprobs": None}


def chunks(choices: list[dict[str, Any]]) -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = [{**HEAD, "choices": [choice], "usage": None} for choice in choices]
    return [*items, {**HEAD, "choices": [], "usage": USAGE}]


class Case(NamedTuple):
    """Request, the response of the upstream, and the names of the fields with the content of the response."""

    path: str
    request: dict[str, Any]
    response: Any
    content: set[str]
    done: bytes = b""


TEXTS = chunks([text_choice("Xin ", None), text_choice("chào", None), text_choice("", "stop")])
CHATS = chunks(
    [chat_choice("delta", "Xin ", None), chat_choice("delta", "chào", None), chat_choice("delta", "", "stop")]
)
STREAM: dict[str, Any] = {"stream": True, "stream_options": {"include_usage": True}}
TEXT_CONTENT = {"choices", "text", "message", "delta", "content", "usage", "prompt_tokens", "completion_tokens"}
SEARCH: dict[str, Any] = {"input": "hi", "tools": [{"type": "web_search"}]}
RESPONSE_CONTENT = {
    *("type", "output", "content", "text", "usage", "input_tokens", "output_tokens", "delta", "status"),
    *("input_tokens_details", "cached_tokens", "response", "encrypted_content", "total_tokens"),
}
RESPONSE_EVENTS = [json.loads(event.split(b"data: ", 1)[1]) for event in native_events("responses", "m")]
IMAGES: dict[str, Any] = {
    "created": 1,
    "background": "opaque",
    "data": [{"b64_json": "QUJD", "revised_prompt": "x"}],
    "usage": {"input_tokens": 12, "output_tokens": 300, "input_tokens_details": {"image_tokens": 2}},
}
TRANSCRIPT: dict[str, Any] = {
    "text": "xin chào",
    "language": "vi",
    "segments": [{"id": 0, "text": "xin chào"}],
    "usage": {"type": "tokens", "input_tokens": 14, "output_tokens": 5, "input_token_details": {"audio_tokens": 9}},
}
TRANSCRIPT_EVENTS = [
    {"type": "transcript.text.delta", "delta": "xin ", "logprobs": []},
    {"type": "transcript.text.done", "text": "xin chào", "usage": TRANSCRIPT["usage"]},
]
COUNTS = {"input_tokens", "output_tokens", "prompt_tokens", "usage"}
VECTORS = [{"object": "embedding", "index": index, "embedding": [0.5, 0.25]} for index in (0, 1)]
WHOLE_TEXT = {**HEAD, "choices": [text_choice("Xin chào", "stop")], "usage": USAGE}
WHOLE_CHAT = {**HEAD, "choices": [chat_choice("message", "Xin chào", "stop")], "usage": USAGE}
PROMPT, PROMPTS = {"prompt": "hi"}, {"prompt": ["hi", "ho"]}
CASES = {
    "text completion": Case("completions", {**PROMPT, "logprobs": 1}, WHOLE_TEXT, TEXT_CONTENT),
    "text stream": Case("completions", {**PROMPT, "logprobs": 1, **STREAM}, TEXTS, TEXT_CONTENT, DONE),
    "text of a chat": Case("completions", PROMPT, WHOLE_CHAT, TEXT_CONTENT),
    "text stream of a chat": Case("completions", {**PROMPT, **STREAM}, CHATS, TEXT_CONTENT, DONE),
    "texts of chats": Case("completions", PROMPTS, WHOLE_CHAT, TEXT_CONTENT),
    "text streams of chats": Case("completions", {**PROMPTS, **STREAM}, CHATS, TEXT_CONTENT, DONE),
    "response": Case("responses", SEARCH, RESPONSE_EVENTS[-1]["response"], RESPONSE_CONTENT),
    "response stream": Case("responses", {**SEARCH, "stream": True}, RESPONSE_EVENTS, RESPONSE_CONTENT),
    "embeddings": Case(
        "embeddings", {"input": ["a", "b"]}, {"data": VECTORS, "usage": USAGE}, {"data", "embedding", *COUNTS}
    ),
    "rerank": Case(
        "rerank",
        {"query": "a", "documents": ["b"]},
        {"id": "r", "results": [{"index": 0, "relevance_score": 0.5}], "usage": {"total_tokens": 3}},
        {"results", "index", "relevance_score", "usage", "total_tokens"},
    ),
    "images": Case("images/generations", {"prompt": "a"}, IMAGES, {"data", "b64_json", *COUNTS}),
    "transcript": Case("audio/transcriptions", {}, TRANSCRIPT, {"text", "segments", *COUNTS}),
    "transcript stream": Case(
        "audio/transcriptions", {"stream": "true"}, TRANSCRIPT_EVENTS, {"type", "delta", "text", *COUNTS}
    ),
}


def encode(case: Case, response: Any) -> bytes:
    """Return the bytes of a response of the upstream."""
    if isinstance(case.response, list):
        body = b"".join(b"data: %b\n\n" % json.dumps(event).encode() for event in response) + case.done
        return STREAM_HEAD.replace(b"\r\n\r\n", f"\r\n{CLOSE}\r\n".encode()) + chunked(body) + b"0\r\n\r\n"
    body = json.dumps(response).encode()
    return (
        f"HTTP/1.1 200 X\r\ncontent-type: application/json\r\n{CLOSE}content-length: {len(body)}\r\n\r\n".encode()
        + body
    )


class Asked(NamedTuple):
    status: int
    text: str


@pytest.fixture
def upstream(server: Server, fake: FakeUpstream, monkeypatch: pytest.MonkeyPatch) -> Server:
    """Return the server, whose upstream answers everything with the model `odd`."""
    monkeypatch.setattr("tests.gateway.fake_upstream._beside", lambda *_: None)
    return server


def ask(server: Server, case: Case, response: Any, monkeypatch: pytest.MonkeyPatch) -> Asked:
    monkeypatch.setitem(RAW, "odd", encode(case, response))
    headers, url = {"authorization": f"Bearer {server.key}"}, f"{server.url}/v1/{case.path}"
    body = {**case.request, "model": "fake/odd"}
    if case.path.startswith("audio/"):
        answer = httpx.post(url, data=body, files={"file": ("a.wav", b"x")}, headers=headers, timeout=30)
    else:
        answer = httpx.post(url, json=body, headers=headers, timeout=30)
    return Asked(answer.status_code, answer.text)


def read_error(asked: Asked) -> str | None:
    """Return the message of the error of an answer, of its body or of its last event."""
    if asked.status >= 400:
        return json.loads(asked.text)["error"]["message"]
    events = batch_data(asked.text.encode()) if asked.text.startswith(("data:", "event:")) else []
    fields = [json.loads(data) for data in events if data != DONE_DATA]
    errors = [event.get("error") or event for event in fields if event.get("error") or event.get("type") == "error"]
    return errors[-1]["message"] if errors else None


def read_texts(case: Case, asked: Asked) -> str:
    """Return the content of an answer, of all its events."""
    parts = batch_data(asked.text.encode()) if isinstance(case.response, list) else [asked.text.encode()]
    texts: list[str] = []
    for part in parts:
        if part != DONE_DATA:
            value = json.loads(part)
            for path in list_paths(value):
                leaf = value
                for key in path:
                    leaf = leaf[key]
                if path[-1] in ("text", "delta", "b64_json", "relevance_score", "embedding") and leaf:
                    texts.append(str(leaf))
    return "".join(texts)


def mutations(case: Case) -> Iterator[tuple[tuple[Any, ...], str]]:
    for path in list_paths(case.response):
        for how in ("missing", "null", "empty"):
            yield path, how


def check_mutations(server: Server, name: str, count: int | None, monkeypatch: pytest.MonkeyPatch) -> None:
    case = CASES[name]
    right = ask(server, case, copy.deepcopy(case.response), monkeypatch)
    assert right.status == 200 and read_error(right) is None, right
    found = list(mutations(case))
    if count is not None and count < len(found):
        found = random.Random(f"{SEED} {name}").sample(found, count)
    failed = 0
    for path, how in found:
        asked = ask(server, case, spoil(case.response, path, how), monkeypatch)
        message = read_error(asked)
        failed += message is not None
        assert asked.status in (200, 502), (path, how, asked)
        assert message is None or (message and "server failed" not in message), (path, how, asked)
        if not (path[-1] in case.content or isinstance(path[-1], int)):
            assert message is None and read_texts(case, asked) == read_texts(case, right), (path, how, asked)
    spans = server.spans()
    assert len(spans) == len(found) + 1
    assert sum(span.status == "error" for span in spans) == failed


@pytest.mark.parametrize("name", CASES)
def test_sampled_fields_may_be_missing_null_or_empty(
    upstream: Server, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    check_mutations(upstream, name, SAMPLED_MUTATIONS, monkeypatch)


@pytest.mark.full
@pytest.mark.parametrize("name", CASES)
def test_any_field_may_be_missing_null_or_empty(upstream: Server, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    check_mutations(upstream, name, None, monkeypatch)
