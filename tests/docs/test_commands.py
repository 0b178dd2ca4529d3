"""Every command that the docs show is one: it has that name, these options, and takes these arguments."""

import ast
import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from tests.docs.blocks import FILES, ROOT, every_block, outside
from vong.cli.main import COMMANDS, vong

FILES_THAT_LINES_NAME = ("tickets.jsonl", "questions.jsonl", "comparison.json", "plan.json", "night.jsonl")
SHELL = {"", "console", "text", "sh"}


def lines() -> Iterator[tuple[str, str]]:
    """Each `vong …` line of a shell block with its place; lines that end in a backslash are joined to the next."""
    for block in every_block():
        if block.info not in SHELL:
            continue
        text = re.sub(r"\\\n\s*", " ", block.text)
        for line in text.splitlines():
            if re.match(r"(\$ )?vong ", line):
                yield f"{block.file}:{block.line}", line.removeprefix("$ ")


def spans() -> Iterator[tuple[str, str]]:
    """Each `vong …` in the running text and in tables."""
    for file in FILES:
        for span in re.findall(r"`(vong (?!COMMAND)[^`<]+)`", outside(file)):
            yield file.relative_to(ROOT).as_posix(), span


def resolve(words: list[str]) -> tuple[click.Command, list[str]]:
    """The command that the words name, and what follows."""
    command: click.Command = vong
    rest = words[1:]
    while isinstance(command, click.Group) and rest:
        found = command.get_command(click.Context(command), rest[0])
        assert found is not None, f"there is no command `{' '.join(words[: len(words) - len(rest) + 1])}`"
        command, rest = found, rest[1:]
    return command, rest


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The files that a line may name."""
    made = tmp_path_factory.mktemp("shell")
    for name in FILES_THAT_LINES_NAME:
        (made / name).write_text("{}")
    (made / "samples" / "handbook").mkdir(parents=True)
    return made


@pytest.mark.parametrize(("place", "line"), list(lines()))
def test_a_line_of_a_shell_block_parses(place: str, line: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder)
    words = shlex.split(line, comments=True)
    command, rest = resolve(words)
    named = isinstance(command, click.Group) and not command.invoke_without_command
    assert not named, f"{place}: `{line}` names a group; which command of it?"
    command.make_context(" ".join(words[: len(words) - len(rest)]), rest)  # parses; runs nothing


@pytest.mark.parametrize(("place", "span"), sorted(set(spans())))
def test_a_command_in_the_running_text_exists_with_its_options(place: str, span: str) -> None:
    command, rest = resolve(re.sub(r"[\[\]…]", " ", span).split())
    assert {word for word in rest if word.startswith("-")} <= options(command), f"{place}: `{span}`"


def options(command: click.Command) -> set[str]:
    found = (option for parameter in command.params for option in (*parameter.opts, *parameter.secondary_opts))
    return {*found, "--help"}


def said(node: ast.AST) -> str:
    """The text of a string or of an f-string, its values left out."""
    if isinstance(node, ast.JoinedStr):
        return "".join(said(part) or "VALUE" for part in node.values)
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else ""


def hints() -> Iterator[tuple[str, str]]:
    """Each `vong …` in the strings of the program itself: errors, hints and help name the next step."""
    for file in sorted((ROOT / "src").rglob("*.py")):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            for hint in re.findall(r"\bvong ([a-z][a-z-]*(?: [-\w]+)*)", said(node)):
                if hint.split()[0] in COMMANDS:
                    yield f"{file.relative_to(ROOT).as_posix()}:{getattr(node, 'lineno', 0)}", f"vong {hint}"


def test_every_command_that_the_program_names_exists_with_its_options() -> None:
    wrong = [f"{place}: {hint}" for place, hint in hints() if not exists(hint.split())]
    assert not wrong, wrong


def exists(words: list[str]) -> bool:
    try:
        command, rest = resolve(words)
    except AssertionError:
        return False
    return {word for word in rest if word.startswith("--")} <= options(command)
