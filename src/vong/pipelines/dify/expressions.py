"""Expressions of Jinja from selectors, templates and conditions of Dify."""

import json
import re
from collections.abc import Callable, Sequence
from typing import Any

from vong.pipelines.dify.report import as_dict, as_list

SELECTOR = re.compile(r"\{\{#\s*([^#{}]+?)\s*#\}\}")
PLAIN_VARIABLE = re.compile(r"\{\{\s*([A-Za-z_]\w{0,63})\s*\}\}")
JINJA_MARK = re.compile(r"\{\{|\{%|\{#|\}\}|%\}|#\}")
IDENTIFIER_PART = re.compile(r"[A-Za-z_]\w*")

Resolve = Callable[[Sequence[str]], str]
"""Function that returns the expression of a selector."""


def quote(value: Any) -> str:
    """Return a JSON value as an expression of Jinja."""
    if value is None:
        return "none"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(quote(one) for one in value) + "]"
    if isinstance(value, dict):
        return "{" + ", ".join(f"{quote(str(key))}: {quote(one)}" for key, one in value.items()) + "}"
    text = json.dumps(value, ensure_ascii=False)
    return text.replace("{", "\\u007b").replace("}", "\\u007d") if isinstance(value, str) else text


def attribute(expression: str, path: Sequence[str]) -> str:
    """Return the expression of a part of a value."""
    for name in path:
        if name.isdigit():
            expression += f"[{name}]"
        elif IDENTIFIER_PART.fullmatch(name):
            expression += f".{name}"
        else:
            expression += f"[{quote(name)}]"
    return expression


def braces(expression: str) -> str:
    """Return an expression as a template."""
    return f"{{{{ {expression} }}}}"


def escape(text: str) -> str:
    """Return a text in which nothing is taken for a template."""
    return JINJA_MARK.sub(lambda mark: braces(quote(mark.group())), text)


def convert_text(text: Any, resolve: Resolve) -> str:
    """Return a text with `{{#node.variable#}}` as a template. Other braces are escaped."""
    return _convert(str(text if text is not None else ""), SELECTOR, lambda found: resolve(split_selector(found)))


def convert_plain_text(text: Any, resolve: Callable[[str], str]) -> str:
    """Return a text with `{{variable}}`, the form of chat applications, as a template."""
    return _convert(str(text if text is not None else ""), PLAIN_VARIABLE, resolve)


def _convert(text: str, pattern: re.Pattern[str], resolve: Callable[[str], str]) -> str:
    parts: list[str] = []
    end = 0
    for match in pattern.finditer(text):
        parts += [escape(text[end : match.start()]), braces(resolve(match.group(1)))]
        end = match.end()
    return "".join([*parts, escape(text[end:])])


def split_selector(text: str) -> list[str]:
    """Return the parts of `node.variable.part`."""
    return [part.strip() for part in text.split(".") if part.strip()]


def find_selectors(value: Any) -> list[list[str]]:
    """Return the selectors in the texts and in the lists of a value."""
    found: list[list[str]] = []
    if isinstance(value, str):
        return [split_selector(match) for match in SELECTOR.findall(value)]
    if isinstance(value, list):
        if len(value) >= 2 and all(isinstance(part, str) for part in value):
            found.append(list(value))
        for one in value:
            found += find_selectors(one)
    elif isinstance(value, dict):
        for one in value.values():
            found += find_selectors(one)
    return found


TESTS: dict[str, str] = {
    "contains": "{value} in ({left} | string)",
    "not contains": "{value} not in ({left} | string)",
    "start with": "({left} | string).startswith({value})",
    "end with": "({left} | string).endswith({value})",
    "is": "({left} | string) == {value}",
    "is not": "({left} | string) != {value}",
    "empty": "not {left}",
    "not empty": "({left}) is truthy",
    "null": "{left} is none",
    "not null": "{left} is not none",
    "exists": "{left} not in [none, {{}}]",
    "not exists": "{left} in [none, {{}}]",
    "in": "{left} in {items}",
    "not in": "{left} not in {items}",
    "all of": "({items} | reject('in', {left}) | list) == []",
    "=": "({left} | float) == {number}",
    "≠": "({left} | float) != {number}",
    ">": "({left} | float) > {number}",
    "<": "({left} | float) < {number}",
    "≥": "({left} | float) >= {number}",
    "≤": "({left} | float) <= {number}",
    "before": "({left} | string) < {value}",
    "after": "({left} | string) > {value}",
}
"""Comparison operators of Dify. The names in braces are replaced."""
ALIASES = {
    "==": "=",
    "!=": "≠",
    ">=": "≥",
    "<=": "≤",
    "equals": "is",
    "not equals": "is not",
    "start_with": "start with",
}
LIST_TESTS = {"contains": "{value} in {left}", "not contains": "{value} not in {left}"}


def convert_condition(condition: dict[str, Any], resolve: Resolve) -> str | None:
    """Return the expression of one condition. Returns None if its operator is not known."""
    left = resolve([str(part) for part in as_list(condition.get("variable_selector"))])
    return compare(left, condition, resolve)


def compare(left: str, condition: dict[str, Any], resolve: Resolve) -> str | None:
    """Return the comparison of an expression. Returns None if the operator is not known."""
    operator = str(condition.get("comparison_operator") or "")
    operator = ALIASES.get(operator, operator)
    kind = str(condition.get("varType") or "string")
    if as_list(as_dict(condition.get("sub_variable_condition")).get("conditions")):
        return None
    template = LIST_TESTS.get(operator) if kind.startswith("array") else None
    template = template or TESTS.get(operator)
    if template is None:
        return None
    value = condition.get("value")
    if kind == "boolean" and operator in ("is", "is not"):
        wanted = str(value).lower() in ("true", "1")
        test = left if wanted else f"not {left}"
        return test if operator == "is" else f"not ({test})"
    if operator in ("not empty",):
        return f"({left}) not in ['', none, [], {{}}]"
    items = as_list(value) if isinstance(value, list) else [part.strip() for part in str(value or "").split(",")]
    return template.format(
        left=left, value=_operand(value, resolve), number=_number(value, resolve), items=quote(items)
    )


def join_conditions(conditions: Sequence[str], operator: Any) -> str:
    """Return the conjunction or the disjunction of conditions."""
    if len(conditions) == 1:
        return conditions[0]
    return f" {'or' if operator == 'or' else 'and'} ".join(f"({one})" for one in conditions)


def _operand(value: Any, resolve: Resolve) -> str:
    text = str(value if value is not None else "")
    parts: list[str] = []
    end = 0
    for match in SELECTOR.finditer(text):
        before = text[end : match.start()]
        parts += [quote(before)] if before else []
        parts.append(f"({resolve(split_selector(match.group(1)))} | string)")
        end = match.end()
    if text[end:] or not parts:
        parts.append(quote(text[end:]))
    return " ~ ".join(parts)


def _number(value: Any, resolve: Resolve) -> str:
    try:
        number = float(str(value).strip())
    except ValueError:
        return f"(({_operand(value, resolve)}) | float)"
    return str(int(number)) if number.is_integer() else str(number)
