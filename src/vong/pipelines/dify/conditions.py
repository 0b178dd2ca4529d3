"""Conditions under which the nodes of a Dify graph run, and what follows for joins.

Dify runs a node as soon as one of its incoming edges is taken. A step of Vong runs if none of the steps that it needs
is skipped, so that nodes after several branches need a join.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from vong.pipelines.dify.document import DifyEdge, DifyNode

Term = frozenset[tuple[str, str]]
"""Ports of branches that are all taken."""
Condition = frozenset[Term]
"""Terms of which one holds."""
ALWAYS: Condition = frozenset({frozenset()})
MAX_TERMS = 128
"""Terms of a condition beyond which it counts as unknown."""
BRANCHING_TYPES = frozenset({"if-else", "question-classifier"})
FAILURE_PORTS = frozenset({"fail-branch", "success-branch"})


class Scope(NamedTuple):
    """Nodes with the same parent, in an order in which each follows those before it."""

    nodes: tuple[str, ...]
    incoming: Mapping[str, tuple[DifyEdge, ...]]
    conditions: Mapping[str, Condition]
    dropped: tuple[DifyEdge, ...]
    """Edges that close a cycle."""

    def always_ran(self, earlier: str, later: str) -> bool:
        """Return True if a node ran whenever another one runs."""
        return implies(self.conditions.get(later, ALWAYS), self.conditions.get(earlier, ALWAYS))

    def needs_gate(self, node: str) -> bool:
        """Return True if only some of the incoming edges of a node may be taken."""
        edges = self.incoming.get(node, ())
        conditions = [edge_condition(edge, self.conditions.get(edge.source, ALWAYS)) for edge in edges]
        return len(edges) > 1 and any(
            not (implies(one, conditions[0]) and implies(conditions[0], one)) for one in conditions[1:]
        )

    def ancestors(self, node: str) -> set[str]:
        """Return the nodes before a node."""
        found = set[str]()
        queue = [node]
        while queue:
            for edge in self.incoming.get(queue.pop(), ()):
                if edge.source not in found:
                    found.add(edge.source)
                    queue.append(edge.source)
        return found


def build_scope(nodes: Sequence[DifyNode], edges: Iterable[DifyEdge]) -> Scope:
    """Return the scope of nodes with the same parent."""
    ids = {node.id for node in nodes}
    inner = [edge for edge in edges if edge.source in ids and edge.target in ids]
    order, dropped = sort_nodes([node.id for node in nodes], inner)
    incoming: dict[str, tuple[DifyEdge, ...]] = {}
    for edge in inner:
        if edge not in dropped:
            incoming[edge.target] = (*incoming.get(edge.target, ()), edge)
    ports: dict[str, frozenset[str]] = {node.id: _ports(node) for node in nodes}
    conditions: dict[str, Condition] = {}
    for node in order:
        terms = set[Term]()
        for edge in incoming.get(node, ()):
            terms |= edge_condition(edge, conditions[edge.source])
        conditions[node] = simplify(terms, ports) if terms else ALWAYS
    return Scope(tuple(order), incoming, conditions, tuple(dropped))


def sort_nodes(ids: Sequence[str], edges: Sequence[DifyEdge]) -> tuple[list[str], list[DifyEdge]]:
    """Return the nodes in topological order, and the edges that close a cycle."""
    remaining, left = list(ids), list(edges)
    order: list[str] = []
    dropped: list[DifyEdge] = []
    while remaining:
        blocked = {edge.target for edge in left}
        free = [node for node in remaining if node not in blocked]
        if not free:
            back = [edge for edge in left if edge.target == remaining[0]]
            dropped += back
            left = [edge for edge in left if edge not in back]
            continue
        order += free
        done = set(free)
        remaining = [node for node in remaining if node not in done]
        left = [edge for edge in left if edge.source not in done]
    return order, dropped


def edge_condition(edge: DifyEdge, source: Condition) -> Condition:
    """Return the condition under which an edge is taken."""
    if edge.port in ("source", ""):
        return source
    return frozenset(term | {(edge.source, edge.port)} for term in source)


def implies(stronger: Condition, weaker: Condition) -> bool:
    """Return True if the second condition holds whenever the first one holds."""
    return all(any(other <= term for other in weaker) for term in stronger)


def simplify(terms: set[Term], ports: Mapping[str, frozenset[str]]) -> Condition:
    """Return the terms without redundant ones. All ports of a branch together are no condition."""
    changed = True
    while changed and len(terms) <= MAX_TERMS:
        changed = False
        for term in list(terms):
            for branch, port in term:
                rest = term - {(branch, port)}
                every = ports.get(branch, frozenset())
                covers = every and all(any(other <= rest | {(branch, one)} for other in terms) for one in every)
                if covers and rest not in terms:
                    terms.add(rest)
                    changed = True
        terms = {term for term in terms if not any(other < term for other in terms)}
    if len(terms) > MAX_TERMS:
        return frozenset({frozenset({("unknown", str(sorted(map(sorted, terms))[0]))})})
    return frozenset(terms)


def _ports(node: DifyNode) -> frozenset[str]:
    if node.type == "if-else":
        cases = node.data.get("cases")
        if not isinstance(cases, list) or not cases:
            return frozenset({"true", "false"})
        return frozenset({*(str(case.get("case_id") or case.get("id")) for case in cases), "false"})
    if node.type == "question-classifier":
        return frozenset(str(one.get("id")) for one in node.data.get("classes") or [] if isinstance(one, dict))
    return FAILURE_PORTS if node.data.get("error_strategy") == "fail-branch" else frozenset()
