"""Prometheus metrics: counters and histograms of model calls, with a bounded number of label sets.

Every call is counted, so the counts are plain numbers. Prometheus objects are created only when `/metrics` is read. If
several servers share the port, each publishes its numbers in a file, and the server that is asked reports the sum. A
server that has ended is still counted until everything is restarted.
"""

import asyncio
import os
from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.registry import Collector

from vong.app import Platform
from vong.config import METRICS_FOLDER
from vong.records import Span
from vong.records.guard import SelfTestReport

PUBLISH_INTERVAL_SECONDS = 1.0
"""Seconds between two published snapshots."""
MAX_LABEL_VALUES = 200
"""Maximum number of routes, providers and targets with their own label. Further ones count as `other`."""
MAX_CACHED_LABELS = 1000
"""Maximum number of cached label lookups."""
BUCKETS_SECONDS = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 120.0)
"""Upper bounds of the histogram buckets, in seconds."""
BUCKET_LABELS = (*map(str, BUCKETS_SECONDS), "+Inf")


class MetricLabels(NamedTuple):
    """Labels of a model call."""

    endpoint: str
    route: str
    provider: str
    status: str


class Histogram(msgspec.Struct, array_like=True):
    """Histogram of durations in seconds: the count of each bucket, and the sum of all durations."""

    counts: list[int] = msgspec.field(default_factory=lambda: [0] * len(BUCKET_LABELS))
    total_seconds: float = 0.0

    def observe(self, seconds: float) -> None:
        """Record one duration."""
        self.counts[bisect_left(BUCKETS_SECONDS, seconds)] += 1
        self.total_seconds += seconds

    def merge(self, other: "Histogram") -> None:
        """Add the counts of another histogram."""
        self.counts = [mine + theirs for mine, theirs in zip(self.counts, other.counts, strict=True)]
        self.total_seconds += other.total_seconds

    def cumulative_buckets(self) -> list[tuple[str, float]]:
        """Return the cumulative buckets as Prometheus expects them."""
        total, cumulative = 0, list[tuple[str, float]]()
        for bound, count in zip(BUCKET_LABELS, self.counts, strict=True):
            total += count
            cumulative.append((bound, total))
        return cumulative


class Series(msgspec.Struct, array_like=True):
    """Numbers of one label set."""

    requests: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    duration: Histogram = msgspec.field(default_factory=Histogram)
    first_token: Histogram = msgspec.field(default_factory=Histogram)

    def record_call(self, seconds: float, input_tokens: int, output_tokens: int) -> None:
        """Count a call with its duration and tokens."""
        self.requests += 1
        self.duration.counts[bisect_left(BUCKETS_SECONDS, seconds)] += 1
        self.duration.total_seconds += seconds
        self.input_tokens += input_tokens
        self.output_tokens += output_tokens

    def merge(self, other: "Series") -> None:
        """Add the numbers of another series."""
        self.requests += other.requests
        self.input_tokens += other.input_tokens
        self.output_tokens += other.output_tokens
        self.duration.merge(other.duration)
        self.first_token.merge(other.first_token)


class MetricsSnapshot(msgspec.Struct):
    """Numbers that one server has counted."""

    series: list[tuple[MetricLabels, Series]] = []
    waiting: int = 0
    on_disk: int = 0
    dropped: int = 0
    guards: list[tuple[tuple[str, str, str], int]] = []
    masking: list[bool] = []
    """Result of the masking self-test, once it has run."""
    attempts: list[tuple[tuple[str, str, str], int]] = []
    exports: list[tuple[tuple[str, str], int]] = []
    rejected: list[tuple[tuple[str, str], int]] = []
    costs: list[tuple[tuple[str, str], int]] = []
    circuits: list[tuple[tuple[str], int]] = []
    """Targets, with 1 if their circuit is open."""
    alive: bool = True


_series: dict[MetricLabels, Series] = {}
_series_cache: dict[tuple[Any, ...], Series] = {}
"""Series by the labels of calls, for the most frequent calls."""
_guards: dict[tuple[str, str, str], int] = {}
_self_tests: list[bool] = []
_attempts: dict[tuple[str, str, str], int] = {}
_rejections: dict[tuple[str, str], int] = {}
_costs: dict[tuple[str, str], int] = {}
_routes: set[str] = set()
_providers: set[str] = set()
_targets: set[str] = set()


