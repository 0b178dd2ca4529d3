"""Step `approval`: waits for the decision of a person."""

from collections.abc import Mapping
from typing import Any, ClassVar, Literal

from pydantic import Field

from vong.pipelines import types
from vong.pipelines.definition import JsonSchema
from vong.pipelines.steps.base import StepConfig, StepContext, StepResult, StepWaiting

MAX_WAIT_SECONDS = 366 * 86_400
DecisionPort = Literal["approved", "rejected", "timeout"]


class ApprovalConfig(StepConfig):
    """Settings of an approval. The run ends its execution while it waits, which may take days."""

    message: str = Field(min_length=1, max_length=20_000, description="Question for the person who decides.")
    data: Any = Field(default=None, description="Values to show.")
    roles: list[Literal["owner", "member"]] = Field(default=["owner", "member"], min_length=1)
    comment_required: bool = False
    wait_seconds: float | None = Field(default=None, gt=0, le=MAX_WAIT_SECONDS)
    on_timeout: Literal["approve", "reject", "branch", "fail"] = Field(
        default="reject", description="Decision after wait_seconds. `branch` takes the port timeout."
    )


class ApprovalStep:
    """Decision of a person."""

    Config: ClassVar[type[StepConfig]] = ApprovalConfig
    span_kind: ClassVar[str] = "other"

    def outputs(self, config: ApprovalConfig, types_: Mapping[str, JsonSchema]) -> dict[str, JsonSchema]:
        """Return the types of the outputs."""
        del types_
        decision = {**types.STRING, "enum": list(self.ports(config))}
        return {"decision": decision, "comment": types.STRING, "by": types.STRING, "data": types.ANY}

    def ports(self, config: ApprovalConfig) -> tuple[str, ...]:
        """Return the ports of the decisions."""
        return ("approved", "rejected", "timeout") if config.on_timeout == "branch" else ("approved", "rejected")

    async def run(self, context: StepContext, config: ApprovalConfig) -> StepResult:
        """Return the decision, or wait for it."""
        decision = context.decision
        if decision is None:
            asked = {
                "message": config.message,
                "data": config.data,
                "roles": config.roles,
                "comment_required": config.comment_required,
                "on_timeout": config.on_timeout,
            }
            raise StepWaiting(asked, config.wait_seconds)
        port = str(decision["decision"])
        outputs = {
            "decision": port,
            "comment": decision.get("comment", ""),
            "by": decision.get("by", ""),
            "data": decision["data"] if decision.get("data") is not None else config.data,
        }
        return StepResult(outputs, port)
