"""Graph of steps: the dependencies of each step, and their order."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from vong.errors import InvalidInput
from vong.pipelines.definition import StepDefinition, nested_steps
from vong.pipelines.references import find_references, iter_templates, step_references

ERROR_PORT = "error"


@dataclass(frozen=True, slots=True)
class Dependency:
    """Dependency of a step on another one of the same level."""

    step: str
    port: str | None = None
    """Port that the other step must take."""
    reads_error: bool = False
    """True if templates read only the error of the other step."""


@dataclass(frozen=True, slots=True)
class StepGraph:
    """Steps of one level with their dependencies."""

    dependencies: Mapping[str, tuple[Dependency, ...]]
    dependents: Mapping[str, tuple[str, ...]]
    order: tuple[str, ...]
    """Steps in an order in which each comes after its dependencies. Steps of a cycle are missing."""

    @property
    def cycle(self) -> tuple[str, ...]:
        """Return the steps of a cycle, in order, or nothing."""
        rest = set(self.dependencies) - set(self.order)
        if not rest:
            return ()
        step, seen = min(rest), list[str]()
        while step not in seen:
            seen.append(step)
            step = next(one.step for one in self.dependencies[step] if one.step in rest)
        return tuple(seen[seen.index(step) :])


def build_graph(steps: Mapping[str, StepDefinition]) -> StepGraph:
    """Return the graph of the steps of one level. References to unknown names are ignored."""
    dependencies = {name: _find_dependencies(step, steps) for name, step in steps.items()}
    dependents: dict[str, list[str]] = {name: [] for name in steps}
    for name, needed in dependencies.items():
        for other in dict.fromkeys(one.step for one in needed):
            dependents[other].append(name)
    missing = {name: len({one.step for one in needed}) for name, needed in dependencies.items()}
    ready, order = [name for name in steps if not missing[name]], list[str]()
    while ready:
        name = ready.pop(0)
        order.append(name)
        for other in dependents[name]:
            missing[other] -= 1
            if not missing[other]:
                ready.append(other)
    return StepGraph(dependencies, {name: tuple(found) for name, found in dependents.items()}, tuple(order))


def collect_references(step: StepDefinition) -> set[str]:
    """Return the roots that the templates of a step refer to, without those that its nested steps define."""
    settings = step.settings
    nested = nested_steps(step) if step.kind in ("loop", "map") else {}
    if nested:
        del settings["steps"]
    roots = step_references(settings)
    for inner in nested.values():
        roots |= collect_references(inner)
        roots |= {after.partition(".")[0] for after in inner.after}
    return roots - set(nested)


def _find_dependencies(step: StepDefinition, steps: Mapping[str, StepDefinition]) -> tuple[Dependency, ...]:
    found: list[Dependency] = []
    for after in step.after:
        other, _, port = after.partition(".")
        if other in steps:
            found.append(Dependency(other, port or None))
    controlled = {one.step for one in found}
    for root in sorted(collect_references(step)):
        if root in steps and root not in controlled:
            found.append(Dependency(root, reads_error=_reads_only_error(step.settings, root)))
    return tuple(found)


def _reads_only_error(settings: Mapping[str, Any], root: str) -> bool:
    paths: list[tuple[str, ...]] = []
    for _, template in iter_templates(dict(settings)):
        try:
            paths += [one.path for one in find_references(template) if one.root == root]
        except InvalidInput:
            continue
    return bool(paths) and all(path[:1] == (ERROR_PORT,) for path in paths)


def required_ports(graph: StepGraph, steps: Mapping[str, StepDefinition], name: str) -> dict[str, set[str]]:
    """Return the ports that must be taken before a step can run, by the step that takes them. Joins need none."""
    wanted: dict[str, set[str]] = {}
    pending, seen = [name], set[str]()
    while pending:
        step = pending.pop()
        if step in seen or steps[step].kind == "join":
            continue
        seen.add(step)
        for one in graph.dependencies[step]:
            if one.port:
                wanted.setdefault(one.step, set()).add(one.port)
            pending.append(one.step)
    return wanted


def are_exclusive(graph: StepGraph, steps: Mapping[str, StepDefinition], names: Sequence[str]) -> bool:
    """Return whether at most one of the steps can run, because they need different ports of the same step."""
    needed = [required_ports(graph, steps, name) for name in names]
    return all(
        any(not one[step] & other[step] for step in set(one) & set(other))
        for number, one in enumerate(needed)
        for other in needed[number + 1 :]
    )
