"""Scaling of servers that share a port: requests per second with one server and with up to one per core.

Each server runs on its own core. On a machine without spare cores, the last server shares its core with the load
generator, the upstream and PostgreSQL; there, CPU time per request is more reliable than requests per second.
"""

import os
from argparse import Namespace
from collections.abc import Iterator
from pathlib import Path

from benchmarks.gateway import PORTS
from benchmarks.gateway.measure import WARM_UP_SECONDS, LoadRunner
from benchmarks.gateway.processes import OTHER_CORE, Request, build_programs, cpu_seconds, pin, upstreams
from benchmarks.gateway.vong import started_vong, wait_until_written
from tests.running_vong import RunningVong


def run(options: Namespace) -> Iterator[tuple[str, str]]:
    """Report the best round for each number of servers."""
    cores = os.cpu_count() or 1
    runner = LoadRunner(build_programs(Path(options.cache).expanduser()), PORTS, options.seconds)
    with upstreams(runner.programs, runner.ports):
        for count in sorted({1, max(1, cores // 2), cores}):
            with started_vong(runner.ports, count) as vong:
                rounds = [measure_servers(runner, vong, count) for _ in range(options.rounds)]
            per_second, used, fractions = max(rounds)
            distribution = ", ".join(f"{fraction:.0%}" for fraction in fractions)
            yield (
                f"{count} of {cores} cores",
                f"{per_second:,.0f} requests/s, {used:,.0f} µs each, CPU {distribution}",
            )


def measure_servers(runner: LoadRunner, vong: RunningVong, count: int) -> tuple[float, float, list[float]]:
    """Return requests per second, CPU microseconds per request of all servers, and the fraction of each server."""
    pids = [vong.pid("server" if number == 0 else f"server-{number + 1}") for number in range(count)]
    for number, pid in enumerate(pids):
        pin(pid, number)
    pin(vong.pid("postgres"), OTHER_CORE)
    request = Request(int(vong.url.rpartition(":")[2]), "/v1/chat/completions", vong.key)
    runner.load("throughput", request, "quick", seconds=WARM_UP_SECONDS)
    wait_until_written(vong)
    before = [cpu_seconds([pid]) for pid in pids]
    result = runner.load("throughput", request, "quick", connections=32 * count)
    wait_until_written(vong)
    used = [cpu_seconds([pid]) - start for pid, start in zip(pids, before, strict=True)]
    return result["per_second"], sum(used) / result["responses"] * 1e6, [seconds / sum(used) for seconds in used]
