"""Releases on the database: every transition, decided by scores and calls that a test supplies."""

from datetime import timedelta
from typing import Any

import numpy as np
import pytest
from pydantic import ValidationError
from sqlalchemy import Connection

from vong import gateway, loop
from vong.errors import Conflict, InvalidInput, PreconditionFailed
from vong.evals.gates import GateDecision
from vong.loop import release_store, releases
from vong.loop.guard_rails import CallMeasures, GuardRail
from vong.loop.release_records import Release, ReleaseObservation, ReleasePlan
from vong.loop.release_services import ReleaseServices
from vong.loop.releases import Observed
from vong.loop.sequential import Side
from vong.records import RoutePolicy, RouteTarget, new_id, now

from .open_gate import OPEN_GATE, OpenGate

CANDIDATE = "deployment/tuned"
BEFORE = [RouteTarget(model="deployment/base", weight=3.0), RouteTarget(model="deployment/older", weight=1.0)]
MODELS = {CANDIDATE: "triage@1f0c9a27b4de"}


def build(gate: Any = OPEN_GATE, models: dict[str, str] | None = None) -> ReleaseServices:
    return ReleaseServices(gate, lambda _: {"latency": 100.0}, (models or {}).get)


def begin(connection: Connection, services: ReleaseServices | None = None, **plan: Any) -> Release:
    gateway.set_route(connection, "triage", BEFORE)
    given: dict[str, Any] = {"guard_rails": (), **plan}
    services = services or build()
    return releases.start(connection, route="triage", candidate=CANDIDATE, plan=ReleasePlan(**given), services=services)


def scores(candidate: float, incumbent: float, pairs: int, series: Any = "quality", seed: int = 1) -> Observed:
    generator = np.random.default_rng(seed)
    found: list[ReleaseObservation] = []
    for _ in range(pairs):
        sides: list[tuple[Side, float]] = [("incumbent", incumbent), ("candidate", candidate)]
        for side, mean in sides:
            value = float(generator.random() < mean)
            found.append(
                ReleaseObservation(
                    series=series, span_id=new_id(), side=side, value=value, source="human", observed_at=now()
                )
            )
    return Observed(found)


def calls(size: int, **candidate: Any) -> Observed:
    """Return calls of both sides: those of the incumbent take 50 ms and succeed."""
    found: list[ReleaseObservation] = []
    measures: dict[str, CallMeasures] = {}
    for _ in range(size):
        for side in ("incumbent", "candidate"):
            one = ReleaseObservation(series="calls", span_id=new_id(), side=side, observed_at=now())
            measured: dict[str, Any] = {"failed": False, "latency_ms": 50.0}
            measured |= candidate if side == "candidate" else {}
            measures[str(one.span_id)] = CallMeasures(**measured)
            found.append(one)
    return Observed(found, measures)


def advance(connection: Connection, release: Release, observed: Observed = Observed(), **services: Any) -> Release:
    return releases.advance(connection, release.id, observed, build(**services))


def weights(connection: Connection) -> dict[str, float]:
    return {target.model: target.weight for target in gateway.get_route(connection, "triage").targets}


def kinds(connection: Connection, release: Release) -> list[str]:
    return [event.kind for event in release_store.list_events(connection, release.id)]


def test_a_better_candidate_takes_the_steps_and_is_promoted_with_one_record(connection: Connection) -> None:
    release = begin(connection, step_pairs=2, steps=(0.1, 0.5))
    assert (release.status, release.stage, release.share) == ("running", "canary", 0.1)
    assert weights(connection) == pytest.approx({"deployment/base": 0.675, "deployment/older": 0.225, CANDIDATE: 0.1})
    release = advance(connection, release, scores(1.0, 0.0, 2))
    assert (release.step, release.share) == (1, 0.5)
    release = advance(connection, release, scores(1.0, 0.0, 20))
    assert (release.status, release.decided_by, release.share) == ("promoted", "evidence", 1.0)
    assert weights(connection) == {"deployment/base": 0.0, "deployment/older": 0.0, CANDIDATE: 1.0}
    assert release.reason and "better" in release.reason
    assert release.reaction_seconds is not None and release.reaction_seconds < 5
    assert kinds(connection, release) == ["created", "canary", "step", "promoted"]
    [newest, *_] = gateway.route_history(connection, "triage")
    assert newest.cause == {"by": "evidence", "release": str(release.id)}
    event = release_store.list_events(connection, release.id)[-1]
    assert event.data["evidence"]["quality"]["verdict"] == "promote"
    assert advance(connection, release, scores(0.0, 1.0, 30)) == release


