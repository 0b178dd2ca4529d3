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
from vong.gateway.limits.estimate import WorstCaseUsage
from vong.gateway.limits.leases import CounterKey
from vong.gateway.limits.quota import Hold, LocalQuota, Reservation, refusal
from vong.gateway.limits.store import begins, resets
from vong.gateway.limits.subjects import LimitSubjects
from vong.gateway.routing.catalog import DEPLOYMENT, ModelCatalog, ResolvedTarget, RoutePlan
from vong.records import Usage, new_id, now
from vong.records.limit import Limit

log = logging.getLogger(__name__)

BEAT = 1.0
"""Interval between two reports of held and used quota."""
RESTS = 60.0
"""How long a server keeps unused quota if at least 100 times as much is still free globally. Otherwise the quota is
returned with the next report. This spares occasional callers a database query.
"""
FENCE = 45.0
"""Time without a successful report after which quota is not used: another server may hold the lease by then."""
PATIENCE = 10.0
"""Maximum wait of a call for a grant if the database does not answer."""
WARM = 600.0
"""Age at which a price is loaded again in a thread. The first lookup takes half a second."""

Scope = Callable[[UUID], AbstractContextManager[Connection]]
Owner = Callable[[], AbstractContextManager[Connection]]
Cost = Callable[[ResolvedTarget, Usage, datetime, Collection[str]], int | None]


