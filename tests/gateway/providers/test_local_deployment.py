"""Local deployments as targets."""

import time
from typing import Any

import anthropic
import openai

from tests.gateway.conftest import Server
from tests.gateway.fake_upstream import WORDS, FakeUpstream
from vong.gateway.translators.token_estimate import TOKENS_PER_IMAGE
from vong.records import now
from vong.serving import tables
from vong.store.database import Database


def test_a_ready_deployment_answers_and_the_span_has_its_versions(
    server: Server, database: Database, fake: FakeUpstream
) -> None:
    deploy(server, database, fake, "ready")
    server.client.gateway.set_route("triage", {"deployment/plain": 1})
    client = openai.OpenAI(base_url=f"{server.url}/v1", api_key=server.key, max_retries=0)
    answer = client.chat.completions.create(model="triage", messages=[{"role": "user", "content": "hi"}])
    assert answer.choices[0].message.content == "".join(WORDS)
    assert fake.requests[-1].body["model"] == "plain"
    assert fake.requests[-1].headers["authorization"] == "bearer engine-token"
    versions = server.span().versions
    assert (versions.route, versions.deployment) == ("triage", "plain")
    assert (versions.model_version, versions.dataset_version) == ("triage@1f0c9a27b4de", "tickets@2b2b2b2b2b2b")
    assert "deployment/plain" in [model.id for model in client.models.list()]


def test_a_stopped_deployment_is_not_called_after_one_second(
    server: Server, database: Database, fake: FakeUpstream
) -> None:
    deploy(server, database, fake, "ready")
    assert server.client.gateway.chat("deployment/plain", "hi").text
    deploy(server, database, fake, "stopped")
    client = openai.OpenAI(base_url=f"{server.url}/v1", api_key=server.key, max_retries=0)
    until = time.monotonic() + 5
    while time.monotonic() < until:
        try:
            client.chat.completions.create(model="deployment/plain", messages=[{"role": "user", "content": "hi"}])
        except openai.InternalServerError as error:
            assert error.status_code == 503 and "is stopped" in str(error)
            break
    else:
        raise AssertionError("it was called on and on")


def test_a_deployment_counts_the_tokens_of_a_message(server: Server, database: Database, fake: FakeUpstream) -> None:
    deploy(server, database, fake, "ready")
    client = anthropic.Anthropic(base_url=server.url, api_key=server.key, max_retries=0)
    asked: Any = {"model": "deployment/plain", "messages": [{"role": "user", "content": "hi"}]}
    assert client.messages.count_tokens(**asked).input_tokens == 4
    assert fake.requests[-1].body == {"model": "plain", "messages": asked["messages"]}
    tool: Any = {"name": "f", "input_schema": {"type": "object"}}
    assert client.messages.count_tokens(**asked, tools=[tool]).input_tokens == 4
    assert fake.requests[-1].body["tools"][0]["function"]["name"] == "f"
    image: Any = {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": "aGk="}}
    parts = [{"type": "text", "text": "hi"}, image]
    asked["messages"] = [{"role": "user", "content": parts}]
    estimated = client.messages.with_raw_response.count_tokens(**asked)
    assert estimated.headers["x-vong-usage-estimated"] == "true"
    assert estimated.parse().input_tokens == 4 + TOKENS_PER_IMAGE
    assert fake.requests[-1].body["messages"] == [{"role": "user", "content": "hi"}]


def deploy(server: Server, database: Database, fake: FakeUpstream, state: str) -> None:
    with database.scope(server.project_id) as connection:
        deployment = {"name": "plain", "model": "triage@1f0c9a27b4de", "base": "b", "engine": "transformers"}
        more = {"engine_key": "g", "desired_state": "running", "state": state, "settings": {}}
        more["dataset"] = "tickets@2b2b2b2b2b2b"
        tables.upsert_deployment(connection, {**deployment, **more, "created_at": now(), "updated_at": now()})
        tables.upsert_engine(connection, "g", url=fake.url.removesuffix("/v1"), token="engine-token")
