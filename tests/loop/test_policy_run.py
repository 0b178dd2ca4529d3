"""Steps of a run of a loop policy against a fake server: what is done once, and what ends a run."""

from collections.abc import Callable
from datetime import timedelta
from types import SimpleNamespace
from typing import Any
from unittest.mock import MagicMock
from uuid import uuid4

import pytest

from vong.errors import Conflict
from vong.loop import policy_report, policy_run
from vong.loop.policy_records import (
    STEP_NAMES,
    LoopPolicyDefinition,
    PolicyConsent,
    PolicyRun,
    PolicyStep,
    TriggerState,
)
from vong.loop.policy_steps import PolicyRunner
from vong.records import Progress, RouteTarget, new_id, now

DEFINITION = {
    "route": "triage",
    "dataset": "tickets",
    "triggers": {"corrections": 5},
    "training": {"model": "triage", "base": "tiny"},
    "suite": "triage",
}
BETTER = {
    **{"a": 0.2, "b": 0.9, "difference": 0.7, "low": 0.5, "high": 0.8},
    **{"adjusted_p": 0.001, "wins": 9, "losses": 0, "higher_is_better": True},
}
WORSE = {**BETTER, "a": 0.9, "b": 0.2, "difference": -0.7, "wins": 0, "losses": 9}

TRAINED = {
    "id": "earlier",
    "base": None,
    "steps": [
        {"name": "harvest", "status": "passed", "evidence": {"ref": "tickets@2"}},
        {"name": "train", "status": "passed"},
    ],
}


class Killed(Exception):
    """End of the process in the middle of a step."""


class FakeServer:
    """Client whose stages finish at once with the given results."""

    def __init__(self, **results: Any) -> None:
        self.calls: list[str] = []
        self.client = MagicMock()
        self.client.feedback.harvest.side_effect = self._note("harvest", results.get("harvest"))
        self.client.evals.suites.get.return_value = {"name": "triage", "number": 1, "entries": [{"split": "test"}]}
        self.client.data.profile.side_effect = self._note("profile", SimpleNamespace(id="profile"))
        self.client.training.plan.return_value = {"seconds": results.get("seconds", 60), "cost": None, "fits": True}
        started = SimpleNamespace(job=SimpleNamespace(id="train"))
        self.client.training.start.side_effect = self._note("train", started)
        self.client.serving.get.return_value = SimpleNamespace(model="base@1", state="ready")
        self.client.serving.list.return_value = []
        targets = [RouteTarget(model="deployment/base")]
        self.client.gateway.route.return_value = SimpleNamespace(name="triage", targets=targets)
        self.client.serving.wait.return_value = SimpleNamespace(parity={"equal": True}, memory=1)
        self.client.evals.suites.runs.return_value = []
        suite_run = {"id": "suite-run", "passed": True, "checks": results.get("checks", [])}
        self.client.evals.suites.run.side_effect = self._note("suite", (suite_run, SimpleNamespace(id="suite")))
        self.client.evals.suites.get_run.return_value = suite_run
        entries = [{"metrics": {"exact": results.get("metric", BETTER)}}]
        self.client.evals.suites.compare.return_value = {"entries": entries}
        self.decisions: list[dict[str, Any]] = results.get("decisions") or [{"policies": [], "requirements": []}]
        self.client.evals.gates.check.side_effect = lambda *_: self.decisions.pop(0)
        self.client.loop.policies.runs.return_value = results.get("runs", [])
        self.client.loop.releases.list.return_value = []
        self.client.loop.releases.start.side_effect = results.get("start") or self._note(
            "release", {"id": str(uuid4())}
        )
        self.client.loop.releases.events.return_value = [{"actor": "internal"}, {"actor": "evidence"}]
        self.client.loop.releases.get.return_value = release(results.get("status", "promoted"))
        outcomes = {
            "profile": {"findings": results.get("findings", [])},
            "train": {"run": "run-1", "model": "triage@new"},
            "suite": {},
        }
        self.client.jobs.wait.side_effect = lambda id, on_progress=None: SimpleNamespace(
            status="finished", result=outcomes.get(str(id), {})
        )

    def _note(self, name: str, value: Any) -> Callable[..., Any]:
        default = {"ref": "tickets@2", "added": 5, "corrections": 5, "good": 0} if name == "harvest" else None

        def call(*_: Any, **__: Any) -> Any:
            self.calls.append(name)
            return value or default

        return call


def release(status: str) -> dict[str, Any]:
    """Return an ended release."""
    names = ("started_at", "ended_at", "reaction_seconds", "model", "decided_by")
    evidence = {"quality": {"pairs": 12, "difference": 0.5, "interval": [0, 1]}, "guard_rails": []}
    return {**dict.fromkeys(names), "status": status, "reason": "scores", "gates": [], "evidence": evidence}


def create_run(**changes: Any) -> PolicyRun:
    """Return a new run."""
    values: dict[str, Any] = {
        "id": new_id(),
        "policy": "nightly",
        "number": 3,
        "version": 1,
        "definition": LoopPolicyDefinition.model_validate(DEFINITION),
        "consent": PolicyConsent(by="lan", role="owner", at=now()),
        "trigger": TriggerState(kind="corrections", detail="5 of 5"),
        "status": "queued",
        "harvest_until": now(),
        "created_at": now(),
        **changes,
    }
    return PolicyRun(**values)


