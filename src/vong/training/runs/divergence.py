"""Divergence of a training run: the bound of the loss, and the record of rewinds to the last good checkpoint."""

import json
import math
import os
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median

REWINDS_FILE = "rewinds.json"
"""File in the folder of a run with its rewinds. A resumed attempt repeats the decisions in it."""

RATE_CUT = 0.25
"""Factor of the learning rate for each rewind."""

SPIKE_WINDOW = 32
"""Number of losses from which the bound is computed."""

MIN_SPIKE_WINDOW = 8
"""Losses that are needed to compute a bound."""

MIN_LOSS_INCREASE = 1.0
"""Increase of the loss, in nats, that is never a spike: losses near 0 have no meaningful ratio."""

MADS_TO_DEVIATION = 1.4826
"""Factor from the median absolute deviation to the standard deviation of a normal distribution."""


class Diverged(Exception):
    """Internal signal: the run diverged at a step and must return to its last good checkpoint."""

    def __init__(self, step: int, reason: str) -> None:
        super().__init__(reason)
        self.step = step
        self.reason = reason


@dataclass(frozen=True)
class Rewind:
    """One rewind: the step of the divergence, the step of the checkpoint that was restored (0: the start), and why."""

    step: int
    checkpoint_step: int
    reason: str


def loss_bound(losses: Sequence[float], first_losses: Sequence[float], deviations: float) -> float:
    """Return the loss above which a step counts as a spike. Infinite while there are too few losses.

    The bound is the median plus `deviations` robust standard deviations, and at least twice the median. It is never
    above twice the loss at the start of the run plus one: a learning rate that is far too high diverges before there
    are losses of a healthy run to compare with.
    """
    start = abs(max(first_losses)) + max(first_losses) + MIN_LOSS_INCREASE if first_losses else math.inf
    if len(losses) < MIN_SPIKE_WINDOW:
        return start
    middle = median(losses)
    deviation = MADS_TO_DEVIATION * median(abs(loss - middle) for loss in losses)
    return min(start, middle + max(deviations * deviation, abs(middle), MIN_LOSS_INCREASE))


def load_rewinds(folder: Path) -> list[Rewind]:
    """Return the rewinds of a run."""
    try:
        return [Rewind(**values) for values in json.loads((folder / REWINDS_FILE).read_text(encoding="utf-8"))]
    except FileNotFoundError:
        return []


def save_rewinds(folder: Path, rewinds: Sequence[Rewind]) -> None:
    """Store the rewinds of a run atomically and durably, before any step that depends on them."""
    partial = folder / f".{REWINDS_FILE}"
    with partial.open("w", encoding="utf-8") as file:
        json.dump([asdict(rewind) for rewind in rewinds], file)
        file.flush()
        os.fsync(file.fileno())
    partial.replace(folder / REWINDS_FILE)


def rate_factor(rewinds: Sequence[Rewind]) -> float:
    """Return the factor of the learning rate after these rewinds."""
    return RATE_CUT ** len(rewinds)
