"""JSON schema of pipelines, for editors and for programs that write them."""

from copy import deepcopy
from functools import cache
from typing import Any

from pydantic.json_schema import models_json_schema

from vong.pipelines.definition import (
    COMMON_FIELDS,
    IDENTIFIER,
    PipelineDefinition,
    StepDefinition,
)
from vong.pipelines.steps.registry import get_kind, list_kinds

SCHEMA_DIALECT = "https://json-schema.org/draft/2020-12/schema"
DEFINITIONS = "$defs"
REFERENCE = f"#/{DEFINITIONS}/"


def pipeline_schema() -> dict[str, Any]:
    """Return the JSON schema of a pipeline: each kind of step with its settings.

    A template in place of a number or another value is valid, too.
    """
    return deepcopy(_build_schema())


@cache
def _build_schema() -> dict[str, Any]:
    kinds = list_kinds()
    configs = {kind: get_kind(kind).Config for kind in kinds}
    models = [(model, "validation") for model in (PipelineDefinition, StepDefinition, *configs.values())]
    references, definitions = models_json_schema(models, ref_template=f"{REFERENCE}{{model}}")  # pyright: ignore[reportArgumentType]
    shared: dict[str, Any] = definitions[DEFINITIONS]
    named = {model: _resolve(shared, references[(model, "validation")]) for model, _ in models}
    common = named[StepDefinition]["properties"]
    for kind in kinds:
        shared[f"step_{kind}"] = _step_schema(kind, common, named[configs[kind]])
    shared["step"] = {
        "type": "object",
        "required": ["kind"],
        "properties": {"kind": {"enum": kinds, "description": "Kind of the step."}},
        "allOf": [
            {
                "if": {"properties": {"kind": {"const": kind}}, "required": ["kind"]},
                "then": {"$ref": f"{REFERENCE}step_{kind}"},
            }
            for kind in kinds
        ],
    }
    root = deepcopy(named[PipelineDefinition])
    steps = {"type": "object", "propertyNames": {"pattern": f"^{IDENTIFIER.pattern}$"}}
    root["properties"]["steps"] = {**steps, "minProperties": 1, "additionalProperties": {"$ref": f"{REFERENCE}step"}}
    root["properties"]["inputs"]["additionalProperties"] = {
        "anyOf": [{"type": "string", "description": "JSON type"}, {"type": "object", "description": "JSON schema"}]
    }
    return {"$schema": SCHEMA_DIALECT, "title": "Pipeline of Vong", **root, DEFINITIONS: shared}


def _step_schema(kind: str, common: dict[str, Any], config: dict[str, Any]) -> dict[str, Any]:
    """Return the schema of a step: the common fields and the settings of its kind."""
    own = {name: _with_template(schema) for name, schema in config.get("properties", {}).items()}
    if "steps" in own:
        own["steps"] = {"type": "object", "additionalProperties": {"$ref": f"{REFERENCE}step"}}
    fields = {name: deepcopy(schema) for name, schema in common.items() if name in COMMON_FIELDS}
    fields["after"] = {"anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}}]}
    found: dict[str, Any] = {
        "type": "object",
        "properties": {**fields, "kind": {"const": kind}, **own},
        "required": ["kind", *config.get("required", [])],
        "additionalProperties": False,
    }
    if "description" in config:
        found["description"] = config["description"]
    return found


def _with_template(schema: dict[str, Any]) -> dict[str, Any]:
    """Return the schema of a setting that a template may replace."""
    if schema.get("type") == "string" and "enum" not in schema and "pattern" not in schema:
        return schema
    template = {"type": "string", "pattern": r"\{[{%]", "description": "Template with {{ … }}"}
    title = {name: schema[name] for name in ("title", "description", "default") if name in schema}
    return {**title, "anyOf": [schema, template]}


def _resolve(shared: dict[str, Any], reference: dict[str, Any]) -> dict[str, Any]:
    name = str(reference["$ref"]).removeprefix(REFERENCE)
    return shared[name]
