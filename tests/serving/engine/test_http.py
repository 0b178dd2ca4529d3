"""HTTP API of an engine process with a fake engine."""

import asyncio
import contextlib
import json
import socket
import threading
from collections.abc import AsyncGenerator, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import uvicorn

from tests.running_vong import eventually
from vong.errors import InvalidInput, Unavailable
from vong.serving.engine import EngineLoad, EngineSettings, GenerationChunk, GenerationRequest, TokenLogprob, admission
from vong.serving.engine import http as engine_http
from vong.serving.engine.admission import Admission
from vong.serving.engine.http import EngineApp

HELLO_REQUEST = [{"role": "user", "content": "hello"}]


class FakeEngine:
    """Engine that returns the words of the request. `slow` waits before the first word, `endless` never ends."""

    precision = "fp32"
    load = EngineLoad()

    def __init__(self) -> None:
        self.active = 0
        self.adapters: dict[str, Path | None] = {}

    def set_adapter(self, name: str, folder: Path | None) -> None:
        self.adapters[name] = folder

    def tokenize(
        self, adapter: str | None, messages: list[dict[str, Any]], tools: list[dict[str, Any]] | None = None
    ) -> list[int]:
        return list(range(len(messages) + len(tools or ())))

    def logprobs(self, adapter: str | None, ids: list[int], positions: int, top: int) -> list[dict[int, float]]:
        return [{7: -0.5, 8: float("-inf")}] * positions

    def encode(self, adapter: str | None, text: str) -> list[int]:
        return [ord(letter) for letter in text]

    def decode(self, ids: list[int]) -> str:
        return "".join(map(chr, ids))

    async def score(self, adapter: str | None, ids: list[int], top: int) -> list[TokenLogprob]:
        first, *rest = [chr(token) for token in ids]
        scored = [TokenLogprob(letter, -1.0, (("e", -0.5), ("e", -0.7))[:top]) for letter in rest]
        return [TokenLogprob(first, None), *scored]

    async def generate(self, request: GenerationRequest) -> AsyncGenerator[GenerationChunk]:
        if request.prompt is not None:
            text = self.decode(list(request.prompt))
            if text == "bad":
                raise InvalidInput("the prompt exceeds the context", "shorten it")
            entry = TokenLogprob("!", -float(request.seed or 1), (("?", -0.1),))
            logprobs = () if request.top_logprobs is None else (entry,)
            yield GenerationChunk(f"{text}{request.seed or ''}!", None, len(text), 1, 0, logprobs)
            yield GenerationChunk("", "stop", len(text), 1)
            return
        requests = request.messages[-1]["content"]
        self.active += 1
        try:
            if requests == "too long":
                raise InvalidInput("the prompt exceeds the context", "shorten it")
            if requests == "bug":
                raise RuntimeError("secret detail")
            if requests == "slow":
                await asyncio.sleep(60)
            yield GenerationChunk("one")
            if requests == "breaks":
                raise Unavailable("out of memory", "retry")
            while requests == "endless":
                await asyncio.sleep(0.01)
                yield GenerationChunk("more")
            yield GenerationChunk(" two", "stop", prompt_tokens=3, completion_tokens=2)
        finally:
            self.active -= 1


@pytest.fixture(scope="module")
def running() -> Iterator[tuple[EngineApp, FakeEngine, str]]:
    app, engine = EngineApp("secret", {"pid": 1}), FakeEngine()
    server = uvicorn.Server(uvicorn.Config(app, log_config=None, lifespan="off", timeout_graceful_shutdown=1))
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen()
        thread = threading.Thread(target=lambda: asyncio.run(server.serve(sockets=[listening])))
        thread.start()
        yield app, engine, f"http://127.0.0.1:{listening.getsockname()[1]}"
        server.should_exit = True
        thread.join(10)


@pytest.fixture
def http(running: tuple[EngineApp, FakeEngine, str]) -> Iterator[httpx.Client]:
    app, engine, url = running
    app.engine = engine
    headers = {"authorization": "Bearer secret"}
    with httpx.Client(base_url=url, headers=headers, trust_env=False, timeout=10) as client:
        client.post("/adapters", json={"name": "base", "folder": None}).raise_for_status()
        yield client


def ask(http: httpx.Client, text: str, **more: Any) -> httpx.Response:
    body = {"model": "base", "messages": [{"role": "user", "content": text}], **more}
    return http.post("/v1/chat/completions", json=body)


def events(answer: httpx.Response) -> list[Any]:
    lines = [line.removeprefix("data: ") for line in answer.text.split("\n\n") if line]
    return [line if line == "[DONE]" else json.loads(line) for line in lines]


