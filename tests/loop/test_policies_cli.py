"""Commands of loop policies with the real routes."""

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from fastapi.testclient import TestClient

from vong.cli import loop as commands
from vong.cli import loop_policies
from vong.client import Client

from .test_loop_policies import DEFINITION, Users, http, platform, users

__all__ = ["http", "platform", "users"]


@pytest.fixture
def vong(http: TestClient, monkeypatch: pytest.MonkeyPatch) -> Any:
    client = Client("http://testserver", "unused")
    monkeypatch.setattr(client.transport, "http", http)
    monkeypatch.setattr(loop_policies, "Client", lambda: client)

    def run(*words: str, answer: str | None = None) -> str:
        done = CliRunner().invoke(commands.group, ["policies", *words], catch_exceptions=False, input=answer)
        assert done.exit_code == 0, done.output
        return done.output

    return run


def test_a_policy_is_created_watched_and_its_run_shown(vong: Any, users: Users, tmp_path: Path) -> None:
    file = tmp_path / "policy.yaml"
    file.write_text(json.dumps({**DEFINITION, "cool_down": "0s"}))
    shown = vong("create", "nightly", "--file", str(file), answer="y\n")
    assert "consent: lan (member)" in shown or "consent: lan (owner)" in shown
    users.correct(3)
    (run,) = json.loads(vong("runs", "nightly", "--json"))
    assert "running" in vong("list")
    assert "3 of 3 newly corrected answers" in vong("run", run["id"])
    assert "cancelled by lan" in vong("cancel", run["id"])
    assert vong("run", run["id"], "--markdown").startswith("# Loop policy nightly, run 1: cancelled")
    assert "paused" in vong("pause", "nightly")
    assert "waiting" in vong("resume", "nightly")
    assert json.loads(vong("start", "nightly", "--json"))["number"] == 2
    second = json.loads(vong("runs", "nightly", "--json"))[0]
    vong("cancel", second["id"])
    assert "nightly" in vong("delete", "nightly")
