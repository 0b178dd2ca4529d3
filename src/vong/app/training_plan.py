"""Plans and probes of training runs: inputs from datasets, the registry, earlier runs and this machine."""

import threading
from collections.abc import Callable, Hashable, Sequence
from functools import partial
from typing import Any

from cachetools import LRUCache
from pydantic import BaseModel
from sqlalchemy import Connection

from vong import experiments, jobs, plugins, training
from vong.access.principal import Principal
from vong.app.caller_client import find_caller
from vong.app.distillation import check_called_models
from vong.app.platform import Platform
from vong.app.registry import base_model
from vong.app.training import TrainingRequest, parse_settings, pin_datasets, resolve_base
from vong.app.training import start as start_training
from vong.app.training_base import check_files, check_start, check_targets, find_base, read_json
from vong.app.training_checks import check_training, find_reward_model
from vong.app.training_datasets import DatasetPart, read_training_rows, read_validation_rows, resolve_datasets
from vong.errors import InvalidInput
from vong.records import Example, Job, ModelVersion
from vong.records.run import TrainingStarted
from vong.training import planning
from vong.training.models.context_length import read_context_length
from vong.training.models.model_size import BYTES_PER_TOKEN
from vong.training.planning.choices import AUTOMATIC_SETTINGS
from vong.training.planning.row_lengths import load_template
from vong.training.recipes.pretrain import choose_config, choose_vocab_size
from vong.training.recipes.pretrain_settings import PretrainSettings
from vong.training.recipes.provider import ProviderRecipe
from vong.training.rows.row_requirements import divide_prompt

AUTO = "auto"
"""Value of a setting that the planner chooses."""

PROBE_KIND = "training.probe"
MAX_MEASUREMENTS = 50
"""Newest probes and runs that are considered for a plan."""

LENGTH_CACHE_ENTRIES = 16

_lengths: LRUCache[Hashable, planning.RowLengths] = LRUCache(LENGTH_CACHE_ENTRIES)
_lengths_lock = threading.Lock()


def plan(platform: Platform, connection: Connection, request: TrainingRequest) -> planning.TrainingPlan:
    """Return the plan of a run: memory, time and cost, and settings that fit if the run does not."""
    request, automatic = split_automatic(request)
    settings = parse_settings(request)
    return planning.plan_run(collect_inputs(platform, connection, request, settings), settings, automatic)


def start(
    platform: Platform,
    connection: Connection,
    request: TrainingRequest,
    key: str | None = None,
    principal: Principal | None = None,
) -> TrainingStarted:
    """Start a run. Automatic settings are chosen now, and recorded in the run with their reasons.

    Teachers and judges are called on behalf of `principal`.
    """
    resolved, plan = choose_settings(platform, connection, request)
    if principal is not None:
        check_called_models(platform, connection, parse_settings(resolved), principal)
    started = start_training(platform, connection, resolved, key, find_caller(principal) if principal else None)
    if plan is None:
        return started
    summary = {
        "automatic_settings": [f"{one.setting} = {_to_text(one.value)}: {one.reason}" for one in plan.choices],
        "planned_seconds": plan.seconds,
        "planned_memory_bytes": plan.memory_bytes,
    }
    run = experiments.update_summary(connection, started.run.id, summary)
    return TrainingStarted(run=run, job=started.job)


def start_probe(platform: Platform, connection: Connection, request: TrainingRequest, key: str | None = None) -> Job:
    """Queue a probe: 20 steps of the run, which measure its rate and memory. Later plans use the result."""
    if request.recipe == ProviderRecipe.name:
        raise InvalidInput("a job at a provider cannot be measured here", "plan it without a probe")
    resolved, _ = choose_settings(platform, connection, request)
    settings = parse_settings(resolved)
    base, parts = resolve_base(connection, resolved), resolve_datasets(connection, resolved)
    check_training(platform.blobs, connection, resolved.recipe, settings, resolved, parts)
    settings = check_start(platform, connection, base, settings, resolved, resolved.recipe) if base else settings
    params = {**resolved.model_dump(mode="json"), **pin_datasets(parts), "base": base and base.ref}
    return jobs.submit(connection, PROBE_KIND, {**params, "settings": settings.model_dump(mode="json")}, key=key)


