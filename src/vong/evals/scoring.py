"""Scorers by name and options, and totals over many answers."""

import inspect
import math
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from pydantic import ValidationError, validate_call

from vong import plugins
from vong.errors import InvalidInput
from vong.evals.scorers import MetricValue, Scorer
from vong.records import Record

Measures = dict[str, MetricValue]


class ScorerInfo(Record):
    """A scorer that is installed: what it measures, and its options with their defaults."""

    name: str
    about: str
    options: dict[str, Any]
    signature: str


class ConfiguredScorer(NamedTuple):
    """A scorer with its options, under the text that names both: `exact_match:fields=product,urgency`."""

    spec: str
    scorer: Scorer


def list_scorers() -> list[ScorerInfo]:
    """Every scorer installed."""
    return [_info(name, plugins.load("scorer", name)) for name in plugins.names("scorer")]


def choose(specs: Sequence[str]) -> list[ConfiguredScorer]:
    """The scorers of these texts: `NAME` or `NAME:option=value;option=value`, lists with commas.

    NotFound for an unknown name, InvalidInput for an unknown or wrong option or a scorer named twice.
    """
    names = [spec.partition(":")[0] for spec in specs]
    if not specs or len(set(names)) < len(names):
        raise InvalidInput("name each scorer once, and at least one", "list them with: vong evals scorers")
    return [ConfiguredScorer(spec, _make(spec)) for spec in specs]


def measure(chosen: Sequence[ConfiguredScorer], answer: str, reference: str) -> Measures:
    """One answer under every metric of the chosen scorers."""
    found: Measures = {}
    for _, scorer in chosen:
        found.update(scorer.measure(answer, reference))
    return found


def owner(chosen: Sequence[ConfiguredScorer], metric: str) -> Scorer | None:
    """The scorer that gives a metric."""
    for spec, scorer in chosen:
        name = spec.partition(":")[0]
        if metric == name or metric.startswith(f"{name}.") or metric in scorer.measure("", ""):
            return scorer
    return None


def totals(chosen: Sequence[ConfiguredScorer], answers: Iterable[Measures]) -> dict[str, float]:
    """Each metric over all answers that have it. Sums are exact, so the order of answers does not matter."""
    columns: dict[str, list[tuple[float, ...]]] = {}
    for measures in answers:
        for metric, one in measures.items():
            columns.setdefault(metric, []).append(one.statistics)
    return {metric: total(owner(chosen, metric), rows) for metric, rows in columns.items()}


def total(scorer: Scorer | None, rows: Sequence[Sequence[float]]) -> float:
    """One metric from the statistics of its answers."""
    sums = [math.fsum(column) for column in zip(*rows, strict=True)]
    if scorer is None or scorer.total is None:
        return sums[0] / sums[1]
    return scorer.total(sums)


def signatures(chosen: Sequence[ConfiguredScorer]) -> dict[str, str]:
    """How each chosen scorer computes, in full, by the scorer's name."""
    return {spec.partition(":")[0]: scorer.signature for spec, scorer in chosen}


def _make(spec: str) -> Scorer:
    name, _, given = spec.partition(":")
    build = plugins.load("scorer", name)
    known = inspect.signature(build).parameters
    options: dict[str, Any] = {}
    for part in filter(None, given.split(";")):
        option, equals, value = part.partition("=")
        if not equals or option not in known:
            offered = ", ".join(known) or "none"
            raise InvalidInput(f"the scorer {name!r} has no option {option!r}", f"it has: {offered}")
        listed = isinstance(known[option].default, tuple)
        options[option] = tuple(filter(None, value.split(","))) if listed else value
    try:
        return validate_call(build)(**options)
    except ValidationError as error:
        faults = "; ".join(f"{fault['loc'][0]}: {fault['msg']}" for fault in error.errors())
        raise InvalidInput(
            f"the options of the scorer {name!r} are wrong: {faults}", "see: vong evals scorers"
        ) from error


def _info(name: str, build: Any) -> ScorerInfo:
    options = {option: parameter.default for option, parameter in inspect.signature(build).parameters.items()}
    return ScorerInfo(name=name, about=inspect.getdoc(build) or "", options=options, signature=build().signature)
