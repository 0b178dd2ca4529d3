"""Preference data for trainers: tokenized pairs and judged completions, and reference log-probabilities."""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from pydantic import Field

from vong.errors import InvalidInput
from vong.records import Example
from vong.training.device import Device
from vong.training.models.model_loading import load_run_model, reject_adapted_head
from vong.training.progress import TrainingReporter
from vong.training.recipe_interface import TrainingContext
from vong.training.rows.readable_rows import named_errors, select_readable
from vong.training.rows.tokenization import IGNORED_LABEL, tokenize_example
from vong.training.setting_fields import best_metric_field
from vong.training.settings import TrainingSettings


class TokenizedPair(NamedTuple):
    """Prompt and the two completions of one row. Both completions end with the end-of-turn token."""

    prompt_ids: list[int]
    chosen_ids: list[int]
    rejected_ids: list[int]

    @property
    def longest(self) -> int:
        """Return the number of tokens of the longer of the two sequences."""
        return len(self.prompt_ids) + max(len(self.chosen_ids), len(self.rejected_ids))


class TokenizedCompletion(NamedTuple):
    """Prompt, one completion, and the verdict if the completion is desirable."""

    prompt_ids: list[int]
    completion_ids: list[int]
    label: bool


class PairSettings(TrainingSettings):
    """Settings that all recipes with preference pairs share."""

    batch_size: int = Field(
        title="Batch size",
        default=4,
        ge=1,
        le=1024,
        description="Pairs per step. 4 pairs need the memory of 8 rows of sft.",
    )
    best_metric: str = best_metric_field("eval_loss", "eval_reward_accuracy")


def tokenize_completion(tokenizer: Any, example: Example) -> tuple[list[int], list[int]]:
    """Return the tokens of the prompt and those of the completion, exactly as supervised fine-tuning sees them."""
    row = tokenize_example(tokenizer, example)
    start = next(place for place, label in enumerate(row.labels) if label != IGNORED_LABEL)
    return row.ids[:start], row.ids[start:]


def tokenize_pair(tokenizer: Any, example: Example) -> TokenizedPair:
    """Tokenize one preference pair. Both sequences start with the same tokens of the prompt."""
    prompt, chosen = tokenize_completion(tokenizer, example)
    same, rejected = tokenize_completion(tokenizer, example.model_copy(update={"completion": example.rejected}))
    if prompt != same:
        raise InvalidInput(
            "the chat template renders the prompt differently for the two completions",
            "use completions of the same kind (both text, or both tool calls), or another base model",
        )
    return TokenizedPair(prompt, chosen, rejected)


def prepare_pairs(
    tokenizer: Any, examples: Sequence[Example], split: str, max_length: int, reporter: TrainingReporter
) -> list[TokenizedPair]:
    """Tokenize the pairs of a split. Rows that are too long or teach nothing are left out with a warning."""
    usable = [example for example in examples if example.weight > 0 and example.completion and example.rejected]
    warn_weights(usable, split, reporter)
    pairs: list[TokenizedPair] = []
    for number, example in select_readable(tokenizer, examples, split, reporter):
        if example.completion and example.rejected:
            with named_errors(split, number, example):
                pairs.append(tokenize_pair(tokenizer, example))
    different = [pair for pair in pairs if pair.chosen_ids != pair.rejected_ids]
    fitting = [pair for pair in different if pair.longest <= max_length]
    if len(usable) < len(examples):
        reporter.warn(f"{len(examples) - len(usable)} {split} rows are no pairs or have the weight 0 and are left out")
    if len(different) < len(pairs):
        reporter.warn(
            f"{len(pairs) - len(different)} {split} rows have equal completions after tokenization and are left out, "
            "because they prefer nothing"
        )
    warn_too_long([pair.longest for pair in different], split, max_length, reporter)
    return fitting


def load_pairs(
    tokenizer: Any, context: TrainingContext, settings: TrainingSettings, reporter: TrainingReporter
) -> tuple[list[TokenizedPair], list[TokenizedPair]]:
    """Tokenize the pairs for training and for validation.

    Raises:
        InvalidInput: No pair is left to train on.
    """
    train = prepare_pairs(tokenizer, context.train, "training", settings.max_length, reporter)
    validation = prepare_pairs(tokenizer, context.validation, "validation", settings.max_length, reporter)
    require_rows(train, validation, reporter)
    return train, validation


