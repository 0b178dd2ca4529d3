"""Vong as it is measured: `vong up` with a key that is checked, a route, a budget that holds, guards off, and all spans
written to PostgreSQL with their bodies. The server's process is counted with the thread that writes the spans;
PostgreSQL and the worker run on the other core.
"""

import os
import tempfile
import time
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

import httpx

from benchmarks.gateway.peers import MODEL, Running
from benchmarks.gateway.programs import GATEWAY_CORE, OTHER_CORE, Ports, Request, pin
from tests.live import Live, live

BUDGET = 10**12
"""Millionths of a dollar: enough for every round, so that a call is reserved and settled and never refused."""
SETTINGS = """
workers = {workers}
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
def vong(cache: Path, ports: Ports) -> Generator[Running]:
    """One server on the gateway's core."""
    del cache
    with home(ports) as running:
        yield running_of(running)


@contextmanager
def home(ports: Ports, workers: int = 1) -> Generator[Live]:
    """A fresh home whose routes `quick` and `paced` lead to the two upstreams, and whose servers share the port."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {OTHER_CORE})
    try:
        with tempfile.TemporaryDirectory(prefix="vong-bench-") as name:
            folder = Path(name)
            folder.chmod(0o711)
            (folder / "home").mkdir()
            (folder / "home" / "vong.toml").write_text(SETTINGS.format(ports=ports, model=MODEL, workers=workers))
            with live(folder / "home") as running:
                with running.client() as client:
                    client.gateway.put_route("quick", {f"quick/{MODEL}": 1.0})
                    client.gateway.put_route("paced", {f"paced/{MODEL}": 1.0})
                    client.gateway.set_limit("key", "cost", "ever", BUDGET)
                yield running
    finally:
        os.sched_setaffinity(0, before)


def running_of(running: Live) -> Running:
    """What the measurement needs of a running Vong."""
    server = running.pid("server")
    pin(server, GATEWAY_CORE)
    request = Request(int(running.url.rpartition(":")[2]), "/v1/chat/completions", running.key)
    beside = (running.pid("postgres"),)
    pin(*beside, OTHER_CORE)
    return Running(request, request, ("quick", "paced"), (server,), beside, lambda: settle(running))


def settle(running: Live, seconds: float = 600.0) -> None:
    """Wait until every span is committed."""
    until = time.monotonic() + seconds
    while (found := httpx.get(f"{running.url}/health", trust_env=False).json())["waiting_spans"]:
        assert time.monotonic() < until, f"the spans were not written: {found}"
        time.sleep(0.2)
    assert found["dropped_spans"] == 0, f"spans were dropped: {found}"