class Recording:
    """Runner with a store of step results that survives a killed process, and the recorded steps."""

    def __init__(self, server: FakeServer, run: PolicyRun | None = None) -> None:
        self.server = server
        self.run = run or create_run()
        self.results: dict[str, Any] = {}
        self.steps: dict[str, PolicyStep] = {}
        self.approved: list[str] = []
        self.kill_at = ""

    def execute(self) -> policy_run.PolicyOutcome:
        """Run the policy as one process."""
        runner = PolicyRunner(
            id=self.run.id,
            client=self.server.client,
            run_once=self._run_once,
            progress=self._progress,
            log=lambda _: None,
            run=self.run,
            approve=self.approved.append,
        )
        return policy_run.run_policy(runner, lambda step: self.steps.update({step.name: step}))

    def _run_once(self, name: str, function: Callable[[], Any]) -> Any:
        if name not in self.results:
            self.results[name] = function()
        return self.results[name]

    def _progress(self, step: str, _: Progress) -> None:
        if step == self.kill_at:
            self.kill_at = ""
            raise Killed


def test_every_step_passes_and_the_candidate_is_promoted() -> None:
    recording = Recording(FakeServer())
    assert recording.execute() == (True, "promoted: scores")
    assert tuple(recording.steps) == STEP_NAMES
    assert {step.status for step in recording.steps.values()} == {"passed"}
    links = {link.kind: link.ref for step in recording.steps.values() for link in step.links}
    assert links.keys() >= {"dataset", "run", "model", "deployment", "suite_run", "baseline", "gate", "release"}
    recording.server.client.serving.stop.assert_not_called()


@pytest.mark.parametrize("step", STEP_NAMES)
def test_a_killed_run_resumes_at_its_step_without_repeating_finished_ones(step: str) -> None:
    recording = Recording(FakeServer())
    recording.kill_at = step
    with pytest.raises(Killed):
        recording.execute()
    assert recording.execute().promoted
    assert sorted(recording.server.calls) == sorted(["harvest", "profile", "train", "suite", "suite", "release"])


@pytest.mark.parametrize(
    ("results", "step", "part"),
    [
        (
            {"findings": [{"severity": "error", "text": "8 conflicts", "next_step": "vong data clean"}]},
            "health check",
            "8 conflicts (vong data clean)",
        ),
        ({"runs": [TRAINED]}, "harvest", "nothing new to train on"),
        ({"seconds": 86400}, "train", "planned with 1440 minutes"),
        ({"metric": WORSE}, "evaluate", "worse than deployment/base: exact 0.9 -> 0.2"),
        ({"metric": {**WORSE, "wins": 9, "losses": 3}}, "evaluate", "worse than deployment/base: exact 0.9 -> 0.2"),
        (
            {"checks": [{"scorer": "exact", "value": 0.1, "direction": "at_least", "bound": 0.5, "passed": False}]},
            "evaluate",
            "exact is 0.1, at least 0.5 is required",
        ),
        ({"status": "rolled_back"}, "release", "rolled back: scores"),
        ({"status": "kept"}, "release", "kept: scores"),
        ({"start": Conflict("route 'triage' already has a release", "wait")}, "release", "already has a release"),
    ],
)
def test_a_step_that_does_not_pass_ends_the_run_without_a_promotion(
    results: dict[str, Any], step: str, part: str
) -> None:
    recording = Recording(FakeServer(**results))
    outcome = recording.execute()
    assert not outcome.promoted
    assert outcome.reason.startswith(f"{step}: ") and part in outcome.reason
    assert recording.steps[step].status == "stopped"
    assert tuple(recording.steps) == (*STEP_NAMES[: STEP_NAMES.index(step) + 1], "clean up")
    recording.server.client.serving.stop.assert_called_once_with("nightly-3")


@pytest.mark.parametrize("change", [{"base": "new@2"}, {"trigger": TriggerState(kind="manual", detail="by lan")}])
def test_a_new_base_or_a_person_trains_on_the_same_rows_again(change: dict[str, Any]) -> None:
    assert Recording(FakeServer(runs=[TRAINED]), create_run(**change)).execute().promoted


def test_the_consent_is_the_approval_that_a_gate_needs() -> None:
    missing = {"kind": "approval", "passed": False, "detail": "0 of 1 approvals", "command": "vong evals gates approve"}
    gate = {"policies": ["prod@1"], "requirements": [missing]}
    passed = {"policies": ["prod@1"], "requirements": [{**missing, "passed": True}]}
    recording = Recording(FakeServer(decisions=[gate, passed]))
    assert recording.execute().promoted
    assert recording.approved == ["deployment/nightly-3"]

    licence = {**missing, "kind": "licence", "detail": "the licence is unknown"}
    refused = Recording(FakeServer(decisions=[{**gate, "requirements": [missing, licence]}]))
    assert "the licence is unknown (run: vong evals gates approve)" in refused.execute().reason
    assert refused.approved == []


def test_used_minutes_end_a_run_before_its_next_step() -> None:
    recording = Recording(FakeServer(), create_run(created_at=now() - timedelta(days=1)))
    outcome = recording.execute()
    assert outcome == (False, "harvest: the budget of 240 minutes is used")
    assert recording.server.calls == []


def test_the_report_lists_the_path_with_its_links() -> None:
    recording = Recording(FakeServer(metric=WORSE))
    outcome = recording.execute()
    run = create_run(status="not_promoted", reason=outcome.reason, steps=tuple(recording.steps.values()))
    text = policy_report.to_markdown(run)
    assert text.startswith("# Loop policy nightly, run 3: not promoted\n")
    assert "| evaluate | stopped |" in text and "suite run `suite-run`" in text
    assert "| exact | 0.9 | 0.2 | -0.7 |" in text
