"""How the targets of routes stand, as one server process sees it."""

from typing import Literal

from vong.records.record import Record

CircuitName = Literal["closed", "open", "half-open"]


class TargetState(Record):
    """How a target of a route stands. `circuit` is `open` while it rests after failures and `half-open` while one call
    tries it before all others; `failures` are those within the breaker's window, and `retry_in` the seconds until a
    call may try it. `busy` calls are under way and `waiting` ones wait for their turn, from all routes. The latencies
    are decayed means of the last two minutes, in milliseconds: of streams to their first token, of whole answers to
    their end. Null is what nobody counts: a route without a policy and without a tree asks once, whatever happened.
    """

    route: str
    target: str
    circuit: CircuitName | None = None
    failures: int | None = None
    retry_in: float | None = None
    busy: int | None = None
    waiting: int | None = None
    first_token_ms: float | None = None
    whole_ms: float | None = None


class TargetsReport(Record):
    """The targets of all routes as the server process saw them that answered: `server` is its process id. Where several
    share the port, another one may have seen otherwise.
    """

    server: int
    targets: tuple[TargetState, ...]
