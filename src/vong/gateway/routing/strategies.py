"""Order of the targets of a routing tree.

A weighted group draws its order without replacement: each node gets `u ** (1 / weight)` of a uniform draw `u`, and the
largest value comes first (P. S. Efraimidis, P. G. Spirakis: Weighted random sampling with a reservoir, 2006). If `u` is
a hash of a user and the node instead, each user has a fixed order, and a changed weight moves as few users as possible
(weighted rendezvous hashing).
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
    """Values of a call that conditions and strategies use.

    `load_of` returns the load of a target. `expected_costs` has the expected cost of a call per target, None if it is
    unknown.
    """

    fields: Mapping[str, Any] = field(default_factory=dict[str, Any])
    metadata: Mapping[str, Any] = field(default_factory=dict[str, Any])
    tags: Sequence[str] = ()
    stream: bool = False
    load_of: Callable[[str], TargetLoad] | None = None
    expected_costs: Mapping[str, int | None] = field(default_factory=dict[str, "int | None"])


def order_targets(node: RouteNode, facts: RoutingFacts, draw: Callable[[], float] = random) -> list[str]:
    """Return the targets of a call in the order in which they are tried, without duplicates; may be empty."""
    return list(dict.fromkeys(_order_models(node, facts, draw)))


def matches(condition: Condition, facts: RoutingFacts) -> bool:
    """Return True if a call meets a condition."""
    if condition.fact == "tag":
        accepted = condition.any_of or (condition.equals,)
        return any(tag in accepted for tag in facts.tags)
    name = condition.fact.removeprefix("metadata.")
    value = facts.metadata.get(name) if condition.fact.startswith("metadata.") else facts.fields.get(condition.fact)
    if condition.over is not None or condition.under is not None:
        number = _to_number(value)
        return number is not None and (-inf if condition.over is None else condition.over) < number < (
            inf if condition.under is None else condition.under
        )
    accepted = condition.any_of or (condition.equals,)
    return any(value == candidate and isinstance(value, bool) == isinstance(candidate, bool) for candidate in accepted)


def _order_models(node: RouteNode, facts: RoutingFacts, draw: Callable[[], float]) -> list[str]:
    if not all(matches(condition, facts) for condition in node.when):
        return []
    if node.model is not None:
        return [node.model]
    return [model for child in _order_nodes(node, facts, draw) for model in _order_models(child, facts, draw)]


def _order_nodes(node: RouteNode, facts: RoutingFacts, draw: Callable[[], float]) -> Sequence[RouteNode]:
    if node.pick == "priority":
        return node.nodes
    if node.pick == "weighted":
        subject = facts.fields.get(node.sticky) if node.sticky else None
        sort_keys = [
            _weighted_sort_key(child, draw() if subject is None else _hash_to_unit(f"{subject}\0{_node_name(child)}"))
            for child in node.nodes
        ]
        ranked = sorted(zip(sort_keys, range(len(sort_keys)), strict=True), reverse=True)
        return [node.nodes[index] for _, index in ranked if node.nodes[index].weight > 0]
    criterion = {"least_busy": _in_flight_per_weight, "lowest_latency": _lowest_latency, "cheapest": _lowest_cost}[
        node.pick
    ]
    return sorted(node.nodes, key=lambda child: (criterion(child, facts), draw()))


def _weighted_sort_key(node: RouteNode, u: float) -> float:
    """Return the logarithm of `u ** (1 / weight)`."""
    return log(u or 5e-324) / node.weight if node.weight > 0 else -inf


def _hash_to_unit(text: str) -> float:
    """Return a uniform number in (0, 1) that depends only on the text."""
    return (int.from_bytes(hashlib.blake2b(text.encode(), digest_size=6).digest()) + 0.5) / 2**48


def _node_name(node: RouteNode) -> str:
    return ",".join(node.models())


def _in_flight_per_weight(node: RouteNode, facts: RoutingFacts) -> float:
    """Return the calls in flight per unit of weight; for a group, those of all its targets."""
    load = facts.load_of
    in_flight = sum(load(model).in_flight for model in node.models()) if load else 0
    return in_flight / node.weight if node.weight > 0 else inf


def _lowest_latency(node: RouteNode, facts: RoutingFacts) -> float:
    """Return the latency of a node. A target without a latency comes first, so that it gets measured."""
    load = facts.load_of
    known = [load(model).latency(facts.stream) for model in node.models()] if load else []
    return min((0.0 if latency is None else latency for latency in known), default=0.0)


def _lowest_cost(node: RouteNode, facts: RoutingFacts) -> float:
    """Return the expected cost of a node. A target with an unknown price comes last."""
    known = (facts.expected_costs.get(model) for model in node.models())
    return min((cost for cost in known if cost is not None), default=inf)


def _to_number(value: Any) -> float | None:
    if isinstance(value, bool) or not isinstance(value, (int, float, str)):
        return None
    try:
        return float(value)
    except ValueError:
        return None
