"""Every name of the program that the running text uses is there: modules, client calls, files, variables."""

import importlib
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.docs.blocks import FILES, ROOT, outside
from vong import plugins
from vong.client import Client
from vong.config import Settings
from vong.records.span import SpanVersions

VIETNAMESE = ROOT / "README.vi.md"
NOT_SETTINGS = {"VONG_CONFIG"}


def spans(pattern: str) -> Iterator[tuple[str, str]]:
    """The code spans that match, each with its file."""
    for file in [*FILES, VIETNAMESE]:
        for span in re.findall(r"`([^`\n]+)`", outside(file)):
            for found in re.findall(pattern, span):
                yield file.relative_to(ROOT).as_posix(), found


def there(name: str) -> bool:
    """Whether a dotted name is a module, or something in one."""
    module, _, attribute = name.rpartition(".")
    try:
        return hasattr(importlib.import_module(module), attribute) or bool(importlib.import_module(name))
    except ModuleNotFoundError:
        return False


def test_dotted_names_are_modules_or_stand_in_one() -> None:
    groups = {f"vong.{kind}s" for kind in plugins.EXTENSION_KINDS} | {"vong.toml"}
    sources = "".join(file.read_text(encoding="utf-8") for file in (ROOT / "src" / "vong").rglob("*.py"))
    groups |= set(re.findall(r'"(vong\.[a-z_.]+)"', sources))  # attributes of spans
    groups |= {f"vong.{name}" for name in SpanVersions.model_fields}
    named = set(spans(r"^(?:python -m )?(vong(?:\.\w+)+)$"))
    assert not [(file, name) for file, name in named if name not in groups and not there(name)]


def test_client_calls_exist() -> None:
    client = Client("http://127.0.0.1:1", "none")
    calls = set(spans(r"client\.(\w+\.\w+)"))
    assert calls
    for file, call in calls:
        namespace, method = call.split(".")
        assert hasattr(getattr(client, namespace), method), f"{file}: client.{call}"


def test_files_of_the_repository_exist() -> None:
    named = set(spans(r"^((?:src|tests|samples|docs|tools|benchmarks)/[\w./-]*)$"))
    assert not [(file, path) for file, path in named if not (ROOT / path).exists()]


@pytest.mark.parametrize("file", [*FILES, VIETNAMESE], ids=lambda file: file.relative_to(ROOT).as_posix())
def test_variables_are_settings(file: Path) -> None:
    known = {f"VONG_{name.upper()}" for name in Settings.model_fields} | NOT_SETTINGS
    assert set(re.findall(r"\bVONG_[A-Z_]+\b", file.read_text(encoding="utf-8"))) <= known
