"""Limits of one rendering: time, size of values and of the output."""

import time
from collections.abc import Generator, Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

MAX_TEMPLATE_CHARS = 2_000_000
MAX_OUTPUT_CHARS = 4_000_000
"""Maximum length of the output, and of all texts of one value within a template."""
MAX_ITEMS = 1_000_000
"""Maximum number of items of one value, with those of nested values."""
MAX_TAG_TOKENS = 50_000
"""Maximum number of words and signs within the tags of a template."""
MAX_WIDTH = 10_000
"""Maximum width, indent or number of items per line that a filter accepts."""
MAX_INTEGER_BITS = 4096
RENDER_SECONDS = 1.0
"""Maximum processor time of one rendering."""


class LimitExceeded(Exception):
    """Limit that a template exceeds. The text says which, with its value."""


_deadline: ContextVar[float | None] = ContextVar("template_deadline", default=None)


@contextmanager
def limit_time() -> Generator[None]:
    """Limit the processor time of the block. A nested block has no limit of its own."""
    if _deadline.get() is not None:
        yield
        return
    token = _deadline.set(time.thread_time() + RENDER_SECONDS)
    try:
        yield
    finally:
        _deadline.reset(token)


def check_time() -> None:
    """Raise LimitExceeded if the template has used its time."""
    deadline = _deadline.get()
    if deadline is not None and time.thread_time() > deadline:
        raise LimitExceeded(f"it takes longer than {RENDER_SECONDS:g} s of processor time")


def iterate(values: Iterable[Any]) -> Iterator[Any]:
    """Yield the items of a loop, and raise LimitExceeded if the template has used its time."""
    for value in values:
        check_time()
        yield value


def check_length(length: float) -> None:
    """Raise LimitExceeded if a text would be too long."""
    if length > MAX_OUTPUT_CHARS:
        raise LimitExceeded(f"a text would have more than {MAX_OUTPUT_CHARS} characters")


def check_width(value: Any) -> None:
    """Raise LimitExceeded for a width or a number of items that is too large."""
    if isinstance(value, int | float) and abs(value) > MAX_WIDTH:
        raise LimitExceeded(f"the number {value:.0f} is larger than {MAX_WIDTH}")


def check_value(value: Any) -> Any:
    """Return a value, and raise LimitExceeded if it is too large. Shared parts count as often as they occur."""
    if isinstance(value, str):
        check_length(len(value))
    elif isinstance(value, bool) or value is None:
        return value
    elif isinstance(value, int):
        if value.bit_length() > MAX_INTEGER_BITS:
            raise LimitExceeded(f"a number has more than {MAX_INTEGER_BITS} bits")
    elif isinstance(value, list | tuple | dict | set | frozenset):
        check_size(*measure(value, {}))
    return value


def check_size(items: int, chars: int) -> None:
    """Raise LimitExceeded if a value has too many items or characters."""
    check_length(chars)
    if items > MAX_ITEMS:
        raise LimitExceeded(f"a value would have more than {MAX_ITEMS} items")


def measure(value: Any, known: dict[int, tuple[int, int]]) -> tuple[int, int]:
    """Return the number of items and characters of a value. `known` are values that were measured before."""
    if isinstance(value, str):
        return 1, len(value)
    if not isinstance(value, list | tuple | dict | set | frozenset):
        return 1, 0
    if id(value) in known:
        return known[id(value)]
    items, chars = 1, 0
    parts: Iterable[Any] = (one for pair in value.items() for one in pair) if isinstance(value, dict) else value
    for part in parts:
        more_items, more_chars = measure(part, known)
        items, chars = items + more_items, chars + more_chars
    check_size(items, chars)
    known[id(value)] = items, chars
    return items, chars


def collect(values: Iterable[Any]) -> list[Any]:
    """Return the items of a lazy value as a list, and raise LimitExceeded if there are too many."""
    collected: list[Any] = []
    items = chars = 0
    for value in iterate(values):
        more_items, more_chars = measure(value, {})
        items, chars = items + more_items, chars + more_chars
        check_size(items, chars)
        collected.append(value)
    return collected


def concat(parts: Iterable[str]) -> str:
    """Return the joined parts, and raise LimitExceeded if the text is too long."""
    collected = parts if isinstance(parts, list | tuple) else list(parts)
    check_length(sum(map(len, collected)))
    return "".join(collected)
