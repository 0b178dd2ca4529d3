"""Memory growth of the server over many calls, with spans that store bodies and a budget that is enforced."""

from argparse import Namespace
from collections.abc import Iterator
from pathlib import Path

from benchmarks.gateway import PORTS
from benchmarks.gateway.measure import LoadRunner
from benchmarks.gateway.processes import build_programs, resident_megabytes, upstreams
from benchmarks.gateway.vong import started_vong, to_peer

CHECK_INTERVAL_SECONDS = 10.0
"""Duration of the load between two memory samples; all spans are written before each sample."""


def run(options: Namespace) -> Iterator[tuple[str, str]]:
    """Report the resident memory of the server at the start, 10 %, 50 % and 100 % of the load, and its growth."""
    runner = LoadRunner(build_programs(Path(options.cache).expanduser()), PORTS, CHECK_INTERVAL_SECONDS)
    with upstreams(runner.programs, runner.ports), started_vong(runner.ports) as vong:
        running_vong = to_peer(vong)
        yield "MB at the start", f"{resident_megabytes(running_vong.pids):.1f}"
        responses, samples = 0, list[tuple[int, float]]()
        while responses < options.requests:
            responses += int(runner.load("throughput", running_vong.quick, running_vong.models[0])["responses"])
            running_vong.wait_until_written()
            samples.append((responses, resident_megabytes(running_vong.pids)))
        for share in (0.1, 0.5, 1.0):
            count, megabytes = _sample_at(samples, share * responses)
            yield f"MB after {count:,} requests", f"{megabytes:.1f}"
        middle, end = _sample_at(samples, responses / 2)[1], samples[-1][1]
        yield "growth in the last half", f"{100 * (end - middle) / middle:.2f} %"


def _sample_at(samples: list[tuple[int, float]], count: float) -> tuple[int, float]:
    """Return the first sample after `count` requests."""
    return next(sample for sample in samples if sample[0] >= count)
