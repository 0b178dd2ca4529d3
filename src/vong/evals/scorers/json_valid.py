"""Whether an answer is JSON."""

import json

from vong.errors import InvalidInput
from vong.evals.scorers.base import MetricValue, Scorer, share
from vong.evals.scorers.texts import MISSING, read_json


def json_valid(schema: str = "", fenced: bool = False) -> Scorer:
    """1 where the whole answer is one valid JSON value, else 0; the total is the share of valid answers.

    `schema`: a JSON Schema (its text) that the value must fit too. `fenced`: a Markdown code fence around the JSON is
    forgiven. The reference plays no part.
    """
    from jsonschema import Draft202012Validator, SchemaError

    wanted = read_json(schema) if schema else {}
    if not isinstance(wanted, dict):
        raise InvalidInput("the schema of json_valid is not a JSON object", "give the text of a JSON Schema")
    try:
        Draft202012Validator.check_schema(wanted)
    except SchemaError as error:
        message = f"the schema of json_valid is not a JSON Schema: {error.message}"
        raise InvalidInput(message, "see https://json-schema.org/draft/2020-12") from error
    validator = Draft202012Validator(wanted)

    def measure(answer: str, reference: str) -> dict[str, MetricValue]:  # noqa: ARG001 (every scorer's signature)
        value = read_json(answer, fenced=fenced)
        return {"json_valid": share(value is not MISSING and validator.is_valid(value))}

    named = f"|schema:{json.dumps(wanted, sort_keys=True)}" if schema else ""
    return Scorer(f"json_valid|RFC 8259|fenced:{'yes' if fenced else 'no'}{named}", measure)
