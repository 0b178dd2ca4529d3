"""Conformance of JSON outputs to the schema of each example."""

from typing import Any

from vong.errors import InvalidInput
from vong.evals.scorers.base import MetricValue, Scorer, ScorerInput, build_input_scorer, mean_metric
from vong.evals.scorers.json_valid import find_fault, read_schema, warn_slow
from vong.evals.scorers.texts import NOT_JSON, dump_json, parse_json
from vong.json_schemas import SafeSchema

GROUP = "json"


def json_schema(schema: str | dict[str, Any] = "", metadata: str = "schema", fenced: bool = False) -> Scorer:
    """Score 1 if the output is JSON that satisfies a JSON Schema, else 0.

    `schema`: the schema of all outputs, as text or object. Without it, `metadata` names the field of an example's
    metadata that holds the example's own schema; examples without one are not scored. `fenced`: accept a Markdown code
    fence around the JSON. Nothing is fetched, and patterns have a time limit, as in `json_valid`.
    """
    schema_object = read_schema(schema, "json_schema")
    shared = SafeSchema(schema_object, "the schema of json_schema") if schema_object else None
    compiled: dict[str, SafeSchema] = {}

    def find_schema(scored: ScorerInput) -> SafeSchema | None:
        if shared is not None:
            return shared
        own = scored.metadata.get(metadata)
        if not own:
            return None
        if not isinstance(own, str | dict):
            raise InvalidInput(f"the metadata field {metadata!r} is not a JSON Schema", "store an object or its text")
        key = own if isinstance(own, str) else dump_json(own)
        if key not in compiled:
            compiled[key] = SafeSchema(
                read_schema(own, "json_schema"), f"the schema in the metadata field {metadata!r}"
            )
        return compiled[key]

    def measure_input(scored: ScorerInput) -> dict[str, MetricValue]:
        validator = find_schema(scored)
        if validator is None:
            return {}
        value = parse_json(scored.output, fenced=fenced)
        fault = "not one JSON value" if value is NOT_JSON else find_fault(validator, value)
        return {"json_schema": mean_metric(not fault, fault)}

    shown = dump_json(schema_object) if schema_object else f"metadata field {metadata}"
    return build_input_scorer(
        f"json_schema|schema:{shown}|fenced:{'yes' if fenced else 'no'}",
        measure_input,
        uses_reference=False,
        warn=lambda scored: warn_slow(measure_input(scored)),
    )
