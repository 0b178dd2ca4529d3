"""Step `template`: a text or a value made of others."""

from collections.abc import Mapping
from typing import Any, ClassVar

from pydantic import Field, model_validator

from vong.pipelines import types
from vong.pipelines.definition import JsonSchema
from vong.pipelines.steps.base import StepConfig, StepContext, StepResult, no_ports


class TemplateConfig(StepConfig):
    """Settings of a template: `text`, or `value` of any type."""

    text: str | None = Field(default=None, description="Template of a text.")
    value: Any = Field(default=None, description="Value with templates. A single expression keeps its type.")

    @model_validator(mode="after")
    def _check_one(self) -> "TemplateConfig":
        if len(self.model_fields_set & {"text", "value"}) != 1:
            raise ValueError("set `text` or `value`")
        return self


class TemplateStep:
    """Text or value made of others."""

    Config: ClassVar[type[StepConfig]] = TemplateConfig
    span_kind: ClassVar[str] = "other"
    has_effects: ClassVar[bool] = False

    def outputs(self, config: TemplateConfig, types_: Mapping[str, JsonSchema]) -> dict[str, JsonSchema]:
        """Return the type of the output."""
        del types_
        return {"text": types.STRING} if "text" in config.model_fields_set else {"value": types.ANY}

    ports = staticmethod(no_ports)

    async def run(self, context: StepContext, config: TemplateConfig) -> StepResult:
        """Return the rendered value."""
        del context
        if "text" in config.model_fields_set:
            return StepResult({"text": config.text})
        return StepResult({"value": config.value})
