"""Optimisations of prompts: settings, records and storage."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from pydantic import Field
from sqlalchemy import Connection, delete, insert, select, update

from vong.errors import NotFound
from vong.prompts.optimiser.search_log import CandidateScore
from vong.prompts.optimiser.tables import optimisations
from vong.records import Record

OptimiserMethod = Literal["few_shot", "mipro", "gepa"]
OptimisationStatus = Literal["queued", "running", "finished", "failed", "cancelled"]
COLUMNS = [column for column in optimisations.c if column.name != "project_id"]


class OptimiserSettings(Record):
    """Settings of an optimisation.

    `method` is `few_shot` (selects worked examples), `mipro` (MIPROv2: proposes instructions and selects examples) or
    `gepa` (rewrites the instructions after reflection on failures). The search uses the rows of `split`, half of them
    as examples, the other half to score candidates, at most `limit` rows; the result is checked on `held_out_split`.
    `scorer` is a scorer, a judge (`judge:NAME`) included, and `metric` its metric, by default the main one. `model`
    replaces the model of the prompt, `proposer` writes the instructions, by default the same model. `max_cost` is in
    millionths of a US dollar.
    """

    method: OptimiserMethod = "mipro"
    split: str = Field(default="train", min_length=1, max_length=100)
    held_out_split: str = Field(default="test", min_length=1, max_length=100)
    scorer: str = Field(default="exact_match", min_length=1, max_length=2000)
    metric: str | None = Field(default=None, min_length=1, max_length=200)
    model: str | None = Field(default=None, min_length=1, max_length=300)
    proposer: str | None = Field(default=None, min_length=1, max_length=300)
    limit: int = Field(default=100, ge=4, le=2000)
    held_out_limit: int = Field(default=200, ge=2, le=5000)
    candidates: int = Field(default=8, ge=1, le=100)
    max_examples: int = Field(default=4, ge=0, le=32)
    max_cost: int | None = Field(default=None, ge=1)
    max_minutes: float | None = Field(default=60, gt=0, le=10_000, allow_inf_nan=False)
    max_calls: int | None = Field(default=2000, ge=1, le=1_000_000)
    max_tokens: int | None = Field(default=None, ge=1, le=100_000)
    concurrency: int = Field(default=4, ge=1, le=32)
    seed: int = Field(default=0, ge=0, le=2**31 - 1)


class HeldOutComparison(Record):
    """Comparison of the candidate (b) with the optimised version (a) on rows that the search did not see.

    `low` and `high` bound the difference with 95 % confidence, `p` is that of the paired test.
    """

    metric: str
    n: int
    a: float
    b: float
    difference: float
    low: float
    high: float
    p: float
    wins: int
    losses: int
    ties: int


class OptimisationResult(Record):
    """Result of an optimisation.

    `candidate` is the ref of the new version on the branch `branch`; null if no candidate was better than the optimised
    version on the rows of the search. `improved` is true if the held-out comparison shows a better candidate with 95 %
    confidence. `stopped_by` is the limit that ended the search.
    """

    candidate: str | None = None
    branch: str | None = None
    search_score_before: float | None = None
    search_score_after: float | None = None
    held_out: HeldOutComparison | None = None
    improved: bool = False
    stopped_by: Literal["cost", "time", "calls"] | None = None


class Optimisation(Record):
    """Optimisation of a version of a prompt. Its id is that of its job. `rows` counts the rows of each part."""

    id: UUID
    prompt: str
    base: str
    dataset: str
    model: str
    settings: OptimiserSettings
    status: OptimisationStatus
    rows: dict[str, int]
    candidates: tuple[CandidateScore, ...] = ()
    result: OptimisationResult | None = None
    calls: int = 0
    cost: int | None = None
    warnings: tuple[str, ...] = ()
    created_by: str
    created_at: datetime
    finished_at: datetime | None = None


def store(connection: Connection, optimisation: Optimisation) -> None:
    """Store a new optimisation."""
    connection.execute(insert(optimisations).values(optimisation.model_dump(mode="json")))


def get(connection: Connection, id: UUID) -> Optimisation:
    """Return an optimisation.

    Raises: NotFound if there is no such optimisation.
    """
    row = connection.execute(select(*COLUMNS).where(optimisations.c.id == id)).mappings().one_or_none()
    if row is None:
        raise NotFound(f"no optimisation {str(id)!r}", "see: vong prompts optimisations NAME")
    return Optimisation.model_validate(dict(row))


def list_optimisations(
    connection: Connection, prompt: str, *, after: UUID | None = None, limit: int = 50
) -> list[Optimisation]:
    """Return the optimisations of a prompt, newest first. `after` is the last id of the previous page."""
    query = select(*COLUMNS).where(optimisations.c.prompt == prompt).order_by(optimisations.c.id.desc()).limit(limit)
    if after is not None:
        query = query.where(optimisations.c.id < after)
    return [Optimisation.model_validate(dict(row)) for row in connection.execute(query).mappings()]


def change(connection: Connection, id: UUID, values: Mapping[str, Any]) -> None:
    """Set columns of an optimisation."""
    connection.execute(update(optimisations).where(optimisations.c.id == id).values(dict(values)))


def remove(connection: Connection, id: UUID) -> None:
    """Delete an optimisation. Versions that it made remain."""
    connection.execute(delete(optimisations).where(optimisations.c.id == id))
