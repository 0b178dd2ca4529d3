"""Rendering of templates, with errors that name the line and the variable."""

import re
import threading
from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple

from cachetools import LRUCache
from jinja2 import Template, UndefinedError, meta, nodes
from jinja2.exceptions import SecurityError, TemplateAssertionError, TemplateSyntaxError

from vong.errors import InvalidInput, did_you_mean
from vong.text_templates import filters, limits
from vong.text_templates.environment import TIMED_FILTER, TemplateEnvironment
from vong.text_templates.limits import LimitExceeded

CACHE_CHARS = 16_000_000
"""Total length of the templates that stay compiled."""
MIN_TEMPLATE_COST = 2000
"""Length that a short template counts in the cache."""
RAW_HINT = "write literal braces as {% raw %}{{ ... }}{% endraw %}, or '{{ \"{{\" }}'"
RESULT = "result"


class CompiledTemplate(NamedTuple):
    """Compiled template, its variables and its length. `is_value` is True if it is a single expression."""

    template: Template
    variables: frozenset[str]
    is_value: bool
    cost: int


_environment = TemplateEnvironment()
_cache: LRUCache[str, CompiledTemplate] = LRUCache(CACHE_CHARS, lambda one: one.cost)
_lock = threading.Lock()


def render_text(template: str, variables: Mapping[str, Any], *, name: str = "the template") -> str:
    """Return the text of a template with these variables. `name` is its name in errors.

    Text is inserted as it is and never read as a template again. Null becomes nothing, every other value JSON.

    Raises: InvalidInput with the line if the template is invalid, a variable is missing, or a limit is exceeded.
    """
    if _is_plain(template):
        return template
    compiled = _compile(template, name, as_value=False)
    return _run(compiled.template, name, lambda: _write(compiled.template, variables))


