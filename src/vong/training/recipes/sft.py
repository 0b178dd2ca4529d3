"""Supervised fine-tuning (SFT): train the model on correct completions, with LoRA by default or with all weights."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any, ClassVar, NamedTuple

from pydantic import BaseModel

from vong.errors import InvalidInput
from vong.records import Example
from vong.training.device import Device
from vong.training.models.model_loading import load_run_model, load_run_tokenizer, reject_adapted_head
from vong.training.progress import TrainingReporter
from vong.training.recipes import TrainingContext, TrainingResult
from vong.training.recipes.sft_settings import SftSettings
from vong.training.rows.batch_parts import count_parts
from vong.training.rows.batching import BATCHES_PER_WINDOW, EpochSampler, batch_table, collate, padding_share
from vong.training.rows.packing import check_packing, collate_packs, pack_rows, pack_table
from vong.training.rows.readable_rows import warn_unreadable
from vong.training.rows.tokenization import (
    TokenizedDataset,
    TokenizedExample,
    TrainableExamples,
    select_trainable,
    tokenize_examples,
)
from vong.training.runs.run import TrainerSetup, run_trainer, trainer_arguments
from vong.training.trainers.shared_prefix import (
    MIN_SAVED_SHARE,
    can_share,
    collate_shared,
    prefix_length,
    saved_share,
)
from vong.training.trainers.trainer import build_completion_trainer, mean_answer_tokens

SHOWN_ROWS = 5
"""Row numbers that a warning lists."""


class SftDatasets(NamedTuple):
    """Tokenized training and validation rows. `stages` are the numbers of training rows of each stage, in order."""

    train: list[TokenizedExample]
    validation: list[TokenizedExample]
    stages: tuple[int, ...] = ()


class TrainingRows(NamedTuple):
    """Training rows as the trainer takes them: columns, the length of each row or pack, and the stages."""

    columns: dict[str, list[Any]]
    lengths: list[int]
    stages: tuple[int, ...]


class SftRecipe:
    """LoRA or full supervised fine-tuning with TRL and PEFT, with the loss on answers only.

    Trains on the completions of conversations, or on all of their answers, and on plain text documents.
    """

    name: ClassVar[str] = "sft"
    Settings: ClassVar[type[BaseModel]] = SftSettings
    continues_adapters: ClassVar[bool] = True

    def check(self, split: str, examples: Iterable[Example], settings: BaseModel, *, training: bool) -> None:
        """Check that a training split has a row that can be trained. Stops at the first one.

        Raises:
            InvalidInput: No row can be trained.
        """
        loss_on = SftSettings.model_validate(settings.model_dump()).loss_on
        if training and not any(select_trainable([one], loss_on, documents=True).examples for one in examples):
            raise InvalidInput(
                f"split {split!r} has no row with a completion and a weight above 0", "add rows with a completion"
            )

    def train(self, context: TrainingContext, reporter: TrainingReporter) -> TrainingResult:
        """Train, or resume from the newest complete checkpoint in the folder."""
        settings = SftSettings.model_validate(context.settings.model_dump())
        tokenizer = load_run_tokenizer(context, settings, needs_template=needs_template(context))
        rows = prepare_datasets(tokenizer, context, settings, reporter)
        return run_trainer(
            context, settings, reporter, lambda device: build_trainer(context, settings, device, tokenizer, rows)
        )


def needs_template(context: TrainingContext) -> bool:
    """Return True if a row is a conversation. Documents are trained without a chat template."""
    return any(example.text is None for example in (*context.train, *context.validation))


def prepare_datasets(
    tokenizer: Any, context: TrainingContext, settings: SftSettings, reporter: TrainingReporter
) -> SftDatasets:
    """Tokenize both splits, and warn about the rows that cannot be used.

    Raises:
        InvalidInput: The chat template rejects a row, or no training row is left.
    """
    train = prepare_split(tokenizer, "training", context.train, settings, reporter)
    if not train:
        raise InvalidInput(
            "no rows left to train on", "add rows with a completion and a weight above 0, or raise max_length"
        )
    validation = prepare_split(tokenizer, "validation", context.validation, settings, reporter)
    if not validation:
        reporter.warn("no validation rows: overfitting cannot be detected, and the last weights are kept")
    stages: list[int] = []
    start = 0
    for size in context.stages:
        stages.append(sum(start < number <= start + size for number, _ in train))
        start += size
    return SftDatasets([row for _, row in train], [row for _, row in validation], tuple(stages))


def prepare_split(
    tokenizer: Any, name: str, examples: Sequence[Example], settings: SftSettings, reporter: TrainingReporter
) -> list[tuple[int, TokenizedExample]]:
    """Tokenize the rows of a split, each with the number of its example, and warn about rows that cannot be used."""
    trainable = select_trainable(examples, settings.loss_on, documents=True)
    tokenized = tokenize_examples(
        tokenizer,
        trainable.examples,
        settings.max_length,
        settings.loss_on,
        numbers=trainable.numbers,
        split=name,
    )
    warn_skipped(name, trainable.without_answer, tokenized, settings.max_length, reporter)
    warn_unusual(name, trainable, tokenized, reporter)
    return list(zip(tokenized.numbers, tokenized.rows, strict=True))


def warn_skipped(split: str, without: int, encoded: TokenizedDataset, limit: int, reporter: TrainingReporter) -> None:
    """Report how many rows are left out, and why."""
    if without:
        reporter.warn(f"{without} {split} rows have no completion and are left out")
    if encoded.too_long:
        reporter.warn(
            f"{encoded.too_long} {split} rows are longer than max_length {limit} tokens (the longest has "
            f"{encoded.longest}) and are left out, because completions are never truncated"
        )


def warn_unusual(
    split: str, trainable: TrainableExamples, encoded: TokenizedDataset, reporter: TrainingReporter
) -> None:
    """Report rows that are left out or trained although they are probably a mistake."""
    if trainable.without_weight:
        reporter.warn(f"{trainable.without_weight} {split} rows have the weight 0 and are left out")
    warn_unreadable(split, trainable.media, encoded.without_calls, encoded.without_tools, reporter)
    if trainable.empty:
        shown = ", ".join(map(str, trainable.empty[:SHOWN_ROWS])) + (", …" if trainable.empty[SHOWN_ROWS:] else "")
        reporter.warn(
            f"{len(trainable.empty)} {split} rows have an empty completion (rows {shown}): the model learns to answer "
            "nothing; remove these rows if this is not intended"
        )


def arrange_rows(rows: SftDatasets, settings: SftSettings) -> TrainingRows:
    """Return the training rows as columns, packed within each stage if `settings.packing` is set."""
    stages = rows.stages or (len(rows.train),)
    if not settings.packing:
        return TrainingRows(batch_table(rows.train), [len(row.ids) for row in rows.train], stages)
    packs: list[list[TokenizedExample]] = []
    counts: list[int] = []
    start = 0
    for size in stages:
        packed = pack_rows(rows.train[start : start + size], settings.max_length, settings.seed)
        packs += packed
        counts.append(len(packed))
        start += size
    return TrainingRows(pack_table(packs), [sum(len(row.ids) for row in pack) for pack in packs], tuple(counts))


def shares_prefix(
    model: Any, settings: SftSettings, device: Device, rows: Sequence[TokenizedExample], sampler: EpochSampler
) -> bool:
    """Return True if the common beginning of each batch is computed once."""
    if not settings.share_prefix or device.name != "cpu" or settings.packing:
        return False
    if settings.gradient_checkpointing or settings.lora_dropout > 0 or device.dtype != "fp32":
        return False
    order = list(sampler)[: settings.batch_size * BATCHES_PER_WINDOW]
    batches = [
        [rows[index] for index in order[start : start + settings.batch_size]]
        for start in range(0, len(order), settings.batch_size)
    ]
    return saved_share(batches) >= MIN_SAVED_SHARE and can_share(model, batches[0])


def choose_parts(
    model: Any, settings: SftSettings, device: Device, rows: Sequence[TokenizedExample], *, shares: bool
) -> int:
    """Return the parts in which a batch is computed: 2 on a CPU if that saves memory and costs no time, else 1.

    Losses that are means over a part, not over the whole batch, are computed in one part.
    """
    if device.name != "cpu" or settings.method != "lora" or settings.packing or not rows:
        return 1
    causal_model = model.get_base_model() if hasattr(model, "get_base_model") else model
    has_part_means = getattr(causal_model.config.get_text_config(), "output_router_logits", False)
    if has_part_means or not getattr(causal_model, "accepts_loss_kwargs", True):
        return 1
    prefix = prefix_length([{"input_ids": row.ids, "labels": row.labels} for row in rows]) if shares else 0
    return count_parts(settings.batch_size, sum(len(row.ids) for row in rows) / len(rows), prefix)


def build_trainer(
    context: TrainingContext,
    settings: SftSettings,
    device: Device,
    tokenizer: Any,
    rows: SftDatasets,
    build_class: Callable[[], type[Any]] = build_completion_trainer,
) -> TrainerSetup:
    """Build the trainer with its data and its model. `build_class` builds a class derived from the default one."""
    from datasets import Dataset
    from trl.trainer.sft_config import SFTConfig

    model = load_run_model(context, settings, device)
    reject_adapted_head(model)
    arranged = arrange_rows(rows, settings)
    arguments = trainer_arguments(context, settings, device, len(arranged.lengths), evaluate=bool(rows.validation))
    flatten = "flash" in str(model.config._attn_implementation)
    sampler = EpochSampler(
        arranged.lengths, settings.batch_size, settings.seed, grouped=settings.group_by_length, stages=arranged.stages
    )
    shares = build_class is build_completion_trainer and shares_prefix(model, settings, device, rows.train, sampler)
    if shares:
        arranged.columns["shared"] = [True] * len(rows.train)
    parts = choose_parts(model, settings, device, rows.train, shares=shares)
    part_size = settings.batch_size // parts
    arguments["per_device_train_batch_size"] = part_size
    arguments["gradient_accumulation_steps"] *= parts

    def collate_batch(batch: list[dict[str, Any]]) -> dict[str, Any]:
        if batch[0].get("shared") and trainer.computes_own_loss:
            return collate_shared(batch)
        if "lengths" in batch[0]:
            return collate_packs(batch, tokenizer.pad_token_id, flatten=flatten)
        return collate(batch, tokenizer.pad_token_id)

    trainer = build_class()(
        model=model,
        args=SFTConfig(**arguments, max_length=None, dataset_kwargs={"skip_prepare_dataset": True}),
        train_dataset=Dataset.from_dict(arranged.columns),
        eval_dataset=Dataset.from_dict(batch_table(rows.validation)) if rows.validation else None,
        processing_class=tokenizer,
        data_collator=collate_batch,
    )
    summary: dict[str, Any] = {"rows": len(rows.train), "validation_rows": len(rows.validation)}
    if settings.packing:
        check_packing(trainer.model, rows.train)
        summary["sequences"] = len(arranged.lengths)
    trainer.sampler = sampler
    trainer.answer_tokens_per_eval_row = mean_answer_tokens(rows.validation) or 1.0
    return TrainerSetup(
        trainer,
        model,
        tokenizer,
        summary=summary,
        summarize=lambda: {"padding": round(padding_share(list(sampler), arranged.lengths, part_size), 4)},
    )
