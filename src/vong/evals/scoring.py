"""Selection of scorers by name and options, and totals over many outputs."""

import inspect
import math
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from pydantic import ValidationError, validate_call

from vong import plugins
from vong.errors import InvalidInput
from vong.evals.scorers import MetricValue, Scorer
from vong.records import Record

MetricValues = dict[str, MetricValue]


class ScorerInfo(Record):
    """An installed scorer: its description and its options with their defaults."""

    name: str
    about: str
    options: dict[str, Any]
    signature: str


class ConfiguredScorer(NamedTuple):
    """A scorer with its options and their specification, such as `exact_match:fields=product,urgency`."""

    spec: str
    scorer: Scorer


def list_scorers() -> list[ScorerInfo]:
    """Return all installed scorers."""
    return [_scorer_info(name, plugins.load_extension("scorer", name)) for name in plugins.list_extensions("scorer")]


def build_scorers(specs: Sequence[str]) -> list[ConfiguredScorer]:
    """Build the scorers of specifications: `NAME` or `NAME:option=value;option=value`, lists with commas.

    Raises: NotFound if a name is unknown; InvalidInput if an option is unknown or wrong, or a scorer is named twice.
    """
    names = [spec.partition(":")[0] for spec in specs]
    if not specs or len(set(names)) < len(names):
        raise InvalidInput("name at least one scorer, and each only once", "list them with: vong evals scorers")
    return [ConfiguredScorer(spec, _build_scorer(spec)) for spec in specs]


def score_output(
    scorers: Sequence[ConfiguredScorer], output: str, reference: str, *other_references: str
) -> MetricValues:
    """Return the values of all metrics of the scorers for one output. It may have several references."""
    values: MetricValues = {}
    for _, scorer in scorers:
        values.update(scorer.measure_references(output, (reference, *other_references)))
    return values


def find_scorer(scorers: Sequence[ConfiguredScorer], metric: str) -> Scorer | None:
    """Return the scorer that computes a metric. Returns None if there is none."""
    for spec, scorer in scorers:
        name = spec.partition(":")[0]
        if metric == name or metric.startswith(f"{name}.") or metric in scorer.measure("", ""):
            return scorer
    return None


def compute_totals(scorers: Sequence[ConfiguredScorer], outputs: Iterable[MetricValues]) -> dict[str, float]:
    """Return each metric over all outputs that have it. Sums are exact, so the order of outputs does not matter."""
    columns: dict[str, list[tuple[float, ...]]] = {}
    for measures in outputs:
        for metric, one in measures.items():
            columns.setdefault(metric, []).append(one.statistics)
    return {metric: compute_total(find_scorer(scorers, metric), rows) for metric, rows in columns.items()}


def compute_total(scorer: Scorer | None, rows: Sequence[Sequence[float]]) -> float:
    """Return a metric from the statistics of its outputs."""
    sums = [math.fsum(column) for column in zip(*rows, strict=True)]
    if scorer is None or scorer.total is None:
        return sums[0] / sums[1]
    return scorer.total(sums)


def collect_signatures(scorers: Sequence[ConfiguredScorer], *, several_references: bool = False) -> dict[str, str]:
    """Return the full signature of each scorer by its name. Several references are noted as in sacrebleu: nrefs:var."""
    return {
        spec.partition(":")[0]: _several(scorer.signature)
        if several_references and scorer.uses_reference
        else scorer.signature
        for spec, scorer in scorers
    }


def _several(signature: str) -> str:
    several = "nrefs:var"
    return signature.replace("nrefs:1", several) if "nrefs:1" in signature else f"{signature}|{several}"


def _build_scorer(spec: str) -> Scorer:
    name, _, assignments = spec.partition(":")
    build = plugins.load_extension("scorer", name)
    parameters = inspect.signature(build).parameters
    options: dict[str, Any] = {}
    for part in filter(None, assignments.split(";")):
        option, equals, value = part.partition("=")
        if not equals or option not in parameters:
            available = ", ".join(parameters) or "none"
            raise InvalidInput(f"scorer {name!r} has no option {option!r}", f"available options: {available}")
        is_list = isinstance(parameters[option].default, tuple)
        options[option] = tuple(filter(None, value.split(","))) if is_list else value
    try:
        return validate_call(build)(**options)
    except ValidationError as error:
        faults = "; ".join(f"{fault['loc'][0]}: {fault['msg']}" for fault in error.errors())
        raise InvalidInput(f"invalid options of scorer {name!r}: {faults}", "see: vong evals scorers") from error


def _scorer_info(name: str, build: Any) -> ScorerInfo:
    options = {option: parameter.default for option, parameter in inspect.signature(build).parameters.items()}
    return ScorerInfo(name=name, about=inspect.getdoc(build) or "", options=options, signature=build().signature)
