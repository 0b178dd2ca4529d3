"""What a plain model call costs at the gateway, spans with bodies written: CPU time and latency through `echo`."""

import statistics
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import psutil

from tests.live import live

CALLS = 2_000
BODY = {"model": "echo/echo", "messages": [{"role": "user", "content": "measure " * 30}]}


def run() -> Iterator[tuple[str, str]]:
    """Sequential calls over one connection, by an ordinary Python client; the server's own CPU time beside it."""
    with tempfile.TemporaryDirectory(prefix="vong-bench-") as folder:
        Path(folder).chmod(0o711)
        with live(Path(folder) / "home") as vong:
            server = psutil.Process(vong.pid("server"))
            headers = {"authorization": f"Bearer {vong.key}"}
            with httpx.Client(base_url=vong.url, headers=headers, trust_env=False) as client:
                for _ in range(100):
                    client.post("/v1/chat/completions", json=BODY)
                before, waits = server.cpu_times(), list[float]()
                for _ in range(CALLS):
                    start = time.perf_counter()
                    client.post("/v1/chat/completions", json=BODY).raise_for_status()
                    waits.append((time.perf_counter() - start) * 1000)
                after = server.cpu_times()
            used = (after.user - before.user) + (after.system - before.system)
            yield "server CPU a call, µs", f"{used / CALLS * 1e6:.0f}"
            yield (
                "latency p50 and p99, ms (client included)",
                (f"{statistics.median(waits):.2f}, {statistics.quantiles(waits, n=100)[98]:.2f}"),
            )
            yield "memory of the server, MB", f"{server.memory_info().rss / 1e6:.0f}"
