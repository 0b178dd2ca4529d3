"""Gate: which evidence a candidate needs before it may answer users, as pure values without storage.

A policy applies to all subjects of one kind whose name matches its pattern. Every policy that matches must pass. The
same function decides about aliases of models, routes, prompt labels, pipelines and indexes.
"""

from collections.abc import Sequence
from datetime import datetime
from fnmatch import fnmatchcase
from typing import Any, Literal, Self
from uuid import UUID

from pydantic import Field, model_validator

from vong.errors import GateRejected, InvalidInput
from vong.records import Record
from vong.records.name import check_versioned_name

SubjectKind = Literal["model_alias", "route", "prompt_label", "pipeline", "index"]
ApprovalRole = Literal["owner", "member", "viewer"]
RequirementKind = Literal[
    "suite", "slices", "judges", "licence", "parity", "data_health", "retrieval", "approval", "evidence"
]
ROLE_RANKS: dict[ApprovalRole, int] = {"viewer": 0, "member": 1, "owner": 2}
DEFAULT_POLICY = "default"
"""Name of the built-in policies, which apply to subjects that no other policy matches: see `BUILTIN_PATTERNS`."""
BUILTIN_PATTERNS: dict[SubjectKind, str] = {
    "model_alias": "*:prod",
    "prompt_label": "*:prod",
    "pipeline": "*:prod",
    "index": "*",
}
"""Subjects to which a built-in policy applies: the alias `prod` of every model, the label `prod` of every prompt and
pipeline, and the index of every base."""
KIND_LABELS: dict[SubjectKind, str] = {
    "model_alias": "alias",
    "route": "route",
    "prompt_label": "prompt label",
    "pipeline": "pipeline",
    "index": "index",
}


class GateSubject(Record):
    """What a candidate would change: the alias `triage:prod` of a model, the route `support`, a prompt label, ..."""

    kind: SubjectKind
    name: str

    def __str__(self) -> str:
        return f"{KIND_LABELS[self.kind]} {self.name!r}"


class GateRequirements(Record):
    """Evidence that a policy requires.

    `suites` are refs of eval suites (`NAME` for the newest version, or `NAME@VERSION`); the candidate must have passed
    each of them. With `no_worse_slice`, no slice may be significantly worse than that of the current version at
    `slice_alpha`. `calibrated_judges` requires that every judge of the suites can gate. `licences` lists the allowed
    licence identifiers; with `commercial_use` the licence must permit commercial use. `parity` requires a passed parity
    check, `data_health` a health report of the training dataset without errors. `retrieval` lists metrics, such as
    `recall@5`, in which an index of a knowledge base may not be worse than the live one on the same question set of at
    least `min_questions` questions: significantly at `slice_alpha`, or with `retrieval_margin` by more than that bound
    of the 95 % interval. `approvals` is the number of people
    per role who must approve; a higher role counts for a lower one. `evidence_or_reason` requires that the change
    carries evidence or a reason. `max_age_days` limits the age of suite runs. Callers with a role in `override_roles`
    may pass a gate with a reason, which is recorded.
    """

    suites: tuple[str, ...] = Field(default=(), max_length=50)
    max_age_days: float | None = Field(default=None, gt=0, le=3650, allow_inf_nan=False)
    no_worse_slice: bool = False
    slice_alpha: float = Field(default=0.05, gt=0, lt=1)
    calibrated_judges: bool = False
    licences: tuple[str, ...] = Field(default=(), max_length=100)
    commercial_use: bool = False
    parity: bool = False
    data_health: bool = False
    retrieval: tuple[str, ...] = Field(default=(), max_length=20)
    retrieval_margin: float | None = Field(default=None, ge=0, allow_inf_nan=False)
    min_questions: int = Field(default=1, ge=1, le=100_000)
    approvals: dict[ApprovalRole, int] = {}
    evidence_or_reason: bool = False
    override_roles: tuple[ApprovalRole, ...] = ()

    @model_validator(mode="after")
    def _check(self) -> Self:
        for role, count in self.approvals.items():
            if not 1 <= count <= 20:
                raise ValueError(f"{count} approvals of role {role!r} are not between 1 and 20: set a number up to 20")
        if (self.no_worse_slice or self.calibrated_judges) and not self.suites:
            raise ValueError("no_worse_slice and calibrated_judges need suites: name at least one suite")
        if not self.retrieval and (self.retrieval_margin is not None or self.min_questions > 1):
            raise ValueError("retrieval_margin and min_questions need retrieval: name at least one metric")
        if len(set(self.suites)) < len(self.suites):
            raise ValueError("a suite is named twice: name each suite once")
        return self


class GatePolicy(Record):
    """Version of a policy: the subjects to which it applies and the evidence that it requires."""

    name: str
    version: int
    kind: SubjectKind
    pattern: str
    requirements: GateRequirements
    created_by: str
    created_at: datetime

    @property
    def ref(self) -> str:
        """Return `NAME@VERSION`."""
        return f"{self.name}@{self.version}"


class GateApproval(Record):
    """Approval of one candidate for one subject by a person."""

    id: UUID
    subject: GateSubject
    candidate: str
    role: ApprovalRole
    approved_by: str
    comment: str | None = None
    created_at: datetime


