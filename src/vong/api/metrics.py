"""What Prometheus reads: counters and histograms of the model calls, with label sets that cannot grow without bound.

Every call is counted, so the counting is plain numbers, and Prometheus' own objects are made when somebody asks. Where
several servers share the port, each leaves its numbers in a file, and the one that is asked answers for all: a server
that ended is still counted until everything is started anew.
"""

import asyncio
import os
from bisect import bisect_left
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.registry import Collector

from vong.app import Platform
from vong.config import COUNTED
from vong.records import Span
from vong.records.guard import SelfTestReport

SENT = ("exported", "dropped", "waiting")
"""What becomes of spans that are sent on to other endpoints."""
LEFT = 1.0
"""Seconds between two writings of them."""
ROUTES = 200
"""Routes, providers and targets that have a label of their own; further ones count as `other`."""
LATEST = 1000
SECONDS = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 120.0)
BOUNDS = (*map(str, SECONDS), "+Inf")


class MetricLabels(NamedTuple):
    """The labels of a call."""

    shape: str
    route: str
    provider: str
    status: str


class Histogram(msgspec.Struct, array_like=True):
    """A histogram of seconds: how many fell under each bound and above the one before, and their sum."""

    counts: list[int] = msgspec.field(default_factory=lambda: [0] * len(BOUNDS))
    total: float = 0.0

    def note(self, seconds: float) -> None:
        """Count one."""
        self.counts[bisect_left(SECONDS, seconds)] += 1
        self.total += seconds

    def add(self, other: "Histogram") -> None:
        """Count all of another one."""
        self.counts = [mine + theirs for mine, theirs in zip(self.counts, other.counts, strict=True)]
        self.total += other.total

    def buckets(self) -> list[tuple[str, float]]:
        """As Prometheus has them: each with all below it."""
        reached, found = 0, list[tuple[str, float]]()
        for bound, count in zip(BOUNDS, self.counts, strict=True):
            reached += count
            found.append((bound, reached))
        return found


class Series(msgspec.Struct, array_like=True):
    """The numbers of one set of labels."""

    requests: int = 0
    read: int = 0
    written: int = 0
    duration: Histogram = msgspec.field(default_factory=Histogram)
    first_token: Histogram = msgspec.field(default_factory=Histogram)

    def answered(self, seconds: float, read: int, made: int) -> None:
        """Count a call."""
        self.requests += 1
        self.duration.counts[bisect_left(SECONDS, seconds)] += 1
        self.duration.total += seconds
        self.read += read
        self.written += made

    def add(self, other: "Series") -> None:
        """Count all of another one."""
        self.requests += other.requests
        self.read += other.read
        self.written += other.written
        self.duration.add(other.duration)
        self.first_token.add(other.first_token)


class MetricsSnapshot(msgspec.Struct):
    """What one server has counted."""

    series: list[tuple[MetricLabels, Series]] = []
    waiting: int = 0
    on_disk: int = 0
    dropped: int = 0
    guards: list[tuple[tuple[str, str, str], int]] = []
    masking: list[bool] = []
    """Whether the self-test of masking passed, once it has run."""
    attempts: list[tuple[tuple[str, str, str], int]] = []
    exports: list[tuple[tuple[str, str], int]] = []
    refused: list[tuple[tuple[str, str], int]] = []
    costs: list[tuple[tuple[str, str], int]] = []
    circuits: list[tuple[tuple[str], int]] = []
    """Targets, and 1 where they rest."""
    alive: bool = True


_series: dict[MetricLabels, Series] = {}
_latest: dict[tuple[Any, ...], Series] = {}
"""The same by labels as calls have them, for the most frequent ones."""
_guards: dict[tuple[str, str, str], int] = {}
_masking: list[bool] = []
_attempts: dict[tuple[str, str, str], int] = {}
_refused: dict[tuple[str, str], int] = {}
_costs: dict[tuple[str, str], int] = {}
_routes: set[str] = set()
_providers: set[str] = set()
_targets: set[str] = set()


