"""Vong as a peer of the gateway benchmark.

`vong up` runs with a key that is checked, a route, an enforced budget and no guards; all spans are written to
PostgreSQL with their bodies. The CPU time of the server process includes the thread that writes the spans. PostgreSQL
and the worker run on the other core.
"""

import os
import tempfile
import time
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

import httpx

from benchmarks.gateway.peers import MODEL, RunningPeer
from benchmarks.gateway.processes import GATEWAY_CORE, OTHER_CORE, Ports, Request, pin
from tests.running_vong import RunningVong, run_vong

BUDGET_MICRODOLLARS = 10**12
"""Budget in millionths of a dollar: enough for all rounds, so that calls are reserved, settled and never rejected."""
SETTINGS = """
server_processes = {server_processes}
[providers.quick]
base_url = "http://127.0.0.1:{ports.quick}/v1"
[providers.paced]
base_url = "http://127.0.0.1:{ports.paced}/v1"
[prices."quick/{model}"]
input = 0.15
output = 0.6
[prices."paced/{model}"]
input = 0.15
output = 0.6
"""


@contextmanager
def vong(cache: Path, ports: Ports) -> Generator[RunningPeer]:
    """Start Vong with one server on the gateway's core."""
    del cache
    with started_vong(ports) as running:
        yield to_peer(running)


@contextmanager
def started_vong(ports: Ports, server_processes: int = 1) -> Generator[RunningVong]:
    """Start Vong in a new home, with routes `quick` and `paced` to the two upstreams; all servers share a port."""
    affinity = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {OTHER_CORE})
    try:
        with tempfile.TemporaryDirectory(prefix="vong-bench-") as name:
            folder = Path(name)
            folder.chmod(0o711)
            (folder / "home").mkdir()
            text = SETTINGS.format(ports=ports, model=MODEL, server_processes=server_processes)
            (folder / "home" / "vong.toml").write_text(text)
            with run_vong(folder / "home") as running:
                with running.client() as client:
                    client.gateway.set_route("quick", {f"quick/{MODEL}": 1.0})
                    client.gateway.set_route("paced", {f"paced/{MODEL}": 1.0})
                    client.gateway.set_limit("key", "cost", "lifetime", BUDGET_MICRODOLLARS)
                yield running
    finally:
        os.sched_setaffinity(0, affinity)


def to_peer(running: RunningVong) -> RunningPeer:
    """Pin the processes of a running Vong to their cores and return it as a peer."""
    server = running.pid("server")
    pin(server, GATEWAY_CORE)
    request = Request(int(running.url.rpartition(":")[2]), "/v1/chat/completions", running.key)
    companion_pids = (running.pid("postgres"),)
    pin(*companion_pids, OTHER_CORE)
    return RunningPeer(
        request, request, ("quick", "paced"), (server,), companion_pids, lambda: wait_until_written(running)
    )


def wait_until_written(running: RunningVong, seconds: float = 600.0) -> None:
    """Wait until every span is committed."""
    deadline = time.monotonic() + seconds
    while (health := httpx.get(f"{running.url}/health", trust_env=False).json())["waiting_spans"]:
        assert time.monotonic() < deadline, f"spans were not written within {seconds:.0f} s: {health}"
        time.sleep(0.2)
    assert health["dropped_spans"] == 0, f"spans were dropped: {health}"
