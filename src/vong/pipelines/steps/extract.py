"""Step `extract`: JSON of a schema from a text by a model, with repair."""

import json
from collections.abc import Mapping
from typing import Any, ClassVar

from pydantic import Field, field_validator

from vong.errors import InvalidInput
from vong.json_schemas import SafeSchema
from vong.pipelines import types
from vong.pipelines.definition import JsonSchema
from vong.pipelines.services import ModelRequest
from vong.pipelines.steps.base import StepConfig, StepContext, StepResult, no_ports
from vong.structured_outputs import build_response_format, find_objects, strip_reasoning


class ExtractConfig(StepConfig):
    """Settings of an extraction."""

    text: str = Field(description="Text to read.")
    model: str = Field(min_length=1)
    output_schema: JsonSchema = Field(description="JSON Schema of an object.")
    instructions: str = ""
    max_repairs: int = Field(default=2, ge=0, le=5, description="Further calls that show the model its mistake.")
    structured: bool = Field(default=True, description="Send the schema as response_format, too.")
    settings: dict[str, Any] = {}

    @field_validator("output_schema")
    @classmethod
    def _check_schema(cls, schema: JsonSchema) -> JsonSchema:
        try:
            SafeSchema(schema)
        except InvalidInput as error:
            raise ValueError(error.message) from None
        if schema.get("type") != "object":
            raise ValueError("the type of the schema must be object")
        return schema


class ExtractStep:
    """Extraction by a model."""

    Config: ClassVar[type[StepConfig]] = ExtractConfig
    span_kind: ClassVar[str] = "other"

    def outputs(self, config: ExtractConfig, types_: Mapping[str, JsonSchema]) -> dict[str, JsonSchema]:
        """Return the types of the outputs."""
        del types_
        return {"data": config.output_schema, "attempts": types.INTEGER}

    ports = staticmethod(no_ports)

    async def run(self, context: StepContext, config: ExtractConfig) -> StepResult:
        """Ask the model until its answer matches the schema, or the repairs are used up."""
        schema, model = SafeSchema(config.output_schema), context.run.models.get(config.model, config.model)
        settings: dict[str, Any] = {"temperature": 0, **config.settings}
        if config.structured:
            settings["response_format"] = build_response_format(config.output_schema)
        messages, fault = build_messages(config), ""
        for attempt in range(1, config.max_repairs + 2):
            request = ModelRequest(model, messages, settings)
            reply = await context.services.call_model(context.run, context.span_id, request, None)
            found = find_objects(strip_reasoning(reply.text))
            fault = schema.find_error(found[-1]) if found else "the answer contains no JSON object"
            if not fault:
                return StepResult({"data": found[-1], "attempts": attempt})
            repair = f"This answer is not valid: {fault}\nAnswer again with one JSON object that matches the schema."
            messages = [
                *messages[:2],
                {"role": "assistant", "content": reply.text or "{}"},
                {"role": "user", "content": repair},
            ]
        message = f"no answer of {model!r} matched the schema after {config.max_repairs + 1} calls: {fault}"
        raise InvalidInput(message, "simplify the schema, raise max_repairs, or use a stronger model")


def build_messages(config: ExtractConfig) -> list[dict[str, Any]]:
    """Return the messages for the model."""
    schema = json.dumps(config.output_schema, ensure_ascii=False)
    system = f"Extract data from the text of the user. Answer only with one JSON object of this schema:\n{schema}"
    if config.instructions:
        system += f"\n{config.instructions}"
    return [{"role": "system", "content": system}, {"role": "user", "content": config.text}]
