"""State of the targets of routes, read from circuit breakers and loads without changing them."""

from collections.abc import Callable, Iterable, Iterator

from vong.gateway.routing.circuit_breaker import CircuitBreaker
from vong.gateway.routing.load import TargetLoad
from vong.records import Route, RoutePolicy
from vong.records.target_state import TargetState


def target_states(
    routes: Iterable[Route], circuit: Callable[[str], CircuitBreaker], load: Callable[[str], TargetLoad]
) -> Iterator[TargetState]:
    """Yield the state of each target and fallback of each route, in configured order."""
    for route in routes:
        for target in route_targets(route):
            if route.policy is None and route.tree is None:
                yield TargetState(route=route.name, target=target)
            else:
                yield _target_state(route, target, circuit(target), load(target))


def route_targets(route: Route) -> list[str]:
    """Return the targets and fallbacks of a route, each once."""
    fallbacks = route.policy.fallbacks if route.policy else ()
    return list(dict.fromkeys((*(target.model for target in route.targets), *fallbacks)))


def _target_state(route: Route, target: str, circuit: CircuitBreaker, load: TargetLoad) -> TargetState:
    snapshot = circuit.snapshot((route.policy or RoutePolicy()).breaker)
    return TargetState(
        route=route.name,
        target=target,
        circuit=snapshot.state,
        failures=snapshot.failures,
        retry_in=snapshot.retry_in,
        in_flight=load.in_flight,
        queued=load.queued,
        first_token_ms=_to_milliseconds(load.latency(True)),
        latency_ms=_to_milliseconds(load.latency(False)),
    )


def _to_milliseconds(seconds: float | None) -> float | None:
    return None if seconds is None else round(seconds * 1000, 3)
