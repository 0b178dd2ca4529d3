"""Commands of judges with the real routes."""

import json
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from click.testing import CliRunner
from fastapi.testclient import TestClient

from tests.evals.tickets import Scope
from vong.app import Platform, judge_jobs
from vong.cli import evals_judges as commands
from vong.client import Client
from vong.records import Job, now

from .test_api import Gateway, dataset, finished_run, gateway, http, platform, run_job, scope

__all__ = ["dataset", "gateway", "http", "platform", "scope"]


@pytest.fixture
def vong(http: TestClient, platform: Platform, project_id: UUID, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Run a command, and each job that it follows."""
    client = Client("http://testserver", "unused")
    monkeypatch.setattr(client.transport, "http", http)
    handlers = {
        "evals.calibrate": judge_jobs.calibrate,
        "evals.tune_judge": judge_jobs.tune_judge,
        "evals.judge_pairs": judge_jobs.compare_runs,
    }

    def follow(_: Client, job: Job) -> Job:
        values = {"id": str(job.id)}
        return job.model_copy(update={"result": run_job(platform, project_id, values, handlers[job.kind])})

    monkeypatch.setattr(commands, "Client", lambda: client)
    monkeypatch.setattr(commands, "follow", follow)
    monkeypatch.setattr(
        client.jobs, "get", lambda id: Job(id=id, kind="evals.calibrate", params={}, status="queued", created_at=now())
    )

    def run(*words: str, keys: str = "") -> str:
        done = CliRunner().invoke(commands.judges, words, input=keys, catch_exceptions=False)
        assert done.exit_code == 0, done.output
        return done.output

    return run


def test_a_judge_is_created_calibrated_tuned_and_used(
    vong: Any, dataset: str, gateway: Gateway, tmp_path: Path
) -> None:
    file = tmp_path / "judge.json"
    file.write_text(json.dumps({"kind": "pass_fail", "prompt": "Pass sometimes."}))
    assert "grade@" in vong("create", "grade", "--file", str(file), "--model", "grader", "--max-tokens", "99")
    assert "pass_fail" in vong("list")
    assert "verdict" in vong("try", "grade", "good", "--input", "Q")
    shown = vong("calibrate", "grade", "--task", "answers", "--label-field", "correct")
    assert "64 labels, kappa" in shown
    assert "cannot gate releases" in shown
    tuned = vong(
        *("tune", "grade", "--task", "answers", "--label-field", "correct", "--writer", "grader"),
        *("--variants", "1", "--shots", "0"),
    )
    assert "chosen on" in tuned
    versions = json.loads(vong("show", "grade", "--json"))["versions"]
    candidate = next(one["version"] for one in versions if one["tuning"])
    assert "candidate" in vong("show", "grade")
    vong("use", f"grade@{candidate}")
    again = vong("calibrate", "grade", "--task", "answers", "--label-field", "correct")
    assert "kappa 1.000 [1.000, 1.000] (unweighted)" in again
    assert "This judge can gate releases" in again
    vong("delete", "grade")
    assert json.loads(vong("list", "--json")) == []


def test_outputs_are_labelled_with_keys_and_compared(
    vong: Any, platform: Platform, scope: Scope, gateway: Gateway
) -> None:
    a, b = finished_run(scope, platform, "poor"), finished_run(scope, platform, "good")
    shown = vong("label", a, "--levels", "3", keys="1\n3\nu\n2\ns\nx\nq\n")
    assert "labelled  2" in shown
    assert "0.5" not in shown
    assert json.loads(vong("labels", "--json")) == [{"task": "tickets", "labels": 2, "authors": 1}]
    vong("create", "better", "--kind", "pairwise", "--model", "grader", "--prompt", "Prefer the good one.")
    compared = vong("compare", "better", a, b)
    assert "wins" in compared
    assert "1.000 [" in compared


@pytest.mark.parametrize(
    "words", [("--scale", "five"), ("--criterion", "tone"), ("--kind", "best"), ("--file", "nowhere.json")]
)
def test_bad_options_are_rejected(words: tuple[str, ...]) -> None:
    done = CliRunner().invoke(commands.judges, ["create", "grade", "--model", "m", "--prompt", "p", *words])
    assert done.exit_code != 0
