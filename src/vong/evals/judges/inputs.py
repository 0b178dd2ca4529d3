"""Inputs of judges: the texts to judge, and the judgement that results."""

from datetime import datetime
from typing import Any
from uuid import UUID

from vong.evals.scorers.base import ScorerInput
from vong.evals.scorers.tool_calls import render
from vong.records import Example, Message, Record, content_hash

MAX_INPUT_CHARACTERS = 400_000
"""Characters of the texts of one judgement. Longer texts are an error: a judge of a part judges another text."""


class JudgeInput(Record):
    """Texts that a judge reads: the conversation before the output, the output, and the reference.

    `other` is the second output of a pairwise judgement. `metadata` holds the fields of the example for placeholders.
    """

    input: str = ""
    output: str = ""
    other: str | None = None
    reference: str = ""
    metadata: dict[str, Any] = {}

    def hash_for(self, fields: frozenset[str]) -> str:
        """Return the hash of what a judge reads. Only the given metadata fields are read."""
        read = {name: self.metadata.get(name) for name in sorted(fields)}
        return content_hash([self.input, self.output, self.other, self.reference, read])

    @property
    def characters(self) -> int:
        """Return the length of all texts."""
        return len(self.input) + len(self.output) + len(self.other or "") + len(self.reference)


class Judgement(Record):
    """Verdict of a judge about one input, or the `error` that prevented one.

    `score` is in 0..1, `verdict` the value on the judge's own scale (`pass`, `4`, `A`). `criteria` holds the score of
    each criterion in 0..1. `consistent` is False if a pairwise judge contradicted itself after the swap, `first` the
    number of its verdicts for the output that was shown first. `agreement` is the share of a jury's members with its
    verdict. `cost` is in millionths of a US dollar, null until all prices are known; a `cached` judgement cost nothing
    this time.
    """

    judge: str
    input_hash: str
    score: float | None = None
    verdict: str = ""
    reason: str = ""
    criteria: dict[str, float] = {}
    consistent: bool | None = None
    first: int | None = None
    agreement: float | None = None
    error: str | None = None
    span_ids: tuple[UUID, ...] = ()
    latency_ms: float = 0.0
    input_tokens: int = 0
    output_tokens: int = 0
    cost: int | None = None
    repairs: int = 0
    cached: bool = False
    created_at: datetime


def from_scorer_input(scored: ScorerInput) -> JudgeInput:
    """Return the judge's view of an output of a run. Tool calls of the output are part of its text."""
    return JudgeInput(
        input=render_conversation(scored.messages),
        output=scored.output,
        reference=scored.reference,
        metadata=dict(scored.metadata),
    )


def from_example(example: Example) -> JudgeInput:
    """Return a labelled row: its completion is the output, `metadata.reference` the reference.

    For a preference pair, `rejected` is the second output.
    """
    reference = example.metadata.get("reference", "")
    return JudgeInput(
        input=render_conversation(example.messages),
        output=render(example.completion),
        other=render(example.rejected) if example.rejected else None,
        reference=reference if isinstance(reference, str) else "",
        metadata=example.metadata,
    )


def render_conversation(messages: tuple[Message, ...]) -> str:
    """Return the messages as text. A single user message is its text; others are marked by their roles."""
    texts = [message for message in messages if message.text or message.tool_calls]
    if len(texts) == 1 and texts[0].role == "user":
        return texts[0].text
    return "\n\n".join(f"[{message.role}]\n{render(message)}" for message in texts)
