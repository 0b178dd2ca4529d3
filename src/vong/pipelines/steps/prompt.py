"""Step `prompt`: a model call, with messages in the step or a stored prompt."""

import json
from collections.abc import Mapping
from typing import Any, ClassVar

from pydantic import Field, model_validator

from vong.errors import InvalidInput
from vong.pipelines import types
from vong.pipelines.definition import JsonSchema
from vong.pipelines.services import ModelReply, ModelRequest
from vong.pipelines.steps.base import StepConfig, StepContext, StepResult, Template, no_ports
from vong.structured_outputs import build_response_format, find_objects, strip_reasoning


class PromptConfig(StepConfig):
    """Settings of a model call."""

    prompt: str | None = Field(default=None, description="Stored prompt: NAME, NAME:LABEL, NAME@NUMBER or NAME@HASH.")
    variables: dict[str, Any] | Template = Field(default={}, description="Variables of the stored prompt.")
    messages: list[dict[str, Any]] | Template = Field(default=[], description="Messages, if no stored prompt is named.")
    history: list[dict[str, Any]] | Template | None = Field(
        default=None, description="Earlier messages, inserted before the last one of `messages`."
    )
    model: str | None = Field(default=None, description="Route, deployment/NAME or PROVIDER/MODEL.")
    settings: dict[str, Any] = Field(default={}, description="Fields of the request: temperature, max_tokens, …")
    tools: list[dict[str, Any]] | Template = Field(default=[], description="Tools in OpenAI's format.")
    output_schema: JsonSchema | None = Field(default=None, description="JSON Schema of the answer.")
    stream: bool = Field(default=True, description="Send the text to the readers of the run as it arrives.")

    @model_validator(mode="after")
    def _check_source(self) -> "PromptConfig":
        if not self.prompt and not self.messages:
            raise ValueError("set `messages` or `prompt`")
        if self.prompt and self.messages:
            raise ValueError("set `messages` or `prompt`, not both")
        if not self.prompt and not self.model:
            raise ValueError("set `model`")
        return self


class PromptStep:
    """Model call through the gateway."""

    Config: ClassVar[type[StepConfig]] = PromptConfig
    span_kind: ClassVar[str] = "other"

    def outputs(self, config: PromptConfig, types_: Mapping[str, JsonSchema]) -> dict[str, JsonSchema]:
        """Return the types of the outputs. `data` is the answer as JSON if there is an output schema."""
        del types_
        outputs: dict[str, JsonSchema] = {
            "text": types.STRING,
            "message": types.OBJECT,
            "tool_calls": types.array_of(types.OBJECT),
            "model": types.STRING,
            "finish_reason": {"type": ["string", "null"]},
            "usage": types.OBJECT,
        }
        if config.output_schema is not None or config.prompt:
            outputs["data"] = config.output_schema or types.ANY
        return outputs

    ports = staticmethod(no_ports)

    async def run(self, context: StepContext, config: PromptConfig) -> StepResult:
        """Call the model."""
        request, schema = await build_request(context, config)
        is_streamed = config.stream and context.streams
        reply = await context.services.call_model(
            context.run, context.span_id, request, context.emit if is_streamed else None
        )
        if config.stream and not is_streamed and reply.text:
            context.emit(reply.text)
        return StepResult(to_outputs(reply, schema))


async def build_request(context: StepContext, config: PromptConfig) -> tuple[ModelRequest, JsonSchema | None]:
    """Return the request of a step, and the schema of its answer."""
    assert isinstance(config.tools, list) and isinstance(config.messages, list)
    messages, tools, schema, model = [*config.messages], config.tools, config.output_schema, config.model
    settings, version = dict(config.settings), None
    if config.prompt:
        ref = context.run.prompts.get(config.prompt, config.prompt)
        assert isinstance(config.variables, dict)
        rendered = await context.services.render_prompt(context.run, ref, config.variables)
        messages, version = list(rendered.messages), rendered.ref
        tools, schema = tools or rendered.tools, schema or rendered.output_schema
        model, settings = model or rendered.model, {**rendered.settings, **settings}
        context.versions["prompt_version"] = version
    if config.history:
        assert isinstance(config.history, list)
        messages[-1:-1] = config.history
    messages = [
        {**message, "content": to_content(message["content"])} if "content" in message else message
        for message in messages
    ]
    if not model:
        raise InvalidInput("no model is set in the step or its prompt", "set `model` in the step")
    model = context.run.models.get(model, model)
    if tools:
        settings["tools"] = tools
    if schema is not None:
        settings["response_format"] = build_response_format(schema)
    return ModelRequest(model, messages, settings, version), schema


def to_content(content: Any) -> Any:
    """Return the content of a message: text, parts of OpenAI's format, or null. Other values become JSON."""
    if content is None or isinstance(content, str):
        return content
    if isinstance(content, list) and content and all(isinstance(part, dict) and "type" in part for part in content):
        return content
    return json.dumps(content, ensure_ascii=False)


def to_outputs(reply: ModelReply, schema: JsonSchema | None) -> dict[str, Any]:
    """Return the outputs of a reply. Raises InvalidInput if its JSON does not match the schema."""
    outputs: dict[str, Any] = {
        "text": reply.text,
        "message": reply.message,
        "tool_calls": reply.message.get("tool_calls") or [],
        "model": reply.model,
        "finish_reason": reply.finish_reason,
        "usage": reply.usage,
    }
    if schema is None:
        return outputs
    objects = find_objects(strip_reasoning(reply.text))
    fault = describe_mismatch(objects[-1], schema) if objects else "the answer contains no JSON object"
    if fault:
        raise InvalidInput(f"the answer of {reply.model!r} does not match the output schema: {fault}", REPAIR_HINT)
    return {**outputs, "data": objects[-1]}


REPAIR_HINT = "set `retries`, use a step of kind extract, which repairs answers, or a stronger model"


def describe_mismatch(value: Any, schema: JsonSchema) -> str:
    """Return how a value differs from a schema, or an empty text."""
    from vong.json_schemas import SafeSchema

    return SafeSchema(schema).find_error(value)
