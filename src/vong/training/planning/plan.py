"""Training plan: steps, tokens, memory, time and cost of a run, and settings that would fit instead."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel

from vong.errors import InvalidInput
from vong.records import Record
from vong.training.models.context_length import limit_row_length
from vong.training.planning import speed
from vong.training.planning.machine import Machine
from vong.training.planning.measurements import Measurement, has_equal_settings, select_measurement
from vong.training.planning.memory import FrozenModel, LargestBatch, MemoryEstimate, estimate_memory
from vong.training.planning.model_structure import ModelStructure, count_adapter_parameters
from vong.training.planning.needs import Needs
from vong.training.planning.row_lengths import RowLength, RowLengths
from vong.training.planning.traits import RecipeTraits
from vong.training.rows.batch_parts import count_parts

DEFAULT_TRAITS = RecipeTraits()
EVALUATIONS_PER_RUN = 8
ADAPTER_CHECKPOINT_STEPS = 10
IDLE_SHARE = 0.75
"""Share of the CPU cores that the steps of a probe use at least on an idle machine (measured: 0.95)."""
MAX_SMALL_PARAMETERS = 30_000_000
"""Up to this size all weights can be trained at the learning rate of an adapter."""


class SettingChoice(Record):
    """Setting that the planner chose, its value, and the reason."""

    setting: str
    value: Any
    reason: str


class PlanAlternative(Record):
    """Settings that would fit: the changes, a description, and the memory and time of the run with them."""

    changes: dict[str, Any]
    description: str
    memory_bytes: int
    seconds: float
    cost: float | None = None


class TrainingPlan(Record):
    """Plan of a training run, in bytes and seconds.

    `rate_source` and `memory_source` explain where the values come from; `measured` is True if the rate was measured on
    this machine. `seconds` is the whole run: loading the model (`startup_seconds`), training all of its steps,
    evaluations and checkpoints; early stopping can end it sooner. `cost` is in US dollars, and null unless the setting
    machine_price_per_hour is set. `fits` compares `memory_bytes` with `memory_limit_bytes`. `settings` are the values
    that were chosen automatically.
    """

    rows: int
    validation_rows: int
    left_out: int
    steps: int
    tokens: int
    tokens_per_second: float
    rate_source: str
    measured: bool
    seconds: float
    startup_seconds: float
    memory_bytes: int
    memory_source: str
    memory_parts: MemoryEstimate
    memory_limit_bytes: int
    fits: bool
    machine: str
    machine_price_per_hour: float | None = None
    cost: float | None = None
    parameters: int
    trained_parameters: int
    choices: tuple[SettingChoice, ...] = ()
    alternatives: tuple[PlanAlternative, ...] = ()
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class PlanInputs:
    """What a plan depends on beside the settings. Measurements are ordered from the newest to the oldest.

    `frozen` are the teacher or the reward model of the run. `resize` returns the shape of a model that is trained from
    scratch with other settings. `context_length` is that of the base: rows longer than it are left out.
    """

    recipe: str
    dataset: str
    shape: ModelStructure
    train: RowLengths
    validation: RowLengths
    machine: Machine
    traits: RecipeTraits = DEFAULT_TRAITS
    measurements: Sequence[Measurement] = ()
    price_per_hour: float | None = None
    frozen: tuple[FrozenModel, ...] = ()
    resize: Callable[[BaseModel], ModelStructure] | None = None
    context_length: int | None = None


class Workload(Record):
    """Amount of work of a run: rows, steps, tokens, evaluations, checkpoints and the largest batch."""

    rows: int
    validation_rows: int
    left_out: int
    steps: int
    tokens: int
    evaluations: int
    evaluation_tokens: int
    checkpoints: int
    largest: LargestBatch


def estimate(inputs: PlanInputs, settings: BaseModel) -> TrainingPlan:
    """Return the plan of a run with these settings, without alternatives.

    Raises:
        InvalidInput: No row is left to train on, or `target_modules` matches no layer.
    """
    needs = Needs.of(limit_row_length(settings, inputs.context_length))
    work = count_workload(inputs, needs)
    trained = count_trained_parameters(inputs.shape, needs)
    measured = select_measurement(inputs.measurements, needs, inputs.recipe, inputs.machine.name)
    others = sum(one.parameters for one in inputs.frozen)
    rate = speed.estimate_rate(inputs.shape, needs, inputs.traits, inputs.machine, measured, others)
    memory = estimate_memory(inputs.shape, trained, work.largest, needs, inputs.traits, inputs.machine, inputs.frozen)
    peak, memory_source = memory.peak_bytes, "the memory model"
    same = measured is not None and measured.dataset == inputs.dataset and has_equal_settings(measured, needs)
    if measured and same and measured.peak_memory_bytes:
        peak, memory_source = measured.peak_memory_bytes, measured.source
    startup = _startup_seconds(inputs, measured)
    seconds = startup + _training_seconds(
        work, rate, trained, measured, speed.sample_cost(inputs.shape, needs, inputs.machine)
    )
    cost = None if inputs.price_per_hour is None else round(seconds / 3600 * inputs.price_per_hour, 6)
    limit = inputs.machine.memory_limit_bytes
    return TrainingPlan(
        rows=work.rows,
        validation_rows=work.validation_rows,
        left_out=work.left_out,
        steps=work.steps,
        tokens=work.tokens,
        tokens_per_second=round(rate.tokens_per_second, 1),
        rate_source=rate.source,
        measured=rate.is_measured,
        seconds=round(seconds, 1),
        startup_seconds=round(startup, 1),
        memory_bytes=peak,
        memory_source=memory_source,
        memory_parts=memory,
        memory_limit_bytes=limit,
        fits=peak <= limit,
        machine=inputs.machine.name,
        machine_price_per_hour=inputs.price_per_hour,
        cost=cost,
        parameters=inputs.shape.parameters,
        trained_parameters=trained,
        notes=(*build_notes(work, needs, inputs.shape.parameters), *describe_load(measured, inputs.machine)),
    )


def count_workload(inputs: PlanInputs, needs: Needs) -> Workload:
    """Return the amount of work of a run.

    Raises:
        InvalidInput: No row is left to train on.
    """
    train, left_out = _usable(inputs.train, needs)
    if not train.rows:
        raise InvalidInput("no rows left to train on", "add rows with a completion, or raise max_length")
    validation, validation_left_out = _usable(inputs.validation, needs)
    sequences = inputs.traits.sequences
    epoch_tokens = _mean_tokens(train.rows, sequences) * train.total * needs.generations
    epoch_tokens += train.total * needs.generations * needs.generated_tokens
    batches = train.total / needs.batch_size
    if needs.packing:
        batches = epoch_tokens / needs.max_length / needs.batch_size
    epochs = float(needs.get("epochs", 1.0))
    per_epoch = math.ceil(math.ceil(batches) / needs.accumulation)
    steps = max(1, math.ceil(per_epoch * epochs))
    steps = min(steps, int(needs.get("max_steps", steps)) or steps)
    tokens = epoch_tokens * min(epochs, steps / per_epoch)
    eval_every = int(needs.get("eval_every", 0)) or max(1, math.ceil(steps / EVALUATIONS_PER_RUN))
    default_interval = ADAPTER_CHECKPOINT_STEPS if needs.trains_adapter else eval_every
    save_every = int(needs.get("checkpoint_every", 0)) or default_interval
    return Workload(
        rows=train.total,
        validation_rows=validation.total,
        left_out=left_out + validation_left_out,
        steps=steps,
        tokens=int(tokens),
        evaluations=math.ceil(steps / eval_every) if validation.rows else 0,
        evaluation_tokens=int(_mean_tokens(validation.rows, sequences) * validation.total),
        checkpoints=math.ceil(steps / save_every),
        largest=find_largest_batch(train, needs, inputs.traits, on_cpu=inputs.machine.device == "cpu"),
    )


def find_largest_batch(
    lengths: RowLengths, needs: Needs, traits: RecipeTraits, *, on_cpu: bool = False
) -> LargestBatch:
    """Return the batch of the longest rows, padded to the longest of them, or the part of it that a CPU computes."""
    longest = sorted((*lengths.rows, *lengths.longest), key=lambda row: row.longest, reverse=True)
    count = min(needs.batch_size, lengths.total)
    batch = longest[:count]
    tokens = count * needs.generations * traits.sequences * (batch[0].longest + needs.generated_tokens)
    if needs.packing:
        tokens = needs.batch_size * needs.max_length
        share = sum(row.completion for row in lengths.rows) / max(1, sum(row.longest for row in lengths.rows))
        return LargestBatch(tokens=tokens, logit_positions=tokens if traits.all_logits else math.ceil(tokens * share))
    prefix = lengths.shared_prefix if needs.shares_prefix and batch[0].longest > lengths.shared_prefix else 0
    parts = 1
    if needs.computes_parts and on_cpu:
        parts = count_parts(needs.batch_size, _mean_tokens(lengths.rows, 1), prefix)
        count = math.ceil(count / parts)
        batch, tokens = batch[:count], math.ceil(tokens / parts)
    tokens -= (count - 1) * prefix
    answers = sum(row.completion for row in batch) / len(batch) * count
    positions = tokens if traits.all_logits else math.ceil(answers)
    return LargestBatch(tokens=tokens, logit_positions=positions, parts=parts)


def count_trained_parameters(shape: ModelStructure, needs: Needs) -> int:
    """Return the number of trained parameters."""
    if not needs.trains_adapter:
        return shape.parameters
    modules = needs.get("target_modules", "all-linear")
    return count_adapter_parameters(shape, int(needs.get("lora_rank", 16)), modules)


def build_notes(work: Workload, needs: Needs, parameters: int) -> tuple[str, ...]:
    """Return the warnings for the user before the start."""
    warnings: list[str] = []
    if work.left_out:
        warnings.append(f"{work.left_out} rows are longer than max_length {needs.max_length} and will be left out")
    if not work.validation_rows:
        warnings.append("no validation rows: overfitting cannot be detected, and early stopping is disabled")
    tunes_large_base = needs.method == "full" and not needs.trains_from_scratch and parameters > MAX_SMALL_PARAMETERS
    if tunes_large_base and float(needs.get("learning_rate", 0)) > 2e-4:
        warnings.append("this learning rate is meant for an adapter; lower it to about 5e-5 for full fine-tuning")
    return tuple(warnings)


def describe_load(measured: Measurement | None, machine: Machine) -> tuple[str, ...]:
    """Return a warning if other processes used the CPU while the rate of a plan was measured."""
    if measured is None or measured.cpu_cores is None or machine.device != "cpu":
        return ()
    if measured.cpu_cores >= IDLE_SHARE * machine.cores:
        return ()
    return (
        f"{measured.source} had {measured.cpu_cores:.1f} of {machine.cores} CPU cores, because other processes used "
        "the rest; the time holds for such a load: probe again on the idle machine",
    )


def _usable(lengths: RowLengths, needs: Needs) -> tuple[RowLengths, int]:
    """Return the rows within max_length, scaled to the whole dataset, and the number of longer rows."""
    if not lengths.rows or needs.cuts_rows:
        return lengths, 0
    rows = tuple(row for row in lengths.rows if row.longest <= needs.max_length)
    longest = tuple(row for row in lengths.longest if row.longest <= needs.max_length)
    total = round(lengths.total * len(rows) / len(lengths.rows))
    return RowLengths(rows, total, longest), lengths.total - total


def _mean_tokens(rows: Sequence[RowLength], sequences: int) -> float:
    return sum(row.total(sequences) for row in rows) / max(1, len(rows))


def _startup_seconds(inputs: PlanInputs, measured: Measurement | None) -> float:
    if measured and measured.startup_seconds is not None:
        return measured.startup_seconds
    parameters = inputs.shape.parameters + sum(one.parameters for one in inputs.frozen)
    return speed.LIBRARY_SECONDS + 4 * parameters / speed.READ_BYTES_PER_SECOND


def _training_seconds(
    work: Workload, rate: speed.Rate, trained: int, measured: Measurement | None, samples: speed.SampleCost
) -> float:
    # A measured rate contains the overhead of its steps.
    overhead = 0.0 if rate.is_measured else work.steps * speed.STEP_OVERHEAD_SECONDS
    checkpoint = 12 * trained / speed.WRITE_BYTES_PER_SECOND
    # A forward pass is a third of a training step.
    evaluation = work.evaluation_tokens / (3 * rate.tokens_per_second)
    after_evaluation, finish = samples.seconds + checkpoint, 0.0
    if measured:
        per_row = measured.evaluation_seconds_per_row
        evaluation = evaluation if per_row is None else per_row * work.validation_rows
        after_evaluation = _first_known(measured.evaluation_overhead_seconds, after_evaluation)
        checkpoint = _first_known(measured.checkpoint_seconds, checkpoint)
        finish = _first_known(measured.finish_seconds, finish)
    training = work.tokens / rate.tokens_per_second + overhead
    return training + work.evaluations * (evaluation + after_evaluation) + work.checkpoints * checkpoint + finish


def _first_known(value: float | None, default: float) -> float:
    return default if value is None else value
