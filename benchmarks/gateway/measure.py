"""One peer measured: requests a second, CPU a request, what it adds at 200 a second, and streams."""

import json
import time
from pathlib import Path
from typing import Any, NamedTuple

from benchmarks.gateway.peers import MODEL, Running
from benchmarks.gateway.programs import CHUNKS, Mode, Ports, Request, cpu, load, memory
from vong.errors import VongError

RATE = 200.0
CONNECTIONS = 32
STREAMS = 50
WARM = 0.6
"""Seconds of load that are not counted."""
TEXT = "The keeper of the lighthouse asks how the tide tables are read, and what the second column means. "
MESSAGES = [{"role": "system", "content": "Answer in one paragraph."}, {"role": "user", "content": TEXT * 2}]


class Figures(NamedTuple):
    """What one round found. Times of latency are milliseconds, of CPU microseconds a request; None was not measured."""

    per_second: float
    cpu: float
    beside: float
    p50: float
    p99: float
    first: float | None
    delay_p50: float | None
    delay_p99: float | None
    chunks: float | None
    memory: float


class Rig(NamedTuple):
    """Where the programs are, where the upstreams listen, and how long each load lasts."""

    programs: Path
    ports: Ports
    seconds: float

    def load(self, mode: Mode, request: Request, model: str, **more: Any) -> dict[str, Any]:
        """One load with the small request."""
        asked: dict[str, Any] = {"messages": MESSAGES, **({"model": model} if model else {})}
        if mode == "streams":
            asked["stream"] = True
        given: dict[str, Any] = {"connections": CONNECTIONS, "seconds": self.seconds, **more}
        body = json.dumps(asked, separators=(",", ":")).encode()
        return load(self.programs, mode, request, body, **given)


def direct(rig: Rig) -> tuple[float, float]:
    """The p50 and p99 at the rate, of the upstream itself."""
    request = Request(rig.ports.quick, "/v1/chat/completions", "none")
    found = rig.load("rate", request, MODEL, rate=RATE)
    return found["latency_p50"], found["latency_p99"]


def measured(rig: Rig, peer: Running, bare: tuple[float, float]) -> Figures:
    """One round of a peer. `bare` is the upstream's own p50 and p99."""
    quick, paced = peer.models
    rig.load("most", peer.quick, quick, seconds=WARM)
    peer.settle()
    before = cpu(peer.pids), cpu(peer.beside)
    most = _sound(rig.load("most", peer.quick, quick))
    peer.settle()  # what is written down later is part of what a request costs
    time.sleep(0.3)
    spent, beside = cpu(peer.pids) - before[0], cpu(peer.beside) - before[1]
    rate = _sound(rig.load("rate", peer.quick, quick, rate=RATE))
    streams = _streamed(rig.load("streams", peer.paced, paced, connections=STREAMS), CHUNKS)
    peer.settle()
    burst = _streamed(rig.load("streams", peer.quick, quick, connections=STREAMS), 1)
    peer.settle()
    return Figures(
        most["per_second"],
        spent / most["answers"] * 1e6,
        beside / most["answers"] * 1e6,
        rate["latency_p50"] - bare[0],
        rate["latency_p99"] - bare[1],
        streams.get("first_p50"),
        streams.get("delay_p50"),
        streams.get("delay_p99"),
        burst.get("chunks_per_second"),
        memory(peer.pids),
    )


def _sound(found: dict[str, Any]) -> dict[str, Any]:
    if not found["answers"] or found["refused"] or found["lost"]:
        raise VongError(f"not every request was answered: {found}")
    return found


def _streamed(found: dict[str, Any], chunks: int) -> dict[str, Any]:
    """The streams, where they came whole; a peer may break them, then it is nothing."""
    whole = found["answers"] and found["chunks"] >= chunks * found["answers"]
    return found if whole and not found["refused"] else {}
