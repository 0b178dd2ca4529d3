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
from vong.jobs.cleanup import sweep
from vong.jobs.config import WorkerConfig
from vong.jobs.connector import RetryingConnector, WakeableWorker
from vong.jobs.progress import ProgressWriter
from vong.jobs.runner import JobRun, last_lines, perform, settle
from vong.jobs.subprocess_runner import JobProcess
from vong.store.retry import is_away, patiently

T = TypeVar("T")

log = logging.getLogger(__name__)

SWEEP_EVERY = 3600.0
"""Interval between two cleanups of old job folders."""


class Worker:
    """Worker of one process.

    Isolated jobs and jobs in threads have separate slots, so that a job in a thread that waits for an isolated job (a
    loop run for its training) never prevents that job from starting.
    """

    def __init__(self, shop: WorkerConfig) -> None:
        self._shop = shop
        self._name = lifecycle.worker_name()
        self._app = App(connector=RetryingConnector(shop.database.url))
        self._app.task(name="run", pass_context=True)(self._take)
        self._kinds: list[str] = list(shop.handlers)
        self._running: Counter[str] = Counter()
        # More threads than jobs in threads, because each job is also started and finished in a thread.
        self._threads = ThreadPoolExecutor(max_workers=shop.light + 2 * shop.heavy + 4, thread_name_prefix="job")
        self._taker = WakeableWorker(
            self._app,
            queues=self._kinds,
            name=self._name,
            concurrency=shop.heavy + shop.light,
            fetch_job_polling_interval=shop.pace.poll,
            abort_job_polling_interval=max(shop.pace.poll, 1.0),
            shutdown_graceful_timeout=shop.pace.drain,
            delete_jobs="always",
            update_heartbeat_interval=shop.pace.heartbeat,
            stalled_worker_timeout=shop.pace.stalled,
        )
        self._tasks: set[int] = set()
        self._suspects: set[lifecycle.OrphanedJob] = set()
        self._reached = time.monotonic()
        self._calm_until = 0.0
        self._swept = 0.0

    def _in_thread(self, work: Callable[[], T]) -> asyncio.Future[T]:
        return asyncio.get_running_loop().run_in_executor(self._threads, work)

    async def work(self) -> None:
        """Run jobs until a stop signal."""
        async with self._app.open_async():
            reclaiming = asyncio.create_task(self._rescue_forever(), name="reclaim")
            # A worker that cannot reclaim jobs must stop.
            reclaiming.add_done_callback(lambda _: self._taker.stop())
            try:
                await self._taker.run()
            finally:
                reclaiming.cancel()
                with suppress(asyncio.CancelledError):
                    await reclaiming

    async def _take(self, context: JobContext, job: str, project: str) -> None:
        """Run the job of a queue entry. Called by procrastinate."""
        handler = self._shop.handlers[context.job.queue]
        task = context.job.id or 0
        self._tasks.add(task)
        self._count(context.job.queue, 1)
        try:
            started = await self._begin(UUID(job), UUID(project), task)
            if started is None:
                return
            log.info("job %s (%s), attempt %d", started.job.id, started.job.kind, started.job.attempts)
            await (self._run_heavy if handler.heavy else self._run_light)(context, started)
        finally:
            self._tasks.discard(task)
            self._count(context.job.queue, -1)

    def _count(self, kind: str, change: int) -> None:
        """Count a running job and limit fetching to kinds with a free slot. The queue worker reads the same list."""
        self._running[kind] += change
        handlers = self._shop.handlers
        if handlers[kind].heavy or handlers[kind].most is not None:
            isolated = sum(count for name, count in self._running.items() if handlers[name].heavy)
            self._kinds[:] = [
                name
                for name, handler in handlers.items()
                if not (handler.heavy and isolated >= self._shop.heavy)
                and (handler.most is None or self._running[name] < handler.most)
            ]
            self._taker.wake()

    async def _begin(self, job_id: UUID, project_id: UUID, task: int) -> JobRun | None:
        def begin() -> JobRun | None:
            job = patiently(
                self._shop.database,
                project_id,
                lambda connection: lifecycle.begin(connection, job_id, task, self._name),
                seconds=600,
            )
            return job and JobRun(job, project_id, self._shop.handlers[job.kind], self._shop.home)

        return await self._in_thread(begin)

    async def _run_light(self, context: JobContext, run: JobRun) -> None:
        writers: list[ProgressWriter] = []
        wait = self._shop.pace.lease

        def work() -> None:
            perform(run, self._shop.database, self._shop.platform, wait=wait, watch=writers.append)

        thread = self._in_thread(work)
        try:
            await asyncio.shield(thread)
        except asyncio.CancelledError:
            shutting_down = context.abort_reason() is not AbortReason.USER_REQUEST
            for writer in writers:
                writer.stop.set("shutdown" if shutting_down else "cancel")
            # A thread cannot be killed. One that ignores the request ends with the process; its job is reclaimed.
            await asyncio.wait([thread], timeout=self._shop.pace.grace if shutting_down else None)
            raise

    async def _run_heavy(self, context: JobContext, run: JobRun) -> None:
        command = [*self._shop.child_command, str(run.job.id), str(run.job.attempts)]
        child = await JobProcess.start(command, run.folder / "output.log")
        try:
            code = await child.wait()
        except asyncio.CancelledError:
            await child.kill(self._shop.pace.grace)
            await self._settle(run, self._interrupted(context))
            raise
        await self._settle(run, lambda connection, *_: self._crashed(connection, run, child, code))

    def _interrupted(self, context: JobContext) -> Callable[[Connection, UUID, int], None]:
        if context.abort_reason() is AbortReason.USER_REQUEST:
            return lifecycle.cancelled
        return lambda connection, id, n: lifecycle.give_back(connection, id, n, "its worker was asked to stop")

    def _crashed(self, connection: Connection, run: JobRun, child: JobProcess, code: int) -> None:
        """Record a crash, if the ended process has committed no outcome."""
        lifecycle.note(connection, run.job.id, run.job.attempts, last_lines(child.output))
        lifecycle.fail(connection, run.job.id, run.job.attempts, child.death(code), run.policy)

    async def _settle(self, run: JobRun, ending: Callable[[Connection, UUID, int], None]) -> None:
        await self._in_thread(lambda: settle(run, self._shop.database, ending))

    async def _rescue_forever(self) -> None:
        while True:
            try:
                if await self._in_thread(self._rescue):
                    self._taker.wake()
            except DBAPIError as error:
                if not is_away(error):
                    log.exception("reclaiming jobs of dead workers failed")
            await asyncio.sleep(self._shop.pace.heartbeat)

    def _rescue(self) -> int:
        """Requeue jobs of dead workers that were orphaned in two consecutive checks. Return their number.

        After the database was unavailable every heartbeat is old, so living workers get time to send a new one first.
        """
        pace, now = self._shop.pace, time.monotonic()
        if now - self._reached > pace.stalled:
            self._calm_until = now + pace.stalled
        with self._shop.database.owner() as connection:
            claimed = lifecycle.ClaimedTasks(self._taker.worker_id, frozenset(self._tasks))
            stalled_after = pace.stalled if now >= self._calm_until else 3600.0
            orphans = set(lifecycle.orphans(connection, stalled_after, claimed))
            if now - self._swept > SWEEP_EVERY:
                sweep(connection, self._shop.home)
                self._swept = now
        self._reached = time.monotonic()
        confirmed, self._suspects = orphans & self._suspects, orphans
        reclaimed = 0
        for orphan in confirmed:
            with self._shop.database.owner() as connection:
                reclaimed += lifecycle.rescue(connection, orphan)
        return reclaimed
