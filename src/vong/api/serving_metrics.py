"""Prometheus metrics of the engines, from the measures that their supervisors store every few seconds."""

from collections.abc import Iterator, Sequence
from typing import Any

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from sqlalchemy.exc import SQLAlchemyError

from vong.app import Platform
from vong.serving.engine.measures import BUCKETS_SECONDS
from vong.serving.views import ReplicaMeasures, list_measures

LABELS = ["engine", "replica"]
GAUGES = {
    "active": ("vong_serving_active", "Completions that an engine is computing."),
    "waiting": ("vong_serving_waiting", "Completions that wait in the queue of an engine."),
    "slots": ("vong_serving_slots", "Completions that an engine computes at once."),
    "queue_limit": ("vong_serving_queue_limit", "Waiting completions beyond which an engine rejects requests."),
    "tokens_per_second": ("vong_serving_tokens_per_second", "Tokens that an engine generates per second."),
}
COUNTERS = {
    "requests": ("vong_serving_requests", "Completions of an engine since its start."),
    "rejected": ("vong_serving_rejected", "Requests that an engine rejected because its queue was full."),
}
TOKENS = {"prompt_tokens": "input", "cached_tokens": "cached", "output_tokens": "output"}
HISTOGRAMS = {
    "first_token": ("vong_serving_first_token_seconds", "Time from the arrival of a request to its first token."),
    "queue": ("vong_serving_queue_seconds", "Time that a completion waited in the queue of an engine."),
}


def load_measures(platform: Platform) -> list[ReplicaMeasures]:
    """Return the measures of all replicas. Returns none while the database does not answer."""
    try:
        with platform.database.owner() as connection:
            return list_measures(connection)
    except SQLAlchemyError:
        return []


def serving_metrics(replicas: Sequence[ReplicaMeasures]) -> Iterator[Metric]:
    """Yield the metrics of all replicas."""
    for name, (metric, help) in GAUGES.items():
        gauge = GaugeMetricFamily(metric, help, labels=LABELS)
        for replica in replicas:
            gauge.add_metric(_labels(replica), replica.values.get(name) or 0)
        yield gauge
    for name, (metric, help) in COUNTERS.items():
        counter = CounterMetricFamily(metric, help, labels=LABELS)
        for replica in replicas:
            counter.add_metric(_labels(replica), replica.values.get(name) or 0)
        yield counter
    tokens = CounterMetricFamily("vong_serving_tokens", "Tokens of an engine.", labels=[*LABELS, "direction"])
    for replica in replicas:
        for name, direction in TOKENS.items():
            tokens.add_metric([*_labels(replica), direction], replica.values.get(name) or 0)
    yield tokens
    for name, (metric, help) in HISTOGRAMS.items():
        histogram = HistogramMetricFamily(metric, help, labels=LABELS)
        for replica in replicas:
            if measured := replica.values.get(name):
                histogram.add_metric(_labels(replica), _cumulative_buckets(measured), measured["seconds"])
        yield histogram


def _labels(replica: ReplicaMeasures) -> list[str]:
    return [replica.engine_key, str(replica.number)]


def _cumulative_buckets(measured: dict[str, Any]) -> list[tuple[str, float]]:
    total, cumulative = 0, list[tuple[str, float]]()
    for bound, count in zip((*map(str, BUCKETS_SECONDS), "+Inf"), measured["counts"], strict=True):
        total += count
        cumulative.append((bound, total))
    return cumulative
