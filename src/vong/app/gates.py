"""Gate connected to suites, judges, licences, parity checks, datasets and approvals.

Every change of what users receive passes `require`: aliases, routes, deployments of protected routes, canaries and
releases. `check` previews the decision.
"""

from typing import NamedTuple

from sqlalchemy import Connection

from vong import registry, serving
from vong.access import Principal
from vong.app import gate_applications, gate_evidence, gate_retrieval
from vong.app.gate_candidate import GateCandidate
from vong.errors import InvalidInput, NotFound
from vong.evals import gate_store, gates
from vong.evals.gates import ApprovalRole, GateDecision, GatePolicy, GateRequirement, GateSubject
from vong.records import now
from vong.store.blobs import BlobStore

DEPLOYMENT_PREFIX = "deployment/"


class GateCaller(NamedTuple):
    """Who asks for a change. Jobs and delegated keys have the role `viewer`, which can override nothing."""

    actor: str
    role: ApprovalRole

    @classmethod
    def from_principal(cls, principal: Principal) -> "GateCaller":
        """Return the caller of a request."""
        return cls(principal.actor, "viewer" if principal.is_delegated else principal.role)


class GateRequest(NamedTuple):
    """Change to decide: `candidate` is a model ref for an alias, or a target for a route.

    `reason` overrides missing evidence if the policy allows the role of the caller. `evidence` is what the caller sends
    with the change of an alias.
    """

    subject: GateSubject
    candidate: str
    reason: str | None = None
    has_evidence: bool = False


def alias_subject(name: str, alias: str) -> GateSubject:
    """Return the subject of an alias of a model."""
    return GateSubject(kind="model_alias", name=f"{name}:{alias}")


def route_subject(name: str) -> GateSubject:
    """Return the subject of a route."""
    return GateSubject(kind="route", name=name)


def index_subject(base: str) -> GateSubject:
    """Return the subject of the live index of a knowledge base."""
    return GateSubject(kind="index", name=base)


def check(connection: Connection, blobs: BlobStore, request: GateRequest, caller: GateCaller) -> GateDecision:
    """Return the decision about a candidate without storing it."""
    return _decide(
        connection, blobs, request, resolve_candidate(connection, request.subject, request.candidate), caller
    )


def _decide(
    connection: Connection, blobs: BlobStore, request: GateRequest, candidate: GateCandidate, caller: GateCaller
) -> GateDecision:
    moment = now()
    policies = gates.select_policies(request.subject, gate_store.list_policies(connection), moment)
    requirements: list[GateRequirement] = []
    for policy in policies:
        requirements += _evaluate(connection, blobs, policy, request, candidate)
    decision = GateDecision(
        subject=request.subject,
        candidate=candidate.key,
        target=candidate.target,
        current=candidate.current,
        policies=tuple(policy.ref for policy in policies),
        requirements=tuple(requirements),
        override_roles=_override_roles(policies, requirements),
        passed=all(one.passed for one in requirements),
        decided_by=caller.actor,
        decided_at=moment,
    )
    return gates.apply_override(decision, request.reason, caller.actor, caller.role)


def require(connection: Connection, blobs: BlobStore, request: GateRequest, caller: GateCaller) -> GateDecision:
    """Return the stored decision of a passed gate. Without a policy the decision is not stored.

    Raises: PreconditionFailed with everything that is missing if the gate rejects the candidate.
    """
    return store_passed(connection, check(connection, blobs, request, caller), request.reason, caller)


def require_model(
    connection: Connection, blobs: BlobStore, request: GateRequest, ref: str, caller: GateCaller
) -> GateDecision:
    """Return the stored decision of a passed gate about another model of a target: the deployment gets it afterwards.

    Raises: PreconditionFailed with everything that is missing if the gate rejects the model.
    """
    candidate = resolve_candidate(connection, request.subject, request.candidate)
    model = registry.find(connection, ref)
    candidate = candidate._replace(key=model.ref, model=model)
    decision = _decide(connection, blobs, request, candidate, caller)
    return store_passed(connection, decision, request.reason, caller)