def observe(span: Span) -> None:
    """Count a model call."""
    attributes, usage = span.attributes, span.usage
    status, provider = attributes.get("http.response.status_code"), attributes.get("gen_ai.provider.name")
    labels = span.kind, span.versions.route, provider, status
    series = _series_cache.get(labels)
    if series is None:
        series = counter_for(*labels)
        if len(_series_cache) >= MAX_CACHED_LABELS:
            _series_cache.clear()
        _series_cache[labels] = series
    series.record_call(span.duration_ms / 1000, usage.input_tokens or 0, usage.output_tokens or 0)
    if span.first_token_ms is not None:
        series.first_token.observe(span.first_token_ms / 1000)
    if limit := attributes.get("vong.limit"):
        reason = str(limit), str(attributes.get("error.type"))
        _rejections[reason] = _rejections.get(reason, 0) + 1
    for outcome in attributes.get("vong.guards", ()):
        key = outcome["guard"], outcome["on"], outcome["action"]
        _guards[key] = _guards.get(key, 0) + 1
    attempts: list[dict[str, Any]] = attributes.get("vong.attempts") or []
    route = _bounded_label(span.versions.route or "", _routes) if len(attempts) > 1 else ""
    for attempt in attempts if len(attempts) > 1 else ():
        provider = _bounded_label(str(attempt["target"]).partition("/")[0], _providers)
        attempt_key = route, provider, str(attempt.get("error") or attempt.get("status"))
        _attempts[attempt_key] = _attempts.get(attempt_key, 0) + 1


def counter_for(kind: str, route: str | None, provider: Any, status: Any) -> Series:
    """Return the series of calls with the given labels."""
    key = MetricLabels(
        kind, _bounded_label(route or "", _routes), _bounded_label(str(provider or ""), _providers), str(status or "")
    )
    series = _series.get(key)
    if series is None:
        series = _series[key] = Series()
    return series


def count_cost(route: str | None, provider: str, cost: int) -> None:
    """Count the cost of a model call, once it is known. Called by one thread at a time."""
    key = _bounded_label(route or "", _routes), _bounded_label(provider, _providers)
    _costs[key] = _costs.get(key, 0) + cost


def record_self_test(found: SelfTestReport) -> None:
    """Record the result of the masking self-test."""
    _self_tests.append(found.passed)


def _bounded_label(name: str, known: set[str]) -> str:
    if name and name not in known:
        if len(known) >= MAX_LABEL_VALUES:
            return "other"
        known.add(name)
    return name


def take_snapshot(platform: Platform) -> MetricsSnapshot:
    """Return a snapshot of the numbers of this server."""
    journal = platform.span_writer
    spans = journal.pending_count, journal.disk_count, journal.dropped
    exports = list[tuple[tuple[str, str], int]]()
    for exporter in platform.exporters:
        counts = {"exported": exporter.exported, "dropped": exporter.dropped, "queued": exporter.queued_count}
        exports += [((exporter.name, outcome), count) for outcome, count in counts.items()]
    circuits = platform.gateway.open_circuits() if platform.gateway else ()
    return MetricsSnapshot(
        list(_series.items()),
        *spans,
        guards=list(_guards.items()),
        masking=_self_tests[-1:],
        attempts=list(_attempts.items()),
        exports=exports,
        rejected=list(_rejections.items()),
        costs=list(_costs.items()),
        circuits=[((_bounded_label(target, _targets),), int(rests)) for target, rests in circuits],
    )


def take_all_snapshots(platform: Platform) -> list[MetricsSnapshot]:
    """Return the snapshots of this server and, a moment old, of the servers that share its port."""
    others = (
        _read_snapshots(platform.settings.home_folder / METRICS_FOLDER)
        if platform.settings.server_processes != 1
        else ()
    )
    return [take_snapshot(platform), *others]


def publish_snapshot(platform: Platform) -> None:
    """Write the snapshot of this server to its file for the other servers."""
    file = platform.settings.home_folder / METRICS_FOLDER / f"{os.getpid()}.json"
    new = file.with_suffix(".new")
    file.parent.mkdir(exist_ok=True, parents=True)
    new.write_bytes(msgspec.json.encode(take_snapshot(platform)))
    new.replace(file)


async def publish_periodically(platform: Platform) -> None:
    """Publish the snapshot periodically, if there are other servers."""
    while platform.settings.server_processes != 1:
        await asyncio.to_thread(publish_snapshot, platform)
        await asyncio.sleep(PUBLISH_INTERVAL_SECONDS)


def _read_snapshots(folder: Path) -> Iterator[MetricsSnapshot]:
    """Yield the snapshots of the other servers. Of a server that has ended, only its counters remain."""
    from psutil import pid_exists  # imported here because it takes 3 MB and a single server never needs it

    for file in folder.glob("*.json"):
        if file.stem == str(os.getpid()):
            continue
        with suppress(OSError, msgspec.DecodeError):
            found = msgspec.json.decode(file.read_bytes(), type=MetricsSnapshot)
            found.alive = pid_exists(int(file.stem))
            if not found.alive:
                found.waiting = found.on_disk = 0  # the server that replaced it reports them
                found.circuits = []
            yield found


def render_metrics(servers: list[MetricsSnapshot], more: Iterable[Metric] = ()) -> bytes:
    """Return all metrics in the text format of Prometheus, followed by `more`."""
    registry = CollectorRegistry()
    registry.register(_SnapshotCollector(servers, more))
    return generate_latest(registry)


