"""Kahneman-Tversky optimization (KTO): learn from completions that are labelled as good or bad, without pairs."""

import random
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, ClassVar, Literal

from pydantic import BaseModel, Field

from vong.records import Example
from vong.training.device import Device
from vong.training.models.model_loading import load_run_tokenizer
from vong.training.progress import TrainingReporter
from vong.training.recipes import TrainingContext, TrainingResult
from vong.training.rows.row_requirements import check_judged
from vong.training.runs.run import TrainerSetup, run_trainer, trainer_arguments
from vong.training.setting_fields import learning_rate_field
from vong.training.settings import TrainingSettings
from vong.training.trainers.preference import (
    TokenizedCompletion,
    add_reference,
    load_policy,
    prepare_completions,
    reference_progress,
    release_reference,
    require_rows,
)
from vong.training.trainers.trainer import extend_trainer


class KtoSettings(TrainingSettings):
    """Settings of Kahneman-Tversky optimization. Each description gives the reason for its default."""

    learning_rate: float = learning_rate_field(
        5e-5, "A twentieth of that of sft: larger steps drive the model away from the base."
    )
    beta: float = Field(
        title="Beta",
        default=0.1,
        gt=0,
        le=100,
        description="Strength with which the model is held near the base. 0.1 is the value of the paper (KTO, 2024).",
    )
    loss_type: Literal["kto", "apo_zero_unpaired"] = Field(
        title="Loss",
        default="kto",
        description="kto is the loss of the paper; apo_zero_unpaired needs no KL estimate and a third less time.",
    )
    desirable_weight: float | None = Field(
        title="Weight of desirable completions",
        default=None,
        gt=0,
        le=1000,
        description="If unset, the rarer of both labels is weighted so that both count equally (KTO, equation 8).",
    )
    undesirable_weight: float | None = Field(
        title="Weight of undesirable completions",
        default=None,
        gt=0,
        le=1000,
        description="If unset, the rarer of both labels is weighted so that both count equally (KTO, equation 8).",
    )


class KtoRecipe:
    """Kahneman-Tversky optimization: the model learns from completions labelled as good or bad, without pairs."""

    name: ClassVar[str] = "kto"
    Settings: ClassVar[type[BaseModel]] = KtoSettings
    continues_adapters: ClassVar[bool] = True

    def check(self, split: str, examples: Iterable[Example], settings: BaseModel, *, training: bool) -> None:  # noqa: ARG002 (interface)
        """Check that each row has a desirable or an undesirable completion, and that there are both."""
        check_judged(split, examples, training=training)

    def train(self, context: TrainingContext, reporter: TrainingReporter) -> TrainingResult:
        """Train, or resume from the newest complete checkpoint in the folder."""
        settings = KtoSettings.model_validate(context.settings.model_dump())
        tokenizer = load_run_tokenizer(context, settings)
        train = prepare_completions(tokenizer, context.train, "training", settings.max_length, reporter)
        validation = prepare_completions(tokenizer, context.validation, "validation", settings.max_length, reporter)
        require_rows(train, validation, reporter)

        def build(device: Device) -> TrainerSetup:
            return build_trainer(context, settings, device, tokenizer, (train, validation), reporter)

        return run_trainer(context, settings, reporter, build)


class BlockSampler:
    """Sampler that shuffles whole batches of a fixed order of rows. Only the last batch may be short.

    The KL term of KTO compares each prompt with the completion of another row of its batch, so that batches must keep
    their rows. The order depends only on seed and epoch.
    """

    def __init__(self, order: Sequence[int], batch_size: int, seed: int) -> None:
        self.order = order
        self.batch_size = batch_size
        self.seed = seed
        self.epoch = 0

    def set_epoch(self, epoch: int) -> None:
        """Set the epoch of the next iteration."""
        self.epoch = epoch

    def __len__(self) -> int:
        return len(self.order)

    def __iter__(self) -> Iterator[int]:
        whole = len(self.order) - len(self.order) % self.batch_size
        starts = list(range(0, whole, self.batch_size))
        random.Random(f"{self.seed}/{self.epoch}").shuffle(starts)
        shuffled = [row for start in starts for row in self.order[start : start + self.batch_size]]
        return iter([*shuffled, *self.order[whole:]])


