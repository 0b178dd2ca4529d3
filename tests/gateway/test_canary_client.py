"""Canaries behind an unmodified third-party client: OpenAI's Python library."""

from collections.abc import Iterator

import openai
import pytest

from tests.gateway.conftest import Server, project_server, serving
from tests.gateway.fake_upstream import FakeUpstream
from vong.app import Platform

QUESTION = "Say exactly: Paris"
MAX_CALLS = 150


@pytest.fixture
def server(platform: Platform, fake: FakeUpstream) -> Iterator[Server]:
    with serving(platform, all_routes=True) as running, project_server(running) as started:
        yield started


@pytest.mark.slow
@pytest.mark.parametrize(
    ("incumbent", "candidate", "status"),
    [("fake/plain", "echo/echo", "promoted"), ("echo/echo", "fake/plain", "rolled_back")],
)
def test_calls_of_a_third_party_client_decide_a_canary(
    server: Server, incumbent: str, candidate: str, status: str
) -> None:
    server.client.gateway.set_route("answers", {incumbent: 1.0})
    canary = server.client.loop.start_canary("answers", candidate, share=0.5)
    client = openai.OpenAI(base_url=f"{server.url}/v1", api_key=server.key, max_retries=0)

    def ask() -> tuple[bool, str]:
        raw = client.chat.completions.with_raw_response.create(
            model="answers", messages=[{"role": "user", "content": QUESTION}]
        )
        return "Paris" in str(raw.parse().choices[0].message.content), raw.headers["x-vong-span-id"]

    for _ in range(MAX_CALLS):
        is_correct, span = ask()
        server.client.feedback.create(span, value=float(is_correct))
        if server.client.loop.canary(canary["id"])["status"] != "running":
            break
    decided = server.client.loop.canary(canary["id"])
    assert decided["status"] == status, decided
    assert decided["evidence"]["candidate_scores"] > 0
    assert all(ask()[0] for _ in range(5))  # the better model answers from now on
