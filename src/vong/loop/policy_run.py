"""Sequence of steps of a run of a loop policy: each runs once, even if the process is killed in between."""

from collections.abc import Callable
from typing import Any, NamedTuple

from vong.loop import policy_steps
from vong.loop.policy_records import EvidenceLink, PolicyStep, StepStatus
from vong.loop.policy_steps import PolicyRunner, RunBudgetExceeded

RecordStep = Callable[[PolicyStep], None]


class PolicyOutcome(NamedTuple):
    """Result of a run: `promoted` or not, with the reason."""

    promoted: bool
    reason: str


def run_policy(runner: PolicyRunner, record: RecordStep) -> PolicyOutcome:
    """Run all steps until one does not pass, then clean up. `record` stores the state of each step."""
    sequence = _Sequence(runner, record)
    outcome = sequence.run()
    sequence.step("clean up", policy_steps.clean_up, outcome.promoted)
    return outcome


class _Sequence:
    def __init__(self, runner: PolicyRunner, record: RecordStep) -> None:
        self._runner = runner
        self._record = record

    def run(self) -> PolicyOutcome:
        """Run the steps up to the release."""
        harvested = self.step("harvest", policy_steps.harvest)
        trained: dict[str, Any] = {}
        last = harvested
        for name, function in (
            ("health check", policy_steps.check_health),
            ("train", policy_steps.train),
            ("deploy", policy_steps.deploy),
            ("evaluate", policy_steps.evaluate),
            ("gate", policy_steps.check_gate),
            ("release", policy_steps.release),
        ):
            if not last["passed"]:
                break
            argument = {"health check": harvested, "train": harvested, "deploy": trained, "evaluate": trained}
            last = self.step(name, function, *([argument[name]] if name in argument else []))
            if name == "train":
                trained = last
        else:
            if last["passed"]:
                return PolicyOutcome(True, last["reason"])
        return PolicyOutcome(False, f"{self._runner.current_step}: {last['reason']}")

    def step(self, name: str, function: Callable[..., dict[str, Any]], *arguments: Any) -> dict[str, Any]:
        """Run one step and record its state before and after."""
        self._record(PolicyStep(name=name, status="running"))
        try:
            evidence: dict[str, Any] = self._runner.run_step(name, function, *arguments)
        except RunBudgetExceeded as error:
            evidence = {"passed": False, "reason": error.message, "links": []}
        status: StepStatus = "passed" if evidence["passed"] else "stopped"
        self._record(
            PolicyStep(
                name=name,
                status=status,
                reason=evidence["reason"],
                seconds=self._runner.step_seconds.get(name),
                links=tuple(EvidenceLink.model_validate(one) for one in evidence["links"]),
                evidence={key: value for key, value in evidence.items() if key not in ("passed", "reason", "links")},
            )
        )
        return evidence
