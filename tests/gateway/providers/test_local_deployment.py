"""Local deployments as targets."""

import socket
import threading
import time
from typing import Any

import anthropic
import httpx
import openai

from tests.gateway.conftest import Server
from tests.gateway.fake_upstream import WORDS, FakeUpstream
from tests.gateway.test_metrics import value
from tests.running_vong import eventually
from vong import serving
from vong.app.deployment_prices import catalog_prices, with_prices
from vong.gateway.translators.token_estimate import TOKENS_PER_IMAGE
from vong.records import now
from vong.serving import replica_tables, tables, views
from vong.serving.engine_speed import EngineSpeed
from vong.store.database import Database


def test_a_ready_deployment_answers_and_the_span_has_its_versions(
    server: Server, database: Database, fake: FakeUpstream
) -> None:
    deploy(server, database, fake, "ready")
    server.client.gateway.set_route("triage", {"deployment/plain": 1})
    client = openai.OpenAI(base_url=f"{server.url}/v1", api_key=server.key, max_retries=0)
    answer = client.chat.completions.create(model="triage", messages=[{"role": "user", "content": "hi"}])
    assert answer.choices[0].message.content == "".join(WORDS)
    assert fake.requests[-1].body["model"] == "plain@1f0c9a27b4de"
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
    assert fake.requests[-1].body == {"model": "plain@1f0c9a27b4de", "messages": asked["messages"]}
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


def test_calls_that_nobody_waits_for_are_marked_and_the_span_has_the_time_in_the_queue(
    server: Server, database: Database, fake: FakeUpstream
) -> None:
    deploy(server, database, fake, "ready")
    ask(server).raise_for_status()
    assert "x-vong-priority" not in fake.requests[-1].headers
    answer = ask(server, {"x-vong-priority": "low"}).raise_for_status()
    assert fake.requests[-1].headers["x-vong-priority"] == "low"
    assert answer.headers["x-vong-queue-ms"] == "12.5"
    assert [span.attributes["vong.queue_ms"] for span in server.spans()] == [12.5, 12.5]
    refused = ask(server, {"x-vong-priority": "urgent"})
    assert refused.status_code == 400 and "send low or normal" in refused.json()["error"]["message"]
    ask(server, {"x-vong-priority": "low"}, model="fake/plain").raise_for_status()
    assert "x-vong-priority" not in fake.requests[-1].headers  # other providers do not know it


def test_a_deployment_that_does_not_answer_says_when_to_retry(
    server: Server, database: Database, fake: FakeUpstream
) -> None:
    deploy(server, database, fake, "ready")
    with database.scope(server.project_id) as connection:
        replica_tables.update_replica(connection, "g", 1, url="http://127.0.0.1:9")
    assert_unavailable(ask(server))
    with database.scope(server.project_id) as connection:
        replica_tables.update_replica(connection, "g", 1, url=None, state="starting")
        tables.update_desired_deployment(connection, "plain", state="starting")
    eventually(lambda: "is starting" in ask(server).text, 5)
    assert_unavailable(ask(server))


def test_a_call_costs_the_machine_time_of_its_tokens(server: Server, database: Database, fake: FakeUpstream) -> None:
    deploy(server, database, fake, "ready")
    assert "deployment/plain" not in [price["target"] for price in server.client.gateway.prices()]  # unknown speed
    ask(server).raise_for_status()
    measured = EngineSpeed(prompt_tokens=1000, prompt_seconds=1, output_tokens=1000, output_seconds=10)
    with database.scope(server.project_id) as connection:
        tables.upsert_engine(connection, "g")
        tables.add_speed(connection, "g", measured)
        (deployment,) = with_prices(connection, views.list_deployments(connection), server.platform.settings)
    server.platform.apply_routing_change(server.project_id)
    # The machine costs 10 dollars per second: a prompt token takes 1 ms, an output token 10 ms.
    price = deployment.price
    assert price is not None and (price.input, price.output, price.cached) == (1e4, 1e5, 0)
    assert price.source == "measured" and "36000 dollars" in price.note
    shown = {found["target"]: found for found in server.client.gateway.prices()}
    assert (shown["deployment/plain"]["input"], shown["deployment/plain"]["source"]) == (1e4, "measured")
    ask(server).raise_for_status()
    assert [span.usage.cost for span in server.spans()] == [None, 5 * 10_000 + 3 * 100_000]  # 2 tokens are cached
    server.client.gateway.set_price("deployment/plain", input=1e6, output=0)
    ask(server).raise_for_status()
    assert server.spans()[-1].usage.cost == 7_000_000
    with database.scope(server.project_id) as connection:
        (deployment,) = with_prices(connection, views.list_deployments(connection), server.platform.settings)
    assert deployment.price is not None and (deployment.price.input, deployment.price.source) == (1e6, "stored")


def test_without_a_price_of_the_machine_calls_cost_nothing(
    server: Server, database: Database, fake: FakeUpstream
) -> None:
    deploy(server, database, fake, "ready")
    settings = server.platform.settings.model_copy(update={"machine_price_per_hour": None})
    with database.scope(server.project_id) as connection:
        (deployment,) = with_prices(connection, views.list_deployments(connection), settings)
        prices = catalog_prices(connection, settings)
    assert deployment.price is not None and deployment.price.source == "unset"
    assert "machine_price_per_hour is not set" in deployment.price.note
    assert prices["deployment/plain"].cost(100, 100, 0) == 0


