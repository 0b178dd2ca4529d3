"""Resolution of the selectors of one node: outputs of earlier nodes, inputs, variables of loops and conversations."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from vong.pipelines.dify.conversion import (
    Conversion,
    node_output,
    start_input_schema,
    stored_variable,
    system_value,
)
from vong.pipelines.dify.document import DifyNode
from vong.pipelines.dify.expressions import attribute, quote
from vong.pipelines.dify.names import unique_name
from vong.pipelines.dify.report import as_dict, as_list

START_TYPES = frozenset({"start", "trigger-webhook", "trigger-schedule", "trigger-plugin", "datasource"})
ASSIGNERS = frozenset({"assigner"})


class DifyValue(NamedTuple):
    """Expression of a value. `is_certain` is false if the step that has it may have been skipped."""

    expression: str
    is_certain: bool = True

    def or_default(self, default: str = "''") -> str:
        """Return the expression, with a default if the value may be missing."""
        return self.expression if self.is_certain else f"({self.expression} | default({default}))"


@dataclass(slots=True)
class Joins:
    """Values of steps that may have been skipped, by the node that needs them."""

    names: dict[str, str] = field(default_factory=dict)
    values: dict[str, dict[str, str]] = field(default_factory=dict)

    def add(self, conversion: Conversion, node: DifyNode, key: str, expression: str) -> str:
        """Return the expression of a value behind the join before a node."""
        if node.id not in self.names:
            self.names[node.id] = conversion.new_step(f"{conversion.names[node.id]}_values")
            self.values[node.id] = {}
        values = self.values[node.id]
        known = next((name for name, value in values.items() if value == expression), None)
        name = known or unique_name(key, values)
        values[name] = expression
        return f"{self.names[node.id]}.merged.{name}"


@dataclass(slots=True)
class Resolver:
    """Resolution of the selectors of a node."""

    conversion: Conversion
    joins: Joins
    node: DifyNode
    advice: list[str]

    def __call__(self, selector: Sequence[str]) -> str:
        """Return the expression of a selector. A value that may be missing is an empty text by default."""
        return self.find(selector).or_default()

    def find(self, selector: Sequence[str]) -> DifyValue:
        """Return the value of a selector. What does not exist is an empty text, with advice."""
        path = [str(part) for part in selector]
        if not path:
            return self._missing("an empty selector")
        origin, rest = path[0], path[1:]
        if origin == "sys" and rest:
            return DifyValue(attribute(system_value(self.conversion, rest[0]), rest[1:]))
        if origin in ("env", "conversation") and rest:
            return self._stored(origin, rest)
        if origin == "context" or origin not in self.conversion.document.nodes:
            return self._missing(".".join(path))
        target = self.conversion.document.nodes[origin]
        if target.type in START_TYPES:
            return DifyValue(self._input(target, rest))
        for outer in self.conversion.parents_of(self.node):
            if outer.id == target.id and rest:
                return self._inner(outer, rest)
        return self._output(target, rest)

    def _missing(self, what: str) -> DifyValue:
        self.advice.append(
            f"{{{{#{what}#}}}} names nothing that runs before this step: it was replaced by an empty text"
        )
        return DifyValue(quote(""))

    def _input(self, start: DifyNode, rest: Sequence[str]) -> str:
        name = rest[0] if rest else "input"
        declared = next(
            (one for one in as_list(start.data.get("variables")) if as_dict(one).get("variable") == name), None
        )
        schema = start_input_schema(declared) if isinstance(declared, dict) else {}
        return attribute(f"inputs.{self.conversion.input_for('start', name, schema)}", rest[1:])

    def _inner(self, outer: DifyNode, rest: Sequence[str]) -> DifyValue:
        """Return the value of an iteration or a loop for the nodes in it."""
        if outer.type == "iteration":
            return DifyValue(attribute("index" if rest[0] == "index" else "item", rest[1:]))
        if self.conversion.parents_of(self.node)[0].id != outer.id and self.node.parent:
            inner = [one for one in self.conversion.parents_of(self.node) if one.type == "loop"]
            if inner and inner[0].id != outer.id:
                self.advice.append("the variable of an outer loop is hidden by `state` of the inner one: pass it on")
        return self.variable([outer.id, rest[0]], DifyValue(f"state.{rest[0]}"), rest[1:])

    def _stored(self, origin: str, rest: Sequence[str]) -> DifyValue:
        base = DifyValue(stored_variable(self.conversion, origin, rest[0]))
        return self.variable([origin, rest[0]], base, rest[1:])

    def variable(self, target: Sequence[str], base: DifyValue, rest: Sequence[str] = ()) -> DifyValue:
        """Return the value of a variable at this node: that of the last assignment before it, or the base."""
        found: list[DifyValue] = []
        for level in [self.node, *self.conversion.parents_of(self.node)]:
            scope = self.conversion.scopes[level.parent]
            before = scope.ancestors(level.id)
            for name in reversed([one for one in scope.nodes if one in before]):
                key = assignment_key(self.conversion.document.nodes[name], target)
                if key is not None:
                    expression = f"{self.conversion.names[name]}.value.{key}"
                    found.append(self._at(level, name, expression))
                    if found[-1].is_certain:
                        return DifyValue(attribute(_chain(found), rest))
        return DifyValue(attribute(_chain([*found, base]), rest))

    def _output(self, target: DifyNode, rest: Sequence[str]) -> DifyValue:
        for level in [self.node, *self.conversion.parents_of(self.node)]:
            if level.parent != target.parent:
                continue
            if target.id not in self.conversion.scopes[level.parent].ancestors(level.id):
                break
            expression = node_output(self.conversion, target, rest)
            if expression is None:
                what = f"{target.title}.{'.'.join(rest)}"
                self.advice.append(f"the output {what} does not exist here: it was replaced by an empty text")
                return DifyValue(quote(""))
            return self._at(level, target.id, expression)
        return self._missing(".".join([target.title or target.id, *rest]))

    def _at(self, level: DifyNode, earlier: str, expression: str) -> DifyValue:
        """Return the value of an earlier node, through a join if the node may have been skipped."""
        if self.conversion.scopes[level.parent].always_ran(earlier, level.id):
            return DifyValue(expression)
        key = self.conversion.names[earlier]
        return DifyValue(self.joins.add(self.conversion, level, key, f"{{{{ {expression} }}}}"), is_certain=False)


def _chain(values: Sequence[DifyValue]) -> str:
    """Return the expression of the first value that is there."""
    expression = values[-1].or_default()
    for value in reversed(values[:-1]):
        expression = f"({value.expression} | default({expression}))"
    return expression


def assigned_items(node: DifyNode) -> list[dict[str, Any]]:
    """Return the assignments of a node in the newer form, with `variable_selector`, `operation` and `value`."""
    if node.type not in ASSIGNERS:
        return []
    items = [one for one in as_list(node.data.get("items")) if isinstance(one, dict)]
    if items:
        return items
    if as_list(node.data.get("assigned_variable_selector")):
        return [
            {
                "variable_selector": node.data["assigned_variable_selector"],
                "operation": str(node.data.get("write_mode") or "over-write"),
                "input_type": "variable",
                "value": as_list(node.data.get("input_variable_selector")),
            }
        ]
    return []


def assignment_key(node: DifyNode, target: Sequence[str]) -> str | None:
    """Return the name under which a node assigns a variable, or None if it does not."""
    for item in assigned_items(node):
        selector = [str(part) for part in as_list(item.get("variable_selector"))]
        if selector == list(target):
            return selector[-1]
    return None