def test_requests_without_the_token_are_rejected(http: httpx.Client) -> None:
    for token in ("", "Bearer other", "Bearer sécret"):
        for path in ("/health", "/nothing"):
            answer = http.get(path, headers={b"authorization": token.encode("latin-1")})
            assert answer.status_code == 401 and answer.json()["error"]["type"] == "authentication_error"


def test_health_is_answered_while_the_model_loads(
    http: httpx.Client, running: tuple[EngineApp, FakeEngine, str]
) -> None:
    running[0].engine = None
    assert (
        http.get("/health?generate=1").json().items()
        >= {
            **{"pid": 1, "state": "loading", "reason": None, "precision": None, "models": {"base": None}},
            **{"active": 0, "waiting": 0, "queue_limit": 128, "slots": 8, "stalled_seconds": 0.0},
        }.items()
    )
    answer = ask(http, "hello")
    assert answer.status_code == 503 and answer.json()["error"]["type"] == "overloaded_error"
    running[0].engine = running[1]
    assert http.get("/health").json()["state"] == "ready" and http.get("/health").json()["memory"] > 1e6


def test_a_completion_and_a_stream_have_the_same_text(http: httpx.Client) -> None:
    answer = ask(http, "hello").json()
    assert answer["choices"][0]["message"]["content"] == "one two" and answer["usage"]["total_tokens"] == 5
    streamed = ask(http, "hello", stream=True, stream_options={"include_usage": True})
    assert streamed.headers["content-type"] == "text/event-stream; charset=utf-8"
    assert streamed.headers["cache-control"] == "no-cache"
    *chunks, usage, done = events(streamed)
    assert "".join(chunk["choices"][0]["delta"].get("content", "") for chunk in chunks) == "one two"
    assert usage["usage"]["completion_tokens"] == 2 and done == "[DONE]"


@pytest.mark.parametrize("stream", [True, False])
def test_a_failure_before_the_first_chunk_has_its_status(http: httpx.Client, stream: bool) -> None:
    refused = ask(http, "too long", stream=stream)
    assert refused.status_code == 400 and "context" in refused.json()["error"]["message"]
    bug = ask(http, "bug", stream=stream)
    assert bug.status_code == 500 and bug.json()["error"]["type"] == "server_error" and "secret" not in bug.text


@pytest.mark.parametrize("stream", [False, True])
def test_several_choices_are_answered(http: httpx.Client, stream: bool) -> None:
    answer = ask(http, "hello", n=3, stream=stream, stream_options={"include_usage": True})
    if not stream:
        assert [(one["index"], one["message"]["content"]) for one in answer.json()["choices"]] == [
            (index, "one two") for index in range(3)
        ]
        assert answer.json()["usage"] | {"prompt_tokens_details": None} == {
            **{"prompt_tokens": 3, "completion_tokens": 6, "total_tokens": 9, "prompt_tokens_details": None}
        }
        return
    *chunks, usage, _ = events(answer)
    texts = ["", "", ""]
    for choice in [choice for chunk in chunks for choice in chunk["choices"]]:
        texts[choice["index"]] += choice["delta"].get("content", "")
    assert texts == ["one two"] * 3 and usage["usage"]["completion_tokens"] == 6


def test_a_failing_choice_fails_the_request(http: httpx.Client, running: tuple[EngineApp, FakeEngine, str]) -> None:
    assert ask(http, "too long", n=3).status_code == 400
    assert ask(http, "breaks", n=2).status_code == 503
    assert running[1].active == 0


def complete(http: httpx.Client, prompt: Any, **more: Any) -> httpx.Response:
    return http.post("/v1/completions", json={"model": "base", "prompt": prompt, **more})


def test_prompts_are_completed_as_they_are(http: httpx.Client) -> None:
    answer = complete(http, ["ab", "c"], n=2, seed=5).json()
    assert [(one["index"], one["text"], one["logprobs"]) for one in answer["choices"]] == [
        *((0, "ab5!", None), (1, "ab6!", None), (2, "c5!", None), (3, "c6!", None)),
    ]
    assert answer["object"] == "text_completion" and answer["id"].startswith("cmpl-")
    usage = answer["usage"]
    assert (usage["prompt_tokens"], usage["completion_tokens"]) == (3, 4)
    assert [one["text"] for one in complete(http, [[97, 98], [99]]).json()["choices"]] == ["ab!", "c!"]
    assert complete(http, [97, 98], echo=True).json()["choices"][0]["text"] == "abab!"


