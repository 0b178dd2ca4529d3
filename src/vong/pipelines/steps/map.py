"""Step `map`: runs nested steps for every item of a list, several at once."""

import asyncio
from collections.abc import Mapping
from typing import Any, ClassVar, Literal

from pydantic import Field

from vong.errors import InvalidInput, VongError
from vong.pipelines import types
from vong.pipelines.definition import JsonSchema, StepDefinition
from vong.pipelines.steps.base import StepConfig, StepContext, StepResult, StepWaiting, Template, no_ports
from vong.text_templates import render_value

MAX_ITEMS = 10_000


class MapConfig(StepConfig):
    """Settings of a map. Templates within it may use `item` and `index`."""

    RAW: ClassVar[frozenset[str]] = frozenset({"steps", "output"})

    over: list[Any] | Template = Field(description="List of items.")
    steps: dict[str, StepDefinition] = Field(min_length=1, description="Steps for one item.")
    output: Any = Field(description="Result of one item.")
    concurrency: int = Field(default=4, ge=1, le=64, description="Items that are processed at the same time.")
    on_item_error: Literal["fail", "skip", "null"] = Field(
        default="fail", description="Fail the step, omit the item, or put null in its place."
    )
    max_items: int = Field(default=1000, ge=1, le=MAX_ITEMS)


class MapStep:
    """Nested steps for every item of a list. The order of the items is kept."""

    Config: ClassVar[type[StepConfig]] = MapConfig
    span_kind: ClassVar[str] = "other"

    def outputs(self, config: MapConfig, types_: Mapping[str, JsonSchema]) -> dict[str, JsonSchema]:
        """Return the types of the outputs: the results in the order of the items, and the errors."""
        del config, types_
        return {"results": types.array_of(types.ANY), "errors": types.array_of(types.OBJECT), "count": types.INTEGER}

    ports = staticmethod(no_ports)

    async def run(self, context: StepContext, config: MapConfig) -> StepResult:
        """Run the steps for every item."""
        assert isinstance(config.over, list)
        if len(config.over) > config.max_items:
            message = f"the list has {len(config.over)} items, and max_items is {config.max_items}"
            raise InvalidInput(message, "raise max_items, or shorten the list")
        outcomes = await _gather(context, config, config.over)
        failures = [(index, found) for index, found in enumerate(outcomes) if isinstance(found, VongError)]
        results = [None if isinstance(found, VongError) else found for found in outcomes]
        if config.on_item_error == "skip":
            results = [found for found in outcomes if not isinstance(found, VongError)]
        errors = [{"index": index, "message": error.message, "code": error.code} for index, error in failures]
        return StepResult({"results": results, "errors": errors, "count": len(config.over)})


async def _gather(context: StepContext, config: MapConfig, items: list[Any]) -> list[Any]:
    """Return the result or the error of each item. Raises the first error if the step fails with it.

    An item that waits for a decision does not stop the others: the step waits once they have ended.
    """
    outcomes: list[Any] = [None] * len(items)
    waiting: list[StepWaiting] = []
    queue = iter(range(len(items)))

    async def work() -> None:
        for index in queue:
            variables = {**context.variables, "item": items[index], "index": index}
            try:
                ran = await context.run_steps(config.steps, variables, f"{context.path}[{index}]")
                outcomes[index] = render_value(config.output, {**variables, **ran})
            except StepWaiting as wait:
                waiting.append(wait)
            except VongError as error:
                if config.on_item_error == "fail":
                    error.message = f"item {index}: {error.message}"
                    raise
                outcomes[index] = error

    workers = [asyncio.ensure_future(work()) for _ in range(min(config.concurrency, len(items)))]
    try:
        await asyncio.gather(*workers)
    finally:
        for worker in workers:
            worker.cancel()
        await asyncio.gather(*workers, return_exceptions=True)
    if waiting:
        raise waiting[0]
    return outcomes
