"""Supervised fine-tuning (SFT): train the model on correct completions, with LoRA by default or with all weights."""

import json
import math
import shutil
import time
from pathlib import Path
from typing import Any, ClassVar, NamedTuple

from pydantic import BaseModel

from vong.errors import Conflict, InvalidInput, MissingExtra
from vong.training import checkpoints
from vong.training.batching import EpochSampler, batch_table, collate, padding_share
from vong.training.device import Device, select_device
from vong.training.monitor import MonitorState, TrainingMonitor
from vong.training.progress import TrainingReporter
from vong.training.recipes import TrainingContext, TrainingResult
from vong.training.recipes.sft_settings import SftSettings
from vong.training.tokenization import TokenizedDataset, TokenizedExample, select_trainable, tokenize_examples
from vong.training.trainer import build_callback, build_trainer_class, mean_answer_tokens


class SftDatasets(NamedTuple):
    """Tokenized training and validation rows."""

    train: list[TokenizedExample]
    validation: list[TokenizedExample]


class SftRecipe:
    """LoRA or full supervised fine-tuning with TRL and PEFT, with the loss on the completion only."""

    name: ClassVar[str] = "sft"
    Settings: ClassVar[type[BaseModel]] = SftSettings

    def train(self, context: TrainingContext, reporter: TrainingReporter) -> TrainingResult:
        """Train, or resume from the newest complete checkpoint in the folder."""
        settings = SftSettings.model_validate(context.settings.model_dump())
        device = select_device(settings.dtype, context.threads)
        tokenizer = load_tokenizer(context.base)
        rows = prepare_datasets(tokenizer, context, settings, reporter)
        checkpoint = checkpoints.latest_checkpoint(context.folder)
        state = MonitorState()
        if checkpoint:
            saved = dict(checkpoint[1])
            if saved.pop("settings") != settings.model_dump(mode="json"):
                raise Conflict("the checkpoints of this run were created with other settings", "start a new run")
            state = MonitorState(**saved)
            reporter.log(f"resuming from {checkpoint[0].name}")
        trainer, model = build_trainer(context, settings, device, tokenizer, rows, state, reporter)
        started_at = time.monotonic()
        if not state.stopped:
            trainer.train(resume_from_checkpoint=str(checkpoint[0]) if checkpoint else None)
        step = trainer.state.global_step or (int(checkpoint[0].name.rpartition("-")[2]) if checkpoint else 0)
        name = state.best if settings.keep_best and state.best else save_weights(context, model, tokenizer, step)
        summary = summarize(state, settings, trainer, rows) | {
            "device": device.name,
            "dtype": device.dtype,
            "resumed": checkpoint is not None,
            "seconds": round(time.monotonic() - started_at + (checkpoint[1]["seconds"] if checkpoint else 0.0), 1),
        }
        return TrainingResult(context.folder / name, "adapter" if settings.method == "lora" else "merged", summary)


def load_tokenizer(base: Path) -> Any:
    """Load the base model's tokenizer.

    Raises:
        InvalidInput: The tokenizer has no chat template.
    """
    try:
        from transformers import AutoTokenizer
    except ImportError as error:
        raise MissingExtra("transformers", "training") from error
    tokenizer = AutoTokenizer.from_pretrained(base, local_files_only=True)
    if not tokenizer.chat_template:
        raise InvalidInput(f"the tokenizer in {str(base)!r} has no chat template", "choose an instruction-tuned base")
    if tokenizer.pad_token_id is None:
        tokenizer.pad_token = tokenizer.eos_token
    return tokenizer


def prepare_datasets(
    tokenizer: Any, context: TrainingContext, settings: SftSettings, reporter: TrainingReporter
) -> SftDatasets:
    """Tokenize both splits, and warn about the rows that cannot be used."""
    splits: list[list[TokenizedExample]] = []
    for name, examples in (("training", context.train), ("validation", context.validation)):
        trainable = select_trainable(examples)
        tokenized = tokenize_examples(tokenizer, trainable.examples, settings.max_length)
        warn_left_out(name, trainable.without_answer, tokenized, settings.max_length, reporter)
        if trainable.without_weight:
            reporter.warn(f"{trainable.without_weight} {name} rows have the weight 0 and are left out")
        splits.append(tokenized.rows)
    if not splits[0]:
        raise InvalidInput(
            "no rows left to train on", "add rows with a completion and a weight above 0, or raise max_length"
        )
    if not splits[1]:
        reporter.warn("no validation rows: overfitting cannot be detected, and the last weights are kept")
    return SftDatasets(*splits)


def warn_left_out(split: str, without: int, encoded: TokenizedDataset, limit: int, reporter: TrainingReporter) -> None:
    """Report how many rows are left out, and why."""
    if without:
        reporter.warn(f"{without} {split} rows have no completion and are left out")
    if encoded.too_long:
        reporter.warn(
            f"{encoded.too_long} {split} rows are longer than max_length {limit} tokens (the longest has "
            f"{encoded.longest}) and are left out, because completions are never truncated"
        )


