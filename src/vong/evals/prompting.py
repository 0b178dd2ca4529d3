"""Request messages of an example: the system message, a template, and worked examples (shots)."""

import hashlib
import random
from collections.abc import Sequence
from typing import Any

from pydantic import Field

from vong.errors import InvalidInput
from vong.evals.scorers.texts import parse_json
from vong.records import Example, Message, Record

TEMPLATE_PLACEHOLDER = "{input}"


class EvalSettings(Record):
    """Settings that determine the requests of a run; recorded with its result.

    `system` replaces the examples' system message. `template` wraps the text of each user message, which replaces
    `{input}`. `shots` examples of `shots_split` precede every request as user and assistant turns; `seed` selects them,
    and all requests have the same ones. `limit` evaluates that many examples, selected by `seed` (a larger limit
    contains a smaller one). `concurrency` requests run at the same time; latencies are measured under this load.
    `references` is a metadata field with a list of texts that are correct, too, beside the completion. `samples`
    outputs are requested for each example, for scorers such as pass@k; all other scorers use the first one. `step` is
    the path of a step whose output is scored in place of that of the whole pipeline.
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
    references: str | None = Field(default=None, min_length=1, max_length=200)
    samples: int = Field(default=1, ge=1, le=100)
    step: str | None = Field(default=None, min_length=1, max_length=300)

    def check(self, split: str) -> None:
        """Raise InvalidInput if the shots come from the evaluated split or the template lacks `{input}`."""
        if self.shots and self.shots_split == split:
            message = f"shots from {split!r} would show the model completions of the evaluated split"
            raise InvalidInput(message, "choose another split with --shots-split")
        if self.samples > 1 and self.temperature == 0:
            message = f"{self.samples} samples at temperature 0 would be equal"
            raise InvalidInput(message, "set a temperature above 0, such as 0.8, or samples to 1")
        if self.template is not None and TEMPLATE_PLACEHOLDER not in self.template:
            raise InvalidInput(
                f"the template has no {TEMPLATE_PLACEHOLDER}", f"add {TEMPLATE_PLACEHOLDER} for the text of the message"
            )


def choose_examples(examples: Sequence[Example], settings: EvalSettings) -> dict[int, Example]:
    """Return at most `limit` examples that have a reference, by their position in the split."""
    usable = {position: example for position, example in enumerate(examples) if example.completion is not None}
    if settings.limit is None or settings.limit >= len(usable):
        return usable
    ranked = sorted(usable, key=lambda position: _random_rank(settings.seed, usable[position].hash))
    return {position: usable[position] for position in sorted(ranked[: settings.limit])}


def choose_shots(pool: Sequence[Example], evaluated: Sequence[Example], settings: EvalSettings) -> list[Example]:
    """Return `shots` examples of the pool, drawn by `seed`, that cover as many labels as possible.

    Each next example is the one whose completion adds most labels not shown yet. A label is a field and its value if
    completions are JSON objects, otherwise the whole completion. Examples with the content or the prompt of an
    evaluated example are remaining out.

    Raises: InvalidInput if the pool is too small.
    """
    if not settings.shots:
        return []
    excluded = {example.hash for example in evaluated} | {example.prompt_text for example in evaluated}
    candidates = [
        example
        for example in pool
        if example.completion is not None and not {example.hash, example.prompt_text} & excluded
    ]
    if len(candidates) < settings.shots:
        message = f"the split {settings.shots_split!r} has {len(candidates)} usable examples for {settings.shots} shots"
        raise InvalidInput(message, "lower --shots or name another split with --shots-split")
    candidates.sort(key=lambda example: _random_rank(settings.seed, example.hash))
    labels = [_completion_labels(example.completion_text) for example in candidates]
    chosen: list[int] = []
    shown_labels: set[str] = set()
    for _ in range(settings.shots):
        remaining = (i for i in range(len(candidates)) if i not in chosen)
        best = max(remaining, key=lambda i: (len(labels[i] - shown_labels), -i))
        chosen.append(best)
        shown_labels |= labels[best]
    random.Random(settings.seed).shuffle(chosen)
    return [candidates[i] for i in chosen]


def build_messages(example: Example, shots: Sequence[Example], settings: EvalSettings) -> list[Message]:
    """Return the messages of a request: system message, shots as turns, then the turns of the example."""
    own = [message for message in example.messages if message.role in {"system", "developer"}]
    system = own if settings.system is None else [Message(role="system", content=settings.system)]
    turns: list[Message] = []
    for shot in shots:
        assert shot.completion is not None
        turns += [*_conversation_turns(shot, settings), shot.completion]
    return [*system, *turns, *_conversation_turns(example, settings)]


def build_params(example: Example, settings: EvalSettings) -> dict[str, Any]:
    """Return the parameters of a request: those of the settings, and the tools of the example."""
    params: dict[str, Any] = {"max_tokens": settings.max_tokens, "temperature": settings.temperature}
    if example.tools:
        params["tools"] = [dict(tool) for tool in example.tools]
    return params


def _conversation_turns(example: Example, settings: EvalSettings) -> list[Message]:
    turns = [message for message in example.messages if message.role not in {"system", "developer"}]
    if settings.template is None:
        return turns
    # Uses replace instead of str.format, because texts contain braces.
    return [
        Message(role="user", content=settings.template.replace(TEMPLATE_PLACEHOLDER, turn.text))
        if turn.role == "user"
        else turn
        for turn in turns
    ]


def _completion_labels(answer: str) -> set[str]:
    value: Any = parse_json(answer)
    return {f"{field}={value[field]!r}" for field in value} if isinstance(value, dict) else {answer}


def _random_rank(seed: int, name: str) -> str:
    return hashlib.sha256(f"{seed}:{name}".encode()).hexdigest()
