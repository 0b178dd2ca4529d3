"""Estimates before a suite run starts: price, time, and the smallest difference that it can detect."""

from collections.abc import Sequence
from contextlib import suppress
from itertools import islice
from statistics import pstdev
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import Connection

from vong import data, gateway
from vong.app.deployment_prices import FREE, list_all_prices
from vong.app.eval_subjects import called_model, pin_subject
from vong.app.eval_suites import effective_settings
from vong.app.platform import Platform
from vong.app.providers import list_states
from vong.errors import NotFound, VongError
from vong.evals import runs, scoring
from vong.evals.runs import ScoredOutput
from vong.evals.scorers import Scorer
from vong.evals.suite_runs import SuiteRunOptions
from vong.evals.suites import Suite, SuiteEntry
from vong.gateway.pricing.catalog_file import load_catalog
from vong.gateway.pricing.price_book import PriceBook
from vong.gateway.pricing.prices import ModelPrice
from vong.gateway.routing.catalog import DEPLOYMENT
from vong.records import EvalResult, Record, Usage, now

SAMPLE_ROWS = 200
"""Rows of a dataset from whose length input tokens are estimated."""
CHARS_PER_TOKEN = 4
EARLIER_RUNS = 200
"""Evaluations among which runs on the same examples are looked for."""


class DetectableDifference(Record):
    """Smallest true difference to another run of a metric that this number of examples shows with a power of 80 %.

    `basis` says what it was computed from. Null if there is nothing to compute it from.
    """

    scorer: str
    value: float | None = None
    basis: str


class EntryEstimate(Record):
    """Estimate of one entry over all repeats. `basis` says what price and time were computed from."""

    entry: int
    dataset: str
    split: str
    examples: int
    cost: int | None = None
    seconds: float | None = None
    basis: str
    detectable: tuple[DetectableDifference, ...] = ()


class SuiteEstimate(Record):
    """Estimate of a suite run on a subject. Costs are in millionths of a US dollar, null if unknown."""

    suite: str
    subject: str
    examples: int
    cost: int | None = None
    seconds: float | None = None
    entries: tuple[EntryEstimate, ...]


class _Consumption(NamedTuple):
    """Tokens and seconds of one example."""

    input_tokens: float
    output_tokens: float
    seconds: float | None
    basis: str


def estimate_suite(
    platform: Platform, project_id: UUID, suite: Suite, subject: str, options: SuiteRunOptions
) -> SuiteEstimate:
    """Estimate a suite run from earlier evaluations of the same examples, else from lengths and prices."""
    with platform.scope(project_id) as connection:
        settings = [effective_settings(entry, options) for entry in suite.entries]
        subject = pin_subject(connection, subject, settings)
    price = find_price(platform, project_id, subject)
    with platform.scope(project_id) as connection:
        entries = tuple(
            _estimate_entry(platform, connection, number, entry, subject, options, price)
            for number, entry in enumerate(suite.entries)
        )
    costs, seconds = [one.cost for one in entries], [one.seconds for one in entries]
    return SuiteEstimate(
        suite=suite.ref,
        subject=subject,
        examples=sum(one.examples for one in entries),
        cost=None if None in costs else sum(cost or 0 for cost in costs),
        seconds=None if None in seconds else sum(second or 0.0 for second in seconds),
        entries=entries,
    )


def _estimate_entry(
    platform: Platform,
    connection: Connection,
    number: int,
    entry: SuiteEntry,
    subject: str,
    options: SuiteRunOptions,
    price: ModelPrice | None,
) -> EntryEstimate:
    version = data.find(connection, entry.dataset)
    settings = effective_settings(entry, options)
    rows = version.splits.get(entry.split, 0)
    per_repeat = min(rows, settings.limit or rows)
    examples = per_repeat * (options.repeats or entry.repeats)
    earlier = [
        run
        for run in runs.list_runs(connection, limit=EARLIER_RUNS)
        if run.status == "finished" and run.dataset == version.ref and run.split == entry.split and run.done
    ]
    used = _estimate_consumption(platform, connection, entry, subject, earlier, settings.max_tokens)
    usage = Usage(input_tokens=round(used.input_tokens * examples), output_tokens=round(used.output_tokens * examples))
    basis = used.basis if price is not None else f"{used.basis}; the price of {subject!r} is unknown"
    return EntryEstimate(
        entry=number,
        dataset=version.ref,
        split=entry.split,
        examples=examples,
        cost=price.cost_of_usage(usage) if price else None,
        seconds=None if used.seconds is None else used.seconds * examples / settings.concurrency,
        basis=basis,
        detectable=_detectable_differences(connection, entry, earlier, per_repeat),
    )


