"""Calls and their attempts are sent on as they are stored, with their cost."""

from collections.abc import Iterator

import httpx
import pytest

from tests.collector import Receiver
from tests.live import eventually
from vong.app import Platform
from vong.config import OtlpExportSettings
from vong.records import RoutePolicy

from .conftest import Server


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    made = Receiver()
    yield made
    made.stop()


@pytest.fixture
def platform(platform: Platform, receiver: Receiver) -> Platform:
    platform.settings.otlp_exporters["collector"] = OtlpExportSettings(url=receiver.url)
    return platform


def test_a_call_and_its_attempts_are_exported_and_counted(alone: Server, receiver: Receiver) -> None:
    policy = RoutePolicy(fallbacks=("priced/plain",), retries=0)
    alone.client.gateway.set_route("exported", {"dead/model": 1}, policy=policy)
    headers = {"authorization": f"Bearer {alone.key}"}
    body = {"model": "exported", "messages": [{"role": "user", "content": "confidential"}]}
    assert httpx.post(f"{alone.url}/v1/chat/completions", json=body, headers=headers).status_code == 200
    eventually(lambda: len(receiver.spans) == 3)
    call = next(otel for otel in receiver.spans if otel.name == "chat exported")
    steps = [otel for otel in receiver.spans if otel.name.startswith("attempt")]
    assert [step.parent_span_id for step in steps] == [call.span_id] * 2
    said = {one.key: one.value for one in call.attributes}
    assert said["vong.cost"].int_value == alone.span().usage.cost
    assert said["gen_ai.request.model"].string_value == "exported"
    assert "confidential" not in str(receiver.spans)
    told = httpx.get(f"{alone.url}/metrics", headers=headers).text
    assert 'vong_gateway_attempts_total{outcome="upstream_failed",provider="dead",route="exported"} 1.0' in told
    assert 'vong_gateway_attempts_total{outcome="200",provider="priced",route="exported"} 1.0' in told
    assert 'vong_export_spans{endpoint="collector",outcome="exported"} 3.0' in told
