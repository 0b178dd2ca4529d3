"""Execution of the steps of one level: each as soon as its dependencies allow it."""

import asyncio
from collections.abc import Mapping
from typing import Any

from vong.pipelines.definition import StepDefinition
from vong.pipelines.execution.interface import ExecutionState
from vong.pipelines.execution.outcomes import SKIPPED, Outcome, is_satisfied
from vong.pipelines.graph import StepGraph
from vong.pipelines.steps.base import StepWaiting

EAGER_MODES = ("any", "first")


class LevelExecution:
    """Execution of one level. `prefix` precedes the names of the steps in their paths."""

    def __init__(
        self,
        execution: ExecutionState,
        steps: Mapping[str, StepDefinition],
        graph: StepGraph,
        variables: Mapping[str, Any],
        prefix: str,
    ) -> None:
        self._execution, self._steps, self._graph = execution, steps, graph
        self._prefix = prefix
        self._variables = dict(variables)
        self._outcomes: dict[str, Outcome] = {}
        self._missing = {name: len({one.step for one in needed}) for name, needed in graph.dependencies.items()}
        self._started = set[str]()
        self._tasks: dict[asyncio.Task[Outcome], str] = {}
        self._waiting: list[StepWaiting] = []

    async def run(self) -> dict[str, dict[str, Any]]:
        """Run all steps and return the outputs of those that ran.

        Raises: the error of the first step that fails; StepWaiting once all other steps have ended.
        """
        for name in self._graph.order:
            if not self._missing[name]:
                self._start(name)
        try:
            while self._tasks:
                done, _ = await asyncio.wait(self._tasks, return_when=asyncio.FIRST_COMPLETED)
                for task in done:
                    self._finish(self._tasks.pop(task), task)
        finally:
            await self._cancel(list(self._tasks))
        if self._waiting:
            raise self._waiting[0]
        return {name: outcome.outputs for name, outcome in self._outcomes.items() if outcome.state == "succeeded"}

    def _finish(self, name: str, task: "asyncio.Task[Outcome]") -> None:
        if task.cancelled():
            if name not in self._outcomes:  # cancelled from outside: the run ends
                raise asyncio.CancelledError
            return
        error = task.exception()
        if isinstance(error, StepWaiting):
            self._waiting.append(error)
        elif error is not None:
            raise error
        elif name not in self._outcomes:
            self._settle(name, task.result())

    def _settle(self, name: str, outcome: Outcome) -> None:
        """Record the outcome of a step, and start or skip the steps that it decides."""
        pending = [(name, outcome)]
        while pending:
            name, outcome = pending.pop(0)
            self._outcomes[name] = outcome
            if outcome.state == "succeeded":
                self._variables[name] = outcome.outputs
            for other in self._graph.dependents[name]:
                self._missing[other] -= 1
                if other in self._started:
                    continue
                decision = self._decide(other)
                if decision == "run":
                    self._start(other)
                elif decision == "skip":
                    self._started.add(other)
                    self._execution.record_skip(self._steps[other], f"{self._prefix}{other}")
                    pending.append((other, SKIPPED))

    def _decide(self, name: str) -> str:
        """Return `run`, `skip` or `wait` for a step."""
        step, needed = self._steps[name], self._graph.dependencies[name]
        if step.kind != "join":
            if self._missing[name]:
                return "wait"
            return "run" if all(is_satisfied(one, self._outcomes) for one in needed) else "skip"
        arrived = [one for one in needed if one.step in self._outcomes and is_satisfied(one, self._outcomes)]
        if step.settings.get("mode", "all") in EAGER_MODES and arrived:
            if step.settings["mode"] == "first":
                self._cancel_others(name, {one.step for one in needed} - {one.step for one in arrived})
            return "run"
        if self._missing[name]:
            return "wait"
        return "run" if arrived else "skip"

    def _cancel_others(self, join: str, names: set[str]) -> None:
        """Cancel the steps that lost a race."""
        self._started.add(join)
        for task, name in self._tasks.items():
            if name in names and name not in self._outcomes:
                task.cancel()
        for name in names - set(self._outcomes):
            self._started.add(name)
            self._execution.record_skip(self._steps[name], f"{self._prefix}{name}")
            self._settle(name, SKIPPED)
        self._started.discard(join)

    def _start(self, name: str) -> None:
        self._started.add(name)
        variables = dict(self._variables)
        coroutine = self._execution.run_step(self._steps[name], f"{self._prefix}{name}", variables, self._steps)
        self._tasks[asyncio.ensure_future(coroutine)] = name

    async def _cancel(self, tasks: "list[asyncio.Task[Outcome]]") -> None:
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.gather(*tasks, return_exceptions=True)
