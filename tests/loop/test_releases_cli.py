"""Commands and client of releases and gates with the real routes."""

import json
from typing import Any

import pytest
from click.testing import CliRunner
from fastapi.testclient import TestClient

from vong.cli import evals_gates, loop_releases
from vong.client import Client

from .test_gate_bypass import Setup as GateSetup
from .test_gate_bypass import platform, setup

__all__ = ["platform", "setup"]


@pytest.fixture
def vong(setup: GateSetup, monkeypatch: pytest.MonkeyPatch) -> Any:
    client = Client("http://testserver", "unused")
    http: TestClient = setup.owner
    monkeypatch.setattr(client.transport, "http", http)
    for module in (evals_gates, loop_releases):
        monkeypatch.setattr(module, "Client", lambda: client)

    def run(group: Any, *words: str, code: int = 0) -> str:
        done = CliRunner().invoke(group, list(words), catch_exceptions=code == 0)
        assert done.exit_code == code, done.output
        return done.output

    return run


def test_a_release_is_started_through_the_gate_and_followed(vong: Any) -> None:
    gates, releases = evals_gates.gates, loop_releases.releases
    missing = vong(gates, "check", "route", "triage", "echo/new", code=1)
    assert "✗ approval:owner" in missing
    assert "vong evals gates approve route triage echo/new" in missing
    vong(gates, "approve", "route", "triage", "echo/new", "--comment", "read it")
    assert "passes" in vong(gates, "check", "route", "triage", "echo/new")
    started = json.loads(
        vong(releases, "start", "triage", "echo/new", "--steps", "0.1,0.5", "--guard", "latency=0.1,2000", "--json")
    )
    assert started["plan"]["guard_rails"] == [{"metric": "latency", "margin": 0.1, "limit": 2000.0}]
    assert started["id"] in vong(releases, "list", "--status", "running")
    vong(releases, "pause", started["id"])
    vong(releases, "resume", started["id"])
    assert "50%" in vong(releases, "advance", started["id"])
    assert "passes" in vong(releases, "gate", started["id"])
    shown = vong(releases, "show", started["id"])
    assert "10% of the traffic" in shown
    assert "latency" in shown
    assert "rolled_back" in vong(releases, "stop", started["id"], "--reason", "enough")
    assert "echo/new" in vong(gates, "decisions")


def test_policies_are_set_shown_and_deleted(vong: Any) -> None:
    gates = evals_gates.gates
    vong(gates, "set", "support", "route", "support", "--suite", "support", "--approvals", "member=2", "--parity")
    shown = json.loads(vong(gates, "show", "support", "--json"))
    assert (shown["requirements"]["approvals"], shown["requirements"]["parity"]) == ({"member": 2}, True)
    assert "support" in vong(gates, "list")
    vong(gates, "delete", "support")
    assert "support" not in vong(gates, "list")
    for wrong in ("king=1", "owner=0", "owner"):
        assert "is not ROLE=NUMBER" in vong(gates, "set", "a", "route", "b", "--approvals", wrong, code=2)
    assert "no list of shares" in vong(loop_releases.releases, "start", "triage", "echo/new", "--steps", "x", code=2)
