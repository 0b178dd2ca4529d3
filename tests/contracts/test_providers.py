"""Contract of providers."""

import asyncio
import json
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import aclosing
from typing import Any, NamedTuple, TypeVar, cast

import pytest
from pydantic import SecretStr

from tests.gateway.fake_upstream import WORDS, FakeUpstream
from tests.gateway.provider_kinds import create_provider, list_kinds
from vong.config import ProviderSettings
from vong.errors import InvalidInput, Unsupported, UpstreamFailed, UpstreamTimeout, VongError
from vong.gateway.providers import Provider, ProviderRequest, ProviderResponse
from vong.gateway.providers.openai_compatible import PROFILES
from vong.gateway.upstream.client import UpstreamClient

T = TypeVar("T")
PROMPT = "".join(WORDS)


class Subject(NamedTuple):
    """Provider with names of models that answer, fail and respond slowly."""

    kind: str
    base_url: str | None
    good: str
    limited: str
    slow: str
    broken: str


def subjects(fake: FakeUpstream) -> dict[str, Subject]:
    remote = ("plain", "status-429", "hang", "close")
    return {
        "echo": Subject("echo", None, "echo", "echo?status=429", "echo?first=30", "nobody"),
        "openai": Subject("openai", fake.url, *remote),
        "anthropic": Subject("anthropic", fake.url, *remote),
        "gemini": Subject("gemini", fake.url, *remote),
        "bedrock": Subject("bedrock", fake.url, *remote),
        "cohere": Subject("cohere", fake.url, *remote),
        **{kind: Subject(kind, fake.url, *remote) for kind in PROFILES},
        "deployment": Subject("deployment", fake.url, *remote),
        "faults": Subject("faults", None, "ok", "status-429", "slow-headers", "nothing"),
    }


@pytest.fixture
def fake() -> Any:
    started = FakeUpstream().start()
    yield started
    started.stop()


@pytest.fixture(
    params=["echo", "openai", "anthropic", "gemini", "bedrock", "cohere", "deployment", "faults", *PROFILES]
)
def subject(request: pytest.FixtureRequest, fake: FakeUpstream) -> Subject:
    return subjects(fake)[request.param]


def test_every_built_in_provider_is_a_subject_of_this_contract(fake: FakeUpstream) -> None:
    assert list_kinds() == set(subjects(fake))


def test_a_chat_completion_has_text_and_usage(subject: Subject) -> None:
    reply = run_with_provider(subject, lambda provider: provider.call(chat(subject.good)))
    found = json.loads(reply.body)
    assert reply.status == 200 and reply.events is None
    assert found["choices"][0]["message"] == {"role": "assistant", "content": PROMPT}
    assert found["choices"][0]["finish_reason"] == "stop"
    assert found["usage"]["completion_tokens"] == 3


def test_a_stream_has_the_same_text_in_complete_events_with_usage_and_an_end(subject: Subject) -> None:
    async def gather(provider: Provider) -> list[bytes]:
        reply = await provider.call(chat(subject.good, stream=True))
        assert reply.status == 200 and reply.events is not None
        return [batch async for batch in reply.events]

    batches = run_with_provider(subject, gather)
    assert all(batch.endswith(b"\n\n") for batch in batches)
    lines = [line for line in b"".join(batches).decode().split("\n\n") if line.startswith("data: ")]
    assert lines[-1] == "data: [DONE]"
    chunks = [json.loads(line[6:]) for line in lines[:-1]]
    texts = [choice["delta"].get("content") or "" for chunk in chunks for choice in chunk["choices"]]
    assert "".join(texts) == PROMPT
    assert [chunk["usage"]["completion_tokens"] for chunk in chunks if chunk.get("usage")] == [3]
    assert [c["finish_reason"] for chunk in chunks for c in chunk["choices"] if c["finish_reason"]] == ["stop"]


def test_an_error_status_is_returned_with_its_body(subject: Subject) -> None:
    for stream in (False, True):
        reply = run_with_provider(subject, lambda provider: provider.call(chat(subject.limited, stream=stream)))  # noqa: B023
        assert reply.status == 429 and reply.events is None
        assert json.loads(reply.body)["error"]["message"]


def test_an_unsupported_request_is_an_error_that_names_the_reason(subject: Subject) -> None:
    with pytest.raises(VongError) as raised:
        run_with_provider(subject, lambda provider: provider.call(chat(subject.broken)))
    assert raised.value.message and raised.value.hint