def test_the_measures_of_engines_are_metrics(server: Server, database: Database, fake: FakeUpstream) -> None:
    deploy(server, database, fake, "ready")
    histogram = {"counts": [1, *[0] * 13], "count": 1, "seconds": 0.01}
    measures = {"slots": 8, "queue_limit": 128, "rejected": 3, "requests": 4, "prompt_tokens": 50, "cached_tokens": 20}
    measures |= {"output_tokens": 7, "tokens_per_second": 1.5, "first_token": histogram, "queue": histogram}
    load = {"active": 2, "waiting": 5, "time_to_first_token_ms": 80.0, "measures": measures}
    engine = {"engine": server.project_id.hex, "replica": "1"}
    with database.scope(server.project_id) as connection:
        replica_tables.add_replica(connection, engine["engine"], 1, state="ready", load=load)
        tables.update_deployment(connection, "plain", engine_key=engine["engine"])
        deployment = views.get_deployment(connection, "plain")
    assert deployment.load is not None
    assert (deployment.load.waiting, deployment.load.rejected, deployment.load.cached_tokens) == (5, 3, 20)
    assert deployment.load.time_to_first_token_ms == 80
    text = httpx.get(f"{server.url}/metrics", timeout=60, trust_env=False).text
    assert value(text, "vong_serving_waiting", **engine) == 5
    assert value(text, "vong_serving_rejected_total", **engine) == 3
    assert value(text, "vong_serving_tokens_total", **engine, direction="cached") == 20
    assert value(text, "vong_serving_first_token_seconds_count", **engine) == 1


def ask(server: Server, headers: dict[str, str] | None = None, model: str = "deployment/plain") -> httpx.Response:
    body = {"model": model, "messages": [{"role": "user", "content": "hi"}]}
    headers = {"authorization": f"Bearer {server.key}", **(headers or {})}
    return httpx.post(f"{server.url}/v1/chat/completions", json=body, headers=headers, timeout=60, trust_env=False)


def assert_unavailable(answer: httpx.Response) -> None:
    assert answer.status_code == 503, answer.text
    assert 1 <= int(answer.headers["retry-after"]) <= 60


def test_a_call_goes_to_another_replica_if_one_accepts_no_connection(
    server: Server, database: Database, fake: FakeUpstream
) -> None:
    deploy(server, database, fake, "ready")
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        closed = f"http://127.0.0.1:{listener.getsockname()[1]}"
    with database.scope(server.project_id) as connection:
        gone = {"url": closed, "token": "t", "state": "ready", "models": ["plain@1f0c9a27b4de"]}
        replica_tables.add_replica(connection, "g", 2, **gone)
    client = openai.OpenAI(base_url=f"{server.url}/v1", api_key=server.key, max_retries=0)
    for number in range(12):
        asked: Any = {"model": "deployment/plain", "messages": [{"role": "user", "content": f"call {number}"}]}
        assert client.chat.completions.create(**asked).choices[0].message.content == "".join(WORDS)
        events = client.chat.completions.create(**asked, stream=True)
        assert "".join(event.choices[0].delta.content or "" for event in events if event.choices) == "".join(WORDS)


def test_a_call_waits_until_a_sleeping_deployment_is_awake(
    server: Server, database: Database, fake: FakeUpstream
) -> None:
    deploy(server, database, fake, "sleeping", replica_state="starting")

    def finish_start() -> None:
        until = time.monotonic() + 10
        while time.monotonic() < until:
            with database.scope(server.project_id) as connection:
                if serving.get_deployment(connection, "plain").state == "starting":
                    tables.update_desired_deployment(connection, "plain", state="ready")
                    replica_tables.update_replicas(connection, "g", state="ready")
                    return
            time.sleep(0.05)

    thread = threading.Thread(target=finish_start)
    thread.start()
    client = openai.OpenAI(base_url=f"{server.url}/v1", api_key=server.key, max_retries=0)
    asked: Any = {"model": "deployment/plain", "messages": [{"role": "user", "content": "hi"}]}
    assert client.chat.completions.create(**asked).choices[0].message.content == "".join(WORDS)
    thread.join()
    assert server.span().attributes["vong.start_wait_ms"] > 0


def deploy(server: Server, database: Database, fake: FakeUpstream, state: str, replica_state: str = "ready") -> None:
    with database.scope(server.project_id) as connection:
        deployment = {"name": "plain", "model": "triage@1f0c9a27b4de", "base": "b", "engine": "transformers"}
        more: dict[str, Any] = {
            "engine_key": "g",
            "desired_state": "running",
            "state": state,
            "settings": {"idle_seconds": 60 if state == "sleeping" else 0},
        }
        more["parity"] = {"skipped": "a base model"}
        more["dataset"] = "tickets@2b2b2b2b2b2b"
        tables.upsert_deployment(connection, {**deployment, **more, "created_at": now(), "updated_at": now()})
        replica = {"url": fake.url.removesuffix("/v1"), "token": "engine-token", "state": replica_state}
        replica_tables.add_replica(connection, "g", 1, **replica, models=["plain@1f0c9a27b4de"])
