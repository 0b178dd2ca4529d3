"""Execution of one run in this process."""

import asyncio
import logging
import time
from collections.abc import Callable, Mapping
from typing import Any

from vong.errors import BudgetExceeded, Conflict, InvalidInput, VongError
from vong.pipelines.definition import StepDefinition
from vong.pipelines.execution.compiled import CompiledPipeline, compile_pipeline
from vong.pipelines.execution.events import RunChannel, run_ended
from vong.pipelines.execution.interface import ActiveStep
from vong.pipelines.execution.level import LevelExecution
from vong.pipelines.execution.outcomes import Outcome, make_final, to_run_error
from vong.pipelines.execution.result_writer import ResultWriter
from vong.pipelines.execution.rows import RunUpdate, StepRow
from vong.pipelines.execution.spans import PipelineTrace
from vong.pipelines.execution.step_run import StepRun
from vong.pipelines.run_records import PipelineRun, RunError, RunOptions, RunState, RunStep
from vong.pipelines.services import PipelineServices, RunScope
from vong.pipelines.steps.base import StepWaiting
from vong.records import now

log = logging.getLogger(__name__)

MAX_SUB_PIPELINES = 8
"""Pipelines that may contain one another."""


class RunExecution:
    """Execution of one run. Results that a former execution stored are used again."""

    def __init__(
        self,
        run: PipelineRun,
        compiled: CompiledPipeline,
        scope: RunScope,
        *,
        services: PipelineServices,
        writer: ResultWriter,
        channel: RunChannel,
        trace: PipelineTrace,
    ) -> None:
        self.run, self.compiled, self.scope = run, compiled, scope
        self.services, self.writer, self.channel, self.trace = services, writer, channel, trace
        self.stored: dict[str, RunStep] = {}
        self.active: dict[str, ActiveStep] = {}
        """Steps that are running now, by path."""
        self.waits: dict[str, float | None] = {}
        """Seconds until the deadline of each step that waits for a decision."""
        self._options: RunOptions = run.options
        self._started = time.perf_counter()

    def restore(self, steps: list[RunStep]) -> None:
        """Use the results of a former execution of the run."""
        self.stored = {step.path: step for step in steps}
        self.scope.usage.steps = sum(step.state in ("succeeded", "failed") for step in steps)
        self.scope.usage.cost = sum(step.cost for step in steps)
        self.scope.usage.tokens = sum(step.tokens for step in steps)

    async def execute(self) -> PipelineRun:
        """Run all steps, store the end of the run, and return it."""
        state: RunState = "succeeded"
        outputs: dict[str, Any] | None = None
        error: RunError | None = None
        deadline = asyncio.timeout(self.scope.limits.seconds)
        try:
            async with deadline:
                outputs = await self._run_pipeline()
            if self.scope.passages:
                await self.services.record_passages(self.scope, outputs)
        except StepWaiting:
            return await self._wait()
        except asyncio.CancelledError:
            if not self.scope.cancelled.is_set():
                raise
            state, error = "cancelled", RunError(message="the run was cancelled", code="cancelled")
        except TimeoutError:
            if not deadline.expired():
                raise
            message = f"the run took longer than {self.scope.limits.seconds:g} s"
            state = "failed"
            error = RunError(message=message, code="upstream_timeout", hint="raise limits.seconds of the pipeline")
        except Conflict as found:
            if getattr(found, "lease_lost", False):
                raise
            state, error = "failed", to_run_error(found, None)
        except VongError as found:
            state, error = "failed", to_run_error(found, None)
        return await self._end(state, outputs, error)

    async def run_step(
        self, step: StepDefinition, path: str, variables: Mapping[str, Any], siblings: Mapping[str, StepDefinition]
    ) -> Outcome:
        """Run one step, or return its stored outcome."""
        return await StepRun(self, step, path, variables, siblings).run()

    async def run_level(
        self, steps: Mapping[str, StepDefinition], variables: Mapping[str, Any], path: str
    ) -> dict[str, dict[str, Any]]:
        """Run nested steps and return the outputs of those that ran."""
        graph = self.compiled.graph_of(steps)
        return await LevelExecution(self, steps, graph, variables, f"{path}.").run()

    async def run_sub_pipeline(self, path: str, ref: str, inputs: Mapping[str, Any]) -> dict[str, Any]:
        """Run a stored pipeline as a part of this run and return its outputs."""
        digest, definition = await self.services.find_pipeline(self.scope, self._options.pipelines.get(ref, ref))
        parents = self.trace.parents_of(path)
        if digest in (self.run.version, *parents):
            raise make_final(InvalidInput(f"the pipeline {ref!r} contains itself", "remove one of the steps"))
        if len(parents) >= MAX_SUB_PIPELINES:
            message = f"more than {MAX_SUB_PIPELINES} pipelines contain one another"
            raise make_final(InvalidInput(message, "nest fewer pipelines"))
        self.trace.enter_pipeline(path, digest)
        compiled = compile_pipeline(definition)
        variables = {"inputs": compiled.check_inputs(inputs), "run": self._run_variable()}
        level = LevelExecution(self, definition.steps, compiled.graph, variables, f"{path}.")
        return compiled.render_outputs({**variables, **await level.run()})

    def record_skip(self, step: StepDefinition, path: str) -> None:
        """Record a step that does not run."""
        if path in self.stored:
            return
        row = StepRow(self.scope.project_id, self.scope.id, path, step.kind, 0, "skipped")
        self.writer.write_later(row)
        self.channel.publish(
            "step_ended", path=path, kind=step.kind, state="skipped", port=None, outputs=None, error=None
        )

    def count_step(self, path: str) -> None:
        """Count a step. Raises BudgetExceeded if the run has reached one of its limits."""
        usage, limits = self.scope.usage, self.scope.limits
        usage.steps += 1
        if usage.steps > limits.steps:
            message = f"the run has executed {limits.steps} steps, its limit; the next one is {path!r}"
            raise make_final(BudgetExceeded(message, "raise limits.steps of the pipeline, or end its loops earlier"))

    def emitter(self, path: str) -> Callable[[str], None]:
        """Return the function that sends parts of the text of a step."""
        output = self.compiled.streamed.get(path)

        def emit(text: str) -> None:
            active = self.active.get(path)
            if active is not None:
                active.texts.append(text)
            self.channel.publish("delta", path=path, text=text, output=output)

        return emit

    async def _run_pipeline(self) -> dict[str, Any]:
        variables = {"inputs": self.run.inputs, "run": self._run_variable()}
        definition = self.compiled.definition
        level = LevelExecution(self, definition.steps, self.compiled.graph, variables, "")
        return self.compiled.render_outputs({**variables, **await level.run()})

    def _run_variable(self) -> dict[str, Any]:
        conversation = self.scope.conversation_id
        return {
            "id": str(self.scope.id),
            "pipeline": self.scope.pipeline,
            "version": self.scope.version,
            "conversation_id": str(conversation) if conversation else None,
        }

    async def _wait(self) -> PipelineRun:
        """Let the run wait for decisions, without this process."""
        usage = self.scope.usage
        deadlines = [seconds for seconds in self.waits.values() if seconds is not None]
        wait_seconds = max(0.0, min(deadlines)) if deadlines else None
        await self.writer.write(RunUpdate(self.run.id, "waiting", None, None, usage.cost, usage.tokens, wait_seconds))
        self.channel.publish("run_waiting", run_id=str(self.run.id), steps=list(self.waits))
        return self.run.model_copy(update={"state": "waiting", "cost": usage.cost, "tokens": usage.tokens})

    async def _end(self, state: RunState, outputs: dict[str, Any] | None, error: RunError | None) -> PipelineRun:
        usage = self.scope.usage
        values = error.model_dump() if error else None
        ended = self.run.model_copy(
            update={
                "state": state,
                "outputs": outputs,
                "error": error,
                "cost": usage.cost,
                "tokens": usage.tokens,
                "ended_at": now(),
            }
        )
        self.trace.end_run(ended, self._started)
        update = RunUpdate(self.run.id, state, outputs, values, usage.cost, usage.tokens)
        await asyncio.shield(self.writer.write(update))
        self.channel.publish(**run_ended(ended))
        return ended
