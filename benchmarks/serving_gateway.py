"""Throughput of one deployment through the gateway, compared with direct calls of its engine, in turns.

A slice is a number of streams at the same time. Each pair has one slice by each way, the first way changes from pair to
pair, and every prompt is new, so no slice finds the prompts of another in the cache of prefixes. The server must run on
this machine: the address of its engine is read from the database in VONG_HOME.
"""

import argparse
import asyncio
import json
import os
import random
import statistics
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

STREAMS = {1: 3, 8: 2, 32: 1}
"""Streams at the same time, and requests of each stream in a slice."""
TOKENS = 16
SECONDS = 60.0
"""Duration of the pairs of one number of streams."""
SEED = 1
RESAMPLES = 2000
MAX_CALL_SECONDS = 120


class Endpoint(NamedTuple):
    """OpenAI endpoint with its key and the name of the model."""

    url: str
    key: str
    model: str


def run(options: argparse.Namespace) -> Iterator[tuple[str, str]]:
    """Return the median ratio of tokens/s for each number of streams, with its interval."""
    gateway = Endpoint(f"{options.serving_url}/v1", options.serving_key, options.serving_model)
    engine = find_engine(options.serving_model.removeprefix("deployment/"))
    numbers = iter(random.Random(SEED).sample(range(100_000, 1_000_000), 100_000))
    for streams, repeats in STREAMS.items():
        pairs = asyncio.run(measure_pairs(engine, gateway, streams, repeats, numbers))
        yield f"{streams} streams", describe(pairs)


def find_engine(name: str) -> Endpoint:
    """Read address and key of the engine of a deployment from the server's database."""
    from sqlalchemy import text

    from vong.store.database import Database
    from vong.store.postgres import server

    db = Database(server.start(Path(os.environ["VONG_HOME"]) / "postgres"), pool=1)
    try:
        with db.owner() as connection:
            query = "SELECT url, token, models FROM serving_replicas WHERE state = 'ready'"
            for url, token, models in connection.execute(text(query)):
                for served in models:
                    if served.partition("@")[0] == name:
                        return Endpoint(f"{url}/v1", token, served)
    finally:
        db.close()
    raise SystemExit(f"no ready replica of the deployment {name!r}")


async def measure_pairs(
    engine: Endpoint, gateway: Endpoint, streams: int, repeats: int, numbers: Iterator[int]
) -> list[tuple[float, float]]:
    """Return tokens/s of the engine and of the gateway for each pair of slices, after one pair of warm-up."""
    import httpx

    pairs: list[tuple[float, float]] = []
    async with httpx.AsyncClient(timeout=MAX_CALL_SECONDS, trust_env=False) as client:
        deadline = time.monotonic() + SECONDS
        while len(pairs) < 3 or time.monotonic() < deadline:
            order = (engine, gateway) if len(pairs) % 2 else (gateway, engine)
            rates = {endpoint: await measure_slice(client, endpoint, streams, repeats, numbers) for endpoint in order}
            pairs.append((rates[engine], rates[gateway]))
    return pairs[1:]


async def measure_slice(client: Any, endpoint: Endpoint, streams: int, repeats: int, numbers: Iterator[int]) -> float:
    """Run streams at the same time and return the tokens per second of all."""

    async def stream() -> int:
        return sum([await call(client, endpoint, next(numbers)) for _ in range(repeats)])

    started = time.perf_counter()
    tokens = sum(await asyncio.gather(*(stream() for _ in range(streams))))
    return tokens / (time.perf_counter() - started)


async def call(client: Any, endpoint: Endpoint, number: int) -> int:
    """Stream one greedy completion and return its number of tokens."""
    prompt = f"{number}: write about this number and what people think of it."
    body = {"model": endpoint.model, "messages": [{"role": "user", "content": prompt}], "max_tokens": TOKENS}
    body |= {"temperature": 0, "stream": True, "stream_options": {"include_usage": True}}
    headers = {"Authorization": f"Bearer {endpoint.key}"}
    url = f"{endpoint.url}/chat/completions"
    async with client.stream("POST", url, json=body, headers=headers) as response:
        response.raise_for_status()
        events = [line async for line in response.aiter_lines() if line.startswith("data: {")]
    return next(usage["completion_tokens"] for line in reversed(events) if (usage := read_usage(line)))


def read_usage(line: str) -> dict[str, int] | None:
    """Return the usage in an event of a stream."""
    return json.loads(line.removeprefix("data: ")).get("usage")


def describe(pairs: Sequence[tuple[float, float]]) -> str:
    """Return the median of the paired ratios with its 95 % interval by bootstrap, and the median rates."""
    ratios = [gateway / engine for engine, gateway in pairs]
    draw = random.Random(SEED)
    medians = sorted(statistics.median(draw.choices(ratios, k=len(ratios))) for _ in range(RESAMPLES))
    low, high = medians[int(RESAMPLES * 0.025)], medians[int(RESAMPLES * 0.975)]
    engine, gateway = (statistics.median(rates) for rates in zip(*pairs, strict=True))
    return (
        f"{statistics.median(ratios):.3f} of the engine ({low:.3f} to {high:.3f}, {len(pairs)} pairs), "
        f"engine {engine:.0f}, gateway {gateway:.0f} tokens/s"
    )
