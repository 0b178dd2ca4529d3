"""Output of commands (data to stdout, messages to stderr, `--json` everywhere) and parsing of times."""

import json
import sys
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any, TypeVar

import click
from pydantic import BaseModel

from vong.durations import parse_duration
from vong.errors import InvalidInput

F = TypeVar("F", bound=Callable[..., Any])


def json_option(command: F) -> F:
    """Add the `--json` flag, passed as `as_json`."""
    return click.option("--json", "as_json", is_flag=True, help="Print JSON.")(command)


def to_json_values(value: Any) -> Any:
    """Return a record, or a list or dict of records, as JSON values."""
    if isinstance(value, BaseModel):
        return value.model_dump(mode="json")
    if isinstance(value, list | tuple):
        return [to_json_values(item) for item in value]
    if isinstance(value, dict):
        return {str(key): to_json_values(item) for key, item in value.items()}
    return value


def emit(value: Any, as_json: bool, columns: Sequence[str] = ()) -> None:
    """Print a record or a list of records as JSON, or as a table of these columns (default: all)."""
    value = to_json_values(value)
    if as_json:
        click.echo(json.dumps(value, ensure_ascii=False, indent=2, default=str))
    elif isinstance(value, list):
        table([row if isinstance(row, dict) else {"value": row} for row in value], columns)
    elif isinstance(value, dict):
        width = max((len(name) for name in value), default=0)
        for name in columns or value:
            click.echo(f"{name:<{width}}  {cell(value.get(name))}")
    else:
        click.echo(value)


def table(rows: Sequence[dict[str, Any]], columns: Sequence[str] = ()) -> None:
    """Print aligned columns, without colour, readable by other programs."""
    if not rows:
        click.echo("none", err=True)
        return
    names = list(columns or rows[0])
    cells = [[cell(row.get(name)) for name in names] for row in rows]
    widths = [max(len(name), *(len(line[i]) for line in cells)) for i, name in enumerate(names)]
    for line in [names, *cells]:
        click.echo("  ".join(text.ljust(width) for text, width in zip(line, widths, strict=True)).rstrip())


def cell(value: Any) -> str:
    """Return one value as text on one line."""
    if value is None:
        return "-"
    if isinstance(value, float):
        return f"{value:.4g}"
    if isinstance(value, dict | list):
        return json.dumps(value, ensure_ascii=False, default=str)
    return str(value).replace("\n", " ")


def print_message(text: str) -> None:
    """Print a message for the user to stderr."""
    print(text, file=sys.stderr, flush=True)  # noqa: T201


def parse_time(text: str | None) -> str | None:
    """Return a time in the API's format, from `15m` (ago) or ISO 8601 (local time without an offset)."""
    if not text:
        return None
    ago = parse_duration(text)
    try:
        time = datetime.now(UTC) - ago if ago is not None else datetime.fromisoformat(text).astimezone(UTC)
        return time.isoformat()
    except (ValueError, OverflowError):
        raise InvalidInput(f"{text!r} is not a time", "write 15m, 2h, 7d, or 2026-11-22T08:00") from None
