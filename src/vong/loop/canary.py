"""Canaries: a share of a route's traffic goes to a candidate until the scores show that it is better or worse.

All counted scores are stored in the order of counting, so that a decision can be reproduced from the stored data.
"""

from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime
from typing import Any, Literal, NamedTuple
from uuid import UUID

from sqlalchemy import Connection, RowMapping, insert, select, update
from sqlalchemy.exc import IntegrityError

from vong import gateway
from vong.errors import Conflict, InvalidInput, NotFound, PreconditionFailed
from vong.gateway.routing.store import TargetCheck
from vong.loop import sequential, tables
from vong.loop.application_targets import pin_target
from vong.loop.evidence import Evidence, EvidenceHistoryPoint, build_evidence, describe_evidence
from vong.loop.gatekeeper import Gatekeeper, build_cause
from vong.loop.sequential import DecisionRules, EvidencePoint, Goal, ScoreObservation, Verdict
from vong.records import Record, Route, RouteTarget, Score, Span, new_id, now
from vong.records.route import check_target_name
from vong.records.span import target_of
from vong.registry.aliases import PROTECTED_ALIAS

Status = Literal["running", "promoted", "rolled_back", "kept", "superseded"]
STATUS_BY_VERDICT: dict[str, Status] = {"promote": "promoted", "roll_back": "rolled_back", "no_difference": "kept"}


class ScoredSpan(NamedTuple):
    """A score and the span to which it belongs."""

    score: Score
    span: Span


class Canary(Record):
    """Canary on a route.

    `previous_targets` lists the targets of the route before the canary. `route_version` is the version with the
    candidate's share; only completions under that version count. `model` is the model version that answered as the
    candidate. `decided_by` is `evidence` or the name of the key of the person who decided.
    """

    id: UUID
    route: str
    candidate: str
    share: float
    metric: str
    alpha: float
    margin: float
    goal: Goal
    min_pairs: int
    max_pairs: int
    previous_targets: tuple[RouteTarget, ...]
    route_version: str
    status: Status
    reason: str | None = None
    decided_by: str | None = None
    model: str | None = None
    evidence: Evidence
    evidence_history: tuple[EvidenceHistoryPoint, ...] = ()
    started_at: datetime
    decided_at: datetime | None = None

    @property
    def rules(self) -> DecisionRules:
        """Return the decision rules."""
        return DecisionRules(self.alpha, self.margin, self.goal, self.min_pairs, self.max_pairs)


def start_canary(
    connection: Connection,
    *,
    route: str,
    candidate: str,
    share: float = 0.1,
    metric: str = "quality",
    rules: DecisionRules | None = None,
    check: TargetCheck = check_target_name,
    gate: Gatekeeper,
) -> Canary:
    """Start a canary: send `share` of a route's traffic to `candidate` (`deployment/NAME` or `PROVIDER/MODEL`).

    `MODEL+prompt/REF` is a candidate with a stored prompt. A label is replaced by the version that it names now, so
    that all scores are about one version.

    Scores named `metric` count. The other targets divide the rest in the previous proportions. A repeated request for
    the running canary returns it.

    Raises: Conflict if the route has a different canary; InvalidInput if the route has no other target or a number is
    out of bounds; PreconditionFailed if the gate of the route rejects the candidate; the error of `check` if the
    candidate cannot be called.
    """
    rules = _check_rules(rules or DecisionRules(), share)
    candidate = pin_target(connection, candidate)
    running = [one for one in list_canaries(connection, status="running", limit=500) if one.route == route]
    if running:
        return _require_same(running[0], (candidate, share, metric, rules))
    _check_no_release(connection, route)
    current = gateway.get_route(connection, route)
    other_weights = {target.key: target.weight for target in current.targets if target.key != candidate}
    total_weight = sum(other_weights.values())
    if total_weight <= 0:
        hint = "add the incumbent to the route first"
        raise InvalidInput(f"route {route!r} has no other target to compare with", hint)
    weights = {model: weight / total_weight * (1 - share) for model, weight in other_weights.items()}
    check(candidate)
    id = new_id()
    cause = build_cause(gate.actor, gate.require_target(connection, route, candidate), canary=str(id))
    changed_route = gateway.set_weights(connection, route, {**weights, candidate: share}, check, cause)
    values: dict[str, Any] = {
        "id": id,
        "route": route,
        "candidate": candidate,
        "share": share,
        "metric": metric,
        "rules": rules._asdict(),
        "previous_targets": [target.dump() for target in current.targets],
        "route_version": changed_route.version,
        "status": "running",
        "evidence": build_evidence(rules, [], []).model_dump(mode="json"),
        "evidence_history": [],
        "started_at": now(),
    }
    try:
        with connection.begin_nested():
            connection.execute(insert(tables.canaries).values(values))
    except IntegrityError as error:
        raise _canary_exists_error(route) from error
    return get_canary(connection, values["id"])