def render_value(value: Any, variables: Mapping[str, Any], *, name: str = "the value") -> Any:
    """Return a value in which every text is rendered.

    A text that is a single `{{ expression }}` becomes the value of the expression with its type. Keys stay as they are.

    Raises: InvalidInput with the line if a template is invalid, a variable is missing, or a limit is exceeded.
    """
    if isinstance(value, str):
        return _render_text_value(value, variables, name)
    if isinstance(value, Mapping):
        return {key: render_value(one, variables, name=f"{name}.{key}") for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [render_value(one, variables, name=f"{name}[{number}]") for number, one in enumerate(value)]
    return value


def find_variables(template: Any, *, name: str = "the template") -> set[str]:
    """Return the names of all variables of a template, or of all texts in a value.

    Raises: InvalidInput with the line if a template is invalid.
    """
    if isinstance(template, str):
        return set() if _is_plain(template) else set(_compile(template, name, as_value=True).variables)
    values: Iterable[Any] = template.values() if isinstance(template, Mapping) else ()
    values = template if isinstance(template, list | tuple) else values
    return {found for value in values for found in find_variables(value, name=name)}


def check_template(template: str, *, name: str = "the template") -> None:
    """Check the syntax of a template.

    Raises: InvalidInput with the line if it is invalid.
    """
    find_variables(template, name=name)


def _is_plain(text: str) -> bool:
    """Return True if a text contains no tags. Single braces, as in JSON, are none."""
    return "{{" not in text and "{%" not in text and "{#" not in text


def _render_text_value(text: str, variables: Mapping[str, Any], name: str) -> Any:
    if _is_plain(text):
        return text
    compiled = _compile(text, name, as_value=True)
    if not compiled.is_value:
        return _run(compiled.template, name, lambda: _write(compiled.template, variables))
    return _run(compiled.template, name, lambda: _evaluate(compiled.template, variables))


def _write(template: Template, variables: Mapping[str, Any]) -> str:
    """Return the output of a template."""
    parts: list[str] = []
    length = 0
    for part in template.root_render_func(template.new_context(dict(variables))):
        length += len(part)
        limits.check_length(length)
        parts.append(part)
    return "".join(parts)


def _evaluate(template: Template, variables: Mapping[str, Any]) -> Any:
    """Return the value of a template that is one expression."""
    context = template.new_context(dict(variables))
    for _ in template.root_render_func(context):
        pass
    return filters.to_json_value(context.vars[RESULT])


def _compile(text: str, name: str, *, as_value: bool) -> CompiledTemplate:
    """Return a compiled template, from the cache if it was compiled before."""
    key = f"{'value' if as_value else 'text'}:{text}"
    with _lock:
        found = _cache.get(key)
    if found is None:
        found = _compile_new(text, name, as_value)
        with _lock:
            _cache[key] = found
    return found


def _compile_new(text: str, name: str, as_value: bool) -> CompiledTemplate:
    if len(text) > limits.MAX_TEMPLATE_CHARS:
        raise InvalidInput(
            f"{name} has {len(text)} characters", f"shorten it to {limits.MAX_TEMPLATE_CHARS} characters"
        )
    try:
        tree = _environment.parse(text)
        variables = frozenset(meta.find_undeclared_variables(tree))
        expression = _find_expression(_environment.parse(text.strip())) if as_value else None
        if expression is not None:
            assignment = nodes.Assign(nodes.Name(RESULT, "store", lineno=1), expression, lineno=1)
            tree = nodes.Template([assignment], lineno=1)
            tree.set_environment(_environment)
        cost = max(len(text), MIN_TEMPLATE_COST)
        return CompiledTemplate(_environment.from_string(tree), variables, expression is not None, cost)
    except TemplateSyntaxError as error:
        raise _syntax_error(error, text, name) from None
    except (RecursionError, MemoryError, SyntaxError, ValueError):
        message = f"{name} is nested too deep"
        raise InvalidInput(message, "use fewer loops and brackets within one another") from None


def _find_expression(tree: nodes.Template) -> nodes.Expr | None:
    """Return the expression of a template that consists of one `{{ expression }}`."""
    if len(tree.body) != 1 or not isinstance(output := tree.body[0], nodes.Output) or len(output.nodes) != 1:
        return None
    return None if isinstance(output.nodes[0], nodes.TemplateData) else output.nodes[0]


def _run(template: Template, name: str, action: Callable[[], Any]) -> Any:
    """Run a template and report its errors with their line."""
    try:
        with limits.limit_time():
            return action()
    except LimitExceeded as error:
        message = f"{name}, line {_find_line(template, error)}: {error}"
        raise InvalidInput(message, "shorten the template or its variables") from None
    except UndefinedError as error:
        raise _undefined_error(error, template, name) from None
    except SecurityError as error:
        message = f"{name}, line {_find_line(template, error)}: {str(error).rstrip('.')}"
        raise InvalidInput(message, "use the values and filters of templates only") from None
    except RecursionError:
        raise InvalidInput(f"{name} calls itself without end", "end the recursion of its macros") from None
    except Exception as error:  # noqa: BLE001 - operators and filters of a template raise anything
        message = f"{name}, line {_find_line(template, error)}: {error}"
        raise InvalidInput(message, "check the types of the variables in that line") from None


def _find_line(template: Template, error: BaseException) -> int:
    """Return the line of the template that raised an error."""
    line, trace = 1, error.__traceback__
    while trace is not None:
        if trace.tb_frame.f_globals.get("__jinja_template__") is template:
            line = template.get_corresponding_lineno(trace.tb_lineno)
        trace = trace.tb_next
    return line


def _undefined_error(error: UndefinedError, template: Template, name: str) -> InvalidInput:
    line = _find_line(template, error)
    found = re.fullmatch(r"'(.+)' is undefined", str(error))
    if found:
        variable = found.group(1)
        hint = f"set the variable {variable!r}, or write {{{{ {variable} | default('') }}}}"
        return InvalidInput(f"{name}, line {line}: the variable {variable!r} is missing", hint)
    text = str(error).replace("'dict object'", "the object").replace("has no attribute", "has no field")
    return InvalidInput(f"{name}, line {line}: {text}", "check the name of the field, or use the filter 'default'")


def _syntax_error(error: TemplateSyntaxError, text: str, name: str) -> InvalidInput:
    """Return the error of an invalid template, with its line and the way to write literal braces."""
    lines = text.split("\n")
    line = min(max(error.lineno, 1), len(lines))
    source = lines[line - 1].strip()
    message = f"{name}, line {line}: {(error.message or 'invalid syntax').rstrip('.')}"
    if isinstance(error, TemplateAssertionError):
        unknown = re.search(r"No filter named '(.+)'", error.message or "")
        known = [one for one in _environment.filters if one != TIMED_FILTER]
        hint = did_you_mean(unknown.group(1), known, "https://jinja.palletsprojects.com") if unknown else ""
        return InvalidInput(message, hint or "see https://jinja.palletsprojects.com")
    if "include" in message:
        return InvalidInput(message, "write the text into this template, or pass it as a variable")
    return InvalidInput(f"{message} in {source[:80]!r}" if source else message, RAW_HINT)
