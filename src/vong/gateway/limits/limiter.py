"""Who may call how much: the worst case is reserved before a call is sent, and settled when it is over.

Numbers are taken from what this server holds of each limit (`leases`), so a call that fits costs no query. Requests,
tokens and concurrency are settled when the call ends; cost when the writer of spans knows it (`books`).
"""

import asyncio
import logging
import threading
import time
from collections.abc import Callable, Collection, Iterable, Sequence
from contextlib import AbstractContextManager, suppress
from datetime import datetime
from math import inf
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import Connection
from sqlalchemy.exc import IntegrityError, SQLAlchemyError

from vong.errors import NotFound, PriceUnknown, Unavailable, VongError
from vong.gateway.auth.principals import GatewayPrincipal
from vong.gateway.limits import leases
from vong.gateway.limits.estimate import WorstCaseUsage
from vong.gateway.limits.leases import CounterKey
from vong.gateway.limits.quota import Hold, LocalQuota, Reservation, refusal
from vong.gateway.limits.store import begins, resets
from vong.gateway.routing.catalog import DEPLOYMENT, ModelCatalog, ResolvedTarget, RoutePlan
from vong.records import Usage, new_id, now
from vong.records.limit import Limit
from vong.store.spans.copy_format import clean

log = logging.getLogger(__name__)

BEAT = 1.0
"""Seconds between reports of what is held and used."""
RESTS = 60.0
"""Seconds for which a server keeps what nobody takes of a limit, where others have a hundred times as much: who calls
now and then waits for no grant. Else it goes back with the next report.
"""
FENCE = 45.0
"""Seconds after which a server that could not report admits nothing from what it holds: others may have it by then."""
PATIENCE = 10.0
"""Seconds that a call waits for a limit to be checked, where the database hangs."""
WARM = 600.0
"""Seconds after which a price is looked up in a thread again: the first look takes half a second."""

Scope = Callable[[UUID], AbstractContextManager[Connection]]
Owner = Callable[[], AbstractContextManager[Connection]]
Cost = Callable[[ResolvedTarget, Usage, datetime, Collection[str]], int | None]