def store_passed(
    connection: Connection, decision: GateDecision, reason: str | None, caller: GateCaller
) -> GateDecision:
    """Store a decision that passed. Without a policy nothing is stored.

    Raises: PreconditionFailed if the decision is a rejection.
    """
    if not decision.passed:
        raise gates.rejection(decision, reason, caller.role)
    return gate_store.add_decision(connection, decision) if decision.policies else decision


def is_protected(connection: Connection, subject: GateSubject) -> bool:
    """Return True if a policy applies to a subject."""
    return bool(gates.select_policies(subject, gate_store.list_policies(connection), now()))


def approve(
    connection: Connection, subject: GateSubject, candidate: str, caller: GateCaller, comment: str | None = None
) -> gates.GateApproval:
    """Record the approval of a candidate by the caller.

    Raises: InvalidInput if no policy that applies needs an approval.
    """
    policies = gates.select_policies(subject, gate_store.list_policies(connection), now())
    if not any(policy.requirements.approvals for policy in policies):
        raise InvalidInput(f"no gate policy of {subject} needs approvals", "see: vong evals gates list")
    resolved = resolve_candidate(connection, subject, candidate)
    return gate_store.add_approval(
        connection, subject, resolved.key, role=caller.role, by=caller.actor, comment=comment
    )


def resolve_candidate(connection: Connection, subject: GateSubject, text: str) -> GateCandidate:
    """Return the content that a candidate stands for.

    Raises: NotFound if the model, the version or the deployment does not exist.
    """
    if subject.kind == "model_alias":
        name, _, alias = subject.name.partition(":")
        version = registry.find(connection, text if text.split("@")[0].split(":")[0] == name else f"{name}@{text}")
        current = {change.alias: change.model for change in registry.list_aliases(connection, name)}.get(alias)
        return GateCandidate(key=version.ref, model=version, target=None, current=current, current_target=None)
    if subject.kind == "route":
        return gate_evidence.resolve_target(connection, subject.name, text)
    if subject.kind == "index":
        return gate_retrieval.resolve_index(connection, subject.name, text)
    if subject.kind == "pipeline":
        return gate_applications.resolve_pipeline(connection, subject.name, text)
    if subject.kind == "prompt_label":
        return gate_applications.resolve_prompt(connection, subject.name, text)
    return GateCandidate(key=text, model=None, target=None, current=None, current_target=None)


def routes_with_deployment(connection: Connection, name: str) -> list[str]:
    """Return the names of the routes whose callers may be answered by a deployment."""
    return gate_evidence.routes_with_target(connection, f"{DEPLOYMENT_PREFIX}{name}")


def deployed_model(connection: Connection, name: str) -> str | None:
    """Return the model of a running deployment. Returns None if there is none."""
    try:
        deployment = serving.get_deployment(connection, name)
    except NotFound:
        return None
    return deployment.model if deployment.desired_state == "running" else None


def _override_roles(policies: list[GatePolicy], requirements: list[GateRequirement]) -> tuple[ApprovalRole, ...]:
    """Return the roles that every policy with missing evidence allows to override it."""
    failing = {one.policy for one in requirements if not one.passed}
    allowed = [set(policy.requirements.override_roles) for policy in policies if policy.ref in failing]
    roles: set[ApprovalRole] = set.intersection(*allowed) if allowed else set()
    return tuple(sorted(roles, key=lambda role: -gates.ROLE_RANKS[role]))


def _evaluate(
    connection: Connection, blobs: BlobStore, policy: GatePolicy, request: GateRequest, candidate: GateCandidate
) -> list[GateRequirement]:
    needed = policy.requirements
    collect = gate_evidence.Collector(connection, blobs, policy, request.subject, candidate)
    found: list[GateRequirement] = []
    if needed.evidence_or_reason:
        found.append(collect.evidence(request.has_evidence))
    found += collect.suites()
    if needed.licences or needed.commercial_use:
        found.append(collect.licence())
    if needed.parity:
        found.append(collect.parity())
    if needed.data_health:
        found.append(collect.data_health())
    if needed.retrieval:
        found += collect.retrieval()
    return found + collect.approvals()
