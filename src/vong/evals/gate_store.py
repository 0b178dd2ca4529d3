"""Storage of gate policies, decisions and approvals. Rows are never changed."""

from typing import Any
from uuid import UUID

from sqlalchemy import Connection, func, insert, select, text
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.dialects.postgresql import insert as upsert

from vong.errors import NotFound, did_you_mean
from vong.evals.gates import (
    ApprovalRole,
    GateApproval,
    GateDecision,
    GatePolicy,
    GateRequirements,
    GateSubject,
    SubjectKind,
    check_policy,
)
from vong.evals.tables import gate_approvals as approvals
from vong.evals.tables import gate_decisions as decisions
from vong.evals.tables import gate_policies as policies
from vong.records import new_id, now

POLICY_LOCK = "SELECT pg_advisory_xact_lock(hashtext('vong gate policies ' || current_setting('vong.project_id')))"


def set_policy(
    connection: Connection, name: str, *, kind: SubjectKind, pattern: str, requirements: GateRequirements, by: str
) -> GatePolicy:
    """Store a new version of a policy. An identical policy is not stored again."""
    check_policy(name, pattern)
    connection.execute(text(POLICY_LOCK))
    current = {one.name: one for one in list_policies(connection)}.get(name)
    if current and (current.kind, current.pattern, current.requirements) == (kind, pattern, requirements):
        return current
    return _insert_policy(connection, name, kind, pattern, requirements, by, deleted=False)


def delete_policy(connection: Connection, name: str, by: str) -> GatePolicy:
    """Delete a policy. Its versions stay, because decisions refer to them."""
    connection.execute(text(POLICY_LOCK))
    found = get_policy(connection, name)
    _insert_policy(connection, name, found.kind, found.pattern, found.requirements, by, deleted=True)
    return found


def get_policy(connection: Connection, name: str) -> GatePolicy:
    """Return the newest version of a policy.

    Raises: NotFound if there is none or it was deleted.
    """
    known = {one.name: one for one in list_policies(connection)}
    if name not in known:
        raise NotFound(f"no gate policy named {name!r}", did_you_mean(name, list(known), "vong evals gates list"))
    return known[name]


def list_policies(connection: Connection) -> list[GatePolicy]:
    """Return the newest version of each policy by name, without deleted ones."""
    columns = policies.c
    query = select(policies).ext(distinct_on(columns.name)).order_by(columns.name, columns.version.desc())
    return [_to_policy(row) for row in connection.execute(query).mappings() if not row["deleted"]]


def list_policy_versions(connection: Connection, name: str) -> list[GatePolicy]:
    """Return all versions of a policy, newest first."""
    query = select(policies).where(policies.c.name == name).order_by(policies.c.version.desc())
    return [_to_policy(row) for row in connection.execute(query).mappings() if not row["deleted"]]


def add_decision(connection: Connection, decision: GateDecision) -> GateDecision:
    """Store a decision and return it with its id."""
    stored = decision.model_copy(update={"id": new_id()})
    values = {
        "id": stored.id,
        "kind": stored.subject.kind,
        "name": stored.subject.name,
        "candidate": stored.candidate,
        "passed": stored.passed,
        "decision": stored.model_dump(mode="json"),
        "created_at": stored.decided_at,
    }
    connection.execute(insert(decisions).values(values))
    return stored


def add_rejection(connection: Connection, decision: GateDecision) -> GateDecision:
    """Store a rejection. If the newest decision about the candidate rejects it alike, return that one instead."""
    query = select(decisions.c.decision).order_by(decisions.c.id.desc()).limit(1)
    subject = (decisions.c.kind == decision.subject.kind, decisions.c.name == decision.subject.name)
    found = connection.scalar(query.where(*subject, decisions.c.candidate == decision.candidate))
    if found is not None:
        newest = GateDecision.model_validate(found)
        own = {"id": newest.id, "decided_at": newest.decided_at}
        if decision.model_copy(update=own) == newest:
            return newest
    return add_decision(connection, decision)


def get_decision(connection: Connection, id: UUID) -> GateDecision:
    """Return a stored decision.

    Raises: NotFound if the project has no such decision.
    """
    found = connection.scalar(select(decisions.c.decision).where(decisions.c.id == id))
    if found is None:
        raise NotFound(f"no gate decision {str(id)!r}", "list them with: vong evals gates decisions")
    return GateDecision.model_validate(found)


def list_decisions(
    connection: Connection,
    *,
    subject: GateSubject | None = None,
    passed: bool | None = None,
    after: UUID | None = None,
    limit: int = 50,
) -> list[GateDecision]:
    """Return stored decisions, newest first: all, or those that passed or rejected. `after` is the last known id."""
    query = select(decisions.c.decision).order_by(decisions.c.id.desc()).limit(limit)
    if subject is not None:
        query = query.where(decisions.c.kind == subject.kind, decisions.c.name == subject.name)
    if passed is not None:
        query = query.where(decisions.c.passed.is_(passed))
    if after is not None:
        query = query.where(decisions.c.id < after)
    return [GateDecision.model_validate(row) for row in connection.scalars(query)]


def add_approval(
    connection: Connection, subject: GateSubject, candidate: str, *, role: ApprovalRole, by: str, comment: str | None
) -> GateApproval:
    """Store the approval of a person. A repeated approval returns the first one."""
    values = {
        "id": new_id(),
        "kind": subject.kind,
        "name": subject.name,
        "candidate": candidate,
        "role": role,
        "approved_by": by,
        "comment": comment,
        "created_at": now(),
    }
    connection.execute(upsert(approvals).values(values).on_conflict_do_nothing())
    return next(one for one in list_approvals(connection, subject, candidate) if one.approved_by == by)


def list_approvals(connection: Connection, subject: GateSubject, candidate: str) -> list[GateApproval]:
    """Return the approvals of a candidate for a subject, oldest first."""
    columns = approvals.c
    query = select(approvals).where(
        columns.kind == subject.kind, columns.name == subject.name, columns.candidate == candidate
    )
    rows = connection.execute(query.order_by(columns.id)).mappings()
    fields = ("id", "candidate", "role", "approved_by", "comment", "created_at")
    return [GateApproval.model_validate({"subject": subject, **{name: row[name] for name in fields}}) for row in rows]


def _insert_policy(
    connection: Connection,
    name: str,
    kind: SubjectKind,
    pattern: str,
    requirements: GateRequirements,
    by: str,
    *,
    deleted: bool,
) -> GatePolicy:
    newest = connection.scalar(select(func.max(policies.c.version)).where(policies.c.name == name)) or 0
    policy = GatePolicy(
        name=name,
        version=newest + 1,
        kind=kind,
        pattern=pattern,
        requirements=requirements,
        created_by=by,
        created_at=now(),
    )
    values: dict[str, Any] = {
        **policy.model_dump(exclude={"requirements"}),
        "requirements": requirements.model_dump(mode="json"),
        "deleted": deleted,
    }
    connection.execute(insert(policies).values(values))
    return policy


def _to_policy(row: Any) -> GatePolicy:
    return GatePolicy.model_validate({name: row[name] for name in GatePolicy.model_fields})