def build_trainer(
    context: TrainingContext,
    settings: SftSettings,
    device: Device,
    tokenizer: Any,
    rows: SftDatasets,
    state: MonitorState,
    reporter: TrainingReporter,
) -> tuple[Any, Any]:
    """Build the trainer, with its data and monitor, and its model."""
    from datasets import Dataset
    from transformers import PrinterCallback, set_seed
    from transformers.utils import logging

    logging.disable_progress_bar()
    set_seed(settings.seed)
    model = load_model(context.base, settings, device)
    steps = math.ceil(math.ceil(len(rows.train) / settings.batch_size) / settings.gradient_accumulation)
    total = max(1, math.ceil(steps * settings.epochs))
    trainer = build_trainer_class()(
        model=model,
        args=build_arguments(context.folder, settings, device, total, evaluate=bool(rows.validation)),
        train_dataset=Dataset.from_dict(batch_table(rows.train)),
        eval_dataset=Dataset.from_dict(batch_table(rows.validation)) if rows.validation else None,
        processing_class=tokenizer,
        data_collator=lambda batch: collate(batch, tokenizer.pad_token_id),
    )
    lengths = [len(row.ids) for row in rows.train]
    trainer.sampler = EpochSampler(lengths, settings.batch_size, settings.seed, grouped=settings.group_by_length)
    trainer.answer_tokens_per_eval_row = mean_answer_tokens(rows.validation) or 1.0
    monitor = TrainingMonitor(
        reporter,
        state,
        patience=settings.early_stopping_patience,
        save_best=(lambda step: save_weights(context, model, tokenizer, step)) if settings.keep_best else None,
        memory_in_use=device.memory_in_use,
    )
    trainer.remove_callback(PrinterCallback)
    trainer.add_callback(build_callback(monitor, trainer, settings.model_dump(mode="json")))
    return trainer, model


def load_model(base: Path, settings: SftSettings, device: Device) -> Any:
    """Load the base model, with a new adapter for LoRA. A frozen base may be bf16; trained weights stay fp32."""
    import torch
    from peft import LoraConfig, get_peft_model
    from transformers import AutoModelForCausalLM

    frozen_half = device.dtype == "bf16" and settings.method == "lora" and device.name != "cpu"
    dtype = torch.bfloat16 if frozen_half else torch.float32
    model = AutoModelForCausalLM.from_pretrained(base, dtype=dtype, attn_implementation="sdpa", local_files_only=True)
    model.config.use_cache = False
    if settings.method == "full":
        return model
    modules = settings.target_modules
    return get_peft_model(
        model,
        LoraConfig(
            r=settings.lora_rank,
            lora_alpha=settings.lora_alpha,
            lora_dropout=settings.lora_dropout,
            target_modules=modules if isinstance(modules, str) else list(modules),
            task_type="CAUSAL_LM",
        ),
    )


def build_arguments(folder: Path, settings: SftSettings, device: Device, total: int, *, evaluate: bool) -> Any:
    """Build the arguments of the TRL trainer. `total` is the number of optimiser steps."""
    from trl.trainer.sft_config import SFTConfig

    eval_every = settings.eval_every or max(1, math.ceil(total / 8))
    save_every = settings.checkpoint_every or (eval_every if settings.method == "full" else 10)
    return SFTConfig(
        output_dir=str(folder),
        num_train_epochs=settings.epochs,
        per_device_train_batch_size=settings.batch_size,
        per_device_eval_batch_size=settings.batch_size,
        gradient_accumulation_steps=settings.gradient_accumulation,
        learning_rate=settings.learning_rate,
        lr_scheduler_type=settings.scheduler,
        warmup_steps=math.ceil(total * settings.warmup),
        weight_decay=settings.weight_decay,
        max_grad_norm=settings.max_grad_norm,
        seed=settings.seed,
        data_seed=settings.seed,
        use_cpu=device.name == "cpu",
        bf16=device.dtype == "bf16",
        gradient_checkpointing=settings.gradient_checkpointing,
        max_length=None,
        dataset_kwargs={"skip_prepare_dataset": True},
        remove_unused_columns=False,
        eval_strategy="steps" if evaluate else "no",
        eval_steps=eval_every,
        save_strategy="steps",
        save_steps=save_every,
        save_total_limit=2,
        logging_steps=1,
        report_to=[],
        disable_tqdm=True,
        dataloader_pin_memory=False,
    )


def save_weights(context: TrainingContext, model: Any, tokenizer: Any, step: int) -> str:
    """Save the current weights atomically under `best-STEP` and return that name.

    An adapter refers to its base by ref, not by a path of this machine, so that equal weights are equal bytes
    everywhere.
    """
    name = f"best-{step}"
    temporary = context.folder / f".{name}"
    shutil.rmtree(temporary, ignore_errors=True)
    model.save_pretrained(temporary)
    (temporary / "README.md").unlink(missing_ok=True)
    config = temporary / "adapter_config.json"
    if config.exists():
        values = json.loads(config.read_text()) | {"base_model_name_or_path": context.base_ref}
        config.write_text(json.dumps(values, indent=2, sort_keys=True))
    else:
        tokenizer.save_pretrained(temporary)
    shutil.rmtree(context.folder / name, ignore_errors=True)
    temporary.rename(context.folder / name)
    return name


def summarize(state: MonitorState, settings: SftSettings, trainer: Any, rows: SftDatasets) -> dict[str, Any]:
    """Return the metrics of a finished run."""
    lengths = [len(row.ids) for row in rows.train]
    return {
        "steps": trainer.state.global_step,
        "epochs": round(trainer.state.epoch or 0.0, 2),
        "rows": len(rows.train),
        "validation_rows": len(rows.validation),
        "tokens": state.tokens,
        "tokens_per_second": round(state.tokens / state.seconds, 1) if state.seconds else None,
        "peak_memory_bytes": int(state.peak_memory),
        "train_loss": state.last_loss,
        "best_eval_loss": state.best_loss,
        "best_step": state.best_step if state.best_loss is not None else None,
        "stopped_early": state.stopped,
        "overfitting": state.overfitting,
        "padding": round(padding_share(list(trainer.sampler), lengths, settings.batch_size), 4),
    }
