"""Scores of outputs by chosen scorers, and totals over many outputs."""

import inspect
import math
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from typing import Any, NamedTuple

from vong import plugins
from vong.errors import InvalidInput, VongError
from vong.evals import specs as scorer_specs
from vong.evals.scorers import NO_SERVICES, MetricValue, Scorer, ScorerInput, ScorerServices
from vong.evals.specs import ScorerSpec
from vong.records import Record

MetricValues = dict[str, MetricValue]


class ScorerInfo(Record):
    """An installed scorer: its description and its options with their defaults.

    `group` is the kind of scorer (text, json, tools, ...). `required` lists options without a default, `uses_models` is
    true if the scorer calls a model. `unavailable` is the reason why this server cannot use it.
    """

    name: str
    about: str
    options: dict[str, Any]
    signature: str
    group: str = "other"
    required: tuple[str, ...] = ()
    uses_reference: bool = True
    uses_models: bool = False
    higher_is_better: bool | None = True
    unavailable: str = ""


class ConfiguredScorer(NamedTuple):
    """A scorer with its options and their specification, such as `exact_match:fields=product,urgency`."""

    spec: str
    scorer: Scorer

    @property
    def label(self) -> str:
        """Return the name of the main metric: the label of the specification, or the scorer's name."""
        return scorer_specs.parse(self.spec).label

    def rename(self, values: MetricValues) -> MetricValues:
        """Return metrics under the label, if the specification has one."""
        label, name, _ = scorer_specs.parse(self.spec)
        return values if label == name else {rename_metric(metric, name, label): one for metric, one in values.items()}


def rename_metric(metric: str, name: str, label: str) -> str:
    """Return the name of a metric of the scorer `name` under a label."""
    if metric == name or metric.startswith(f"{name}."):
        return label + metric[len(name) :]
    return f"{label}.{metric}"


def list_scorers() -> list[ScorerInfo]:
    """Return all installed scorers."""
    return [_scorer_info(name, plugins.load_extension("scorer", name)) for name in plugins.list_extensions("scorer")]


def build_scorers(
    specs: Sequence[str | ScorerSpec | Mapping[str, Any]], services: ScorerServices = NO_SERVICES
) -> list[ConfiguredScorer]:
    """Build the scorers of specifications: `NAME`, `NAME:option=value;option=value`, `NAME:{JSON}` or an object.

    A label (`LABEL=NAME:…`) names the metrics of a scorer that a run has twice. `services` are the models that scorers
    may call.

    Raises: NotFound if a name is unknown; InvalidInput if an option is unknown or wrong, or a label occurs twice.
    """
    texts = [scorer_specs.to_text(spec) for spec in specs]
    parsed = [scorer_specs.parse(text) for text in texts]
    labels = [spec.label for spec in parsed]
    if not specs:
        raise InvalidInput("name at least one scorer", "list them with: vong evals scorers")
    if repeated := next((label for label in labels if labels.count(label) > 1), ""):
        raise InvalidInput(
            f"scorer {repeated!r} is named twice; each name is allowed only once",
            f"label one of them: other={repeated}:option=value",
        )
    return [
        ConfiguredScorer(text, scorer_specs.build(spec, services)) for text, spec in zip(texts, parsed, strict=True)
    ]


def score_input(scorers: Sequence[ConfiguredScorer], scored: ScorerInput) -> MetricValues:
    """Return the values of all metrics of the scorers for one output.

    A value that is not finite, as a model can compute it from an empty text, counts as not scored: neither a total nor
    a comparison could use it.
    """
    values: MetricValues = {}
    for configured in scorers:
        found = configured.scorer.score(scored).items()
        usable = {metric: one for metric, one in found if all(map(math.isfinite, (one.value, *one.statistics)))}
        values.update(configured.rename(usable))
    return values


def score_output(
    scorers: Sequence[ConfiguredScorer], output: str, reference: str, *other_references: str
) -> MetricValues:
    """Return the values of all metrics of the scorers for a text and its references."""
    return score_input(scorers, ScorerInput(output=output, references=(reference, *other_references)))


def collect_warnings(scorers: Sequence[ConfiguredScorer], scored: ScorerInput) -> list[str]:
    """Return the warnings of the scorers about an input that they cannot score well."""
    found = [(configured.label, configured.scorer.warn(scored)) for configured in scorers if configured.scorer.warn]
    return [f"{label}: {warning}" for label, warning in found if warning]


def scale_value(scorer: Scorer, value: float) -> float | None:
    """Return a metric scaled to 0..1, where 1 is best. Returns None if neither direction of the metric is better."""
    if scorer.higher_is_better is None:
        return None
    share = min(1.0, max(0.0, value / scorer.best))
    return share if scorer.higher_is_better else 1 - share


def find_scorer(scorers: Sequence[ConfiguredScorer], metric: str) -> Scorer | None:
    """Return the scorer that computes a metric. Returns None if there is none."""
    for configured in scorers:
        label = configured.label
        if metric == label or metric.startswith(f"{label}.") or metric in configured.scorer.metrics:
            return configured.scorer
    for configured in scorers:  # a third party's scorer without `metrics`
        if configured.scorer.measure_input is None and not configured.scorer.metrics:
            with suppress(VongError):
                if metric in configured.scorer.measure("", ""):
                    return configured.scorer
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
    return total_of_sums(scorer, [math.fsum(column) for column in zip(*rows, strict=True)])


def total_of_sums(scorer: Scorer | None, sums: Sequence[float]) -> float:
    """Return a metric from the sums of the statistics of its outputs."""
    if scorer is None or scorer.total is None:
        return sums[0] / sums[1]
    return scorer.total(sums)


def collect_signatures(scorers: Sequence[ConfiguredScorer], *, several_references: bool = False) -> dict[str, str]:
    """Return the full signature of each scorer by its name. Several references are noted as in sacrebleu: nrefs:var."""
    return {
        configured.label: _several(configured.scorer.signature)
        if several_references and configured.scorer.uses_reference
        else configured.scorer.signature
        for configured in scorers
    }


def _several(signature: str) -> str:
    several = "nrefs:var"
    return signature.replace("nrefs:1", several) if "nrefs:1" in signature else f"{signature}|{several}"


def _scorer_info(name: str, build: Any) -> ScorerInfo:
    options = scorer_specs.list_options(build)
    required = tuple(option for option, default in options.items() if default == "required")
    info = ScorerInfo(
        name=name,
        about=inspect.getdoc(build) or "",
        options={option: None if option in required else default for option, default in options.items()},
        signature="",
        group=getattr(inspect.getmodule(build), "GROUP", "other"),
        required=required,
        uses_models=scorer_specs.takes_services(build),
    )
    if required:
        return info
    try:
        scorer: Scorer = build()
    except VongError as error:
        return info.model_copy(update={"unavailable": str(error)})
    return info.model_copy(
        update={
            "signature": scorer.signature,
            "uses_reference": scorer.uses_reference,
            "higher_is_better": scorer.higher_is_better,
        }
    )
