"""Names of the program in the text of the docs: modules, client calls, files and variables exist."""

import importlib
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.docs.code_blocks import FILES, ROOT, text_outside_blocks
from vong import plugins
from vong.client import Client
from vong.config import Settings
from vong.records.span import SpanVersions

VIETNAMESE = ROOT / "README.vi.md"
NOT_SETTINGS = {"VONG_CONFIG"}


def code_spans(pattern: str) -> Iterator[tuple[str, str]]:
    """Return the code spans that match a pattern, each with its file."""
    for file in [*FILES, VIETNAMESE]:
        for span in re.findall(r"`([^`\n]+)`", text_outside_blocks(file)):
            for found in re.findall(pattern, span):
                yield file.relative_to(ROOT).as_posix(), found


def is_importable(name: str) -> bool:
    """Return whether a dotted name is a module or a member of a module."""
    module, _, attribute = name.rpartition(".")
    try:
        return hasattr(importlib.import_module(module), attribute) or bool(importlib.import_module(name))
    except ModuleNotFoundError:
        return False


def test_dotted_names_are_modules_or_members_of_one() -> None:
    groups = {f"vong.{kind}s" for kind in plugins.EXTENSION_KINDS} | {"vong.toml"}
    sources = "".join(file.read_text(encoding="utf-8") for file in (ROOT / "src" / "vong").rglob("*.py"))
    groups |= set(re.findall(r'"(vong\.[a-z_.]+)"', sources))  # span attributes
    groups |= {f"vong.{name}" for name in SpanVersions.model_fields}
    named = set(code_spans(r"^(?:python -m )?(vong(?:\.\w+)+)$"))
    assert not [(file, name) for file, name in named if name not in groups and not is_importable(name)]


def test_client_calls_exist() -> None:
    client = Client("http://127.0.0.1:1", "none")
    calls = set(code_spans(r"client\.(\w+\.\w+)"))
    assert calls
    for file, call in calls:
        namespace, method = call.split(".")
        assert hasattr(getattr(client, namespace), method), f"{file}: client.{call}"


def test_files_of_the_repository_exist() -> None:
    named = set(code_spans(r"^((?:src|tests|samples|docs|tools|benchmarks)/[\w./-]*)$"))
    assert not [(file, path) for file, path in named if not (ROOT / path).exists()]


@pytest.mark.parametrize("file", [*FILES, VIETNAMESE], ids=lambda file: file.relative_to(ROOT).as_posix())
def test_variables_are_settings(file: Path) -> None:
    known = {f"VONG_{name.upper()}" for name in Settings.model_fields} | NOT_SETTINGS
    assert set(re.findall(r"\bVONG_[A-Z_]+\b", file.read_text(encoding="utf-8"))) <= known
