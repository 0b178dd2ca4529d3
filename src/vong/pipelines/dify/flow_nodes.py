"""Nodes of Dify that control the flow: conditions, variables, iterations, loops, answers."""

from collections.abc import Mapping
from typing import Any

from vong.pipelines.dify.conversion import Conversion, StepDraft, case_names
from vong.pipelines.dify.document import DifyNode
from vong.pipelines.dify.expressions import braces, convert_condition, convert_text, join_conditions, quote
from vong.pipelines.dify.report import as_dict, as_list
from vong.pipelines.dify.resolution import DifyValue, Resolver, assigned_items

OPERATIONS: Mapping[str, str] = {
    "over-write": "{value}",
    "set": "{value}",
    "append": "{old} + [{value}]",
    "extend": "{old} + {value}",
    "+=": "{old} + {value}",
    "-=": "{old} - {value}",
    "*=": "{old} * {value}",
    "/=": "{old} / {value}",
    "remove-first": "{old}[1:]",
    "remove-last": "{old}[:-1]",
}
"""Operations of assignments."""
LOOP_KINDS = frozenset({"iteration", "loop"})


def convert_branch(conversion: Conversion, node: DifyNode, resolve: Resolver) -> StepDraft:
    """Return a branch with one port per case."""
    del conversion
    ports = case_names(node)
    cases = [as_dict(case) for case in as_list(node.data.get("cases"))]
    if not cases:
        cases = [{**node.data, "case_id": "true"}]
    branches: dict[str, Any] = {}
    advice: list[str] = []
    for case in cases:
        tests: list[str] = []
        for condition in map(as_dict, as_list(case.get("conditions"))):
            test = convert_condition(condition, resolve)
            if test is None:
                advice.append(
                    f"the comparison {condition.get('comparison_operator')!r} is not known: set the condition"
                )
            tests.append(test or "false")
        key = str(case.get("case_id") or case.get("id"))
        branches[ports[key]] = braces(join_conditions(tests or ["false"], case.get("logical_operator")))
    return StepDraft("branch", {"branches": branches}, "partial" if advice else "converted", advice)


def convert_aggregator(conversion: Conversion, node: DifyNode, resolve: Resolver) -> StepDraft:
    """Return the first value that is there, or one per group."""
    del conversion
    advanced = as_dict(node.data.get("advanced_settings"))
    if not advanced.get("group_enabled"):
        return StepDraft("template", {"value": braces(first_value(node.data.get("variables"), resolve))})
    groups = {
        str(group.get("group_name")): braces(first_value(group.get("variables"), resolve))
        for group in map(as_dict, as_list(advanced.get("groups")))
    }
    return StepDraft("template", {"value": groups})


def first_value(selectors: Any, resolve: Resolver) -> str:
    """Return the expression of the first value that is there."""
    found: list[DifyValue] = []
    for selector in as_list(selectors):
        found.append(resolve.find([str(part) for part in as_list(selector)]))
        if found[-1].is_certain:
            break
    expression = found[-1].or_default() if found else "''"
    for value in reversed(found[:-1]):
        expression = f"{value.expression} | default({expression})"
    return expression


def convert_assigner(conversion: Conversion, node: DifyNode, resolve: Resolver) -> StepDraft:
    """Return the new values of variables. Later nodes refer to them."""
    values: dict[str, Any] = {}
    advice: list[str] = []
    for item in assigned_items(node):
        target = [str(part) for part in as_list(item.get("variable_selector"))]
        operation = str(item.get("operation") or item.get("write_mode") or "over-write")
        if operation == "clear":
            operation, item = "set", {"input_type": "constant", "value": _empty_value(conversion, target)}
        template = OPERATIONS.get(operation)
        if template is None or len(target) < 2:
            advice.append(f"the operation {operation!r} is not known: set the value of {'.'.join(target)}")
            continue
        if target[-1] in values:
            advice.append(f"{target[-1]} is assigned twice in one node: only the last assignment is kept")
        expression = template.format(old=resolve(target), value=_assigned(item, operation, resolve))
        values[target[-1]] = braces(expression)
        if target[0] == "conversation":
            created = conversion.input_names.get(("conversation", target[-1]))
            conversion.note(
                f"the conversation variable {target[-1]} is the input and the output {created}: conversations of the "
                "published pipeline carry it from turn to turn, other callers pass it on themselves"
            )
    if not values:
        advice.append("the node assigns nothing that could be read: set `value`")
    return StepDraft("template", {"value": values}, "partial" if advice else "converted", advice)


