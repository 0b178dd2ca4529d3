"""Optimisations of prompts connected to datasets, scorers, jobs and prices: estimate, start and read them."""

from collections.abc import Sequence
from contextlib import suppress
from hashlib import sha256
from importlib.util import find_spec
from typing import NamedTuple
from uuid import UUID

from pydantic import Field
from sqlalchemy import Connection

from vong import data, jobs, prompts
from vong.access.principal import Principal
from vong.app.caller_client import caller_params
from vong.app.distillation import check_model_names
from vong.app.eval_estimates import find_price
from vong.app.platform import Platform
from vong.app.prompt_rows import find_variables
from vong.errors import Conflict, InvalidInput, NotFound, VongError
from vong.evals.scoring import build_scorers
from vong.prompts.optimiser import optimisations
from vong.prompts.optimiser.candidates import check_optimisable
from vong.prompts.optimiser.optimisations import Optimisation, OptimiserSettings
from vong.prompts.versions import qualify
from vong.records import Example, Job, Record, Usage, new_id, now
from vong.records.job import FINAL_STATUSES
from vong.records.prompt import PromptTemplate, PromptVersion
from vong.store.blobs import BlobStore

OPTIMISE = "prompts.optimise"
"""Kind of the job of an optimisation."""
CHARS_PER_TOKEN = 4
TYPICAL_OUTPUT_TOKENS = 200
"""Output tokens of a call if neither the prompt nor the settings limit them."""
MIN_ROWS = 2
"""Rows that each part needs."""


class OptimisationStart(Record):
    """Request to optimise a version of a prompt on a dataset."""

    dataset: str = Field(min_length=1, max_length=300)
    version: str | None = Field(default=None, min_length=1, max_length=100)
    settings: OptimiserSettings = OptimiserSettings()


class OptimisationStarted(Record):
    """Queued optimisation and its job. Both have the same id."""

    optimisation: Optimisation
    job: Job


class OptimisationEstimate(Record):
    """Estimate of an optimisation: rows, and the most calls and the largest cost that its limits allow.

    `cost` is in millionths of a US dollar, null if a price is unknown and no cost was set.
    """

    version: str
    model: str
    rows: dict[str, int]
    calls: int
    cost: int | None = None


class OptimiserRows(NamedTuple):
    """Rows of an optimisation: those that may become examples, those that score candidates, and held-out ones."""

    examples: list[tuple[int, Example]]
    validation: list[tuple[int, Example]]
    held_out: list[tuple[int, Example]]

    def to_counts(self) -> dict[str, int]:
        """Return the number of rows of each part."""
        return {"examples": len(self.examples), "validation": len(self.validation), "held_out": len(self.held_out)}


class _Plan(NamedTuple):
    version: PromptVersion
    dataset: str
    model: str
    rows: OptimiserRows


def estimate(platform: Platform, project_id: UUID, name: str, request: OptimisationStart) -> OptimisationEstimate:
    """Return the rows, the most calls and the largest cost of an optimisation.

    Raises: NotFound or InvalidInput as `start` does.
    """
    settings = request.settings
    with platform.scope(project_id) as connection:
        plan = _plan(connection, platform.blobs, name, request)
    calls = count_search_calls(settings, plan.rows) + 2 * len(plan.rows.held_out)
    return OptimisationEstimate(
        version=plan.version.ref,
        model=plan.model,
        rows=plan.rows.to_counts(),
        calls=calls,
        cost=_estimate_cost(platform, project_id, plan, settings, calls),
    )


def count_search_calls(settings: OptimiserSettings, rows: OptimiserRows) -> int:
    """Return the most calls that a search makes."""
    rounds = {
        "few_shot": settings.candidates + 3,
        "mipro": 2 * settings.candidates + 2,
        "gepa": settings.candidates + 1,
    }
    calls = rounds[settings.method] * len(rows.validation) + len(rows.examples) + 3 * settings.candidates
    return min(calls, settings.max_calls or calls)


