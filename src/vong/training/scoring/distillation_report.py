"""Report of a distillation: quality, latency and cost of the teacher and of the student before and after."""

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from statistics import median
from typing import Any, NamedTuple

from vong.training.progress import TrainingReporter
from vong.training.scoring.sample_scores import SampleScorer
from vong.training.scoring.teachers import ModelAnswer

REPORT_FILE = "distillation.json"
"""File in the folder of a run with the finished report."""
REFERENCE_MARGIN = 1.25
"""Length limit of an answer relative to the longest reference, in tokens."""


class ReportRows(NamedTuple):
    """References of the measured rows, their source, and the answers of the teacher."""

    references: list[str]
    source: str
    teacher: list[ModelAnswer]


Answering = Callable[[], Iterable[ModelAnswer]]
"""Function that yields the answers of one model to the measured rows."""


def build_report(
    folder: Path,
    rows: ReportRows,
    students: Mapping[str, Answering],
    score: SampleScorer | None,
    reporter: TrainingReporter,
    cost: Callable[[Sequence[ModelAnswer]], float | None],
) -> dict[str, Any]:
    """Return the report. The finished report is stored in the folder, so that it is computed once.

    `students` has the student `before` and `after` the training. Each metric and latency has one value per model;
    `kept` is the value of the student after the training relative to that of the teacher. Costs are in US dollars per
    1000 answers; a model on this machine has no cost per answer.
    """
    stored = folder / REPORT_FILE
    if stored.exists():
        return json.loads(stored.read_text())
    answers: dict[str, list[ModelAnswer]] = {"teacher": rows.teacher}
    for name, generate in students.items():
        answers[name] = []
        for answer in generate():
            answers[name].append(answer)
            reporter.progress(0, 1, f"measuring the student {name}: {len(answers[name])} of {len(rows.references)}")
    report: dict[str, Any] = {
        "rows": len(rows.references),
        "reference": rows.source,
        "metrics": _score(answers, rows.references, score),
        "latency_ms": {name: round(median(one.latency_ms for one in found), 1) for name, found in answers.items()},
        "output_tokens": {name: sum(one.output_tokens or 0 for one in found) for name, found in answers.items()},
        "cost_per_1000_answers": {"teacher": cost(rows.teacher), "before": 0.0, "after": 0.0},
    }
    partial = folder / f".{REPORT_FILE}"
    partial.write_text(json.dumps(report))
    partial.replace(stored)
    return report


def summarize_report(report: dict[str, Any]) -> dict[str, Any]:
    """Return the main numbers of a report for the summary of a run."""
    metrics: dict[str, dict[str, float | None]] = report["metrics"]
    latency = report["latency_ms"]
    saved = 1 - latency["after"] / latency["teacher"] if latency["teacher"] else None
    return {
        **{f"quality_kept.{name}": values["kept"] for name, values in metrics.items()},
        "latency_saved": None if saved is None else round(saved, 4),
        "cost_saved_per_1000_answers": report["cost_per_1000_answers"]["teacher"],
        "distillation": report,
    }


def _score(
    answers: dict[str, list[ModelAnswer]], references: Sequence[str], score: SampleScorer | None
) -> dict[str, dict[str, float | None]]:
    if score is None:
        return {}
    totals = {name: score([one.text for one in found], references).totals for name, found in answers.items()}
    metrics: dict[str, dict[str, float | None]] = {}
    for metric in totals["teacher"]:
        values: dict[str, float | None] = {name: round(total[metric], 4) for name, total in totals.items()}
        teacher, after = values["teacher"], values["after"]
        values["kept"] = round(after / teacher, 4) if teacher and after is not None else None
        metrics[metric] = values
    return metrics
