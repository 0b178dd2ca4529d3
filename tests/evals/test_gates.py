"""Values of gates: which policies apply, approvals by role, overrides, and the text of a rejection."""

from typing import Any

import pytest
from pydantic import ValidationError
from sqlalchemy import Connection

from vong.errors import InvalidInput, NotFound
from vong.evals import gate_store, gates
from vong.evals.gates import GateApproval, GateDecision, GatePolicy, GateRequirement, GateRequirements, GateSubject
from vong.records import new_id, now

ALIAS = GateSubject(kind="model_alias", name="triage:prod")


def policy(name: str, kind: Any, pattern: str, **requirements: Any) -> GatePolicy:
    given = GateRequirements(**requirements)
    return GatePolicy(
        name=name, version=1, kind=kind, pattern=pattern, requirements=given, created_by="lan", created_at=now()
    )


def approval(by: str, role: Any) -> GateApproval:
    return GateApproval(id=new_id(), subject=ALIAS, candidate="triage@1", role=role, approved_by=by, created_at=now())


def decision(*missing: str, override_roles: Any = ()) -> GateDecision:
    requirements = [
        GateRequirement(
            kind="suite", name=name, passed=False, detail=f"{name} is missing", command=f"run {name}", policy="p@1"
        )
        for name in missing
    ]
    return GateDecision(
        subject=ALIAS,
        candidate="triage@1f0c",
        policies=("p@1",),
        requirements=tuple(requirements),
        override_roles=override_roles,
        passed=not missing,
        decided_by="lan",
        decided_at=now(),
    )


def test_all_matching_policies_apply_and_prod_has_a_default() -> None:
    policies = [policy("a", "model_alias", "*:prod"), policy("b", "route", "*"), policy("c", "model_alias", "triage:*")]
    assert [one.name for one in gates.select_policies(ALIAS, policies, now())] == ["a", "c"]
    assert [one.name for one in gates.select_policies(ALIAS, [], now())] == ["default"]
    staging = GateSubject(kind="model_alias", name="triage:staging")
    assert gates.select_policies(staging, policies[:2], now()) == []


@pytest.mark.parametrize(
    ("needed", "given", "counts"),
    [
        ({"owner": 1}, [("lan", "member")], [0]),
        ({"owner": 1, "member": 1}, [("lan", "owner")], [1, 0]),
        ({"owner": 1, "member": 1}, [("lan", "owner"), ("mai", "member")], [1, 1]),
        ({"member": 2}, [("lan", "owner"), ("mai", "member")], [2]),
        ({"owner": 1, "member": 1}, [("lan", "owner"), ("mai", "owner")], [1, 1]),
    ],
)
def test_a_person_counts_once_and_a_higher_role_for_a_lower_one(
    needed: Any, given: list[tuple[str, str]], counts: list[int]
) -> None:
    found = gates.check_approvals(needed, [approval(by, role) for by, role in given])
    assert [len(people) for _, _, people in found] == counts


def test_a_rejection_lists_everything_with_its_command_and_who_may_override() -> None:
    error = gates.rejection(decision("first", "second", override_roles=("owner",)))
    assert "2 requirements are not met (first is missing; second is missing)" in error.message
    assert error.hint == "run first; run second; or set a reason (roles: owner)"
    refused = gates.rejection(decision("first"), "please", "member")
    assert "no override for the role 'member' (allowed: no role)" in refused.message


def test_an_override_needs_a_reason_and_an_allowed_role() -> None:
    missing = decision("first", override_roles=("owner",))
    assert not gates.apply_override(missing, "outage", "mai", "member").passed
    assert not gates.apply_override(missing, "  ", "lan", "owner").passed
    passed = gates.apply_override(missing, " outage ", "lan", "owner")
    assert (passed.passed, passed.override and passed.override.reason) == (True, "outage")
    assert passed.missing == missing.missing


@pytest.mark.parametrize(
    "requirements",
    [
        {"approvals": {"owner": 0}},
        {"approvals": {"king": 1}},
        {"no_worse_slice": True},
        {"calibrated_judges": True},
        {"suites": ("a", "a")},
        {"max_age_days": 0},
        {"unknown": True},
    ],
)
def test_invalid_requirements_are_rejected(requirements: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        GateRequirements(**requirements)


def test_policies_are_versioned_and_deleted_ones_do_not_apply(connection: Connection) -> None:
    def put(**requirements: Any) -> GatePolicy:
        given = GateRequirements(**requirements)
        return gate_store.set_policy(
            connection, "prod", kind="model_alias", pattern="*:prod", requirements=given, by="lan"
        )

    assert put(parity=True).version == 1
    assert put(parity=True).version == 1
    assert put(parity=True, data_health=True).ref == "prod@2"
    assert [one.version for one in gate_store.list_policy_versions(connection, "prod")] == [2, 1]
    gate_store.delete_policy(connection, "prod", "lan")
    assert gate_store.list_policies(connection) == []
    with pytest.raises(NotFound):
        gate_store.get_policy(connection, "prod")
    assert put(parity=True).version == 4
    with pytest.raises(InvalidInput, match="built in"):
        gate_store.set_policy(
            connection, "default", kind="route", pattern="*", requirements=GateRequirements(), by="lan"
        )
