"""Step `branch`: takes the port of the first condition that is true."""

from collections.abc import Mapping
from typing import Any, ClassVar

from pydantic import Field, field_validator

from vong.pipelines import types
from vong.pipelines.definition import IDENTIFIER, JsonSchema
from vong.pipelines.steps.base import StepConfig, StepContext, StepResult

ELSE_PORT = "else"
FALSE_TEXTS = frozenset({"", "false", "no", "0", "none", "null", "off"})


class BranchConfig(StepConfig):
    """Settings of a branch."""

    branches: dict[str, Any] = Field(min_length=1, description="Port: condition, in the order in which they are tried.")

    @field_validator("branches")
    @classmethod
    def _check_ports(cls, branches: dict[str, Any]) -> dict[str, Any]:
        for port in branches:
            if not IDENTIFIER.fullmatch(port) or port in (ELSE_PORT, "error"):
                raise ValueError(f"invalid name of a port: {port!r} (use lowercase letters, digits and '_')")
        return branches


class BranchStep:
    """Choice of one of several ports."""

    Config: ClassVar[type[StepConfig]] = BranchConfig
    span_kind: ClassVar[str] = "other"
    has_effects: ClassVar[bool] = False

    def outputs(self, config: BranchConfig, types_: Mapping[str, JsonSchema]) -> dict[str, JsonSchema]:
        """Return the type of the output."""
        del types_
        return {"port": {**types.STRING, "enum": list(self.ports(config))}}

    def ports(self, config: BranchConfig) -> tuple[str, ...]:
        """Return the ports: those of the conditions, and `else`."""
        return (*config.branches, ELSE_PORT)

    async def run(self, context: StepContext, config: BranchConfig) -> StepResult:
        """Take the port of the first true condition."""
        del context
        port = next((port for port, value in config.branches.items() if is_true(value)), ELSE_PORT)
        return StepResult({"port": port}, port)


def is_true(value: Any) -> bool:
    """Return whether the value of a condition is true. Texts such as `false`, `no` and `0` are false."""
    return value.strip().lower() not in FALSE_TEXTS if isinstance(value, str) else bool(value)
