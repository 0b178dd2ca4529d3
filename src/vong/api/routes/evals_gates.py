"""Routes of gates: policies, checks, approvals and decisions. Part of the evals API."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query
from pydantic import AfterValidator, Field

from vong.api.http.dependencies import CurrentUser
from vong.app import gates as gates_app
from vong.app.gate_retrieval import has_evaluations
from vong.app.gates import GateCaller, GateRequest
from vong.app.platform import INTERNAL_KEY_NAME
from vong.errors import Forbidden
from vong.evals import gate_store
from vong.evals.gates import GateApproval, GateDecision, GatePolicy, GateRequirements, GateSubject, SubjectKind
from vong.records import Record

routes = APIRouter(prefix="/api/v1/evals/gates", tags=["evals"])
Limit = Annotated[int, Query(ge=1, le=500)]
MAX_SUBJECT_CHARS = 300
"""Maximum length of the name of a subject."""


def _check_length(subject: GateSubject) -> GateSubject:
    if not 1 <= len(subject.name) <= MAX_SUBJECT_CHARS:
        raise ValueError(f"the name has {len(subject.name)} characters: write 1 to {MAX_SUBJECT_CHARS}")
    return subject


NamedSubject = Annotated[GateSubject, AfterValidator(_check_length)]
SubjectName = Annotated[str, Query(min_length=1, max_length=MAX_SUBJECT_CHARS)]


class GatePolicyUpdate(Record):
    """New version of a policy: the subjects to which it applies and the evidence that it requires.

    `pattern` is a name or a pattern with `*`: `triage:prod` or `*:prod` for aliases and for labels of prompts and
    pipelines, the name for other subjects.
    """

    kind: SubjectKind
    pattern: str = Field(min_length=1, max_length=300)
    requirements: GateRequirements


class GateCheck(Record):
    """Candidate to check: a model ref for an alias, a target for a route. `reason` would override missing evidence."""

    subject: NamedSubject
    candidate: str = Field(min_length=1, max_length=500)
    reason: str | None = Field(default=None, max_length=2000)


class GateApprovalCreate(Record):
    """Approval of a candidate for a subject."""

    subject: NamedSubject
    candidate: str = Field(min_length=1, max_length=500)
    comment: str | None = Field(default=None, max_length=2000)


@routes.get("/policies")
def list_gate_policies(context: CurrentUser) -> list[GatePolicy]:
    """List the gate policies by name."""
    with context.project_transaction() as connection:
        return gate_store.list_policies(connection)


@routes.get("/policies/{name}")
def get_gate_policy(name: str, context: CurrentUser) -> GatePolicy:
    """Return the newest version of a gate policy."""
    with context.project_transaction() as connection:
        return gate_store.get_policy(connection, name)


@routes.get("/policies/{name}/versions")
def list_gate_policy_versions(name: str, context: CurrentUser) -> list[GatePolicy]:
    """List the versions of a gate policy, newest first."""
    with context.project_transaction() as connection:
        return gate_store.list_policy_versions(connection, name)


@routes.put("/policies/{name}")
def set_gate_policy(name: str, body: GatePolicyUpdate, context: CurrentUser) -> GatePolicy:
    """Create a gate policy or its next version. Only for owners."""
    context.require_role()
    with context.project_transaction() as connection:
        return gate_store.set_policy(
            connection,
            name,
            kind=body.kind,
            pattern=body.pattern,
            requirements=body.requirements,
            by=context.principal.actor,
        )


@routes.delete("/policies/{name}")
def delete_gate_policy(name: str, context: CurrentUser) -> GatePolicy:
    """Delete a gate policy. Its versions are kept. Only for owners."""
    context.require_role()
    with context.project_transaction() as connection:
        return gate_store.delete_policy(connection, name, context.principal.actor)


@routes.post("/check")
def check_gate(body: GateCheck, context: CurrentUser) -> GateDecision:
    """Return what a candidate has and what is missing, with the command that provides each. Nothing is changed."""
    caller = GateCaller.from_principal(context.principal)
    with context.project_transaction() as connection:
        is_compared = body.subject.kind == "index" and has_evaluations(connection, body.subject.name, body.candidate)
        request = GateRequest(body.subject, body.candidate, body.reason, has_evidence=is_compared)
        return gates_app.check(connection, context.platform.blobs, request, caller)


@routes.post("/approvals", status_code=201)
def approve_candidate(body: GateApprovalCreate, context: CurrentUser) -> GateApproval:
    """Approve a candidate for a subject. The approval holds for this content only, and jobs cannot approve."""
    principal = context.principal
    if principal.is_delegated or principal.actor == INTERNAL_KEY_NAME:
        raise Forbidden(f"a job may not approve (key {principal.actor!r})", "approve with your own account or key")
    caller = GateCaller.from_principal(principal)
    with context.project_transaction() as connection:
        return gates_app.approve(connection, body.subject, body.candidate, caller, body.comment)


@routes.get("/approvals")
def list_gate_approvals(
    kind: SubjectKind, name: SubjectName, candidate: str, context: CurrentUser
) -> list[GateApproval]:
    """List the approvals of a candidate for a subject, oldest first."""
    subject = GateSubject(kind=kind, name=name)
    with context.project_transaction() as connection:
        resolved = gates_app.resolve_candidate(connection, subject, candidate)
        return gate_store.list_approvals(connection, subject, resolved.key)


@routes.get("/decisions")
def list_gate_decisions(
    context: CurrentUser,
    kind: SubjectKind | None = None,
    name: SubjectName | None = None,
    passed: bool | None = None,
    after: UUID | None = None,
    limit: Limit = 50,
) -> list[GateDecision]:
    """List the decisions of gates, newest first: of all subjects or of one (`kind` and `name`), passed or rejected."""
    subject = GateSubject(kind=kind, name=name) if kind and name else None
    with context.project_transaction() as connection:
        return gate_store.list_decisions(connection, subject=subject, passed=passed, after=after, limit=limit)


@routes.get("/decisions/{id}")
def get_gate_decision(id: UUID, context: CurrentUser) -> GateDecision:
    """Return a decision with the result of every requirement."""
    with context.project_transaction() as connection:
        return gate_store.get_decision(connection, id)
