"""Execution of one step: values, attempts, time limit, errors, and the stored result."""

import asyncio
import logging
import random
import time
from collections.abc import Mapping
from typing import Any
from uuid import UUID

from vong.errors import InvalidInput, UpstreamTimeout, VongError
from vong.pipelines.definition import DefaultOutputs, StepDefinition
from vong.pipelines.execution.interface import ActiveStep, ExecutionState
from vong.pipelines.execution.outcomes import (
    SKIPPED,
    Outcome,
    ends_run,
    make_final,
    may_retry,
    set_step,
    to_run_error,
)
from vong.pipelines.execution.rows import StepRow
from vong.pipelines.graph import ERROR_PORT
from vong.pipelines.references import step_references
from vong.pipelines.run_records import FINAL_STEP_STATES, RunStep
from vong.pipelines.steps.base import StepContext, StepResult, StepWaiting, load_config, text_settings
from vong.pipelines.steps.registry import get_kind
from vong.records import new_id, now
from vong.text_templates import render_text, render_value

log = logging.getLogger(__name__)

MAX_RETRY_DELAY_SECONDS = 3600.0


class StepRun:
    """Execution of one step. `siblings` are the steps of its level."""

    def __init__(
        self,
        execution: ExecutionState,
        step: StepDefinition,
        path: str,
        variables: Mapping[str, Any],
        siblings: Mapping[str, StepDefinition],
    ) -> None:
        self._execution, self._step, self._path = execution, step, path
        self._variables, self._siblings = variables, siblings
        self._kind = get_kind(step.kind)
        self._stored: RunStep | None = execution.stored.get(path)
        self._attempt = 0
        self._started_at = now()
        self._span_id: UUID = new_id()
        self._cost, self._tokens = 0, 0
        self._stored_cost, self._stored_tokens = 0, 0
        """Consumption of this execution that is stored already, because calls have reserved it."""

    async def run(self) -> Outcome:
        """Return the outcome, from the store if the step has ended before.

        Raises: the error of the step, unless the step says otherwise; StepWaiting if it waits for a decision.
        """
        stored = self._stored
        if stored is not None and stored.state in FINAL_STEP_STATES and (found := self._restore(stored)) is not None:
            return found
        try:
            self._execution.count_step(self._path)
            return await self._run_attempts()
        except VongError as error:
            set_step(error, self._path)
            raise
        finally:
            self._execution.active.pop(self._path, None)
            self._execution.scope.reservations.pop(self._span_id, None)

    def _restore(self, stored: RunStep) -> Outcome | None:
        """Return the stored outcome, or None if the step must run again."""
        if stored.state == "skipped":
            return SKIPPED
        if stored.state == "failed" and stored.port != ERROR_PORT and stored.outputs is None:
            return None
        self._collect_passages(stored.outputs or {})
        return Outcome("succeeded", stored.outputs or {}, stored.port)

    def _collect_passages(self, outputs: Mapping[str, Any]) -> None:
        """Add the passages of a retrieval to those of the run."""
        if self._step.kind == "retrieve":
            found = outputs.get("passages") or ()
            self._execution.scope.passages.update({one["chunk_id"]: one for one in found if one.get("chunk_id")})

    async def _reserve(self, cost: int, tokens: int) -> None:
        """Store what the step has consumed, together with what its next call may consume at most."""
        used_cost, used_tokens = self._execution.scope.usage.by_span.get(self._span_id, (0, 0))
        cost, tokens = cost + self._cost + used_cost, tokens + self._tokens + used_tokens
        scope = self._execution.scope
        row = StepRow(
            scope.project_id,
            scope.id,
            self._path,
            self._step.kind,
            self._attempt,
            "running",
            cost=cost - self._stored_cost,
            tokens=tokens - self._stored_tokens,
            span_id=self._span_id,
            started_at=self._started_at,
        )
        await self._write(row)
        self._stored_cost, self._stored_tokens = cost, tokens

    async def _run_attempts(self) -> Outcome:
        is_waiting = self._stored is not None and self._stored.state == "waiting"
        first = self._stored.attempt if self._stored is not None else 0
        self._attempt = first if is_waiting else first + 1
        last = self._attempt + self._step.retries
        while True:
            self._publish_start(is_waiting)
            inputs, context = dict[str, Any](), None
            start = time.perf_counter()
            try:
                inputs, config = self._render()
                self._execution.active[self._path].inputs = inputs
                context = self._context()
                result = await self._run_kind(context, config)
                return await self._succeed(result, inputs, context, start)
            except StepWaiting as wait:
                await self._wait(wait, inputs)
                raise
            except VongError as error:
                if getattr(error, "lease_lost", False):
                    raise
                set_step(error, self._path)
                retry = context is not None and self._attempt < last and may_retry(error)
                self._end_span(start, inputs, None, context, error.message)
                if not retry:
                    return await self._fail(error, inputs)
                await self._back_off(error, last)

    def _publish_start(self, is_waiting: bool) -> None:
        reservations = self._execution.scope.reservations
        reservations.pop(self._span_id, None)
        self._span_id = new_id()
        reservations[self._span_id] = self._reserve
        moment = now()
        if is_waiting and self._stored is not None and self._stored.started_at:
            self._started_at = self._stored.started_at
        else:
            self._started_at = moment
        self._execution.active[self._path] = ActiveStep(
            self._path, self._step.kind, self._attempt, moment, self._span_id
        )
        self._execution.trace.enter_step(self._path, self._span_id)
        self._execution.channel.publish("step_started", path=self._path, kind=self._step.kind, attempt=self._attempt)

    def _render(self) -> tuple[dict[str, Any], Any]:
        """Return the settings with their templates replaced, and the configuration made of them."""
        kind, settings = self._kind.Config, self._step.settings
        rendered: dict[str, Any] = {}
        texts = text_settings(kind)
        for name, value in settings.items():
            if name in kind.RAW:
                continue
            if name in kind.OPTIONAL and isinstance(value, dict):
                value = {key: one for key, one in value.items() if self._is_available(one)}
            if name in texts and isinstance(value, str):
                rendered[name] = render_text(value, self._variables, name=name)
            else:
                rendered[name] = render_value(value, self._variables, name=name)
        raw = {name: settings[name] for name in settings if name in kind.RAW}
        return rendered, load_config(kind, {**rendered, **raw}, rendered=True)

    def _is_available(self, value: Any) -> bool:
        """Return whether all steps ran to which a value refers."""
        return all(root in self._variables or root not in self._siblings for root in step_references(value))

    def _context(self) -> StepContext:
        execution, path = self._execution, self._path
        return StepContext(
            path=path,
            attempt=self._attempt,
            run=execution.scope,
            services=execution.services,
            variables=self._variables,
            settings=self._step.settings,
            span_id=self._span_id,
            run_steps=execution.run_level,
            run_pipeline=lambda ref, inputs: execution.run_sub_pipeline(path, ref, inputs),
            emit=execution.emitter(path),
            decision=self._find_decision(),
            streams=execution.channel.wants_text,
        )

    def _find_decision(self) -> dict[str, Any] | None:
        """Return the decision for which the step waited: that of a person, or the one after its time limit."""
        stored = self._stored
        if stored is None or stored.state != "waiting":
            return None
        if stored.decision is not None:
            return stored.decision
        if stored.decide_by is None or stored.decide_by > now():
            return None
        action = (stored.outputs or {}).get("on_timeout", "reject")
        if action == "fail":
            raise InvalidInput("nobody decided in time", "raise wait_seconds, or set on_timeout")
        decision = {"approve": "approved", "reject": "rejected", "branch": "timeout"}[action]
        return {"decision": decision, "comment": "nobody decided in time", "by": "", "data": None}

    async def _run_kind(self, context: StepContext, config: Any) -> StepResult:
        seconds = self._step.timeout_seconds
        deadline = asyncio.timeout(seconds)
        try:
            async with deadline:
                return await self._kind.run(context, config)
        except TimeoutError as error:
            if not deadline.expired():
                raise UpstreamTimeout(f"the step timed out: {error or 'no reason given'}", "set `retries`") from error
            message = f"the step did not finish within {seconds:g} s"
            raise UpstreamTimeout(message, "raise timeout_seconds, or set `retries` or `on_error`") from None
        except (VongError, StepWaiting):
            raise
        # The boundary of a step: code of a kind, also of a third party, fails its step and not the server.
        except Exception as error:
            log.exception("the step %s of kind %s failed", self._path, self._step.kind)
            message = f"the step failed unexpectedly: {type(error).__name__}: {str(error)[:300]}"
            raise VongError(message, "see the traceback in the server log") from error

    async def _succeed(self, result: StepResult, inputs: dict[str, Any], context: StepContext, start: float) -> Outcome:
        self._end_span(start, inputs, result.outputs, context, None)
        row = self._row("succeeded", inputs, outputs=result.outputs, port=result.port)
        await self._store(row)
        self._collect_passages(result.outputs)
        self._publish_end("succeeded", result.port, result.outputs, None)
        return Outcome("succeeded", result.outputs, result.port)

    async def _fail(self, error: VongError, inputs: dict[str, Any]) -> Outcome:
        """Store the failure, and return the outcome that the step declares for it, or raise the error."""
        stored_error = to_run_error(error, self._path).model_dump()
        on_error = "fail" if ends_run(error) else self._step.on_error
        outputs, port = None, None
        if isinstance(on_error, DefaultOutputs):
            outputs = render_value(on_error.default, self._variables, name="on_error.default")
        elif on_error == "branch":
            described = {"message": error.message, "code": error.code, "hint": error.hint}
            outputs, port = {ERROR_PORT: described}, ERROR_PORT
        row = self._row("failed", inputs, outputs=outputs, port=port, error=stored_error)
        await self._store(row)
        self._publish_end("failed", port, outputs, stored_error)
        if outputs is None:
            raise error
        return Outcome("succeeded", outputs, port)

    async def _wait(self, wait: StepWaiting, inputs: dict[str, Any]) -> None:
        """Store that the step waits, unless it is a step with other steps within it, one of which waits."""
        if self._step.kind in ("loop", "map", "pipeline"):
            return
        stored, seconds = self._stored, wait.timeout_seconds
        if stored is not None and stored.state == "waiting":
            left = (stored.decide_by - now()).total_seconds() if stored.decide_by else None
            self._execution.waits[self._path] = left
            return
        self._execution.waits[self._path] = seconds
        row = self._row("waiting", inputs, outputs=wait.outputs)
        await self._store(row._replace(ended_at=None, wait_seconds=seconds))
        self._execution.channel.publish("step_waiting", path=self._path, kind=self._step.kind, asked=wait.outputs)

    async def _back_off(self, error: VongError, last: int) -> None:
        """Wait before the next attempt: twice as long each time, with jitter."""
        number = self._attempt - (last - self._step.retries)
        delay = min(self._step.retry_delay_seconds * 2**number, MAX_RETRY_DELAY_SECONDS)
        delay = max(delay * random.uniform(0.75, 1.25), float(getattr(error, "retry_after", None) or 0))
        self._execution.channel.publish(
            "step_retry", path=self._path, attempt=self._attempt, message=error.message, delay_seconds=delay
        )
        await asyncio.sleep(min(delay, MAX_RETRY_DELAY_SECONDS))
        self._attempt += 1

    async def _store(self, row: StepRow) -> None:
        """Store the row before the next step starts. The result of a step without effects may be stored later."""
        if not getattr(self._kind, "has_effects", True) and row.state == "succeeded":
            self._execution.writer.write_later(row)
            return
        await self._write(row)

    async def _write(self, row: StepRow) -> None:
        try:
            await asyncio.shield(self._execution.writer.write(row))
        except VongError as error:
            if error.code == "conflict":
                error.__dict__["lease_lost"] = True
                make_final(error)
            raise

    def _row(
        self,
        state: str,
        inputs: dict[str, Any],
        *,
        outputs: dict[str, Any] | None,
        port: str | None = None,
        error: dict[str, Any] | None = None,
    ) -> StepRow:
        scope = self._execution.scope
        self._execution.active.pop(self._path, None)  # the state of a running step must not replace this one
        return StepRow(
            scope.project_id,
            scope.id,
            self._path,
            self._step.kind,
            self._attempt,
            state,
            port,
            inputs,
            outputs,
            error,
            self._cost - self._stored_cost,
            self._tokens - self._stored_tokens,
            self._span_id,
            self._started_at,
            now(),
        )

    def _publish_end(
        self, state: str, port: str | None, outputs: dict[str, Any] | None, error: dict[str, Any] | None
    ) -> None:
        self._execution.channel.publish(
            "step_ended",
            path=self._path,
            kind=self._step.kind,
            state=state,
            port=port,
            outputs=outputs,
            error=error,
        )

    def _end_span(
        self,
        start: float,
        inputs: dict[str, Any],
        outputs: dict[str, Any] | None,
        context: StepContext | None,
        error: str | None,
    ) -> None:
        cost, tokens = self._execution.scope.usage.by_span.pop(self._span_id, (0, 0))
        self._cost, self._tokens = self._cost + cost, self._tokens + tokens
        self._execution.trace.end_step(
            self._span_id,
            self._path,
            self._kind.span_kind,
            step_kind=self._step.kind,
            started_at=self._started_at,
            seconds=time.perf_counter() - start,
            error=error,
            values=(inputs, outputs, context.attributes if context else {}, context.versions if context else {}),
        )
