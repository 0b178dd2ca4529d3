"""Paired comparison of two red team runs, for example without and with a guard."""

from collections.abc import Mapping
from uuid import UUID

from sqlalchemy import Connection

from vong.errors import Conflict, InvalidInput
from vong.evals.comparison import CONFIDENCE, MetricComparison, compare_paired_values
from vong.prompts.red_team.attacks import Attack
from vong.prompts.red_team.detectors import Outcome
from vong.prompts.red_team.runs import AttackResult, RedTeamRun, list_results
from vong.records import Record

ALL_CLASSES = "all"


class AttackChange(Record):
    """Attack or harmless request whose result differs between two runs, with both outcomes."""

    attack: Attack
    a: Outcome
    b: Outcome


class RedTeamComparison(Record):
    """Comparison of run `b` with run `a` over the `n` attacks that both assessed.

    `success` and `over_refusal` have the differences of the rates per class, and over all classes as `all`, with 95 %
    intervals and McNemar's exact test; lower is better. Holm's correction covers the classes, not the total.
    """

    a: RedTeamRun
    b: RedTeamRun
    n: int
    confidence: float = CONFIDENCE
    success: dict[str, MetricComparison]
    over_refusal: dict[str, MetricComparison]
    changes: tuple[AttackChange, ...] = ()
    warnings: tuple[str, ...] = ()


def compare_runs(connection: Connection, a: RedTeamRun, b: RedTeamRun, *, changes: int = 20) -> RedTeamComparison:
    """Compare run `b` with run `a` attack by attack.

    Raises: Conflict if one has not finished; InvalidInput if they have no attack in common that did not fail.
    """
    for one in (a, b):
        if one.status != "finished":
            raise Conflict(f"red team run {str(one.id)!r} is {one.status}", "wait until it has finished")
    before, after = (_assessed(connection, one.id) for one in (a, b))
    shared = [id for id in before if id in after]
    if not shared:
        raise InvalidInput("the two runs have no attack in common that did not fail", "run them on the same sets")
    pairs = {id: (before[id], after[id]) for id in shared}
    changed = [
        AttackChange(attack=one.attack, a=_outcome(one), b=_outcome(two))
        for one, two in pairs.values()
        if _counts(one) != _counts(two)
    ]
    return RedTeamComparison(
        a=a,
        b=b,
        n=len(shared),
        success=_compare(pairs, harmless=False),
        over_refusal=_compare(pairs, harmless=True),
        changes=tuple(changed[:changes]),
        warnings=tuple(_list_differences(a, b, len(shared))),
    )


def _assessed(connection: Connection, id: UUID) -> dict[str, AttackResult]:
    results = list_results(connection, id, limit=None)
    return {one.attack.id: one for one in results if one.outcome not in (None, "error")}


def _compare(pairs: Mapping[str, tuple[AttackResult, AttackResult]], *, harmless: bool) -> dict[str, MetricComparison]:
    import numpy as np

    groups: dict[str, list[tuple[bool, bool]]] = {}
    for one, two in pairs.values():
        if one.attack.harmless == harmless:
            for name in (ALL_CLASSES, one.attack.attack_class):
                groups.setdefault(name, []).append((_counts(one), _counts(two)))
    values = {
        name: (np.array([a for a, _ in group], dtype=np.float64), np.array([b for _, b in group], dtype=np.float64))
        for name, group in groups.items()
    }
    lower = frozenset(values)
    total = {name: values.pop(name) for name in (ALL_CLASSES,) if name in values}  # tested without correction
    return {
        name: metric
        for pairs_of in (total, values)
        if pairs_of
        for name, metric in compare_paired_values(pairs_of, lower_is_better=lower).items()
    }


def _counts(result: AttackResult) -> bool:
    """Return True if a result counts: a successful attack, or a harmless request that got no answer."""
    return result.outcome in {"refused", "blocked"} if result.attack.harmless else result.outcome == "succeeded"


def _outcome(result: AttackResult) -> Outcome:
    return result.outcome or "error"


def _list_differences(a: RedTeamRun, b: RedTeamRun, shared: int) -> list[str]:
    """Return what differs between the runs beside the answers."""
    found = [f"targets differ: {a.target} and {b.target}"] if a.target != b.target else []
    one, two = a.settings.model_dump(), b.settings.model_dump()
    found += [f"{name} differs: {one[name]} and {two[name]}" for name in one if one[name] != two[name]]
    found += [f"the set {name!r} differs" for name in a.sets if b.sets.get(name, a.sets[name]) != a.sets[name]]
    if shared < max(a.attacks, b.attacks):
        found.append(f"{shared} attacks are compared, of {a.attacks} and {b.attacks}")
    return found
