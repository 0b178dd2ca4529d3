"""What Prometheus reads: counters and histograms of the model calls, with label sets that cannot grow without bound."""

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

from vong.records import Span
from vong.store.journal import Journal

ROUTES = 200
"""Routes that have a label of their own; calls through further ones count as `other`."""
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
waiting = Gauge("vong_journal_waiting_spans", "Spans that are not committed yet.", registry=registry)
dropped = Gauge("vong_journal_dropped_spans", "Spans refused because the journal was full.", registry=registry)
_routes: set[str] = set()


def observe(span: Span) -> None:
    """Count one model call."""
    route = span.versions.route or ""
    if route and route not in _routes:
        if len(_routes) < ROUTES:
            _routes.add(route)
        else:
            route = "other"
    provider = str(span.attributes.get("gen_ai.provider.name", ""))
    status = str(span.attributes.get("http.response.status_code", ""))
    requests.labels(span.kind, route, provider, status).inc()
    duration.labels(span.kind, route, provider).observe(span.duration_ms / 1000)
    if span.first_token_ms is not None:
        first_token.labels(route, provider).observe(span.first_token_ms / 1000)
    if span.usage.input_tokens:
        tokens.labels(route, provider, "input").inc(span.usage.input_tokens)
    if span.usage.output_tokens:
        tokens.labels(route, provider, "output").inc(span.usage.output_tokens)


def exposition(journal: Journal) -> bytes:
    """Everything in Prometheus' text format."""
    waiting.set(journal.waiting)
    dropped.set(journal.dropped)
    return generate_latest(registry)