def _estimate_consumption(
    platform: Platform,
    connection: Connection,
    entry: SuiteEntry,
    subject: str,
    earlier: Sequence[EvalResult],
    max_tokens: int,
) -> _Consumption:
    same_model = next((run for run in earlier if run.model == subject), None)
    any_model = same_model or next(iter(earlier), None)
    if any_model is not None and any_model.input_tokens:
        n = any_model.done
        seconds = same_model.latency_p50 / 1000 if same_model and same_model.latency_p50 is not None else None
        which = "this model" if same_model else repr(any_model.model)
        basis = f"the last run of {which} on the same examples{'' if seconds is not None else '; time unknown'}"
        return _Consumption(any_model.input_tokens / n, any_model.output_tokens / n, seconds, basis)
    version = data.find(connection, entry.dataset)
    sample = list(islice(data.read(platform.blobs, version, split=entry.split), SAMPLE_ROWS))
    chars = sum(len(message.text) for example in sample for message in example.messages)
    tokens = chars / CHARS_PER_TOKEN / max(1, len(sample))
    basis = f"{CHARS_PER_TOKEN} characters per input token and at most {max_tokens} output tokens; time unknown"
    return _Consumption(tokens, max_tokens, None, basis)


def find_price(platform: Platform, project_id: UUID, subject: str) -> ModelPrice | None:
    """Return the price of a model, or the highest of a route's targets. Returns None if one is unknown.

    A prompt has the price of its model. Pipelines have none.
    """
    with platform.scope(project_id) as connection:
        subject = called_model(connection, subject)
        set_prices = {price.target: price for price in list_all_prices(connection, platform.settings)}
        targets = [subject]
        with suppress(NotFound):
            targets = [target.model for target in gateway.get_route(connection, subject).targets]
    found: list[ModelPrice] = []
    for target in targets:
        if target in set_prices:
            price = ModelPrice.from_settings(set_prices[target])
        elif target.startswith((f"{DEPLOYMENT}/", "echo/")) and not platform.settings.machine_price_per_hour:
            price = ModelPrice.from_settings(FREE)
        else:
            price = _catalog_price(platform, project_id, target)
        if price is None:
            return None
        found.append(price)
    typical = Usage(input_tokens=1000, output_tokens=1000)
    return max(found, key=lambda price: price.cost_of_usage(typical) or 0, default=None)


def _catalog_price(platform: Platform, project_id: UUID, target: str) -> ModelPrice | None:
    name = target.partition("/")[0]
    state = next((one for one in list_states(platform, project_id, probe=False) if one.name == name), None)
    if state is None or state.base_url is None:
        return None
    try:
        book = PriceBook(platform.settings.prices, load_catalog(platform.settings.home_folder / "cache"))
    except (VongError, OSError):
        return None
    return book.price_at(target, state.base_url, now())


def _detectable_differences(
    connection: Connection, entry: SuiteEntry, earlier: Sequence[EvalResult], examples: int
) -> tuple[DetectableDifference, ...]:
    """Return the detectable difference of each metric: of two earlier runs of different models if possible."""
    comparable = [run for run in earlier if set(run.scorers) & set(entry.scorers)]
    latest = comparable[:1] + [run for run in comparable[1:] if run.model != comparable[0].model][:1]
    outputs = [{one.position: one for one in runs.list_outputs(connection, run.id, limit=None)} for run in latest]
    scorers = scoring.build_scorers(entry.scorers)
    metrics = [scorer.label for scorer in scorers]
    if outputs:
        metrics = sorted({metric for one in outputs[0].values() for metric in one.scores}, key=_metric_order(metrics))
    return tuple(_detectable(metric, outputs, examples, scoring.find_scorer(scorers, metric)) for metric in metrics)


def _metric_order(labels: Sequence[str]) -> Any:
    return lambda metric: (next((i for i, label in enumerate(labels) if metric.startswith(label)), len(labels)), metric)


def _is_share(scorer: Scorer) -> bool:
    return scorer.total is None and scorer.best == 1.0 and scorer.higher_is_better is not None


def _detectable(
    metric: str, outputs: Sequence[dict[int, ScoredOutput]], examples: int, scorer: Scorer | None
) -> DetectableDifference:
    from vong.evals.statistics import minimum_detectable_difference

    columns = [{at: one.scores[metric] for at, one in run.items() if metric in one.scores} for run in outputs]
    deviation, basis = None, "no earlier run of these examples, and the metric is no share"
    if len(columns) == 2 and (shared := sorted(columns[0].keys() & columns[1].keys())):
        deviation = pstdev(columns[1][at] - columns[0][at] for at in shared)
        basis = "the differences of the last runs of two models"
    if not deviation and columns and columns[0]:
        deviation = pstdev(columns[0].values()) * 2**0.5
        basis = "the last run, as if the answers of two models were independent (an upper bound)"
    if not deviation and scorer is not None and _is_share(scorer):
        deviation, basis = 0.5 * 2**0.5, "a share of 0.5 with independent answers (the worst case)"
    value = minimum_detectable_difference(deviation / max(1, examples) ** 0.5) if deviation else None
    return DetectableDifference(scorer=metric, value=value, basis=basis)