def choose_settings(
    platform: Platform, connection: Connection, request: TrainingRequest
) -> tuple[TrainingRequest, planning.TrainingPlan | None]:
    """Return the request with automatic settings chosen, and the plan of its run. Without any, the plan is None."""
    explicit, automatic = split_automatic(request)
    if automatic is None:
        return explicit, None
    settings = parse_settings(explicit)
    plan = planning.plan_run(collect_inputs(platform, connection, explicit, settings), settings, automatic)
    chosen = {one.setting: one.value for one in plan.choices}
    return explicit.model_copy(update={"settings": {**explicit.settings, **chosen}}), plan


def split_automatic(request: TrainingRequest) -> tuple[TrainingRequest, frozenset[str] | None]:
    """Return the request with its explicit settings only, and the names of the settings to choose, or None.

    Raises:
        InvalidInput: A setting that the planner cannot choose has the value `auto`.
    """
    named = {name for name, value in request.settings.items() if value == AUTO}
    unsupported = named - set(AUTOMATIC_SETTINGS)
    if unsupported:
        name = min(unsupported)
        raise InvalidInput(
            f"setting {name!r} cannot be {AUTO!r}",
            f"set a value; these can be {AUTO!r}: {', '.join(AUTOMATIC_SETTINGS)}",
        )
    explicit = {name: value for name, value in request.settings.items() if value != AUTO}
    names = named | (set(AUTOMATIC_SETTINGS) - set(explicit) if request.auto else set())
    plain = request.model_copy(update={"settings": explicit, "auto": False})
    # The precision is chosen by its own default.
    return plain, frozenset(names) if names - {"dtype"} else None


def collect_inputs(
    platform: Platform, connection: Connection, request: TrainingRequest, settings: BaseModel
) -> planning.PlanInputs:
    """Return what the plan of a request depends on."""
    base, parts = resolve_base(connection, request), resolve_datasets(connection, request)
    check_training(platform.blobs, connection, request.recipe, settings, request, parts)
    seed = getattr(settings, "seed", 0)

    def read(validation: bool) -> Sequence[Example]:
        if validation:
            return read_validation_rows(platform.blobs, parts, request.validation_split)
        return read_training_rows(platform.blobs, parts, request.train_split, seed).rows

    resize = None
    if base is None:
        rows = [read(validation) for validation in (False, True)]
        resize, lengths = _structure_from_scratch(rows)
        shape = resize(settings)
    else:
        weights = base_model(connection, base)
        check_files(platform, weights)
        check_targets(platform, weights, settings, request.recipe)
        shape = _read_structure(platform, weights)
        identity = (weights.hash, describe_parts(parts), request.recipe, getattr(settings, "loss_on", None), seed)
        splits = (request.train_split, request.validation_split)
        lengths = [
            _cached_lengths(
                (*identity, split, validation), platform, weights, partial(read, validation), settings, request.recipe
            )
            for validation, split in zip((False, True), splits, strict=True)
        ]
    return planning.PlanInputs(
        recipe=request.recipe,
        dataset=describe_parts(parts),
        shape=shape,
        train=lengths[0],
        validation=lengths[1],
        machine=planning.detect_machine(platform.settings.cpu_threads),
        traits=planning.recipe_traits(request.recipe, plugins.load_extension("recipe", request.recipe), settings),
        measurements=load_measurements(connection, base.ref if base else "", request.recipe),
        price_per_hour=platform.settings.machine_price_per_hour,
        frozen=_find_frozen_models(platform, connection, settings),
        resize=resize,
        context_length=_read_context(platform, base_model(connection, base)) if base else None,
    )


def _read_structure(platform: Platform, weights: ModelVersion) -> planning.ModelStructure:
    """Return the shape of a model with complete weights."""
    config = read_json(platform, weights, "config.json")
    return planning.read_model_structure(config, platform.settings.home_folder / "cache" / "model_structures")


def _find_frozen_models(
    platform: Platform, connection: Connection, settings: BaseModel
) -> tuple[planning.FrozenModel, ...]:
    """Return the models that a run loads beside its own: a local teacher, and a reward model.

    Raises:
        NotFound: The project has no such model.
        InvalidInput: The teacher's weights cannot be loaded here.
    """
    found: list[tuple[str, ModelVersion, bool]] = []
    if getattr(settings, "source", None) == "logits":
        found.append(("teacher", find_base(connection, getattr(settings, "teacher", "")), True))
    reward_model = find_reward_model(connection, settings)
    if reward_model is not None:
        found.append(("reward model", reward_model, False))
    return tuple(
        planning.FrozenModel(
            role=role,
            ref=version.ref,
            parameters=_read_structure(platform, base_model(connection, version)).parameters,
            half=half,
        )
        for role, version, half in found
    )


