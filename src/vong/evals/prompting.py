"""How an example is put to a model: the system message, a template, and worked examples (shots) before it."""

import hashlib
import random
from collections.abc import Sequence
from typing import Any

from pydantic import Field

from vong.errors import InvalidInput
from vong.evals.scorers.texts import read_json
from vong.records import Example, Message, Record

PLACE = "{input}"


class EvalSettings(Record):
    """Everything that shapes the requests of a run; recorded with its result.

    `system` replaces the examples' system message. `template` wraps the text of the user's messages, which stands
    where it says `{input}`. `shots` examples of `shots_split` are put before as user and assistant turns, the same for
    every request, chosen by `seed`. `limit` evaluates that many examples, chosen by `seed` (a larger limit contains a
    smaller one). `concurrency` requests are under way at once; latencies are measured under it.
    """

    system: str | None = None
    template: str | None = None
    shots: int = Field(default=0, ge=0, le=64)
    shots_split: str = "train"
    limit: int | None = Field(default=None, ge=1)
    seed: int = 0
    max_tokens: int = Field(default=256, ge=1)
    temperature: float = Field(default=0.0, ge=0, le=2)
    concurrency: int = Field(default=4, ge=1, le=64)

    def check(self, split: str) -> None:
        """InvalidInput where shots would come from the evaluated split, or the template has no place for the text."""
        if self.shots and self.shots_split == split:
            message = f"shots from {split!r} would show the model answers of the split it is evaluated on"
            raise InvalidInput(message, "choose another split with --shots-split")
        if self.template is not None and PLACE not in self.template:
            raise InvalidInput("the template has no place for the text", f"write {PLACE} where it belongs")


def choose_examples(examples: Sequence[Example], settings: EvalSettings) -> dict[int, Example]:
    """The examples to evaluate by their position in the split: those with a reference, at most `limit` of them."""
    usable = {position: example for position, example in enumerate(examples) if example.completion is not None}
    if settings.limit is None or settings.limit >= len(usable):
        return usable
    ranked = sorted(usable, key=lambda position: _lot(settings.seed, usable[position].hash))
    return {position: usable[position] for position in sorted(ranked[: settings.limit])}


def choose_shots(pool: Sequence[Example], evaluated: Sequence[Example], settings: EvalSettings) -> list[Example]:
    """`shots` examples of the pool, drawn by `seed`; each next one is that whose answer adds most labels not yet shown.

    A label is a field and its value where answers are JSON objects, else the whole answer. Examples that say the same
    as an evaluated one are left out. InvalidInput where the pool is too small.
    """
    if not settings.shots:
        return []
    held_back = {example.hash for example in evaluated} | {example.prompt_text for example in evaluated}
    candidates = [
        example
        for example in pool
        if example.completion is not None and not {example.hash, example.prompt_text} & held_back
    ]
    if len(candidates) < settings.shots:
        message = f"the split {settings.shots_split!r} has {len(candidates)} usable examples for {settings.shots} shots"
        raise InvalidInput(message, "ask for fewer shots or name another split with --shots-split")
    candidates.sort(key=lambda example: _lot(settings.seed, example.hash))
    labels = [_labels(example.answer) for example in candidates]
    chosen: list[int] = []
    seen: set[str] = set()
    for _ in range(settings.shots):
        left = (i for i in range(len(candidates)) if i not in chosen)
        best = max(left, key=lambda i: (len(labels[i] - seen), -i))
        chosen.append(best)
        seen |= labels[best]
    random.Random(settings.seed).shuffle(chosen)
    return [candidates[i] for i in chosen]


def build_messages(example: Example, shots: Sequence[Example], settings: EvalSettings) -> list[Message]:
    """The request's messages: system, the shots as turns, then the example's own turns."""
    own = [message for message in example.messages if message.role in {"system", "developer"}]
    system = own if settings.system is None else [Message(role="system", content=settings.system)]
    turns: list[Message] = []
    for shot in shots:
        assert shot.completion is not None
        turns += [*_turns(shot, settings), shot.completion]
    return [*system, *turns, *_turns(example, settings)]


def _turns(example: Example, settings: EvalSettings) -> list[Message]:
    turns = [message for message in example.messages if message.role not in {"system", "developer"}]
    if settings.template is None:
        return turns
    # The text is put in by replacement, never by format: texts have braces of their own.
    return [
        Message(role="user", content=settings.template.replace(PLACE, turn.text)) if turn.role == "user" else turn
        for turn in turns
    ]


def _labels(answer: str) -> set[str]:
    value: Any = read_json(answer)
    return {f"{field}={value[field]!r}" for field in value} if isinstance(value, dict) else {answer}


def _lot(seed: int, name: str) -> str:
    return hashlib.sha256(f"{seed}:{name}".encode()).hexdigest()
