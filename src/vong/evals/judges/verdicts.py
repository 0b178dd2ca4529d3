"""Verdicts in the answers of judges. An answer without a usable verdict is a fault that names what is wrong."""

import math
import re
from typing import Any, NamedTuple

from vong.evals.judges.definitions import JudgeDefinition
from vong.structured_outputs import find_objects, strip_reasoning

MAX_REASON_CHARACTERS = 4_000
NUMBER = re.compile(r"(-?\d+(?:\.\d+)?)(?:\s*(?:/|out of|of)\s*(\d+))?")
TRUE_WORDS = frozenset({"true", "pass", "passed", "yes"})
FALSE_WORDS = frozenset({"false", "fail", "failed", "no"})
WINNERS = {"a": "A", "b": "B", "tie": "tie", "output_a": "A", "output_b": "B", "equal": "tie", "draw": "tie"}
SHOWN_CHARACTERS = 200


class JudgeVerdict(NamedTuple):
    """Verdict of one call: the score in 0..1, the value on the judge's own scale, the reason and the criteria."""

    score: float
    verdict: str
    reason: str = ""
    criteria: dict[str, float] = {}


class VerdictFault(Exception):
    """Answer without a usable verdict. The message says what is wrong with it, for the judge to correct."""


def parse_verdict(definition: JudgeDefinition, answer: str, *, truncated: bool = False) -> JudgeVerdict:
    """Return the verdict of an answer. A value outside of the scale is a fault and never moved into it.

    Raises: VerdictFault if there is no verdict, or several different ones.
    """
    text = strip_reasoning(answer)
    fields = _required_fields(definition)
    found = [_lower_keys(one) for one in find_objects(text)]
    objects = [one for one in found if fields & one.keys()]
    if not objects:
        raise VerdictFault(_describe_absence(text, found, fields, truncated=truncated))
    verdicts = [_read(definition, one) for one in objects]
    if len({(verdict.verdict, tuple(verdict.criteria.items())) for verdict in verdicts}) > 1:
        raise VerdictFault(f"it has {len(verdicts)} different verdicts")
    return verdicts[-1]


def _required_fields(definition: JudgeDefinition) -> set[str]:
    if definition.form == "pairwise":
        return {"winner"}
    if definition.form == "pass_fail":
        return {"pass"}
    return {criterion.name for criterion in definition.criteria} or {"score"}


def _lower_keys(found: dict[str, Any]) -> dict[str, Any]:
    return {key.strip().lower(): value for key, value in found.items()}


def _describe_absence(text: str, found: list[dict[str, Any]], fields: set[str], *, truncated: bool) -> str:
    if truncated:
        return "it was cut off before the verdict was complete"
    if found:
        return f"its JSON object has no field {' or '.join(map(repr, sorted(fields)))}"
    if not text:
        return "it is empty"
    return "it has no complete JSON object"


def _read(definition: JudgeDefinition, found: dict[str, Any]) -> JudgeVerdict:
    reason = found.get("reason", "")
    reason = (reason if isinstance(reason, str) else str(reason))[:MAX_REASON_CHARACTERS]
    if definition.form == "pairwise":
        winner = WINNERS.get(str(_single(found["winner"])).strip().lower())
        if winner is None:
            raise VerdictFault(f'"winner" is {_show(found["winner"])} instead of "A", "B" or "tie"')
        return JudgeVerdict({"A": 1.0, "B": 0.0, "tie": 0.5}[winner], winner, reason)
    if definition.form == "pass_fail":
        passed = _read_bool(found["pass"])
        return JudgeVerdict(float(passed), "pass" if passed else "fail", reason)
    return _read_score(definition, found, reason)


def _read_score(definition: JudgeDefinition, found: dict[str, Any], reason: str) -> JudgeVerdict:
    scale = definition.scale
    if not definition.criteria:
        level = _read_level(definition, "score", found["score"])
        return JudgeVerdict(scale.to_share(level), str(level), reason)
    criteria: dict[str, float] = {}
    for criterion in definition.criteria:
        if criterion.name not in found:
            raise VerdictFault(f"the criterion {criterion.name!r} is missing")
        criteria[criterion.name] = scale.to_share(_read_level(definition, criterion.name, found[criterion.name]))
    total = sum(criterion.weight for criterion in definition.criteria)
    share = sum(criteria[criterion.name] * criterion.weight for criterion in definition.criteria) / total
    return JudgeVerdict(share, str(scale.to_level(share)), reason, criteria)


def _read_level(definition: JudgeDefinition, name: str, value: Any) -> int:
    """Return a whole number of the scale, also from a text such as "4" or "4/5"."""
    scale, value = definition.scale, _single(value)
    if isinstance(value, str) and (match := NUMBER.fullmatch(value.strip())):
        if match[2] is not None and int(match[2]) != scale.highest:
            raise VerdictFault(f"{name!r} is {_show(value)}, which is not on the scale to {scale.highest}")
        value = float(match[1])
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise VerdictFault(f"{name!r} is {_show(value)} instead of a number")
    if not math.isfinite(value) or value != int(value):
        raise VerdictFault(f"{name!r} is {value} instead of a whole number from {scale.lowest} to {scale.highest}")
    if not scale.lowest <= value <= scale.highest:
        raise VerdictFault(f"{name!r} is {int(value)}, which is not between {scale.lowest} and {scale.highest}")
    return int(value)


def _read_bool(value: Any) -> bool:
    value = _single(value)
    word = value.strip().lower() if isinstance(value, str) else str(value).lower()
    if word in TRUE_WORDS | {"1"}:
        return True
    if word in FALSE_WORDS | {"0"}:
        return False
    raise VerdictFault(f'"pass" is {_show(value)} instead of true or false')


def _single(value: Any) -> Any:
    """Return the only item of a list, which some models write instead of a value."""
    return value[0] if isinstance(value, list) and len(value) == 1 else value


def _show(value: Any) -> str:
    shown = repr(value)
    return shown if len(shown) <= SHOWN_CHARACTERS else shown[:SHOWN_CHARACTERS] + "…"
