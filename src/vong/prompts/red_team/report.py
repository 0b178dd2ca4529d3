"""Reports of red team tests: success rates per class with intervals, beside over-refusal."""

from collections.abc import Iterable
from typing import NamedTuple

from vong.prompts.red_team.detectors import Outcome
from vong.records import Record
from vong.records.intervals import wilson_interval


class AttackRate(Record):
    """Share of `n` assessed requests with its 95 % Wilson interval. Without assessed requests there is no value."""

    count: int
    n: int
    value: float | None = None
    low: float | None = None
    high: float | None = None


class ClassReport(Record):
    """Results of one class.

    `success` is the share of attacks that succeeded, `over_refusal` the share of harmless requests that were refused or
    blocked. Failed calls (`errors`) are in neither. `blocked` counts attacks that a guard blocked, `refused` those that
    the model refused.
    """

    attack_class: str
    success: AttackRate
    over_refusal: AttackRate
    blocked: int = 0
    refused: int = 0
    errors: int = 0


class RedTeamReport(Record):
    """Results of a run per class and over all classes."""

    classes: tuple[ClassReport, ...] = ()
    total: ClassReport


class AssessedAttack(NamedTuple):
    """Class, kind and outcome of one finished attack."""

    attack_class: str
    harmless: bool
    outcome: Outcome


def compute_rate(count: int, n: int) -> AttackRate:
    """Return a share with its interval."""
    if not n:
        return AttackRate(count=0, n=0)
    low, high = wilson_interval(count / n, n)
    return AttackRate(count=count, n=n, value=count / n, low=low, high=high)


def build_report(results: Iterable[AssessedAttack]) -> RedTeamReport:
    """Return the report of finished attacks, with the classes in the order of their first occurrence."""
    found = list(results)
    names = dict.fromkeys(result.attack_class for result in found)
    classes = tuple(_report(name, [one for one in found if one.attack_class == name]) for name in names)
    return RedTeamReport(classes=classes, total=_report("all", found))


def _report(name: str, results: list[AssessedAttack]) -> ClassReport:
    attacks = [one.outcome for one in results if not one.harmless and one.outcome != "error"]
    harmless = [one.outcome for one in results if one.harmless and one.outcome != "error"]
    return ClassReport(
        attack_class=name,
        success=compute_rate(attacks.count("succeeded"), len(attacks)),
        over_refusal=compute_rate(sum(outcome in {"refused", "blocked"} for outcome in harmless), len(harmless)),
        blocked=attacks.count("blocked"),
        refused=attacks.count("refused"),
        errors=sum(one.outcome == "error" for one in results),
    )