def test_a_worse_candidate_is_rolled_back_at_any_step(connection: Connection) -> None:
    release = advance(connection, begin(connection), scores(0.0, 1.0, 30))
    assert (release.status, release.evidence.quality.verdict) == ("rolled_back", "roll_back")
    assert gateway.get_route(connection, "triage").targets == tuple(BEFORE)


def test_shadow_shows_the_candidate_to_nobody_and_a_worse_one_never_enters_the_canary(connection: Connection) -> None:
    release = begin(connection, shadow_pairs=20, scorers=("json_valid",))
    route = gateway.get_route(connection, "triage")
    assert (release.stage, release.share, route.targets) == ("shadow", 0.0, tuple(BEFORE))
    assert route.policy and route.policy.shadow and route.policy.shadow.model == CANDIDATE
    release = advance(connection, release, scores(0.0, 1.0, 25, "shadow"))
    assert (release.status, release.stage) == ("rolled_back", "shadow")
    assert release.reason and release.reason.startswith("shadow: the candidate is worse")
    assert gateway.get_route(connection, "triage").policy is None


def test_shadow_is_followed_by_the_canary_and_the_policy_is_restored(connection: Connection) -> None:
    gateway.set_route(connection, "triage", BEFORE, policy=RoutePolicy(retries=3))
    plan = ReleasePlan(shadow_pairs=6, scorers=("json_valid",), guard_rails=())
    release = releases.start(connection, route="triage", candidate=CANDIDATE, plan=plan, services=build())
    release = advance(connection, release, scores(0.6, 0.5, 5, "shadow"))
    assert release.stage == "shadow"
    release = advance(connection, release, scores(0.6, 0.5, 2, "shadow", seed=2))
    assert (release.stage, release.share, release.evidence.quality.pairs) == ("canary", 0.05, 0)
    assert gateway.get_route(connection, "triage").policy == RoutePolicy(retries=3)


def test_a_spent_shadow_budget_without_data_ends_the_release(connection: Connection) -> None:
    release = begin(connection, shadow_pairs=20, scorers=("json_valid",), shadow_budget=100)
    release = advance(connection, release, Observed(shadow_cost=100))
    assert (release.status, release.stage) == ("kept", "shadow")
    assert release.reason and "after 0 pairs" in release.reason


def test_nothing_is_promoted_without_data_and_a_release_ends_at_its_deadline(connection: Connection) -> None:
    release = begin(connection, step_pairs=0, max_hours=1)
    for _ in range(3):
        release = advance(connection, release)
    assert (release.status, release.step) == ("running", 0)
    release_store.update_release(connection, release, started_at=now() - timedelta(hours=2))
    release = advance(connection, release)
    assert (release.status, gateway.get_route(connection, "triage").targets) == ("kept", tuple(BEFORE))
    assert release.reason and "0 pairs" in release.reason


def test_a_guard_rail_without_data_blocks_the_promotion(connection: Connection) -> None:
    rails = (GuardRail(metric="errors"), GuardRail(metric="cost", limit=10))
    release = begin(connection, guard_rails=rails, steps=(0.5,))
    release = advance(connection, release, calls(3))
    release = advance(connection, release, scores(1.0, 0.0, 30))
    assert (release.status, release.blocked) == (
        "running",
        "no data for the guard rails cost: the candidate is not promoted",
    )
    assert advance(connection, release, calls(3, cost=1)).status == "running"