def _estimate_cost(
    platform: Platform, project_id: UUID, plan: _Plan, settings: OptimiserSettings, calls: int
) -> int | None:
    price = find_price(platform, project_id, plan.model)
    if price is None:
        return settings.max_cost
    template = plan.version.template
    shown = len(str(template.to_document())) + sum(len(example.prompt_text) for _, example in plan.rows.validation) // (
        len(plan.rows.validation) or 1
    ) * (1 + settings.max_examples)
    output = settings.max_tokens or template.settings.get("max_tokens") or TYPICAL_OUTPUT_TOKENS
    output_tokens = output if isinstance(output, int) else TYPICAL_OUTPUT_TOKENS
    usage = Usage(input_tokens=calls * shown // CHARS_PER_TOKEN, output_tokens=calls * output_tokens)
    cost = price.cost_of_usage(usage)
    return min(cost, settings.max_cost) if cost is not None and settings.max_cost else cost


def start(
    platform: Platform,
    connection: Connection,
    name: str,
    request: OptimisationStart,
    *,
    principal: Principal,
    key: str | None = None,
) -> OptimisationStarted:
    """Record an optimisation and submit its job. A repeated `key` returns the first one.

    Raises:
        NotFound: The prompt, the dataset, the model or the scorer does not exist.
        InvalidInput: The prompt has no variables or names no model, a row does not fit, or the metric is unsuitable.
        OutOfScope: The key may not call a model.
    """
    settings = request.settings
    _check_installed()
    plan = _plan(connection, platform.blobs, name, request)
    check_model_names(
        platform, connection, [plan.model, *([settings.proposer] if settings.proposer else [])], principal
    )
    _check_price(platform, principal.project_id, plan.model, settings)
    job = jobs.submit(
        connection, OPTIMISE, {"by": principal.actor, "prompt": name, **caller_params(principal)}, id=new_id(), key=key
    )
    with suppress(NotFound):  # a repeated request
        return OptimisationStarted(optimisation=optimisations.get(connection, job.id), job=job)
    optimisation = Optimisation(
        id=job.id,
        prompt=plan.version.name,
        base=plan.version.ref,
        dataset=plan.dataset,
        model=plan.model,
        settings=settings,
        status="queued",
        rows=plan.rows.to_counts(),
        created_by=principal.actor,
        created_at=now(),
    )
    optimisations.store(connection, optimisation)
    return OptimisationStarted(optimisation=optimisation, job=job)


def read_rows(
    connection: Connection, blobs: BlobStore, dataset: str, template: PromptTemplate, settings: OptimiserSettings
) -> OptimiserRows:
    """Return the rows of an optimisation. The same settings give the same rows.

    Raises: InvalidInput if a part has too few rows, a row has no completion, or it does not fit the prompt.
    """
    version = data.find(connection, dataset)
    if settings.split == settings.held_out_split:
        raise InvalidInput(f"both parts use the split {settings.split!r}", "name another split with held_out_split")
    searched = _choose(list(data.read(blobs, version, settings.split)), settings.limit, settings.seed)
    held_out = _choose(list(data.read(blobs, version, settings.held_out_split)), settings.held_out_limit, settings.seed)
    known = {example.prompt_text for _, example in searched}
    held_out = [row for row in held_out if row[1].prompt_text not in known]
    for split, rows, needed in (
        (settings.split, searched, 2 * MIN_ROWS),
        (settings.held_out_split, held_out, MIN_ROWS),
    ):
        if len(rows) < needed:
            raise InvalidInput(
                f"the split {split!r} of {version.ref} has {len(rows)} usable rows, and at least {needed} are needed",
                "add rows, or split the dataset: vong data split",
            )
    for number, example in (*searched, *held_out):
        if example.completion is None:
            raise InvalidInput(f"row {number} of {version.ref} has no completion", "add the expected answer")
        find_variables(template, example, number)
    middle = len(searched) // 2
    return OptimiserRows(searched[:middle], searched[middle:], held_out)


def sync(connection: Connection, found: Sequence[Optimisation]) -> list[Optimisation]:
    """Return optimisations, updated first if their job failed or was cancelled and could not record that itself."""
    current: list[Optimisation] = []
    for one in found:
        if one.status not in FINAL_STATUSES:
            with suppress(NotFound):
                job = jobs.get(connection, one.id)
                if job.status in {"failed", "cancelled"}:
                    optimisations.change(connection, one.id, {"status": job.status, "finished_at": job.finished_at})
                    one = optimisations.get(connection, one.id)
        current.append(one)
    return current


def delete(connection: Connection, id: UUID) -> None:
    """Delete an optimisation. The versions that it made remain.

    Raises: Conflict if its job has not ended.
    """
    (found,) = sync(connection, [optimisations.get(connection, id)])
    if found.status not in FINAL_STATUSES:
        raise Conflict(f"optimisation {str(id)!r} is {found.status}", f"cancel it first: vong jobs cancel {id}")
    optimisations.remove(connection, id)


def _plan(connection: Connection, blobs: BlobStore, name: str, request: OptimisationStart) -> _Plan:
    settings = request.settings
    ref = name if request.version is None else qualify(name, request.version)
    version = prompts.find(connection, ref)
    check_optimisable(version.template)
    model = settings.model or version.template.model
    if model is None:
        raise InvalidInput(f"the prompt {version.ref} names no model", "name a route or model: --model NAME")
    _check_scorer(settings)
    rows = read_rows(connection, blobs, request.dataset, version.template, settings)
    return _Plan(version, data.find(connection, request.dataset).ref, model, rows)


def _check_scorer(settings: OptimiserSettings) -> None:
    (scorer,) = build_scorers([settings.scorer])
    metric = settings.metric or scorer.label
    if scorer.scorer.higher_is_better is None:
        raise InvalidInput(
            f"the metric {metric!r} has no better direction",
            "choose a scorer whose larger or smaller values are better",
        )


def _check_price(platform: Platform, project_id: UUID, model: str, settings: OptimiserSettings) -> None:
    """Raise InvalidInput if a cost limit cannot be observed."""
    if settings.max_cost is None:
        return
    for name in (model, settings.proposer or model):
        if find_price(platform, project_id, name) is None:
            raise InvalidInput(
                f"max_cost needs the price of {name!r}, which is unknown",
                "set it with: vong gateway prices set, or limit the calls with max_calls",
            )


def _check_installed() -> None:
    if find_spec("dspy") is None:
        raise VongError("the optimiser is not installed", "install it: pip install 'vong[optimise]'")


def _choose(examples: Sequence[Example], limit: int, seed: int) -> list[tuple[int, Example]]:
    """Return at most `limit` rows with their numbers in an order that depends on the seed and their content only."""
    numbered = list(enumerate(examples))
    return sorted(numbered, key=lambda row: sha256(f"{seed}:{row[1].hash}".encode()).hexdigest())[:limit]