def _assigned(item: dict[str, Any], operation: str, resolve: Resolver) -> str:
    value = item.get("value")
    is_variable = item.get("input_type", "variable") == "variable" and operation not in ("set",)
    if is_variable and isinstance(value, list) and value:
        return resolve([str(part) for part in value])
    if isinstance(value, str) and "{{#" in value:
        text = convert_text(value, resolve).strip()
        whole = text.removeprefix("{{").removesuffix("}}").strip()
        return whole if text.count("{{") == 1 and text.startswith("{{") and text.endswith("}}") else quote(value)
    return quote(value)


def _empty_value(conversion: Conversion, target: list[str]) -> Any:
    variables = conversion.document.conversation
    known = next((one for one in variables if one.get("name") == target[-1]), {})
    kind = str(known.get("value_type") or "string")
    return {"number": 0, "object": {}, "boolean": False}.get(kind, [] if kind.startswith("array") else "")


def convert_answer(conversion: Conversion, node: DifyNode, resolve: Resolver) -> StepDraft:
    """Return a part of the answer. A text that a model streams is not sent a second time."""
    text = convert_text(node.data.get("answer"), resolve)
    del conversion
    return StepDraft("output", {"value": text})


def convert_human_input(conversion: Conversion, node: DifyNode, resolve: Resolver) -> StepDraft:
    """Return an approval."""
    del conversion
    message = convert_text(node.data.get("form_content") or node.title or "Approve?", resolve)
    advice = ["the form has the buttons approve and reject now: connect the edges of other actions again"]
    return StepDraft("approval", {"message": message}, "partial", advice)


def convert_iteration(conversion: Conversion, node: DifyNode, resolve: Resolver) -> StepDraft:
    """Return a map. Its steps and its output are added by the assembly."""
    del conversion
    parallel = node.data.get("parallel_nums")
    is_parallel = node.data.get("is_parallel") and isinstance(parallel, int)
    modes = {"continue-on-error": "null", "remove-abnormal-output": "skip"}
    settings: dict[str, Any] = {
        "over": braces(resolve(as_list(node.data.get("iterator_selector")))),
        "concurrency": max(1, min(int(parallel), 64)) if is_parallel and isinstance(parallel, int) else 1,
    }
    mode = modes.get(str(node.data.get("error_handle_mode")))
    return StepDraft("map", {**settings, **({"on_item_error": mode} if mode else {})})


def convert_loop(conversion: Conversion, node: DifyNode, resolve: Resolver) -> StepDraft:
    """Return a loop. Its steps and its conditions are added by the assembly."""
    del conversion
    state: dict[str, Any] = {}
    for one in map(as_dict, as_list(node.data.get("loop_variables"))):
        value = one.get("value")
        if one.get("value_type") == "variable":
            state[str(one.get("label"))] = braces(resolve([str(part) for part in as_list(value)]))
        else:
            state[str(one.get("label"))] = _constant(value, str(one.get("var_type") or "string"))
    count = node.data.get("loop_count")
    limit = max(1, min(int(count), 1000)) if isinstance(count, int | float) else 10
    return StepDraft("loop", {"state": state, "max_iterations": limit})


def _constant(value: Any, kind: str) -> Any:
    """Return a constant of a loop in its type. Numbers are texts in some versions."""
    if kind == "number" and isinstance(value, str):
        try:
            return float(value) if "." in value else int(value)
        except ValueError:
            return 0
    if kind == "boolean" and isinstance(value, str):
        return value.lower() == "true"
    if kind in ("object",) or kind.startswith("array"):
        import json

        if isinstance(value, str):
            try:
                return json.loads(value)
            except ValueError:
                return [] if kind.startswith("array") else {}
    return value
