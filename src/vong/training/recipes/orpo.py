"""Odds ratio preference optimization (ORPO): fine-tuning and preference in one loss, without a reference model."""

from collections.abc import Iterable
from typing import Any, ClassVar

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
from vong.training.trainers.preference import PairSettings, TokenizedPair, load_pairs, load_policy
from vong.training.trainers.trainer import extend_trainer

MAX_LOG_PROBABILITY = -1e-6
"""Upper bound of a mean log-probability in the odds: the odds of a certain completion (0) would be infinite."""


class OrpoSettings(PairSettings):
    """Settings of odds ratio preference optimization. Each description gives the reason for its default."""

    learning_rate: float = learning_rate_field(2e-4, "Between sft and dpo, because the loss contains both.")
    beta: float = Field(
        title="Beta",
        default=0.1,
        gt=0,
        le=100,
        description="Weight of the odds ratio beside the loss of sft. 0.1 is the value of the paper (ORPO, 2024).",
    )


class OrpoRecipe:
    """Odds ratio preference optimization: learns the completions and their preference at once, without a reference."""

    name: ClassVar[str] = "orpo"
    Settings: ClassVar[type[BaseModel]] = OrpoSettings
    continues_adapters: ClassVar[bool] = True

    def check(self, split: str, examples: Iterable[Example], settings: BaseModel, *, training: bool) -> None:  # noqa: ARG002 (interface)
        """Check that each row is a preference pair."""
        check_pairs(split, examples, self.name, training=training)

    def train(self, context: TrainingContext, reporter: TrainingReporter) -> TrainingResult:
        """Train, or resume from the newest complete checkpoint in the folder."""
        settings = OrpoSettings.model_validate(context.settings.model_dump())
        tokenizer = load_run_tokenizer(context, settings)
        train, validation = load_pairs(tokenizer, context, settings, reporter)
        return run_trainer(
            context,
            settings,
            reporter,
            lambda device: build_trainer(context, settings, device, tokenizer, (train, validation)),
        )


class PairRows(list[dict[str, Any]]):
    """Tokenized rows as a dataset. TRL's trainer tokenizes by `map`, which these rows do not need."""

    def map(self, *_: Any, **__: Any) -> "PairRows":
        """Return the rows unchanged."""
        return self


def build_trainer(
    context: TrainingContext,
    settings: OrpoSettings,
    device: Device,
    tokenizer: Any,
    rows: tuple[list[TokenizedPair], list[TokenizedPair]],
) -> TrainerSetup:
    """Build the trainer with its data and its model."""
    from trl.experimental.orpo.orpo_config import ORPOConfig
    from trl.trainer.dpo_trainer import DataCollatorForPreference

    train, validation = rows
    model = load_policy(context, settings, device)
    arguments = trainer_arguments(context, settings, device, len(train), evaluate=bool(validation))
    trainer = build_trainer_class()(
        model=model,
        args=ORPOConfig(**arguments, max_length=settings.max_length, beta=settings.beta, disable_dropout=False),
        train_dataset=PairRows(pair._asdict() for pair in train),
        eval_dataset=PairRows(pair._asdict() for pair in validation) if validation else None,
        processing_class=tokenizer,
        data_collator=DataCollatorForPreference(pad_token_id=tokenizer.pad_token_id),
    )
    trainer.sampler = EpochSampler([pair.longest for pair in train], settings.batch_size, settings.seed)
    trainer.use_dpo_data_collator = True
    return TrainerSetup(
        trainer,
        model,
        tokenizer,
        summary={"rows": len(train), "validation_rows": len(validation), "beta": settings.beta},
    )


def build_trainer_class() -> type[Any]:
    """Build the trainer class. A function defers the import of torch.

    The loss of fine-tuning covers the completion only, as in the recipe sft. TRL's own one includes the prompt.
    """
    import torch
    from trl.experimental.orpo.orpo_trainer import ORPOTrainer
    from trl.trainer.utils import selective_log_softmax

    class OddsRatioTrainer(extend_trainer(ORPOTrainer)):
        def concatenated_forward(self, model: Any, batch: Any) -> tuple[Any, ...]:
            options = {"output_router_logits": True} if self.aux_loss_enabled else {}
            ids, in_loss = batch["input_ids"], batch["completion_mask"][:, 1:]
            outputs = model(input_ids=ids, attention_mask=batch["attention_mask"], use_cache=False, **options)
            log_probs = selective_log_softmax(outputs.logits[:, :-1], ids[:, 1:]) * in_loss
            means = log_probs.sum(-1) / in_loss.sum(-1)
            half = len(ids) // 2
            nll = -log_probs[:half].sum() / in_loss[:half].sum()
            chosen_logits, rejected_logits = outputs.logits[:half, :-1], outputs.logits[half:, :-1]
            values = (means[:half], means[half:], chosen_logits, rejected_logits, nll)
            return (*values, outputs.aux_loss) if self.aux_loss_enabled else values

        def odds_ratio_loss(self, policy_chosen_logps: Any, policy_rejected_logps: Any) -> Any:
            # The gradient of log(1 - exp(x)) is NaN at 0, which a memorized completion reaches.
            limited = (
                torch.clamp(part.float(), max=MAX_LOG_PROBABILITY)
                for part in (policy_chosen_logps, policy_rejected_logps)
            )
            return super().odds_ratio_loss(*limited)

    return OddsRatioTrainer