def test_echo_with_log_probabilities_scores_the_prompt(http: httpx.Client) -> None:
    (choice,) = complete(http, "abc", echo=True, logprobs=2).json()["choices"]
    assert choice["text"] == "abcabc!"
    assert choice["logprobs"] == {
        "tokens": ["a", "b", "c", "!"],
        "token_logprobs": [None, -1.0, -1.0, -1.0],
        "top_logprobs": [None, {"e": -0.5, "b": -1.0}, {"e": -0.5, "c": -1.0}, {"?": -0.1, "!": -1.0}],
        "text_offset": [0, 1, 2, 3],
    }
    (choice,) = complete(http, "abc", echo=True, logprobs=0, max_tokens=0).json()["choices"]
    assert (choice["text"], choice["finish_reason"], len(choice["logprobs"]["tokens"])) == ("abc", "length", 3)
    answer = complete(http, "abc", max_tokens=0).json()
    assert (answer["choices"][0]["text"], answer["usage"]["completion_tokens"]) == ("", 0)


def test_the_best_completions_come_first(http: httpx.Client) -> None:
    answer = complete(http, "a", n=2, best_of=4, seed=1).json()
    assert [one["text"] for one in answer["choices"]] == ["a1!", "a2!"]
    assert answer["usage"]["completion_tokens"] == 4


def test_text_completions_are_streamed(http: httpx.Client) -> None:
    answer = complete(http, ["ab", "c"], stream=True, echo=True, logprobs=1, stream_options={"include_usage": True})
    *chunks, usage, done = events(answer)
    texts = {0: "", 1: ""}
    offsets: dict[int, list[int]] = {0: [], 1: []}
    for choice in [choice for chunk in chunks for choice in chunk["choices"]]:
        texts[choice["index"]] += choice["text"]
        offsets[choice["index"]] += choice["logprobs"]["text_offset"]
    assert texts == {0: "abab!", 1: "cc!"} and offsets == {0: [0, 1, 2], 1: [0, 1]}
    assert usage["usage"]["total_tokens"] == 5 and done == "[DONE]"


@pytest.mark.parametrize("stream", [False, True])
def test_a_text_completion_that_fails_has_its_status(http: httpx.Client, stream: bool) -> None:
    assert complete(http, "bad", stream=stream).status_code == 400
    assert complete(http, ["a", "bad"], n=2).status_code == 400
    assert complete(http, "", stream=stream).status_code == 400


def test_an_engine_without_texts_says_so(http: httpx.Client, running: tuple[EngineApp, FakeEngine, str]) -> None:
    class ChatEngine:
        precision = "fp32"

    running[0].engine = ChatEngine()  # pyright: ignore[reportAttributeAccessIssue]
    answer = complete(http, "a")
    assert answer.status_code == 400 and "does not complete texts" in answer.json()["error"]["message"]
    running[0].engine = running[1]


def test_a_failure_within_a_stream_is_its_last_event(http: httpx.Client) -> None:
    *_, last = events(ask(http, "breaks", stream=True))
    assert last["error"]["type"] == "overloaded_error"


@pytest.mark.parametrize(("text", "stream"), [("endless", True), ("endless", False), ("slow", True), ("slow", False)])
def test_a_disconnect_stops_the_generation(
    http: httpx.Client, running: tuple[EngineApp, FakeEngine, str], text: str, stream: bool
) -> None:
    engine = running[1]
    body = {"model": "base", "messages": [{"role": "user", "content": text}], "stream": stream}
    with (
        contextlib.suppress(httpx.ReadTimeout),
        http.stream("POST", "/v1/chat/completions", json=body, timeout=0.3) as answer,
    ):
        received = answer.iter_bytes()  # httpx closes the connection as soon as this iterator is deleted
        next(received)
        eventually(lambda: engine.active == 1, 5)
    eventually(lambda: engine.active == 0, 5)
    assert ask(http, "hello").status_code == 200


def test_adapters_are_loaded_and_unloaded_by_name(
    http: httpx.Client, running: tuple[EngineApp, FakeEngine, str]
) -> None:
    engine = running[1]
    assert http.post("/adapters", json={"name": "a/b", "folder": "/x"}).json() == {
        "models": {"base": None, "a/b": "/x"}
    }
    assert engine.adapters["a/b"] == Path("/x")
    assert [model["id"] for model in http.get("/v1/models").json()["data"]] == ["base", "a/b"]
    assert http.delete("/adapters/a/b").json() == {"models": {"base": None}} and engine.adapters["a/b"] is None
    assert http.delete("/adapters/a/b").status_code == 404


def test_tokens_and_log_probabilities_are_returned(http: httpx.Client) -> None:
    assert http.post("/tokenize", json={"model": "base", "messages": HELLO_REQUEST}).json() == {"ids": [0]}
    with_tools = {"model": "base", "messages": HELLO_REQUEST, "tools": [{"type": "function"}]}
    assert http.post("/tokenize", json=with_tools).json() == {"ids": [0, 1]}
    found = http.post("/logprobs", json={"model": "base", "ids": [1, 2], "positions": 2, "top": 2})
    assert json.loads(found.text)["positions"] == [[[7, -0.5], [8, float("-inf")]]] * 2
    assert http.post("/logprobs", json={"model": "base", "ids": [1], "positions": 2}).status_code == 400


