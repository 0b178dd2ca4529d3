"""A whole turn of the loop with a tiny random model, and the same with a kill at every step."""

import json
import random
from collections.abc import Generator
from pathlib import Path
from typing import Any

import pytest

from tests.live import Live, eventually, live
from tests.tiny import tiny_model
from vong import training
from vong.client import Client
from vong.records import Example, Job, Message
from vong.training.recipes.sft import Sft

WORDS = ["till", "tap", "card", "printer", "invoice", "slow", "broken", "late", "refund", "parcel", "door", "light"]
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
def vong(tmp_path_factory: pytest.TempPathFactory) -> Generator[Live]:
    with live(tmp_path_factory.mktemp("turn") / "home") as running:
        yield running


def plan(vong: Live, folder: Path) -> dict[str, Any]:
    """Rows that any model can learn (the answer is always the same), a model that can learn nothing more."""
    client, order = vong.client(), random.Random(1)
    rows = [
        {"text": f"{number} {' '.join(order.sample(WORDS, 6))}", "out": {"a": "x"}, "kind": number % 3}
        for number in range(90)
    ]
    file = folder / "rows.jsonl"
    file.write_text("\n".join(json.dumps(row) for row in rows))
    options = {"input": "text", "output": "out", "system": "go"}
    imported = done(client, client.data.import_files("rows", [file], format="pairs", options=options))
    model = done(client, client.registry.import_model(str(taught(folder)), name="tiny"))
    handbook = folder / "care.md"
    handbook.write_text("# Care\n\nThe printer is cleaned with a dry cloth once a week.\n")
    done(client, client.knowledge.add("care", [handbook]))
    return {
        "name": "kind",
        "dataset": "rows",
        "rows": f"dataset:{imported['ref']}",
        "fields": ["a"],
        "stratify": "metadata.kind",
        "prompts": {"tuned": "go", "untuned": "Answer with JSON."},
        "splits": {"train": 0.5, "validation": 0.1, "traffic": 0.1, "test": 0.1, "canary": 0.2},
        "base": f"model:{model['model']}",
        "shots": 1,
        "max_tokens": 12,
        "training": {"method": "lora", "learning_rate": 0.02, "epochs": 12, "batch_size": 8},
        "canary": {"share": 0.5, "min_pairs": 4},
        "handbook": "base:care",
        "questions": ["How often is the printer cleaned?"],
    }


def taught(folder: Path) -> Path:
    """A tiny model that answers in the right form, and wrongly: what a base model is to a task."""
    answer = Message(role="assistant", content='{"a": "y"}')
    rows = [
        Example(messages=(Message(role="system", content="go"), Message(role="user", content=word)), completion=answer)
        for word in WORDS * 4
    ]
    settings = training.SftSettings(method="full", learning_rate=0.01, epochs=20, early_stopping_patience=None)
    base, job = tiny_model(folder / "tiny"), folder / "job"
    job.mkdir()
    work = training.Work(
        base=base, base_ref="tiny", train=rows, validation=rows[:8], settings=settings, folder=job, threads=2
    )
    return Sft().train(work, Silent()).folder


class Silent:
    """Hears what a trainer reports, and says nothing."""

    def metrics(self, step: int, values: dict[str, float]) -> None: ...

    def progress(self, done: float, total: float, message: str) -> None: ...

    def warn(self, text: str) -> None: ...

    def log(self, line: str) -> None: ...

    def check(self) -> None: ...


def done(client: Client, job: Job) -> dict[str, Any]:
    ended = client.jobs.wait(job.id)
    assert ended.status == "finished", ended.error
    return ended.result or {}


@pytest.fixture(scope="module")
def finished(vong: Live, tmp_path_factory: pytest.TempPathFactory) -> tuple[Job, dict[str, Any]]:
    client = vong.client()
    job = client.loop.start_turn(plan(vong, tmp_path_factory.mktemp("files")))
    ended = client.jobs.wait(job.id)
    lines = "\n".join(line.line for line in client.jobs.log(job.id))
    assert ended.status == "finished", f"{ended.error}\n{lines}{vong.logs()}"
    return ended, ended.result or {}


