"""Step `output`: sends a value to the readers of the run."""

from collections.abc import Mapping
from typing import Any, ClassVar

from pydantic import Field

from vong.pipelines import types
from vong.pipelines.definition import JsonSchema
from vong.pipelines.steps.base import StepConfig, StepContext, StepResult, no_ports


class OutputConfig(StepConfig):
    """Settings of an output."""

    value: Any = Field(description="Value to send. A single expression keeps its type.")


class OutputStep:
    """Value that is sent to the readers of the run."""

    Config: ClassVar[type[StepConfig]] = OutputConfig
    span_kind: ClassVar[str] = "other"
    has_effects: ClassVar[bool] = False

    def outputs(self, config: OutputConfig, types_: Mapping[str, JsonSchema]) -> dict[str, JsonSchema]:
        """Return the type of the output."""
        del config, types_
        return {"value": types.ANY}

    ports = staticmethod(no_ports)

    async def run(self, context: StepContext, config: OutputConfig) -> StepResult:
        """Send the value: a text as it is."""
        if isinstance(config.value, str) and config.value:
            context.emit(config.value)
        return StepResult({"value": config.value})
