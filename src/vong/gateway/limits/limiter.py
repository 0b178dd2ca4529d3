"""Limiter: reserve the maximum usage of a call before it is sent, settle the actual usage after it.

Amounts are taken from the quota that this server holds of each limit (`leases`), so most calls need no query. Requests,
tokens and concurrency are settled when the call ends, cost when the span writer has computed it (`ledger_writer`).
"""

import asyncio
import logging
import threading
import time
from collections.abc import Callable, Collection, Iterable, Sequence
from contextlib import AbstractContextManager, suppress
from datetime import datetime
from math import inf
from uuid import UUID

from sqlalchemy import Connection
from sqlalchemy.exc import IntegrityError, SQLAlchemyError

from vong.errors import PriceUnknown, Unavailable, VongError
from vong.gateway.auth.principals import GatewayPrincipal
from vong.gateway.limits import leases
from vong.gateway.limits.estimate import UsageBound
from vong.gateway.limits.leases import CounterKey
from vong.gateway.limits.quota import LocalQuota, QuotaAmount, Reservation, limit_error
from vong.gateway.limits.store import window_end, window_start
from vong.gateway.limits.subjects import LimitSubjects
from vong.gateway.routing.catalog import DEPLOYMENT, ModelCatalog, ResolvedTarget, RoutePlan
from vong.records import Usage, new_id, now
from vong.records.limit import Limit

log = logging.getLogger(__name__)

REPORT_INTERVAL_SECONDS = 1.0
"""Interval between two reports of held and used quota."""
IDLE_QUOTA_SECONDS = 60.0
"""How long a server keeps unused quota if at least 100 times as much is still free globally. Otherwise the quota is
returned with the next report. This spares occasional callers a database query.
"""
FENCING_TIMEOUT_SECONDS = 45.0
"""Time without a successful report after which quota is not used: another server may hold the lease by then."""
LIMIT_CHECK_TIMEOUT_SECONDS = 10.0
"""Maximum wait of a call for a grant if the database does not answer."""

Scope = Callable[[UUID], AbstractContextManager[Connection]]
Owner = Callable[[], AbstractContextManager[Connection]]
CostFunction = Callable[[ResolvedTarget, Usage, datetime, Collection[str]], int | None]


