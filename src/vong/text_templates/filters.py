"""Filters and methods that templates may use. Each result is limited in size."""

import functools
import html
import json
import re
import types
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from jinja2 import Undefined
from jinja2.filters import FILTERS, make_attrgetter
from jinja2.runtime import Context, LoopContext, Macro
from jinja2.utils import Namespace, pass_environment

from vong.text_templates import limits
from vong.text_templates.limits import LimitExceeded

JINJA_FILTERS: Mapping[str, Callable[..., Any]] = FILTERS
EXCLUDED_FILTERS = {"forceescape", "pprint", "random", "striptags", "urlize", "xmlattr"}
"""Filters whose result differs from call to call, is meant for HTML, or takes too long for some texts."""
TEXT_METHODS = frozenset(
    {
        *("capitalize", "casefold", "center", "count", "endswith", "find", "index", "isalnum", "isalpha", "isascii"),
        *("isdecimal", "isdigit", "isidentifier", "islower", "isnumeric", "isprintable", "isspace", "istitle"),
        *("isupper", "join", "ljust", "lower", "lstrip", "partition", "removeprefix", "removesuffix", "replace"),
        *("rfind", "rindex", "rjust", "rpartition", "rsplit", "rstrip", "split", "splitlines", "startswith", "strip"),
        *("swapcase", "title", "upper", "zfill"),
    }
)
METHODS: dict[type, frozenset[str]] = {
    str: TEXT_METHODS,
    dict: frozenset({"copy", "get", "items", "keys", "values"}),
    list: frozenset({"copy", "count", "index"}),
    tuple: frozenset({"count", "index"}),
    float: frozenset({"is_integer"}),
}
"""Methods that templates may call, by type."""
PADDING_METHODS = {"center", "ljust", "rjust", "zfill"}
WIDTH_FILTERS = {"batch", "center", "indent", "slice", "round", "wordwrap"}
LARGE_WIDTH = re.compile(r"\d{5,}|\*")
"""Part of a format that pads to 10,000 characters or more, or takes the width from a value."""
MAX_ROUNDING_DIGITS = 20


def to_text(value: Any) -> str:
    """Return a value as a template writes it: text as it is, null as nothing, everything else as JSON.

    Raises: TypeError if the value is a function or another value without a text.
    """
    if isinstance(value, str):
        return str(value)
    if value is None:
        return ""
    if isinstance(value, bool | int | float):
        return json.dumps(value)
    if isinstance(value, Undefined | Macro):
        return str(value)
    if isinstance(value, types.BuiltinMethodType | types.MethodType | types.FunctionType):
        raise TypeError(f"{value.__name__!r} is a function: call it with ()")
    return to_json(value)


def to_json(value: Any, indent: int | None = None) -> str:
    """Return a value as JSON. Letters of all languages stay as they are."""
    limits.check_value(value)
    limits.check_width(indent)
    return json.dumps(value, ensure_ascii=False, indent=indent, default=_to_json_value)


def to_json_value(value: Any) -> Any:
    """Return the value of an expression as a JSON value.

    Raises: TypeError if it is none.
    """
    if value is None or isinstance(value, bool | int | float):
        return value
    if isinstance(value, str):
        return str(value)
    if isinstance(value, Mapping):
        return {str(key): to_json_value(one) for key, one in value.items()}
    if isinstance(value, list | tuple | range | set | frozenset | Iterator) or type(value).__name__.startswith("dict_"):
        return [to_json_value(one) for one in limits.collect(value)]
    return _to_json_value(value)


def _to_json_value(value: Any) -> Any:
    if isinstance(value, range | set | frozenset | Iterator) or type(value).__name__.startswith("dict_"):
        return limits.collect(value)
    if isinstance(value, Undefined):
        return str(value)  # raises the error of the variable
    raise TypeError(f"a value of type {type(value).__name__!r} cannot be written")


