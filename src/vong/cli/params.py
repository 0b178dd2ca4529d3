"""Commands that check their values, and types of values.

Every command is made with `Group`, so that no command receives an empty name, a number that is not finite or text that
is not Unicode.
"""

import math
from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from uuid import UUID

import click
from click.core import ParameterSource

from vong.cli.output import parse_time
from vong.durations import parse_duration
from vong.errors import InvalidInput

MAX_INTEGER = 2**63 - 1
MAX_DURATION = timedelta(days=36_500)


class Command(click.Command):
    """Command that rejects values that no command can use."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Parse the arguments, and check the values that were given on the command line."""
        rest = super().parse_args(ctx, args)
        for param in self.get_params(ctx):
            if param.name and ctx.get_parameter_source(param.name) is ParameterSource.COMMANDLINE:
                for value in _flatten(ctx.params.get(param.name)):
                    if fault := _find_fault(value, param):
                        raise click.BadParameter(fault, ctx, param)
        return rest


class Group(click.Group):
    """Command group whose commands are of the class `Command`."""

    command_class = Command
    group_class = type


class TextType(click.ParamType):  # pyright: ignore[reportMissingTypeArgument]: not generic in click 8.1
    """Text that may be empty. Every other text names something, and may not be empty."""

    name = "text"


class FilePath(click.Path):
    """Path of a file or folder. Click takes an empty one for the working folder."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Return the path. Raises click.BadParameter if it is empty, or as click's type does."""
        if not str(value).strip():
            self.fail("the path is empty", param, ctx)
        return super().convert(value, param, ctx)


class TimeType(click.ParamType):  # pyright: ignore[reportMissingTypeArgument]: not generic in click 8.1
    """Time: `15m` ago, or ISO 8601, as a time in the API's format."""

    name = "time"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """Return the time. Raises click.BadParameter if the value is none."""
        try:
            time = parse_time(str(value))
        except InvalidInput as error:
            self.fail(str(error), param, ctx)
        if time is None:
            self.fail("the time is empty; write 15m, 2h, 7d, or 2026-11-22T08:00", param, ctx)
        return time


class DurationType(click.ParamType):  # pyright: ignore[reportMissingTypeArgument]: not generic in click 8.1
    """Duration: `15m`, `24h` or `30d`, up to 100 years."""

    name = "duration"

    def __init__(self, *, minimum: timedelta) -> None:
        self._minimum = minimum

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> timedelta:
        """Return the duration. Raises click.BadParameter if the value is none, or out of range."""
        duration = value if isinstance(value, timedelta) else parse_duration(str(value))
        if duration is None:
            self.fail(f"{value!r} is not a duration: write 24h or 30d", param, ctx)
        if not self._minimum <= duration <= MAX_DURATION:
            self.fail(f"{value!r} is out of range: write a duration from 1s to {MAX_DURATION.days}d", param, ctx)
        return duration


class BatchIdType(click.ParamType):  # pyright: ignore[reportMissingTypeArgument]: not generic in click 8.1
    """Id of a batch: `batch_…`, or the same as a UUID."""

    name = "batch"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> UUID:
        """Return the id. Raises click.BadParameter if the value is none."""
        try:
            return UUID(hex=str(value).removeprefix("batch_"))
        except ValueError:
            self.fail(f"{value!r} is no id of a batch; list them with: vong gateway batches list", param, ctx)


TEXT = TextType()
TIME = TimeType()
DURATION = DurationType(minimum=timedelta(seconds=1))
DURATION_OR_ZERO = DurationType(minimum=timedelta())
BATCH_ID = BatchIdType()


def parse_finite(text: str) -> float:
    """Return a finite number. Raises ValueError if the text is none."""
    number = float(text)
    if not math.isfinite(number):
        raise ValueError(text)
    return number


def _flatten(value: Any) -> Iterator[Any]:
    if isinstance(value, tuple | list):
        for item in value:
            yield from _flatten(item)
    else:
        yield value


def _find_fault(value: Any, param: click.Parameter) -> str | None:
    """Return what is wrong with a value, or None."""
    if isinstance(value, float) and not math.isfinite(value):
        return f"{value} is not a finite number"
    if isinstance(value, int) and abs(value) > MAX_INTEGER:
        return f"{value} is out of range: at most {MAX_INTEGER} is allowed"
    if not isinstance(value, str):
        return None
    if not value.strip() and not isinstance(param.type, TextType):
        return "the value is empty"
    if "\0" in value or any("\ud800" <= character <= "\udfff" for character in value):
        return f"{value!r} is not valid text"
    return None
