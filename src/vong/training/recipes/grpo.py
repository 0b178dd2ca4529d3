"""Group relative policy optimization (GRPO): reinforcement learning with verifiable rewards or a reward model."""

import random
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Any, ClassVar, NamedTuple

from pydantic import BaseModel, Field

from vong.errors import InvalidInput
from vong.records import Example
from vong.training.device import Device
from vong.training.models.model_loading import load_run_tokenizer
from vong.training.models.reward_model import load_reward_scorer
from vong.training.progress import TrainingReporter
from vong.training.recipes import TrainingContext, TrainingResult
from vong.training.rows.readable_rows import named_errors, select_readable
from vong.training.rows.row_requirements import check_prompts, divide_prompt
from vong.training.rows.tokenization import render_prompt
from vong.training.runs.run import TrainerSetup, run_trainer, trainer_arguments
from vong.training.scoring.judges import Judge
from vong.training.scoring.rewards import RewardFunction, RewardSettings
from vong.training.setting_fields import best_metric_field, epochs_field, learning_rate_field
from vong.training.settings import TrainingSettings
from vong.training.trainers.preference import (
    load_policy,
    release_reference,
    require_rows,
    warn_too_long,
    warn_weights,
)
from vong.training.trainers.trainer import extend_trainer

STEPS_WITHOUT_SIGNAL = 20
"""Consecutive steps in which all completions of each prompt have equal rewards, after which a run has a warning."""


class GrpoSettings(TrainingSettings, RewardSettings):
    """Settings of group relative policy optimization. Each description gives the reason for its default."""

    learning_rate: float = learning_rate_field(
        1e-4, "A tenth of that of sft, because rewards are noisy (for full, set 1e-6)."
    )
    epochs: float = epochs_field(
        1.0, "Passes over the prompts. Each pass generates num_generations completions of each prompt."
    )
    batch_size: int = Field(
        title="Prompts per batch",
        default=2,
        ge=1,
        le=1024,
        description="Each prompt has num_generations completions, so that 2 prompts are 16 rows in memory.",
    )
    num_generations: int = Field(
        title="Completions per prompt",
        default=8,
        ge=2,
        le=256,
        description="A completion is compared with the others of its prompt. 8 is the usual minimum for a stable mean.",
    )
    max_completion_tokens: int = Field(
        title="Maximum completion length",
        default=128,
        ge=1,
        le=32_768,
        description="In tokens. Longer completions are cut. Generation takes most of the time, so keep it short.",
    )
    temperature: float = Field(
        title="Temperature",
        default=1.0,
        gt=0,
        le=10,
        description="1 samples from the model itself. Lower values give equal completions, which teach nothing.",
    )
    best_metric: str = best_metric_field("eval_reward", "eval_reward")
    beta: float = Field(
        title="Beta",
        default=0.0,
        ge=0,
        le=100,
        description="Weight of the KL penalty. 0, because verifiable rewards need no reference model (DAPO, 2025).",
    )


class GrpoRecipe:
    """Group relative policy optimization: the model generates completions, and learns from their rewards."""

    name: ClassVar[str] = "grpo"
    Settings: ClassVar[type[BaseModel]] = GrpoSettings
    continues_adapters: ClassVar[bool] = True

    def check(
        self,
        split: str,
        examples: Iterable[Example],
        settings: BaseModel,
        *,
        training: bool,
        rewards: Sequence[RewardFunction] = (),
    ) -> None:
        """Check that the settings select a reward and that each row has a prompt, and a reference if it is needed."""
        parsed = GrpoSettings.model_validate(settings.model_dump())
        require_reward(parsed)
        reference_for = next((reward.name for reward in rewards if reward.needs_reference), None)
        check_prompts(split, examples, reference_for, training=training, judges=parsed.judges)

    def train(self, context: TrainingContext, reporter: TrainingReporter) -> TrainingResult:
        """Train, or resume from the newest complete checkpoint in the folder."""
        settings = GrpoSettings.model_validate(context.settings.model_dump())
        require_reward(settings)
        tokenizer = load_run_tokenizer(context, settings)
        train = prepare_prompts(tokenizer, context.train, "training", settings, reporter)
        validation = prepare_prompts(tokenizer, context.validation, "validation", settings, reporter)
        require_rows(train, validation, reporter)

        def build(device: Device) -> TrainerSetup:
            return build_trainer(context, settings, device, tokenizer, (train, validation), reporter)

        result = run_trainer(context, settings, reporter, build)
        used = {"reward_model": context.reward_model.ref} if context.reward_model else {}
        return replace(result, metadata={**result.metadata, **used})


