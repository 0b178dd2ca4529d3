"""Commands of `vong knowledge`: evaluate the retrieval and the answers of a base on its questions."""

from typing import Any
from uuid import UUID

import click

from vong.cli.evals_compare import metric_row
from vong.cli.job_progress import follow
from vong.cli.output import emit, json_option, print_message, table
from vong.cli.params import Command
from vong.client import Client

LIST_COLUMNS = ["id", "index_number", "question_set", "status", "questions", "failed", "recall", "ndcg", "cost"]


@click.command(cls=Command)
@click.argument("base")
@click.option("--index", type=click.IntRange(1), help="Number of the index.  [default: the live one]")
@click.option("--questions", "question_set", type=click.IntRange(1), help="Question set.  [default: the accepted]")
@click.option("--cutoff", "cutoffs", type=click.IntRange(1, 100), multiple=True, help="k of recall@k and nDCG@k.")
@click.option("--model", help="Also answer the questions with this route, deployment/NAME or PROVIDER/MODEL.")
@click.option("--judge", help="Model that judges answers and contexts with built-in definitions.")
@click.option("--faithfulness-judge", help="Judge of the project for faithfulness, instead of the built-in one.")
@click.option("--relevance-judge", help="Judge of the project for the relevance of answers.")
@click.option("--limit", type=click.IntRange(1), help="Only the first questions.")
@click.option("--concurrency", type=click.IntRange(1, 32), help="Questions answered and judged at once.  [default: 2]")
@click.option("--detach", is_flag=True, help="Return at once, without following the job.")
@json_option
def evaluate(base: str, index: int | None, question_set: int | None, detach: bool, as_json: bool, **given: Any) -> None:
    """Evaluate the retrieval of BASE on its accepted questions, and with --model its answers."""
    client = Client()
    settings = {name: value for name, value in given.items() if value not in (None, ())}
    started = client.knowledge.evaluate(base, index=index, question_set=question_set, **settings)
    if detach:
        emit(started.job, as_json, ["id", "kind", "status"])
        return
    follow(client, started.job)
    _show(client, client.knowledge.evaluation(started.evaluation["id"]), as_json)


@click.command("evaluations", cls=Command)
@click.argument("base")
@click.option("--index", type=click.IntRange(1), help="Only evaluations of this index.")
@click.option("--limit", type=click.IntRange(1, 500), default=20, show_default=True)
@json_option
def list_evaluations(base: str, index: int | None, limit: int, as_json: bool) -> None:
    """List the evaluations of BASE, newest first."""
    found = Client().knowledge.evaluations(base, index=index, limit=limit)
    if as_json:
        emit(found, True)
        return
    table([{**one, "recall": _last(one, "recall@"), "ndcg": _last(one, "ndcg@")} for one in found], LIST_COLUMNS)


@click.command("evaluation", cls=Command)
@click.argument("id", type=click.UUID)
@click.option("--results", is_flag=True, help="Also list the questions with their scores.")
@json_option
def show_evaluation(id: UUID, results: bool, as_json: bool) -> None:
    """Show an evaluation: its metrics with intervals, and what was not found."""
    client = Client()
    found = client.knowledge.evaluation(id)
    if as_json and results:
        found["results"] = _all_results(client, id)
    _show(client, found, as_json, all_questions=results)


@click.command("compare", cls=Command)
@click.argument("a", type=click.UUID)
@click.argument("b", type=click.UUID)
@click.option("--metric", help="Metric by which changed questions are listed.  [default: nDCG]")
@click.option("--changes", type=click.IntRange(0, 500), default=5, show_default=True, help="Questions to list.")
@json_option
def compare_evaluations(a: UUID, b: UUID, metric: str | None, changes: int, as_json: bool) -> None:
    """Compare evaluation B with evaluation A on the same questions."""
    comparison = Client().knowledge.compare_evaluations(a, b, metric=metric, changes=changes)
    if as_json:
        emit(comparison, True)
    else:
        show_knowledge_comparison(comparison)


def show_knowledge_comparison(comparison: dict[str, Any]) -> None:
    """Print a comparison: metrics with intervals, and the questions that changed most."""
    for side in ("a", "b"):
        one = comparison[side]
        print_message(f"{side.upper()} index {one['index_number']} of {one['base']}, evaluation {one['id']}")
    print_message(
        f"{comparison['n']} questions; {comparison['confidence']:.0%} intervals by paired bootstrap, p adjusted by Holm"
    )
    for warning in comparison["warnings"]:
        print_message(f"note: {warning}")
    table([metric_row(metric, values) for metric, values in comparison["metrics"].items()])
    if comparison["changes"]:
        print_message(f"\nquestions with the largest changes of {comparison['metric']}, losses first:")
        table([{name: one[name] for name in ("question", "a", "b")} for one in comparison["changes"]])


def _show(client: Client, evaluation: dict[str, Any], as_json: bool, *, all_questions: bool = False) -> None:
    if as_json:
        emit(evaluation, True)
        return
    print_message(
        f"index {evaluation['index_number']} of {evaluation['base']}, question set {evaluation['question_set']}, "
        f"{evaluation['questions']} questions, {evaluation['status']}"
    )
    rows = [
        {"metric": name, "value": one["value"], "95 %": f"{one['low']:.4g} to {one['high']:.4g}", "n": one["n"]}
        for name, one in evaluation["metrics"].items()
    ]
    table(rows)
    if evaluation["cost"]:
        print_message(f"cost: ${evaluation['cost'] / 1_000_000:.4f}")
    for warning in evaluation["warnings"]:
        print_message(f"note: {warning}")
    results = _all_results(client, evaluation["id"])
    shown = results if all_questions else [one for one in results if one["missing"] or one["error"]]
    if shown:
        print_message("\nquestions:" if all_questions else "\nquestions with missing passages:")
        table([_result_row(one) for one in shown])
    print_message(f"\nquestions and passages: vong knowledge evaluation {evaluation['id']} --results --json")


def _all_results(client: Client, id: UUID | str) -> list[dict[str, Any]]:
    results: list[dict[str, Any]] = []
    while page := client.knowledge.evaluation_results(
        id, after=results[-1]["position"] if results else None, limit=500
    ):
        results += page
    return results


def _result_row(result: dict[str, Any]) -> dict[str, Any]:
    missing = "; ".join(f"{one['path']} ({one['reason']})" for one in result["missing"])
    rank = next((at for at, one in enumerate(result["passages"], 1) if one["relevant"]), None)
    found = result["error"] or missing
    return {"question": result["question"][:70], "first rank": rank, "missing": found[:100]}


def _last(evaluation: dict[str, Any], prefix: str) -> float | None:
    found = [one["value"] for name, one in evaluation["metrics"].items() if name.startswith(prefix)]
    return found[-1] if found else None
