"""Executor of runs in a server process: starts them, renews their leases, and continues those of killed servers."""

import asyncio
import logging
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any, Protocol
from uuid import UUID

from sqlalchemy.exc import SQLAlchemyError

from vong.errors import VongError
from vong.pipelines.definition import RunLimits
from vong.pipelines.execution import leases
from vong.pipelines.execution.compiled import CompiledPipeline, compile_pipeline, get_compiled
from vong.pipelines.execution.events import KEEP_SECONDS, RunChannel, run_started
from vong.pipelines.execution.result_writer import ResultWriter
from vong.pipelines.execution.rows import NewRun, RunUpdate, StepRow
from vong.pipelines.execution.run_execution import RunExecution
from vong.pipelines.execution.spans import PipelineTrace
from vong.pipelines.run_records import PipelineRun, RunStep
from vong.pipelines.run_store import get_definition, list_steps
from vong.pipelines.services import PipelineServices, RunScope
from vong.pipelines.steps.python import close_pool
from vong.records import Span
from vong.store.database import Database

log = logging.getLogger(__name__)

MAX_RUNNING = 256
"""Runs that one process executes at the same time. Others are queued."""
POLL_SECONDS = 1.0
RENEW_SECONDS = 5.0
LONG_STEP_SECONDS = 0.5
"""Time after which a step that still runs is stored as running, with its text up to now."""


class FindCaller(Protocol):
    """Function that finds the caller of a run."""

    def __call__(self, project_id: UUID, caller: Mapping[str, Any], /) -> Any:
        """Return the principal. Raises Unauthenticated if the key or the user no longer exists."""
        ...


