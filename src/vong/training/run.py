"""Run of a trainer: resume, monitor, best weights and summary. All recipes that use a trainer share it."""

import math
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from vong.errors import Conflict
from vong.training import checkpoints
from vong.training.device import Device, select_device
from vong.training.model_loading import save_weights
from vong.training.monitor import MonitorState, TrainingMonitor
from vong.training.progress import TrainingReporter
from vong.training.recipes import TrainingContext, TrainingResult
from vong.training.settings import TrainingSettings
from vong.training.trainer import build_callback

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


def run_trainer(
    context: TrainingContext,
    settings: TrainingSettings,
    reporter: TrainingReporter,
    build: Callable[[Device], TrainerSetup],
) -> TrainingResult:
    """Build a trainer, train or resume from the newest complete checkpoint, and return the best weights.

    Raises:
        Conflict: The checkpoints in the folder were created with other settings.
    """
    from transformers import PrinterCallback, set_seed
    from transformers.utils import logging

    logging.disable_progress_bar()
    device = select_device(settings.dtype, context.threads)
    checkpoint = checkpoints.latest_checkpoint(context.folder)
    state = MonitorState()
    if checkpoint:
        saved = dict(checkpoint[1])
        if saved.pop("settings") != settings.model_dump(mode="json"):
            raise Conflict("the checkpoints of this run were created with other settings", "start a new run")
        state = MonitorState(**saved)
        reporter.log(f"resuming from {checkpoint[0].name}")
    set_seed(settings.seed)
    setup = build(device)

    def save(step: int) -> str:
        return save_weights(context.folder, context.base_ref, setup.model, setup.tokenizer, step)

    monitor = TrainingMonitor(
        reporter,
        state,
        patience=settings.early_stopping_patience,
        save_best=save if settings.keep_best else None,
        memory_in_use=device.memory_in_use,
    )
    trainer = setup.trainer
    trainer.remove_callback(PrinterCallback)
    trainer.add_callback(build_callback(monitor, trainer, settings.model_dump(mode="json")))
    started_at = time.monotonic()
    if not state.stopped:
        trainer.train(resume_from_checkpoint=str(checkpoint[0]) if checkpoint else None)
    step = trainer.state.global_step or (int(checkpoint[0].name.rpartition("-")[2]) if checkpoint else 0)
    name = state.best if settings.keep_best and state.best else save(step)
    seconds = time.monotonic() - started_at + (checkpoint[1]["seconds"] if checkpoint else 0.0)
    summary = {
        **_summarize(state, trainer),
        **setup.summary,
        **setup.summarize(),
        "device": device.name,
        "dtype": device.dtype,
        "resumed": checkpoint is not None,
        "seconds": round(seconds, 1),
    }
    return TrainingResult(context.folder / name, "adapter" if settings.method == "lora" else "merged", summary)


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
        "save_total_limit": 2,
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
