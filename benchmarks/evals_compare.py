"""Comparison of two evaluation runs of 100,000 rows each with exact match, chrF and ROUGE-L."""

import os
import time
from argparse import Namespace
from collections.abc import Iterator
from uuid import UUID

from sqlalchemy import Connection

from benchmarks import scratch_database

ROWS = int(os.environ.get("VONG_BENCH_ROWS", "100000"))
SCORERS = ("exact_match", "chrf", "rouge")
SEED = 11
INSERTED_ROWS = 2_000
ROUNDS = 3
WORDS = ["the", "printer", "in", "our", "shop", "does", "not", "print", "since", "this", "morning", "again", "today"]


def run(options: Namespace) -> Iterator[tuple[str, str]]:
    """Yield the durations."""
    del options
    from vong import evals

    with scratch_database.database() as (database, project):
        with database.scope(project) as connection:
            runs = [store_run(connection, number) for number in range(2)]
        durations: list[float] = []
        used: list[float] = []
        compared: list[evals.EvalComparison] = []
        for _ in range(ROUNDS):
            with database.scope(project) as connection:
                started, cpu = time.perf_counter(), time.process_time()
                compared.append(evals.compare(connection, *runs))
                durations.append(time.perf_counter() - started)
                used.append(time.process_time() - cpu)
        found = compared[-1]
        yield (
            f"two runs of {found.n:,} rows, {len(found.metrics)} metrics (fastest of {ROUNDS})",
            f"{min(durations):.2f} s, {min(used):.2f} s of CPU without the database",
        )
        for name, metric in found.metrics.items():
            yield f"{name}: {metric.test}", f"p {metric.p:.3g}, difference {metric.difference:+.4f}"


def store_run(connection: Connection, number: int) -> UUID:
    """Store a finished run with random scores, whose statistics are those of real answers."""
    import numpy as np

    from vong import evals
    from vong.evals import EvalSettings, runs, scoring
    from vong.evals.runs import ScoredOutput
    from vong.records import DatasetVersion, Operation, now

    version = DatasetVersion(
        name="rows",
        hash="a" * 64,
        number=1,
        rows=ROWS,
        blob="b" * 64,
        operation=Operation(name="import"),
        splits={"test": ROWS},
        created_at=now(),
    )
    created = evals.create_run(
        connection, model=f"m{number}", dataset=version, split="test", scorers=SCORERS, settings=EvalSettings()
    )
    scorers = scoring.build_scorers(SCORERS)
    words = np.array(WORDS)
    generator = np.random.default_rng(SEED + number)
    texts = [" ".join(generator.choice(words, 12)) for _ in range(400)]
    measured = [scoring.score_output(scorers, one, other) for one, other in zip(texts, reversed(texts), strict=True)]
    at = now()
    rows: list[ScoredOutput] = []
    for position, chosen in enumerate(generator.integers(0, len(texts), ROWS)):
        values = measured[int(chosen)]
        noise = float(generator.normal(0, 1e-6))
        rows.append(
            ScoredOutput(
                position=position,
                example=f"{position:064x}",
                prompt=texts[0],
                reference=texts[1],
                answer=texts[int(chosen)],
                latency_ms=5.0,
                scores={
                    name: one.value + (noise if name != "exact_match" else (position + number) % 3 == 0)
                    for name, one in values.items()
                },
                statistics={name: list(one.statistics) for name, one in values.items()},
                created_at=at,
            )
        )
        if len(rows) == INSERTED_ROWS or position == ROWS - 1:
            runs.insert_outputs(connection, created.id, rows)
            rows = []
    totals = {name: 0.5 for name in measured[0]}
    runs.update_run(connection, created.id, {"status": "finished", "done": ROWS, "scores": totals})
    return created.id
