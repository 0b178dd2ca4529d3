"""Sample generations during training: contents, scorers, best metric, and their way through API, client and CLI."""

import dataclasses
import math
import random
from pathlib import Path
from typing import Any, cast
from uuid import UUID

import numpy
import pytest
from fastapi.testclient import TestClient

from tests.training.factories import Recorder, create_context
from tests.training.test_job import RUN_REQUEST, Job, inputs
from vong import jobs
from vong.app import Platform
from vong.app import training as wired
from vong.app.training_samples import build_sample_scorer
from vong.errors import InvalidInput, JobCancelled, NotFound, TrainingDiverged
from vong.experiments.runs import start_run
from vong.jobs import JobContext
from vong.records import TrainingSample
from vong.training import SftSettings
from vong.training.recipes.sft import SftRecipe
from vong.training.runs.monitor import TrainingMonitor
from vong.training.runs.samples import (
    TIME_SHARE,
    SampleLimits,
    SamplePrompt,
    SampleWriter,
    build_prompt,
    generate_greedy,
    preserved_state,
    select_prompts,
)

__all__ = ["inputs"]


def weights(folder: Path) -> bytes:
    return (folder / "adapter_model.safetensors").read_bytes()


@pytest.fixture
def every_evaluation(monkeypatch: pytest.MonkeyPatch) -> None:
    """Remove the limit on the time that samples may take."""
    monkeypatch.setattr("vong.training.runs.samples.TIME_SHARE", 1e9)


@pytest.mark.usefixtures("every_evaluation")
@pytest.mark.slow
def test_samples_show_the_base_and_each_evaluation_and_change_no_weights(base: Path, tmp_path: Path) -> None:
    settings = {"epochs": 4, "lora_dropout": 0.1, "eval_every": 8}
    report = Recorder()
    with_samples = SftRecipe().train(create_context(base, tmp_path / "a", settings), report)
    silent = Recorder()
    without = SftRecipe().train(create_context(base, tmp_path / "b", {**settings, "samples": 0}), silent)
    assert weights(with_samples.folder) == weights(without.folder)
    assert report.series("loss") == silent.series("loss")
    assert silent.samples == []
    assert sorted({sample.step for sample in report.samples}) == [0, 8, 16, 24]
    first, last = report.samples[:4], report.samples[-4:]
    assert [sample.number for sample in last] == [0, 1, 2, 3]
    assert [sample.prompt for sample in last] == ["say a!!", "say c!!!!", "say e!!!!!!", "say b!"]
    assert last[0].reference == "aaa"
    for before, after in zip(first, last, strict=True):
        assert before.output == before.base_output == after.base_output
    assert any(sample.output != sample.base_output for sample in last)


@pytest.mark.slow
@pytest.mark.usefixtures("every_evaluation")
def test_scorers_measure_the_samples_and_may_choose_the_best_weights(base: Path, tmp_path: Path) -> None:
    settings = {"epochs": 6, "eval_every": 6, "scorers": ["chrf"], "best_metric": "sample_chrf", "samples": 8}
    context = create_context(base, tmp_path / "run", settings)
    report = Recorder()
    context = dataclasses.replace(context, score=build_sample_scorer(context.settings))
    scored = SftRecipe().train(context, report)
    values = {step: metrics["sample_chrf"] for step, metrics in report.metrics if "sample_chrf" in metrics}
    assert sorted(values) == [0, 6, 12, 18, 24, 30, 36]
    assert max(values.values()) > values[0]
    assert scored.summary["best_value"] == max(values[step] for step in values if step)
    assert values[scored.summary["best_step"]] == scored.summary["best_value"]
    assert scored.folder.name == f"best-{scored.summary['best_step']}"
    assert set(report.samples[-1].scores) == {"chrf"}


@pytest.mark.slow
def test_samples_of_the_base_are_generated_once_per_run(base: Path, tmp_path: Path) -> None:
    settings = {"epochs": 2, "checkpoint_every": 4, "eval_every": 12}
    first, second = Recorder(cancel_at=6), Recorder()
    with pytest.raises(JobCancelled):
        SftRecipe().train(create_context(base, tmp_path / "run", settings), first)
    SftRecipe().train(create_context(base, tmp_path / "run", settings), second)
    assert {sample.step for sample in first.samples} == {0}
    assert 0 not in {sample.step for sample in second.samples}


def numpy_state() -> list[int]:
    return cast(Any, numpy.random.get_state())[1].tolist()


class Clock:
    """Clock and generator: a generation takes one second."""

    def __init__(self) -> None:
        self.now = 0.0
        self.calls = 0


