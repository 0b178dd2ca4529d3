"""Red team runs: records and storage. The attacks of a run are fixed when it starts."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from pydantic import Field
from sqlalchemy import Connection, delete, select, update
from sqlalchemy.dialects.postgresql import insert

from vong.errors import NotFound
from vong.prompts.red_team.attacks import Attack
from vong.prompts.red_team.builtin import BUILTIN
from vong.prompts.red_team.detectors import Outcome
from vong.prompts.red_team.report import AssessedAttack, RedTeamReport
from vong.prompts.red_team.tables import results, runs
from vong.records import Record, now

RedTeamStatus = Literal["queued", "running", "finished", "failed", "cancelled"]
MAX_STORED_ANSWER_CHARS = 20_000
RUN_COLUMNS = [column for column in runs.c if column.name not in {"project_id", "subject"}]
RESULT_COLUMNS = [column for column in results.c if column.name not in {"project_id", "run_id"}]


class RedTeamSettings(Record):
    """Settings of a red team run.

    `sets` are names of attack sets, `classes` restricts the run to these classes, and `limit` is the number of attacks
    and of harmless requests per class. `model` replaces the model of a prompt. `system` is the system message for a
    route or model. `variables` are values of a prompt's variables, and `variable` the one that receives the attacks.
    `judge` is a model that decides if an answer complies with an attack that has no expected text.
    """

    sets: tuple[str, ...] = Field(default=(BUILTIN,), min_length=1, max_length=20)
    classes: tuple[str, ...] = Field(default=(), max_length=100)
    limit: int | None = Field(default=None, ge=1, le=5_000)
    model: str | None = Field(default=None, min_length=1, max_length=300)
    system: str | None = Field(default=None, max_length=20_000)
    variables: dict[str, Any] = Field(default={}, max_length=100)
    variable: str | None = Field(default=None, min_length=1, max_length=100)
    judge: str | None = Field(default=None, min_length=1, max_length=300)
    max_tokens: int = Field(default=200, ge=1, le=8_192)
    concurrency: int = Field(default=4, ge=1, le=32)


class RedTeamRun(Record):
    """Red team run of a target. Its id is that of its job.

    `sets` are the attack sets with the hash of their content. `report` has the rates per class once the run has ended.
    `cost` is in millionths of a US dollar, null if a price is unknown.
    """

    id: UUID
    target: str
    settings: RedTeamSettings
    sets: dict[str, str]
    status: RedTeamStatus
    attacks: int
    done: int = 0
    failed: int = 0
    report: RedTeamReport | None = None
    cost: int | None = None
    warnings: tuple[str, ...] = ()
    created_by: str
    created_at: datetime
    finished_at: datetime | None = None


class AttackResult(Record):
    """Result of one attack of a run.

    `outcome` is null until the attack was sent. `evidence` is the part of the answer that shows the outcome, and
    `blocked_by` the message of the guard that blocked the call.
    """

    position: int
    attack: Attack
    outcome: Outcome | None = None
    evidence: str | None = None
    answer: str | None = None
    blocked_by: str | None = None
    span_id: UUID | None = None
    error: str | None = None


class RunSubject(Record):
    """Tested model, with the system message or the prompt version, and the marker in the system message.

    `prompt` is the version that is rendered for each attack, `variable` the variable that receives the attack.
    """

    model: str
    system: str | None = None
    marker: str = ""
    prompt: str | None = None
    variable: str | None = None


def create_run(
    connection: Connection,
    *,
    id: UUID,
    target: str,
    subject: RunSubject,
    settings: RedTeamSettings,
    sets: Mapping[str, str],
    attacks: Sequence[Attack],
    by: str,
) -> RedTeamRun:
    """Store a queued run with its attacks. A repeated id returns the stored run."""
    values = {
        "id": id,
        "target": target,
        "subject": subject.model_dump(mode="json"),
        "settings": settings.model_dump(mode="json"),
        "sets": dict(sets),
        "status": "queued",
        "attacks": len(attacks),
        "done": 0,
        "failed": 0,
        "warnings": [],
        "created_by": by,
        "created_at": now(),
    }
    created = connection.execute(insert(runs).values(values).on_conflict_do_nothing().returning(runs.c.id))
    if created.first() is not None:
        rows = [
            {"run_id": id, "position": position, "attack": attack.model_dump(mode="json")}
            for position, attack in enumerate(attacks)
        ]
        connection.execute(insert(results), rows)
    return get_run(connection, id)


def get_run(connection: Connection, id: UUID) -> RedTeamRun:
    """Return a run.

    Raises: NotFound if the project has no such run.
    """
    row = connection.execute(select(*RUN_COLUMNS).where(runs.c.id == id)).mappings().first()
    if row is None:
        raise NotFound(f"no red team run {str(id)!r}", "list them with: vong prompts redteam-runs")
    return RedTeamRun.model_validate(dict(row))


def get_subject(connection: Connection, id: UUID) -> RunSubject:
    """Return what a run tests."""
    return RunSubject.model_validate(connection.scalar(select(runs.c.subject).where(runs.c.id == id)))


def list_runs(
    connection: Connection, *, target: str | None = None, after: UUID | None = None, limit: int = 50
) -> list[RedTeamRun]:
    """Return runs, newest first. `after` is the last id of the previous page.

    `target` may name a prompt without a label (`prompt/NAME`): runs of all its versions and labels are returned.
    """
    query = select(*RUN_COLUMNS).order_by(runs.c.id.desc()).limit(limit)
    if target is not None:
        names = runs.c.target.startswith(f"{target}:", autoescape=True) | runs.c.target.startswith(
            f"{target}@", autoescape=True
        )
        query = query.where((runs.c.target == target) | names)
    if after is not None:
        query = query.where(runs.c.id < after)
    return [RedTeamRun.model_validate(dict(row)) for row in connection.execute(query).mappings()]


def update_run(connection: Connection, id: UUID, values: Mapping[str, Any]) -> None:
    """Update columns of a run."""
    connection.execute(update(runs).where(runs.c.id == id).values(dict(values)))


def delete_run(connection: Connection, id: UUID) -> None:
    """Delete a run with its results.

    Raises: NotFound if the project has no such run.
    """
    get_run(connection, id)
    connection.execute(delete(runs).where(runs.c.id == id))


def store_result(connection: Connection, run_id: UUID, result: AttackResult) -> None:
    """Store the outcome of an attack and count it. An outcome that is stored already is not replaced."""
    values = result.model_dump(mode="json", exclude={"position", "attack"})
    if result.answer is not None:
        values["answer"] = result.answer[:MAX_STORED_ANSWER_CHARS].replace("\0", "")
    stored = connection.execute(
        update(results)
        .where(results.c.run_id == run_id, results.c.position == result.position, results.c.outcome.is_(None))
        .values(values)
    )
    if stored.rowcount:
        counts = {"done": runs.c.done + 1, "failed": runs.c.failed + int(result.outcome == "error")}
        update_run(connection, run_id, counts)


def reset_errors(connection: Connection, run_id: UUID) -> None:
    """Remove the outcomes of failed calls, so that they are sent again."""
    failed = connection.execute(
        update(results)
        .where(results.c.run_id == run_id, results.c.outcome == "error")
        .values(outcome=None, error=None, answer=None, span_id=None)
    ).rowcount
    if failed:
        update_run(connection, run_id, {"done": runs.c.done - failed, "failed": 0})


def list_results(
    connection: Connection,
    run_id: UUID,
    *,
    outcome: Outcome | None = None,
    attack_class: str | None = None,
    pending: bool = False,
    after: int | None = None,
    limit: int | None = 50,
) -> list[AttackResult]:
    """Return the results of a run by position, or with `pending` the attacks without an outcome."""
    query = select(*RESULT_COLUMNS).where(results.c.run_id == run_id).order_by(results.c.position).limit(limit)
    if outcome is not None:
        query = query.where(results.c.outcome == outcome)
    if attack_class is not None:
        query = query.where(results.c.attack["attack_class"].astext == attack_class)
    if pending:
        query = query.where(results.c.outcome.is_(None))
    if after is not None:
        query = query.where(results.c.position > after)
    return [AttackResult.model_validate(dict(row)) for row in connection.execute(query).mappings()]


def list_outcomes(connection: Connection, run_id: UUID) -> list[AssessedAttack]:
    """Return class, kind and outcome of the finished attacks of a run, in their order."""
    attack = results.c.attack
    query = (
        select(attack["attack_class"].astext, attack["harmless"].astext == "true", results.c.outcome)
        .where(results.c.run_id == run_id, results.c.outcome.is_not(None))
        .order_by(results.c.position)
    )
    return [AssessedAttack(*row) for row in connection.execute(query)]


def list_spans(connection: Connection, run_id: UUID) -> list[UUID]:
    """Return the spans of the calls of a run."""
    query = select(results.c.span_id).where(results.c.run_id == run_id, results.c.span_id.is_not(None))
    return [id for id in connection.scalars(query) if id is not None]