def prepare_completions(
    tokenizer: Any, examples: Sequence[Example], split: str, max_length: int, reporter: TrainingReporter
) -> list[TokenizedCompletion]:
    """Tokenize the judged completions of a split. A pair gives one desirable and one undesirable completion."""
    warn_weights([example for example in examples if example.weight > 0], split, reporter)
    rows: list[TokenizedCompletion] = []
    for number, example in select_readable(tokenizer, examples, split, reporter):
        for completion, label in ((example.completion, True), (example.rejected, False)):
            if completion is not None:
                judged = example.model_copy(update={"completion": completion})
                with named_errors(split, number, example):
                    rows.append(TokenizedCompletion(*tokenize_completion(tokenizer, judged), label))
    lengths = [len(row.prompt_ids) + len(row.completion_ids) for row in rows]
    warn_too_long(lengths, split, max_length, reporter)
    return [row for row, length in zip(rows, lengths, strict=True) if length <= max_length]


def warn_weights(examples: Sequence[Example], split: str, reporter: TrainingReporter) -> None:
    """Warn about weights, which the losses of preferences do not use."""
    weighted = sum(example.weight != 1.0 for example in examples)
    if weighted:
        reporter.warn(f"{weighted} {split} rows have a weight other than 1, which this recipe ignores")


def warn_too_long(lengths: Sequence[int], split: str, max_length: int, reporter: TrainingReporter) -> None:
    """Warn about rows that are longer than the limit and are left out."""
    too_long = sum(length > max_length for length in lengths)
    if too_long:
        reporter.warn(
            f"{too_long} {split} rows are longer than max_length {max_length} tokens (the longest has {max(lengths)}) "
            "and are left out, because neither prompts nor completions are truncated"
        )


def require_rows(rows: Sequence[Any], validation: Sequence[Any], reporter: TrainingReporter) -> None:
    """Raise InvalidInput if no row is left to train on, and warn if none is left to evaluate on."""
    if not rows:
        raise InvalidInput("no rows left to train on", "raise max_length, or add rows")
    if not validation:
        reporter.warn("no validation rows: overfitting cannot be detected, and the last weights are kept")


def pair_table(pairs: Sequence[TokenizedPair]) -> dict[str, list[Any]]:
    """Convert pairs to columns, as `datasets.Dataset.from_dict` expects them."""
    return {name: [getattr(pair, name) for pair in pairs] for name in TokenizedPair._fields}


def load_policy(context: TrainingContext, settings: TrainingSettings, device: Device) -> Any:
    """Load the model to train, without dropout in its base.

    Raises:
        InvalidInput: The adapter changes the output head, which TRL's preference losses read without the adapter.
    """
    model = load_run_model(context, settings, device)
    reject_adapted_head(model)
    disable_base_dropout(model)
    return model


def disable_base_dropout(model: Any) -> None:
    """Disable the dropout of the base model, but not that of the adapter.

    The policy is compared with a reference that has no dropout. A base model's own dropout would add noise to each
    log-ratio.
    """
    import torch

    for name, module in model.named_modules():
        if isinstance(module, torch.nn.Dropout) and "lora_dropout" not in name:
            module.p = 0.0


def release_reference(model: Any) -> None:
    """Delete the copy of the adapter that TRL makes as a reference, so that checkpoints do not contain it."""
    if "ref" in getattr(model, "peft_config", {}):
        model.delete_adapter("ref")


def add_reference(
    trainer: Any, dataset: Any, names: Sequence[str], batch_size: int, report: Callable[[int, int], None]
) -> Any:
    """Return the dataset with the log-probabilities of the untrained model as columns `names`.

    The trainer's own implementation writes a cache file, which could be read again by another run.
    """
    from datasets import Dataset

    columns: dict[str, list[float]] = {name: [] for name in names}
    trainer.model.eval()
    for start in range(0, len(dataset), batch_size):
        report(start, len(dataset))
        rows = [dataset[place] for place in range(start, min(start + batch_size, len(dataset)))]
        batch = {name: value.to(trainer.accelerator.device) for name, value in trainer.data_collator(rows).items()}
        values = trainer.compute_ref_log_probs(trainer.model, batch)
        for name, value in zip(names, values, strict=False):
            if value is not None:
                columns[name] += value.float().cpu().tolist()
    return Dataset.from_dict({**dataset.to_dict(), **{name: column for name, column in columns.items() if column}})


def reference_progress(reporter: TrainingReporter) -> Callable[[int, int], None]:
    """Return a function that reports the progress of computing the reference, and stops a cancelled run."""

    def report(done: int, total: int) -> None:
        reporter.progress(0, 1, f"computing the reference log-probabilities: {done} of {total} rows")

    return report
