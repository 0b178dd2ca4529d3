"""Throughput of an evaluation on a local engine beside that of the same engine without Vong's server.

A server with a deployment of the bundled model evaluates rows with short outputs. Another engine process with the same
file and settings answers requests of the same form, first at several concurrencies, then at the best one, half of them
before and half of them after the evaluation. No prompt is sent twice to one process.
"""

import asyncio
import json
import os
import socket
import subprocess
import sys
import tempfile
import threading
import time
from argparse import Namespace
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

ROWS = int(os.environ.get("VONG_BENCH_ROWS", "500"))
CONCURRENCIES = (4, 8, 16)
SEARCH_ROWS = 64
MAX_TOKENS = 4
DEPLOYMENT = "bench"
SYSTEM = "Answer with one word: high or low."
TOPICS = ("the printer in the shop", "an invoice with a wrong total", "a parcel that is late", "a broken card terminal")


def run(options: Namespace) -> Iterator[tuple[str, str]]:
    """Yield the rates and their ratio."""
    del options
    with tempfile.TemporaryDirectory(prefix="vong-evals-", ignore_cleanup_errors=True) as folder:
        Path(folder).chmod(0o711)
        with start_engine(Path(folder)) as (url, headers), start_server(Path(folder) / "home") as client:
            rates = {
                count: measure_engine(url, headers, ROWS + 1000 * count, SEARCH_ROWS, count) for count in CONCURRENCIES
            }
            for count, rate in rates.items():
                yield f"engine alone, {count} concurrent requests", f"{rate:.1f} rows/s"
            best = max(rates, key=lambda count: rates[count])
            half = ROWS // 2
            before = measure_engine(url, headers, 0, half, best)
            evaluated, failed = evaluate(client, Path(folder) / "rows.jsonl", best)
            after = measure_engine(url, headers, half, ROWS - half, best)
    alone = ROWS / (half / before + (ROWS - half) / after)
    yield f"engine alone, {ROWS} rows, {best} concurrent requests", f"{alone:.1f} rows/s ({before:.1f}, {after:.1f})"
    yield f"evaluation of {ROWS} rows, {best} concurrent requests", f"{evaluated:.1f} rows/s, {failed} failed"
    yield "evaluation / engine", f"{evaluated / alone:.3f}"


@contextmanager
def start_engine(folder: Path) -> Generator[tuple[str, dict[str, str]]]:
    """Start an engine process with the bundled model, and yield its URL and headers."""
    from benchmarks.serving import is_ready
    from vong.registry.bundled_model import find_bundled_gguf
    from vong.serving import engine_launcher
    from vong.serving.engine import EngineSettings
    from vong.serving.engine_client import EngineClient

    address = engine_launcher.reserve_address()
    process = engine_launcher.start_engine(
        "xllamacpp", find_bundled_gguf(), EngineSettings(), address, lease=folder / "lease", log=folder / "engine.log"
    )
    stop = threading.Event()
    threading.Thread(target=_renew, args=(folder / "lease", stop), daemon=True).start()
    try:
        client = EngineClient(address.url, address.token)
        while not is_ready(client):
            time.sleep(0.1)
        client.serve("base", None)
        client.close()
        yield f"{address.url}/v1", {"Authorization": f"Bearer {address.token}"}
    finally:
        stop.set()
        process.kill()
        process.wait()


def _renew(lease: Path, stop: threading.Event) -> None:
    while not stop.wait(2):
        lease.touch()


@contextmanager
def start_server(home: Path) -> Generator[Any]:
    """Start a server with a deployment of the bundled model, and yield a client."""
    from vong.client import Client

    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = str(probe.getsockname()[1])
    command, environment = [sys.executable, "-m", "vong.cli.main"], {**os.environ, "VONG_HOME": str(home)}
    subprocess.run([*command, "up", "--port", port, "--detach"], env=environment, check=True, capture_output=True)
    try:
        client = Client(f"http://127.0.0.1:{port}", (home / "owner.key").read_text(encoding="utf-8").strip())
        found = client.jobs.wait(client.registry.import_model("shipped:smollm2-135m-instruct", convert=False).id)
        client.serving.deploy(DEPLOYMENT, model=str((found.result or {})["gguf"]))
        client.serving.wait(DEPLOYMENT)
        yield client
    finally:
        subprocess.run([*command, "down"], env=environment, check=False, capture_output=True)


def build_prompt(number: int) -> str:
    """Return the question of a row."""
    topic = TOPICS[number % len(TOPICS)]
    return f"Ticket {number * 7919 % 100_003}: {topic}, reported {number % 60} minutes ago. How urgent is it?"


def measure_engine(url: str, headers: dict[str, str], first: int, count: int, concurrency: int) -> float:
    """Return the requests per second of the engine."""
    return asyncio.run(_request_rows(url, headers, range(first, first + count), concurrency))


async def _request_rows(url: str, headers: dict[str, str], numbers: range, concurrency: int) -> float:
    import httpx

    limit = asyncio.Semaphore(concurrency)

    async def ask(number: int) -> None:
        messages = [{"role": "system", "content": SYSTEM}, {"role": "user", "content": build_prompt(number)}]
        body = {"model": "base", "messages": messages, "max_tokens": MAX_TOKENS, "temperature": 0}
        async with limit:
            response = await client.post(f"{url}/chat/completions", json=body)
            response.raise_for_status()

    async with httpx.AsyncClient(headers=headers, timeout=600, trust_env=False) as client:
        started = time.monotonic()
        await asyncio.gather(*(ask(number) for number in numbers))
        return len(numbers) / (time.monotonic() - started)


def evaluate(client: Any, path: Path, concurrency: int) -> tuple[float, int]:
    """Return the rows per second of an evaluation from the start of its job to its end, and the failed requests."""
    with path.open("w", encoding="utf-8") as file:
        for number in range(ROWS):
            messages = [{"role": "system", "content": SYSTEM}, {"role": "user", "content": build_prompt(number)}]
            completion = {"role": "assistant", "content": "high"}
            row = {"messages": messages, "completion": completion, "metadata": {"split": "test"}}
            file.write(json.dumps(row) + "\n")
    client.jobs.wait(client.data.import_files("rows", [path]).id)
    started = client.evals.run(
        f"deployment/{DEPLOYMENT}", "rows", scorers=["exact_match"], max_tokens=MAX_TOKENS, concurrency=concurrency
    )
    job = client.jobs.wait(started.job.id)
    result = client.evals.get(started.result.id)
    return result.done / (job.finished_at - job.started_at).total_seconds(), result.failed
