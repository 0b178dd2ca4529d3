"""Preference rows and training contexts for tests of preference and reinforcement recipes."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from vong.records import Example, Message
from vong.training import TrainingContext

TINY: dict[str, Any] = {"batch_size": 4, "learning_rate": 1e-2, "lora_rank": 4}
"""Settings for the tiny model."""


def pair(number: int, **fields: Any) -> Example:
    """Return a pair of a task that two layers can learn: repeat the named letter, not the next one."""
    letter, other = chr(97 + number % 5), chr(97 + (number + 1) % 5)
    values: dict[str, Any] = {
        "messages": (Message(role="user", content=f"say {letter}{'!' * (number % 7)}"),),
        "completion": Message(role="assistant", content=letter * 3),
        "rejected": Message(role="assistant", content=other * 3),
    }
    return Example(**{**values, **fields})


def pairs(count: int, start: int = 0) -> list[Example]:
    return [pair(number) for number in range(start, start + count)]


def judged(count: int, start: int = 0) -> list[Example]:
    """Return rows with either a good or a bad completion, alternating."""
    return [pair(n, **{"rejected" if n % 2 == 0 else "completion": None}) for n in range(start, start + count)]


def create_context(
    base: Path,
    folder: Path,
    settings: BaseModel,
    train: Sequence[Example],
    validation: Sequence[Example],
    **more: Any,
) -> TrainingContext:
    folder.mkdir(parents=True, exist_ok=True)
    return TrainingContext(
        base=base,
        base_ref="tiny@0123456789ab",
        train=train,
        validation=validation,
        settings=settings,
        folder=folder,
        threads=1,
        **more,
    )
