"""Run of a trainer: resume, monitor, best weights and summary. All recipes that use a trainer share it."""

import copy
import gc
import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, NamedTuple

from pydantic import ValidationError

from vong.errors import Conflict, TrainingDiverged
from vong.training.device import Device, select_device
from vong.training.models.fast_linear import use_onednn_linears
from vong.training.models.gated_mlp import recompute_gated_mlps
from vong.training.models.model_loading import own_tokenizer_files, restore_precision, save_weights
from vong.training.progress import TrainingReporter
from vong.training.recipe_interface import TrainingContext, TrainingResult
from vong.training.runs import checkpoints
from vong.training.runs.callback import build_callback
from vong.training.runs.divergence import Diverged, Rewind, load_rewinds, rate_factor, save_rewinds
from vong.training.runs.failures import explain_failures
from vong.training.runs.monitor import BestMetric, MonitorPolicy, MonitorState, TrainingMonitor
from vong.training.runs.out_of_memory import equivalent_settings, keep_row_order
from vong.training.runs.samples import SampleLimits, SampleWriter, limit_tokens, select_prompts
from vong.training.runs.utilization import UtilizationMeter
from vong.training.settings import TrainingSettings

EVALUATIONS_PER_RUN = 8
"""Evaluations of a run if the setting eval_every is unset."""
ADAPTER_CHECKPOINT_STEPS = 10
"""Steps between two checkpoints of an adapter if the setting checkpoint_every is unset."""


@dataclass(frozen=True)
class TrainerSetup:
    """Trainer that a recipe has built.

    `model` and `tokenizer` are saved as weights. `summary` holds further metrics, and `summarize` returns
    the metrics that are known only at the end.
    """

    trainer: Any
    model: Any
    tokenizer: Any
    summary: dict[str, Any] = field(default_factory=dict[str, Any])
    summarize: Callable[[], dict[str, Any]] = dict


class Attempt(NamedTuple):
    """One attempt to train: the newest complete checkpoint and its state, the rewinds so far, and the device."""

    checkpoint: tuple[Path, dict[str, Any]] | None
    rewinds: Sequence[Rewind]
    device: Device


def run_trainer(
    context: TrainingContext,
    settings: TrainingSettings,
    reporter: TrainingReporter,
    build: Callable[[Device], TrainerSetup],
) -> TrainingResult:
    """Build a trainer, train or resume from the newest complete checkpoint, and return the best weights.

    If the run diverges, it returns to the newest complete checkpoint and continues with a lower learning rate. The
    rewinds are stored first, so that a resumed run repeats them exactly.

    Raises:
        Conflict: The checkpoints in the folder were created with other settings.
        TrainingDiverged: The run diverged more often than `max_rewinds`.
        Misconfigured: A checkpoint could not be written.
    """
    from transformers.utils import logging

    logging.disable_progress_bar()
    device = select_device(settings.dtype, context.threads)
    while True:
        rewinds = load_rewinds(context.folder)
        if rewinds:
            checkpoints.remove_stale(context.folder, rewinds[-1].checkpoint_step, len(rewinds))
        attempt = Attempt(checkpoints.latest_checkpoint(context.folder), rewinds, device)
        state = _load_state(attempt, settings, reporter)
        state.rewinds = len(rewinds)
        try:
            with explain_failures(context.folder):
                return _train(context, settings, reporter, build, attempt, state)
        except Diverged as error:
            divergence = error.with_traceback(None)  # the traceback refers to the model
        gc.collect()
        _rewind(context, settings, reporter, attempt, state, divergence)


def _load_state(attempt: Attempt, settings: TrainingSettings, reporter: TrainingReporter) -> MonitorState:
    """Return the monitor's state of the checkpoint, or a new one."""
    if attempt.checkpoint is None:
        return MonitorState()
    folder, saved = attempt.checkpoint[0], dict(attempt.checkpoint[1])
    if not _are_equal_settings(saved.pop("settings"), settings):
        raise Conflict("the checkpoints of this run were created with other settings", "start a new run")
    reporter.log(f"resuming from {folder.name}")
    return MonitorState(**saved)


def _are_equal_settings(saved: dict[str, Any], settings: TrainingSettings) -> bool:
    """Compare settings. A setting that a newer version has added has its default in older checkpoints."""
    try:
        known = type(settings).model_validate(saved)
    except ValidationError:
        return False
    # A run that ran out of memory continues with a smaller batch.
    return equivalent_settings(known.model_dump()) == equivalent_settings(settings.model_dump())