class _SnapshotCollector(Collector):
    def __init__(self, servers: list[MetricsSnapshot], more: Iterable[Metric]) -> None:
        self._servers = servers
        self._more = tuple(more)

    def collect(self) -> Iterator[Metric]:
        yield from self._more
        yield from _call_metrics(self._servers)
        yield from _guard_metrics(self._servers)
        yield from _attempt_metrics(self._servers)
        yield from _cost_metrics(self._servers)
        gauges = {
            "waiting": ("vong_span_writer_waiting_spans", "Spans that are not committed yet."),
            "on_disk": ("vong_span_writer_disk_spans", "Uncommitted spans that are buffered on disk."),
            "dropped": ("vong_span_writer_dropped_spans", "Spans dropped because the span buffer was full."),
        }
        for name, (metric, help) in gauges.items():
            yield GaugeMetricFamily(metric, help, value=sum(getattr(server, name) for server in self._servers))
        alive = sum(server.alive for server in self._servers)
        yield GaugeMetricFamily("vong_servers", "Servers that share the port.", value=alive)


def _guard_metrics(servers: list[MetricsSnapshot]) -> Iterator[Metric]:
    guards = CounterMetricFamily(
        "vong_gateway_guards", "Guard checks, by action taken.", labels=["guard", "on", "action"]
    )
    _add_sums(guards, [item for server in servers for item in server.guards])
    results = [passed for server in servers for passed in server.masking]
    help = "1 if the masking self-test at the start passed, 0 if it failed."
    yield from (guards, GaugeMetricFamily("vong_gateway_self_test_passed", help, value=bool(results) and all(results)))


def _attempt_metrics(servers: list[MetricsSnapshot]) -> Iterator[Metric]:
    attempts = CounterMetricFamily(
        "vong_gateway_attempts",
        "Attempts of calls that needed more than one, by provider.",
        labels=["route", "provider", "outcome"],
    )
    _add_sums(attempts, [one for server in servers for one in server.attempts])
    exports = GaugeMetricFamily(
        "vong_export_spans", "Spans for OTLP endpoints, by outcome.", labels=["endpoint", "outcome"]
    )
    _add_sums(exports, [one for server in servers for one in server.exports])
    yield from (attempts, exports)


def _cost_metrics(servers: list[MetricsSnapshot]) -> Iterator[Metric]:
    rejected = CounterMetricFamily(
        "vong_gateway_rejected", "Calls rejected by a limit or a budget.", labels=["limit", "reason"]
    )
    _add_sums(rejected, [one for server in servers for one in server.rejected])
    costs = CounterMetricFamily(
        "vong_gateway_cost_micros", "Cost of calls, in millionths of a US dollar.", labels=["route", "provider"]
    )
    _add_sums(costs, [one for server in servers for one in server.costs])
    circuits = GaugeMetricFamily(
        "vong_gateway_circuits_open", "Servers in which the circuit of a target is open.", labels=["target"]
    )
    _add_sums(circuits, [one for server in servers for one in server.circuits])
    yield from (rejected, costs, circuits)


def _add_sums(metric: CounterMetricFamily | GaugeMetricFamily, counts: Sequence[tuple[tuple[str, ...], int]]) -> None:
    """Add the sums of counts with the same labels to a metric."""
    sums: dict[tuple[str, ...], int] = {}
    for key, count in counts:
        sums[tuple(key)] = sums.get(tuple(key), 0) + count
    for key, count in sums.items():
        metric.add_metric(key, count)


def _call_metrics(servers: list[MetricsSnapshot]) -> Iterator[Metric]:
    requests = CounterMetricFamily(
        "vong_gateway_requests", "Model calls.", labels=["endpoint", "route", "provider", "status"]
    )
    duration = HistogramMetricFamily(
        "vong_gateway_duration_seconds",
        "Time from the request to the end of the response.",
        labels=["endpoint", "route", "provider"],
    )
    first_token = HistogramMetricFamily(
        "vong_gateway_first_token_seconds",
        "Time from the request to the first token of a stream.",
        labels=["route", "provider"],
    )
    tokens = CounterMetricFamily(
        "vong_gateway_tokens", "Tokens as reported by the models.", labels=["route", "provider", "direction"]
    )
    all_series = [(MetricLabels(*key), series) for server in servers for key, series in server.series]
    for key, series in _merge_series(all_series, lambda key: key):
        requests.add_metric(key, series.requests)
    for key, series in _merge_series(all_series, lambda key: key[:3]):
        duration.add_metric(key, series.duration.cumulative_buckets(), series.duration.total_seconds)
    for key, series in _merge_series(all_series, lambda key: key[1:3]):
        first_token.add_metric(key, series.first_token.cumulative_buckets(), series.first_token.total_seconds)
        tokens.add_metric([*key, "input"], series.input_tokens)
        tokens.add_metric([*key, "output"], series.output_tokens)
    yield from (requests, duration, first_token, tokens)


def _merge_series(
    found: list[tuple[MetricLabels, Series]], labels: Callable[[MetricLabels], tuple[str, ...]]
) -> Iterator[tuple[tuple[str, ...], Series]]:
    """Yield one merged series for each combination of labels."""
    sums: dict[tuple[str, ...], Series] = {}
    for key, series in found:
        sums.setdefault(labels(key), Series()).merge(series)
    yield from sums.items()
