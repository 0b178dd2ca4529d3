"""Example of two compared runs, and the selection of such examples."""

from collections.abc import Collection
from typing import Literal, NamedTuple

from vong.records import Record

Outcome = Literal["win", "loss", "tie"]


class EvalChange(Record):
    """An example of both runs: both outputs and their scores."""

    position: int
    example: str
    prompt: str
    reference: str
    a: str
    b: str
    a_scores: dict[str, float]
    b_scores: dict[str, float]


class ChangeFilter(NamedTuple):
    """Selection of common examples: those that b won, lost or tied on a metric, or all that have it in both runs.

    `text` must occur in the prompt or an output. `positions` restricts the examples to a slice.
    """

    metric: str
    outcome: Outcome | None = None
    higher_is_better: bool = True
    text: str | None = None
    positions: Collection[int] | None = None
