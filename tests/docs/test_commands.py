"""Commands in the docs: each exists, with its options and arguments."""

import ast
import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from tests.docs.code_blocks import FILES, ROOT, all_blocks, text_outside_blocks
from vong.cli.main import COMMANDS, vong
from vong.cli.params import BatchIdType

FILES_IN_LINES = (
    "tickets.jsonl",
    "answer.yaml",
    "app.yml",
    "ask.yaml",
    "attacks.csv",
    "giskard_meta_data.csv",
    "prompt_injections.csv",
    "questions.csv",
    "manual.pdf",
    "Export.zip",
    "questions.jsonl",
    "comparison.json",
    "plan.json",
    "judge.json",
    "night.jsonl",
    "rows.jsonl",
    "pairs.jsonl",
    "votes.jsonl",
    "samples/tickets.jsonl",
    "policy.yaml",
    "suite.yaml",
    "outputs.jsonl",
    "out.json",
    "logs/TASK.eval",
    "out/MODEL/results_DATE.json",
    "out/MODEL/samples_TASK_DATE.jsonl",
)
FOLDERS_IN_LINES = ("docs", "logs", "out/MODEL", "samples/handbook", "samples/handbook_source", "vong")
SHELL = {"", "console", "text", "sh"}


def shell_lines() -> Iterator[tuple[str, str]]:
    """Yield each `vong …` line of a shell block with its location. A backslash joins the next line."""
    for block in all_blocks():
        if block.info not in SHELL:
            continue
        text = re.sub(r"\\\n\s*", " ", block.text)
        for line in text.splitlines():
            if re.match(r"(\$ )?vong ", line):
                yield f"{block.file}:{block.line}", line.removeprefix("$ ")


def code_spans() -> Iterator[tuple[str, str]]:
    """Yield each `vong …` in text and tables."""
    for file in FILES:
        for span in re.findall(r"`(vong (?!COMMAND)[^`<]+)`", text_outside_blocks(file)):
            yield file.relative_to(ROOT).as_posix(), span


def resolve(words: list[str]) -> tuple[click.Command, list[str]]:
    """Return the command that the words name, and the remaining words."""
    command: click.Command = vong
    rest = words[1:]
    while isinstance(command, click.Group) and rest:
        found = command.get_command(click.Context(command), rest[0])
        assert found is not None, f"there is no command `{' '.join(words[: len(words) - len(rest) + 1])}`"
        command, rest = found, rest[1:]
    return command, rest


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Create the files that a line may name."""
    made = tmp_path_factory.mktemp("shell")
    for name in FOLDERS_IN_LINES:
        (made / name).mkdir(parents=True)
    for name in FILES_IN_LINES:
        (made / name).write_text("{}")
    return made


@pytest.mark.parametrize(("place", "line"), list(shell_lines()))
def test_commands_in_shell_blocks_are_parsed(
    place: str, line: str, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(folder)
    words = shlex.split(line, comments=True)
    command, rest = resolve(words)
    named = isinstance(command, click.Group) and not command.invoke_without_command
    assert not named, f"{place}: `{line}` names a group; which command of it?"
    for param in command.params:
        if param.type is click.UUID or isinstance(param.type, BatchIdType):  # the docs write ID
            monkeypatch.setattr(param, "type", click.STRING)
    command.make_context(" ".join(words[: len(words) - len(rest)]), rest)  # parses only


@pytest.mark.parametrize(("place", "span"), sorted(set(code_spans())))
def test_commands_in_text_exist_with_their_options(place: str, span: str) -> None:
    command, rest = resolve(re.sub(r"[\[\]…]", " ", span).split())
    assert {word for word in rest if word.startswith("-")} <= options(command), f"{place}: `{span}`"


def options(command: click.Command) -> set[str]:
    found = (option for parameter in command.params for option in (*parameter.opts, *parameter.secondary_opts))
    return {*found, "--help"}


def literal_text(node: ast.AST) -> str:
    """Return the text of a string, or of an f-string without its values."""
    if isinstance(node, ast.JoinedStr):
        return "".join(literal_text(part) or "VALUE" for part in node.values)
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else ""


def commands_in_program_texts() -> Iterator[tuple[str, str]]:
    """Yield each `vong …` in string literals of the program, such as errors, hints and help texts."""
    for file in sorted((ROOT / "src").rglob("*.py")):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            for hint in re.findall(r"\bvong ([a-z][a-z-]*(?: [-\w]+)*)", literal_text(node)):
                if hint.split()[0] in COMMANDS:
                    yield f"{file.relative_to(ROOT).as_posix()}:{getattr(node, 'lineno', 0)}", f"vong {hint}"


def test_commands_in_program_texts_exist_with_their_options() -> None:
    wrong = [f"{place}: {hint}" for place, hint in commands_in_program_texts() if not check_command(hint.split())]
    assert not wrong, wrong


def check_command(words: list[str]) -> bool:
    try:
        command, rest = resolve(words)
    except AssertionError:
        return False
    return {word for word in rest if word.startswith("--")} <= options(command)