def _train(
    context: TrainingContext,
    settings: TrainingSettings,
    reporter: TrainingReporter,
    build: Callable[[Device], TrainerSetup],
    attempt: Attempt,
    state: MonitorState,
) -> TrainingResult:
    from transformers import PrinterCallback, set_seed

    set_seed(settings.seed)
    setup = build(attempt.device)
    use_onednn_linears(setup.model)
    if not settings.gradient_checkpointing:
        recompute_gated_mlps(setup.model)
    restore_precision(setup.model)
    tokenizer_files = own_tokenizer_files(context, settings)
    trainer = setup.trainer
    keep_row_order(context.folder, getattr(trainer, "sampler", None))

    def save(step: int) -> str:
        return save_weights(
            context.folder, context.base_ref, setup.model, setup.tokenizer, step, tokenizer_files=tokenizer_files
        )

    monitor = TrainingMonitor(
        reporter,
        state,
        _build_policy(settings, trainer, attempt.rewinds),
        save_best=save if settings.keep_best else None,
        meter=UtilizationMeter(attempt.device, context.threads),
    )
    samples = _build_samples(context, settings, setup, reporter)
    if samples:
        samples.write_base()
    write_samples = samples.write if samples else lambda _step, _total: dict[str, float]()
    trainer.remove_callback(PrinterCallback)
    callback = build_callback(monitor, trainer, settings.model_dump(mode="json"), write_samples)
    trainer.add_callback(callback)
    started_at = time.monotonic()
    path = attempt.checkpoint[0] if attempt.checkpoint else None
    if not state.stopped:
        trainer.train(resume_from_checkpoint=str(path) if path else None)
    step = trainer.state.global_step or (checkpoints.checkpoint_step(path) if path else 0)
    name = state.best if settings.keep_best and state.best else save(step)
    previous_seconds = attempt.checkpoint[1]["seconds"] if attempt.checkpoint else 0.0
    state.peak_memory = max(state.peak_memory, attempt.device.peak_memory())
    summary = {
        **_summarize(state, trainer),
        **_summarize_best_metric(settings, state),
        **setup.summary,
        **setup.summarize(),
        "device": attempt.device.name,
        "dtype": attempt.device.dtype,
        "resumed": path is not None,
        "rewinds": len(attempt.rewinds),
        "skipped_batches": state.skipped,
        "seconds": round(time.monotonic() - started_at + previous_seconds, 1),
    }
    return TrainingResult(context.folder / name, _result_kind(settings), summary, times=callback.times)


def _summarize_best_metric(settings: TrainingSettings, state: MonitorState) -> dict[str, Any]:
    if settings.best_metric == "eval_loss":
        return {}
    return {"best_metric": settings.best_metric, "best_value": state.best_value}


def _result_kind(settings: TrainingSettings) -> Literal["adapter", "merged"]:
    return "adapter" if settings.method == "lora" else "merged"


def _build_policy(settings: TrainingSettings, trainer: Any, rewinds: Sequence[Rewind]) -> MonitorPolicy:
    metric = BestMetric(settings.best_metric, "min" if settings.best_metric == "eval_loss" else "max")
    return MonitorPolicy(
        patience=settings.early_stopping_patience,
        best_metric=metric,
        spike_deviations=settings.spike_deviations,
        rate_factor=rate_factor(rewinds),
        rows_of_step=lambda step: rows_of_step(trainer, settings, step),
        warns_of_overfitting=getattr(trainer, "warns_of_overfitting", True),
    )


def rows_of_step(trainer: Any, settings: TrainingSettings, step: int) -> list[int]:
    """Return the training rows of a step, counted from 1. Empty if the order of the rows is unknown."""
    if getattr(trainer, "sampler", None) is None or getattr(settings, "packing", False):
        return []
    sampler = copy.copy(trainer.sampler)
    rows = settings.batch_size * settings.gradient_accumulation
    steps_per_epoch = count_steps(settings.model_copy(update={"epochs": 1.0}), len(sampler))
    epoch, index = divmod(step - 1, steps_per_epoch)
    sampler.set_epoch(epoch)
    return sorted(row + 1 for row in list(sampler)[index * rows : (index + 1) * rows])


def _build_samples(
    context: TrainingContext, settings: TrainingSettings, setup: TrainerSetup, reporter: TrainingReporter
) -> SampleWriter | None:
    """Return the writer of samples, or None if the run has no prompts or its model does not generate."""
    if not settings.samples or not hasattr(setup.model, "generate") or not setup.trainer.eval_dataset:
        return None
    prompts = select_prompts(setup.tokenizer, context.validation, settings.samples)
    if not prompts:
        return None
    tokens = settings.sample_tokens
    if context.score is None:
        tokens = limit_tokens(setup.tokenizer, prompts, tokens)
    return SampleWriter(
        setup.model,
        setup.tokenizer,
        prompts,
        SampleLimits(tokens, max(1, min(settings.batch_size, len(prompts)))),
        folder=context.folder,
        reporter=reporter,
        score=context.score,
    )