class GateRequirement(Record):
    """Result of one requirement. `command` provides the missing evidence; null if it passed or nothing helps."""

    kind: RequirementKind
    name: str
    passed: bool
    detail: str
    command: str | None = None
    policy: str
    evidence: dict[str, Any] = {}


class GateOverride(Record):
    """Reason with which a gate was passed although evidence is missing."""

    reason: str
    by: str
    role: ApprovalRole


class GateDecision(Record):
    """Decision about one candidate for one subject, with the result of every requirement.

    `candidate` identifies the content: a model version (`NAME@HASH`), or the target of a provider. `target` is the
    target of a route, `current` what the subject points to now. A decision without an `id` is a preview.
    """

    id: UUID | None = None
    subject: GateSubject
    candidate: str
    target: str | None = None
    current: str | None = None
    policies: tuple[str, ...] = ()
    requirements: tuple[GateRequirement, ...] = ()
    override_roles: tuple[ApprovalRole, ...] = ()
    override: GateOverride | None = None
    passed: bool
    decided_by: str
    decided_at: datetime

    @property
    def missing(self) -> list[GateRequirement]:
        """Return the requirements that have not passed."""
        return [one for one in self.requirements if not one.passed]


def check_policy(name: str, pattern: str) -> None:
    """Check the name and the pattern of a new policy.

    Raises: InvalidInput if one of them is invalid or the name is that of the built-in policy.
    """
    check_versioned_name(name, "policy")
    if name == DEFAULT_POLICY:
        raise InvalidInput(f"the policy {name!r} is built in", "choose another name; a policy that matches replaces it")
    if not pattern.strip() or len(pattern) > 300:
        raise InvalidInput(f"invalid pattern {pattern[:100]!r}", "write a name or a pattern such as '*:prod'")


def default_policy(created_at: datetime, kind: SubjectKind = "model_alias") -> GatePolicy:
    """Return the built-in policy of a kind in `BUILTIN_PATTERNS`: evidence or a reason."""
    return GatePolicy(
        name=DEFAULT_POLICY,
        version=1,
        kind=kind,
        pattern=BUILTIN_PATTERNS[kind],
        requirements=GateRequirements(evidence_or_reason=True, override_roles=("owner", "member")),
        created_by="vong",
        created_at=created_at,
    )


def select_policies(subject: GateSubject, policies: Sequence[GatePolicy], created_at: datetime) -> list[GatePolicy]:
    """Return the policies that apply to a subject, or the built-in one if it applies and no other does."""
    found = [one for one in policies if one.kind == subject.kind and fnmatchcase(subject.name, one.pattern)]
    pattern = BUILTIN_PATTERNS.get(subject.kind)
    if not found and pattern is not None and fnmatchcase(subject.name, pattern):
        return [default_policy(created_at, subject.kind)]
    return found


def check_approvals(
    needed: dict[ApprovalRole, int], approvals: Sequence[GateApproval]
) -> list[tuple[ApprovalRole, int, list[str]]]:
    """Return the needed number per role and the people who count for it, the highest role first.

    A person counts once: approvals that a higher role needs are not counted again for a lower one.
    """
    free = sorted(approvals, key=lambda one: (ROLE_RANKS[one.role], one.created_at), reverse=True)
    results: list[tuple[ApprovalRole, int, list[str]]] = []
    for role in sorted(needed, key=lambda one: -ROLE_RANKS[one]):
        suitable = [one for one in free if ROLE_RANKS[one.role] >= ROLE_RANKS[role]]
        # The lowest suitable role is used first, so that none is missing for another requirement.
        counted = sorted(suitable, key=lambda one: (ROLE_RANKS[one.role], one.created_at))[: needed[role]]
        free = [one for one in free if one not in counted]
        results.append((role, needed[role], [one.approved_by for one in counted]))
    return results


def apply_override(decision: GateDecision, reason: str | None, by: str, role: ApprovalRole) -> GateDecision:
    """Return the decision with a reason as its override, if evidence is missing and every policy allows the role."""
    if decision.passed or not reason or not reason.strip() or role not in decision.override_roles:
        return decision
    override = GateOverride(reason=reason.strip(), by=by, role=role)
    return decision.model_copy(update={"override": override, "passed": True})


def rejection(decision: GateDecision, reason: str | None = None, role: str | None = None) -> GateRejected:
    """Return the error of a rejected candidate. It lists everything that is missing and the command for each."""
    missing = decision.missing
    details = "; ".join(one.detail for one in missing)
    count = "1 requirement is" if len(missing) == 1 else f"{len(missing)} requirements are"
    message = (
        f"cannot change {decision.subject} to {decision.target or decision.candidate} without evidence: "
        f"{count} not met ({details})"
    )
    commands = [one.command for one in missing if one.command]
    hint = "; ".join(dict.fromkeys(commands)) or "see: vong evals gates check"
    if reason and role not in decision.override_roles:
        allowed = ", ".join(decision.override_roles) or "no role"
        message += f"; a reason is no override for the role {role!r} (allowed: {allowed})"
    elif decision.override_roles:
        hint += f"; or set a reason (roles: {', '.join(decision.override_roles)})"
    return GateRejected(message, hint, decision)