class Limiter:
    """Limits of one server process. Call `admit` on the event loop; `settle_cost` is safe from any thread."""

    def __init__(self, scope: Scope, owner: Owner, cost: CostFunction) -> None:
        self.server_id = new_id()
        self.settle_soon: Callable[[], object] = lambda: None
        """Write the spans of ended calls, which settles their reservations. Called if a budget rejects a call."""
        self._scope = scope
        self._owner = owner
        self._cost = cost
        self._quotas: dict[CounterKey, LocalQuota] = {}
        self._current_quotas: dict[tuple[UUID, str], LocalQuota] = {}
        self._amounts_lock = threading.Lock()
        self._task: asyncio.Task[None] | None = None
        self._heartbeat_at = 0.0

    async def admit(
        self,
        principal: GatewayPrincipal,
        catalog: ModelCatalog,
        plan: RoutePlan,
        subjects: LimitSubjects,
        usage_bound: UsageBound,
    ) -> Reservation:
        """Reserve the maximum usage of a call in every limit that applies.

        Raises RateLimitExceeded, BudgetExceeded or PriceUnknown, with nothing reserved, if a limit rejects the call.
        """
        reserved = self.try_admit(principal, catalog, plan, subjects, usage_bound)
        if reserved is not None:
            return reserved
        reservation, targets = Reservation([]), catalog.resolve_available(plan)
        try:
            for limit in catalog.limits:
                for subject in subjects.matching(limit):
                    quota = self.quota_for(principal.project_id, limit, subject)
                    amount = self._amount_to_reserve(limit, targets, usage_bound)
                    if limit.metric in ("cost", "tokens"):
                        reservation.max_tokens = usage_bound.max_tokens
                    if not self.try_reserve([(quota, amount)]):
                        await self._reserve(quota, amount)
                    reservation.amounts.append((quota, amount))
        except BaseException:
            self.release(reservation)
            raise
        return reservation

    def try_admit(
        self,
        principal: GatewayPrincipal,
        catalog: ModelCatalog,
        plan: RoutePlan,
        subjects: LimitSubjects,
        usage_bound: UsageBound,
    ) -> Reservation | None:
        """Reserve like `admit`, without waiting.

        Returns None, with nothing reserved, if a local quota does not cover the call. Raises PriceUnknown.
        """
        targets, max_tokens, amounts = catalog.resolve_available(plan), None, list[QuotaAmount]()
        for limit in catalog.limits:
            for subject in subjects.matching(limit):
                if limit.metric in ("cost", "tokens"):
                    max_tokens = usage_bound.max_tokens
                quota = self.quota_for(principal.project_id, limit, subject)
                amounts.append((quota, self._amount_to_reserve(limit, targets, usage_bound)))
        return Reservation(amounts, max_tokens) if self.try_reserve(amounts) else None

    def try_reserve(self, amounts: Sequence[QuotaAmount]) -> bool:
        """Reserve all amounts from the local quotas, or none of them. Returns False if one is not covered."""
        with self._amounts_lock:
            moment = time.monotonic()
            for quota, amount in amounts:
                if quota.available < amount or moment - quota.confirmed_at > FENCING_TIMEOUT_SECONDS:
                    return False
            for quota, amount in amounts:
                quota.available -= amount
                quota.reserved += amount
                quota.last_used_at = moment
        return True

    def release(self, reservation: Reservation) -> None:
        """Release the reservation of a call that was not sent."""
        with self._amounts_lock:
            for quota, amount in reservation.amounts:
                _settle(quota, amount, 0)

    def settle_usage(self, reservation: Reservation, usage: Usage, *, failed: bool) -> None:
        """Settle the usage of a finished call, except its cost."""
        has_usage = usage.input_tokens is not None or usage.output_tokens is not None
        tokens = (usage.input_tokens or 0) + (usage.output_tokens or 0)
        with self._amounts_lock:
            for quota, amount in reservation.amounts:
                metric = quota.limit.metric
                if metric == "cost":
                    continue
                used = {"requests": 1, "concurrency": 0}.get(metric)
                if used is None:
                    used = tokens if has_usage or failed else amount
                _settle(quota, amount, used)
                quota.unreported += used

    def settle_cost(self, counter_key: CounterKey, reserved: int, cost: int) -> None:
        """Settle the cost of a call whose ledger row is in the database."""
        quota = self._quotas.get(counter_key)
        if quota is not None:
            with self._amounts_lock:
                _settle(quota, reserved, cost)

    def hold_cost(self, counter_key: CounterKey, reserved: int, cost: int) -> None:
        """Settle the cost of a call whose ledger row is in the disk buffer. The cost is held until it is written."""
        quota = self._quotas.get(counter_key)
        if quota is not None:
            with self._amounts_lock:
                _settle(quota, reserved, cost)
                quota.held_cost += cost

    def release_cost(self, counter_key: CounterKey, cost: int) -> None:
        """Release a held cost whose ledger row is now in the database."""
        quota = self._quotas.get(counter_key)
        if quota is not None:
            with self._amounts_lock:
                quota.held_cost -= cost

    def start(self) -> None:
        """Start to report, on the event loop that serves."""
        self._task = asyncio.get_running_loop().create_task(self._report_loop())

    def stop(self) -> None:
        """Stop to report and release all leases of this server."""
        if self._task is not None:
            self._task.cancel()
        try:
            self._report(list(self._quotas.values()), last=True)
            with self._owner() as connection:
                leases.release(connection, self.server_id)
        except (SQLAlchemyError, VongError) as error:
            log.warning("limit usage is reported late: %s", str(error).splitlines()[0])

    def quota_for(self, project_id: UUID, limit: Limit, subject: str) -> LocalQuota:
        """Return the quota that this server holds of a limit in the current window."""
        latest = self._current_quotas.get((limit.id, subject))
        if latest is not None and latest.limit is limit and time.time() < latest.expires_at:
            return latest  # the common case: an unchanged limit in the same window
        moment = now()
        counter_key = CounterKey(limit.id, subject, window_start(limit.window, moment))
        quota = self._quotas.get(counter_key)
        if quota is None:
            end = window_end(limit.window, moment)
            quota = self._quotas[counter_key] = LocalQuota(
                project_id, limit, counter_key, expires_at=end.timestamp() if end else inf
            )
        quota.limit = limit
        if len(self._current_quotas) > 10_000:
            self._current_quotas.clear()
        self._current_quotas[limit.id, subject] = quota
        return quota

    def _amount_to_reserve(self, limit: Limit, targets: Iterable[ResolvedTarget], usage_bound: UsageBound) -> int:
        """Return the amount to reserve of one limit."""
        if limit.metric == "cost":
            return self._max_cost(targets, usage_bound)
        return usage_bound.input_tokens + usage_bound.output_tokens if limit.metric == "tokens" else 1

    def _max_cost(self, targets: Iterable[ResolvedTarget], usage_bound: UsageBound) -> int:
        """Return the highest cost of the usage bound among the targets. Raises PriceUnknown."""
        usage, highest = usage_bound.to_usage(), 0
        for resolved in targets:
            cost = self.expected_cost(resolved, usage, usage_bound.token_types)
            if cost is None:
                hint = f"set a price: vong gateway prices set {resolved.target} --input USD --output USD"
                raise PriceUnknown(f"a budget applies, but the price of {resolved.target!r} is unknown", hint)
            highest = max(highest, cost)
        return highest

    def expected_cost(self, resolved: ResolvedTarget, usage: Usage, token_types: Collection[str] = ()) -> int | None:
        """Return the expected cost of a call: 0 for an unbilled target, None if the price is unknown.

        With `token_types` the result is the maximum cost if the tokens may have these types.
        """
        cost = self._cost(resolved, usage, now(), token_types)
        return 0 if cost is None and not self.is_billed(resolved) else cost

    @staticmethod
    def is_billed(resolved: ResolvedTarget) -> bool:
        """Return True if a third party bills the target. Models that run here have no cost for a budget."""
        return resolved.provider_name != DEPLOYMENT and resolved.provider.address.startswith(("http://", "https://"))

    async def _reserve(self, quota: LocalQuota, amount: int) -> None:
        """Reserve an amount that exceeds the local quota."""
        try:
            async with asyncio.timeout(LIMIT_CHECK_TIMEOUT_SECONDS), quota.lock:
                await self._acquire_grant(quota, amount)
        except (TimeoutError, SQLAlchemyError) as error:
            message = f"a limit cannot be checked: the database did not answer within {LIMIT_CHECK_TIMEOUT_SECONDS:g} s"
            raise Unavailable(message, "check the server: vong status") from error

    async def _acquire_grant(self, quota: LocalQuota, amount: int) -> None:
        """Wait for a grant and reserve from it.

        Concurrent callers share one pending query, because each query occupies a thread.
        """
        if quota.pending_grant is not None and not quota.pending_grant.done():
            with suppress(SQLAlchemyError):
                await asyncio.shield(quota.pending_grant)
        while not self.try_reserve([(quota, amount)]):
            quota.pending_grant = asyncio.create_task(asyncio.to_thread(self._request_grant, quota, amount))
            granted = await asyncio.shield(quota.pending_grant)
            if not granted and not self.try_reserve([(quota, amount)]):
                if quota.limit.metric == "cost":
                    self.settle_soon()
                raise limit_error(quota, amount)
            if not granted:
                return  # another call finished meanwhile

    def _request_grant(self, quota: LocalQuota, amount: int) -> int:
        """Request a grant that lasts for a while. Returns the granted amount."""
        with quota.report_lock:
            return self._lease_more(quota, amount)

    def _lease_more(self, quota: LocalQuota, amount: int) -> int:
        """Report the consumed amount and lease more quota, both in one transaction."""
        bound, moment = quota.limit.amount, time.monotonic()
        with self._amounts_lock:
            if moment - quota.confirmed_at > FENCING_TIMEOUT_SECONDS:
                quota.available = 0  # the lease may have expired and been granted to another server
            consumed, quota.unreported = quota.unreported, 0
            held, needed = quota.held, amount - quota.available
            reserved = quota.reserved
        wanted = min(max(needed, bound // 20), max(16 * max(needed, 1), reserved))
        try:
            with self._scope(quota.project_id) as connection:
                if consumed:
                    leases.report(connection, quota.counter_key, self.server_id, held=held, used=consumed)
                granted = leases.grant(
                    connection,
                    quota.counter_key,
                    self.server_id,
                    bound=bound,
                    held=held,
                    need=max(needed, 1),
                    want=wanted,
                )
        except BaseException:
            with self._amounts_lock:
                quota.unreported += consumed
            raise
        with self._amounts_lock:
            quota.available += granted.amount
            quota.free, quota.confirmed_at = granted.free, moment
            quota.last_used_at = time.monotonic()  # not idle: the waiting call is about to reserve from it
        return granted.amount

    async def _report_loop(self) -> None:
        while True:
            await asyncio.sleep(REPORT_INTERVAL_SECONDS)
            if self._quotas:
                try:
                    await asyncio.to_thread(self._report, list(self._quotas.values()))
                except (SQLAlchemyError, VongError) as error:
                    log.warning("limit usage is reported late: %s", str(error).splitlines()[0])

    def _report(self, quotas: Sequence[LocalQuota], *, last: bool = False) -> None:
        """Report the usage of all quotas, return idle quota and send the heartbeat."""
        moment = time.monotonic()
        for quota in quotas:
            with quota.report_lock:
                window_over = self._report_one(quota, moment, last=last)
            if window_over:
                self._quotas.pop(quota.counter_key, None)
                self._current_quotas.pop((quota.counter_key.limit_id, quota.counter_key.subject), None)
        if moment - self._heartbeat_at > 5 * REPORT_INTERVAL_SECONDS:
            with self._owner() as connection:
                leases.heartbeat(connection, self.server_id)
                if (
                    moment - self._heartbeat_at < 15 * REPORT_INTERVAL_SECONDS
                ):  # PostgreSQL was reachable, so live servers could send theirs
                    leases.release_expired(connection)
            self._heartbeat_at = moment
            for quota in quotas:
                if moment - quota.confirmed_at <= FENCING_TIMEOUT_SECONDS:
                    quota.confirmed_at = max(quota.confirmed_at, moment)

    def _report_one(self, quota: LocalQuota, moment: float, *, last: bool) -> bool:
        """Report one quota. Returns True if its window is over."""
        with self._amounts_lock:
            window_over = (
                quota.counter_key.window_start != window_start(quota.limit.window, now())
                and not quota.reserved
                and not quota.held_cost
            )
            idle_after = IDLE_QUOTA_SECONDS if quota.free >= 100 * quota.available else REPORT_INTERVAL_SECONDS
            fenced = (
                moment - quota.confirmed_at > FENCING_TIMEOUT_SECONDS
            )  # the lease may belong to another server by now
            returned = (
                quota.available if last or window_over or fenced or moment - quota.last_used_at > idle_after else 0
            )
            consumed = quota.unreported
            if not returned and not consumed and not window_over:
                return False
            quota.available -= returned
            quota.free += returned
            quota.unreported = 0
            held = quota.held
        try:
            with self._scope(quota.project_id) as connection:
                leases.report(connection, quota.counter_key, self.server_id, held=held, used=consumed)
        except IntegrityError:  # the limit was deleted
            window_over = True
        except BaseException:
            with self._amounts_lock:
                quota.unreported += consumed
                quota.available += returned
                quota.free -= returned
            raise
        quota.confirmed_at = moment
        return window_over


def _settle(quota: LocalQuota, reserved: int, used: int) -> None:
    """Replace a reserved amount by the used amount."""
    quota.reserved -= reserved
    quota.available += reserved - used
