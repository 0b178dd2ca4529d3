"""What releases need from outside."""

from collections.abc import Callable, Mapping
from typing import NamedTuple

from vong.gateway.routing.store import TargetCheck
from vong.loop.gatekeeper import Gatekeeper
from vong.loop.guard_rails import GuardMetric
from vong.loop.release_records import Release
from vong.records.route import check_target_name

Baseline = Callable[[Release], Mapping[GuardMetric, float]]
"""Return the limits of latency and cost from the calls before the release."""
FindModel = Callable[[str], str | None]
"""Return the ref of the model version that a target serves. Returns None if it is no registered model."""


class ReleaseServices(NamedTuple):
    """What a release needs from outside: the gate, the limits of guard rails, and the models of targets."""

    gate: Gatekeeper
    baseline: Baseline
    find_model: FindModel
    check: TargetCheck = check_target_name