def _read_context(platform: Platform, weights: ModelVersion) -> int | None:
    return read_context_length(read_json(platform, weights, "config.json")) if "config.json" in weights.files else None


def _structure_from_scratch(
    splits: Sequence[Sequence[Example]],
) -> tuple[Callable[[BaseModel], planning.ModelStructure], list[planning.RowLengths]]:
    """Return the shape of the model that pre-training chooses for settings, and the estimated lengths of documents."""
    lengths: list[planning.RowLengths] = []
    sizes = [[len((row.text or "").encode()) for row in rows if row.text] for rows in splits]
    for split in sizes:
        rows = tuple(planning.RowLength(0, max(1, int(size / BYTES_PER_TOKEN))) for size in split)
        lengths.append(planning.RowLengths(rows, len(rows)))
    size = sum(sizes[0])

    def choose(settings: BaseModel) -> planning.ModelStructure:
        chosen = PretrainSettings.model_validate(settings.model_dump())
        config = choose_config(int(size / BYTES_PER_TOKEN), choose_vocab_size(size, chosen), chosen)
        return planning.read_model_structure({"model_type": "llama", **config})

    return choose, lengths


def describe_parts(parts: Sequence[DatasetPart]) -> str:
    """Return one text that identifies the datasets of a run with their weights."""
    return ", ".join(f"{part.version.ref}*{part.weight}" if part.weight else part.version.ref for part in parts)


def load_measurements(connection: Connection, base: str, recipe: str) -> list[planning.Measurement]:
    """Return the measurements of this base and recipe: first those of probes, then those of runs, newest first."""
    found: list[planning.Measurement] = []
    for job in jobs.list_jobs(connection, kind=PROBE_KIND, status="finished", limit=MAX_MEASUREMENTS):
        if (job.params.get("base") or "") == base and job.result and job.result.get("measurement"):
            found.append(planning.Measurement.model_validate(job.result["measurement"]))
    for run in experiments.list_runs(connection, status="finished", base=base, limit=MAX_MEASUREMENTS):
        rate, machine = run.summary.get("tokens_per_second"), run.summary.get("machine")
        if rate and machine and run.recipe == recipe:
            found.append(
                planning.Measurement(
                    source=f"run {run.name} of {run.created_at:%Y-%m-%d} on this machine",
                    is_probe=False,
                    machine=machine,
                    recipe=run.recipe,
                    settings=run.settings,
                    tokens_per_second=float(rate),
                    peak_memory_bytes=run.summary.get("peak_memory_bytes"),
                    dataset=None if "datasets" in run.settings else run.dataset,
                )
            )
    return found


def _cached_lengths(
    key: Hashable, platform: Platform, base: ModelVersion, read: Any, settings: BaseModel, recipe: str
) -> planning.RowLengths:
    with _lengths_lock:
        known = _lengths.get(key)
    if known is not None:
        return known
    from tokenizers import Tokenizer

    tokenizer = Tokenizer.from_buffer(platform.blobs.get(base.files["tokenizer.json"]))
    config = base.files.get("tokenizer_config.json")
    template = load_template(base.chat_template, platform.blobs.get(config) if config else None)
    measured = planning.measure_rows(_trainable(read(), settings, recipe), tokenizer, template)
    with _lengths_lock:
        _lengths[key] = measured
    return measured


def _trainable(rows: Sequence[Example], settings: BaseModel, recipe: str) -> Sequence[Example]:
    """Return the rows that a recipe trains."""
    if recipe == "sft":
        return training.select_trainable(rows, getattr(settings, "loss_on", "last"), documents=True).examples
    weighted = [divide_prompt(row) for row in rows if row.weight > 0]
    if recipe != "kto":
        return weighted
    judged: list[Example] = []
    for row in weighted:
        parts = [part for part in (row.completion, row.rejected) if part]
        judged += [row.model_copy(update={"completion": part, "rejected": None}) for part in parts]
    return judged


def _to_text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
