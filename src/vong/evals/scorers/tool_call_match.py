"""Match of tool calls in outputs and examples."""

from collections.abc import Sequence
from itertools import permutations
from typing import Any, Literal, NamedTuple

from vong.evals.scorers.base import MetricValue, Scorer, ScorerInput, build_input_scorer, mean_metric
from vong.evals.scorers.texts import json_equal
from vong.evals.scorers.tool_calls import ToolCall, read_tool_calls

GROUP = "tools"
MAX_EXACT_CALLS = 6
"""Calls up to which all assignments are tried. More calls are assigned greedily."""


def tool_call_match(
    arguments: Literal["equal", "contain", "ignore"] = "equal", ignore: tuple[str, ...] = (), ordered: bool = False
) -> Scorer:
    """Score 1 if the output calls the same functions with the same arguments as the example's completion, else 0.

    Arguments are compared as objects: the order of fields and of spaces does not matter, numbers are compared by value.
    Parallel calls match in any order. `tool_call_match.names` is 1 if the same functions are called,
    `tool_call_match.arguments` the share of correct fields over all expected and additional fields (partial credit),
    and `tool_call_match.valid` the share of calls whose function and required arguments the example's `tools` declare.
    An example without expected calls scores 1 if the output makes none.

    `arguments`: `equal`, `contain` (additional arguments are allowed) or `ignore` (names only). `ignore`: argument
    fields that are not compared. `ordered`: calls must have the same order.
    """

    rules = _Rules(arguments, frozenset(ignore), ordered)

    def measure_input(scored: ScorerInput) -> dict[str, MetricValue]:
        if scored.expected is None:
            return {}
        actual, expected = read_tool_calls(scored.message), read_tool_calls(scored.expected)
        values = rules.compare(actual, expected)
        if scored.tools and actual:
            values["tool_call_match.valid"] = sum(is_declared(call, scored.tools) for call in actual) / len(actual)
        detail = "" if values["tool_call_match"] else describe(actual, expected)
        return {name: mean_metric(value, "" if "." in name else detail) for name, value in values.items()}

    ignored = f"|ignored:{'+'.join(ignore)}" if ignore else ""
    signature = f"tool_call_match|arguments:{arguments}|order:{'yes' if ordered else 'no'}{ignored}"
    return build_input_scorer(signature, measure_input)


class _Rules(NamedTuple):
    """How calls are compared."""

    arguments: str
    ignore: frozenset[str]
    ordered: bool

    def compare(self, actual: Sequence[ToolCall], expected: Sequence[ToolCall]) -> dict[str, float]:
        """Return the metrics of the calls of one output."""
        pairs = assign(actual, expected, self.similarity, ordered=self.ordered)
        correct = len(actual) == len(expected) and all(a is not None and self.is_match(a, e) for a, e in pairs)
        names = [call.name for call in actual], [call.name for call in expected]
        same_names = names[0] == names[1] if self.ordered else sorted(names[0]) == sorted(names[1])
        parts = [self.credit(a, e) if a is not None else (0, self.size(e)) for a, e in pairs]
        fields = sum(whole for _, whole in parts) + sum(map(self.size, _unassigned(actual, [a for a, _ in pairs])))
        return {
            "tool_call_match": float(correct),
            "tool_call_match.names": float(same_names),
            "tool_call_match.arguments": sum(part for part, _ in parts) / fields if fields else 1.0,
        }

    def select(self, call: ToolCall) -> Any:
        """Return the arguments that are compared."""
        if not isinstance(call.arguments, dict):
            return call.arguments
        return {name: value for name, value in call.arguments.items() if name not in self.ignore}

    def size(self, call: ToolCall) -> int:
        """Return the number of fields of a call, at least 1."""
        selected = self.select(call)
        return max(1, len(selected)) if isinstance(selected, dict) else 1

    def is_match(self, actual: ToolCall, expected: ToolCall) -> bool:
        """Return whether a call is the expected one."""
        if actual.name != expected.name or self.arguments == "ignore":
            return actual.name == expected.name
        left, right = self.select(actual), self.select(expected)
        if self.arguments == "contain" and isinstance(left, dict) and isinstance(right, dict):
            left = {name: value for name, value in left.items() if name in right}
        return json_equal(left, right)

    def credit(self, actual: ToolCall, expected: ToolCall) -> tuple[int, int]:
        """Return the number of correct fields, and of all fields of both."""
        left, right = self.select(actual), self.select(expected)
        if actual.name != expected.name or not isinstance(left, dict) or not isinstance(right, dict):
            return 0, self.size(expected)
        names = set(right) if self.arguments == "contain" else set(left) | set(right)
        correct = sum(name in left and name in right and json_equal(left[name], right[name]) for name in names)
        return (correct, len(names)) if names else (1, 1)

    def similarity(self, actual: ToolCall, expected: ToolCall) -> float:
        """Return how well a call fits an expected one."""
        correct, whole = self.credit(actual, expected)
        return (actual.name == expected.name) + correct / whole + self.is_match(actual, expected)


def assign(
    actual: Sequence[ToolCall], expected: Sequence[ToolCall], similarity: Any, *, ordered: bool
) -> list[tuple[ToolCall | None, ToolCall]]:
    """Return each expected call with the actual call that it matches best. No actual call is used twice."""
    if ordered:
        return [(actual[i] if i < len(actual) else None, call) for i, call in enumerate(expected)]
    padded: list[ToolCall | None] = [*actual, *[None] * max(0, len(expected) - len(actual))]
    if max(len(padded), len(expected)) <= MAX_EXACT_CALLS:
        orders = permutations(padded, len(expected))
        best = max(
            orders,
            key=lambda order: sum(similarity(a, e) for a, e in zip(order, expected, strict=True) if a is not None),
        )
        return list(zip(best, expected, strict=True))
    pairs: list[tuple[ToolCall | None, ToolCall]] = []
    for call in expected:
        chosen = max((a for a in padded if a is not None), key=lambda a: similarity(a, call), default=None)
        padded = [a for a in padded if a is not chosen]
        pairs.append((chosen, call))
    return pairs


def is_declared(call: ToolCall, tools: Sequence[dict[str, Any]]) -> bool:
    """Return whether the tools declare a function with the required arguments of a call."""
    for tool in tools:
        function: Any = tool.get("function") or tool
        if isinstance(function, dict) and function.get("name") == call.name:
            parameters: Any = function.get("parameters") or {}
            required = parameters.get("required") or [] if isinstance(parameters, dict) else []
            return isinstance(call.arguments, dict) and all(name in call.arguments for name in required)
    return False


def describe(actual: Sequence[ToolCall], expected: Sequence[ToolCall]) -> str:
    """Return expected and actual calls for a reader."""
    wanted, found = (", ".join(call.text for call in calls) or "no call" for calls in (expected, actual))
    return f"expected {wanted}; called {found}"[:1000]


def _unassigned(actual: Sequence[ToolCall], used: Sequence[ToolCall | None]) -> list[ToolCall]:
    ids = {id(call) for call in used}
    return [call for call in actual if id(call) not in ids]
