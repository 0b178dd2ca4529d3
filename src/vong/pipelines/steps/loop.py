"""Step `loop`: repeats nested steps with a state until a condition is true."""

from collections.abc import Mapping
from typing import Any, ClassVar

from pydantic import Field

from vong.errors import InvalidInput
from vong.pipelines import types
from vong.pipelines.definition import JsonSchema, StepDefinition
from vong.pipelines.steps.base import StepConfig, StepContext, StepResult, no_ports
from vong.pipelines.steps.branch import is_true
from vong.text_templates import render_value

MAX_ITERATIONS = 1000


class LoopConfig(StepConfig):
    """Settings of a loop. Templates within it may use `state` and `index`."""

    RAW: ClassVar[frozenset[str]] = frozenset({"steps", "update", "until"})

    steps: dict[str, StepDefinition] = Field(min_length=1, description="Steps of one iteration.")
    state: dict[str, Any] = Field(default={}, description="Initial state.")
    update: dict[str, Any] = Field(default={}, description="Fields of the state after an iteration.")
    until: Any = Field(default=False, description="Condition after an iteration with which the loop ends.")
    max_iterations: int = Field(default=10, ge=1, le=MAX_ITERATIONS)
    on_limit: str = Field(
        default="stop", pattern="^(stop|fail)$", description="Stop or fail when max_iterations is reached."
    )


class LoopStep:
    """Repetition of nested steps."""

    Config: ClassVar[type[StepConfig]] = LoopConfig
    span_kind: ClassVar[str] = "other"

    def outputs(self, config: LoopConfig, types_: Mapping[str, JsonSchema]) -> dict[str, JsonSchema]:
        """Return the types of the outputs."""
        del types_
        fields = {name: types.ANY for name in (*config.state, *config.update)}
        state = {"type": "object", "properties": fields, "additionalProperties": False}
        return {"state": state, "iterations": types.INTEGER, "finished": types.BOOLEAN}

    ports = staticmethod(no_ports)

    async def run(self, context: StepContext, config: LoopConfig) -> StepResult:
        """Repeat the steps. Iterations that finished before an interruption are not repeated."""
        state, index, finished = dict(config.state), 0, False
        while index < config.max_iterations and not finished:
            variables = {**context.variables, "state": state, "index": index}
            ran = await context.run_steps(config.steps, variables, f"{context.path}[{index}]")
            scope = {**variables, **ran}
            state = {**state, **render_fields(config.update, scope, context.path)}
            index += 1
            finished = is_true(render_value(config.until, {**scope, "state": state}))
        if not finished and config.until is not False and config.on_limit == "fail":
            message = f"the loop did not end within {config.max_iterations} iterations"
            raise InvalidInput(message, "raise max_iterations, fix `until`, or set `on_limit: stop`")
        return StepResult({"state": state, "iterations": index, "finished": finished})


def render_fields(fields: Mapping[str, Any], scope: Mapping[str, Any], path: str) -> dict[str, Any]:
    """Return the fields with their templates replaced. Raises InvalidInput that names the field."""
    values: dict[str, Any] = {}
    for name, value in fields.items():
        try:
            values[name] = render_value(value, scope)
        except InvalidInput as error:
            raise InvalidInput(f"{path}.update.{name}: {error.message}", error.hint) from None
    return values
