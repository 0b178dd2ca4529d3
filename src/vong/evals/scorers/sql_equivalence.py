"""Equivalence of SQL queries, by running them on the example's database."""

from typing import Annotated, Any

from pydantic import Field

from vong.evals import sandbox
from vong.evals.scorers.base import MetricValue, Scorer, ScorerInput, build_input_scorer, mean_metric
from vong.evals.scorers.fences import find_code_blocks, remove_fence
from vong.evals.scorers.texts import parse_json

GROUP = "execution"


def sql_equivalence(
    schema: str = "schema",
    rows: str = "rows",
    column_order: bool = False,
    seconds: Annotated[float, Field(gt=0, le=60)] = 5.0,
    memory_mb: Annotated[int, Field(ge=128, le=8192)] = 512,
) -> Scorer:
    """Score 1 if the output's SQL query returns the same rows as the reference query, else 0 (execution accuracy).

    Both run on an SQLite database in memory that is made from the example's metadata: `schema` names the field with the
    SQL of the tables, `rows` that with an object of lists of rows by table. The order of rows counts only if the
    reference has ORDER BY. `column_order`: the order of columns counts; otherwise it does not, as in Spider's test
    suites. The query is the output, or its last code block.

    Queries can only read, run in the sandbox without files and network, and are limited to `seconds` and `memory_mb`.
    Examples without a schema, and those whose reference query fails, are not scored; the run has a warning. Different
    queries can return the same rows of a small table by chance: store rows that tell them apart.
    """
    sandbox.check_available()
    invalid: dict[str, str] = {}

    def compare(query: str, reference: str, scored: ScorerInput) -> sandbox.SandboxResult:
        item = {
            "schema": str(scored.metadata[schema]),
            "rows": read_rows(scored.metadata.get(rows)),
            "reference": extract_query(reference),
            "query": query,
            "permute": not column_order,
        }
        return sandbox.compare_queries(item, seconds=seconds, memory_mb=memory_mb)

    def measure_input(scored: ScorerInput) -> dict[str, MetricValue]:
        if not scored.metadata.get(schema) or not scored.references:
            return {}
        query = extract_query(scored.output)
        results = [compare(query, reference, scored) for reference in scored.references]
        valid = [result for result in results if result.status != "invalid"]
        if not valid:
            invalid[scored.reference] = results[0].detail
            return {}
        passed = any(result.status == "passed" for result in valid)
        return {"sql_equivalence": mean_metric(passed, "" if passed else valid[0].detail)}

    def warn(scored: ScorerInput) -> str:
        if not scored.metadata.get(schema):
            return f"an example has no schema in the metadata field {schema!r} and is not scored"
        return invalid.get(scored.reference, "")

    order = "counts" if column_order else "ignored"
    limits = f"seconds:{seconds:g}|memory:{memory_mb} MB"
    signature = f"sql_equivalence|SQLite in memory|column order:{order}|row order:if ORDER BY|{limits}"
    return build_input_scorer(signature, measure_input, warn=warn)


def read_rows(value: Any) -> dict[str, list[Any]]:
    """Return the rows by table of a metadata value, which may be JSON text as in CSV files."""
    value = parse_json(value) if isinstance(value, str) else value
    if not isinstance(value, dict):
        return {}
    return {str(table): list(rows) for table, rows in value.items() if isinstance(rows, list | tuple)}


def extract_query(text: str) -> str:
    """Return the last code block of a text, or the whole text if it has none."""
    blocks = find_code_blocks(text)
    return (blocks[-1].code if blocks else remove_fence(text)).strip()
