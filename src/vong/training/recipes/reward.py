"""Reward model: learn to score completions from preference pairs, for the recipe grpo."""

from collections.abc import Iterable
from dataclasses import replace
from typing import Any, ClassVar

from pydantic import BaseModel, Field

from vong.records import Example
from vong.records.model import REWARD_TASK
from vong.training.device import Device
from vong.training.models.reward_model import collate_pairs, load_reward_base, load_reward_tokenizer
from vong.training.progress import TrainingReporter
from vong.training.recipes import TrainingContext, TrainingResult
from vong.training.rows.batching import EpochSampler
from vong.training.rows.row_requirements import check_pairs
from vong.training.runs.run import TrainerSetup, run_trainer, trainer_arguments
from vong.training.setting_fields import epochs_field, learning_rate_field
from vong.training.trainers.preference import PairSettings, TokenizedPair, disable_base_dropout, load_pairs
from vong.training.trainers.trainer import extend_trainer


class RewardModelSettings(PairSettings):
    """Settings of reward models. Each description gives the reason for its default."""

    learning_rate: float = learning_rate_field(
        2e-4, "Between sft and dpo: the head is new, the base is not (for full, set 1e-5)."
    )
    epochs: float = epochs_field(
        1.0, "Reward models overfit after one pass over the pairs (InstructGPT, 2022, appendix C.2)."
    )
    center_rewards: float = Field(
        title="Centering of rewards",
        default=0.01,
        ge=0,
        le=10,
        description="Pulls the mean score to 0, so that scores of different runs can be compared. 0 disables it.",
    )


class RewardRecipe:
    """Reward model: learns a score for completions from pairs. Recipe grpo uses it; it generates no text."""

    name: ClassVar[str] = "reward"
    Settings: ClassVar[type[BaseModel]] = RewardModelSettings

    def check(self, split: str, examples: Iterable[Example], settings: BaseModel, *, training: bool) -> None:  # noqa: ARG002 (interface)
        """Check that each row is a preference pair."""
        check_pairs(split, examples, self.name, training=training)

    def train(self, context: TrainingContext, reporter: TrainingReporter) -> TrainingResult:
        """Train, or resume from the newest complete checkpoint in the folder."""
        settings = RewardModelSettings.model_validate(context.settings.model_dump())
        tokenizer = load_reward_tokenizer(context.base, settings.chat_template)
        train, validation = load_pairs(tokenizer, context, settings, reporter)
        result = run_trainer(
            context,
            settings,
            reporter,
            lambda device: build_trainer(context, settings, device, tokenizer, (train, validation)),
        )
        return replace(result, metadata={"task": REWARD_TASK})


def build_trainer(
    context: TrainingContext,
    settings: RewardModelSettings,
    device: Device,
    tokenizer: Any,
    rows: tuple[list[TokenizedPair], list[TokenizedPair]],
) -> TrainerSetup:
    """Build the trainer with its data and its model."""
    from datasets import Dataset
    from trl.trainer.reward_config import RewardConfig

    train, validation = rows
    model = load_reward_base(context.base, settings, device, tokenizer)
    disable_base_dropout(model)
    arguments = trainer_arguments(context, settings, device, len(train), evaluate=bool(validation))
    trainer = build_trainer_class()(
        model=model,
        args=RewardConfig(
            **arguments,
            max_length=None,
            center_rewards_coefficient=settings.center_rewards or None,
            disable_dropout=False,
        ),
        train_dataset=Dataset.from_dict(sequence_table(train)),
        eval_dataset=Dataset.from_dict(sequence_table(validation)) if validation else None,
        processing_class=tokenizer,
        data_collator=lambda batch: collate_pairs(batch, tokenizer.pad_token_id),
    )
    trainer.sampler = EpochSampler([pair.longest for pair in train], settings.batch_size, settings.seed)
    return TrainerSetup(trainer, model, tokenizer, summary={"rows": len(train), "validation_rows": len(validation)})


def sequence_table(pairs: list[TokenizedPair]) -> dict[str, list[Any]]:
    """Convert pairs to columns of whole sequences: the prompt and one completion."""
    return {
        "chosen_ids": [pair.prompt_ids + pair.chosen_ids for pair in pairs],
        "rejected_ids": [pair.prompt_ids + pair.rejected_ids for pair in pairs],
    }


def build_trainer_class() -> type[Any]:
    """Build the trainer class. A function defers the import of torch."""
    from trl.trainer.reward_trainer import RewardTrainer

    class ScoreTrainer(extend_trainer(RewardTrainer)):
        def _prepare_dataset(self, dataset: Any, *_: Any) -> Any:
            """Return the rows unchanged, because they are tokenized as the server renders them."""
            return dataset

    return ScoreTrainer
