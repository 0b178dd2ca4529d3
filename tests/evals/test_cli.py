"""Commands of evaluations with the real routes."""

import json
from typing import Any
from uuid import UUID

import pytest
from click.testing import CliRunner
from fastapi.testclient import TestClient

from vong.app import Platform
from vong.cli import evals as commands
from vong.client import Client
from vong.records import DatasetVersion

from .test_api import FakeCompletions, dataset, http, platform, run_job

__all__ = ["dataset", "http", "platform"]


@pytest.fixture
def vong(http: TestClient, monkeypatch: pytest.MonkeyPatch) -> Any:
    client = Client("http://testserver", "unused")
    monkeypatch.setattr(client.transport, "http", http)
    monkeypatch.setattr(commands, "Client", lambda: client)

    def run(*words: str) -> str:
        done = CliRunner().invoke(commands.group, words, catch_exceptions=False)
        assert done.exit_code == 0, done.output
        return done.output

    return run


def test_runs_are_started_listed_and_compared(
    vong: Any, platform: Platform, dataset: DatasetVersion, project_id: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    ids: list[str] = []
    for shots in ("0", "2"):
        words = ["--model", "triage", "--dataset", dataset.ref, "--scorer", "exact_match:fields=product", "--detach"]
        started = json.loads(vong("run", *words, "--scorer", "chrf", "--shots", shots, "--json"))
        ids.append(started["result"]["id"])
        run_job(platform, monkeypatch, project_id, UUID(ids[-1]), FakeCompletions())
    assert "exact_match=" in vong("list")
    shown = vong("show", ids[0])
    assert "exact_match|fields:product" in shown
    assert "(concurrency 4)" in shown
    beside = vong("show", *ids)
    assert "latency p95 (ms)" in beside
    assert "none" in vong("show", ids[0], "--failed")
    compared = vong("compare", *ids)
    assert "B-A" in compared
    assert "[+0.0000, +0.0000]" in compared
    assert "8 examples in both" in compared
    assert json.loads(vong("compare", *ids, "--json"))["n"] == 8


def test_the_scorers_are_listed(vong: Any) -> None:
    assert "rouge  (stemmer=False, field='')" in vong("scorers")