def judged_table(
    rows: Sequence[TokenizedCompletion], batch_size: int, order: Sequence[int] | None = None
) -> dict[str, list[Any]]:
    """Convert rows to columns, with the completion of another row of the same batch for the KL estimate.

    A batch of a single row takes the completion of the row before it: with its own one, the KL estimate would equal the
    reward, and the loss would have no gradient.
    """
    fixed = list(range(len(rows))) if order is None else order
    block = max(2, batch_size)
    partners: list[list[int]] = [[] for _ in rows]
    for start in range(0, len(rows), block):
        batch = fixed[start : start + block]
        previous = batch[-1] if len(batch) > 1 else fixed[start - 1]
        for row in batch:
            partners[row] = rows[previous].completion_ids
            previous = row
    return {
        "prompt_ids": [row.prompt_ids for row in rows],
        "completion_ids": [row.completion_ids for row in rows],
        "KL_completion_ids": partners,
        "label": [row.label for row in rows],
    }


def balance_weights(rows: Sequence[TokenizedCompletion], settings: KtoSettings) -> tuple[float, float]:
    """Return the weights of desirable and undesirable completions. If both are unset, both labels count equally."""
    if settings.desirable_weight is not None or settings.undesirable_weight is not None:
        return settings.desirable_weight or 1.0, settings.undesirable_weight or 1.0
    good = sum(row.label for row in rows)
    bad = len(rows) - good
    if not (good and bad):
        return 1.0, 1.0
    return max(1.0, bad / good), max(1.0, good / bad)


def build_trainer(
    context: TrainingContext,
    settings: KtoSettings,
    device: Device,
    tokenizer: Any,
    rows: tuple[list[TokenizedCompletion], list[TokenizedCompletion]],
    reporter: TrainingReporter,
) -> TrainerSetup:
    """Build the trainer with its data and its model."""
    from datasets import Dataset
    from trl.trainer.kto_config import KTOConfig
    from trl.trainer.kto_trainer import DataCollatorForUnpairedPreference

    train, validation = rows
    model = load_policy(context, settings, device)
    desirable, undesirable = balance_weights(train, settings)
    order = random.Random(f"{settings.seed}/kto").sample(range(len(train)), len(train))
    arguments = trainer_arguments(context, settings, device, len(train), evaluate=bool(validation))
    # TRL rejects batches of one row, because its own KL estimate would use the same row.
    arguments["per_device_train_batch_size"] = max(2, settings.batch_size)
    trainer = build_trainer_class(reporter)(
        model=model,
        args=KTOConfig(
            **arguments,
            max_length=None,
            beta=settings.beta,
            loss_type=settings.loss_type,
            desirable_weight=desirable,
            undesirable_weight=undesirable,
            disable_dropout=False,
            precompute_ref_log_probs=True,
        ),
        train_dataset=Dataset.from_dict(judged_table(train, settings.batch_size, order)),
        eval_dataset=Dataset.from_dict(judged_table(validation, settings.batch_size)) if validation else None,
        processing_class=tokenizer,
        data_collator=DataCollatorForUnpairedPreference(pad_token_id=tokenizer.pad_token_id),
    )
    trainer.args.per_device_train_batch_size = trainer._train_batch_size = settings.batch_size
    release_reference(model)
    trainer.sampler = BlockSampler(order, settings.batch_size, settings.seed)
    good = sum(row.label for row in train)
    return TrainerSetup(
        trainer,
        model,
        tokenizer,
        summary={
            "rows": len(train),
            "validation_rows": len(validation),
            "desirable_rows": good,
            "undesirable_rows": len(train) - good,
            "desirable_weight": desirable,
            "undesirable_weight": undesirable,
        },
    )


def build_trainer_class(reporter: TrainingReporter) -> type[Any]:
    """Build the trainer class. A function defers the import of torch."""
    from trl.trainer.kto_trainer import KTOTrainer

    class JudgedTrainer(extend_trainer(KTOTrainer)):
        def _prepare_dataset(self, dataset: Any, *_: Any) -> Any:
            """Return the rows unchanged, because they are tokenized as the server renders them."""
            return dataset

        def _precompute_ref_logps(self, dataset: Any, name: str, batch_size: int) -> Any:  # noqa: ARG002 (TRL's name)
            names = ("ref_logps", "ref_KL_logps")
            return add_reference(self, dataset, names, batch_size, reference_progress(reporter))

    return JudgedTrainer