class PipelineExecutor:
    """Executor of one process. Its methods are called on the event loop of the server."""

    def __init__(
        self,
        database: Database,
        services: PipelineServices,
        find_caller: FindCaller,
        record_span: Callable[[UUID, Span], None],
    ) -> None:
        self.owner = leases.create_owner()
        self._database, self._services = database, services
        self._find_caller, self._record_span = find_caller, record_span
        self.writer = ResultWriter(database, self.owner, leases.LEASE_SECONDS)
        self.loop = asyncio.get_running_loop()
        self.channels: dict[UUID, RunChannel] = {}
        self._running: dict[UUID, tuple[RunExecution, asyncio.Task[PipelineRun]]] = {}
        self._known_definitions = set[tuple[UUID, str]]()
        self._wake = asyncio.Event()
        self._maintenance: asyncio.Task[None] | None = None
        self._stopping = False

    def start(self) -> None:
        """Start to claim queued runs and those of killed servers."""
        self._maintenance = self.loop.create_task(self._maintain())

    async def stop(self) -> None:
        """Stop all runs. Other servers, or this one after its next start, continue them."""
        self._stopping = True
        tasks: list[asyncio.Task[Any]] = [task for _, task in self._running.values()]
        if self._maintenance is not None:
            tasks.append(self._maintenance)
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks, timeout=5)
        await close_pool()
        await asyncio.to_thread(self.writer.close)
        with suppress(SQLAlchemyError):
            await asyncio.to_thread(self._release)

    @property
    def has_room(self) -> bool:
        """Return whether this process may start another run now."""
        return len(self._running) < MAX_RUNNING and not self._stopping

    async def submit(self, new: NewRun, compiled: CompiledPipeline, caller: Any) -> "asyncio.Task[PipelineRun] | None":
        """Store a run and start it. Returns None if it is queued, because this process is at its limit."""
        known = (new.project_id, new.version)
        if known in self._known_definitions:
            new = new._replace(definition=None)
        if not self.has_room:
            await self.writer.write(new._replace(state="queued"))
            return None
        run = to_run(new)
        channel = self.channels[new.id] = RunChannel(new.id, wants_text=bool(run.options.stream))
        stored = self.writer.write(new)
        try:
            await stored
        except BaseException:
            self.channels.pop(new.id, None)
            raise
        self._known_definitions.add(known)
        channel.publish(**run_started(run))
        return self._launch(run, new.project_id, compiled, caller, channel, [])

    def cancel(self, run_id: UUID) -> bool:
        """Cancel a run that this process executes, and return whether it does."""
        found = self._running.get(run_id)
        if found is None:
            return False
        execution, task = found
        execution.scope.cancelled.set()
        task.cancel()
        return True

    def wake(self) -> None:
        """Look for queued runs now. Safe from any thread."""
        if not self.loop.is_closed():
            self.loop.call_soon_threadsafe(self._wake.set)

    def is_running(self, run_id: UUID) -> bool:
        """Return whether this process executes a run."""
        return run_id in self._running

    def _launch(
        self,
        run: PipelineRun,
        project_id: UUID,
        compiled: CompiledPipeline,
        caller: Any,
        channel: RunChannel,
        steps: list[RunStep],
    ) -> "asyncio.Task[PipelineRun]":
        scope = RunScope(
            run.id,
            project_id,
            caller,
            run.trace_id,
            run.pipeline,
            run.version,
            RunLimits.model_validate(run.limits),
            conversation_id=run.conversation_id,
            prompts=run.options.prompts,
            models=run.options.models,
            parent_span_id=run.options.parent_span_id,
            user=run.options.user,
            session=run.options.session or (str(run.conversation_id) if run.conversation_id else None),
            tags=run.options.tags,
            call_id=run.options.call_id,
        )
        trace = PipelineTrace(scope, lambda span: self._record_span(project_id, span))
        execution = RunExecution(
            run,
            compiled,
            scope,
            services=self._services,
            writer=self.writer,
            channel=channel,
            trace=trace,
        )
        execution.restore(steps)
        task = self.loop.create_task(self._supervise(execution, channel))
        self._running[run.id] = (execution, task)
        return task

    async def _supervise(self, execution: RunExecution, channel: RunChannel) -> PipelineRun:
        run = execution.run
        try:
            return await execution.execute()
        except asyncio.CancelledError:
            raise
        except VongError as error:
            log.warning("the run %s ended here: %s", run.id, error)
            return run
        # The boundary of a run: a fault of ours ends the run and not the server.
        except Exception:
            log.exception("the run %s failed", run.id)
            values = {"message": "the server failed on this run", "code": "internal", "hint": "see the server log"}
            update = RunUpdate(run.id, "failed", None, {**values, "step": None}, 0, 0)
            with suppress(VongError):
                await self.writer.write(update)
            channel.publish("run_ended", run_id=str(run.id), state="failed", outputs=None, error=values)
            return run.model_copy(update={"state": "failed"})
        finally:
            self._running.pop(run.id, None)
            channel.close()
            if not self.has_room or len(self._running) == MAX_RUNNING - 1:
                self._wake.set()

    async def _maintain(self) -> None:
        """Claim runs, renew leases and store the state of long steps, until the process stops."""
        renewed_at = 0.0
        while True:
            try:
                if time.monotonic() - renewed_at >= RENEW_SECONDS:
                    await self._renew()
                    renewed_at = time.monotonic()
                await self._claim()
                await self._cancel_requested()
            except (SQLAlchemyError, VongError) as error:
                log.warning("runs of pipelines cannot be claimed now: %s", str(error).splitlines()[0])
            self._store_active_steps()
            self._forget_channels()
            self._wake.clear()
            with suppress(TimeoutError):
                await asyncio.wait_for(self._wake.wait(), POLL_SECONDS)

    async def _renew(self) -> None:
        ids = list(self._running)

        def query() -> dict[UUID, bool]:
            with self._database.owner() as connection:
                leases.expire_dead_owners(connection, self.owner)
                return leases.renew(connection, self.owner, ids) if ids else {}

        owned = await asyncio.to_thread(query)
        for id in ids:
            found = self._running.get(id)
            if id not in owned and found is not None and not found[1].done():
                log.warning("the run %s is executed by another server", id)
                found[1].cancel()

    async def _cancel_requested(self) -> None:
        if not self._running:
            return

        def query() -> list[UUID]:
            with self._database.owner() as connection:
                return leases.list_cancelled(connection, self.owner)

        for id in await asyncio.to_thread(query):
            self.cancel(id)

    async def _claim(self) -> None:
        room = MAX_RUNNING - len(self._running)
        if room <= 0 or self._stopping:
            return

        def query() -> list[dict[str, Any]]:
            with self._database.owner() as connection:
                return leases.claim(connection, self.owner, list(self._running), room)

        for row in await asyncio.to_thread(query):
            await self._continue(row)

    async def _continue(self, row: dict[str, Any]) -> None:
        """Start or continue a claimed run."""
        project_id, caller_ids, is_cancelled = (row.pop(name) for name in ("project_id", "caller", "cancel_requested"))
        run = PipelineRun.model_validate(row)

        def load() -> tuple[CompiledPipeline, list[RunStep], Any]:
            with self._database.scope(project_id) as connection:
                compiled = get_compiled(run.version) or compile_pipeline(get_definition(connection, run.version))
                return compiled, list_steps(connection, run.id), self._find_caller(project_id, caller_ids)

        try:
            compiled, steps, caller = await asyncio.to_thread(load)
        except VongError as error:
            values = {"message": error.message, "code": error.code, "hint": error.hint, "step": None}
            await self.writer.write(RunUpdate(run.id, "failed", None, values, run.cost, run.tokens))
            return
        former = self.channels.get(run.id)
        channel = self.channels[run.id] = RunChannel(run.id, wants_text=run.options.stream)
        if former is not None:
            channel.wants_text |= former.wants_text
        channel.restore(run, steps)
        self._launch(run, project_id, compiled, caller, channel, steps)
        if is_cancelled:
            await asyncio.sleep(0)
            self.cancel(run.id)

    def _store_active_steps(self) -> None:
        """Store the steps that run for a while, so that other servers see them and their texts."""
        for execution, _ in list(self._running.values()):
            for active in list(execution.active.values()):
                age = time.time() - active.started_at.timestamp()
                if age < LONG_STEP_SECONDS or active.written_texts == len(active.texts):
                    continue
                active.written_texts = len(active.texts)
                outputs = {"text": "".join(active.texts)} if active.texts else None
                scope = execution.scope
                self.writer.write_later(
                    StepRow(
                        scope.project_id,
                        scope.id,
                        active.path,
                        active.kind,
                        active.attempt,
                        "running",
                        inputs=active.inputs,
                        outputs=outputs,
                        started_at=active.started_at,
                    )
                )

    def _forget_channels(self) -> None:
        limit = time.monotonic() - KEEP_SECONDS
        for id, channel in list(self.channels.items()):
            if channel.ended_at is not None and channel.ended_at < limit and id not in self._running:
                self.channels.pop(id, None)

    def _release(self) -> None:
        with self._database.owner() as connection:
            leases.release(connection, self.owner)


def to_run(new: NewRun) -> PipelineRun:
    """Return the record of a run that was just created."""
    fields = {name: value for name, value in new._asdict().items() if name in PipelineRun.model_fields}
    return PipelineRun.model_validate({**fields, "started_at": new.created_at})
