"""Text completions: several prompts, token ids and fields of the prompt's tokens, natively or as chats."""

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import openai
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.gateway.conftest import Server
from tests.gateway.fake_upstream import WORDS, FakeUpstream
from vong.errors import InvalidInput, Unsupported
from vong.gateway.endpoints.completions import CompletionsEndpoint
from vong.gateway.pipeline.several_prompts import add_usage, call_each
from vong.gateway.providers import ProviderRequest, ProviderResponse
from vong.gateway.providers.openai import OpenAIProvider
from vong.gateway.translators.text_completions import needs_text_completion, split_prompts
from vong.gateway.upstream.sse import DONE, encode_sse_event

TEXT_FIELDS: list[dict[str, Any]] = [
    {"prompt": [1, 2]},
    {"prompt": [[1, 2], [3]]},
    {"echo": True, "logprobs": 1, "max_tokens": 0},
    {"echo": True},
    {"logprobs": 5},
    {"suffix": "x"},
    {"best_of": 3},
    {"max_tokens": 0},
]
NEUTRAL_FIELDS: list[dict[str, Any]] = [
    {},
    {"prompt": ["a", "b"]},
    {"echo": False, "suffix": "", "best_of": 1, "logprobs": None},
    {"max_tokens": 5},
]


@pytest.fixture
def client(server: Server) -> openai.OpenAI:
    return openai.OpenAI(base_url=f"{server.url}/v1", api_key=server.key, max_retries=0)


@pytest.mark.parametrize("fields", TEXT_FIELDS)
@pytest.mark.parametrize("stream", [False, True])
def test_what_no_chat_can_answer_is_passed_through(
    client: openai.OpenAI, server: Server, fake: FakeUpstream, fields: dict[str, Any], stream: bool
) -> None:
    asked: Any = {"model": "fake/plain", "prompt": "hi", **fields}
    if stream:
        chunks = list(client.completions.create(**asked, stream=True))
        text = "".join(chunk.choices[0].text for chunk in chunks)
        assert not any(chunk.usage for chunk in chunks)
    else:
        text = client.completions.create(**asked).choices[0].text
    request = fake.requests[-1]
    assert (request.path, text) == ("/v1/completions", "".join(WORDS))
    assert request.body == {
        **asked,
        "model": "plain",
        **({"stream": True, "stream_options": {"include_usage": True}} if stream else {}),
    }
    span = server.span()
    assert (span.usage.input_tokens, span.usage.output_tokens) == (7, 3)
    assert span.output and span.output["choices"][0]["message"]["content"] == "".join(WORDS)


@pytest.mark.parametrize("fields", NEUTRAL_FIELDS)
def test_a_server_that_may_only_chat_receives_chats_where_possible(
    client: openai.OpenAI, fake: FakeUpstream, fields: dict[str, Any]
) -> None:
    asked: Any = {"model": "fake/plain", "prompt": "hi", **fields}
    answer = client.completions.create(**asked)
    prompts = [asked["prompt"]] if isinstance(asked["prompt"], str) else asked["prompt"]
    assert [(request.path, request.body["messages"][0]["content"]) for request in fake.requests] == [
        ("/v1/chat/completions", prompt) for prompt in prompts
    ]
    assert [choice.index for choice in answer.choices] == list(range(len(prompts)))


@pytest.mark.parametrize("model", ["echo/echo", "claude/plain"])
@pytest.mark.parametrize("n", [1, 2])
@pytest.mark.parametrize("stream", [False, True])
def test_several_prompts_are_answered_one_by_one(
    client: openai.OpenAI, server: Server, fake: FakeUpstream, model: str, n: int, stream: bool
) -> None:
    if model != "echo/echo" and n > 1:
        pytest.skip("one answer only")
    prompts = ["alpha beta", "gamma", "delta epsilon zeta"]
    asked: Any = {"model": model, "prompt": prompts, **({"n": n} if n > 1 else {})}
    texts = dict.fromkeys(range(len(prompts) * n), "")
    if stream:
        options: Any = {"include_usage": True}
        chunks = list(client.completions.create(**asked, stream=True, stream_options=options))
        for choice in [choice for chunk in chunks for choice in chunk.choices]:
            texts[choice.index] += choice.text
        usages = [chunk.usage for chunk in chunks if chunk.usage]
        assert len({chunk.id for chunk in chunks}) == 1
    else:
        answer = client.completions.create(**asked)
        texts |= {choice.index: choice.text for choice in answer.choices}
        usages = [answer.usage]
    expected = [prompt for prompt in prompts for _ in range(n)] if model == "echo/echo" else ["".join(WORDS)] * 3
    assert list(texts.values()) == expected
    (usage,) = usages
    words = sum(len(prompt.split()) for prompt in prompts)
    assert usage and usage.completion_tokens == (words * n if model == "echo/echo" else 9)
    span = server.span()
    assert span.usage.output_tokens == usage.completion_tokens and span.status == "ok"
    assert span.input and span.input["prompt"] == prompts


def test_a_failing_prompt_fails_the_call_with_its_error(client: openai.OpenAI, fake: FakeUpstream) -> None:
    with pytest.raises(openai.RateLimitError, match="told to"):
        client.completions.create(model="fake/status-429", prompt=["a", "b"])


