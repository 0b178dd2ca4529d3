"""Complete loop run with a tiny random model, and a loop run with a killed process at every step."""

from pathlib import Path
from typing import Any

import pytest

from tests.finished_loop import create_loop_plan, upload_handbook
from tests.running_vong import RunningVong, eventually, run_vong
from vong.client import Client
from vong.records import Job

pytestmark = pytest.mark.timeout(600)  # the loop run takes a minute on idle cores
STEPS = [
    "import",
    "health report",
    "clean",
    "split",
    "base model",
    "serve base",
    "evaluate base",
    "evaluate base with examples",
    "traffic",
    "feedback",
    "harvest",
    "train",
    "parity check and deploy",
    "evaluate tuned",
    "compare",
    "canary",
    "handbook",
    "lineage",
]


@pytest.fixture(scope="module")
def vong(finished_loop: tuple[RunningVong, dict[str, Any]]) -> RunningVong:
    return finished_loop[0]


@pytest.fixture(scope="module")
def report(finished_loop: tuple[RunningVong, dict[str, Any]]) -> dict[str, Any]:
    return finished_loop[1]


def test_every_step_runs_once_in_order(report: dict[str, Any]) -> None:
    assert [done["step"] for done in report["steps"]] == STEPS


def test_the_tuned_model_is_better_and_the_canary_promotes_it_on_evidence(
    vong: RunningVong, report: dict[str, Any]
) -> None:
    assert report["tuned"]["scores"]["exact_match"] > report["base"]["zero_shot"]["scores"]["exact_match"] + 0.5
    assert report["parity"]["equal"]
    canary = report["canary"]
    assert canary["status"] == "promoted"
    assert canary["evidence"]["e_better"] >= canary["evidence"]["threshold"]
    route = vong.client().gateway.route("kind")
    assert {target.model: target.weight for target in route.targets if target.weight} == {"deployment/tuned": 1.0}


def test_corrections_become_rows_with_the_answer_as_origin(vong: RunningVong, report: dict[str, Any]) -> None:
    harvest = report["data"]["harvest"]
    rows = list(vong.client().data.read(harvest["ref"], split="train"))
    spans = [row.origin.id for row in rows if row.origin and row.origin.kind == "span"]
    assert len(spans) == harvest["added"] > 0


def test_the_lineage_of_an_answer_contains_rows_and_their_file(report: dict[str, Any]) -> None:
    def kinds(node: dict[str, Any]) -> set[str]:
        return {node["kind"]}.union(*(kinds(child) for child in node["children"]))

    chain = report["lineage"]["chain"]
    assert kinds(chain["backwards"]) >= {"answer", "model", "run", "dataset", "row", "file"}


def test_the_handbook_answer_cites_its_document(report: dict[str, Any]) -> None:
    (answer,) = report["handbook"]
    assert answer["passages"][0]["path"] == "care.md"


def test_no_held_out_row_is_in_the_training_data(vong: RunningVong, report: dict[str, Any]) -> None:
    client = vong.client()
    trained = {row.prompt_text for row in client.data.read(report["data"]["harvest"]["ref"], split="train")}
    for split in ("test", "canary"):
        held_back = {row.prompt_text for row in client.data.read(report["data"]["split"]["ref"], split=split)}
        assert held_back and not held_back & trained


@pytest.mark.slow
def test_a_loop_run_survives_a_kill_at_every_step(tmp_path: Path) -> None:
    """Kill one process at each step: worker, server, PostgreSQL, engine or the child of an isolated job."""
    with run_vong(tmp_path / "home") as vong:
        client = vong.client()
        client.transport.retry_seconds = 120
        job = client.loop.start_run(create_loop_plan(vong, tmp_path) | upload_handbook(client, tmp_path))
        killed: list[str] = []
        for number, step in enumerate(STEPS):
            wait_for_step(client, job, step)
            killed.append(f"{step}: {kill_next_process(vong, number)}")
        ended = client.jobs.wait(job.id)
        lines = "\n".join(line.line for line in client.jobs.logs(job.id))
        assert ended.status == "finished", f"{ended.error}\n{killed}\n{lines}{vong.logs()}"
        report = ended.result or {}
        assert [done["step"] for done in report["steps"]] == STEPS
        assert report["canary"]["status"] == "promoted"
        scores = client.feedback.scores(name="fields", limit=500)
        assert len(scores) >= report["feedback"]["scores"] + report["canary"]["evidence"]["pairs"]
        assert all(client.traces.get(score.span_id).output is not None for score in scores[:20] if score.span_id)


def wait_for_step(client: Client, job: Job, step: str) -> None:
    """Wait until the loop run has reached a step."""

    def is_reached() -> bool:
        at = client.jobs.get(job.id)
        place = at.progress.message.partition(":")[0]
        return at.status != "running" or place not in STEPS or STEPS.index(place) >= STEPS.index(step)

    eventually(is_reached, seconds=180)


def kill_next_process(vong: RunningVong, number: int) -> str:
    """Kill one process, a different one at each call, and return its name."""
    victim = ("worker", "server", "engine", "child", "postgres")[number % 5]
    if victim == "engine":
        engines = vong.engines()
        for process in engines:
            process.kill()
        return f"{len(engines)} engines"
    if victim == "child":
        children = vong.children("worker", "vong.app.worker child")
        for process in children:
            process.kill()
        return f"{len(children)} children"
    vong.kill(victim)
    return victim
