"""Charges of work outside of calls, such as training at a provider: reserved before it starts, settled at its end.

A charge is a lease of its own, held by the job that does the work. The job renews it while it runs, so that the amount
of a job whose worker died for good becomes free again.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple, Self
from uuid import UUID

from sqlalchemy import Connection
from sqlalchemy.dialects.postgresql import insert as upsert

from vong.errors import BudgetExceeded, PriceUnknown
from vong.gateway import tables
from vong.gateway.limits import leases
from vong.gateway.limits.leases import CounterKey
from vong.gateway.limits.quota import LocalQuota, limit_error
from vong.gateway.limits.store import list_limits, window_start
from vong.gateway.limits.subjects import LimitSubjects
from vong.records import now
from vong.records.limit import Limit


class Charge(NamedTuple):
    """Amount that a job holds of one budget."""

    key: CounterKey
    amount: int

    def to_json(self) -> dict[str, Any]:
        """Return the charge for the parameters of a job."""
        started = self.key.window_start.isoformat()
        return {"limit": str(self.key.limit_id), "subject": self.key.subject, "since": started, "amount": self.amount}

    @classmethod
    def from_json(cls, fields: dict[str, Any]) -> Self:
        """Return the charge of the parameters of a job."""
        since = datetime.fromisoformat(fields["since"])
        return cls(CounterKey(UUID(fields["limit"]), fields["subject"], since), int(fields["amount"]))


class LedgerEntry(NamedTuple):
    """Entry of the ledger for work outside of calls."""

    id: UUID
    started_at: datetime
    subjects: LimitSubjects
    model: str
    tokens: int | None
    cost: int | None
    failed: bool


def reserve(
    connection: Connection, project_id: UUID, holder: UUID, subjects: LimitSubjects, model: str, cost: int | None
) -> list[Charge]:
    """Count one request and reserve the cost of a job in every limit that applies. `holder` is the id of the job.

    A cost of None is unknown. Limits on tokens and concurrency count model calls only.

    Raises:
        RateLimitExceeded: A limit on requests is reached.
        BudgetExceeded: A budget does not cover the cost.
        PriceUnknown: A budget applies, and the cost is unknown.
    """
    charges: list[Charge] = []
    for limit in list_limits(connection):
        for subject in subjects.matching(limit):
            key = CounterKey(limit.id, subject, window_start(limit.window, now()))
            if limit.metric == "requests":
                _grant(connection, project_id, limit, key, holder, 1)
                leases.report(connection, key, holder, held=0, used=1)
            if limit.metric == "cost":
                if cost is None:
                    raise PriceUnknown(
                        f"a budget applies, but the price of training {model!r} is unknown",
                        f"set it: vong gateway prices set {model} --input USD --token-type training=USD",
                    )
                _grant(connection, project_id, limit, key, holder, cost)
                charges.append(Charge(key, cost))
    return charges


def renew(connection: Connection, holder: UUID, charges: Sequence[Charge]) -> None:
    """Renew the charges of a running job."""
    for charge in charges:
        leases.report(connection, charge.key, holder, held=charge.amount, used=0)


def settle(connection: Connection, holder: UUID, charges: Sequence[Charge], entry: LedgerEntry) -> None:
    """Write the entry of a finished job to the ledger, and replace its charges by the actual cost. Repeatable.

    A job that failed without a known cost costs nothing; the reserved amount counts if the cost of another is unknown.
    """
    subjects = entry.subjects
    values = {
        "id": entry.id,
        "started_at": entry.started_at,
        "key": subjects.key,
        "user": subjects.user,
        "model": entry.model,
        "route": None,
        "tags": list(subjects.tags),
        "input_tokens": entry.tokens,
        "output_tokens": 0 if entry.tokens is not None else None,
        "cost": entry.cost,
        "failed": entry.failed,
    }
    statement = upsert(tables.ledger).values(values).on_conflict_do_nothing().returning(tables.ledger.c.id)
    is_new = connection.scalar(statement) is not None
    for charge in charges:
        unknown = 0 if entry.failed else charge.amount
        used = unknown if entry.cost is None else entry.cost
        leases.report(connection, charge.key, holder, held=0, used=used if is_new else 0)


def release(connection: Connection, holder: UUID, charges: Sequence[Charge]) -> None:
    """Release the charges of a job that was not created."""
    for charge in charges:
        leases.report(connection, charge.key, holder, held=0, used=0)


def _grant(connection: Connection, project_id: UUID, limit: Limit, key: CounterKey, holder: UUID, amount: int) -> None:
    """Lease an amount, or raise the error of the limit."""
    if amount == 0:
        return
    granted = leases.grant(connection, key, holder, bound=limit.amount, held=0, need=amount, want=amount)
    if granted.amount >= amount:
        return
    error = limit_error(LocalQuota(project_id, limit, key, free=max(0, granted.free)), amount)
    error.message = error.message.replace("this call", "this job")
    if isinstance(error, BudgetExceeded):
        error.hint = "use fewer rows or epochs, or ask an owner to raise the budget (vong gateway budgets list)"
    raise error
