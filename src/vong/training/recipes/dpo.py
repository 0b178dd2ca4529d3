"""Direct preference optimization (DPO): raise the likelihood of chosen over rejected completions."""

from collections.abc import Iterable
from typing import Any, ClassVar, Literal

from pydantic import BaseModel, Field

from vong.records import Example
from vong.training.device import Device
from vong.training.models.model_loading import load_run_tokenizer
from vong.training.progress import TrainingReporter
from vong.training.recipes import TrainingContext, TrainingResult
from vong.training.rows.batching import EpochSampler
from vong.training.rows.row_requirements import check_pairs
from vong.training.runs.run import TrainerSetup, run_trainer, trainer_arguments
from vong.training.setting_fields import learning_rate_field
from vong.training.trainers.preference import (
    PairSettings,
    TokenizedPair,
    add_reference,
    load_pairs,
    load_policy,
    pair_table,
    reference_progress,
    release_reference,
)
from vong.training.trainers.trainer import extend_trainer


class DpoSettings(PairSettings):
    """Settings of direct preference optimization. Each description gives the reason for its default."""

    learning_rate: float = learning_rate_field(
        5e-5, "A twentieth of that of sft: larger steps lower the likelihood of both completions."
    )
    beta: float = Field(
        title="Beta",
        default=0.1,
        gt=0,
        le=100,
        description="Strength with which the model is held near the base. 0.1 is the value of the paper (DPO, 2023).",
    )
    loss_type: Literal["sigmoid", "hinge", "ipo", "robust", "apo_zero"] = Field(
        title="Loss",
        default="sigmoid",
        description="sigmoid is DPO itself; ipo overfits less on noisy pairs, robust expects label_smoothing.",
    )
    label_smoothing: float = Field(
        title="Label smoothing",
        default=0.0,
        ge=0,
        lt=0.5,
        description="Expected share of pairs in the wrong order. 0, because pairs are trusted unless you know better.",
    )


class DpoRecipe:
    """Direct preference optimization: the model learns to prefer the completion of each row over its rejected one."""

    name: ClassVar[str] = "dpo"
    Settings: ClassVar[type[BaseModel]] = DpoSettings
    continues_adapters: ClassVar[bool] = True

    def check(self, split: str, examples: Iterable[Example], settings: BaseModel, *, training: bool) -> None:  # noqa: ARG002 (interface)
        """Check that each row is a preference pair."""
        check_pairs(split, examples, self.name, training=training)

    def train(self, context: TrainingContext, reporter: TrainingReporter) -> TrainingResult:
        """Train, or resume from the newest complete checkpoint in the folder."""
        settings = DpoSettings.model_validate(context.settings.model_dump())
        tokenizer = load_run_tokenizer(context, settings)
        train, validation = load_pairs(tokenizer, context, settings, reporter)

        def build(device: Device) -> TrainerSetup:
            return build_trainer(context, settings, device, tokenizer, (train, validation), reporter)

        return run_trainer(context, settings, reporter, build)


def build_trainer(
    context: TrainingContext,
    settings: DpoSettings,
    device: Device,
    tokenizer: Any,
    rows: tuple[list[TokenizedPair], list[TokenizedPair]],
    reporter: TrainingReporter,
) -> TrainerSetup:
    """Build the trainer with its data and its model."""
    from datasets import Dataset
    from trl.trainer.dpo_config import DPOConfig
    from trl.trainer.dpo_trainer import DataCollatorForPreference

    train, validation = rows
    model = load_policy(context, settings, device)
    arguments = trainer_arguments(context, settings, device, len(train), evaluate=bool(validation))
    trainer = build_trainer_class(reporter)(
        model=model,
        args=DPOConfig(
            **arguments,
            max_length=None,
            beta=settings.beta,
            loss_type=[settings.loss_type],
            label_smoothing=settings.label_smoothing,
            disable_dropout=False,
            precompute_ref_log_probs=True,
        ),
        train_dataset=Dataset.from_dict(pair_table(train)),
        eval_dataset=Dataset.from_dict(pair_table(validation)) if validation else None,
        processing_class=tokenizer,
        data_collator=DataCollatorForPreference(pad_token_id=tokenizer.pad_token_id),
    )
    release_reference(model)
    trainer.sampler = EpochSampler([pair.longest for pair in train], settings.batch_size, settings.seed)
    return TrainerSetup(
        trainer,
        model,
        tokenizer,
        summary={"rows": len(train), "validation_rows": len(validation), "beta": settings.beta},
    )


def build_trainer_class(reporter: TrainingReporter) -> type[Any]:
    """Build the trainer class. A function defers the import of torch."""
    from trl.trainer.dpo_trainer import DPOTrainer

    class PairTrainer(extend_trainer(DPOTrainer)):
        def _prepare_dataset(self, dataset: Any, *_: Any) -> Any:
            """Return the rows unchanged, because they are tokenized as the server renders them."""
            return dataset

        def _precompute_ref_logps(self, dataset: Any, name: str, batch_size: int) -> Any:  # noqa: ARG002 (TRL's name)
            names = ("ref_chosen_logps", "ref_rejected_logps")
            return add_reference(self, dataset, names, batch_size, reference_progress(reporter))

    return PairTrainer
