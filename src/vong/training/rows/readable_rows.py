"""Rows of which the model cannot see a part: images in them, or tool calls that its chat template does not write."""

from collections.abc import Generator, Sequence
from contextlib import contextmanager
from typing import Any

from vong.errors import InvalidInput
from vong.records import Example
from vong.training.progress import TrainingReporter
from vong.training.rows.row_requirements import name_row
from vong.training.rows.tokenization import has_media, omits_calls, omits_tools


@contextmanager
def named_errors(split: str, number: int, example: Example) -> Generator[None]:
    """Add the row to the message of an error of the chat template."""
    try:
        yield
    except InvalidInput as error:
        raise InvalidInput(f"{name_row(split, number, example)}: {error.message}", error.hint) from error


def select_readable(
    tokenizer: Any, examples: Sequence[Example], split: str, reporter: TrainingReporter, *, answers: bool = True
) -> list[tuple[int, Example]]:
    """Return the examples with a weight above 0, and their numbers. Unreadable ones are left out with a warning.

    If `answers` is not set, only prompts are read.

    Raises:
        InvalidInput: The chat template rejects an example. The message names it.
    """
    kept: list[tuple[int, Example]] = []
    media = calls = tools = 0
    for number, example in enumerate(examples, 1):
        if not example.weight > 0:
            continue
        read = [message for message in (example.completion, example.rejected) if message and answers]
        with named_errors(split, number, example):
            if any(has_media(message) for message in (*example.messages, *read)):
                media += 1
            elif any(omits_calls(tokenizer, (*example.messages, answer), example.tools) for answer in read):
                calls += 1
            else:
                kept.append((number, example))
                tools += omits_tools(tokenizer, example)
    warn_unreadable(split, media, calls, tools, reporter)
    return kept


def warn_unreadable(split: str, media: int, calls: int, tools: int, reporter: TrainingReporter) -> None:
    """Report rows with images, rows that answer with calls, and rows with tools, that the model does not see."""
    if media:
        reporter.warn(
            f"{media} {split} rows have images, audio or files and are left out, because the base model reads text only"
        )
    if calls:
        reporter.warn(
            f"{calls} {split} rows answer with tool calls and are left out, because the chat template of the base "
            "model does not write tool calls"
        )
    if tools:
        reporter.warn(
            f"{tools} {split} rows have tools, or earlier tool calls, that the chat template of the base model does "
            "not write: the model does not see them"
        )
