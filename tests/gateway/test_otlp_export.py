"""OTLP export of calls and their attempts with costs."""

from collections.abc import Iterator

import httpx
import pytest

from tests.otel_collector import OtelCollector
from tests.running_vong import eventually
from vong.app import Platform
from vong.config import OtlpExportSettings
from vong.records import RoutePolicy

from .conftest import Server


@pytest.fixture
def collector() -> Iterator[OtelCollector]:
    made = OtelCollector()
    yield made
    made.stop()


@pytest.fixture
def platform(platform: Platform, collector: OtelCollector) -> Platform:
    platform.settings.otlp_exporters["collector"] = OtlpExportSettings(url=collector.url)
    return platform


def test_a_call_and_its_attempts_are_exported_and_counted(dedicated_server: Server, collector: OtelCollector) -> None:
    policy = RoutePolicy(fallbacks=("priced/plain",), retries=0)
    dedicated_server.client.gateway.set_route("exported", {"dead/model": 1}, policy=policy)
    headers = {"authorization": f"Bearer {dedicated_server.key}"}
    body = {"model": "exported", "messages": [{"role": "user", "content": "confidential"}]}
    assert httpx.post(f"{dedicated_server.url}/v1/chat/completions", json=body, headers=headers).status_code == 200
    eventually(lambda: len(collector.spans) == 3)
    call = next(otel for otel in collector.spans if otel.name == "chat exported")
    steps = [otel for otel in collector.spans if otel.name.startswith("attempt")]
    assert [step.parent_span_id for step in steps] == [call.span_id] * 2
    said = {one.key: one.value for one in call.attributes}
    assert said["vong.cost"].int_value == dedicated_server.span().usage.cost
    assert said["gen_ai.request.model"].string_value == "exported"
    assert "confidential" not in str(collector.spans)
    told = httpx.get(f"{dedicated_server.url}/metrics", headers=headers).text
    assert 'vong_gateway_attempts_total{outcome="upstream_failed",provider="dead",route="exported"} 1.0' in told
    assert 'vong_gateway_attempts_total{outcome="200",provider="priced",route="exported"} 1.0' in told
    assert 'vong_export_spans{endpoint="collector",outcome="exported"} 3.0' in told