@pytest.mark.parametrize(("metric", "measures"), [("errors", {"failed": True}), ("latency", {"latency_ms": 900.0})])
def test_failing_or_slow_calls_roll_back_without_any_score(
    connection: Connection, metric: Any, measures: dict[str, Any]
) -> None:
    release = begin(connection, guard_rails=(GuardRail(metric=metric),))
    release = advance(connection, release, calls(40, **measures))
    assert release.status == "rolled_back"
    assert release.reason and f"guard rail '{metric}'" in release.reason
    assert gateway.get_route(connection, "triage").targets == tuple(BEFORE)


def test_without_earlier_calls_the_limit_follows_from_the_first_calls_of_the_incumbent(connection: Connection) -> None:
    services = ReleaseServices(OPEN_GATE, lambda _: {}, lambda _: None)
    release = begin(connection, services, guard_rails=(GuardRail(metric="latency"),), steps=(0.5,))
    release = advance(connection, release, calls(22, latency_ms=40.0))
    [state] = release.evidence.guard_rails
    assert (state.limit, state.pairs, state.candidate_bad) == (50.0, 2, 0)
    assert advance(connection, release, scores(1.0, 0.0, 20)).status == "promoted"


def test_equal_calls_violate_no_guard_rail(connection: Connection) -> None:
    release = begin(connection, guard_rails=ReleasePlan().guard_rails)
    release = advance(connection, release, calls(300))
    assert release.status == "running"
    assert [state.pairs for state in release.evidence.guard_rails] == [300, 300]


def test_a_paused_release_takes_no_step_but_is_still_rolled_back(connection: Connection) -> None:
    release = releases.pause(connection, begin(connection, step_pairs=1).id, "lan")
    release = advance(connection, release, scores(0.5, 0.5, 3))
    assert (release.paused, release.step) == (True, 0)
    release = advance(connection, releases.resume(connection, release.id, "lan"))
    assert release.step == 1
    releases.pause(connection, release.id, "lan")
    assert advance(connection, release, scores(0.0, 1.0, 40)).status == "rolled_back"
    with pytest.raises(Conflict, match="is rolled_back"):
        releases.resume(connection, release.id, "lan")


def test_a_manual_release_waits_for_people(connection: Connection) -> None:
    release = begin(connection, manual=True, step_pairs=1, steps=(0.1, 0.5))
    release = advance(connection, release, scores(1.0, 0.0, 3))
    assert release.blocked and "vong loop releases advance" in release.blocked
    release = releases.take_step(connection, release.id, build(), "next", "")
    assert (release.share, release.blocked) == (0.5, None)
    release = advance(connection, release, scores(1.0, 0.0, 20))
    assert release.blocked and "promote by hand" in release.blocked
    with pytest.raises(InvalidInput, match="needs a reason"):
        releases.take_step(connection, release.id, build(), "promote", " ")
    with pytest.raises(Conflict, match="last step"):
        releases.take_step(connection, release.id, build(), "next", "")
    release = releases.take_step(connection, release.id, build(), "promote", "reviewed")
    assert (release.status, release.decided_by, release.reason) == ("promoted", "tests", "reviewed")


def test_a_stopped_release_restores_the_route(connection: Connection) -> None:
    release = begin(connection)
    with pytest.raises(InvalidInput, match="needs a reason"):
        releases.stop(connection, release.id, "", "lan")
    release = releases.stop(connection, release.id, "complaints", "lan")
    assert (release.status, release.decided_by) == ("rolled_back", "lan")
    assert gateway.get_route(connection, "triage").targets == tuple(BEFORE)


def test_a_scheduled_release_starts_when_it_is_due_on_the_route_of_that_moment(connection: Connection) -> None:
    gateway.set_route(connection, "triage", BEFORE)
    plan, at = ReleasePlan(guard_rails=()), now() + timedelta(hours=1)
    release = releases.start(connection, route="triage", candidate=CANDIDATE, plan=plan, services=build(), start_at=at)
    assert (advance(connection, release).status, weights(connection).get(CANDIDATE)) == ("scheduled", None)
    changed = [RouteTarget(model="deployment/newer")]
    gateway.set_route(connection, "triage", changed)
    release_store.update_release(connection, release, start_at=now())
    release = advance(connection, release)
    assert (release.status, release.previous_targets) == ("running", tuple(changed))