def test_the_output_limit_of_several_prompts_counts_each(server: Server, client: openai.OpenAI) -> None:
    fields = CompletionsEndpoint().parse(
        json.dumps({"model": "m", "prompt": ["a", "b", "c"], "n": 2, "best_of": 4}).encode()
    )
    assert fields.choices == 12
    assert CompletionsEndpoint().parse(b'{"model": "m", "prompt": [1, 2, 3]}').choices == 1


@pytest.mark.parametrize(
    ("fields", "expected"),
    [({}, 16), ({"max_tokens": 0}, 0), ({"max_tokens": 50}, 50), ({"max_tokens": 900}, 100), ({"n_predict": 9}, 9)],
)
def test_a_limit_keeps_the_default_and_zero(fields: dict[str, Any], expected: int) -> None:
    body = json.dumps({"model": "m", "prompt": "a", **fields}).encode()
    assert json.loads(CompletionsEndpoint().with_max_tokens(body, 100)) == {
        "model": "m",
        "prompt": "a",
        "max_tokens": expected,
    }


@pytest.mark.parametrize(
    ("address", "model", "kind"),
    [
        ("https://api.openai.com/v1", "gpt-3.5-turbo-instruct-0914", "text"),
        ("https://api.openai.com/v1", "davinci-002", "text"),
        ("https://eu.api.openai.com/v1", "ft:babbage-002:acme::1", "text"),
        ("https://api.openai.com/v1", "gpt-4o", "chat"),
        ("https://api.openai.com/v1", "gpt-3.5-turbo", "chat"),
        ("https://api.openai.com.example/v1", "gpt-4o", "either"),
        ("http://127.0.0.1:8080/v1", "any", "either"),
    ],
)
def test_the_models_of_openai_that_complete_texts_are_known(address: str, model: str, kind: str) -> None:
    from vong.config import ProviderSettings
    from vong.gateway.upstream.client import UpstreamClient

    upstream = UpstreamClient()
    assert OpenAIProvider("p", ProviderSettings(base_url=address), upstream).model_kind(model) == kind
    upstream.close()


PROMPTS = st.one_of(
    st.text(),
    st.lists(st.one_of(st.text(max_size=3), st.integers(), st.lists(st.integers(), max_size=2), st.booleans())),
    st.none(),
    st.integers(),
)


@given(PROMPTS)
def test_a_prompt_is_split_or_rejected(prompt: Any) -> None:
    try:
        prompts = split_prompts(prompt)
    except InvalidInput:
        return
    assert prompts and all(prompts)
    assert prompts in ([prompt], prompt)
    assert needs_text_completion({"prompt": prompt}) == any(isinstance(one, list) for one in prompts)


@given(st.lists(st.dictionaries(st.sampled_from("ab"), st.one_of(st.integers(0, 9), st.none())), max_size=4))
def test_usage_is_summed(usages: list[dict[str, Any]]) -> None:
    total: dict[str, Any] = {}
    for usage in usages:
        total = add_usage(total, {**usage, "details": usage})
    for name in "ab":
        counts = [usage[name] for usage in usages if usage.get(name) is not None]
        assert (total.get(name) or 0) == sum(counts) == ((total.get("details") or {}).get(name) or 0)


def test_a_stream_that_fails_in_a_later_prompt_breaks() -> None:
    async def events() -> AsyncIterator[bytes]:
        yield encode_sse_event(
            {"id": "1", "choices": [{"index": 0, "delta": {"content": "x"}, "finish_reason": "stop"}]}
        )
        yield DONE

    replies = [ProviderResponse(200, events=events()), ProviderResponse(503, b"{}")]

    async def call(_: ProviderRequest) -> ProviderResponse:
        return replies.pop(0)

    async def run() -> None:
        reply = await call_each(call, [ProviderRequest("chat", "m", b"{}", True)] * 2, 1)
        assert reply.events is not None
        with pytest.raises(Exception, match="status 503 for prompt 1"):
            async for _ in reply.events:
                pass

    asyncio.run(run())


def test_a_chat_cannot_have_several_prompts() -> None:
    with pytest.raises(Unsupported, match="several prompts"):
        CompletionsEndpoint().to_chat({"model": "m", "prompt": ["a", "b"]})


def test_an_error_with_the_status_200_for_a_later_prompt_keeps_its_words() -> None:
    fine = {"choices": [{"index": 0, "message": {"content": "x"}, "finish_reason": "stop"}]}
    bodies = [json.dumps(fine).encode(), json.dumps({"error": {"message": "too hot", "code": 503}}).encode()]

    async def call(_: ProviderRequest) -> ProviderResponse:
        return ProviderResponse(200, bodies.pop(0))

    reply = asyncio.run(call_each(call, [ProviderRequest("chat", "m", b"{}", False)] * 2, 1))
    assert json.loads(reply.body)["error"]["message"] == "too hot"


@pytest.mark.parametrize(
    ("first", "second", "total"),
    [
        ({"a": 1}, {"a": "2"}, {"a": 3}),
        ({"a": {"b": 1}}, {"a": 2}, {"a": 2}),
        ({"a": 1}, {"a": {"b": 2}}, {"a": {"b": 2}}),
        ({"a": "x"}, {"a": 2}, {"a": 2}),
        ({"a": 1}, [3], {"a": 1}),
        (None, "x", {}),
    ],
)
def test_odd_usage_breaks_no_sum(first: Any, second: Any, total: dict[str, Any]) -> None:
    assert add_usage(add_usage(None, first), second) == total