def get_canary(connection: Connection, id: UUID) -> Canary:
    """Return a canary by its id.

    Raises: NotFound if the project has no such canary.
    """
    return _load_canary(connection, id, lock=False)


def list_canaries(
    connection: Connection,
    *,
    status: Status | None = None,
    metric: str | None = None,
    after: UUID | None = None,
    limit: int = 50,
) -> list[Canary]:
    """Return canaries without their evidence history, newest first. `after` is the last id of the previous page."""
    columns = tables.canaries.c
    shown = [column for column in columns if column.name != "evidence_history"]
    query = select(*shown).order_by(columns.id.desc()).limit(limit)
    for column, value in ((columns.status, status), (columns.metric, metric)):
        if value is not None:
            query = query.where(column == value)
    if after is not None:
        query = query.where(columns.id < after)
    return [_to_canary(row) for row in connection.execute(query).mappings()]


def add_scores(connection: Connection, id: UUID, scored_spans: Sequence[ScoredSpan], *, gate: Gatekeeper) -> Canary:
    """Count the scores of a canary, and promote, roll back or end it if the evidence suffices.

    Scores of other spans and further scores of a counted span are ignored. A lock on the canary serializes concurrent
    calls, so that it is decided only once. If the gate rejects a promotion, the canary continues with that reason, and
    the next score tries again.
    """
    canary = _load_canary(connection, id, lock=True)
    if canary.status != "running":
        return canary
    counted = list(connection.execute(_counted_scores_query(id)).mappings())
    new_scores = _select_new_scores(canary, scored_spans, {row["span_id"] for row in counted})
    rows = [
        {
            "canary_id": id,
            "position": len(counted) + number,
            "score_id": one.score.id,
            "span_id": one.span.id,
            "side": "candidate" if target_of(one.span) == canary.candidate else "incumbent",
            "value": one.score.value,
            "created_at": one.score.created_at,
        }
        for number, one in enumerate(new_scores)
    ]
    if rows:
        connection.execute(insert(tables.scores), rows)
    answered = [one.span.versions.model_version for one in new_scores if target_of(one.span) == canary.candidate]
    model = next((version for version in answered if version), canary.model)
    return _evaluate(connection, canary.model_copy(update={"model": model}), [*counted, *rows], gate)


def counted_span_ids(connection: Connection, id: UUID) -> set[UUID]:
    """Return the ids of the spans whose score a canary has counted."""
    return set(connection.scalars(select(tables.scores.c.span_id).where(tables.scores.c.canary_id == id)))


def decide_canary(
    connection: Connection,
    id: UUID,
    verdict: Literal["promote", "roll_back"],
    reason: str,
    by: str,
    *,
    gate: Gatekeeper,
) -> Canary:
    """End a canary by hand and record who decided and why. The route changes as after a decision by evidence.

    Raises: Conflict if the canary has ended; InvalidInput if the reason is empty; PreconditionFailed if the gate
    rejects a promotion.
    """
    canary = _load_canary(connection, id, lock=True)
    if canary.status != "running":
        raise Conflict(f"canary {str(id)!r} is {canary.status}", f"see: vong loop canaries show {id}")
    if not reason.strip():
        raise InvalidInput("a decision by hand needs a reason", "set a reason; it is stored with the evidence")
    return _end_canary(connection, canary, STATUS_BY_VERDICT[verdict], reason, by, gate)