class Limiter:
    """Limits of one server process. Call `admit` on the event loop; `settle_cost` is safe from any thread."""

    def __init__(self, scope: Scope, owner: Owner, cost: Cost) -> None:
        self.worker = new_id()
        self._scope = scope
        self._owner = owner
        self._cost = cost
        self._shares: dict[CounterKey, LocalQuota] = {}
        self._latest: dict[tuple[UUID, str], LocalQuota] = {}
        self._numbers = threading.Lock()
        self._warm: dict[tuple[str, str], float] = {}
        self._task: asyncio.Task[None] | None = None
        self._beaten = 0.0

    async def admit(
        self,
        principal: GatewayPrincipal,
        catalog: ModelCatalog,
        plan: RoutePlan,
        subjects: LimitSubjects,
        usage_bound: WorstCaseUsage,
    ) -> Reservation:
        """Reserve the maximum usage of a call in every limit that applies.

        Raises RateLimitExceeded, BudgetExceeded or PriceUnknown, with nothing reserved, if a limit rejects the call.
        """
        reserved = self.at_once(principal, catalog, plan, subjects, usage_bound)
        if reserved is not None:
            return reserved
        reservation, targets = Reservation([]), catalog.resolve_available(plan)
        try:
            for limit in catalog.limits:
                for subject in subjects.of(limit):
                    quota = self.share(principal.project_id, limit, subject)
                    if limit.what == "cost":
                        await self._warm_up(targets, usage_bound)
                    amount = self._amount(limit, targets, usage_bound)
                    if limit.what in ("cost", "tokens"):
                        reservation.cap = usage_bound.cap
                    if not self.take([(quota, amount)]):
                        await self._take(quota, amount)
                    reservation.holds.append((quota, amount))
        except BaseException:
            self.give(reservation)
            raise
        return reservation

    def at_once(
        self,
        principal: GatewayPrincipal,
        catalog: ModelCatalog,
        plan: RoutePlan,
        subjects: LimitSubjects,
        usage_bound: WorstCaseUsage,
    ) -> Reservation | None:
        """Reserve like `admit`, without waiting.

        Returns None, with nothing reserved, if a local quota does not cover the call or a price must be loaded first.
        """
        targets, max_tokens, amounts = catalog.resolve_available(plan), None, list[Hold]()
        for limit in catalog.limits:
            for subject in subjects.of(limit):
                if limit.what == "cost" and not all(map(self._is_warm, targets)):
                    return None
                if limit.what in ("cost", "tokens"):
                    max_tokens = usage_bound.cap
                quota = self.share(principal.project_id, limit, subject)
                amounts.append((quota, self._amount(limit, targets, usage_bound)))
        return Reservation(amounts, max_tokens) if self.take(amounts) else None

    def take(self, amounts: Sequence[Hold]) -> bool:
        """Reserve all amounts from the local quotas, or none of them. Returns False if one is not covered."""
        with self._numbers:
            moment = time.monotonic()
            for quota, amount in amounts:
                if quota.available < amount or moment - quota.alive_at > FENCE:
                    return False
            for quota, amount in amounts:
                quota.available -= amount
                quota.reserved += amount
                quota.taken_at = moment
        return True

    def give(self, reservation: Reservation) -> None:
        """Release the reservation of a call that was not sent."""
        with self._numbers:
            for quota, amount in reservation.holds:
                _settle(quota, amount, 0)

    def ended(self, reservation: Reservation, usage: Usage, *, failed: bool) -> None:
        """Settle the usage of a finished call, except its cost."""
        has_usage = usage.input_tokens is not None or usage.output_tokens is not None
        tokens = (usage.input_tokens or 0) + (usage.output_tokens or 0)
        with self._numbers:
            for quota, amount in reservation.holds:
                metric = quota.limit.what
                if metric == "cost":
                    continue
                used = {"requests": 1, "concurrency": 0}.get(metric)
                if used is None:
                    used = tokens if has_usage or failed else amount
                _settle(quota, amount, used)
                quota.consumed += used

    def settled(self, counter_key: CounterKey, reserved: int, cost: int) -> None:
        """Settle the cost of a call whose ledger row is in the database."""
        quota = self._shares.get(counter_key)
        if quota is not None:
            with self._numbers:
                _settle(quota, reserved, cost)

    def owed(self, counter_key: CounterKey, reserved: int, cost: int) -> None:
        """Settle the cost of a call whose ledger row is in the disk buffer. The cost is held until it is written."""
        quota = self._shares.get(counter_key)
        if quota is not None:
            with self._numbers:
                _settle(quota, reserved, cost)
                quota.owed += cost

    def paid(self, counter_key: CounterKey, cost: int) -> None:
        """Release a held cost whose ledger row is now in the database."""
        quota = self._shares.get(counter_key)
        if quota is not None:
            with self._numbers:
                quota.owed -= cost

    def start(self) -> None:
        """Start to report, on the event loop that serves."""
        self._task = asyncio.get_running_loop().create_task(self._report_on())

    def stop(self) -> None:
        """Stop to report and release all leases of this server."""
        if self._task is not None:
            self._task.cancel()
        try:
            self._report(list(self._shares.values()), last=True)
            with self._owner() as connection:
                leases.release(connection, self.worker)
        except (SQLAlchemyError, VongError) as error:
            log.warning("limit usage is reported late: %s", str(error).splitlines()[0])

    def share(self, project_id: UUID, limit: Limit, subject: str) -> LocalQuota:
        """Return the quota that this server holds of a limit in the current window."""
        latest = self._latest.get((limit.id, subject))
        if latest is not None and latest.limit is limit and time.time() < latest.ends:
            return latest  # the common case: an unchanged limit in the same window
        moment = now()
        counter_key = CounterKey(limit.id, subject, begins(limit.per, moment))
        quota = self._shares.get(counter_key)
        if quota is None:
            end = resets(limit.per, moment)
            quota = self._shares[counter_key] = LocalQuota(
                project_id, limit, counter_key, ends=end.timestamp() if end else inf
            )
        quota.limit = limit
        if len(self._latest) > 10_000:
            self._latest.clear()
        self._latest[limit.id, subject] = quota
        return quota

    def _amount(self, limit: Limit, targets: Iterable[ResolvedTarget], usage_bound: WorstCaseUsage) -> int:
        """Return the amount to reserve of one limit."""
        if limit.what == "cost":
            return self._dearest(targets, usage_bound)
        return usage_bound.read + usage_bound.made if limit.what == "tokens" else 1

    def _dearest(self, targets: Iterable[ResolvedTarget], usage_bound: WorstCaseUsage) -> int:
        """Return the highest cost of the usage bound among the targets. Raises PriceUnknown."""
        usage, highest = usage_bound.usage(), 0
        for resolved in targets:
            cost = self._expected(resolved, usage, usage_bound.kinds)
            if cost is None:
                hint = f"set a price: vong gateway price set {resolved.target} --input USD --output USD"
                raise PriceUnknown(f"a budget applies, but the price of {resolved.target!r} is unknown", hint)
            highest = max(highest, cost)
        return highest

    async def expected(self, resolved: ResolvedTarget, usage: Usage, token_types: Collection[str] = ()) -> int | None:
        """Return the expected cost of a call: 0 for an unbilled target, None if the price is unknown.

        With `token_types` the result is the maximum cost if the tokens may have these types.
        """
        await self._warm_up(
            [resolved], WorstCaseUsage(usage.input_tokens or 0, usage.output_tokens or 0, None, frozenset(token_types))
        )
        return self._expected(resolved, usage, token_types)

    def _expected(self, resolved: ResolvedTarget, usage: Usage, token_types: Collection[str]) -> int | None:
        cost = self._cost(resolved, usage, now(), token_types)
        return 0 if cost is None and not self.billed(resolved) else cost

    @staticmethod
    def billed(resolved: ResolvedTarget) -> bool:
        """Return True if a third party bills the target. Models that run here have no cost for a budget."""
        return resolved.system != DEPLOYMENT and resolved.provider.address.startswith(("http://", "https://"))

    def _is_warm(self, resolved: ResolvedTarget) -> bool:
        """Return True if the price was loaded recently."""
        loaded_at = self._warm.get((resolved.target, resolved.provider.address))
        return loaded_at is not None and time.monotonic() - loaded_at < WARM

    async def _warm_up(self, targets: Iterable[ResolvedTarget], usage_bound: WorstCaseUsage) -> None:
        """Load prices in a thread."""
        for resolved in targets:
            if not self._is_warm(resolved):
                await asyncio.to_thread(self._cost, resolved, usage_bound.usage(), now(), usage_bound.kinds)
                if len(self._warm) > 10_000:
                    self._warm.clear()
                self._warm[resolved.target, resolved.provider.address] = time.monotonic()

    async def _take(self, quota: LocalQuota, amount: int) -> None:
        """Reserve an amount that exceeds the local quota."""
        try:
            async with asyncio.timeout(PATIENCE), quota.lock:
                await self._have_granted(quota, amount)
        except (TimeoutError, SQLAlchemyError) as error:
            message = f"a limit cannot be checked: the database did not answer within {PATIENCE:g} s"
            raise Unavailable(message, "check the server: vong status") from error

    async def _have_granted(self, quota: LocalQuota, amount: int) -> None:
        """Wait for a grant and reserve from it.

        Concurrent callers share one pending query, because each query occupies a thread.
        """
        if quota.asking is not None and not quota.asking.done():
            with suppress(SQLAlchemyError):
                await asyncio.shield(quota.asking)
        while not self.take([(quota, amount)]):
            quota.asking = asyncio.create_task(asyncio.to_thread(self._ask, quota, amount))
            granted = await asyncio.shield(quota.asking)
            if not granted and not self.take([(quota, amount)]):
                raise refusal(quota, amount)
            if not granted:
                return  # another call finished meanwhile

    def _ask(self, quota: LocalQuota, amount: int) -> int:
        """Request a grant that lasts for a while. Returns the granted amount."""
        with quota.told:
            return self._granted(quota, amount)

    def _granted(self, quota: LocalQuota, amount: int) -> int:
        """Report the consumed amount and lease more quota, both in one transaction."""
        bound, moment = quota.limit.amount, time.monotonic()
        with self._numbers:
            if moment - quota.alive_at > FENCE:
                quota.available = 0  # the lease may have expired and been granted to another server
            consumed, quota.consumed = quota.consumed, 0
            held, needed = quota.held, amount - quota.available
            reserved = quota.reserved
        wanted = min(max(needed, bound // 20), max(16 * max(needed, 1), reserved))
        try:
            with self._scope(quota.project_id) as connection:
                if consumed:
                    leases.report(connection, quota.place, self.worker, held=held, used=consumed)
                granted = leases.grant(
                    connection, quota.place, self.worker, bound=bound, held=held, need=max(needed, 1), want=wanted
                )
        except BaseException:
            with self._numbers:
                quota.consumed += consumed
            raise
        with self._numbers:
            quota.available += granted.amount
            quota.free, quota.alive_at = granted.free, moment
            quota.taken_at = time.monotonic()  # not idle: the waiting call is about to reserve from it
        return granted.amount

    async def _report_on(self) -> None:
        while True:
            await asyncio.sleep(BEAT)
            if self._shares:
                try:
                    await asyncio.to_thread(self._report, list(self._shares.values()))
                except (SQLAlchemyError, VongError) as error:
                    log.warning("limit usage is reported late: %s", str(error).splitlines()[0])

    def _report(self, quotas: Sequence[LocalQuota], *, last: bool = False) -> None:
        """Report the usage of all quotas, return idle quota and send the heartbeat."""
        moment = time.monotonic()
        for quota in quotas:
            with quota.told:
                window_over = self._told(quota, moment, last=last)
            if window_over:
                self._shares.pop(quota.place, None)
                self._latest.pop((quota.place.limit_id, quota.place.subject), None)
        if moment - self._beaten > 5 * BEAT:
            with self._owner() as connection:
                leases.beat(connection, self.worker)
                if moment - self._beaten < 15 * BEAT:  # PostgreSQL was reachable, so live servers could send theirs
                    leases.sweep(connection)
            self._beaten = moment
            for quota in quotas:
                if moment - quota.alive_at <= FENCE:
                    quota.alive_at = max(quota.alive_at, moment)

    def _told(self, quota: LocalQuota, moment: float, *, last: bool) -> bool:
        """Report one quota. Returns True if its window is over."""
        with self._numbers:
            window_over = quota.place.begins != begins(quota.limit.per, now()) and not quota.reserved and not quota.owed
            idle_after = RESTS if quota.free >= 100 * quota.available else BEAT
            fenced = moment - quota.alive_at > FENCE  # the lease may belong to another server by now
            returned = quota.available if last or window_over or fenced or moment - quota.taken_at > idle_after else 0
            consumed = quota.consumed
            if not returned and not consumed and not window_over:
                return False
            quota.available -= returned
            quota.free += returned
            quota.consumed = 0
            held = quota.held
        try:
            with self._scope(quota.project_id) as connection:
                leases.report(connection, quota.place, self.worker, held=held, used=consumed)
        except IntegrityError:  # the limit was deleted
            window_over = True
        except BaseException:
            with self._numbers:
                quota.consumed += consumed
                quota.available += returned
                quota.free -= returned
            raise
        quota.alive_at = moment
        return window_over


def _settle(quota: LocalQuota, reserved: int, used: int) -> None:
    """Replace a reserved amount by the used amount."""
    quota.reserved -= reserved
    quota.available += reserved - used
