"""Step `pipeline`: another pipeline as one step."""

from collections.abc import Mapping
from typing import Any, ClassVar

from pydantic import Field

from vong.pipelines.definition import JsonSchema
from vong.pipelines.steps.base import StepConfig, StepContext, StepResult, no_ports


class PipelineConfig(StepConfig):
    """Settings of a sub-pipeline."""

    pipeline: str = Field(min_length=1, description="Stored pipeline: NAME, NAME:LABEL, NAME@NUMBER or NAME@HASH.")
    inputs: dict[str, Any] = {}


class PipelineStep:
    """Other pipeline as one step. Its steps have the path of this step before their own."""

    Config: ClassVar[type[StepConfig]] = PipelineConfig
    span_kind: ClassVar[str] = "other"

    def outputs(self, config: PipelineConfig, types_: Mapping[str, JsonSchema]) -> dict[str, JsonSchema]:
        """Return no types: validation takes the outputs of the named pipeline."""
        del config, types_
        return {}

    ports = staticmethod(no_ports)

    async def run(self, context: StepContext, config: PipelineConfig) -> StepResult:
        """Run the pipeline within the same run."""
        return StepResult(await context.run_pipeline(config.pipeline, config.inputs))
