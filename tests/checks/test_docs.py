"""Check that the hand-written docs name every route and command. `test_reference.py` checks the generated pages."""

import importlib
import re
from pathlib import Path

import pytest

from tests.checks.test_stages import all_commands
from tools import reference
from vong.api.app import ROUTES

DOCS = Path(__file__).parents[2] / "docs"
GENERATED = {reference.FOLDER / name for name in reference.PAGES}
TEXT = "\n".join(file.read_text(encoding="utf-8") for file in sorted(DOCS.rglob("*.md")) if file not in GENERATED)
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