def test_a_cancelled_call_ends_at_once_without_leftover_tasks(subject: Subject, fake: FakeUpstream) -> None:
    async def cancel(provider: Provider) -> None:
        call = asyncio.ensure_future(provider.call(chat(subject.slow)))
        await asyncio.sleep(0.05)
        while subject.base_url and not fake.requests:
            await asyncio.sleep(0.005)
        call.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asyncio.wait_for(call, 0.1)

    run_with_provider(subject, cancel)
    if subject.base_url:
        assert fake.wait_broken_off() < 0.2


def test_a_stream_that_is_closed_early_is_cancelled(subject: Subject, fake: FakeUpstream) -> None:
    model = {"echo": "echo?delay=30", "faults": "slow-body"}.get(subject.kind, "endless")

    async def close_early(provider: Provider) -> None:
        reply = await provider.call(chat(model, stream=True))
        async with aclosing(cast(AsyncGenerator[bytes], reply.events)) as events:
            async for _ in events:
                break

    run_with_provider(subject, close_early)
    if subject.base_url:
        assert fake.wait_broken_off() < 0.2


def test_models_are_listed(subject: Subject) -> None:
    listed = run_with_provider(subject, lambda provider: provider.list_models())
    own = {"echo": ["echo"], "faults": listed if "stall" in listed else []}
    assert listed == own.get(subject.kind, ["one", "two"])


def test_embeddings_are_returned(subject: Subject) -> None:
    if subject.kind == "anthropic" or (subject.kind in PROFILES and not PROFILES[subject.kind].has_embeddings):
        with pytest.raises(Unsupported, match="embeddings"):
            run_with_provider(
                subject, lambda provider: provider.call(ProviderRequest("embeddings", subject.good, b'{"input": "x"}'))
            )
        return
    model = "amazon.titan-embed-text-v2:0" if subject.kind == "bedrock" else subject.good
    body = json.dumps({"model": model, "input": "Huế"}).encode()
    reply = run_with_provider(subject, lambda provider: provider.call(ProviderRequest("embeddings", model, body)))
    assert json.loads(reply.body)["data"][0]["embedding"]


def test_a_slow_upstream_is_a_timeout(fake: FakeUpstream) -> None:
    with pytest.raises(UpstreamTimeout, match="did not start its response within"):
        run_with_provider(subjects(fake)["openai"], lambda provider: provider.call(chat("hang")), timeout=0.2)
    with pytest.raises(UpstreamTimeout, match="sent no data for"):
        run_with_provider(subjects(fake)["openai"], lambda provider: read_completely(provider, "stall"), timeout=0.2)


async def read_completely(provider: Provider, model: str) -> ProviderResponse:
    reply = await provider.call(chat(model, stream=True))
    assert reply.events is not None
    async for _ in reply.events:
        pass
    return reply


@pytest.mark.parametrize("model", ["close", "not-http", "cut", "redirect", "long-head"])
def test_invalid_http_of_an_upstream_is_an_upstream_failure(fake: FakeUpstream, model: str) -> None:
    with pytest.raises(UpstreamFailed):
        run_with_provider(subjects(fake)["openai"], lambda provider: provider.call(chat(model)))


def test_echo_rejects_unknown_options(fake: FakeUpstream) -> None:
    for model in ("echo?speed=1", "echo?delay=fast", "echo?status=99"):
        with pytest.raises(InvalidInput, match="echo"):
            run_with_provider(subjects(fake)["echo"], lambda provider: provider.call(chat(model)))  # noqa: B023


def chat(model: str, stream: bool = False) -> ProviderRequest:
    body = {"model": model, "messages": [{"role": "user", "content": PROMPT}], "stream": stream}
    return ProviderRequest("chat", model, json.dumps(body).encode(), stream)


def run_with_provider(subject: Subject, do: Callable[[Provider], Awaitable[T]], timeout: float = 5.0) -> T:
    async def run() -> T:
        upstream = UpstreamClient()
        settings = ProviderSettings(
            kind=subject.kind, base_url=subject.base_url, api_key=SecretStr("secret"), timeout=timeout
        )
        try:
            return await do(create_provider(subject.kind, settings, upstream))
        finally:
            upstream.close()

    return asyncio.run(run())
