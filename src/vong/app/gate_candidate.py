"""GateCandidate of a gate."""

from typing import NamedTuple

from vong.records import ModelVersion


class GateCandidate(NamedTuple):
    """Content that a candidate stands for.

    `key` identifies it: the ref of a model version, or the target of a provider. `model` is None for a model of a
    provider. `current` is the model that the subject uses now, `current_target` its target.
    """

    key: str
    model: ModelVersion | None
    target: str | None
    current: str | None
    current_target: str | None
