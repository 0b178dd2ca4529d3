"""Comparison of Vong with other gateways and a plain proxy in one run.

Each peer runs alone on one core; the load generator and the upstream run on the other core. A result is the median
of its rounds. Each round measures all peers, so that a busy minute of the machine affects all of them. On a busy
machine, CPU time per request is the most reliable result.
"""

import statistics
from argparse import Namespace
from collections.abc import Iterator
from pathlib import Path

from benchmarks.gateway.measure import (
    FIXED_RATE_PER_SECOND,
    STREAMS,
    LoadRunner,
    PeerMetrics,
    measure_peer,
    measure_upstream,
)
from benchmarks.gateway.peers import PEERS, PeerNotInstalled, Start, install
from benchmarks.gateway.processes import Ports, build_programs, upstreams
from benchmarks.gateway.vong import vong
from vong.errors import VongError

PORTS = Ports(quick=8601, paced=8602)
ALL_PEERS: dict[str, Start] = {"nginx": PEERS["nginx"], "pipe": PEERS["pipe"], "vong": vong, **PEERS}
TABLE_HEAD = (
    "| | req/s | CPU µs per request | PostgreSQL CPU | added p50, p99 at "
    f"{FIXED_RATE_PER_SECOND:.0f}/s, ms | {STREAMS} streams: first chunk p50, ms | chunk delay p50, p99, ms | "
    "chunks/s | memory MB |"
)


def run(options: Namespace) -> Iterator[tuple[str, str]]:
    """Report each round, the table of medians, and the ratio of Vong to each peer."""
    cache = Path(options.cache).expanduser()
    for name in options.install:
        install(cache, name)
    names = [name for name in ALL_PEERS if not options.peers or name in options.peers]
    runner = LoadRunner(build_programs(cache), PORTS, options.seconds)
    rounds: dict[str, list[PeerMetrics]] = {name: [] for name in names}
    with upstreams(runner.programs, runner.ports):
        for number in range(options.rounds):
            upstream_latency = measure_upstream(runner)
            yield (
                f"round {number + 1}: upstream without gateway, p50 and p99 ms",
                f"{upstream_latency[0]:.3f}, {upstream_latency[1]:.3f}",
            )
            for name in names:
                try:
                    with ALL_PEERS[name](cache, PORTS) as peer:
                        rounds[name].append(measure_peer(runner, peer, upstream_latency))
                        yield f"round {number + 1}: {name}", table_row(name, rounds[name][-1:])
                except PeerNotInstalled as not_installed:
                    yield f"round {number + 1}: {name} is not installed", str(not_installed)
                except VongError as error:
                    yield f"round {number + 1}: {name} failed", error.message
    found = {name: metrics for name, metrics in rounds.items() if metrics}
    table = "\n".join(
        [TABLE_HEAD, "|" + "---|" * (TABLE_HEAD.count("|") - 1), *(table_row(*item) for item in found.items())]
    )
    yield "medians", "\n" + table
    yield from compare_with_peers(found)


def table_row(name: str, rounds: list[PeerMetrics]) -> str:
    """Return a table row with the medians of the rounds."""
    medians = PeerMetrics._make(
        median_of_known([metrics[index] for metrics in rounds]) for index in range(len(PeerMetrics._fields))
    )
    cells = (
        name,
        f"{medians.per_second:,.0f}",
        f"{medians.cpu:,.0f}",
        f"{medians.companion_cpu:,.0f}" if medians.companion_cpu else "",
        f"{medians.p50:.2f}, {medians.p99:.2f}",
        _format_cell(medians.first),
        f"{_format_cell(medians.delay_p50)}, {_format_cell(medians.delay_p99)}",
        "broken" if medians.chunks is None else f"{medians.chunks:,.0f}",
        f"{medians.memory:,.0f}",
    )
    return f"| {' | '.join(cells)} |"


def median_of_known(values: list[float | None]) -> float | None:
    """Return the median of the measured values, or None if there are none."""
    known = [value for value in values if value is not None]
    return statistics.median(known) if known else None


def compare_with_peers(found: dict[str, list[PeerMetrics]]) -> Iterator[tuple[str, str]]:
    """Yield the ratio of Vong to each peer in requests per second and CPU per request."""
    if "vong" not in found:
        return
    medians = {
        name: (statistics.median(each.per_second for each in metrics), statistics.median(each.cpu for each in metrics))
        for name, metrics in found.items()
    }
    requests, cpu = medians.pop("vong")
    for name, (peer_requests, peer_cpu) in medians.items():
        yield f"compared with {name}", f"{requests / peer_requests:.2f} x the requests, {cpu / peer_cpu:.2f} x the CPU"


def _format_cell(value: float | None) -> str:
    return "broken" if value is None else f"{value:.2f}"
