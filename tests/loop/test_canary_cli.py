"""Commands of canaries with the real routes."""

import json
from typing import Any
from uuid import UUID

import pytest
from click.testing import CliRunner
from fastapi.testclient import TestClient

from vong.app import Platform
from vong.cli import loop as commands
from vong.client import Client

from .test_canary_api import http, platform, replay

__all__ = ["http", "platform"]


@pytest.fixture
def vong(http: TestClient, monkeypatch: pytest.MonkeyPatch) -> Any:
    client = Client("http://testserver", "unused")
    monkeypatch.setattr(client.transport, "http", http)
    monkeypatch.setattr(commands, "Client", lambda: client)

    def run(*words: str) -> str:
        done = CliRunner().invoke(commands.group, ["canaries", *words], catch_exceptions=False)
        assert done.exit_code == 0, done.output
        return done.output

    return run


def test_a_canary_is_started_followed_and_its_evidence_is_plotted(
    vong: Any, platform: Platform, project_id: UUID
) -> None:
    canary = json.loads(vong("start", "triage", "echo/tuned", "--share", "0.5", "--json"))
    assert canary["id"] in vong("list", "--status", "running")
    replay(platform, project_id, canary, 0.95, 0.05, 45)
    shown = vong("show", canary["id"])
    assert "promoted" in shown
    assert "decides at 40" in shown
    assert "evidence (log10 of the e-value)" in shown
    assert "at 95%" in shown
    assert "promoted" in vong("evaluate", canary["id"])


def test_a_manual_rollback_has_a_reason(vong: Any) -> None:
    canary = json.loads(vong("start", "triage", "echo/tuned", "--json"))
    assert "no pair" in vong("show", canary["id"]) or "after 0 pairs" in vong("show", canary["id"])
    rolled_back = vong("rollback", canary["id"], "--reason", "complaints")
    assert "rolled_back" in rolled_back
    assert "complaints" in rolled_back