def test_every_step_is_done_once_in_order(finished: tuple[Job, dict[str, Any]]) -> None:
    assert [done["step"] for done in finished[1]["steps"]] == STEPS


def test_the_tuned_model_is_better_and_the_canary_promoted_it_on_evidence(
    vong: Live, finished: tuple[Job, dict[str, Any]]
) -> None:
    report = finished[1]
    assert report["tuned"]["scores"]["exact_match"] > report["base"]["zero_shot"]["scores"]["exact_match"] + 0.5
    assert report["parity"]["equal"]
    canary = report["canary"]
    assert canary["status"] == "promoted"
    assert canary["evidence"]["e_better"] >= canary["evidence"]["threshold"]
    route = vong.client().gateway.route("kind")
    assert {target.model: target.weight for target in route.targets if target.weight} == {"deployment/tuned": 1.0}


def test_corrections_became_rows_that_point_at_their_answers(vong: Live, finished: tuple[Job, dict[str, Any]]) -> None:
    harvest = finished[1]["data"]["harvest"]
    rows = list(vong.client().data.read(harvest["ref"], split="train"))
    spans = [row.origin.id for row in rows if row.origin and row.origin.kind == "span"]
    assert len(spans) == harvest["added"] > 0


def test_an_answer_leads_back_to_rows_and_their_file(finished: tuple[Job, dict[str, Any]]) -> None:
    def kinds(node: dict[str, Any]) -> set[str]:
        return {node["kind"]}.union(*(kinds(child) for child in node["children"]))

    chain = finished[1]["lineage"]["chain"]
    assert kinds(chain["backwards"]) >= {"answer", "model", "run", "dataset", "row", "file"}


def test_the_handbook_answer_rests_on_its_document(finished: tuple[Job, dict[str, Any]]) -> None:
    (answer,) = finished[1]["handbook"]
    assert answer["passages"][0]["path"] == "care.md"


def test_no_held_back_row_was_trained_on(vong: Live, finished: tuple[Job, dict[str, Any]]) -> None:
    client, report = vong.client(), finished[1]
    trained = {row.prompt_text for row in client.data.read(report["data"]["harvest"]["ref"], split="train")}
    for split in ("test", "canary"):
        held_back = {row.prompt_text for row in client.data.read(report["data"]["split"]["ref"], split=split)}
        assert held_back and not held_back & trained


@pytest.mark.slow
@pytest.mark.timeout(600)  # it takes 110 s on two free cores
def test_a_turn_survives_a_kill_at_every_step(tmp_path: Path) -> None:
    """At each step another process is killed: worker, server, PostgreSQL, the engine, the child of a heavy job."""
    with live(tmp_path / "home") as vong:
        client = vong.client()
        client.transport.patience = 120
        job = client.loop.start_turn(plan(vong, tmp_path))
        killed: list[str] = []
        for number, step in enumerate(STEPS):
            reached(client, job, step)
            killed.append(f"{step}: {strike(vong, number)}")
        ended = client.jobs.wait(job.id)
        lines = "\n".join(line.line for line in client.jobs.log(job.id))
        assert ended.status == "finished", f"{ended.error}\n{killed}\n{lines}{vong.logs()}"
        report = ended.result or {}
        assert [done["step"] for done in report["steps"]] == STEPS
        assert report["canary"]["status"] == "promoted"
        scores = client.feedback.scores(name="fields", limit=500)
        assert len(scores) >= report["feedback"]["scores"] + report["canary"]["evidence"]["pairs"]
        assert all(client.traces.get(score.span_id).output is not None for score in scores[:20] if score.span_id)


def reached(client: Client, job: Job, step: str) -> None:
    """Wait until the turn is at that step or past it."""

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
