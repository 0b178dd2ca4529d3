"""Docs are tested for completeness: what the program has and the docs do not name is named here."""

import importlib
import re
from pathlib import Path

import pytest

from tests.checks.test_places import all_commands
from vong import config, errors, plugins
from vong.api.app import ROUTES
from vong.errors import VongError

DOCS = Path(__file__).parents[2] / "docs"
GENERATED = {"commands.md", "routes.md"}
TEXT = "\n".join(file.read_text(encoding="utf-8") for file in sorted(DOCS.rglob("*.md")) if file.name not in GENERATED)
HIDDEN = {"/api/openapi.json", "/api/docs"}


def routes() -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    for name in ROUTES:
        router = importlib.import_module(f"vong.api.routes.{name}").routes
        found += [(method, route.path) for route in router.routes for method in route.methods]
    return sorted(found)


@pytest.mark.parametrize(("method", "path"), routes())
def test_every_route_is_documented(method: str, path: str) -> None:
    pattern = re.sub(r"\\\{[^}]*\\\}", r"\\{[^}]*\\}", re.escape(path.replace(":path}", "}")))
    assert re.search(rf"{method}[^\n]*{pattern}(?![/\w])", TEXT), f"name `{method} {path}` in docs/"


@pytest.mark.parametrize("command", [" ".join(path) for path, _ in all_commands()])
def test_every_command_is_documented(command: str) -> None:
    assert command in TEXT, f"name `{command}` in docs/"


@pytest.mark.parametrize("setting", sorted(config.Settings.model_fields))
def test_every_setting_is_documented(setting: str) -> None:
    assert f"`{setting}`" in TEXT


KINDS = sorted({kind.code for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, VongError)})


@pytest.mark.parametrize("code", KINDS)
def test_every_error_code_is_documented(code: str) -> None:
    assert f"`{code}`" in TEXT


@pytest.mark.parametrize("kind", plugins.EXTENSION_KINDS)
def test_every_plugin_kind_and_built_in_is_documented(kind: plugins.ExtensionKind) -> None:
    assert f"`vong.{kind}s`" in TEXT
    assert not [name for name in plugins.list_extensions(kind) if f"`{name}`" not in TEXT]
