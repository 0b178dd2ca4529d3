import threading
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import numpy as np
import pytest
from sqlalchemy import Connection

from vong import gateway, loop, registry
from vong.errors import Conflict, InvalidInput, NotFound
from vong.loop import Canary, DecisionRules, ScoredSpan
from vong.loop.sequential import ScoreObservation, compute_evidence, pair_up
from vong.records import RouteTarget, Score, Span, SpanVersions, new_id, now
from vong.store.database import Database

from .open_gate import OPEN_GATE

BEFORE = [RouteTarget(model="deployment/base", weight=3.0), RouteTarget(model="deployment/older", weight=1.0)]
CANDIDATE = "deployment/tuned"


def start_canary(connection: Connection, share: float = 0.5, **rules: Any) -> Canary:
    gateway.set_route(connection, "triage", BEFORE)
    return loop.start_canary(
        connection, route="triage", candidate=CANDIDATE, share=share, rules=DecisionRules(**rules), gate=OPEN_GATE
    )


def score_answer(canary: Canary, value: float | None, *, candidate: bool, **changes: Any) -> ScoredSpan:
    model = CANDIDATE if candidate else "deployment/base"
    at = changes.pop("at", now())
    versions = SpanVersions(
        route=changes.pop("route", canary.route), route_version=changes.pop("version", canary.route_version)
    )
    span = Span(
        id=changes.pop("span_id", new_id()),
        trace_id=uuid4().hex,
        span_id=uuid4().hex[:16],
        name="chat triage",
        started_at=at,
        duration_ms=1,
        model=model,
        versions=versions,
    )
    name = changes.pop("name", "quality")
    return ScoredSpan(Score(id=new_id(), span_id=span.id, value=value, name=name, created_at=at), span)


def traffic(canary: Canary, candidate: float, incumbent: float, size: int, seed: int = 1) -> list[ScoredSpan]:
    generator = np.random.default_rng(seed)
    found: list[ScoredSpan] = []
    for _ in range(size):
        mine = bool(generator.random() < canary.share)
        value = float(generator.random() < (candidate if mine else incumbent))
        found.append(score_answer(canary, value, candidate=mine))
    return found


def weights(connection: Connection) -> dict[str, float]:
    return {target.model: target.weight for target in gateway.get_route(connection, "triage").targets}


def test_a_canary_takes_its_share_and_leaves_the_weights_of_other_targets(connection: Connection) -> None:
    canary = start_canary(connection, share=0.2)
    assert canary.status == "running"
    assert canary.previous_targets == tuple(BEFORE)
    assert weights(connection) == pytest.approx({"deployment/base": 0.6, "deployment/older": 0.2, CANDIDATE: 0.2})
    with pytest.raises(Conflict, match="already has a canary"):
        loop.start_canary(connection, route="triage", candidate=CANDIDATE, share=0.3, gate=OPEN_GATE)
    again = loop.start_canary(connection, route="triage", candidate=CANDIDATE, share=0.2, gate=OPEN_GATE)
    assert again.id == canary.id
    assert [one.id for one in loop.list_canaries(connection, status="running")] == [canary.id]


def test_a_better_candidate_is_promoted_automatically_with_evidence(connection: Connection) -> None:
    canary = start_canary(connection)
    stream = traffic(canary, 0.85, 0.1, 200)
    counted = 0
    for one in stream:
        canary = loop.add_scores(connection, canary.id, [one], gate=OPEN_GATE)
        counted += 1
        if canary.status != "running":
            break
    assert (canary.status, canary.decided_by) == ("promoted", "evidence")
    assert weights(connection) == {"deployment/base": 0.0, "deployment/older": 0.0, CANDIDATE: 1.0}
    evidence = canary.evidence
    assert evidence.verdict == "promote"
    assert evidence.e_better >= evidence.threshold == 40
    assert evidence.candidate_scores + evidence.incumbent_scores == counted
    assert 10 <= evidence.pairs == len(canary.evidence_history) <= 25
    assert 0 < evidence.low < (evidence.difference or 0) <= evidence.high
    assert canary.reason is not None
    assert "better" in canary.reason
    # The decision is reproducible from the scores.
    again = compute_evidence(
        pair_up(
            ScoreObservation("candidate" if one.span.model == CANDIDATE else "incumbent", one.score.value or 0.0)
            for one in stream[:counted]
        ),
        canary.rules,
    )
    assert again[-1].e_better == pytest.approx(evidence.e_better)
    after = loop.add_scores(connection, canary.id, stream[counted:], gate=OPEN_GATE)
    assert after == canary