class PromptRow(NamedTuple):
    """Tokens of the prompt of one row, and the example with its reference."""

    ids: list[int]
    example: Example


def require_reward(settings: GrpoSettings) -> None:
    """Raise InvalidInput if the settings select no reward."""
    if not settings.has_reward:
        raise InvalidInput(
            "recipe 'grpo' has no reward: rewards, reward_model and judges are empty",
            'set rewards, such as {"exact_match": 1.0}, the ref of a reward model, or a judge; scorers: '
            "vong evals scorers",
        )


def prepare_prompts(
    tokenizer: Any, examples: Sequence[Example], split: str, settings: GrpoSettings, reporter: TrainingReporter
) -> list[PromptRow]:
    """Render the prompts of a split. Prompts that leave no room for a completion are left out with a warning."""
    rows: list[PromptRow] = []
    prompts = list(map(divide_prompt, examples))
    for number, example in select_readable(tokenizer, prompts, split, reporter, answers=False):
        if example.messages:
            with named_errors(split, number, example):
                rows.append(PromptRow(render_prompt(tokenizer, example.messages, example.tools)[1], example))
    warn_weights([row.example for row in rows], split, reporter)
    lengths = [len(row.ids) + settings.max_completion_tokens for row in rows]
    warn_too_long(lengths, split, settings.max_length, reporter)
    return [row for row, length in zip(rows, lengths, strict=True) if length <= settings.max_length]


