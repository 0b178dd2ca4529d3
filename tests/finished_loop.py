"""Running Vong with one finished loop run of a tiny model."""

import json
import random
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.running_vong import RunningVong, run_vong
from tests.tiny_model import create_tiny_model
from vong import training
from vong.client import Client
from vong.records import Example, Job, Message, TrainingSample
from vong.training.recipes.sft import SftRecipe

WORDS = ["till", "tap", "card", "printer", "invoice", "slow", "broken", "late", "refund", "parcel", "door", "light"]


@contextmanager
def vong_with_loop_run(folder: Path) -> Generator[tuple[RunningVong, dict[str, Any]]]:
    """Start Vong below a folder, complete one loop run, and return Vong with the report of the run."""
    with run_vong(folder / "home") as vong:
        files = folder / "files"
        files.mkdir()
        client = vong.client()
        job = client.loop.start_run(create_loop_plan(vong, files) | upload_handbook(client, files))
        finished = client.jobs.wait(job.id)
        lines = "\n".join(line.line for line in client.jobs.logs(job.id))
        assert finished.status == "finished", f"{finished.error}\n{lines}{vong.logs()}"
        yield vong, finished.result or {}


def create_loop_plan(vong: RunningVong, folder: Path) -> dict[str, Any]:
    """Return the plan of a loop run. Its rows all have the same answer, so that the smallest model can learn them."""
    client, random_source = vong.client(), random.Random(1)
    rows = [
        {"text": f"{number} {' '.join(random_source.sample(WORDS, 6))}", "out": {"a": "x"}, "kind": number % 3}
        for number in range(90)
    ]
    file = folder / "rows.jsonl"
    file.write_text("\n".join(json.dumps(row) for row in rows))
    options = {"input": "text", "output": "out", "system": "go"}
    imported = wait_for_result(client, client.data.import_files("rows", [file], format="pairs", options=options))
    model = wait_for_result(client, client.registry.import_model(str(train_wrong_base_model(folder)), name="tiny"))
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
    }


def upload_handbook(client: Client, folder: Path) -> dict[str, Any]:
    """Upload a handbook to a knowledge base, and return the part of the plan that asks about it."""
    handbook = folder / "care.md"
    handbook.write_text("# Care\n\nThe printer is cleaned with a dry cloth once a week.\n")
    wait_for_result(client, client.knowledge.upload("care", [handbook]))
    return {"handbook": "base:care", "questions": ["How often is the printer cleaned?"]}


def train_wrong_base_model(folder: Path) -> Path:
    """Train a tiny model that answers in the right format with the wrong label, as an untuned base model does."""
    answer = Message(role="assistant", content='{"a": "y"}')
    rows = [
        Example(messages=(Message(role="system", content="go"), Message(role="user", content=word)), completion=answer)
        for word in WORDS * 4
    ]
    settings = training.SftSettings(method="full", learning_rate=0.01, epochs=20, early_stopping_patience=None)
    base, job = create_tiny_model(folder / "tiny"), folder / "job"
    job.mkdir()
    context = training.TrainingContext(
        base=base, base_ref="tiny", train=rows, validation=rows[:8], settings=settings, folder=job, threads=2
    )
    return SftRecipe().train(context, SilentReporter()).folder


class SilentReporter:
    """Training reporter that ignores everything."""

    def log_metrics(self, step: int, values: dict[str, float]) -> None: ...

    def progress(self, done: float, total: float, message: str) -> None: ...

    def warn(self, text: str) -> None: ...

    def log_samples(self, samples: Sequence[TrainingSample]) -> None: ...

    def log(self, line: str) -> None: ...

    def check(self) -> None: ...


def wait_for_result(client: Client, job: Job) -> dict[str, Any]:
    finished = client.jobs.wait(job.id)
    assert finished.status == "finished", finished.error
    return finished.result or {}
