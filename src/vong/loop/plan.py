"""Plan of a loop run."""

from typing import Any

from pydantic import Field

from vong.records import Record


class Prompts(Record):
    """System prompts: a brief one for the tuned model, a full one with all labels for the base model."""

    tuned: str
    untuned: str


class CanaryPlan(Record):
    """Settings of the canary on live traffic."""

    share: float = Field(default=0.5, gt=0, lt=1)
    alpha: float = Field(default=0.05, gt=0, lt=1)
    margin: float = Field(default=0.0, ge=0, lt=1)
    min_pairs: int = Field(default=10, ge=2)


class LoopPlan(Record):
    """Plan of a loop run.

    `rows` is a shipped file (`shipped:tickets.jsonl`) or an imported dataset (`dataset:REF`), `base` a shipped model
    (`shipped:smollm2-135m-instruct`) or a registered one (`model:REF`), `handbook` a shipped folder or an existing
    knowledge base (`base:NAME`).

    `fields` lists the closed JSON fields by which a completion is scored. `splits` sets the share of each split of the
    rows: `train` and `validation` for training, `traffic` for the replayed requests, `test` for the evaluations,
    `canary` for the replayed requests of the canary. Rows of `traffic` reach the training data only as harvested
    feedback; rows of `test` and `canary` never do.
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
    engine: str | None = None
    shots: int = 3
    max_tokens: int = 72
    training: dict[str, Any] = {}
    canary: CanaryPlan = CanaryPlan()
    handbook: str = "shipped:handbook"
    questions: tuple[str, ...] = ()
