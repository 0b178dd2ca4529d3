"""Job worker: claims queue entries, runs their jobs and reclaims jobs of dead workers."""

import asyncio
import logging
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import TypeVar
from uuid import UUID

from procrastinate import App, JobContext
from procrastinate.job_context import AbortReason
from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError

from vong.jobs import lifecycle
from vong.jobs.cleanup import delete_old_folders
from vong.jobs.config import WorkerConfig
from vong.jobs.connector import RetryingConnector, WakeableWorker
from vong.jobs.progress import ProgressWriter
from vong.jobs.runner import JobRun, commit_outcome, run_job
from vong.jobs.subprocess_runner import JobProcess
from vong.log_files import read_last_lines
from vong.processes import record_memory_kill
from vong.store.retry import is_unavailable, retry_while_unavailable

T = TypeVar("T")

log = logging.getLogger(__name__)

CLEANUP_INTERVAL_SECONDS = 3600.0
"""Interval between two cleanups of old job folders."""
CRASH_LOG_LINES = 20
"""Last lines of the output of a crashed process that are appended to the log of its job."""
MAX_MEMORY_KILLS = 12
"""Kills for lack of memory after which a job that reduces its memory counts as failed: halving 1024 takes 10."""


class Worker:
    """Worker of one process.

    Isolated jobs and jobs in threads have separate slots, so that a job in a thread that waits for an isolated job (a
    loop run for its training) never prevents that job from starting.
    """

    def __init__(self, config: WorkerConfig) -> None:
        self._config = config
        self._name = lifecycle.worker_name()
        self._app = App(connector=RetryingConnector(config.database.url))
        self._app.task(name="run", pass_context=True)(self._run_entry)
        self._open_kinds: list[str] = list(config.handlers)
        self._running: Counter[str] = Counter()
        # More threads than jobs in threads, because each job is also started and finished in a thread.
        self._threads = ThreadPoolExecutor(
            max_workers=config.max_threads + 2 * config.max_isolated + 4, thread_name_prefix="job"
        )
        self._queue_worker = WakeableWorker(
            self._app,
            queues=self._open_kinds,
            name=self._name,
            concurrency=config.max_isolated + config.max_threads,
            fetch_job_polling_interval=config.timings.poll_interval,
            abort_job_polling_interval=max(config.timings.poll_interval, 1.0),
            shutdown_graceful_timeout=config.timings.drain_timeout,
            delete_jobs="always",
            update_heartbeat_interval=config.timings.heartbeat_interval,
            stalled_worker_timeout=config.timings.stalled_after,
        )
        self._claimed_entries: set[int] = set()
        self._suspected_orphans: set[lifecycle.OrphanedJob] = set()
        self._last_reached_at = time.monotonic()
        self._grace_until = 0.0
        self._last_cleanup_at = 0.0

    def _in_thread(self, work: Callable[[], T]) -> asyncio.Future[T]:
        return asyncio.get_running_loop().run_in_executor(self._threads, work)

    async def run(self) -> None:
        """Run jobs until a stop signal."""
        async with self._app.open_async():
            reclaiming = asyncio.create_task(self._reclaim_loop(), name="reclaim")
            # A worker that cannot reclaim jobs must stop.
            reclaiming.add_done_callback(lambda _: self._queue_worker.stop())
            try:
                await self._queue_worker.run()
            finally:
                reclaiming.cancel()
                with suppress(asyncio.CancelledError):
                    await reclaiming

    async def _run_entry(self, context: JobContext, job: str, project: str) -> None:
        """Run the job of a queue entry. Called by procrastinate."""
        handler = self._config.handlers[context.job.queue]
        entry_id = context.job.id or 0
        self._claimed_entries.add(entry_id)
        self._update_slots(context.job.queue, 1)
        try:
            started = await self._start_attempt(UUID(job), UUID(project), entry_id)
            if started is None:
                return
            log.info("job %s (%s), attempt %d", started.job.id, started.job.kind, started.job.attempts)
            await (self._run_isolated if handler.isolated else self._run_in_thread)(context, started)
        finally:
            self._claimed_entries.discard(entry_id)
            self._update_slots(context.job.queue, -1)

    def _update_slots(self, kind: str, change: int) -> None:
        """Count a running job and limit fetching to kinds with a free slot. The queue worker reads the same list."""
        self._running[kind] += change
        handlers = self._config.handlers
        if handlers[kind].isolated or handlers[kind].max_concurrency is not None:
            isolated = sum(count for name, count in self._running.items() if handlers[name].isolated)
            self._open_kinds[:] = [
                name
                for name, handler in handlers.items()
                if not (handler.isolated and isolated >= self._config.max_isolated)
                and (handler.max_concurrency is None or self._running[name] < handler.max_concurrency)
            ]
            self._queue_worker.wake()

    async def _start_attempt(self, job_id: UUID, project_id: UUID, entry_id: int) -> JobRun | None:
        def begin() -> JobRun | None:
            job = retry_while_unavailable(
                self._config.database,
                project_id,
                lambda connection: lifecycle.start_attempt(connection, job_id, entry_id, self._name),
                timeout_seconds=600,
            )
            return job and JobRun(job, project_id, self._config.handlers[job.kind], self._config.home)

        return await self._in_thread(begin)

    async def _run_in_thread(self, context: JobContext, run: JobRun) -> None:
        writers: list[ProgressWriter] = []
        wait = self._config.timings.lock_wait

        def work() -> None:
            run_job(run, self._config.database, self._config.platform, lock_wait=wait, on_start=writers.append)

        thread = self._in_thread(work)
        try:
            await asyncio.shield(thread)
        except asyncio.CancelledError:
            shutting_down = context.abort_reason() is not AbortReason.USER_REQUEST
            for writer in writers:
                writer.stop.set("shutdown" if shutting_down else "cancel")
            # A thread cannot be killed. One that ignores the request ends with the process; its job is reclaimed.
            await asyncio.wait([thread], timeout=self._config.timings.kill_grace if shutting_down else None)
            raise

    async def _run_isolated(self, context: JobContext, run: JobRun) -> None:
        command = [*self._config.child_command, str(run.job.id), str(run.job.attempts)]
        child = await JobProcess.start(command, run.folder / "output.log")
        try:
            code = await child.wait()
        except asyncio.CancelledError:
            await child.kill(self._config.timings.kill_grace)
            await self._commit_outcome(run, self._interruption_outcome(context))
            raise
        await self._commit_outcome(run, lambda connection, *_: self._record_crash(connection, run, child, code))

    def _interruption_outcome(self, context: JobContext) -> Callable[[Connection, UUID, int], None]:
        if context.abort_reason() is AbortReason.USER_REQUEST:
            return lifecycle.mark_cancelled
        return lambda connection, id, n: lifecycle.requeue(connection, id, n, "its worker was asked to stop")

    def _record_crash(self, connection: Connection, run: JobRun, child: JobProcess, code: int) -> None:
        """Record a crash, if the ended process has committed no outcome."""
        lifecycle.append_log(connection, run.job.id, run.job.attempts, read_last_lines(child.output, CRASH_LOG_LINES))
        reason = child.describe_exit(code)
        shrinks = self._config.handlers[run.job.kind].shrinks and child.ran_out_of_memory(code)
        if shrinks and record_memory_kill(run.folder) <= MAX_MEMORY_KILLS:
            lifecycle.requeue(connection, run.job.id, run.job.attempts, reason)
        else:
            lifecycle.record_failure(connection, run.job.id, run.job.attempts, reason, run.policy)

    async def _commit_outcome(self, run: JobRun, outcome: Callable[[Connection, UUID, int], None]) -> None:
        await self._in_thread(lambda: commit_outcome(run, self._config.database, outcome))

    async def _reclaim_loop(self) -> None:
        while True:
            try:
                if await self._in_thread(self._reclaim_orphans):
                    self._queue_worker.wake()
            except DBAPIError as error:
                if not is_unavailable(error):
                    log.exception("reclaiming jobs of dead workers failed")
            await asyncio.sleep(self._config.timings.heartbeat_interval)

    def _reclaim_orphans(self) -> int:
        """Requeue jobs of dead workers that were orphaned in two consecutive checks. Return their number.

        After the database was unavailable every heartbeat is old, so living workers get time to send a new one first.
        """
        pace, now = self._config.timings, time.monotonic()
        if now - self._last_reached_at > pace.stalled_after:
            self._grace_until = now + pace.stalled_after
        with self._config.database.owner() as connection:
            claimed = lifecycle.ClaimedEntries(self._queue_worker.worker_id, frozenset(self._claimed_entries))
            stalled_after = pace.stalled_after if now >= self._grace_until else 3600.0
            orphans = set(lifecycle.find_orphans(connection, stalled_after, claimed))
            if now - self._last_cleanup_at > CLEANUP_INTERVAL_SECONDS:
                delete_old_folders(connection, self._config.home)
                self._last_cleanup_at = now
        self._last_reached_at = time.monotonic()
        confirmed, self._suspected_orphans = orphans & self._suspected_orphans, orphans
        reclaimed = 0
        for orphan in confirmed:
            with self._config.database.owner() as connection:
                reclaimed += lifecycle.reclaim(connection, orphan)
        return reclaimed
