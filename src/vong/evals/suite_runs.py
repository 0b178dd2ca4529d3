"""Runs of suites: the evaluations of all entries and repeats on one subject, with checks and the worst slices."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID, uuid5

from pydantic import Field
from sqlalchemy import Connection, RowMapping, func, insert, select, update

from vong.errors import NotFound
from vong.evals import runs, tables
from vong.evals.suite_results import SuiteCheck, SuiteMetric, WorstSlice
from vong.evals.suites import Suite, Threshold
from vong.records import EvalResult, Record, new_id, now

RANDOM_BITS = 80
"""Bits of an id after its time."""


class SuiteRunOptions(Record):
    """Options of a suite run that are not part of the suite.

    `system` replaces the system messages of all entries, for example to try another prompt. `repeats` replaces the
    number of repeats of all entries, `limit` lowers the number of examples of each, `concurrency` replaces the number
    of concurrent requests. `thresholds` are checked on every entry in addition to its own.
    """

    system: str | None = Field(default=None, max_length=100_000)
    repeats: int | None = Field(default=None, ge=1, le=20)
    limit: int | None = Field(default=None, ge=1)
    concurrency: int | None = Field(default=None, ge=1, le=64)
    thresholds: tuple[Threshold, ...] = ()


class SuiteRun(Record):
    """Run of a suite version (`suite` is NAME@NUMBER) on a subject: a model, deployment, route or prompt name.

    `passed` is null until the run has finished, then true if every check passed. `runs` are the ids of the evaluations,
    entry by entry and repeat by repeat. Counts, tokens and costs are sums over them; `cost` is in millionths of a US
    dollar, or null if a price is unknown. `label` names the state that was evaluated, such as a branch.
    """

    id: UUID
    suite: str
    suite_name: str
    suite_hash: str
    subject: str
    label: str = ""
    status: str
    passed: bool | None = None
    options: SuiteRunOptions = SuiteRunOptions()
    runs: tuple[UUID, ...] = ()
    metrics: tuple[SuiteMetric, ...] = ()
    checks: tuple[SuiteCheck, ...] = ()
    slices: tuple[WorstSlice, ...] = ()
    examples: int = 0
    done: int = 0
    failed: int = 0
    truncated: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    cost: int | None = None
    created_at: datetime
    finished_at: datetime | None = None


class PlannedRun(Record):
    """Evaluation of one entry and repeat. Its id follows from the suite run, so that a resumed run finds it."""

    id: UUID
    entry: int
    repeat: int


def plan_runs(id: UUID, suite: Suite, options: SuiteRunOptions) -> list[PlannedRun]:
    """Return the evaluations of a suite run in order."""
    return [
        PlannedRun(id=_derive_id(id, f"{number}:{repeat}"), entry=number, repeat=repeat)
        for number, entry in enumerate(suite.entries)
        for repeat in range(options.repeats or entry.repeats)
    ]


def _derive_id(id: UUID, name: str) -> UUID:
    """Return an id that follows from an id and a name and begins with the time of the id: lists are sorted by id."""
    return UUID(int=id.int >> RANDOM_BITS << RANDOM_BITS | uuid5(id, name).int & (1 << RANDOM_BITS) - 1)


def create_run(
    connection: Connection,
    suite: Suite,
    subject: str,
    *,
    options: SuiteRunOptions | None = None,
    label: str = "",
    id: UUID | None = None,
) -> SuiteRun:
    """Record a queued run of a suite."""
    options = options or SuiteRunOptions()
    run = SuiteRun(
        id=id or new_id(),
        suite=suite.ref,
        suite_name=suite.name,
        suite_hash=suite.hash,
        subject=subject,
        label=label,
        status="queued",
        options=options,
        created_at=now(),
    )
    run = run.model_copy(update={"runs": tuple(one.id for one in plan_runs(run.id, suite, options))})
    values = run.model_dump(mode="json") | {"id": run.id, "created_at": run.created_at}
    connection.execute(insert(tables.suite_runs).values(values))
    return run


def get_run(connection: Connection, id: UUID) -> SuiteRun:
    """Return a suite run by its id, with the current counts of its evaluations.

    Raises: NotFound if the project has no such run.
    """
    row = connection.execute(select(tables.suite_runs).where(tables.suite_runs.c.id == id)).mappings().first()
    if row is None:
        raise NotFound(f"no suite run {str(id)!r}", "list them with: vong evals suites runs")
    return _to_run(row)


def list_runs(
    connection: Connection,
    *,
    suite: str | None = None,
    subject: str | None = None,
    label: str | None = None,
    status: str | None = None,
    after: UUID | None = None,
    limit: int = 50,
) -> list[SuiteRun]:
    """Return suite runs, newest first. `suite` is NAME (all versions) or NAME@NUMBER."""
    columns = tables.suite_runs.c
    query = select(tables.suite_runs).order_by(columns.id.desc()).limit(limit)
    if suite is not None:
        query = query.where((columns.suite if "@" in suite else columns.suite_name) == suite)
    for column, value in ((columns.subject, subject), (columns.label, label), (columns.status, status)):
        if value is not None:
            query = query.where(column == value)
    if after is not None:
        query = query.where(columns.id < after)
    return [_to_run(row) for row in connection.execute(query).mappings()]


def find_baseline(connection: Connection, run: SuiteRun, baseline: str) -> SuiteRun:
    """Return the run that an id or a label names: the newest finished run of the suite with this label.

    Raises: NotFound if there is none.
    """
    try:
        return get_run(connection, UUID(baseline))
    except ValueError:
        pass
    for found in list_runs(connection, suite=run.suite_name, label=baseline, status="finished", limit=2):
        if found.id != run.id:
            return found
    raise NotFound(
        f"no finished run of suite {run.suite_name!r} has the label {baseline!r}",
        f"run it first: vong evals run --suite {run.suite_name} --model MODEL --label {baseline}",
    )


def update_run(connection: Connection, id: UUID, values: Mapping[str, Any]) -> None:
    """Update fields of a suite run."""
    connection.execute(update(tables.suite_runs).where(tables.suite_runs.c.id == id).values(dict(values)))


def update_counts(connection: Connection, run: SuiteRun) -> None:
    """Set counts, tokens and cost of a suite run to the sums over its evaluations."""
    columns = tables.runs.c
    row = (
        connection.execute(
            select(
                *(
                    func.coalesce(func.sum(columns[name]), 0).label(name)
                    for name in ("examples", "done", "failed", "truncated", "input_tokens", "output_tokens", "cost")
                ),
                func.count().label("runs"),
                func.count(columns.cost).label("priced"),
            ).where(columns.suite_run == run.id)
        )
        .mappings()
        .one()
    )
    values: dict[str, Any] = {name: int(row[name]) for name in row if name not in {"runs", "priced", "cost"}}
    cost = int(row["cost"]) if row["runs"] and row["priced"] == row["runs"] else None
    update_run(connection, run.id, values | {"cost": cost})


def finish_run(
    connection: Connection,
    run: SuiteRun,
    metrics: Sequence[SuiteMetric],
    checks: Sequence[SuiteCheck],
    slices: Sequence[WorstSlice],
) -> SuiteRun:
    """Store the report of a suite run and mark it as finished."""
    update_counts(connection, run)
    report = {
        name: [one.model_dump(mode="json") for one in records]
        for name, records in (("metrics", metrics), ("checks", checks), ("slices", slices))
    }
    passed = all(check.passed for check in checks)
    update_run(connection, run.id, {**report, "status": "finished", "passed": passed, "finished_at": now()})
    return get_run(connection, run.id)


def list_evaluations(connection: Connection, run: SuiteRun) -> list[EvalResult]:
    """Return the evaluations of a suite run that have started, in the order of `runs`."""
    return [found for id in run.runs if (found := runs.find_run(connection, id)) is not None]


def _to_run(row: RowMapping) -> SuiteRun:
    return SuiteRun.model_validate({name: row[name] for name in SuiteRun.model_fields})