def change_share(connection: Connection, id: UUID, share: float, by: str, *, gate: Gatekeeper) -> Canary:
    """Change the traffic share of a running canary: end it as superseded and start another with the same rules.

    The test restarts, because only completions at one share are comparable. The evidence of the superseded canary is
    kept. The current share changes nothing.

    Raises: Conflict if the canary has ended or the route was changed.
    """
    canary = _load_canary(connection, id, lock=True)
    if canary.status != "running":
        raise Conflict(f"canary {str(id)!r} is {canary.status}", f"see: vong loop canaries show {id}")
    rules = _check_rules(canary.rules, share)
    if share == canary.share:
        return canary
    if gateway.get_route(connection, canary.route).version != canary.route_version:
        hint = f"roll the canary back and start another: vong loop canaries rollback {id}"
        raise Conflict(f"route {canary.route!r} was changed after this canary started", hint)
    gateway.set_route(connection, canary.route, canary.previous_targets)
    reason = f"the share changed from {canary.share:g} to {share:g}: the test restarts"
    ended = {"status": "superseded", "reason": reason, "decided_by": by, "decided_at": now()}
    connection.execute(_update_query(id).values(ended))
    return start_canary(
        connection,
        route=canary.route,
        candidate=canary.candidate,
        share=share,
        metric=canary.metric,
        rules=rules,
        gate=gate,
    )


def _check_rules(rules: DecisionRules, share: float) -> DecisionRules:
    if not 0 < share < 1:
        raise InvalidInput(f"share {share} is not between 0 and 1", "set a share such as 0.1")
    if not 0 < rules.alpha < 1 or not 0 <= rules.margin < 1:
        raise InvalidInput(
            "alpha must be above 0 and below 1, margin at least 0 and below 1", "set for example 0.05 and 0.02"
        )
    if rules.goal == "non_inferior" and rules.margin == 0:
        raise InvalidInput("goal `non_inferior` needs a margin above 0", "set a margin, or the goal `better`")
    if not 1 <= rules.min_pairs <= rules.max_pairs <= 5000:
        raise InvalidInput("pairs must satisfy 1 <= min_pairs <= max_pairs <= 5000", "set for example 10 and 500")
    return rules


def _check_no_release(connection: Connection, route: str) -> None:
    releases = tables.releases.c
    query = select(releases.id).where(releases.route == route, releases.status.in_(("scheduled", "running")))
    active = connection.scalar(query)
    if active is not None:
        raise Conflict(f"route {route!r} has a release", f"see: vong loop releases show {active}")


def _require_same(running: Canary, requested: tuple[str, float, str, DecisionRules]) -> Canary:
    if (running.candidate, running.share, running.metric, running.rules) != requested:
        raise _canary_exists_error(running.route)
    return running


def _canary_exists_error(route: str) -> Conflict:
    return Conflict(f"route {route!r} already has a canary", "see: vong loop canaries list")


def _select_new_scores(canary: Canary, scored_spans: Sequence[ScoredSpan], counted_ids: set[UUID]) -> list[ScoredSpan]:
    """Return the first score of each span of the canary that is not counted yet, in order of creation."""
    new_scores: list[ScoredSpan] = []
    for one in sorted(scored_spans, key=lambda one: (one.score.created_at, one.score.id)):
        score, versions = one.score, one.span.versions
        belongs = (versions.route, versions.route_version) == (canary.route, canary.route_version)
        belongs = belongs and one.span.started_at >= canary.started_at
        if belongs and score.name == canary.metric and score.value is not None and one.span.id not in counted_ids:
            counted_ids.add(one.span.id)
            new_scores.append(one)
    return new_scores