def observe(span: Span) -> None:
    """Count one model call."""
    attributes, usage = span.attributes, span.usage
    status, provider = attributes.get("http.response.status_code"), attributes.get("gen_ai.provider.name")
    seen = span.kind, span.versions.route, provider, status
    series = _latest.get(seen)
    if series is None:
        series = tally(*seen)
        if len(_latest) >= LATEST:
            _latest.clear()
        _latest[seen] = series
    series.answered(span.duration_ms / 1000, usage.input_tokens or 0, usage.output_tokens or 0)
    if span.first_token_ms is not None:
        series.first_token.note(span.first_token_ms / 1000)
    if limit := attributes.get("vong.limit"):
        reason = str(limit), str(attributes.get("error.type"))
        _refused[reason] = _refused.get(reason, 0) + 1
    for outcome in attributes.get("vong.guards", ()):
        look = outcome["guard"], outcome["on"], outcome["action"]
        _guards[look] = _guards.get(look, 0) + 1
    made: list[dict[str, Any]] = attributes.get("vong.attempts") or []
    route = _bounded(span.versions.route or "", _routes) if len(made) > 1 else ""
    for attempt in made if len(made) > 1 else ():
        asked = _bounded(str(attempt["target"]).partition("/")[0], _providers)
        one = route, asked, str(attempt.get("error") or attempt.get("status"))
        _attempts[one] = _attempts.get(one, 0) + 1


def tally(kind: str, route: str | None, provider: Any, status: Any) -> Series:
    """The numbers of calls with those labels."""
    key = MetricLabels(
        kind, _bounded(route or "", _routes), _bounded(str(provider or ""), _providers), str(status or "")
    )
    series = _series.get(key)
    if series is None:
        series = _series[key] = Series()
    return series


def spent(route: str | None, provider: str, cost: int) -> None:
    """Count what a model call cost, once that is known. Called by one thread at a time."""
    key = _bounded(route or "", _routes), _bounded(provider, _providers)
    _costs[key] = _costs.get(key, 0) + cost


def tested(found: SelfTestReport) -> None:
    """How the self-test of masking went."""
    _masking.append(found.passed)


def _bounded(name: str, known: set[str]) -> str:
    if name and name not in known:
        if len(known) >= ROUTES:
            return "other"
        known.add(name)
    return name


def counted(platform: Platform) -> MetricsSnapshot:
    """What this server has counted."""
    journal = platform.journal
    held = journal.waiting, journal.on_disk, journal.dropped
    sent = [((one.name, name), int(getattr(one, name))) for one in platform.exports for name in SENT]
    circuits = platform.gateway.resting() if platform.gateway else ()
    return MetricsSnapshot(
        list(_series.items()),
        *held,
        guards=list(_guards.items()),
        masking=_masking[-1:],
        attempts=list(_attempts.items()),
        exports=sent,
        refused=list(_refused.items()),
        costs=list(_costs.items()),
        circuits=[((_bounded(target, _targets),), int(rests)) for target, rests in circuits],
    )


def all_counted(platform: Platform) -> list[MetricsSnapshot]:
    """What this server has counted, and what the others that share its port had a moment ago."""
    others = _left(platform.settings.folder / COUNTED) if platform.settings.workers != 1 else ()
    return [counted(platform), *others]


def leave(platform: Platform) -> None:
    """Write down what this server has counted, for the others."""
    file = platform.settings.folder / COUNTED / f"{os.getpid()}.json"
    new = file.with_suffix(".new")
    file.parent.mkdir(exist_ok=True, parents=True)
    new.write_bytes(msgspec.json.encode(counted(platform)))
    new.replace(file)


async def leave_on(platform: Platform) -> None:
    """Write it down again and again, where there are others."""
    while platform.settings.workers != 1:
        await asyncio.to_thread(leave, platform)
        await asyncio.sleep(LEFT)


def _left(folder: Path) -> Iterator[MetricsSnapshot]:
    """What the other servers wrote down; of one that ended, what still counts."""
    from psutil import pid_exists  # here, for it takes 3 MB, and one server alone has no use for it

    for file in folder.glob("*.json"):
        if file.stem == str(os.getpid()):
            continue
        with suppress(OSError, msgspec.DecodeError):
            found = msgspec.json.decode(file.read_bytes(), type=MetricsSnapshot)
            found.alive = pid_exists(int(file.stem))
            if not found.alive:
                found.waiting = found.on_disk = 0  # whoever took its place has them
                found.circuits = []
            yield found


def exposition(servers: list[MetricsSnapshot]) -> bytes:
    """Everything in Prometheus' text format."""
    registry = CollectorRegistry()
    registry.register(_Collected(servers))
    return generate_latest(registry)


