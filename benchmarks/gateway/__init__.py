"""Vong beside other gateways and a plain proxy, in one run: each alone on a core, load and upstream on the other one.

A figure is the median of its rounds; rounds go through all peers in turn, so that a busy minute of the machine meets
all of them. CPU time a request is the figure to trust on a busy machine.
"""

import statistics
from argparse import Namespace
from collections.abc import Iterator
from pathlib import Path

from benchmarks.gateway.measure import RATE, STREAMS, Figures, Rig, direct, measured
from benchmarks.gateway.peers import PEERS, Missing, Start, install
from benchmarks.gateway.programs import Ports, built, upstreams
from benchmarks.gateway.vong import vong
from vong.errors import VongError

PORTS = Ports(quick=8601, paced=8602)
ALL: dict[str, Start] = {"nginx": PEERS["nginx"], "pipe": PEERS["pipe"], "vong": vong, **PEERS}
HEAD = (
    "| | req/s | CPU µs a request | PostgreSQL's | added p50, p99 at "
    f"{RATE:.0f}/s, ms | {STREAMS} streams: first chunk p50, ms | chunk delay p50, p99, ms | chunks/s | memory MB |"
)


def run(options: Namespace) -> Iterator[tuple[str, str]]:
    """The table, row by row, then what Vong reaches of each peer."""
    cache = Path(options.cache).expanduser()
    for name in options.install:
        install(cache, name)
    names = [name for name in ALL if not options.peers or name in options.peers]
    rig = Rig(built(cache), PORTS, options.seconds)
    rounds: dict[str, list[Figures]] = {name: [] for name in names}
    with upstreams(rig.programs, rig.ports):
        for number in range(options.rounds):
            bare = direct(rig)
            yield f"round {number + 1}: upstream alone, p50 and p99 ms", f"{bare[0]:.3f}, {bare[1]:.3f}"
            for name in names:
                try:
                    with ALL[name](cache, PORTS) as peer:
                        rounds[name].append(measured(rig, peer, bare))
                        yield f"round {number + 1}: {name}", row(name, rounds[name][-1:])
                except Missing as missing:
                    yield f"round {number + 1}: {name} is not installed", str(missing)
                except VongError as error:
                    yield f"round {number + 1}: {name} failed", error.message
    found = {name: figures for name, figures in rounds.items() if figures}
    table = "\n".join([HEAD, "|" + "---|" * (HEAD.count("|") - 1), *(row(*item) for item in found.items())])
    yield "medians", "\n" + table
    yield from ratios(found)


def row(name: str, rounds: list[Figures]) -> str:
    """A line of the table: the medians of the rounds."""
    one = Figures._make(middle([figures[place] for figures in rounds]) for place in range(len(Figures._fields)))
    cells = (
        name,
        f"{one.per_second:,.0f}",
        f"{one.cpu:,.0f}",
        f"{one.beside:,.0f}" if one.beside else "",
        f"{one.p50:.2f}, {one.p99:.2f}",
        _cell(one.first),
        f"{_cell(one.delay_p50)}, {_cell(one.delay_p99)}",
        "broken" if one.chunks is None else f"{one.chunks:,.0f}",
        f"{one.memory:,.0f}",
    )
    return f"| {' | '.join(cells)} |"


def middle(values: list[float | None]) -> float | None:
    """The median of those that were measured."""
    known = [value for value in values if value is not None]
    return statistics.median(known) if known else None


def ratios(found: dict[str, list[Figures]]) -> Iterator[tuple[str, str]]:
    """Vong's requests a second and CPU a request against each other peer's."""
    if "vong" not in found:
        return
    medians = {
        name: (statistics.median(one.per_second for one in figures), statistics.median(one.cpu for one in figures))
        for name, figures in found.items()
    }
    requests, cpu = medians.pop("vong")
    for name, (theirs, spent) in medians.items():
        yield f"against {name}", f"{requests / theirs:.2f} x the requests, {cpu / spent:.2f} x the CPU"


def _cell(value: float | None) -> str:
    return "broken" if value is None else f"{value:.2f}"