def test_a_changed_route_or_another_model_of_the_candidate_ends_the_release(connection: Connection) -> None:
    release = begin(connection)
    gateway.set_weights(connection, "triage", {CANDIDATE: 0.9})
    release = advance(connection, release, scores(0.0, 1.0, 40))
    assert (release.status, weights(connection)[CANDIDATE]) == ("superseded", 0.9)
    release = begin(connection, build(models=MODELS))
    assert release.model == MODELS[CANDIDATE]
    release = advance(connection, release, models={CANDIDATE: "triage@000000000000"})
    assert (release.status, release.reason) == (
        "rolled_back",
        "deployment/tuned now serves triage@000000000000 instead of triage@1f0c9a27b4de",
    )


class ClosedGate(OpenGate):
    """Gate that rejects every candidate until it is opened."""

    is_open = False

    def require_target(
        self, connection: Connection, route: str, target: str, reason: str | None = None
    ) -> GateDecision:
        if not self.is_open:
            raise PreconditionFailed("1 requirement is not met (0 of 1 approvals)", "vong evals gates approve")
        return self.check_target(connection, route, target)


def test_a_release_waits_for_its_gate_and_goes_on_when_it_opens(connection: Connection) -> None:
    gate = ClosedGate()
    with pytest.raises(PreconditionFailed, match="approvals"), connection.begin_nested():
        begin(connection, build(gate))
    assert release_store.list_releases(connection) == []
    release = begin(connection, build(gate), shadow_pairs=2, scorers=("json_valid",))
    release = advance(connection, release, scores(1, 1, 2, "shadow"), gate=gate)
    assert (release.stage, release.share) == ("shadow", 0.0)
    assert release.blocked and "approvals" in release.blocked
    gate.is_open = True
    release = advance(connection, release, gate=gate)
    assert (release.stage, release.blocked) == ("canary", None)
    gate.is_open = False
    release = advance(connection, release, scores(1.0, 0.0, 30), gate=gate)
    assert (release.status, weights(connection)["deployment/base"] > 0) == ("running", True)
    gate.is_open = True
    assert advance(connection, release, gate=gate).status == "promoted"


def test_a_route_has_one_release_or_canary(connection: Connection) -> None:
    release = begin(connection)
    again = releases.start(connection, route="triage", candidate=CANDIDATE, plan=release.plan, services=build())
    assert again.id == release.id
    with pytest.raises(Conflict, match="already has a release"):
        releases.start(connection, route="triage", candidate="echo/other", services=build())
    with pytest.raises(Conflict, match="has a release"):
        loop.start_canary(connection, route="triage", candidate=CANDIDATE, gate=OPEN_GATE)
    gateway.set_route(connection, "second", BEFORE)
    loop.start_canary(connection, route="second", candidate=CANDIDATE, gate=OPEN_GATE)
    with pytest.raises(Conflict, match="has a canary"):
        releases.start(connection, route="second", candidate=CANDIDATE, services=build())


def test_a_span_counts_once_per_series(connection: Connection) -> None:
    release = begin(connection)
    observed = scores(1.0, 0.0, 3)
    for _ in range(2):
        release = advance(connection, release, observed)
    assert release.evidence.quality.pairs == 3
    assert release.evidence.sources == {"human": 6}


@pytest.mark.parametrize(
    "plan",
    [
        {"steps": ()},
        {"steps": (0.5, 0.25)},
        {"steps": (0.5, 1.0)},
        {"min_pairs": 9, "max_pairs": 8},
        {"goal": "non_inferior"},
        {"shadow_pairs": 5},
        {"guard_rails": [{"metric": "errors"}, {"metric": "errors"}]},
        {"alpha": 1.0},
        {"step_seconds": float("inf")},
    ],
)
def test_invalid_plans_are_rejected(plan: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        ReleasePlan(**plan)
