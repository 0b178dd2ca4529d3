"""Output of a finished training run: its summary, and the comparison of teacher and student after a distillation."""

from typing import Any

from vong.cli.output import emit
from vong.records import TrainingRun

COLUMNS = ["metric", "teacher", "before", "after", "kept"]


def print_run(run: TrainingRun, extra: dict[str, Any]) -> None:
    """Print the summary of a run, and the comparison of a distillation as a table."""
    summary = {name: value for name, value in run.summary.items() if name != "distillation"}
    emit({**extra, **summary}, False)
    if report := run.summary.get("distillation"):
        emit(comparison_rows(report), False, COLUMNS)


def comparison_rows(report: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the rows of the table: quality, latency and cost of the teacher and of the student before and after."""
    rows = [{"metric": name, **values} for name, values in report["metrics"].items()]
    rows.append({"metric": "latency in ms", **report["latency_ms"]})
    rows.append({"metric": "USD per 1000 answers", **report["cost_per_1000_answers"]})
    return [{"kept": None, **row} for row in rows]
