"""All commands of `vong`, with a valid value for every parameter."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import click

from vong.cli.main import COMMANDS, vong
from vong.cli.params import BatchIdType, DurationType, TextType, TimeType

UUID_TEXT = "01890a5d-ac96-774b-bcce-b302099a8057"
ENDLESS = {"traces tail", "jobs logs", "quickstart"}
PROCESSES = {"up", "down", "status", "doctor", "rekey", "quickstart", "config show"}
"""Commands about processes and settings of this machine, which call no server or start one."""
FILE_TEXTS: Mapping[str, str] = {"evidence": "{}", "plan": "{}", "tree": "{}"}
TEXT_VALUES: Mapping[tuple[str, str], str] = {
    ("gateway limits set", "subject"): "project",
    ("gateway limits set", "bounds"): "requests/minute=60",
    ("gateway budgets set", "subject"): "project",
    ("gateway prices set", "token_prices"): "cache_write=1",
    ("gateway routes set", "targets"): "echo/echo=1",
    ("gateway routes set", "times"): "total=60",
    ("gateway routes set", "cache"): "exact",
    ("gateway routes set", "capture"): "full",
    ("gateway routes set", "shadow"): "echo/echo=0.5",
    ("gateway guards create", "name"): "pii",
    ("gateway guards create", "settings"): "a=1",
    ("training start", "settings"): "epochs=1",
    ("training plan", "settings"): "epochs=1",
    ("data split", "into"): "train=0.8,test=0.2",
    ("data rows", "where"): "a=b",
    ("data rows", "labels"): "a=b",
    ("data import", "options"): "output=label",
    ("data preview", "options"): "output=label",
}
"""Texts with a syntax of their own."""
BAD_NUMBERS = ("nan", "inf", "-inf", "1e999", "x", "", "-1e300", "١²")
BAD_INTEGERS = ("nan", "1.5", "x", "", "9" * 30, "9" * 5000, "-" + "9" * 30, "²")
BAD_NAMES = ("", "  ", "\t", "a\udcffb")
BAD_IDS = ("", "nope", "..", "0" * 31, "../x", "é")
BAD_TIMES = ("", "nope", "999999999d", "9" * 5000 + "d", "-1d", "2026-13-01", "²d")


class Leaf(NamedTuple):
    """Command with its words on the command line."""

    words: str
    command: click.Command


def all_commands() -> list[Leaf]:
    """Return all commands that do something."""
    return [leaf for name in COMMANDS for leaf in _leaves(name, vong.get_command(click.Context(vong), name))]


def _leaves(words: str, command: click.Command | None) -> Iterator[Leaf]:
    assert command is not None
    if isinstance(command, click.Group):
        for name, child in command.commands.items():
            yield from _leaves(f"{words} {name}", child)
    else:
        yield Leaf(words, command)


def bad_values(kind: Any) -> tuple[str, ...]:
    """Return values that no command can use as a value of that type."""
    if isinstance(kind, BatchIdType) or kind is click.UUID:
        return BAD_IDS
    if isinstance(kind, TimeType | DurationType):
        return BAD_TIMES
    if isinstance(kind, click.Choice):
        return ("", "nope", "é")
    if isinstance(kind, click.Path | click.File):
        return ("",) if isinstance(kind, click.Path) and not kind.exists else ("", "/nope/nope")
    if isinstance(kind, click.types.IntParamType):
        return (*BAD_INTEGERS, *(("-1",) if isinstance(kind, click.IntRange) else ()))
    if isinstance(kind, click.types.FloatParamType):
        return (*BAD_NUMBERS, *(("-0.5",) if isinstance(kind, click.FloatRange) else ()))
    return ("a\udcffb",) if isinstance(kind, TextType) else BAD_NAMES


def valid_value(leaf: Leaf, param: click.Parameter, folder: Path) -> str:
    """Return a valid value of a parameter."""
    kind: Any = param.type
    name = param.name or ""
    if isinstance(kind, BatchIdType) or kind is click.UUID:
        return UUID_TEXT
    if isinstance(kind, TimeType | DurationType):
        return "1h"
    if isinstance(kind, click.Choice):
        return str(kind.choices[0])
    if isinstance(kind, click.Path | click.File) or name in {"file", "tree"}:
        file = folder / f"{name}.jsonl"
        file.write_text(FILE_TEXTS.get(name, '{"prompt": "a", "completion": "b"}\n'))
        return str(file)
    if isinstance(kind, click.types.FloatParamType):
        return "0.5"
    if isinstance(kind, click.types.IntParamType):
        return "2"
    return TEXT_VALUES.get((leaf.words, name), "name")


def arguments(leaf: Leaf, folder: Path, replaced: click.Parameter | None = None, value: str = "") -> list[str]:
    """Return the words of a command with all that it requires, and one parameter set to a value."""
    options, positional = list[str](), list[str]()
    for param in leaf.command.params:
        text = value if param is replaced else valid_value(leaf, param, folder)
        if isinstance(param, click.Argument):
            positional.append(text)
        elif param is replaced or param.required:
            options += [param.opts[0], text]
    if any("--detach" in param.opts for param in leaf.command.params):
        options.append("--detach")
    return [*leaf.words.split(), *options, "--", *positional]