def test_samples_take_a_small_share_of_the_time(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    clock = Clock()
    monkeypatch.setattr("vong.training.runs.samples.time.monotonic", lambda: clock.now)

    class Writer(SampleWriter):
        def _report(self, step: int, outputs: Any) -> dict[str, float]:
            clock.calls += 1
            return {}

    def generate(*_: Any) -> list[str]:
        clock.now += 1
        return ["a"]

    monkeypatch.setattr("vong.training.runs.samples.generate_greedy", generate)
    monkeypatch.setattr("vong.training.runs.samples.preserved_state", lambda _: pytest.MonkeyPatch.context())
    prompt = [SamplePrompt("p", "p", "r")]
    limits = SampleLimits(4, 4)
    writer = Writer(None, None, prompt, limits, folder=tmp_path, reporter=Recorder(), score=None)
    for step in range(1, 501):
        clock.now += 2
        writer.write(step, 500)
    assert 3 <= clock.calls <= 1 + TIME_SHARE * clock.now


def test_generation_keeps_random_states_and_modes_and_pads_correctly(base: Path, tmp_path: Path) -> None:
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(base)
    model = AutoModelForCausalLM.from_pretrained(base).train()
    model.model.layers[0].eval()
    prompts = ["<|im_start|>user\nsay a", "<|im_start|>user\nsay something longer than that"]
    states = torch.get_rng_state(), random.getstate(), numpy_state()
    with preserved_state(model):
        together = generate_greedy(model, tokenizer, prompts, SampleLimits(12, 2))
        assert all(value >= 0 for value in (random.random(), numpy.random.random(), float(torch.rand(1))))
    assert torch.equal(torch.get_rng_state(), states[0])
    assert (random.getstate(), numpy_state()) == states[1:]
    assert model.training and not model.model.layers[0].training
    with preserved_state(model):
        assert together == [generate_greedy(model, tokenizer, [one], SampleLimits(12, 1))[0] for one in prompts]


def test_prompts_are_spread_over_the_rows_and_documents_continue_their_text(base: Path, tmp_path: Path) -> None:
    from transformers import AutoTokenizer

    from vong.records import Example, Message

    tokenizer = AutoTokenizer.from_pretrained(base)
    context = create_context(base, tmp_path, {}, validation=10)
    chosen = select_prompts(tokenizer, context.validation, 3)
    assert [prompt.prompt for prompt in chosen] == [context.validation[at].prompt_text for at in (0, 3, 6)]
    document = build_prompt(tokenizer, Example(text="one two three four five six"))
    assert document is not None and document.rendered == "one two" and document.reference == "three"
    chat = Example(
        messages=tuple(
            Message(role=role, content=role) for role in ("system", "user", "assistant", "user", "assistant")
        )
    )
    prompt = build_prompt(tokenizer, chat)
    assert prompt is not None
    assert prompt.prompt == "system: system\nuser: user\nassistant: assistant\nuser: user"
    assert prompt.reference == "assistant"


@pytest.mark.parametrize(
    ("settings", "error", "words"),
    [
        ({"scorers": ["exact_mach"]}, NotFound, "exact_mach"),
        ({"scorers": ["exact_match:colour=red"]}, InvalidInput, "colour"),
        ({"scorers": ["exact_match"], "samples": 0}, InvalidInput, "samples is 0"),
        ({"best_metric": "sample_chrf"}, InvalidInput, "not a metric of the scorers"),
        ({"best_metric": "sample_chrf", "scorers": ["exact_match"]}, InvalidInput, "exact_match"),
    ],
)
def test_wrong_scorers_are_rejected_before_the_run(
    settings: dict[str, Any], error: type[Exception], words: str
) -> None:
    with pytest.raises(error, match=words):
        build_sample_scorer(SftSettings.model_validate(settings))


@pytest.mark.usefixtures("inputs", "every_evaluation")
def test_samples_are_read_over_the_api(http: TestClient, platform: Platform, project_id: UUID, tmp_path: Path) -> None:
    settings = {**RUN_REQUEST["settings"], "scorers": ["exact_match"], "samples": 2, "eval_every": 3}
    refused = http.post("/api/v1/training/runs", json={**RUN_REQUEST, "settings": {**settings, "scorers": ["nothing"]}})
    assert (refused.status_code, refused.json()["code"]) == (404, "not_found")
    started = http.post("/api/v1/training/runs", json={**RUN_REQUEST, "settings": settings}).json()
    job = Job(project_id, tmp_path / "job", started["job"]["params"])
    wired.train(cast(JobContext, job), platform)
    path = f"/api/v1/experiments/runs/{started['run']['id']}"
    last = http.get(f"{path}/samples").json()
    assert (last["steps"], last["step"], len(last["samples"])) == ([0, 3, 5], 5, 2)
    assert last["samples"][0]["scores"] == {"exact_match": 0.0}
    base_samples = http.get(f"{path}/samples", params={"step": 0}).json()["samples"]
    assert base_samples[0]["output"] == last["samples"][0]["base_output"] == base_samples[0]["base_output"]
    missing = http.get(f"{path}/samples", params={"step": 4})
    assert (missing.status_code, "0, 3, 5" in missing.json()["hint"]) == (404, True)
    curves = {curve["name"]: curve for curve in http.get(f"{path}/metrics").json()}
    assert [point["step"] for point in curves["sample_exact_match"]["points"]] == [0, 3, 5]


def test_external_trainers_log_samples_and_repeated_ones_are_replaced(
    http: TestClient, platform: Platform, project_id: UUID
) -> None:
    with platform.scope(project_id) as connection:
        run = start_run(connection, "theirs")
    path = f"/api/v1/experiments/runs/{run.id}/samples"
    assert http.get(path).json() == {"steps": [], "step": None, "samples": []}
    sample = TrainingSample(step=5, number=0, prompt="p", reference="r", base_output="b", output="o\u0000")
    for output in ("first\u0000", "second"):
        body = [sample.model_copy(update={"output": output}).model_dump(mode="json")]
        stored = http.post(path, json=body)
        assert stored.status_code == 200, stored.text
    assert stored.json()["samples"][0]["output"] == "second"
    assert http.post(path, json=[]).status_code == 422


@pytest.mark.usefixtures("inputs")
@pytest.mark.slow
def test_a_cancelled_run_is_resumed_and_a_finished_one_is_not(
    http: TestClient, platform: Platform, project_id: UUID, tmp_path: Path
) -> None:
    settings = {**RUN_REQUEST["settings"], "checkpoint_every": 2, "samples": 0}
    started = http.post("/api/v1/training/runs", json={**RUN_REQUEST, "settings": settings}).json()
    run, job_id, params = started["run"]["id"], started["job"]["id"], started["job"]["params"]
    path = f"/api/v1/training/runs/{run}/resume"
    assert http.post(path).status_code == 409
    with platform.scope(project_id) as connection:
        jobs.cancel(connection, UUID(job_id))
    # The job was cancelled before it started, so that it could not record the status of its run.
    assert http.get(f"/api/v1/experiments/runs/{run}").json()["status"] == "cancelled"
    assert http.get("/api/v1/experiments/runs", params={"limit": 1}).json()[0]["status"] == "cancelled"
    resumed = http.post(path)
    assert (resumed.status_code, resumed.json()["run"]["status"]) == (202, "queued")
    assert (resumed.json()["job"]["id"], resumed.json()["job"]["status"]) == (job_id, "queued")
    stopped = Job(project_id, tmp_path / "job", params, stop_at=3)
    with pytest.raises(JobCancelled):
        wired.train(cast(JobContext, stopped), platform)
    curve = http.get(f"/api/v1/experiments/runs/{run}/metrics", params={"name": "loss"}).json()[0]
    assert [point["step"] for point in curve["points"]] == [1, 2]
    again = Job(project_id, tmp_path / "job", params)
    wired.train(cast(JobContext, again), platform)
    assert again.lines[0] == "resuming from checkpoint-2"
    curve = http.get(f"/api/v1/experiments/runs/{run}/metrics", params={"name": "loss"}).json()[0]
    assert [point["step"] for point in curve["points"]] == [1, 2, 3, 4, 5]
    refused = http.post(path)
    assert (refused.status_code, "is finished" in refused.json()["detail"]) == (409, True)
    external = http.post("/api/v1/experiments/runs", json={"name": "theirs"}).json()["id"]
    assert "not trained by Vong" in http.post(f"/api/v1/training/runs/{external}/resume").json()["detail"]


@pytest.mark.usefixtures("inputs")
@pytest.mark.slow
def test_a_diverged_run_fails_and_its_best_weights_are_registered(
    http: TestClient, platform: Platform, project_id: UUID, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    check_step = TrainingMonitor.check_step

    def break_after_four(self: TrainingMonitor, step: int, total: int, loss: float, grad_norm: float) -> bool:
        return check_step(self, step, total, math.nan if step > 4 else loss, grad_norm)

    monkeypatch.setattr(TrainingMonitor, "check_step", break_after_four)
    settings = {**RUN_REQUEST["settings"], "epochs": 4, "eval_every": 1, "max_rewinds": 0, "samples": 0}
    settings["early_stopping_patience"] = None
    started = http.post("/api/v1/training/runs", json={**RUN_REQUEST, "settings": settings}).json()
    job = Job(project_id, tmp_path / "job", started["job"]["params"])
    with pytest.raises(TrainingDiverged, match="registered as triage@"):
        wired.train(cast(JobContext, job), platform)
    run = http.get(f"/api/v1/experiments/runs/{started['run']['id']}").json()
    assert run["status"] == "failed"
    assert any("the loss is not finite" in warning for warning in run["warnings"])
    version = http.get(f"/api/v1/registry/versions/{run['model']}").json()
    assert (version["name"], version["run"]) == ("triage", started["run"]["id"])
