"""Supervised fine-tuning: show the model the right answers. LoRA by default, or all weights."""

import json
import math
import shutil
import time
from pathlib import Path
from typing import Any, ClassVar, NamedTuple

from pydantic import BaseModel

from vong.errors import Conflict, InvalidInput, MissingExtra
from vong.training import checkpoints
from vong.training.batching import EpochSampler, collate, padding, table
from vong.training.device import Device, choose
from vong.training.monitor import MonitorState, TrainingMonitor
from vong.training.progress import TrainingReporter
from vong.training.recipes import TrainingContext, TrainingResult
from vong.training.recipes.sft_settings import SftSettings
from vong.training.tokenization import TokenizedDataset, TokenizedExample, encode, with_answer
from vong.training.trainer import answer_tokens, callback, trainer_class


class SftDatasets(NamedTuple):
    """The rows to learn from and those to judge by."""

    train: list[TokenizedExample]
    validation: list[TokenizedExample]


class SftRecipe:
    """LoRA or full supervised fine-tuning by TRL and PEFT, with the loss on the answer only."""

    name: ClassVar[str] = "sft"
    Settings: ClassVar[type[BaseModel]] = SftSettings

    def train(self, work: TrainingContext, report: TrainingReporter) -> TrainingResult:
        """Train, or go on from the newest complete checkpoint in the folder."""
        settings = SftSettings.model_validate(work.settings.model_dump())
        device = choose(settings.dtype, work.threads)
        tokenizer = load_tokenizer(work.base)
        rows = prepare(tokenizer, work, settings, report)
        found = checkpoints.newest(work.folder)
        memory = MonitorState()
        if found:
            kept = dict(found[1])
            if kept.pop("settings") != settings.model_dump(mode="json"):
                raise Conflict("the checkpoints here were made with other settings", "start a new run")
            memory = MonitorState(**kept)
            report.log(f"going on from {found[0].name}")
        trainer, model = build(work, settings, device, tokenizer, rows, memory, report)
        began = time.monotonic()
        if not memory.stopped:
            trainer.train(resume_from_checkpoint=str(found[0]) if found else None)
        step = trainer.state.global_step or (int(found[0].name.rpartition("-")[2]) if found else 0)
        name = memory.best if settings.keep_best and memory.best else keep_weights(work, model, tokenizer, step)
        summary = summarise(memory, settings, trainer, rows) | {
            "device": device.name,
            "dtype": device.dtype,
            "resumed": found is not None,
            "seconds": round(time.monotonic() - began + (found[1]["seconds"] if found else 0.0), 1),
        }
        return TrainingResult(work.folder / name, "adapter" if settings.method == "lora" else "merged", summary)


def load_tokenizer(base: Path) -> Any:
    """The base model's tokenizer, which must have a chat template."""
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


def prepare(tokenizer: Any, work: TrainingContext, settings: SftSettings, report: TrainingReporter) -> SftDatasets:
    """Both splits as token ids; what cannot be used is counted and warned of."""
    splits: list[list[TokenizedExample]] = []
    for name, examples in (("training", work.train), ("validation", work.validation)):
        answered = with_answer(examples)
        encoded = encode(tokenizer, answered.examples, settings.max_length)
        warn(name, answered.without_answer, encoded, settings.max_length, report)
        splits.append(encoded.rows)
    if not splits[0]:
        raise InvalidInput("no row is left to train on", "give rows with an answer, or raise max_length")
    if not splits[1]:
        report.warn("no validation rows: overfitting cannot be seen, and the last weights are kept")
    return SftDatasets(*splits)


def warn(split: str, without: int, encoded: TokenizedDataset, limit: int, report: TrainingReporter) -> None:
    """Say which rows are left out, and why."""
    if without:
        report.warn(f"{without} {split} rows have no answer and are left out")
    if encoded.too_long:
        report.warn(
            f"{encoded.too_long} {split} rows are longer than max_length {limit} tokens (the longest has "
            f"{encoded.longest}) and are left out: answers are never cut"
        )


