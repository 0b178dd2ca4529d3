"""Validity of a JSON output."""

import json

from vong.errors import InvalidInput
from vong.evals.scorers.base import MetricValue, Scorer, mean_metric
from vong.evals.scorers.texts import NOT_JSON, parse_json


def json_valid(schema: str = "", fenced: bool = False) -> Scorer:
    """Score 1 if the whole output is one valid JSON value, else 0; the total is the share of valid outputs.

    `schema`: text of a JSON Schema that the value must also satisfy. `fenced`: accept a Markdown code fence around the
    JSON. The reference is not used.
    """
    from jsonschema import Draft202012Validator, SchemaError

    schema_object = parse_json(schema) if schema else {}
    if not isinstance(schema_object, dict):
        raise InvalidInput("the schema of json_valid is not a JSON object", "set the text of a JSON Schema")
    try:
        Draft202012Validator.check_schema(schema_object)
    except SchemaError as error:
        message = f"the schema of json_valid is not a JSON Schema: {error.message}"
        raise InvalidInput(message, "see https://json-schema.org/draft/2020-12") from error
    validator = Draft202012Validator(schema_object)

    def measure(answer: str, reference: str) -> dict[str, MetricValue]:  # noqa: ARG001 (every scorer's signature)
        value = parse_json(answer, fenced=fenced)
        return {"json_valid": mean_metric(value is not NOT_JSON and validator.is_valid(value))}

    suffix = f"|schema:{json.dumps(schema_object, sort_keys=True)}" if schema else ""
    signature = f"json_valid|RFC 8259|fenced:{'yes' if fenced else 'no'}{suffix}"
    return Scorer(signature, measure, uses_reference=False)
