"""Commands `vong pull`, `vong plan` and `vong apply` with the real routes."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from click.testing import CliRunner
from fastapi.testclient import TestClient

from vong.cli import apply, plan, pull
from vong.cli.project_files import LOCK_FILE
from vong.client import Client
from vong.errors import Conflict, InvalidInput

from .conftest import FILES

MODULES: dict[str, Any] = {"pull": pull, "plan": plan, "apply": apply}


class Done(NamedTuple):
    code: int
    output: str


@pytest.fixture
def vong(connect: Callable[..., TestClient], monkeypatch: pytest.MonkeyPatch) -> Callable[..., Done]:
    client = Client("http://testserver", "unused")
    monkeypatch.setattr(client.transport, "http", connect("first"))
    for module in MODULES.values():
        monkeypatch.setattr(module, "Client", lambda: client)

    def run(command: str, *words: object) -> Done:
        done = CliRunner().invoke(MODULES[command].group, [str(word) for word in words], catch_exceptions=False)
        return Done(done.exit_code, done.output)

    run.client = client  # type: ignore[attr-defined]
    return run


def write(folder: Path) -> None:
    for path, text in FILES.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text, encoding="utf-8")
    (folder / "README.md").write_text("not a project file", encoding="utf-8")


def test_a_folder_is_planned_applied_and_pulled(vong: Callable[..., Done], tmp_path: Path) -> None:
    write(tmp_path)
    planned = vong("plan", tmp_path, "--check")
    assert planned.code == 2 and f"{len(FILES)} to create" in planned.output
    assert vong("apply", tmp_path, "--yes").code == 0
    assert vong("plan", tmp_path, "--check").code == 0
    assert not (tmp_path / LOCK_FILE).exists()  # as in CI: the base is what was last applied
    assert vong("pull", tmp_path).code == 0
    assert "# the comment stays" in (tmp_path / "pipelines/echo.yaml").read_text()
    assert LOCK_FILE in (tmp_path / ".gitignore").read_text()
    schema = json.loads((tmp_path / "schemas/pipelines.json").read_text())
    assert "labels" in schema["properties"]
    route = tmp_path / "routes/support.yaml"
    route.write_text(route.read_text().replace("retries: 2", "retries: 5"))
    shown = vong("plan", tmp_path)
    assert shown.code == 0 and "policy.retries: 2 → 5" in shown.output
    assert json.loads(vong("apply", tmp_path, "--yes", "--json").output)["applied"]
    assert vong("plan", tmp_path, "--check").code == 0  # the lock file has the new state


def test_changes_here_and_on_the_server_are_conflicts(vong: Callable[..., Done], tmp_path: Path) -> None:
    write(tmp_path)
    vong("apply", tmp_path, "--yes")
    vong("pull", tmp_path)
    client: Client = vong.client  # type: ignore[attr-defined]
    client.gateway.set_route("support", {"echo/other": 1})
    route = tmp_path / "routes/support.yaml"
    mine = route.read_text().replace("retries: 2", "retries: 7")
    route.write_text(mine)
    assert vong("plan", tmp_path).code == 1
    with pytest.raises(Conflict, match="changed on the server"):
        vong("apply", tmp_path, "--yes")
    with pytest.raises(Conflict, match=r"routes/support\.yaml"):
        vong("pull", tmp_path)
    assert route.read_text() == mine
    assert vong("pull", tmp_path, "--force").code == 0
    assert "echo/other" in route.read_text()
    other = tmp_path / "prompts/short.yaml"
    other.write_text(other.read_text().replace("text }}", "text }}!"))
    pulled = vong("pull", tmp_path)  # changed only here: kept
    assert pulled.code == 0 and "kept, edited here" in pulled.output and "text }}!" in other.read_text()
    client.gateway.set_route("support", {"echo/third": 1})
    assert vong("pull", tmp_path).code == 0 and "echo/third" in route.read_text()  # changed only on the server
    client.gateway.delete_route("support")
    assert vong("pull", tmp_path).code == 0 and not route.exists()


def test_a_forced_pull_discards_what_was_edited_here_only(vong: Callable[..., Done], tmp_path: Path) -> None:
    write(tmp_path)
    vong("apply", tmp_path, "--yes")
    vong("pull", tmp_path)
    route, short, pipeline = (
        tmp_path / name for name in ("routes/support.yaml", "prompts/short.yaml", "pipelines/echo.yaml")
    )
    commented, before = pipeline.read_text(), short.read_text()
    route.write_text("targets: [")
    short.write_text(before.replace("text }}", "text }}!"))
    (tmp_path / "prompts/new.yaml").write_text(before)
    pulled = vong("pull", tmp_path, "--force")
    assert pulled.code == 0 and "retries: 2" in route.read_text() and "text }}!" not in short.read_text()
    assert pipeline.read_text() == commented, "a file with the content of the server keeps its comments"
    assert (tmp_path / "prompts/new.yaml").exists(), "a file without an object on the server is kept"
    (tmp_path / "prompts/new.yaml").unlink()
    assert vong("plan", tmp_path, "--check").code == 0


def test_a_byte_order_mark_and_windows_line_ends_are_no_change(vong: Callable[..., Done], tmp_path: Path) -> None:
    write(tmp_path)
    vong("apply", tmp_path, "--yes")
    for path in FILES:
        content = (tmp_path / path).read_bytes()
        (tmp_path / path).write_bytes(b"\xef\xbb\xbf" + content.replace(b"\n", b"\r\n"))
    planned = vong("plan", tmp_path, "--check")
    assert planned.code == 0 and f"{len(FILES)} unchanged" in planned.output


def test_problems_are_listed_with_their_files(vong: Callable[..., Done], tmp_path: Path) -> None:
    (tmp_path / "pipelines").mkdir()
    (tmp_path / "pipelines/bad.yaml").write_text("steps: {a: {kind: telegraph}}\n")
    planned = vong("plan", tmp_path)
    assert planned.code == 1 and "pipelines/bad.yaml: a.kind: no kind of step named 'telegraph'" in planned.output
    with pytest.raises(InvalidInput, match="nothing was applied"):
        vong("apply", tmp_path, "--yes")
    (tmp_path / LOCK_FILE).write_text("{")
    with pytest.raises(InvalidInput, match="is broken"):
        vong("plan", tmp_path)
    (tmp_path / LOCK_FILE).unlink()
    (tmp_path / "pipelines/bad.yaml").write_bytes(b"\xff")
    with pytest.raises(InvalidInput, match="not UTF-8"):
        vong("plan", tmp_path)
