"""Health of the targets of routes, as one server process observes it."""

from typing import Literal

from vong.records.record import Record

CircuitState = Literal["closed", "open", "half-open"]


class TargetState(Record):
    """Health of a target of a route.

    `circuit` is `open` while the target is skipped after failures and `half-open` while one call probes it. `failures`
    counts the failures within the window of the breaker, `retry_in` is the number of seconds until a call may probe the
    target. `in_flight` calls are running and `queued` calls wait, from all routes. The latencies are decayed means of
    the last two minutes, in milliseconds: `first_token_ms` of streams, `latency_ms` of complete responses. A value that
    is not measured is null: a route without a policy and a tree has one attempt and no circuit breaker.
    """

    route: str
    target: str
    circuit: CircuitState | None = None
    failures: int | None = None
    retry_in: float | None = None
    in_flight: int | None = None
    queued: int | None = None
    first_token_ms: float | None = None
    latency_ms: float | None = None


class TargetsReport(Record):
    """Health of the targets of all routes, as observed by the process that handled the request.

    `server` is its process id. If several processes share the port, another process may report different values.
    """

    server: int
    targets: tuple[TargetState, ...]
