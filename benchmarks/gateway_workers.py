"""Whether servers that share a port share the work: requests a second of one server and of one for each core.

Each server has a core of its own, but on a machine without spare cores the last one shares it with the load, the
upstream and PostgreSQL, so CPU time a request says more there than requests a second.
"""

import os
from argparse import Namespace
from collections.abc import Iterator
from pathlib import Path

from benchmarks.gateway import PORTS
from benchmarks.gateway.measure import WARM, Rig
from benchmarks.gateway.programs import OTHER_CORE, Request, built, cpu, pin, upstreams
from benchmarks.gateway.vong import home, settle
from tests.live import Live


def run(options: Namespace) -> Iterator[tuple[str, str]]:
    """A line for each number of servers: the best of the rounds."""
    cores = os.cpu_count() or 1
    rig = Rig(built(Path(options.cache).expanduser()), PORTS, options.seconds)
    with upstreams(rig.programs, rig.ports):
        for count in sorted({1, max(1, cores // 2), cores}):
            with home(rig.ports, count) as vong:
                rounds = [one(rig, vong, count) for _ in range(options.rounds)]
            per_second, spent, shares = max(rounds)
            told = ", ".join(f"{share:.0%}" for share in shares)
            yield f"{count} of {cores} cores", f"{per_second:,.0f} requests/s, {spent:,.0f} µs each, CPU by {told}"


def one(rig: Rig, vong: Live, count: int) -> tuple[float, float, list[float]]:
    """Requests a second, CPU microseconds of all servers a request, and each server's part of it."""
    pids = [vong.pid("server" if number == 0 else f"server-{number + 1}") for number in range(count)]
    for number, pid in enumerate(pids):
        pin(pid, number)
    pin(vong.pid("postgres"), OTHER_CORE)
    request = Request(int(vong.url.rpartition(":")[2]), "/v1/chat/completions", vong.key)
    rig.load("most", request, "quick", seconds=WARM)
    settle(vong)
    before = [cpu([pid]) for pid in pids]
    found = rig.load("most", request, "quick", connections=32 * count)
    settle(vong)
    spent = [cpu([pid]) - start for pid, start in zip(pids, before, strict=True)]
    return found["per_second"], sum(spent) / found["answers"] * 1e6, [each / sum(spent) for each in spent]
