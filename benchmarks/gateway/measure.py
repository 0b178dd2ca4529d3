"""Measurement of one peer: requests per second, CPU per request, added latency at 200 requests/s, and streams."""

import json
import time
from pathlib import Path
from typing import Any, NamedTuple

from benchmarks.gateway.peers import MODEL, RunningPeer
from benchmarks.gateway.processes import PACED_CHUNKS, Mode, Ports, Request, cpu_seconds, resident_megabytes, run_load
from vong.errors import VongError

FIXED_RATE_PER_SECOND = 200.0
CONNECTIONS = 32
STREAMS = 50
WARM_UP_SECONDS = 0.6
"""Duration of the load before the measurement."""
TEXT = "The keeper of the lighthouse asks how the tide tables are read, and what the second column means. "
MESSAGES = [{"role": "system", "content": "Answer in one paragraph."}, {"role": "user", "content": TEXT * 2}]


class PeerMetrics(NamedTuple):
    """Results of one round: latencies in milliseconds, CPU in microseconds per request, None if not measured."""

    per_second: float
    cpu: float
    companion_cpu: float
    p50: float
    p99: float
    first: float | None
    delay_p50: float | None
    delay_p99: float | None
    chunks: float | None
    memory: float


class LoadRunner(NamedTuple):
    """Load generator with the folder of the programs, the ports of the upstreams and the duration of each load."""

    programs: Path
    ports: Ports
    seconds: float

    def load(self, mode: Mode, request: Request, model: str, **settings: Any) -> dict[str, Any]:
        """Run one load of small requests and return its result."""
        body_fields: dict[str, Any] = {"messages": MESSAGES, **({"model": model} if model else {})}
        if mode == "streams":
            body_fields["stream"] = True
        load_settings: dict[str, Any] = {"connections": CONNECTIONS, "seconds": self.seconds, **settings}
        body = json.dumps(body_fields, separators=(",", ":")).encode()
        return run_load(self.programs, mode, request, body, **load_settings)


def measure_upstream(runner: LoadRunner) -> tuple[float, float]:
    """Return the p50 and p99 latency of the upstream itself at the fixed rate."""
    request = Request(runner.ports.quick, "/v1/chat/completions", "none")
    result = runner.load("rate", request, MODEL, rate=FIXED_RATE_PER_SECOND)
    return result["latency_p50"], result["latency_p99"]


def measure_peer(runner: LoadRunner, peer: RunningPeer, upstream_latency: tuple[float, float]) -> PeerMetrics:
    """Run one round of a peer; `upstream_latency` is the p50 and p99 latency of the upstream."""
    quick, paced = peer.models
    runner.load("throughput", peer.quick, quick, seconds=WARM_UP_SECONDS)
    peer.wait_until_written()
    cpu_before = cpu_seconds(peer.pids), cpu_seconds(peer.companion_pids)
    throughput = _require_all_answered(runner.load("throughput", peer.quick, quick))
    peer.wait_until_written()  # writes after the response are part of the cost of a request
    time.sleep(0.3)
    cpu_used, companion_cpu = cpu_seconds(peer.pids) - cpu_before[0], cpu_seconds(peer.companion_pids) - cpu_before[1]
    at_rate = _require_all_answered(runner.load("rate", peer.quick, quick, rate=FIXED_RATE_PER_SECOND))
    streams = _complete_streams(runner.load("streams", peer.paced, paced, connections=STREAMS), PACED_CHUNKS)
    peer.wait_until_written()
    burst = _complete_streams(runner.load("streams", peer.quick, quick, connections=STREAMS), 1)
    peer.wait_until_written()
    return PeerMetrics(
        throughput["per_second"],
        cpu_used / throughput["responses"] * 1e6,
        companion_cpu / throughput["responses"] * 1e6,
        at_rate["latency_p50"] - upstream_latency[0],
        at_rate["latency_p99"] - upstream_latency[1],
        streams.get("first_p50"),
        streams.get("delay_p50"),
        streams.get("delay_p99"),
        burst.get("chunks_per_second"),
        resident_megabytes(peer.pids),
    )


def _require_all_answered(result: dict[str, Any]) -> dict[str, Any]:
    if not result["responses"] or result["errors"] or result["lost"]:
        raise VongError(f"some requests of the load got no successful response: {result}")
    return result


def _complete_streams(result: dict[str, Any], chunks: int) -> dict[str, Any]:
    """Return the result if all streams were complete, otherwise an empty result, because some peers break streams."""
    complete = result["responses"] and result["chunks"] >= chunks * result["responses"]
    return result if complete and not result["errors"] else {}
