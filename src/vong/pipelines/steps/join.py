"""Step `join`: continues after branches or parallel steps."""

from collections.abc import Mapping
from typing import Any, ClassVar, Literal

from pydantic import Field

from vong.pipelines import types
from vong.pipelines.definition import JsonSchema
from vong.pipelines.steps.base import StepConfig, StepContext, StepResult, no_ports

JoinMode = Literal["all", "any", "first"]


class JoinConfig(StepConfig):
    """Settings of a join.

    `all` waits for every step that is not skipped. `any` continues with the first one that finishes, and the others
    go on. `first` also cancels the others.
    """

    OPTIONAL: ClassVar[frozenset[str]] = frozenset({"inputs"})

    mode: JoinMode = Field(default="all", description="all, any, or first (which cancels the other steps).")
    inputs: dict[str, Any] = Field(default={}, description="Values by name. Those of skipped steps are omitted.")


class JoinStep:
    """Continuation after branches or parallel steps."""

    Config: ClassVar[type[StepConfig]] = JoinConfig
    span_kind: ClassVar[str] = "other"
    has_effects: ClassVar[bool] = False

    def outputs(self, config: JoinConfig, types_: Mapping[str, JsonSchema]) -> dict[str, JsonSchema]:
        """Return the types of the outputs: all values by name, those that are there as a list, and the first one."""
        del config, types_
        return {"merged": types.OBJECT, "list": types.array_of(types.ANY), "value": types.ANY}

    ports = staticmethod(no_ports)

    async def run(self, context: StepContext, config: JoinConfig) -> StepResult:
        """Return the values of the steps that ran."""
        del context
        found = list(config.inputs.values())
        return StepResult({"merged": config.inputs, "list": found, "value": found[0] if found else None})
