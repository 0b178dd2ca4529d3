"""Step `guard`: checks a text with guards of the gateway."""

from collections.abc import Mapping
from typing import Any, ClassVar, Literal

from pydantic import Field, model_validator

from vong.errors import ContentBlocked
from vong.pipelines import types
from vong.pipelines.definition import JsonSchema
from vong.pipelines.steps.base import StepConfig, StepContext, StepResult


class GuardConfigSettings(StepConfig):
    """Settings of a check: guards in the step, or those of calls to a route."""

    text: str = Field(description="Text to check.")
    guards: list[dict[str, Any]] = Field(default=[], description="Guards with their action and settings.")
    route: str | None = Field(default=None, description="Route or model whose guards check the text.")
    on: Literal["input", "output"] = "input"
    on_block: Literal["fail", "branch"] = Field(
        default="fail", description="Fail, or take the port `blocked` instead of `passed`."
    )

    @model_validator(mode="after")
    def _check_source(self) -> "GuardConfigSettings":
        if bool(self.guards) == (self.route is not None):
            raise ValueError("set either `guards` or `route`")
        return self


class GuardStep:
    """Check of a text."""

    Config: ClassVar[type[StepConfig]] = GuardConfigSettings
    span_kind: ClassVar[str] = "other"

    def outputs(self, config: GuardConfigSettings, types_: Mapping[str, JsonSchema]) -> dict[str, JsonSchema]:
        """Return the types of the outputs. `text` is the masked text, empty if it is blocked."""
        del config, types_
        return {"text": types.STRING, "blocked": types.BOOLEAN, "findings": types.array_of(types.OBJECT)}

    def ports(self, config: GuardConfigSettings) -> tuple[str, ...]:
        """Return the ports, if a blocked text does not fail the step."""
        return ("passed", "blocked") if config.on_block == "branch" else ()

    async def run(self, context: StepContext, config: GuardConfigSettings) -> StepResult:
        """Check the text."""
        found = await context.services.check_guards(
            context.run, context.span_id, config.text, config.guards, config.route, config.on
        )
        blocked_by = found["blocked_by"]
        if blocked_by and config.on_block == "fail":
            raise ContentBlocked(f"the text was blocked by guard {blocked_by!r}", "change the text, or the guard")
        port = ("blocked" if blocked_by else "passed") if config.on_block == "branch" else None
        outputs = {"text": found["text"] or "", "blocked": bool(blocked_by), "findings": found["findings"]}
        return StepResult(outputs, port)