@pytest.mark.parametrize(
    ("method", "path", "content", "status"),
    [
        ("GET", "/nothing", b"", 404),
        ("GET", "/health/", b"", 404),
        ("DELETE", "/v1/models", b"", 404),
        ("POST", "/tokenize", b"{", 400),
        ("POST", "/tokenize", b"[]", 400),
        ("POST", "/tokenize", b'{"model": "base"}', 400),
        ("POST", "/v1/chat/completions", b'{"model": "base", "messages": []}', 400),
        ("POST", "/tokenize", b'{"model": "x", "messages": []}', 404),
    ],
)
def test_errors_have_the_format_of_openai(
    http: httpx.Client, method: str, path: str, content: bytes, status: int
) -> None:
    answer = http.request(method, path, content=content)
    assert answer.status_code == status and {"message", "type", "param", "code"} == set(answer.json()["error"])


def test_a_body_is_bounded(http: httpx.Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine_http, "MAX_BODY_BYTES", 100)
    answer = ask(http, "x" * 200)
    assert answer.status_code == 400 and "exceeds 100 bytes" in answer.json()["error"]["message"]


def test_requests_beyond_the_queue_are_rejected_and_leave_it_when_their_caller_does(
    http: httpx.Client, running: tuple[EngineApp, FakeEngine, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    app, engine, url = running
    monkeypatch.setattr(app, "admission", Admission(EngineSettings(batch=1, queue_limit=1)))
    queue = app.admission.queue
    body = {"model": "base", "messages": [{"role": "user", "content": "endless"}]}
    headers = {"authorization": "Bearer secret"}
    with httpx.Client(base_url=url, headers=headers, trust_env=False, timeout=30) as impatient:

        def send() -> None:
            with contextlib.suppress(httpx.HTTPError):
                impatient.post("/v1/chat/completions", json=body, timeout=3)

        threads = [threading.Thread(target=send) for _ in range(2)]
        for thread in threads:
            thread.start()
        eventually(lambda: (queue.active, queue.waiting) == (1, 1), 5)
        refused = ask(http, "hello")
        assert refused.status_code == 429 and 1 <= int(refused.headers["retry-after"]) <= 60
        assert refused.json()["error"]["type"] == "rate_limit_error" and "queue_limit of 1" in refused.text
        assert complete(http, "a").status_code == 429
        health = http.get("/health").json()
        assert (health["active"], health["waiting"], health["rejected"], health["queue_limit"]) == (1, 1, 2, 1)
    for thread in threads:
        thread.join()
    eventually(lambda: (queue.active, queue.waiting, engine.active) == (0, 0, 0), 5)
    assert ask(http, "hello").headers["x-vong-queue-ms"] == "0.0"


def test_measures_count_requests_tokens_and_latencies(
    http: httpx.Client, running: tuple[EngineApp, FakeEngine, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(running[0], "admission", Admission(EngineSettings()))
    assert ask(http, "hello").status_code == ask(http, "hello", stream=True).status_code == 200
    eventually(lambda: http.get("/health").json()["requests"] == 2, 5)
    health = http.get("/health").json()
    assert (health["prompt_tokens"], health["output_tokens"], health["cached_tokens"]) == (6, 4, 0)
    assert health["first_token"]["count"] == health["queue"]["count"] == 2
    assert health["tokens_per_second"] > 0 and health["time_to_first_token_ms"] is not None
    assert health["stalled_seconds"] == 0


def test_a_stuck_engine_is_told_from_a_busy_one(
    http: httpx.Client, running: tuple[EngineApp, FakeEngine, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    app, engine, _ = running
    monkeypatch.setattr(admission, "CHECK_TIMEOUT_SECONDS", 0.1)
    monkeypatch.setattr(app, "admission", Admission(EngineSettings()))
    assert http.get("/health?generate=1").json()["generates"] is True

    async def hang(_: GenerationRequest) -> AsyncGenerator[GenerationChunk]:
        await asyncio.sleep(60)
        yield GenerationChunk()

    monkeypatch.setattr(engine, "generate", hang)
    assert http.get("/health?generate=1").json()["generates"] is False
    eventually(lambda: http.get("/health").json()["stalled_seconds"] > 0.2, 5)
    app.admission.measures.record_progress()  # a part of a long prompt
    assert http.get("/health").json()["stalled_seconds"] < 0.2
