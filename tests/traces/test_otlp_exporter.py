"""OTLP export of spans: complete, timely, retried after failures and bounded in memory."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.otel_collector import OtelCollector
from tests.running_vong import eventually
from vong.app.host.doctor import run_checks
from vong.config import OtlpExportSettings, Settings
from vong.records import Span, Usage, new_id, now
from vong.records.span import SpanVersions
from vong.traces import otlp_exporter as exporting
from vong.traces.otlp_exporter import OtlpExporter


@pytest.fixture
def collector() -> Iterator[OtelCollector]:
    created = OtelCollector()
    yield created
    created.stop()


@pytest.fixture(autouse=True)
def short_intervals(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exporting, "BATCH_DELAY_SECONDS", 0.05)
    monkeypatch.setattr(exporting, "BACKOFF_SECONDS", (0.02, 0.02))


def new_span(**fields: Any) -> Span:
    id = new_id()
    given: dict[str, Any] = {
        "kind": "chat",
        "model": "openai/gpt",
        "user": "linh",
        "session": "s-1",
        "usage": Usage(input_tokens=7, output_tokens=3, cached_tokens=2, cost=42),
        "versions": SpanVersions(route="triage", model_version="m@1"),
        "attributes": {
            "gen_ai.provider.name": "openai",
            "gen_ai.response.finish_reasons": ["stop"],
            "vong.stream": True,
        },
        "input": {"messages": [{"role": "user", "content": "xin chào"}]},
        "output": {"choices": [{"message": {"role": "assistant", "content": "vòng"}, "finish_reason": "stop"}]},
    }
    place = {"trace_id": id.hex, "span_id": id.hex[16:], "parent_span_id": "b7ad6b7169203331"}
    return Span.model_validate(
        {"id": id, **place, "name": "chat gpt", "started_at": now(), "duration_ms": 12.5, **given, **fields}
    )


def exported_attributes(otel: Any) -> dict[str, Any]:
    return {one.key: getattr(one.value, one.value.WhichOneof("value")) for one in otel.attributes}


@pytest.mark.parametrize("bodies", [False, True])
def test_a_span_is_exported_completely(collector: OtelCollector, monkeypatch: pytest.MonkeyPatch, bodies: bool) -> None:
    monkeypatch.setenv("COLLECTOR_TOKEN", "Bearer t")
    settings = OtlpExportSettings(url=collector.url, headers_env={"authorization": "COLLECTOR_TOKEN"}, bodies=bodies)
    export, span = OtlpExporter("one", settings), new_span()
    export.enqueue(span)
    eventually(lambda: export.exported == 1)
    (otel,), (headers,) = collector.spans, collector.headers
    assert (headers["authorization"], headers["content-type"]) == ("Bearer t", "application/x-protobuf")
    assert (otel.trace_id.hex(), otel.span_id.hex()) == (span.trace_id, span.span_id)
    assert (otel.parent_span_id.hex(), otel.name, otel.status.code) == (span.parent_span_id, "chat gpt", 1)
    assert otel.end_time_unix_nano - otel.start_time_unix_nano == 12_500_000
    sent = exported_attributes(otel)
    assert (sent["gen_ai.usage.input_tokens"], sent["gen_ai.usage.cache_read.input_tokens"]) == (7, 2)
    assert (sent["vong.cost"], sent["user.id"], sent["gen_ai.conversation.id"]) == (42, "linh", "s-1")
    assert (sent["vong.route"], sent["vong.model_version"], sent["vong.stream"]) == ("triage", "m@1", True)
    assert [value.string_value for value in sent["gen_ai.response.finish_reasons"].values] == ["stop"]
    if bodies:
        assert json.loads(sent["vong.input"]) == span.input and json.loads(sent["vong.output"]) == span.output
        assert json.loads(sent["gen_ai.input.messages"])[0]["parts"] == [{"type": "text", "content": "xin chào"}]
    else:
        assert "xin chào" not in str(otel) and "vong.input" not in sent and "gen_ai.output.messages" not in sent
    export.stop()


def test_export_to_a_failing_endpoint_is_retried_and_then_dropped(collector: OtelCollector) -> None:
    export = OtlpExporter("one", OtlpExportSettings(url=collector.url))
    collector.statuses = [503, 429]
    export.enqueue(new_span())
    eventually(lambda: export.exported == 1)
    collector.statuses = [503, 503, 503]
    export.enqueue(new_span())
    eventually(lambda: export.dropped == 1)
    collector.statuses = [400]  # another attempt would fail too
    export.enqueue(new_span())
    eventually(lambda: export.dropped == 2)
    assert len(collector.spans) == 1 and collector.statuses == []
    export.stop()


def test_the_export_queue_is_bounded_and_keeps_the_newest_spans(
    collector: OtelCollector, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(exporting, "MAX_QUEUED_SPANS", 3)
    monkeypatch.setattr(exporting, "BATCH_DELAY_SECONDS", 30.0)
    export, spans = OtlpExporter("one", OtlpExportSettings(url=collector.url)), [new_span() for _ in range(5)]
    for span in spans:
        export.enqueue(span)
    assert (export.dropped, export.queued_count) == (2, 3)
    export.stop()  # pending spans are sent before the exporter stops
    assert [otel.span_id.hex() for otel in collector.spans] == [span.span_id for span in spans[2:]]


def test_the_doctor_sends_one_span_and_reports_the_response(collector: OtelCollector, tmp_path: Path) -> None:
    exports = {
        "good": OtlpExportSettings(url=collector.url),
        "dead": OtlpExportSettings(url="http://127.0.0.1:9/v1/traces"),
    }
    found = {one.check: one for one in run_checks(Settings(home=tmp_path, otlp_exporters=exports))}
    assert found["export good"].state == "ok" and "answered 200" in found["export good"].seen
    assert found["export dead"].state == "fault" and "vong.toml" in found["export dead"].next_step
    assert [otel.name for otel in collector.spans] == ["vong export test"]
