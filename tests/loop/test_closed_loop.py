"""The closed loop with a tiny model: corrections start a run, a better model is promoted, a worse one never is."""

from pathlib import Path

import pytest

from tests.loop.closed_loop import RIGHT, ROUTE, WRONG, ClosedLoop
from tests.running_vong import eventually, run_vong
from vong.loop.policy_records import STEP_NAMES

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]


def test_a_better_model_is_promoted_without_a_person_and_a_worse_one_never_is(tmp_path: Path) -> None:
    with run_vong(tmp_path / "home") as vong:
        loop = ClosedLoop(vong, tmp_path)
        policies = loop.client.loop.policies
        policies.set("kind", loop.definition(), consent=True)
        assert policies.get("kind")["active_run"] is None

        loop.correct(RIGHT)
        eventually(lambda: bool(policies.runs("kind")))
        vong.kill("worker")  # the run resumes at the step that was interrupted
        with loop.users():
            run = loop.wait_for_run("kind", 1)
        assert run["status"] == "promoted", (run["reason"], run["steps"], vong.logs())
        assert run["trigger"]["kind"] == "corrections" and run["human_actions"] == 0
        assert [step["name"] for step in run["steps"]] == list(STEP_NAMES)
        assert {step["status"] for step in run["steps"]} == {"passed"}
        weights = {target.model: target.weight for target in loop.client.gateway.route(ROUTE).targets}
        assert weights == {"deployment/base": 0.0, "deployment/kind-1": 1.0}
        assert len(loop.client.experiments.runs()) == 1, "a step was repeated"
        assert "| release | passed |" in policies.report(run["id"])

        # Wrong corrections, many more than the rows of the dataset.
        policies.pause("kind")
        for salt in range(12):
            loop.correct(WRONG, salt=f" {salt}")
        policies.resume("kind")
        eventually(lambda: len(policies.runs("kind")) == 2)
        with loop.users():
            worse = loop.wait_for_run("kind", 2)
        assert worse["status"] == "not_promoted", (worse["reason"], worse["steps"])
        weights = {target.model: target.weight for target in loop.client.gateway.route(ROUTE).targets if target.weight}
        assert weights == {"deployment/kind-1": 1.0}
