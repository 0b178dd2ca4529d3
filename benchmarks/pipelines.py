"""Runs of pipelines: five echo steps, beside LangGraph with its PostgreSQL checkpointer on the same database.

Vong: five prompt steps on `echo/echo`, each a call through the gateway with its key, limits, span and ledger row, and a
stored result before the next step. LangGraph: five nodes that return the text, one thread per run, and a
checkpoint after each node. Both keep RUNS_AT_ONCE runs in flight in one process.

Install the peer first: pip install langgraph langgraph-checkpoint-postgres==3.2.0
"""

import argparse
import asyncio
import resource
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple, TypedDict

import psutil
import uvloop
from sqlalchemy import text

from benchmarks import scratch_database
from vong import access
from vong.app import Platform
from vong.app.gateway import GatewayRuntime, _ignore_span, _null_counter
from vong.app.pipelines import runs
from vong.app.pipelines.runs import RunRequest, create_executor
from vong.config import ProviderSettings, Settings
from vong.pipelines.definition import parse_definition
from vong.store.database import Database, libpq_url

STEPS = 5
RUNS = 300
RUNS_AT_ONCE = 16
ROUNDS = 3
DEFINITION = parse_definition(
    {
        "inputs": {"text": "string"},
        "outputs": {"text": f"{{{{ s{STEPS}.text }}}}"},
        "steps": {
            f"s{number}": {
                "kind": "prompt",
                "model": "echo/echo",
                "messages": [
                    {"role": "user", "content": "{{ inputs.text }}" if number == 1 else f"{{{{ s{number - 1}.text }}}}"}
                ],
            }
            for number in range(1, STEPS + 1)
        },
    }
)


class Measurement(NamedTuple):
    """Figures of one round."""

    runs_per_second: float
    own_cpu_ms: float
    """CPU of this process per step."""
    database_cpu_ms: float
    """CPU of PostgreSQL per step."""
    median_ms: float
    """Median time of a run."""


class State(TypedDict):
    """State of the graph of LangGraph."""

    text: str


def run(options: argparse.Namespace) -> Iterator[tuple[str, str]]:
    """Measure both, and yield the median of the rounds."""
    del options
    with tempfile.TemporaryDirectory(prefix="vong-bench-") as folder, scratch_database.database() as (database, _):
        found = uvloop.run(_measure(database, Path(folder)))
    for name, rounds in found:
        middle = sorted(rounds, key=lambda one: one.runs_per_second)[len(rounds) // 2]
        yield f"{name}: runs per second", f"{middle.runs_per_second:.0f}"
        yield f"{name}: CPU per step, own process", f"{middle.own_cpu_ms:.2f} ms"
        yield f"{name}: CPU per step, PostgreSQL", f"{middle.database_cpu_ms:.2f} ms"
        yield f"{name}: median time of a run", f"{middle.median_ms:.0f} ms"


async def _measure(database: Database, home: Path) -> list[tuple[str, list[Measurement]]]:
    url = libpq_url(database.url)
    with database.owner() as connection:
        backend = connection.execute(text("SELECT pg_backend_pid()")).scalar_one()
    server = psutil.Process(backend).parent()
    assert server is not None
    load = partial(_load, server)
    platform = Platform(
        Settings(home=home, database_url=database.url, providers={"echo": ProviderSettings(kind="echo")})
    )
    runtime = GatewayRuntime(platform, observe_span=_ignore_span, counter_for=_null_counter)
    runtime.start()
    platform.pipelines = executor = create_executor(platform)
    executor.start()
    with platform.database.owner() as connection:
        project = access.create_project(connection, "benchmark")
    with platform.scope(project.id) as connection:
        secret = access.create_key(connection, "benchmark").secret
    with platform.database.owner() as connection:
        principal = access.authenticate(connection, secret)

    async def run_vong(number: int) -> None:
        request = RunRequest(principal, {"text": f"text {number}"}, definition=DEFINITION)
        started = await runs.start(platform, request)
        async for event in executor.channels[started.id].read():
            if event["event"] == "run_ended":
                assert event["outputs"] == {"text": f"text {number}"}, event

    vong: list[Measurement] = []
    peer: list[Measurement] = []
    await load(run_vong, 50)
    async with _langgraph(url) as run_langgraph:
        if run_langgraph is not None:
            await load(run_langgraph, 50)
        for _ in range(ROUNDS):
            vong.append(await load(run_vong, RUNS))
            platform.span_writer.flush(60)
            if run_langgraph is not None:
                peer.append(await load(run_langgraph, RUNS))
    await executor.stop()
    runtime.stop()
    platform.close()
    return [("Vong", vong), *([("LangGraph", peer)] if peer else [])]


async def _load(server: psutil.Process, start: Callable[[int], Awaitable[None]], count: int) -> Measurement:
    """Run `count` runs, RUNS_AT_ONCE at a time, and return the figures."""
    times: list[float] = []
    numbers = iter(range(count))

    async def work() -> None:
        for number in numbers:
            begun = time.perf_counter()
            await start(number)
            times.append((time.perf_counter() - begun) * 1000)

    own, stored, begun = _own_cpu(), _cpu_of(server), time.perf_counter()
    await asyncio.gather(*(work() for _ in range(RUNS_AT_ONCE)))
    seconds = time.perf_counter() - begun
    steps = count * STEPS / 1000
    return Measurement(
        count / seconds, (_own_cpu() - own) / steps, (_cpu_of(server) - stored) / steps, sorted(times)[len(times) // 2]
    )


def _own_cpu() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def _cpu_of(server: psutil.Process) -> float:
    total = 0.0
    for process in (server, *server.children(recursive=True)):
        with suppress(psutil.Error):
            times = process.cpu_times()
            total += times.user + times.system + times.children_user + times.children_system
    return total


class _langgraph:  # noqa: N801
    """Context manager with a function that runs the graph of LangGraph, or None if it is not installed."""

    def __init__(self, url: str) -> None:
        self._url = url

    async def __aenter__(self) -> Callable[[int], Awaitable[None]] | None:
        try:
            from langgraph.checkpoint.postgres.aio import AsyncPostgresSaver
            from langgraph.graph import END, START, StateGraph
            from psycopg.rows import dict_row
            from psycopg_pool import AsyncConnectionPool
        except ImportError as error:
            print(f"LangGraph is not measured: {error}")
            self._pool = None
            return None
        options = {"autocommit": True, "prepare_threshold": 0, "row_factory": dict_row}
        self._pool = AsyncConnectionPool(self._url, min_size=4, max_size=RUNS_AT_ONCE, kwargs=options, open=False)
        await self._pool.open()
        saver = AsyncPostgresSaver(self._pool)  # type: ignore[arg-type]
        await saver.setup()
        graph = StateGraph(State)

        async def echo(state: State) -> State:
            return {"text": state["text"]}

        names = [f"s{number}" for number in range(1, STEPS + 1)]
        for name in names:
            graph.add_node(name, echo)
        for before, after in zip([START, *names], [*names, END], strict=True):
            graph.add_edge(before, after)
        compiled = graph.compile(checkpointer=saver)

        counter = iter(range(10**9))

        async def run_graph(number: int) -> None:
            config: Any = {"configurable": {"thread_id": f"bench-{next(counter)}"}}
            found = await compiled.ainvoke({"text": f"text {number}"}, config, durability="sync")
            assert found == {"text": f"text {number}"}

        return run_graph

    async def __aexit__(self, *_: object) -> None:
        if self._pool is not None:
            await self._pool.close()
