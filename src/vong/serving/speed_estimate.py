"""Predicted speed of an engine: measured with the same settings, or estimated from the bytes that a token reads.

The engine reads all weights for each generated token, so the speed of one completion is about the bandwidth of the
memory divided by the size of the weights. The bandwidth follows from the speed of other engines of the same kind, or
from a copy in the memory of this machine.
"""

import time
from functools import cache
from typing import NamedTuple

from sqlalchemy import Connection

from vong.records.deployment import SpeedPlan
from vong.serving import tables
from vong.serving.engine_speed import EngineSpeed

COPIED_BYTES = 32_000_000
"""Size of the copy that measures the bandwidth: larger than the caches of a processor."""
BANDWIDTH_SHARES = {"xllamacpp": 0.5, "transformers": 0.25}
"""Share of the bandwidth of a copy that an engine reaches without a GPU. Measured with SmolLM2-135M on two cores."""


class _Measured(NamedTuple):
    engine_key: str
    speed: EngineSpeed
    weights: int


def plan_speed(
    connection: Connection, engine_key: str, engine: str, weights: int, *, is_on_gpu: bool = False
) -> SpeedPlan:
    """Return the speed of an engine with `weights` bytes, measured if it has run."""
    measured = [one for one in _list_measured(connection) if one.engine_key.split("-")[1] == engine]
    same = next((one for one in measured if one.engine_key == engine_key), None)
    if same is not None:
        return SpeedPlan(
            output=_round(same.speed.output_tokens_per_second),
            prompt=_round(same.speed.prompt_tokens_per_second),
            source="measured",
            note="measured with this model and these settings",
        )
    if near := _find_nearest(measured, engine_key, weights):
        factor = near.weights / weights
        return SpeedPlan(
            output=_round((near.speed.output_tokens_per_second or 0) * factor),
            prompt=_round((near.speed.prompt_tokens_per_second or 0) * factor) or None,
            source="estimated",
            note=f"estimated from the measured speed of {near.engine_key} by the size of the weights",
        )
    share = BANDWIDTH_SHARES.get(engine)
    if is_on_gpu or share is None or not weights:
        return SpeedPlan(note=f"no {engine} engine of this project has been measured yet")
    return SpeedPlan(
        output=_round(share * measure_bandwidth() / weights),
        source="estimated",
        note="estimated from the memory bandwidth of the server's machine",
    )


@cache
def measure_bandwidth() -> float:
    """Return the bytes per second that the memory of this machine reads and writes in a copy, measured once."""
    source, target = bytes(COPIED_BYTES), bytearray(COPIED_BYTES)
    best = 0.0
    for _ in range(3):
        started = time.perf_counter()
        target[:] = source
        best = max(best, 2 * COPIED_BYTES / (time.perf_counter() - started))
    return best


def _list_measured(connection: Connection) -> list[_Measured]:
    """Return the engines of the project with a measured speed and known weights."""
    rows = [
        (row["engine_key"], EngineSpeed.from_json(row["speed"]), row["plan"]) for row in tables.list_engines(connection)
    ]
    return [
        _Measured(key, speed, int(plan["weights"]))
        for key, speed, plan in rows
        if speed.output_tokens_per_second and plan.get("weights")
    ]


def _find_nearest(measured: list[_Measured], engine_key: str, weights: int) -> _Measured | None:
    """Return the engine of the same base, or that with the most similar size."""
    if not measured or not weights:
        return None
    base = engine_key.split("-")[0]
    return min(
        measured,
        key=lambda one: (one.engine_key.split("-")[0] != base, max(one.weights, weights) / min(one.weights, weights)),
    )


def _round(value: float | None) -> float | None:
    return round(value, 1) if value else None
