"""How the targets of routes stand: what their circuits and loads say, which are only looked at."""

from collections.abc import Callable, Iterable, Iterator

from vong.gateway.routing.circuit_breaker import CircuitBreaker
from vong.gateway.routing.load import TargetLoad
from vong.records import Route, RoutePolicy
from vong.records.target_state import TargetState


def standing(
    routes: Iterable[Route], circuit: Callable[[str], CircuitBreaker], load: Callable[[str], TargetLoad]
) -> Iterator[TargetState]:
    """Each target and fallback of each route, in the order in which they are written."""
    for route in routes:
        for target in targets_of(route):
            if route.policy is None and route.tree is None:
                yield TargetState(route=route.name, target=target)
            else:
                yield _seen(route, target, circuit(target), load(target))


def targets_of(route: Route) -> list[str]:
    """What a route may ask, each once."""
    fallbacks = route.policy.fallbacks if route.policy else ()
    return list(dict.fromkeys((*(target.model for target in route.targets), *fallbacks)))


def _seen(route: Route, target: str, circuit: CircuitBreaker, load: TargetLoad) -> TargetState:
    view = circuit.view((route.policy or RoutePolicy()).breaker)
    return TargetState(
        route=route.name,
        target=target,
        circuit=view.name,
        failures=view.failures,
        retry_in=view.retry_in,
        busy=load.busy,
        waiting=load.waiting,
        first_token_ms=_milliseconds(load.latency(True)),
        whole_ms=_milliseconds(load.latency(False)),
    )


def _milliseconds(seconds: float | None) -> float | None:
    return None if seconds is None else round(seconds * 1000, 3)
