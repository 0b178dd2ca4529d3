"""How commands print: data to stdout, all else to stderr, `--json` everywhere; and how they read a moment."""

import json
import sys
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

import click
from pydantic import BaseModel

from vong.errors import InvalidInput

UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}
F = TypeVar("F", bound=Callable[..., Any])


def json_option(command: F) -> F:
    """The `--json` flag, passed as `as_json`."""
    return click.option("--json", "as_json", is_flag=True, help="Print JSON.")(command)


def plain(value: Any) -> Any:
    """A record, or a list or dict of records, as plain JSON values."""
    if isinstance(value, BaseModel):
        return value.model_dump(mode="json")
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    if isinstance(value, dict):
        return {str(key): plain(item) for key, item in value.items()}
    return value


def emit(value: Any, as_json: bool, columns: Sequence[str] = ()) -> None:
    """Print a record or a list of them: as JSON, or as a table of these columns (all where none are named)."""
    value = plain(value)
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
    """Aligned columns, readable without colour and by other programs."""
    if not rows:
        click.echo("none", err=True)
        return
    names = list(columns or rows[0])
    cells = [[cell(row.get(name)) for name in names] for row in rows]
    widths = [max(len(name), *(len(line[i]) for line in cells)) for i, name in enumerate(names)]
    for line in [names, *cells]:
        click.echo("  ".join(text.ljust(width) for text, width in zip(line, widths, strict=True)).rstrip())


def cell(value: Any) -> str:
    """One value on one line."""
    if value is None:
        return "-"
    if isinstance(value, float):
        return f"{value:.4g}"
    if isinstance(value, dict | list):
        return json.dumps(value, ensure_ascii=False, default=str)
    return str(value).replace("\n", " ")


def note(text: str) -> None:
    """Something for the person, not for a pipe."""
    print(text, file=sys.stderr, flush=True)  # noqa: T201


def moment(text: str | None) -> str | None:
    """A moment as the API takes it, from `15m` (ago), or from ISO 8601 in local time where it names no offset."""
    if not text:
        return None
    if text[-1] in UNITS and text[:-1].isdigit():
        return (datetime.now(UTC) - timedelta(**{UNITS[text[-1]]: int(text[:-1])})).isoformat()
    try:
        return datetime.fromisoformat(text).astimezone(UTC).isoformat()
    except ValueError:
        raise InvalidInput(f"{text!r} is no moment", "write 15m, 2h, 7d, or 2026-11-22T08:00") from None


def lasting(text: str) -> timedelta:
    """A time, from `15m`, `24h` or `30d`."""
    if text and text[-1] in UNITS and text[:-1].isdigit():
        return timedelta(**{UNITS[text[-1]]: int(text[:-1])})
    raise click.BadParameter(f"{text!r} is no time: write 24h, 30d")
