"""Bundled model: imported, and trained for a few steps."""

import json
from pathlib import Path
from typing import cast
from uuid import UUID

import pytest

from tests.training.factories import Recorder
from tests.training.test_job import Job
from vong import registry
from vong.app import Platform, model_import
from vong.app import registry as wired
from vong.jobs import JobContext
from vong.records import Example, Message
from vong.training import SftSettings, TrainingContext, compute_reference
from vong.training.recipes.sft import SftRecipe

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1200)]


def ticket(number: int) -> Example:
    product = ("router", "printer", "phone")[number % 3]
    return Example(
        messages=(Message(role="user", content=f"My {product} number {number} is broken. Answer with JSON."),),
        completion=Message(role="assistant", content=json.dumps({"product": product, "urgency": "high"})),
    )


def test_the_bundled_model_is_imported_once_and_learns(platform: Platform, project_id: UUID, tmp_path: Path) -> None:
    params = {"source": "shipped:smollm2-135m-instruct"}
    job = cast(JobContext, Job(project_id, tmp_path / "job", params))
    imported = model_import.import_base(job, platform)
    assert model_import.import_base(job, platform) == imported
    with platform.scope(project_id) as connection:
        version, gguf = registry.find(connection, imported["model"]), registry.find(connection, imported["gguf"])
        base = wired.model_folder(platform, connection, version.ref)
    assert (version.name, version.format, version.licence) == ("smollm2-135m-instruct", "safetensors", "Apache-2.0")
    assert (gguf.name, gguf.format) == ("smollm2-135m-instruct-gguf", "gguf")
    assert version.metadata["gguf"] == gguf.hash
    assert version.chat_template and "<|im_start|>" in version.chat_template

    question = (Message(role="user", content="What is the capital of France? Answer in one word."),)
    assert "Paris" in compute_reference(base, None, [question])[0]["greedy"]

    recorder = Recorder()
    work = TrainingContext(
        base=base,
        base_ref=version.ref,
        train=[ticket(number) for number in range(32)],
        validation=[ticket(number) for number in range(100, 108)],
        settings=SftSettings(epochs=2, batch_size=8, eval_every=4),
        folder=tmp_path / "run",
        threads=0,
    )
    outcome = SftRecipe().train(work, recorder)
    losses = recorder.series("eval_loss")
    assert losses[-1] < 0.5 * recorder.series("loss")[0]
    trained = compute_reference(base, outcome.folder, [ticket(200).messages])[0]
    assert json.loads(trained["greedy"])["product"] == "phone"
