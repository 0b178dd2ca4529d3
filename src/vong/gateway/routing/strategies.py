"""In which order the targets of a tree are asked.

A weighted group draws its order at once, without putting back: each node gets `u ** (1 / weight)` of an even draw `u`,
and the greatest comes first (P. S. Efraimidis, P. G. Spirakis: Weighted random sampling with a reservoir, 2006). Where
`u` is a hash of a user and the node instead, the order is that user's own, and a changed weight moves as few users as
it can (weighted rendezvous hashing).
"""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from math import inf, log
from random import random
from typing import Any

from vong.gateway.routing.load import TargetLoad
from vong.records.routing_tree import Condition, RouteNode


@dataclass(frozen=True)
class RoutingFacts:
    """What is known of a call. `loads` gives a target's load, `costs` what a call of it is expected to cost, None where
    nobody knows.
    """

    named: Mapping[str, Any] = field(default_factory=dict[str, Any])
    metadata: Mapping[str, Any] = field(default_factory=dict[str, Any])
    tags: Sequence[str] = ()
    stream: bool = False
    loads: Callable[[str], TargetLoad] | None = None
    costs: Mapping[str, int | None] = field(default_factory=dict[str, "int | None"])


def order(node: RouteNode, facts: RoutingFacts, draw: Callable[[], float] = random) -> list[str]:
    """The targets that a call may go to, the first one first, each once; none where no condition holds."""
    return list(dict.fromkeys(_order(node, facts, draw)))


def holds(condition: Condition, facts: RoutingFacts) -> bool:
    """Whether a call is as a condition asks."""
    if condition.fact == "tag":
        wanted = condition.any_of or (condition.equals,)
        return any(tag in wanted for tag in facts.tags)
    name = condition.fact.removeprefix("metadata.")
    value = facts.metadata.get(name) if condition.fact.startswith("metadata.") else facts.named.get(condition.fact)
    if condition.over is not None or condition.under is not None:
        number = _number(value)
        return number is not None and (-inf if condition.over is None else condition.over) < number < (
            inf if condition.under is None else condition.under
        )
    wanted = condition.any_of or (condition.equals,)
    return any(value == one and isinstance(value, bool) == isinstance(one, bool) for one in wanted)


def _order(node: RouteNode, facts: RoutingFacts, draw: Callable[[], float]) -> list[str]:
    if not all(holds(condition, facts) for condition in node.when):
        return []
    if node.model is not None:
        return [node.model]
    return [model for child in _picked(node, facts, draw) for model in _order(child, facts, draw)]


def _picked(node: RouteNode, facts: RoutingFacts, draw: Callable[[], float]) -> Sequence[RouteNode]:
    if node.pick == "priority":
        return node.nodes
    if node.pick == "weighted":
        subject = facts.named.get(node.sticky) if node.sticky else None
        lots = [
            _lot(child, draw() if subject is None else _hashed(f"{subject}\0{_name(child)}")) for child in node.nodes
        ]
        drawn = sorted(zip(lots, range(len(lots)), strict=True), reverse=True)
        return [node.nodes[index] for _, index in drawn if node.nodes[index].weight > 0]
    figure = {"least_busy": _busy, "lowest_latency": _latency, "cheapest": _cost}[node.pick]
    return sorted(node.nodes, key=lambda child: (figure(child, facts), draw()))


def _lot(node: RouteNode, u: float) -> float:
    """The logarithm of `u ** (1 / weight)`."""
    return log(u or 5e-324) / node.weight if node.weight > 0 else -inf


def _hashed(text: str) -> float:
    """An even number in (0, 1) that is always the same for the same text."""
    return (int.from_bytes(hashlib.blake2b(text.encode(), digest_size=6).digest()) + 0.5) / 2**48


def _name(node: RouteNode) -> str:
    return ",".join(node.models())


def _busy(node: RouteNode, facts: RoutingFacts) -> float:
    """Calls under way for each unit of weight; of a group, of all its targets."""
    load = facts.loads
    busy = sum(load(model).busy for model in node.models()) if load else 0
    return busy / node.weight if node.weight > 0 else inf


def _latency(node: RouteNode, facts: RoutingFacts) -> float:
    """A target that is not known comes first, so that it becomes known."""
    load = facts.loads
    known = [load(model).latency(facts.stream) for model in node.models()] if load else []
    return min((0.0 if one is None else one for one in known), default=0.0)


def _cost(node: RouteNode, facts: RoutingFacts) -> float:
    """A target whose price nobody knows comes last."""
    known = (facts.costs.get(model) for model in node.models())
    return min((cost for cost in known if cost is not None), default=inf)


def _number(value: Any) -> float | None:
    if isinstance(value, bool) or not isinstance(value, (int, float, str)):
        return None
    try:
        return float(value)
    except ValueError:
        return None
