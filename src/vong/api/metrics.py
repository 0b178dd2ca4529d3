"""What Prometheus reads: counters and histograms of the model calls, with label sets that cannot grow without bound."""

from collections.abc import Sequence
from typing import Any, NamedTuple, Protocol

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

from vong.records import Span
from vong.store.journal import Journal

ROUTES = 200
"""Routes, and providers, that have a label of their own; calls through further ones count as `other`."""
SECONDS = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 120.0)

registry = CollectorRegistry()
requests = Counter("vong_gateway_requests", "Model calls.", ["shape", "route", "provider", "status"], registry=registry)
duration = Histogram(
    "vong_gateway_duration_seconds",
    "From the request to the end of the answer.",
    ["shape", "route", "provider"],
    buckets=SECONDS,
    registry=registry,
)
first_token = Histogram(
    "vong_gateway_first_token_seconds",
    "From the request to the first token of a stream.",
    ["route", "provider"],
    buckets=SECONDS,
    registry=registry,
)
tokens = Counter(
    "vong_gateway_tokens", "Tokens as the models count them.", ["route", "provider", "direction"], registry=registry
)
attempts = Counter(
    "vong_gateway_attempts",
    "Attempts of calls that needed more than one, by the provider that was asked.",
    ["route", "provider", "outcome"],
    registry=registry,
)
waiting = Gauge("vong_journal_waiting_spans", "Spans that are not committed yet.", registry=registry)
dropped = Gauge("vong_journal_dropped_spans", "Spans refused because the journal was full.", registry=registry)


exported_spans = Gauge(
    "vong_export_spans", "Spans for OpenTelemetry endpoints.", ["endpoint", "outcome"], registry=registry
)


class Counted(Protocol):
    """An endpoint that spans are sent on to."""

    name: str
    exported: int
    dropped: int

    @property
    def waiting(self) -> int:
        """Spans that are not sent yet."""
        ...


class _Series(NamedTuple):
    """The counters of one set of labels, looked up once."""

    requests: Counter
    duration: Histogram
    first_token: Histogram
    read: Counter
    written: Counter


_series: dict[tuple[str, str, str, str], _Series] = {}
_routes: set[str] = set()
_providers: set[str] = set()


def observe(span: Span) -> None:
    """Count one model call."""
    attributes, usage = span.attributes, span.usage
    status, provider = attributes.get("http.response.status_code"), attributes.get("gen_ai.provider.name")
    route = _bounded(span.versions.route or "", _routes)
    key = (span.kind, route, _bounded(str(provider or ""), _providers), str(status or ""))
    series = _series.get(key) or _make(key)
    series.requests.inc()
    series.duration.observe(span.duration_ms / 1000)
    if span.first_token_ms is not None:
        series.first_token.observe(span.first_token_ms / 1000)
    if usage.input_tokens:
        series.read.inc(usage.input_tokens)
    if usage.output_tokens:
        series.written.inc(usage.output_tokens)
    made: list[dict[str, Any]] = attributes.get("vong.attempts") or []
    for attempt in made if len(made) > 1 else ():
        asked = _bounded(str(attempt["target"]).partition("/")[0], _providers)
        attempts.labels(route, asked, str(attempt.get("error") or attempt.get("status"))).inc()


def _bounded(name: str, known: set[str]) -> str:
    if name and name not in known:
        if len(known) >= ROUTES:
            return "other"
        known.add(name)
    return name


def _make(key: tuple[str, str, str, str]) -> _Series:
    shape, route, provider, status = key
    series = _series[key] = _Series(
        requests.labels(shape, route, provider, status),
        duration.labels(shape, route, provider),
        first_token.labels(route, provider),
        tokens.labels(route, provider, "input"),
        tokens.labels(route, provider, "output"),
    )
    return series


def exposition(journal: Journal, exports: Sequence[Counted] = ()) -> bytes:
    """Everything in Prometheus' text format."""
    for export in exports:
        for outcome in ("exported", "dropped", "waiting"):
            exported_spans.labels(export.name, outcome).set(getattr(export, outcome))
    waiting.set(journal.waiting)
    dropped.set(journal.dropped)
    return generate_latest(registry)
