"""A Vong with one finished loop run of a tiny model."""

import json
import random
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.live import Live, live
from tests.tiny import tiny_model
from vong import training
from vong.client import Client
from vong.records import Example, Job, Message
from vong.training.recipes.sft import SftRecipe

WORDS = ["till", "tap", "card", "printer", "invoice", "slow", "broken", "late", "refund", "parcel", "door", "light"]


@contextmanager
def vong_with_loop_run(folder: Path) -> Generator[tuple[Live, dict[str, Any]]]:
    """It runs in a home of its own below that folder. With it comes the report of the loop run."""
    with live(folder / "home") as vong:
        files = folder / "files"
        files.mkdir()
        client = vong.client()
        job = client.loop.start_run(plan(vong, files))
        ended = client.jobs.wait(job.id)
        lines = "\n".join(line.line for line in client.jobs.logs(job.id))
        assert ended.status == "finished", f"{ended.error}\n{lines}{vong.logs()}"
        yield vong, ended.result or {}


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
    done(client, client.knowledge.upload("care", [handbook]))
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
    work = training.TrainingContext(
        base=base, base_ref="tiny", train=rows, validation=rows[:8], settings=settings, folder=job, threads=2
    )
    return SftRecipe().train(work, Silent()).folder


class Silent:
    """Hears what a trainer reports, and says nothing."""

    def log_metrics(self, step: int, values: dict[str, float]) -> None: ...

    def progress(self, done: float, total: float, message: str) -> None: ...

    def warn(self, text: str) -> None: ...

    def log(self, line: str) -> None: ...

    def check(self) -> None: ...


def done(client: Client, job: Job) -> dict[str, Any]:
    ended = client.jobs.wait(job.id)
    assert ended.status == "finished", ended.error
    return ended.result or {}