def _evaluate(connection: Connection, canary: Canary, counted: Sequence[Any], gate: Gatekeeper) -> Canary:
    observations = [ScoreObservation(row["side"], row["value"]) for row in counted]
    pairs = sequential.pair_up(observations)
    history = [EvidencePoint(**point.model_dump()) for point in canary.evidence_history]
    verdict: Verdict = "keep_going"
    for point in sequential.compute_evidence(pairs, canary.rules, start=len(history)):
        history.append(point)
        verdict = sequential.decide(point, canary.rules)
        if verdict != "keep_going":
            break
    evidence = build_evidence(canary.rules, observations, history, verdict)
    values = {"evidence_history": [point._asdict() for point in history], "evidence": evidence.model_dump(mode="json")}
    connection.execute(_update_query(canary.id).values({**values, "model": canary.model}))
    points = tuple(EvidenceHistoryPoint(**point._asdict()) for point in history)
    canary = canary.model_copy(update={"evidence": evidence, "evidence_history": points})
    if verdict == "keep_going":
        return canary
    try:
        with connection.begin_nested():
            reason = describe_evidence(evidence)
            return _end_canary(connection, canary, STATUS_BY_VERDICT[verdict], reason, "evidence", gate)
    except PreconditionFailed as error:
        gate.record_rejection(connection, error)
        connection.execute(_update_query(canary.id).values(reason=str(error)))
        return get_canary(connection, canary.id)


def _end_canary(
    connection: Connection, canary: Canary, status: Status, reason: str, by: str, gate: Gatekeeper
) -> Canary:
    """Change the route, move the alias, and record who decided and why."""
    route = {found.name: found for found in gateway.list_routes(connection)}.get(canary.route)
    if route is None or route.version != canary.route_version:
        reason = f"{reason}; the route was changed meanwhile and is not modified"
        status = "superseded"
    elif status == "promoted":
        _promote(connection, canary, route, reason, by, gate)
    else:
        cause = build_cause(by, canary=str(canary.id))
        gateway.set_route(connection, canary.route, canary.previous_targets, cause=cause)
    values = {"status": status, "reason": reason, "decided_by": by, "decided_at": now()}
    connection.execute(_update_query(canary.id).values(values))
    return get_canary(connection, canary.id)


def _promote(connection: Connection, canary: Canary, route: Route, reason: str, by: str, gate: Gatekeeper) -> None:
    decision = gate.require_target(connection, canary.route, canary.candidate, reason)
    weights = {target.key: float(target.key == canary.candidate) for target in route.targets}
    cause = build_cause(by, decision, canary=str(canary.id))
    gateway.set_weights(connection, canary.route, weights, cause=cause)
    gate.begin_new_model(connection, canary.route)
    gate.move_labels(connection, canary.candidate, {"canary": str(canary.id)}, reason)
    if canary.model is None:
        return
    name = canary.model.partition("@")[0]
    evidence = {"canary": str(canary.id), **canary.evidence.model_dump(mode="json")}
    with suppress(NotFound):  # a model of a provider or an unregistered model has no alias
        gate.move_alias(connection, name, PROTECTED_ALIAS, canary.model, evidence, reason)


def _load_canary(connection: Connection, id: UUID, *, lock: bool) -> Canary:
    query = select(tables.canaries).where(tables.canaries.c.id == id)
    row = connection.execute(query.with_for_update() if lock else query).mappings().first()
    if row is None:
        raise NotFound(f"no canary {str(id)!r}", "list them with: vong loop canaries list")
    return _to_canary(row)


def _to_canary(row: RowMapping) -> Canary:
    values = {name: value for name, value in row.items() if name not in {"project_id", "rules"}}
    return Canary.model_validate({**values, **row["rules"]})


def _counted_scores_query(id: UUID) -> Any:
    return select(tables.scores).where(tables.scores.c.canary_id == id).order_by(tables.scores.c.position)


def _update_query(id: UUID) -> Any:
    return update(tables.canaries).where(tables.canaries.c.id == id)
