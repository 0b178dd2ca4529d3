"""A whole loop run with a tiny random model, and the same with a kill at every step."""

from pathlib import Path
from typing import Any

import pytest

from tests.finished_loop import plan
from tests.live import Live, eventually, live
from vong.client import Client
from vong.records import Job

pytestmark = pytest.mark.timeout(600)  # the loop run takes a minute on free cores
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
def vong(finished_loop: tuple[Live, dict[str, Any]]) -> Live:
    return finished_loop[0]


@pytest.fixture(scope="module")
def report(finished_loop: tuple[Live, dict[str, Any]]) -> dict[str, Any]:
    return finished_loop[1]


def test_every_step_is_done_once_in_order(report: dict[str, Any]) -> None:
    assert [done["step"] for done in report["steps"]] == STEPS


def test_the_tuned_model_is_better_and_the_canary_promoted_it_on_evidence(vong: Live, report: dict[str, Any]) -> None:
    assert report["tuned"]["scores"]["exact_match"] > report["base"]["zero_shot"]["scores"]["exact_match"] + 0.5
    assert report["parity"]["equal"]
    canary = report["canary"]
    assert canary["status"] == "promoted"
    assert canary["evidence"]["e_better"] >= canary["evidence"]["threshold"]
    route = vong.client().gateway.route("kind")
    assert {target.model: target.weight for target in route.targets if target.weight} == {"deployment/tuned": 1.0}


def test_corrections_became_rows_that_point_at_their_answers(vong: Live, report: dict[str, Any]) -> None:
    harvest = report["data"]["harvest"]
    rows = list(vong.client().data.read(harvest["ref"], split="train"))
    spans = [row.origin.id for row in rows if row.origin and row.origin.kind == "span"]
    assert len(spans) == harvest["added"] > 0


def test_an_answer_leads_back_to_rows_and_their_file(report: dict[str, Any]) -> None:
    def kinds(node: dict[str, Any]) -> set[str]:
        return {node["kind"]}.union(*(kinds(child) for child in node["children"]))

    chain = report["lineage"]["chain"]
    assert kinds(chain["backwards"]) >= {"answer", "model", "run", "dataset", "row", "file"}


def test_the_handbook_answer_rests_on_its_document(report: dict[str, Any]) -> None:
    (answer,) = report["handbook"]
    assert answer["passages"][0]["path"] == "care.md"


def test_no_held_back_row_was_trained_on(vong: Live, report: dict[str, Any]) -> None:
    client = vong.client()
    trained = {row.prompt_text for row in client.data.read(report["data"]["harvest"]["ref"], split="train")}
    for split in ("test", "canary"):
        held_back = {row.prompt_text for row in client.data.read(report["data"]["split"]["ref"], split=split)}
        assert held_back and not held_back & trained


@pytest.mark.slow
def test_a_loop_run_survives_a_kill_at_every_step(tmp_path: Path) -> None:
    """At each step another process is killed: worker, server, PostgreSQL, the engine, the child of an isolated job."""
    with live(tmp_path / "home") as vong:
        client = vong.client()
        client.transport.retry_seconds = 120
        job = client.loop.start_run(plan(vong, tmp_path))
        killed: list[str] = []
        for number, step in enumerate(STEPS):
            reached(client, job, step)
            killed.append(f"{step}: {strike(vong, number)}")
        ended = client.jobs.wait(job.id)
        lines = "\n".join(line.line for line in client.jobs.logs(job.id))
        assert ended.status == "finished", f"{ended.error}\n{killed}\n{lines}{vong.logs()}"
        report = ended.result or {}
        assert [done["step"] for done in report["steps"]] == STEPS
        assert report["canary"]["status"] == "promoted"
        scores = client.feedback.scores(name="fields", limit=500)
        assert len(scores) >= report["feedback"]["scores"] + report["canary"]["evidence"]["pairs"]
        assert all(client.traces.get(score.span_id).output is not None for score in scores[:20] if score.span_id)


def reached(client: Client, job: Job, step: str) -> None:
    """Wait until the loop run is at that step or past it."""

    def is_there() -> bool:
        at = client.jobs.get(job.id)
        place = at.progress.message.partition(":")[0]
        return at.status != "running" or place not in STEPS or STEPS.index(place) >= STEPS.index(step)

    eventually(is_there, seconds=180)


def strike(vong: Live, number: int) -> str:
    """Kill one process, another at each call; what it was."""
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
