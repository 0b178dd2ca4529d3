"""What a turn of the loop is to do."""

from typing import Any

from pydantic import Field

from vong.records import Record


class Prompts(Record):
    """How the task is put to a model: briefly to the tuned one, in full with all labels to the base."""

    tuned: str
    untuned: str


class CanaryPlan(Record):
    """How the candidate is tried on live traffic."""

    share: float = Field(default=0.5, gt=0, lt=1)
    alpha: float = Field(default=0.05, gt=0, lt=1)
    margin: float = Field(default=0.0, ge=0, lt=1)
    min_pairs: int = Field(default=10, ge=2)


class LoopPlan(Record):
    """A turn. `rows` is a shipped file (`shipped:tickets.jsonl`) or rows imported before (`dataset:REF`), `base` a
    shipped model (`shipped:smollm2-135m-instruct`) or a registered one (`model:REF`), `handbook` a shipped folder or a
    knowledge base that exists (`base:NAME`).

    `fields` are the closed JSON fields that an answer is judged by; `splits` the shares of the rows, whose names the
    steps use: `train` and `validation` for training, `traffic` for the replayed requests, `test` for the evaluations,
    `canary` for the replayed requests of the canary. No row of the last three is ever trained on.
    """

    name: str = "triage"
    dataset: str = "tickets"
    rows: str = "shipped:tickets.jsonl"
    input: str = "text"
    output: str = "triage"
    fields: tuple[str, ...] = ("product", "urgency", "intent")
    stratify: str = "completion.intent"
    prompts: Prompts
    splits: dict[str, float]
    seed: int = 0
    base: str = "shipped:smollm2-135m-instruct"
    engine: str = "transformers"
    shots: int = 3
    max_tokens: int = 72
    training: dict[str, Any] = {}
    canary: CanaryPlan = CanaryPlan()
    handbook: str = "shipped:handbook"
    questions: tuple[str, ...] = ()
