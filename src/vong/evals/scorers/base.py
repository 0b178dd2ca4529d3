"""Scorer interface: a scorer is a function that takes options and returns a `Scorer`.

A `Scorer` computes the contribution of one output to each of its metrics, and a metric from the sum of these
contributions. Totals, comparisons and resampling therefore need no second look at the texts.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from vong.records import Message


class MetricValue(NamedTuple):
    """Value of one metric for one output, with the `statistics` whose sums over all outputs yield the total.

    `detail` explains the value to a reader: a judge's reason, a failed test, the differing field.
    """

    value: float
    statistics: tuple[float, ...]
    detail: str = ""


@dataclass(frozen=True, slots=True)
class ScorerInput:
    """What is known of one output: the texts, the whole messages, the example and the measurements of the call.

    `output` and `references` are texts in which tool calls are written as JSON (see `scorers.tool_calls.render`), so
    that a scorer of texts compares them too. `message` is the assistant's message, `expected` that of the example,
    `messages` the conversation before it. `cost` is in millionths of a US dollar. `error` is set if the request failed.
    `samples` are all outputs of an example that was sampled more than once, the first of which is `output`.
    """

    output: str = ""
    references: tuple[str, ...] = ()
    messages: tuple[Message, ...] = ()
    message: Message | None = None
    expected: Message | None = None
    tools: tuple[dict[str, Any], ...] | None = None
    metadata: Mapping[str, Any] = field(default_factory=dict[str, Any])
    finish_reason: str | None = None
    latency_ms: float | None = None
    cost: int | None = None
    input_tokens: int | None = None
    output_tokens: int | None = None
    error: str | None = None
    samples: tuple[str, ...] = ()

    @property
    def text(self) -> str:
        """Return the text of the output without tool calls."""
        return self.output if self.message is None else self.message.text

    @property
    def reference(self) -> str:
        """Return the first reference. Returns an empty string if there is none."""
        return self.references[0] if self.references else ""

    @property
    def prompt(self) -> str:
        """Return the text of the last user message."""
        return next((message.text for message in reversed(self.messages) if message.role == "user"), "")


@dataclass(frozen=True)
class Scorer:
    """Computation of one or more metrics of an output against a reference.

    `measure(output, reference)` returns a `MetricValue` for each metric. `total(sums)` computes the metric from the
    summed statistics; if it is None, the metric is a mean and the statistics are (value, 1). `best` is the value of a
    perfect output in the library's unit (1 or 100); the worst is 0. `uses_reference` is False if `measure` ignores the
    reference. `signature` identifies the exact computation. `measure_several(output, references)` is the metric's own
    definition for several references; if it is None, each metric has its value with the best reference.

    `measure_input` replaces `measure` for scorers that need more than two texts; `build_input_scorer` makes such a
    scorer. `metrics` lists the metrics that neither have the scorer's name nor begin with it and a dot.
    `higher_is_better` is False for measures such as an error rate or a latency, whose perfect value is 0 (`best` is
    then the typical scale), and None if neither direction is better. `warn` returns a warning about an input that the
    scorer cannot score well, or an empty text.
    """

    signature: str
    measure: Callable[[str, str], dict[str, MetricValue]]
    total: Callable[[Sequence[float]], float] | None = None
    best: float = 1.0
    uses_reference: bool = True
    measure_several: Callable[[str, Sequence[str]], dict[str, MetricValue]] | None = None
    measure_input: Callable[[ScorerInput], dict[str, MetricValue]] | None = None
    metrics: tuple[str, ...] = ()
    higher_is_better: bool | None = True
    warn: Callable[[ScorerInput], str] | None = None

    def measure_references(self, output: str, references: Sequence[str]) -> dict[str, MetricValue]:
        """Return the metrics of an output for which each of the references is correct."""
        if len(references) == 1:
            return self.measure(output, references[0])
        if self.measure_several is not None:
            return self.measure_several(output, references)
        best: dict[str, MetricValue] = {}
        for reference in references:
            for metric, one in self.measure(output, reference).items():
                if metric not in best or self._is_better(one.value, best[metric].value):
                    best[metric] = one
        return best

    def score(self, scored: ScorerInput) -> dict[str, MetricValue]:
        """Return the metrics of one output. A scorer of references returns none for an output without a reference."""
        if self.measure_input is not None:
            return self.measure_input(scored)
        if not scored.references and self.uses_reference:
            return {}
        return self.measure_references(scored.output, scored.references or ("",))

    def _is_better(self, value: float, other: float) -> bool:
        return value < other if self.higher_is_better is False else value > other


def build_input_scorer(
    signature: str, measure_input: Callable[[ScorerInput], dict[str, MetricValue]], **fields: Any
) -> Scorer:
    """Return a scorer that measures a `ScorerInput`. `measure(output, reference)` measures the two texts alone."""

    def measure(output: str, reference: str) -> dict[str, MetricValue]:
        return measure_input(ScorerInput(output=output, references=(reference,)))

    return Scorer(signature, measure, measure_input=measure_input, **fields)


def mean_metric(value: float, detail: str = "") -> MetricValue:
    """Return the value of a metric whose total is the mean over outputs."""
    return MetricValue(float(value), (float(value), 1.0), detail)