class Limiter:
    """The limits of one server process. `admit` on the event loop, `settled` from any thread."""

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
        directory: ModelCatalog,
        way: RoutePlan,
        subjects: "LimitSubjects",
        worst: WorstCaseUsage,
    ) -> Reservation:
        """Reserve the worst case in every limit that the call falls under. LimitReached, BudgetSpent or Unpriced where
        one refuses; then nothing stays reserved.
        """
        found = self.at_once(principal, directory, way, subjects, worst)
        if found is not None:
            return found
        ticket, choices = Reservation([]), _choices(directory, way)
        try:
            for limit in directory.limits:
                for subject in subjects.of(limit):
                    share = self.share(principal.project_id, limit, subject)
                    if limit.what == "cost":
                        await self._warm_up(choices, worst)
                    amount = self._amount(limit, choices, worst)
                    if limit.what in ("cost", "tokens"):
                        ticket.cap = worst.cap
                    if not self.take([(share, amount)]):
                        await self._take(share, amount)
                    ticket.holds.append((share, amount))
        except BaseException:
            self.give(ticket)
            raise
        return ticket

    def at_once(
        self,
        principal: GatewayPrincipal,
        directory: ModelCatalog,
        way: RoutePlan,
        subjects: "LimitSubjects",
        worst: WorstCaseUsage,
    ) -> Reservation | None:
        """The same where nobody must be asked: None where a share does not cover the call or a price must be looked up.
        Then nothing stays reserved.
        """
        choices, cap, wanted = _choices(directory, way), None, list[Hold]()
        for limit in directory.limits:
            for subject in subjects.of(limit):
                if limit.what == "cost" and not all(map(self._is_warm, choices)):
                    return None
                if limit.what in ("cost", "tokens"):
                    cap = worst.cap
                share = self.share(principal.project_id, limit, subject)
                wanted.append((share, self._amount(limit, choices, worst)))
        return Reservation(wanted, cap) if self.take(wanted) else None

    def take(self, wanted: Sequence[Hold]) -> bool:
        """Reserve all of that from what is at hand, or nothing. False where it is not there."""
        with self._numbers:
            moment = time.monotonic()
            for share, amount in wanted:
                if share.available < amount or moment - share.alive_at > FENCE:
                    return False
            for share, amount in wanted:
                share.available -= amount
                share.reserved += amount
                share.taken_at = moment
        return True

    def give(self, ticket: Reservation) -> None:
        """Give back what a call reserved that was not sent."""
        with self._numbers:
            for share, amount in ticket.holds:
                _settle(share, amount, 0)

    def ended(self, ticket: Reservation, usage: Usage, *, failed: bool) -> None:
        """The call is over: settle all but its cost."""
        known = usage.input_tokens is not None or usage.output_tokens is not None
        tokens = (usage.input_tokens or 0) + (usage.output_tokens or 0)
        with self._numbers:
            for share, amount in ticket.holds:
                what = share.limit.what
                if what == "cost":
                    continue
                used = {"requests": 1, "concurrency": 0}.get(what)
                if used is None:
                    used = tokens if known or failed else amount
                _settle(share, amount, used)
                share.consumed += used

    def settled(self, place: CounterKey, reserved: int, cost: int) -> None:
        """The cost of a call is written down."""
        share = self._shares.get(place)
        if share is not None:
            with self._numbers:
                _settle(share, reserved, cost)

    def owed(self, place: CounterKey, reserved: int, cost: int) -> None:
        """The cost of a call is known and will be written down: until then this server holds it."""
        share = self._shares.get(place)
        if share is not None:
            with self._numbers:
                _settle(share, reserved, cost)
                share.owed += cost

    def paid(self, place: CounterKey, cost: int) -> None:
        """What was owed is written down."""
        share = self._shares.get(place)
        if share is not None:
            with self._numbers:
                share.owed -= cost

    def start(self) -> None:
        """Begin to report, on the event loop that serves."""
        self._task = asyncio.get_running_loop().create_task(self._report_on())

    def stop(self) -> None:
        """End it. What this server holds is free at once."""
        if self._task is not None:
            self._task.cancel()
        try:
            self._report(list(self._shares.values()), last=True)
            with self._owner() as connection:
                leases.release(connection, self.worker)
        except (SQLAlchemyError, VongError) as error:
            log.warning("limits are reported late: %s", str(error).splitlines()[0])

    def share(self, project_id: UUID, limit: Limit, subject: str) -> LocalQuota:
        """What this server holds of a limit at this moment."""
        latest = self._latest.get((limit.id, subject))
        if latest is not None and latest.limit is limit and time.time() < latest.ends:
            return latest  # most calls: the same limit, and the same minute or month
        at = now()
        place = CounterKey(limit.id, subject, begins(limit.per, at))
        share = self._shares.get(place)
        if share is None:
            reset = resets(limit.per, at)
            share = self._shares[place] = LocalQuota(project_id, limit, place, ends=reset.timestamp() if reset else inf)
        share.limit = limit
        if len(self._latest) > 10_000:
            self._latest.clear()
        self._latest[limit.id, subject] = share
        return share

    def _amount(self, limit: Limit, choices: Iterable[ResolvedTarget], worst: WorstCaseUsage) -> int:
        if limit.what == "cost":
            return self._dearest(choices, worst)
        return worst.read + worst.made if limit.what == "tokens" else 1

    def _dearest(self, choices: Iterable[ResolvedTarget], worst: WorstCaseUsage) -> int:
        """The worst case at the dearest target that may answer."""
        usage, found = worst.usage(), 0
        for choice in choices:
            cost = self._expected(choice, usage, worst.kinds)
            if cost is None:
                hint = f"give it one with: vong gateway price set {choice.target} --input USD --output USD"
                raise PriceUnknown(f"a budget holds, and the price of {choice.target!r} is not known", hint)
            found = max(found, cost)
        return found

    async def expected(self, choice: ResolvedTarget, usage: Usage, kinds: Collection[str] = ()) -> int | None:
        """What a call is expected to cost: nothing where nobody sends a bill, None where the price is not known. With
        `kinds`, what it costs at the most if its tokens may be of those kinds.
        """
        await self._warm_up(
            [choice], WorstCaseUsage(usage.input_tokens or 0, usage.output_tokens or 0, None, frozenset(kinds))
        )
        return self._expected(choice, usage, kinds)

    def _expected(self, choice: ResolvedTarget, usage: Usage, kinds: Collection[str]) -> int | None:
        cost = self._cost(choice, usage, now(), kinds)
        return 0 if cost is None and not self.billed(choice) else cost

    @staticmethod
    def billed(choice: ResolvedTarget) -> bool:
        """Whether somebody else sends a bill: models that run here cost nothing that a budget is for."""
        return choice.system != DEPLOYMENT and choice.provider.address.startswith(("http://", "https://"))

    def _is_warm(self, choice: ResolvedTarget) -> bool:
        """Whether a price was looked up lately."""
        warmed = self._warm.get((choice.target, choice.provider.address))
        return warmed is not None and time.monotonic() - warmed < WARM

    async def _warm_up(self, choices: Iterable[ResolvedTarget], worst: WorstCaseUsage) -> None:
        """Have prices looked up, in a thread."""
        for choice in choices:
            if not self._is_warm(choice):
                await asyncio.to_thread(self._cost, choice, worst.usage(), now(), worst.kinds)
                if len(self._warm) > 10_000:
                    self._warm.clear()
                self._warm[choice.target, choice.provider.address] = time.monotonic()

    async def _take(self, share: LocalQuota, amount: int) -> None:
        """Take more than is at hand."""
        try:
            async with asyncio.timeout(PATIENCE), share.lock:
                await self._have_granted(share, amount)
        except (TimeoutError, SQLAlchemyError) as error:
            message = "a limit cannot be checked: the database does not answer"
            raise Unavailable(message, "look with: vong status") from error

    async def _have_granted(self, share: LocalQuota, amount: int) -> None:
        """Take what is granted. A question that hangs is not asked twice: each would hold a thread."""
        if share.asking is not None and not share.asking.done():
            with suppress(SQLAlchemyError):
                await asyncio.shield(share.asking)
        while not self.take([(share, amount)]):
            share.asking = asyncio.create_task(asyncio.to_thread(self._ask, share, amount))
            granted = await asyncio.shield(share.asking)
            if not granted and not self.take([(share, amount)]):
                raise refusal(share, amount)
            if not granted:
                return  # another call ended meanwhile

    def _ask(self, share: LocalQuota, amount: int) -> int:
        """Have more granted, enough for a while. How much that is."""
        with share.told:
            return self._granted(share, amount)

    def _granted(self, share: LocalQuota, amount: int) -> int:
        bound, moment = share.limit.amount, time.monotonic()
        with self._numbers:
            if moment - share.alive_at > FENCE:
                share.available = 0  # others may have it by now
            consumed, share.consumed = share.consumed, 0
            held, need = share.held, amount - share.available
            busy = share.reserved
        want = min(max(need, bound // 20), max(16 * max(need, 1), busy))
        try:
            with self._scope(share.project_id) as connection:
                if consumed:
                    leases.report(connection, share.place, self.worker, held=held, used=consumed)
                granted = leases.grant(
                    connection, share.place, self.worker, bound=bound, held=held, need=max(need, 1), want=want
                )
        except BaseException:
            with self._numbers:
                share.consumed += consumed
            raise
        with self._numbers:
            share.available += granted.amount
            share.free, share.alive_at = granted.free, moment
            share.taken_at = time.monotonic()  # not idle: whoever asked is about to take it
        return granted.amount

    async def _report_on(self) -> None:
        while True:
            await asyncio.sleep(BEAT)
            if self._shares:
                try:
                    await asyncio.to_thread(self._report, list(self._shares.values()))
                except (SQLAlchemyError, VongError) as error:
                    log.warning("limits are reported late: %s", str(error).splitlines()[0])

    def _report(self, shares: Sequence[LocalQuota], *, last: bool = False) -> None:
        """Say what was used, and give back what nobody took for a moment."""
        moment = time.monotonic()
        for share in shares:
            with share.told:
                past = self._told(share, moment, last=last)
            if past:
                self._shares.pop(share.place, None)
                self._latest.pop((share.place.limit_id, share.place.subject), None)
        if moment - self._beaten > 5 * BEAT:
            with self._owner() as connection:
                leases.beat(connection, self.worker)
                if moment - self._beaten < 15 * BEAT:  # PostgreSQL was there: who lives could say so meanwhile
                    leases.sweep(connection)
            self._beaten = moment
            for share in shares:
                if moment - share.alive_at <= FENCE:
                    share.alive_at = max(share.alive_at, moment)

    def _told(self, share: LocalQuota, moment: float, *, last: bool) -> bool:
        """Report one share. Whether it is over with."""
        with self._numbers:
            past = share.place.begins != begins(share.limit.per, now()) and not share.reserved and not share.owed
            rests = RESTS if share.free >= 100 * share.available else BEAT
            fenced = moment - share.alive_at > FENCE  # others may have it by now
            back = share.available if last or past or fenced or moment - share.taken_at > rests else 0
            consumed = share.consumed
            if not back and not consumed and not past:
                return False
            share.available -= back
            share.free += back
            share.consumed = 0
            held = share.held
        try:
            with self._scope(share.project_id) as connection:
                leases.report(connection, share.place, self.worker, held=held, used=consumed)
        except IntegrityError:  # the limit was removed
            past = True
        except BaseException:
            with self._numbers:
                share.consumed += consumed
                share.available += back
                share.free -= back
            raise
        share.alive_at = moment
        return past


class LimitSubjects(NamedTuple):
    """Whom a call's limits are on."""

    key: str
    user: str | None
    route: str | None
    tags: tuple[str, ...] = ()

    def of(self, limit: Limit) -> list[str]:
        """The subjects that a limit counts this call for, as PostgreSQL takes them; none where it is of no concern."""
        on, wanted = limit.on, limit.name
        if on == "project":
            return ["*"]
        if on == "tag":
            return [tag for tag in dict.fromkeys(map(clean, self.tags)) if tag and wanted in ("*", tag)]
        name = self.key if on == "key" else self.user if on == "user" else self.route
        return [clean(name)] if name and wanted in ("*", name) else []


def _choices(directory: ModelCatalog, way: RoutePlan) -> list[ResolvedTarget]:
    """The targets that can answer; the others say so themselves when they are asked."""
    found: list[ResolvedTarget] = []
    for target in way.targets:
        try:
            found.append(directory.resolve(target, way.route))
        except (NotFound, Unavailable):
            continue
    return found


def _settle(share: LocalQuota, reserved: int, used: int) -> None:
    share.reserved -= reserved
    share.available += reserved - used


def tags_of(header: str | None, metadata: dict[str, Any] | None) -> tuple[str, ...]:
    """Tags of a call: from the header, and from `metadata.tags`, a list or a text with commas."""
    said = (metadata or {}).get("tags")
    if not said and not header:
        return ()
    parts = said if isinstance(said, list) else str(said or "").split(",")
    found = [str(part).strip() for part in (*(header or "").split(","), *parts)]
    return tuple(dict.fromkeys(tag[:100] for tag in found if tag))[:20]