def test_a_worse_candidate_is_rolled_back_and_the_route_is_restored(connection: Connection) -> None:
    canary = start_canary(connection)
    canary = loop.add_scores(connection, canary.id, traffic(canary, 0.1, 0.9, 200), gate=OPEN_GATE)
    assert (canary.status, canary.evidence.verdict) == ("rolled_back", "roll_back")
    assert gateway.get_route(connection, "triage").targets == tuple(BEFORE)


def test_without_a_significant_difference_the_incumbent_stays(connection: Connection) -> None:
    canary = start_canary(connection, max_pairs=30)
    canary = loop.add_scores(connection, canary.id, traffic(canary, 0.6, 0.6, 300), gate=OPEN_GATE)
    assert (canary.status, canary.evidence.pairs) == ("kept", 30)
    assert "no difference shown" in (canary.reason or "")
    assert gateway.get_route(connection, "triage").targets == tuple(BEFORE)


def test_only_the_first_score_of_an_answer_of_the_canary_counts(connection: Connection) -> None:
    canary = start_canary(connection)
    first = score_answer(canary, 1.0, candidate=True)
    noise = [
        first,
        score_answer(canary, 0.0, candidate=True, span_id=first.span.id),
        score_answer(canary, 0.0, candidate=True, name="speed"),
        score_answer(canary, None, candidate=True),
        score_answer(canary, 0.0, candidate=True, route="another"),
        score_answer(canary, 0.0, candidate=True, version="an-older-one"),
        score_answer(canary, 0.0, candidate=True, at=canary.started_at - timedelta(seconds=1)),
    ]
    for _ in range(2):
        canary = loop.add_scores(connection, canary.id, noise, gate=OPEN_GATE)
    assert (canary.evidence.candidate_scores, canary.evidence.incumbent_scores, canary.evidence.pairs) == (1, 0, 0)
    canary = loop.add_scores(connection, canary.id, [score_answer(canary, 0.5, candidate=False)], gate=OPEN_GATE)
    assert (canary.evidence.pairs, canary.evidence.difference) == (1, 0.5)


def test_a_manual_decision_records_the_author(connection: Connection) -> None:
    canary = start_canary(connection)
    with pytest.raises(InvalidInput, match="needs a reason"):
        loop.decide_canary(connection, canary.id, "promote", " ", "lan", gate=OPEN_GATE)
    canary = loop.decide_canary(connection, canary.id, "promote", "checked by hand", "lan", gate=OPEN_GATE)
    assert (canary.status, canary.decided_by, canary.reason) == ("promoted", "lan", "checked by hand")
    assert weights(connection)[CANDIDATE] == 1.0
    with pytest.raises(Conflict, match="is promoted"):
        loop.decide_canary(connection, canary.id, "roll_back", "no", "lan", gate=OPEN_GATE)


def test_a_decision_does_not_change_a_route_that_was_edited_during_the_canary(connection: Connection) -> None:
    canary = start_canary(connection)
    gateway.set_weights(connection, "triage", {CANDIDATE: 0.9})
    canary = loop.decide_canary(connection, canary.id, "roll_back", "enough", "lan", gate=OPEN_GATE)
    assert canary.status == "superseded"
    assert weights(connection)[CANDIDATE] == 0.9