def call(context: Context, function: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """Call a method or function of a template if templates may use it.

    Raises: SecurityError if they may not.
    """
    limits.check_time()
    if isinstance(function, types.BuiltinMethodType):
        _check_method(function, args)
    elif isinstance(function, Undefined):
        function()  # raises the error of the variable
    elif not (
        isinstance(function, Macro | LoopContext)
        or function in ALLOWED_FUNCTIONS
        or getattr(function, "__self__", None).__class__ is LoopContext
    ):
        from jinja2.exceptions import SecurityError

        raise SecurityError(f"a value of type {type(function).__name__!r} cannot be called")
    return limits.check_value(context.call(function, *args, **kwargs))


def _check_method(method: types.BuiltinMethodType, args: tuple[Any, ...]) -> None:
    from jinja2.exceptions import SecurityError

    owner, name = method.__self__, method.__name__
    if name not in METHODS.get(type(owner), frozenset()):
        raise SecurityError(f"the method {name!r} of a value of type {type(owner).__name__!r} is not allowed")
    if name in PADDING_METHODS:
        limits.check_width(args[0] if args else 0)
    if isinstance(owner, str) and name == "join" and args:
        limits.check_length(_joined_length(limits.collect(args[0]), owner))
    if isinstance(owner, str) and name == "replace" and len(args) >= 2:
        check_replacement(owner, str(args[0]), str(args[1]))


def check_replacement(text: str, old: str, new: str) -> None:
    """Raise LimitExceeded if the text would be too long after replacing."""
    if len(new) > len(old):
        count = text.count(old) if old else len(text) + 1
        limits.check_length(len(text) + count * (len(new) - len(old)))


def check_format(text: str) -> None:
    """Raise LimitExceeded if a format of `%` pads to a large or unknown width."""
    if LARGE_WIDTH.search(text):
        raise LimitExceeded("a format has a width of 5 digits or more, or '*'")


def _joined_length(parts: list[Any], separator: str) -> int:
    return sum(len(part) for part in parts if isinstance(part, str)) + len(separator) * len(parts)


def _bounded_range(*args: int) -> range:
    numbers = range(*args)
    if len(numbers) > 100_000:
        raise LimitExceeded(f"a range has {len(numbers)} numbers, and 100000 are allowed")
    return numbers


@pass_environment
def _join(environment: Any, value: Any, separator: str = "", attribute: str | int | None = None) -> str:
    values = value if attribute is None else map(make_attrgetter(environment, attribute), value)
    parts = [to_text(one) for one in limits.collect(values)]
    limits.check_length(_joined_length(parts, separator))
    return str(separator).join(parts)


@pass_environment
def _sum(environment: Any, value: Any, attribute: str | int | None = None, start: float = 0) -> Any:
    values = value if attribute is None else map(make_attrgetter(environment, attribute), value)
    numbers = limits.collect(values)
    for number in (start, *numbers):
        if not isinstance(number, int | float):
            raise TypeError(f"the filter 'sum' adds numbers, and there is a value of type {type(number).__name__!r}")
    return sum(numbers, start)


def _replace(text: Any, old: str, new: str, count: int = -1) -> str:
    text = to_text(text)
    check_replacement(text, old, new)
    return text.replace(old, new, count)


def _format(text: str, *args: Any, **kwargs: Any) -> str:
    check_format(text)
    return str(text) % (kwargs or args)


def _round(value: float, precision: int = 0, method: str = "common") -> float:
    if abs(precision) > MAX_ROUNDING_DIGITS:
        raise LimitExceeded(f"the precision {precision} is larger than {MAX_ROUNDING_DIGITS}")
    return JINJA_FILTERS["round"](value, precision, method)


@pass_environment
def _wordwrap(
    environment: Any,
    text: str,
    width: int = 79,
    break_long_words: bool = True,
    wrapstring: str | None = None,
    break_on_hyphens: bool = True,
) -> str:
    lines = len(text) // max(width, 1) + text.count("\n") + text.count(" ") + 1
    limits.check_length(len(text) + lines * len(wrapstring or "\n"))
    return JINJA_FILTERS["wordwrap"](environment, text, width, break_long_words, wrapstring, break_on_hyphens)


def _bound(name: str, function: Callable[..., Any]) -> Callable[..., Any]:
    """Return a filter whose numbers and result are limited. A lazy result becomes a list."""

    @functools.wraps(function)  # keeps the marks of functions that need the environment
    def bounded(*args: Any, **kwargs: Any) -> Any:
        limits.check_time()
        if name in WIDTH_FILTERS:
            for number in (*args[1:], *kwargs.values()):
                limits.check_width(number)
        if name == "indent":
            _check_indent(*args, **kwargs)
        result = function(*args, **kwargs)
        if isinstance(result, types.GeneratorType):
            return limits.collect(result)
        return limits.check_value(result)

    return bounded


def _check_indent(text: str, width: int | str = 4, *_: Any, **__: Any) -> None:
    size = len(width) if isinstance(width, str) else width
    limits.check_length(len(text) + (text.count("\n") + 1) * size)


def build_filters() -> dict[str, Callable[..., Any]]:
    """Return the filters by name."""
    own: dict[str, Callable[..., Any]] = {
        "e": lambda value: html.escape(to_text(value)),
        "escape": lambda value: html.escape(to_text(value)),
        "format": _format,
        "join": _join,
        "list": limits.collect,
        "replace": _replace,
        "round": _round,
        "safe": to_text,
        "string": to_text,
        "sum": _sum,
        "tojson": to_json,
        "wordwrap": _wordwrap,
    }
    chosen = {name: function for name, function in JINJA_FILTERS.items() if name not in EXCLUDED_FILTERS}
    return {name: _bound(name, function) for name, function in {**chosen, **own}.items()}


GLOBALS: dict[str, Any] = {"dict": dict, "namespace": Namespace, "range": _bounded_range}
ALLOWED_FUNCTIONS = tuple(GLOBALS.values())