def _rewind(
    context: TrainingContext,
    settings: TrainingSettings,
    reporter: TrainingReporter,
    attempt: Attempt,
    state: MonitorState,
    divergence: Diverged,
) -> None:
    """Record a rewind to the newest complete checkpoint, or to the one before if the newest did not help.

    Raises:
        TrainingDiverged: The run has no rewinds left. The error has the best weights so far.
    """
    steps = [0, *checkpoints.list_steps(context.folder)]
    start = steps[-1]
    if start and attempt.rewinds and attempt.rewinds[-1].checkpoint_step == start:
        start = steps[-2]  # the run has diverged again without a new checkpoint: this one was too late
    rewinds = [*attempt.rewinds, Rewind(divergence.step, start, divergence.reason)]
    rate = settings.learning_rate * rate_factor(attempt.rewinds)
    if len(rewinds) > settings.max_rewinds:
        best = context.folder / state.best if settings.keep_best and state.best else None
        kept = f"the best weights are those of step {state.best_step}" if best else "no evaluation has kept weights"
        error = TrainingDiverged(
            f"the run diverged at step {divergence.step} after {len(attempt.rewinds)} rewinds: {divergence.reason}; "
            f"{kept}",
            f"lower learning_rate (last {rate:.3g}), raise warmup or check the training rows",
        )
        if best:
            summary = {"best_eval_loss": state.best_loss, "best_step": state.best_step, "steps": start}
            error.result = TrainingResult(best, _result_kind(settings), {**summary, "rewinds": len(attempt.rewinds)})
        raise error
    save_rewinds(context.folder, rewinds)
    where = f"step {start}" if start else "the start"
    reporter.warn(
        f"diverged at step {divergence.step}: {divergence.reason}; the run returns to {where} and continues with "
        f"learning rate {settings.learning_rate * rate_factor(rewinds):.3g} instead of {rate:.3g} "
        f"(rewind {len(rewinds)} of {settings.max_rewinds})"
    )


def trainer_arguments(
    context: TrainingContext, settings: TrainingSettings, device: Device, rows: int, *, evaluate: bool
) -> dict[str, Any]:
    """Return the arguments that the configurations of all trainers accept, for a number of training rows."""
    total = count_steps(settings, rows)
    eval_every = settings.eval_every or max(1, math.ceil(total / EVALUATIONS_PER_RUN))
    save_every = settings.checkpoint_every or (eval_every if settings.method == "full" else ADAPTER_CHECKPOINT_STEPS)
    return {
        "output_dir": str(context.folder),
        "num_train_epochs": settings.epochs,
        "per_device_train_batch_size": settings.batch_size,
        "per_device_eval_batch_size": settings.batch_size,
        "gradient_accumulation_steps": settings.gradient_accumulation,
        "learning_rate": settings.learning_rate,
        "lr_scheduler_type": settings.scheduler,
        "warmup_steps": math.ceil(total * settings.warmup),
        "weight_decay": settings.weight_decay,
        "max_grad_norm": settings.max_grad_norm,
        "seed": settings.seed,
        "data_seed": settings.seed,
        "use_cpu": device.name == "cpu",
        "bf16": device.dtype == "bf16",
        "gradient_checkpointing": settings.gradient_checkpointing,
        "remove_unused_columns": False,
        "eval_strategy": "steps" if evaluate else "no",
        "eval_steps": eval_every,
        "save_strategy": "steps",
        "save_steps": save_every,
        "logging_steps": 1,
        "report_to": [],
        "disable_tqdm": True,
        "dataloader_pin_memory": False,
    }


def count_steps(settings: TrainingSettings, rows: int) -> int:
    """Return the optimiser steps of a run over this number of rows."""
    per_epoch = math.ceil(math.ceil(rows / settings.batch_size) / settings.gradient_accumulation)
    return max(1, math.ceil(per_epoch * settings.epochs))


def _summarize(state: MonitorState, trainer: Any) -> dict[str, Any]:
    return {
        "steps": trainer.state.global_step,
        "epochs": round(trainer.state.epoch or 0.0, 2),
        "tokens": state.tokens,
        "tokens_per_second": round(state.tokens / state.seconds, 1) if state.seconds else None,
        "peak_memory_bytes": int(state.peak_memory),
        "train_loss": state.last_loss,
        "best_eval_loss": state.best_loss,
        "best_step": state.best_step if state.best_loss is not None else None,
        "stopped_early": state.stopped,
        "overfitting": state.overfitting,
    }
