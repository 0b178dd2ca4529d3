"""OpenAI-compatible providers that differ in a few fields: sent requests and rejected fields."""

import asyncio
import json
from collections.abc import Iterator
from typing import Any

import pytest
from pydantic import SecretStr

from tests.gateway.fake_upstream import FakeUpstream, Request
from vong import plugins
from vong.config import ProviderSettings
from vong.errors import Misconfigured, Unsupported
from vong.gateway.providers import ProviderRequest, ProviderResponse
from vong.gateway.providers.openai_compatible import PROFILES
from vong.gateway.upstream.client import UpstreamClient

FIELDS: dict[str, Any] = {
    "max_completion_tokens": 9,
    "seed": 1,
    "user": "an",
    "stream_options": {"include_usage": True},
    "temperature": 0.5,
    "not_known_to_vong": {"deep": [1.0, "ế"]},
}


@pytest.fixture
def fake() -> Iterator[FakeUpstream]:
    started = FakeUpstream().start()
    yield started
    started.stop()


def call(
    kind: str, base_url: str | None, fields: dict[str, Any], endpoint: Any = "chat", key: str | None = "kEy"
) -> ProviderResponse:
    async def run() -> ProviderResponse:
        upstream = UpstreamClient()
        settings = ProviderSettings(kind=kind, base_url=base_url, api_key=SecretStr(key) if key else None)
        body = {"model": "plain", "messages": [{"role": "user", "content": "Huế"}], **fields}
        try:
            provider = plugins.load_extension("provider", kind)("mine", settings, upstream)
            return await provider.call(ProviderRequest(endpoint, "plain", json.dumps(body).encode()))
        finally:
            upstream.close()

    return asyncio.run(run())


def sent(fake: FakeUpstream, kind: str, fields: dict[str, Any]) -> Request:
    assert call(kind, fake.url, fields).status == 200
    return fake.requests[-1]


@pytest.mark.parametrize("kind", ["azure", "groq", "openrouter", "vllm"])
def test_fields_without_a_rule_are_sent_unchanged(fake: FakeUpstream, kind: str) -> None:
    found = sent(fake, kind, FIELDS)
    assert found.path == "/v1/chat/completions"
    assert {name: found.body[name] for name in FIELDS} == FIELDS


def test_mistral_receives_its_field_names_and_no_unsupported_fields(fake: FakeUpstream) -> None:
    body = sent(fake, "mistral", FIELDS).body
    assert (body["max_tokens"], body["random_seed"], body["not_known_to_vong"]) == (9, 1, FIELDS["not_known_to_vong"])
    assert not body.keys() & {"max_completion_tokens", "seed", "user", "stream_options"}


def test_ollama_receives_max_tokens(fake: FakeUpstream) -> None:
    body = sent(fake, "ollama", FIELDS).body
    assert body["max_tokens"] == 9 and body["seed"] == 1 and "max_completion_tokens" not in body


REFUSED = {"n": 2, "logprobs": True, "top_logprobs": 3, "logit_bias": {"7": -100}, "tool_choice": "required"}


@pytest.mark.parametrize(
    ("kind", "name"), [(kind, name) for kind, row in PROFILES.items() for name in sorted(row.unsupported_fields)]
)
def test_unsupported_fields_are_rejected_before_sending(fake: FakeUpstream, kind: str, name: str) -> None:
    with pytest.raises(Unsupported, match=f"{kind} does not support {name}") as raised:
        call(kind, fake.url, {name: REFUSED[name]})
    assert raised.value.status == 400 and not fake.requests


@pytest.mark.parametrize("kind", [kind for kind, row in PROFILES.items() if row.unsupported_fields])
def test_fields_with_no_effect_are_accepted(fake: FakeUpstream, kind: str) -> None:
    nothing = {"n": 1, "logprobs": False, "top_logprobs": None, "logit_bias": {}, "tool_choice": "auto"}
    body = sent(fake, kind, nothing).body
    assert not body.keys() & PROFILES[kind].unsupported_fields


def test_groq_does_not_support_embeddings(fake: FakeUpstream) -> None:
    with pytest.raises(Unsupported, match="embeddings"):
        call("groq", fake.url, {"input": "x"}, "embeddings")
    assert not fake.requests


def test_the_key_is_sent_in_the_header_of_the_api(fake: FakeUpstream) -> None:
    assert sent(fake, "groq", {}).headers["authorization"] == "bearer key"
    headers = sent(fake, "azure", {}).headers
    assert headers["api-key"] == "key" and "authorization" not in headers


@pytest.mark.parametrize("kind", [kind for kind, row in PROFILES.items() if row.key_variable])
def test_a_missing_key_is_an_error_and_the_key_of_the_server_is_not_used(
    fake: FakeUpstream, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    variable = str(PROFILES[kind].key_variable)
    monkeypatch.setenv(variable, "of the server")
    with pytest.raises(Misconfigured, match=variable):
        call(kind, fake.url, {}, key=None)
    assert not fake.requests


@pytest.mark.parametrize("kind", ["ollama", "vllm"])
def test_self_hosted_servers_need_no_key(fake: FakeUpstream, kind: str) -> None:
    assert call(kind, fake.url, {}, key=None).status == 200
    assert "authorization" not in fake.requests[-1].headers


@pytest.mark.parametrize("kind", sorted(PROFILES))
def test_each_provider_type_has_its_own_address(kind: str) -> None:
    make = plugins.load_extension("provider", kind)
    if PROFILES[kind].base_url is None:
        with pytest.raises(Misconfigured, match="no base_url"):
            make("mine", ProviderSettings(kind=kind), UpstreamClient())
    else:
        assert make("mine", ProviderSettings(kind=kind), UpstreamClient()).address == PROFILES[kind].base_url