def test_a_new_share_restarts_the_test_and_preserves_earlier_evidence(connection: Connection) -> None:
    first = start_canary(connection, share=0.1)
    loop.add_scores(connection, first.id, traffic(first, 0.6, 0.5, 4), gate=OPEN_GATE)
    second = loop.change_share(connection, first.id, 0.4, "mai", gate=OPEN_GATE)
    ended = loop.get_canary(connection, first.id)
    assert (second.status, second.share, second.evidence.pairs) == ("running", 0.4, 0)
    assert (second.rules, second.metric, second.candidate) == (first.rules, first.metric, first.candidate)
    assert (ended.status, ended.decided_by, second.previous_targets) == ("superseded", "mai", first.previous_targets)
    assert ended.reason is not None and "from 0.1 to 0.4" in ended.reason
    assert weights(connection)[second.candidate] == pytest.approx(0.4)
    assert loop.change_share(connection, second.id, 0.4, "mai", gate=OPEN_GATE) == second
    with pytest.raises(Conflict):
        loop.change_share(connection, first.id, 0.5, "mai", gate=OPEN_GATE)
    with pytest.raises(InvalidInput):
        loop.change_share(connection, second.id, 1.0, "mai", gate=OPEN_GATE)


def test_a_promotion_moves_the_alias_of_a_registered_model(
    connection: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    moved: list[tuple[Any, ...]] = []
    monkeypatch.setattr(registry, "set_alias", lambda _, *given, **more: moved.append((*given, more)))
    canary = start_canary(connection)
    one = score_answer(canary, 1.0, candidate=True)
    versions = one.span.versions.model_copy(update={"model_version": "triage@1f0c9a27b4de"})
    loop.add_scores(
        connection,
        canary.id,
        [ScoredSpan(one.score, one.span.model_copy(update={"versions": versions}))],
        gate=OPEN_GATE,
    )
    loop.decide_canary(connection, canary.id, "promote", "good", "lan", gate=OPEN_GATE)
    [(name, alias, ref, evidence, more)] = moved
    assert (name, alias, ref) == ("triage", "prod", "triage@1f0c9a27b4de")
    assert evidence["canary"] == str(canary.id)
    assert more == {"reason": "good", "moved_by": "tests"}


def test_impossible_canaries_are_rejected(connection: Connection) -> None:
    gateway.set_route(connection, "alone", [RouteTarget(model=CANDIDATE)])
    with pytest.raises(InvalidInput, match="no other target"):
        loop.start_canary(connection, route="alone", candidate=CANDIDATE, gate=OPEN_GATE)
    with pytest.raises(NotFound):
        loop.start_canary(connection, route="nowhere", candidate=CANDIDATE, gate=OPEN_GATE)
    for share, rules in [
        (0.0, DecisionRules()),
        (1.0, DecisionRules()),
        (0.5, DecisionRules(alpha=2)),
        (0.5, DecisionRules(min_pairs=9, max_pairs=8)),
    ]:
        with pytest.raises(InvalidInput):
            loop.start_canary(
                connection, route="alone", candidate="echo/echo", share=share, rules=rules, gate=OPEN_GATE
            )
    with pytest.raises(InvalidInput, match="needs a margin"):
        loop.start_canary(
            connection, route="alone", candidate="echo/echo", rules=DecisionRules(goal="non_inferior"), gate=OPEN_GATE
        )
    with pytest.raises(NotFound):
        loop.get_canary(connection, new_id())


def test_concurrent_scores_decide_once(database: Database, project_id: UUID) -> None:
    with database.scope(project_id) as connection:
        canary = start_canary(connection)
    stream = traffic(canary, 0.9, 0.1, 60)
    decided: list[Canary] = []

    def send(part: list[ScoredSpan]) -> None:
        for one in part:
            with database.scope(project_id) as connection:
                decided.append(loop.add_scores(connection, canary.id, [one], gate=OPEN_GATE))

    threads = [threading.Thread(target=send, args=(stream[i::3],)) for i in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    endings = {(one.status, one.decided_at, one.evidence.pairs) for one in decided if one.status != "running"}
    assert len(endings) == 1
    with database.scope(project_id) as connection:
        history = gateway.route_history(connection, "triage")
        assert len(history) == 3
        final = loop.get_canary(connection, canary.id)
    assert final.status == "promoted"
    scores = final.evidence.candidate_scores + final.evidence.incumbent_scores
    assert scores == sum(one.status == "running" for one in decided) + 1
