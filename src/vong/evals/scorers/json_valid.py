"""Validity of a JSON output."""

from typing import Any

from vong.errors import InvalidInput
from vong.evals.scorers.base import MetricValue, Scorer, ScorerInput, mean_metric
from vong.evals.scorers.texts import NOT_JSON, dump_json, parse_json
from vong.json_schemas import PatternTimeout, SafeSchema

GROUP = "json"


def json_valid(schema: str | dict[str, Any] = "", fenced: bool = False) -> Scorer:
    """Score 1 if the whole output is one valid JSON value, else 0; the total is the share of valid outputs.

    `schema`: a JSON Schema, as text or object, that the value must also satisfy. Its references may name its own parts
    and the published meta-schemas; nothing is fetched. A pattern that takes longer than 0.1 s for a text makes the
    output invalid, and the run has a warning. `fenced`: accept a Markdown code fence around the JSON. The reference is
    not used.
    """
    schema_object = read_schema(schema, "json_valid")
    validator = SafeSchema(schema_object, "the schema of json_valid") if schema_object else None

    def measure(output: str, reference: str) -> dict[str, MetricValue]:
        return measure_input(ScorerInput(output=output, references=(reference,)))

    def measure_input(scored: ScorerInput) -> dict[str, MetricValue]:
        value = parse_json(scored.output, fenced=fenced)
        fault = "not one JSON value" if value is NOT_JSON else find_fault(validator, value)
        return {"json_valid": mean_metric(not fault, fault)}

    suffix = f"|schema:{dump_json(schema_object)}" if schema_object else ""
    signature = f"json_valid|RFC 8259|fenced:{'yes' if fenced else 'no'}{suffix}"
    return Scorer(
        signature,
        measure,
        uses_reference=False,
        measure_input=measure_input,
        warn=lambda scored: warn_slow(measure_input(scored)) if schema_object else "",
    )


def read_schema(schema: str | dict[str, Any], scorer: str) -> dict[str, Any]:
    """Return the object of a schema.

    Raises: InvalidInput if it is not a JSON object.
    """
    schema_object = parse_json(schema) if isinstance(schema, str) and schema else schema or {}
    if not isinstance(schema_object, dict):
        raise InvalidInput(f"the schema of {scorer} is not a JSON object", "set the text of a JSON Schema")
    return schema_object


def find_fault(validator: SafeSchema | None, value: Any) -> str:
    """Return why a value does not satisfy a schema, or an empty text."""
    try:
        return validator.find_error(value) if validator else ""
    except PatternTimeout as error:
        return str(error)


def warn_slow(measured: dict[str, MetricValue]) -> str:
    """Return a warning about a pattern that took too long, or an empty text."""
    return next((one.detail for one in measured.values() if "takes longer than" in one.detail), "")
