"""Supervised fine-tuning (SFT): train the model on correct completions, with LoRA by default or with all weights."""

from typing import Any, ClassVar, NamedTuple

from pydantic import BaseModel

from vong.errors import InvalidInput
from vong.training.batching import EpochSampler, batch_table, collate, padding_share
from vong.training.device import Device
from vong.training.model_loading import load_model, load_tokenizer
from vong.training.progress import TrainingReporter
from vong.training.recipes import TrainingContext, TrainingResult
from vong.training.recipes.sft_settings import SftSettings
from vong.training.run import TrainerSetup, run_trainer, trainer_arguments
from vong.training.tokenization import TokenizedDataset, TokenizedExample, select_trainable, tokenize_examples
from vong.training.trainer import build_completion_trainer, mean_answer_tokens


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
        tokenizer = load_tokenizer(context.base)
        rows = prepare_datasets(tokenizer, context, settings, reporter)
        return run_trainer(
            context, settings, reporter, lambda device: build_trainer(context, settings, device, tokenizer, rows)
        )


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
    context: TrainingContext, settings: SftSettings, device: Device, tokenizer: Any, rows: SftDatasets
) -> TrainerSetup:
    """Build the trainer with its data and its model."""
    from datasets import Dataset
    from trl.trainer.sft_config import SFTConfig

    model = load_model(context.base, settings, device)
    arguments = trainer_arguments(context, settings, device, len(rows.train), evaluate=bool(rows.validation))
    trainer = build_completion_trainer()(
        model=model,
        args=SFTConfig(**arguments, max_length=None, dataset_kwargs={"skip_prepare_dataset": True}),
        train_dataset=Dataset.from_dict(batch_table(rows.train)),
        eval_dataset=Dataset.from_dict(batch_table(rows.validation)) if rows.validation else None,
        processing_class=tokenizer,
        data_collator=lambda batch: collate(batch, tokenizer.pad_token_id),
    )
    lengths = [len(row.ids) for row in rows.train]
    sampler = EpochSampler(lengths, settings.batch_size, settings.seed, grouped=settings.group_by_length)
    trainer.sampler = sampler
    trainer.answer_tokens_per_eval_row = mean_answer_tokens(rows.validation) or 1.0
    return TrainerSetup(
        trainer,
        model,
        tokenizer,
        summary={"rows": len(rows.train), "validation_rows": len(rows.validation)},
        summarize=lambda: {"padding": round(padding_share(list(sampler), lengths, settings.batch_size), 4)},
    )