def build(
    work: TrainingContext,
    settings: SftSettings,
    device: Device,
    tokenizer: Any,
    rows: SftDatasets,
    memory: MonitorState,
    report: TrainingReporter,
) -> tuple[Any, Any]:
    """The trainer, with its data and its watch, and its model."""
    from datasets import Dataset
    from transformers import PrinterCallback, set_seed
    from transformers.utils import logging

    logging.disable_progress_bar()
    set_seed(settings.seed)
    model = load_model(work.base, settings, device)
    steps = math.ceil(math.ceil(len(rows.train) / settings.batch_size) / settings.gradient_accumulation)
    total = max(1, math.ceil(steps * settings.epochs))
    made = trainer_class()(
        model=model,
        args=arguments(work.folder, settings, device, total, evaluate=bool(rows.validation)),
        train_dataset=Dataset.from_dict(table(rows.train)),
        eval_dataset=Dataset.from_dict(table(rows.validation)) if rows.validation else None,
        processing_class=tokenizer,
        data_collator=lambda batch: collate(batch, tokenizer.pad_token_id),
    )
    lengths = [len(row.ids) for row in rows.train]
    made.order = EpochSampler(lengths, settings.batch_size, settings.seed, grouped=settings.group_by_length)
    made.answer_tokens_per_eval_row = answer_tokens(rows.validation) or 1.0
    watch = TrainingMonitor(
        report,
        memory,
        patience=settings.early_stopping_patience,
        save_best=(lambda step: keep_weights(work, model, tokenizer, step)) if settings.keep_best else None,
        memory_in_use=device.memory_in_use,
    )
    made.remove_callback(PrinterCallback)
    made.add_callback(callback(watch, made, settings.model_dump(mode="json")))
    return made, model


def load_model(base: Path, settings: SftSettings, device: Device) -> Any:
    """The base model, with a fresh adapter on it for LoRA. A frozen base may be bf16; what learns stays fp32."""
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


def arguments(folder: Path, settings: SftSettings, device: Device, total: int, *, evaluate: bool) -> Any:
    """The trainer's own arguments. `total` is the number of optimiser steps."""
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


def keep_weights(work: TrainingContext, model: Any, tokenizer: Any, step: int) -> str:
    """Keep the weights as they are now under `best-STEP`, whole or not at all, and give that name.

    An adapter names its base by ref, not by a path of this machine: the same weights are the same bytes anywhere.
    """
    name = f"best-{step}"
    making = work.folder / f".{name}"
    shutil.rmtree(making, ignore_errors=True)
    model.save_pretrained(making)
    (making / "README.md").unlink(missing_ok=True)
    config = making / "adapter_config.json"
    if config.exists():
        values = json.loads(config.read_text()) | {"base_model_name_or_path": work.base_ref}
        config.write_text(json.dumps(values, indent=2, sort_keys=True))
    else:
        tokenizer.save_pretrained(making)
    shutil.rmtree(work.folder / name, ignore_errors=True)
    making.rename(work.folder / name)
    return name


def summarise(memory: MonitorState, settings: SftSettings, trainer: Any, rows: SftDatasets) -> dict[str, Any]:
    """The figures of a finished run."""
    lengths = [len(row.ids) for row in rows.train]
    return {
        "steps": trainer.state.global_step,
        "epochs": round(trainer.state.epoch or 0.0, 2),
        "rows": len(rows.train),
        "validation_rows": len(rows.validation),
        "tokens": memory.tokens,
        "tokens_per_second": round(memory.tokens / memory.seconds, 1) if memory.seconds else None,
        "peak_memory_bytes": int(memory.peak_memory),
        "train_loss": memory.last_loss,
        "best_eval_loss": memory.best_loss,
        "best_step": memory.best_step if memory.best_loss is not None else None,
        "stopped_early": memory.stopped,
        "overfitting": memory.overfitting,
        "padding": round(padding(list(trainer.order), lengths, settings.batch_size), 4),
    }
