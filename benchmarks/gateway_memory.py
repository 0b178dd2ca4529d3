"""Whether the server's memory grows with the calls it has answered: spans with bodies, a budget that holds."""

from argparse import Namespace
from collections.abc import Iterator
from pathlib import Path

from benchmarks.gateway import PORTS
from benchmarks.gateway.measure import Rig
from benchmarks.gateway.programs import built, memory, upstreams
from benchmarks.gateway.vong import home, running_of

SLICE = 10.0
"""Seconds of load between two looks; before each look all spans are written."""


def run(options: Namespace) -> Iterator[tuple[str, str]]:
    """Resident memory of the server before, at a tenth, at half and at the end, and the growth over the last half."""
    rig = Rig(built(Path(options.cache).expanduser()), PORTS, SLICE)
    with upstreams(rig.programs, rig.ports), home(rig.ports) as vong:
        peer = running_of(vong)
        yield "MB at the start", f"{memory(peer.pids):.1f}"
        answered, seen = 0, list[tuple[int, float]]()
        while answered < options.requests:
            answered += int(rig.load("most", peer.quick, peer.models[0])["answers"])
            peer.settle()
            seen.append((answered, memory(peer.pids)))
        for share in (0.1, 0.5, 1.0):
            count, held = _at(seen, share * answered)
            yield f"MB after {count:,} requests", f"{held:.1f}"
        half, end = _at(seen, answered / 2)[1], seen[-1][1]
        yield "growth over the last half", f"{100 * (end - half) / half:.2f} %"


def _at(seen: list[tuple[int, float]], count: float) -> tuple[int, float]:
    """The first look at so many requests."""
    return next(one for one in seen if one[0] >= count)
