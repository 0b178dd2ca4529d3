"""Worker thread of monitors: leases them, samples and scores, and delivers alarms."""

import logging
import threading
import time
import uuid
from concurrent.futures import Future, ThreadPoolExecutor
from uuid import UUID

from sqlalchemy.exc import SQLAlchemyError

from vong.app import monitors
from vong.app.alarm_webhooks import deliver_due
from vong.app.monitor_calls import MeteredCaller, MonitorContext
from vong.app.monitor_sampling import sample_arrivals
from vong.app.monitor_scoring import BLOCKED_FOR, AnswerScorer
from vong.app.periodic import repeat
from vong.app.platform import Platform
from vong.app.scorer_services import PlatformScorerServices
from vong.errors import VongError
from vong.evals import scoring
from vong.evals.monitors import samples, store
from vong.evals.monitors.definitions import Monitor
from vong.evals.monitors.store import LEASE_SECONDS, LeasedMonitor
from vong.jobs.lifecycle import worker_name
from vong.records import now

log = logging.getLogger(__name__)

INTERVAL_SECONDS = 2.0
"""Time between two looks at the calls that have arrived."""
MAX_THREADS = 4
"""Monitors that one worker scores at the same time."""
MAX_SAMPLES_PER_PASS = 50
MAX_READS_PER_PASS = 20


def run_monitors(platform: Platform, stop: threading.Event) -> None:
    """Sample and score until `stop` is set. Runs in a thread of the worker. Several workers share the monitors."""
    runner = MonitorRunner(platform, stop)
    repeat("scoring of live answers", runner.look, stop, seconds=INTERVAL_SECONDS)
    runner.close()


class MonitorRunner:
    """Monitors that one worker has leased, and their running passes."""

    def __init__(self, platform: Platform, stop: threading.Event) -> None:
        self._platform = platform
        self._stop = stop
        self._owner = f"{worker_name()}:{uuid.uuid4().hex[:8]}"
        self._leased: dict[UUID, LeasedMonitor] = {}
        self._passes: dict[UUID, Future[None]] = {}
        self._delivery: Future[None] | None = None
        self._renewed = 0.0
        self._pool: ThreadPoolExecutor | None = None

    def look(self) -> None:
        """Renew the leases, start a pass of each monitor that has none, and deliver alarms."""
        with self._platform.database.owner() as connection:
            enabled = {one.id: one for one in store.list_enabled(connection)}
            if not enabled and not self._leased:
                return
            if time.monotonic() - self._renewed > LEASE_SECONDS / 4:
                self._renewed = time.monotonic()
                store.renew_leases(connection, self._owner)
                self._leased = {}
            for one in enabled.values():
                if one.id not in self._leased and store.acquire_lease(connection, one.id, self._owner):
                    self._leased[one.id] = one
        self._leased = {id: one for id, one in self._leased.items() if id in enabled}
        for id, one in self._leased.items():
            running = self._passes.get(id)
            if running is None or running.done():
                self._pool = self._pool or ThreadPoolExecutor(MAX_THREADS + 1, thread_name_prefix="monitor")
                self._passes[id] = self._pool.submit(self._run_pass, one)
        if self._pool is not None and (self._delivery is None or self._delivery.done()):
            self._delivery = self._pool.submit(self._deliver)

    def close(self) -> None:
        """End the leases, so that another worker takes over at once."""
        if self._pool is not None:
            self._pool.shutdown(wait=False, cancel_futures=True)
        with self._platform.database.owner() as connection:
            for id in self._leased:
                store.release_lease(connection, id, self._owner)

    def _deliver(self) -> None:
        try:
            deliver_due(self._platform)
        except Exception:
            log.exception("alarms cannot be delivered")

    def _run_pass(self, leased: LeasedMonitor) -> None:
        try:
            run_pass(self._platform, leased, self._owner, self._stop)
        except (VongError, SQLAlchemyError) as error:
            log.warning("monitor %s failed: %s", leased.id, str(error).splitlines()[0])
        except Exception:
            log.exception("monitor %s failed", leased.id)


def run_pass(platform: Platform, leased: LeasedMonitor, owner: str, stop: threading.Event) -> int:
    """Sample the calls that have arrived, score those that are due, and return how many were scored."""
    for _ in range(MAX_READS_PER_PASS):
        with platform.scope(leased.project_id) as connection:
            if not store.lock_leased(connection, leased.id, owner):
                return 0
            monitor = store.get_monitor(connection, leased.id)
            if not sample_arrivals(connection, monitor):
                break
    with platform.scope(leased.project_id) as connection:
        monitor = store.get_monitor(connection, leased.id)
        if _is_blocked(monitor):
            return 0
        if monitor.blocked is not None:
            store.update_monitor(connection, leased.id, {"blocked": None, "blocked_until": None})
        due = samples.list_due(connection, leased.id, MAX_SAMPLES_PER_PASS)
    if not due:
        return 0
    try:
        return _score_due(platform, leased, monitor, owner, stop)
    except VongError as error:
        with platform.scope(leased.project_id) as connection:
            blocked = {"blocked": str(error), "blocked_until": now() + BLOCKED_FOR}
            store.update_monitor(connection, leased.id, blocked)
        return 0


def _score_due(platform: Platform, leased: LeasedMonitor, monitor: Monitor, owner: str, stop: threading.Event) -> int:
    with platform.scope(leased.project_id) as connection:
        due = samples.list_due(connection, leased.id, MAX_SAMPLES_PER_PASS)
        specs = monitors.scorer_specs(connection, monitor.settings)
        state = store.get_state(connection, leased.id)
    context = MonitorContext(leased.project_id, state.caller, stop)
    caller = MeteredCaller(platform, context, monitor.tag)
    services = PlatformScorerServices(platform, context, caller=caller)
    scored = 0
    try:
        scorer = AnswerScorer(platform, leased.project_id, monitor, scoring.build_scorers(specs, services))
        for sample in due:
            if stop.is_set() or not scorer.score(sample, caller, owner):
                break
            scored += 1
    finally:
        services.close()
    return scored


def _is_blocked(monitor: Monitor) -> bool:
    return not monitor.enabled or (monitor.blocked_until is not None and monitor.blocked_until > now())