class _Collected(Collector):
    def __init__(self, servers: list[MetricsSnapshot]) -> None:
        self._servers = servers

    def collect(self) -> Iterator[Metric]:
        yield from _calls(self._servers)
        yield from _looks(self._servers)
        yield from _sent(self._servers)
        yield from _spent(self._servers)
        gauges = {
            "waiting": ("vong_journal_waiting_spans", "Spans that are not committed yet."),
            "on_disk": ("vong_journal_disk_spans", "Spans of those that lie on disk."),
            "dropped": ("vong_journal_dropped_spans", "Spans refused because the journal was full."),
        }
        for name, (metric, help) in gauges.items():
            yield GaugeMetricFamily(metric, help, value=sum(getattr(server, name) for server in self._servers))
        alive = sum(server.alive for server in self._servers)
        yield GaugeMetricFamily("vong_servers", "Servers that share the port.", value=alive)


def _looks(servers: list[MetricsSnapshot]) -> Iterator[Metric]:
    guards = CounterMetricFamily(
        "vong_gateway_guards", "Looks of guards, by what followed.", labels=["guard", "on", "action"]
    )
    _add(guards, [look for server in servers for look in server.guards])
    tested = [passed for server in servers for passed in server.masking]
    what = "1 where the self-test at the start passed, 0 where it failed."
    yield from (guards, GaugeMetricFamily("vong_gateway_masking_works", what, value=bool(tested) and all(tested)))


def _sent(servers: list[MetricsSnapshot]) -> Iterator[Metric]:
    attempts = CounterMetricFamily(
        "vong_gateway_attempts",
        "Attempts of calls that needed more than one, by the provider that was asked.",
        labels=["route", "provider", "outcome"],
    )
    _add(attempts, [one for server in servers for one in server.attempts])
    exports = GaugeMetricFamily(
        "vong_export_spans", "Spans for OpenTelemetry endpoints.", labels=["endpoint", "outcome"]
    )
    _add(exports, [one for server in servers for one in server.exports])
    yield from (attempts, exports)


def _spent(servers: list[MetricsSnapshot]) -> Iterator[Metric]:
    refused = CounterMetricFamily(
        "vong_gateway_refused", "Calls that a limit or a budget refused.", labels=["limit", "reason"]
    )
    _add(refused, [one for server in servers for one in server.refused])
    costs = CounterMetricFamily(
        "vong_gateway_cost_micros", "What calls cost, in millionths of a US dollar.", labels=["route", "provider"]
    )
    _add(costs, [one for server in servers for one in server.costs])
    circuits = GaugeMetricFamily(
        "vong_gateway_circuits_open", "Servers in which the target of a route rests after failures.", labels=["target"]
    )
    _add(circuits, [one for server in servers for one in server.circuits])
    yield from (refused, costs, circuits)


def _add(metric: CounterMetricFamily | GaugeMetricFamily, counts: Sequence[tuple[tuple[str, ...], int]]) -> None:
    """The sums of counts with the same labels."""
    sums: dict[tuple[str, ...], int] = {}
    for key, count in counts:
        sums[tuple(key)] = sums.get(tuple(key), 0) + count
    for key, count in sums.items():
        metric.add_metric(key, count)


def _calls(servers: list[MetricsSnapshot]) -> Iterator[Metric]:
    requests = CounterMetricFamily(
        "vong_gateway_requests", "Model calls.", labels=["shape", "route", "provider", "status"]
    )
    duration = HistogramMetricFamily(
        "vong_gateway_duration_seconds",
        "From the request to the end of the answer.",
        labels=["shape", "route", "provider"],
    )
    first_token = HistogramMetricFamily(
        "vong_gateway_first_token_seconds",
        "From the request to the first token of a stream.",
        labels=["route", "provider"],
    )
    tokens = CounterMetricFamily(
        "vong_gateway_tokens", "Tokens as the models count them.", labels=["route", "provider", "direction"]
    )
    found = [(MetricLabels(*key), series) for server in servers for key, series in server.series]
    for key, series in _summed(found, lambda key: key):
        requests.add_metric(key, series.requests)
    for key, series in _summed(found, lambda key: key[:3]):
        duration.add_metric(key, series.duration.buckets(), series.duration.total)
    for key, series in _summed(found, lambda key: key[1:3]):
        first_token.add_metric(key, series.first_token.buckets(), series.first_token.total)
        tokens.add_metric([*key, "input"], series.read)
        tokens.add_metric([*key, "output"], series.written)
    yield from (requests, duration, first_token, tokens)


def _summed(
    found: list[tuple[MetricLabels, Series]], labels: Callable[[MetricLabels], tuple[str, ...]]
) -> Iterator[tuple[tuple[str, ...], Series]]:
    """Those with the same labels as one."""
    sums: dict[tuple[str, ...], Series] = {}
    for key, series in found:
        sums.setdefault(labels(key), Series()).add(series)
    yield from sums.items()