class GroupSampler:
    """Sampler that repeats each prompt for its group of completions. The order depends only on seed and epoch.

    A chunk of `batch_size * accumulation` prompts is generated at once and repeated `accumulation` times, because the
    trainer takes one part of it at each batch. The last chunk is filled with prompts from the start of the order.
    TRL's own sampler draws from one generator during the whole run, so that a resumed run would repeat the first epoch.
    """

    def __init__(self, rows: int, batch_size: int, accumulation: int, group: int, seed: int) -> None:
        self.rows = rows
        self.chunk = batch_size * accumulation
        self.accumulation = accumulation
        self.group = group
        self.seed = seed
        self.epoch = 0

    def set_epoch(self, epoch: int) -> None:
        """Set the epoch of the next iteration."""
        self.epoch = epoch

    def __len__(self) -> int:
        chunks = -(-self.rows // self.chunk)
        return chunks * self.chunk * self.accumulation * self.group

    def __iter__(self) -> Iterator[int]:
        order = list(range(self.rows))
        random.Random(f"{self.seed}/{self.epoch}").shuffle(order)
        for start in range(0, self.rows, self.chunk):
            chunk = [order[(start + place) % self.rows] for place in range(self.chunk)]
            for _ in range(self.accumulation):
                yield from (row for row in chunk for _ in range(self.group))


def build_judges(context: TrainingContext, settings: GrpoSettings) -> list[Judge]:
    """Return the judges of the run.

    Raises:
        InvalidInput: The trainer has no access to other models.
    """
    if settings.judges and context.teachers is None:
        raise InvalidInput("this trainer has no access to judges", "start the run on a Vong server")
    return [
        Judge(name, judge, context.teachers, context.folder, settings.judge_concurrency)
        for name, judge in settings.judges.items()
        if context.teachers is not None
    ]


def build_rewards(
    context: TrainingContext, device: Device, settings: GrpoSettings, judges: Sequence[Judge]
) -> list[RewardFunction]:
    """Return the rewards of the run: the scorers, the judges, and the reward model if there is one."""
    rewards = [*context.rewards, *(judge.as_reward() for judge in judges)]
    if context.reward_model is not None:
        scorer = load_reward_scorer(context.reward_model, device)
        rewards.append(RewardFunction("reward_model", settings.reward_model_weight, scorer, needs_reference=False))
    if not rewards:
        raise InvalidInput("the run has no rewards", "set rewards, reward_model or judges")
    return rewards


def build_reward_column(
    reward: RewardFunction, examples: Sequence[Example], reporter: TrainingReporter
) -> Callable[..., list[float | None]]:
    """Return a reward in the form that TRL calls: one value per completion, None if it does not apply."""

    def compute(completions: Sequence[str], example: Sequence[int], **fields: Any) -> list[float | None]:
        state = fields.get("trainer_state")
        step, total = (state.global_step, max(1, state.max_steps)) if state is not None else (0, 1)
        rows = [examples[index] for index in example]
        return reward.score(rows, completions, lambda message: reporter.progress(step, total, message))

    compute.__name__ = reward.name
    return compute


def build_trainer(
    context: TrainingContext,
    settings: GrpoSettings,
    device: Device,
    tokenizer: Any,
    rows: tuple[list[PromptRow], list[PromptRow]],
    reporter: TrainingReporter,
) -> TrainerSetup:
    """Build the trainer with its data, its model and its rewards."""
    from datasets import Dataset
    from trl.trainer.grpo_config import GRPOConfig

    train, validation = rows
    judges = build_judges(context, settings)
    rewards = build_rewards(context, device, settings, judges)
    examples = [row.example for row in (*train, *validation)]
    model = load_policy(context, settings, device)
    arguments = trainer_arguments(context, settings, device, len(train), evaluate=bool(validation))
    arguments["per_device_train_batch_size"] = settings.batch_size * settings.num_generations
    arguments["per_device_eval_batch_size"] = settings.batch_size * settings.num_generations
    trainer = build_trainer_class(reporter)(
        model=model,
        args=GRPOConfig(
            **arguments,
            num_generations=settings.num_generations,
            num_generations_eval=1,
            steps_per_generation=settings.gradient_accumulation,
            max_completion_length=settings.max_completion_tokens,
            temperature=settings.temperature,
            beta=settings.beta,
            reward_weights=[reward.weight for reward in rewards],
            disable_dropout=False,
        ),
        reward_funcs=[build_reward_column(reward, examples, reporter) for reward in rewards],
        train_dataset=Dataset.from_dict(prompt_table(train, 0)),
        eval_dataset=Dataset.from_dict(prompt_table(validation, len(train))) if validation else None,
        processing_class=tokenizer,
    )
    if context.adapter is None:
        release_reference(model)
    trainer.prompt_ids = [row.ids for row in (*train, *validation)]
    trainer.group_sampler = GroupSampler(
        len(train), settings.batch_size, settings.gradient_accumulation, settings.num_generations, settings.seed
    )
    return TrainerSetup(
        trainer,
        model,
        tokenizer,
        summary={
            "rows": len(train),
            "validation_rows": len(validation),
            "rewards": {reward.name: reward.weight for reward in rewards},
        },
        summarize=lambda: {"judges": {judge.name: judge.summarize() for judge in judges}} if judges else {},
    )


def prompt_table(rows: Sequence[PromptRow], first: int) -> dict[str, list[Any]]:
    """Convert prompts to columns. Both columns have the index of the row, `prompt` as the text that TRL requires."""
    indices = list(range(first, first + len(rows)))
    return {"prompt": list(map(str, indices)), "example": indices}


def build_trainer_class(reporter: TrainingReporter) -> type[Any]:
    """Build the trainer class. A function defers the import of torch."""
    from trl.trainer.grpo_trainer import GRPOTrainer

    class GroupTrainer(extend_trainer(GRPOTrainer)):
        prompt_ids: Sequence[list[int]] = ()
        group_sampler: GroupSampler | None = None
        warns_of_overfitting = False
        steps_without_signal = 0

        def _get_train_sampler(self, *_: Any, **__: Any) -> Any:
            return self.group_sampler

        def _tokenize_prompts(self, prompts: Sequence[str]) -> tuple[list[list[int]], None, dict[str, Any]]:
            """Return the tokens of the prompts as the server renders them, without images or other fields."""
            return [list(self.prompt_ids[int(prompt)]) for prompt in prompts], None, {}

        def _generate(self, prompts: Any) -> Any:
            reporter.progress(self.state.global_step, max(1, self.state.max_steps), "generating completions")
            generated = super()._generate(prompts)
            if self.model.training:
                self.step_tokens += sum(map(len, (*generated[0], *generated[1])))
            return generated

        def evaluate(self, *arguments: Any, **options: Any) -> Any:
            """Evaluate with the most likely completions, so that equal weights have equal rewards."""
            self.generation_config.do_sample = False
            try:
                return super().evaluate(*arguments, **options)
            finally:
                self.generation_config.do_sample = True

        def log(self, logs: dict[str, float], *arguments: Any, **options: Any) -> None:
            super().log(logs, *arguments, **options)
            if "frac_reward_zero_std" not in logs:
                return
            self.steps_without_signal = self.steps_without_signal + 1 if logs["frac_reward_zero_std"] == 1 else 0
            if self.steps_without_signal == STEPS_WITHOUT_SIGNAL:
                reporter.warn(
                    f"no learning signal in {STEPS_WITHOUT_SIGNAL} steps: all completions of each prompt have equal "
                    "rewards. Train with sft first, raise num_generations or temperature, or use a finer reward"
                )

    return GroupTrainer
