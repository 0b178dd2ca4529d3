"""Spans reach an OpenTelemetry endpoint whole, in time, again where it fails, and never more than memory holds."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.collector import Receiver
from tests.live import eventually
from vong.app.host.doctor import run_checks
from vong.config import OtlpExportSettings, Settings
from vong.records import Span, Usage, new_id, now
from vong.records.span import SpanVersions
from vong.traces import otlp_exporter as exporting
from vong.traces.otlp_exporter import OtlpExporter


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    made = Receiver()
    yield made
    made.stop()


@pytest.fixture(autouse=True)
def hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exporting, "BATCH_DELAY_SECONDS", 0.05)
    monkeypatch.setattr(exporting, "BACKOFF_SECONDS", (0.02, 0.02))


def a_span(**fields: Any) -> Span:
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


def told(otel: Any) -> dict[str, Any]:
    return {one.key: getattr(one.value, one.value.WhichOneof("value")) for one in otel.attributes}


@pytest.mark.parametrize("bodies", [False, True])
def test_a_span_arrives_whole(receiver: Receiver, monkeypatch: pytest.MonkeyPatch, bodies: bool) -> None:
    monkeypatch.setenv("COLLECTOR_TOKEN", "Bearer t")
    settings = OtlpExportSettings(url=receiver.url, headers_env={"authorization": "COLLECTOR_TOKEN"}, bodies=bodies)
    export, span = OtlpExporter("one", settings), a_span()
    export.enqueue(span)
    eventually(lambda: export.exported == 1)
    (otel,), (headers,) = receiver.spans, receiver.headers
    assert (headers["authorization"], headers["content-type"]) == ("Bearer t", "application/x-protobuf")
    assert (otel.trace_id.hex(), otel.span_id.hex()) == (span.trace_id, span.span_id)
    assert (otel.parent_span_id.hex(), otel.name, otel.status.code) == (span.parent_span_id, "chat gpt", 1)
    assert otel.end_time_unix_nano - otel.start_time_unix_nano == 12_500_000
    said = told(otel)
    assert (said["gen_ai.usage.input_tokens"], said["gen_ai.usage.cache_read.input_tokens"]) == (7, 2)
    assert (said["vong.cost"], said["user.id"], said["gen_ai.conversation.id"]) == (42, "linh", "s-1")
    assert (said["vong.route"], said["vong.model_version"], said["vong.stream"]) == ("triage", "m@1", True)
    assert [value.string_value for value in said["gen_ai.response.finish_reasons"].values] == ["stop"]
    if bodies:
        assert json.loads(said["vong.input"]) == span.input and json.loads(said["vong.output"]) == span.output
        assert json.loads(said["gen_ai.input.messages"])[0]["parts"] == [{"type": "text", "content": "xin chào"}]
    else:
        assert "xin chào" not in str(otel) and "vong.input" not in said and "gen_ai.output.messages" not in said
    export.stop()


def test_a_failing_endpoint_is_asked_again_and_then_given_up(receiver: Receiver) -> None:
    export = OtlpExporter("one", OtlpExportSettings(url=receiver.url))
    receiver.statuses = [503, 429]
    export.enqueue(a_span())
    eventually(lambda: export.exported == 1)
    receiver.statuses = [503, 503, 503]
    export.enqueue(a_span())
    eventually(lambda: export.dropped == 1)
    receiver.statuses = [400]  # it would be the same again
    export.enqueue(a_span())
    eventually(lambda: export.dropped == 2)
    assert len(receiver.spans) == 1 and receiver.statuses == []
    export.stop()


def test_what_waits_is_bounded_and_the_newest_stay(receiver: Receiver, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exporting, "MAX_QUEUED_SPANS", 3)
    monkeypatch.setattr(exporting, "BATCH_DELAY_SECONDS", 30.0)
    export, spans = OtlpExporter("one", OtlpExportSettings(url=receiver.url)), [a_span() for _ in range(5)]
    for span in spans:
        export.enqueue(span)
    assert (export.dropped, export.queued_count) == (2, 3)
    export.stop()  # what is held goes out before the end
    assert [otel.span_id.hex() for otel in receiver.spans] == [span.span_id for span in spans[2:]]


def test_the_doctor_sends_one_span_and_says_what_was_answered(receiver: Receiver, tmp_path: Path) -> None:
    exports = {
        "good": OtlpExportSettings(url=receiver.url),
        "dead": OtlpExportSettings(url="http://127.0.0.1:9/v1/traces"),
    }
    found = {one.check: one for one in run_checks(Settings(home=tmp_path, otlp_exporters=exports))}
    assert found["export good"].state == "ok" and "answered 200" in found["export good"].seen
    assert found["export dead"].state == "fault" and "vong.toml" in found["export dead"].next_step
    assert [otel.name for otel in receiver.spans] == ["vong export test"]
