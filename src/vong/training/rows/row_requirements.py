"""Checks of dataset rows before a run starts. Each error names the first row that cannot be used."""

from collections.abc import Iterable, Iterator, Mapping

from vong.errors import InvalidInput
from vong.records import Example
from vong.training.rows.tokenization import TEXT_PARTS
from vong.training.scoring.judge_settings import JudgeSettings
from vong.training.scoring.judges import ask_judge


def trainable_rows(split: str, examples: Iterable[Example]) -> Iterator[tuple[str, Example]]:
    """Yield each example with a weight above 0 and its name for messages, such as `row 3 of split 'train'`."""
    for number, example in enumerate(examples, 1):
        if example.weight > 0:
            yield name_row(split, number, example), example


def name_row(split: str, number: int, example: Example) -> str:
    """Return the name of a row for messages, with the row of the file that it was imported from."""
    source = f" ({example.origin.id})" if example.origin is not None and example.origin.kind == "file" else ""
    return f"row {number} of split {split!r}{source}"


def require_messages(row: str, example: Example) -> None:
    """Raise InvalidInput if a row has no prompt, or content that is not text."""
    if not example.messages:
        raise InvalidInput(f"{row} has no messages", "add a prompt to each row, or choose another recipe")
    for message in (*example.messages, example.completion, example.rejected):
        if message is not None and isinstance(message.content, list):
            kind = next((part.get("type") for part in message.content if part.get("type") not in TEXT_PARTS), None)
            if kind is not None:
                raise InvalidInput(
                    f"{row} has content of the type {kind!r}, which training does not support",
                    "leave the row out, or replace the content by text",
                )


def check_pairs(split: str, examples: Iterable[Example], recipe: str, *, training: bool) -> None:
    """Check that each row is a preference pair, and that a training split has a pair of different completions."""
    pairs = different = 0
    for row, example in trainable_rows(split, examples):
        require_messages(row, example)
        if example.completion is None:
            raise InvalidInput(
                f"{row} has no completion: recipe {recipe!r} needs a completion and a rejected completion in each row",
                "add it, leave the row out, or train with the recipe kto, which needs no pairs",
            )
        if example.rejected is None:
            raise InvalidInput(
                f"{row} has no rejected completion: recipe {recipe!r} needs a completion and a rejected completion in "
                "each row",
                "add it, leave the row out, or train with the recipe sft or kto, which need no pairs",
            )
        pairs += 1
        different += example.completion != example.rejected
    if training and not different:
        found = f"all {pairs} pairs have equal completions" if pairs else "it has no rows with a weight above 0"
        raise InvalidInput(
            f"split {split!r} cannot be trained on with recipe {recipe!r}: {found}",
            "add rows whose completion is better than their rejected completion",
        )


def check_judged(split: str, examples: Iterable[Example], *, training: bool) -> None:
    """Check that each row has a completion that is good or bad, and that a training split has both."""
    good = bad = 0
    for row, example in trainable_rows(split, examples):
        require_messages(row, example)
        if example.completion is None and example.rejected is None:
            raise InvalidInput(
                f"{row} has neither a completion nor a rejected completion",
                "import rows with a label (format kto) or pairs, or leave the row out",
            )
        good += example.completion is not None
        bad += example.rejected is not None
    if training and not (good and bad):
        raise InvalidInput(
            f"split {split!r} has {good} desirable and {bad} undesirable completions: recipe 'kto' needs both",
            "label bad completions as false, or use the recipe sft to train on good completions only",
        )


def check_prompts(
    split: str,
    examples: Iterable[Example],
    reference_for: str | None,
    *,
    training: bool,
    judges: Mapping[str, JudgeSettings] | None = None,
) -> None:
    """Check that each row has a prompt, a completion if `reference_for` compares with it, and the fields for judges."""
    rows = 0
    for row, example in trainable_rows(split, examples):
        divided = divide_prompt(example)
        require_messages(row, divided)
        if reference_for and divided.completion is None:
            raise InvalidInput(
                f"{row} has no completion, which the reward {reference_for!r} compares generated completions with",
                "add the expected completion, leave the row out, or use rewards without a reference (json_valid, a "
                "reward model)",
            )
        for name, judge in (judges or {}).items():
            try:
                ask_judge(judge, divided, "")
            except InvalidInput as error:
                raise InvalidInput(f"{row}, judge {name!r}: {error.message}", error.hint) from error
        rows += 1
    if training and not rows:
        raise InvalidInput(f"split {split!r} has no rows with a weight above 0", "add rows with a prompt")


def divide_prompt(example: Example) -> Example:
    """Return the example with a final assistant message converted to its completion, if it has no completion."""
    is_answered = bool(example.messages) and example.messages[-1].role == "assistant"
    if not is_answered or example.completion is not None or example.rejected is not None:
        return example
    return example.model_copy(update={"messages": example.messages[:-1], "completion": example.messages[-1]})
