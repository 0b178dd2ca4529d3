"""Tests of fine-tuning jobs with the `openai` package: a local job of a tiny model, and one at a provider."""

import csv
import json
import socket
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import openai
import pytest
import uvicorn

from tests.finished_loop import wait_for_result
from tests.running_vong import RunningVong, eventually, run_vong
from tests.tiny_model import create_tiny_model
from vong.gateway.fine_tuning.fake_provider import MODEL, FakeProvider

ROWS = [
    {
        "messages": [
            {"role": "user", "content": f"say {number}"},
            {"role": "assistant", "content": "no", "weight": 0},
            {"role": "user", "content": "again"},
            {"role": "assistant", "content": "yes"},
        ]
    }
    for number in range(24)
]
pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]
SETTINGS = {"lora_rank": 4, "learning_rate": 0.02, "checkpoint_every": 3}


@pytest.fixture(scope="module")
def fake() -> Iterator[tuple[FakeProvider, str]]:
    """Start the fake provider that ships with Vong, with jobs of three seconds."""
    provider = FakeProvider(seconds=3)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    server = uvicorn.Server(uvicorn.Config(provider.application(), port=port, log_level="error"))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    eventually(lambda: server.started)
    yield provider, f"http://127.0.0.1:{port}/v1"
    server.should_exit = True
    thread.join(10)


@pytest.fixture(scope="module")
def vong(tmp_path_factory: pytest.TempPathFactory, fake: tuple[FakeProvider, str]) -> Iterator[RunningVong]:
    """Start Vong with a tiny base model and the fake provider."""
    folder = tmp_path_factory.mktemp("fine-tuning")
    with run_vong(folder / "home") as running:
        client = running.client()
        wait_for_result(client, client.registry.import_model(str(create_tiny_model(folder / "tiny")), name="tiny"))
        running.run("gateway", "providers", "set", "remote", "--base-url", fake[1])
        yield running


def connect(vong: RunningVong, key: str | None = None) -> openai.OpenAI:
    return openai.OpenAI(base_url=f"{vong.url}/v1", api_key=key or vong.key, max_retries=3, timeout=240)


def upload(client: openai.OpenAI, rows: list[Any]) -> str:
    content = "\r\n".join(map(json.dumps, rows)).encode()
    return client.files.create(file=("rows.jsonl", content), purpose="fine-tune").id


def wait(client: openai.OpenAI, id: str, seconds: float = 400) -> Any:
    until = time.monotonic() + seconds
    while (job := client.fine_tuning.jobs.retrieve(id)).status not in ("succeeded", "failed", "cancelled"):
        assert time.monotonic() < until, client.fine_tuning.jobs.list_events(id).data
        time.sleep(0.3)
    return job


def test_a_local_job_trains_and_its_model_and_checkpoints_answer(vong: RunningVong) -> None:
    client = connect(vong)
    job = client.fine_tuning.jobs.create(
        model="tiny",
        training_file=upload(client, ROWS),
        validation_file=upload(client, ROWS[:4]),
        method={"type": "supervised", "supervised": {"hyperparameters": {"n_epochs": 3, "batch_size": 8}}},
        suffix="yes man",
        seed=7,
        metadata={"team": "a"},
        integrations=[{"type": "wandb", "wandb": {"project": "p"}}],
        extra_body={"settings": SETTINGS},
    )
    assert job.status == "validating_files" and job.error is None and job.result_files == []
    eventually(lambda: client.fine_tuning.jobs.retrieve(job.id).status == "running", 120)
    vong.kill("worker")
    done = wait(client, job.id)
    events = list(client.fine_tuning.jobs.list_events(job.id, limit=2))  # several pages
    messages = [event.message for event in events]
    assert done.status == "succeeded", (done.error, messages, vong.logs())
    assert done.fine_tuned_model == f"ft:tiny:yes man:{job.id[-8:]}"
    assert done.trained_tokens and done.finished_at and done.estimated_finish is None
    assert (done.seed, done.metadata, done.hyperparameters.n_epochs) == (7, {"team": "a"}, 3)
    assert len({event.id for event in events}) == len(events)
    assert any("wandb" in event.message and event.level == "warn" for event in events)
    steps: list[Any] = [event.data for event in events if event.type == "metrics"]
    assert [step["step"] for step in steps if "train_loss" in step] == list(range(9, 0, -1))
    assert {step["total_steps"] for step in steps} == {9}
    rows = list(csv.DictReader(client.files.content(done.result_files[0]).text.splitlines()))
    assert [row["step"] for row in rows] == [str(step) for step in range(1, 10)] and rows[-1]["train_accuracy"]
    checkpoints = list(client.fine_tuning.jobs.checkpoints.list(job.id, limit=1))
    assert [checkpoint.step_number for checkpoint in checkpoints] == [9, 6, 3]
    assert all(
        checkpoint.metrics.train_loss and checkpoint.metrics.train_mean_token_accuracy is not None
        for checkpoint in checkpoints
    )
    names = [done.fine_tuned_model, checkpoints[0].fine_tuned_model_checkpoint]
    listed = {model.id for model in client.models.list()}
    for name in names:
        assert name in listed
        answer = client.chat.completions.create(
            model=name, messages=[{"role": "user", "content": "say 1"}], max_tokens=4, temperature=0
        )
        assert answer.choices[0].message.content
    run = next(run for run in vong.client().experiments.runs() if run.status == "finished")
    assert run.model and run.dataset.startswith("fine-tuning-")
    assert client.models.delete(str(names[0])).deleted
    with pytest.raises(openai.NotFoundError):
        client.chat.completions.create(model=str(names[0]), messages=[{"role": "user", "content": "say 1"}])


def prompt(number: int) -> dict[str, Any]:
    return {"role": "user", "content": f"say {chr(97 + number % 5)}"}


PAIRS = [
    {
        "input": {"messages": [prompt(number)]},
        "preferred_output": [{"role": "assistant", "content": chr(97 + number % 5) * 3}],
        "non_preferred_output": [{"role": "assistant", "content": chr(98 + number % 5) * 3}],
    }
    for number in range(8)
]
PROMPTS = [
    {"messages": [prompt(number)], "answer": chr(97 + number % 5) * 3, "grade": number % 5} for number in range(4)
]
EXACT = {
    "type": "string_check",
    "name": "exact",
    "input": "{{sample.output_text}}",
    "reference": "{{item.answer}}",
    "operation": "eq",
}
JUDGE = {
    "type": "score_model",
    "name": "judge",
    "model": "grader",
    "range": [0, 4],
    "input": [{"role": "user", "content": '{"result": {{item.grade}}} for {{sample.output_text}}'}],
}
"""Judge whose answer is its prompt, because the route leads to the provider echo."""
MULTI = {"type": "multi", "graders": {"exact": EXACT, "judge": JUDGE}, "calculate_output": "0.5 * exact + 0.5 * judge"}
REINFORCEMENT: dict[str, Any] = {"grader": MULTI, "hyperparameters": {"n_epochs": 1, "batch_size": 2}}
SAMPLING = {"num_generations": 2, "max_completion_tokens": 4, "lora_rank": 4, "samples": 0}


@pytest.mark.parametrize("method", ["dpo", "reinforcement"])
def test_other_methods_train_a_model_that_answers(vong: RunningVong, method: str) -> None:
    client, owner = connect(vong), vong.client()
    vong.run("gateway", "routes", "set", "grader", "echo/echo")
    vong.run("gateway", "prices", "set", "echo/echo", "--input", "10", "--output", "20")
    rows: list[Any] = PAIRS if method == "dpo" else PROMPTS
    details = {"hyperparameters": {"n_epochs": 1, "beta": 0.2}} if method == "dpo" else REINFORCEMENT
    job = client.fine_tuning.jobs.create(
        model="tiny",
        training_file=upload(client, rows),
        validation_file=upload(client, rows[:2]),
        method={"type": method, method: details},  # pyright: ignore[reportArgumentType]
        extra_body={"settings": {"lora_rank": 4, "samples": 0} if method == "dpo" else SAMPLING},
    )
    done = wait(client, job.id)
    assert done.status == "succeeded", (done.error, vong.logs())
    answer = client.chat.completions.create(
        model=str(done.fine_tuned_model), messages=[{"role": "user", "content": "say a"}], max_tokens=3
    )
    assert answer.choices[0].message.content is not None
    results = list(csv.DictReader(client.files.content(done.result_files[0]).text.splitlines()))
    column = "train_reward_margin" if method == "dpo" else "train_reward_mean"
    assert all(row[column] for row in results)
    if method == "reinforcement":
        run = next(one for one in owner.experiments.runs() if one.status == "finished" and one.recipe == "grpo")
        judge = run.summary["judges"]["judge"]
        assert judge["calls"] > 0 and judge["cost_usd"] > 0
        (calls,) = [line for line in owner.gateway.ledger(by="key") if line.group == "owner"]
        assert calls.calls >= judge["calls"]  # the calls of the judge are those of the caller's key


def test_the_calls_of_a_judge_have_the_limits_of_the_key(vong: RunningVong) -> None:
    owner = vong.client()
    vong.run("gateway", "routes", "set", "grader", "echo/echo")
    poor = connect(vong, owner.access.create_key("judged")["secret"])
    file = upload(poor, PROMPTS)
    vong.run("gateway", "prices", "set", "echo/echo", "--input", "10", "--output", "20")
    owner.gateway.set_limit("key", "cost", "day", 1, subject="judged")
    job = poor.fine_tuning.jobs.create(
        model="tiny",
        training_file=file,
        method={"type": "reinforcement", "reinforcement": {"grader": JUDGE}},  # pyright: ignore[reportArgumentType]
        extra_body={"settings": {**SAMPLING, "judge_concurrency": 1}},
    )
    done = wait(connect(vong), job.id)
    assert done.status == "failed" and done.error
    assert "(grader) failed for all of the first" in str(done.error.message)
    assert "budget" in str(done.error.message).lower()


def test_a_job_pauses_resumes_and_is_cancelled(vong: RunningVong) -> None:
    client = connect(vong)
    job = client.fine_tuning.jobs.create(
        model="tiny",
        training_file=upload(client, ROWS),
        hyperparameters={"n_epochs": 100, "batch_size": 1},
        extra_body={"settings": SETTINGS},
    )
    eventually(lambda: client.fine_tuning.jobs.retrieve(job.id).status == "running", 120)
    assert client.fine_tuning.jobs.pause(job.id).status == "paused"

    def resumed() -> bool:
        try:
            return client.fine_tuning.jobs.resume(job.id).status == "queued"
        except openai.ConflictError:
            return False

    eventually(resumed)
    eventually(lambda: client.fine_tuning.jobs.retrieve(job.id).status == "running", 120)
    assert client.fine_tuning.jobs.cancel(job.id).status == "cancelled"
    with pytest.raises(openai.ConflictError, match="has already cancelled"):
        client.fine_tuning.jobs.cancel(job.id)
    assert client.fine_tuning.jobs.list(limit=1).data[0].id == job.id


def test_a_job_at_a_provider_survives_a_dead_worker_and_its_model_answers(
    vong: RunningVong, fake: tuple[FakeProvider, str]
) -> None:
    client, provider = connect(vong), fake[0]
    vong.run("gateway", "prices", "set", f"remote/{MODEL}", "--input", "1", "--token-type", "training=25")
    job = client.fine_tuning.jobs.create(
        model=f"remote/{MODEL}", training_file=upload(client, ROWS), suffix="far", hyperparameters={"n_epochs": 2}
    )
    eventually(lambda: bool(provider.jobs))
    vong.kill("worker")
    done = wait(client, job.id)
    assert done.status == "succeeded", (done.error, vong.logs())
    assert len(provider.jobs) == 1 and len(provider.files) == 1
    (sent,) = provider.jobs.values()
    assert sent.body["method"] == {"type": "supervised", "supervised": {"hyperparameters": {"n_epochs": 2}}}
    assert done.fine_tuned_model == f"remote/ft:{MODEL}:fake:far:{sent.number}" and done.trained_tokens == 1000
    steps: list[Any] = [event.data for event in client.fine_tuning.jobs.list_events(job.id, limit=100) if event.data]
    assert [step["step"] for step in steps] == list(range(10, 0, -1))
    (checkpoint,) = client.fine_tuning.jobs.checkpoints.list(job.id).data
    for name in (done.fine_tuned_model, checkpoint.fine_tuned_model_checkpoint):
        answer = client.chat.completions.create(model=name, messages=[{"role": "user", "content": "hello"}])
        assert answer.choices[0].message.content == "hello"
    (trained,) = [line for line in vong.client().gateway.ledger(by="model") if line.group == f"remote/{MODEL}"]
    assert (trained.cost, trained.input_tokens) == (25_000, 1000)


def test_a_run_with_the_recipe_provider_follows_cancels_and_reports_failures(
    vong: RunningVong, fake: tuple[FakeProvider, str], tmp_path: Path
) -> None:
    client, provider = vong.client(), fake[0]
    file = tmp_path / "rows.jsonl"
    file.write_text("\n".join(map(json.dumps, ROWS)))
    wait_for_result(client, client.data.import_files("remote-rows", [file]))
    arguments = ("--recipe", "provider", "--dataset", "remote-rows", "--set", "n_epochs=1", "--json")
    result = json.loads(vong.run("training", "start", "far", "--base", f"remote/{MODEL}", *arguments).stdout)
    assert result["model"].startswith(f"remote/ft:{MODEL}:fake:far") and result["summary"]["tokens"] == 1000
    run = client.experiments.get(result["run"])
    assert (run.status, run.recipe, run.base) == ("finished", "provider", f"remote/{MODEL}")
    failed = vong.run("training", "start", "far", "--base", "remote/failing", *arguments, ok=False)
    assert failed.returncode and "the fake fails this model" in failed.stderr
    started = client.training.start("far", f"remote/{MODEL}", "remote-rows", recipe="provider")
    known = len(provider.jobs)
    eventually(lambda: len(provider.jobs) > known or client.jobs.get(started.job.id).progress.done > 0)
    client.jobs.cancel(started.job.id)
    eventually(lambda: [*provider.jobs.values()][-1].status == "cancelled")
    eventually(lambda: client.experiments.get(started.run.id).status == "cancelled")


def test_limits_and_scopes_apply_to_jobs(vong: RunningVong) -> None:
    owner, file = connect(vong), upload(connect(vong), ROWS)
    client = vong.client()
    narrow = client.access.create_key("narrow", models=["tiny"], endpoints=["fine_tuning"])
    chats = client.access.create_key("chats", endpoints=["chat"])
    poor = client.access.create_key("poor")
    with pytest.raises(openai.PermissionDeniedError, match="may not call 'remote/x'"):
        connect(vong, narrow["secret"]).fine_tuning.jobs.create(model="remote/x", training_file=file)
    with pytest.raises(openai.PermissionDeniedError, match="may not use the endpoint 'fine_tuning'"):
        upload(connect(vong, chats["secret"]), ROWS)
    with pytest.raises(openai.NotFoundError) as hidden:  # the file of another key
        connect(vong, narrow["secret"]).fine_tuning.jobs.create(model="tiny", training_file=file)
    assert hidden.value.param == "training_file"
    client.gateway.set_limit("key", "cost", "day", 100, subject="poor")
    with pytest.raises(openai.APIStatusError, match="the price of training 'remote/unpriced' is unknown") as unpriced:
        connect(vong, poor["secret"]).fine_tuning.jobs.create(model="remote/unpriced", training_file=file)
    vong.run("gateway", "prices", "set", "remote/dear", "--input", "1", "--token-type", "training=25")
    with pytest.raises(openai.APIStatusError, match="this job may cost up to") as broke:
        connect(vong, poor["secret"]).fine_tuning.jobs.create(model="remote/dear", training_file=file)
    assert (unpriced.value.status_code, broke.value.status_code) == (402, 402)
    client.gateway.set_limit("key", "requests", "month", 1, subject="narrow")
    limited = connect(vong, narrow["secret"]).with_options(max_retries=0)
    own = upload(limited, ROWS)
    first = limited.fine_tuning.jobs.create(model="tiny", training_file=own)
    with pytest.raises(openai.RateLimitError):
        limited.fine_tuning.jobs.create(model="tiny", training_file=own)
    limited.fine_tuning.jobs.cancel(first.id)
    with pytest.raises(openai.NotFoundError):
        connect(vong, poor["secret"]).with_options(max_retries=0).fine_tuning.jobs.retrieve("ftjob-1")
    assert owner.fine_tuning.jobs.retrieve(first.id).status == "cancelled"


@pytest.mark.parametrize(
    ("call", "message", "param"),
    [
        (
            lambda client, _: upload(client, [{"messages": [{"role": "bot"}]}]),
            "line 1, message 1 has the unknown role",
            "file",
        ),
        (
            lambda client, file: client.fine_tuning.jobs.create(model="no", training_file=file),
            "no model named 'no'",
            "model",
        ),
        (
            lambda client, _: client.fine_tuning.jobs.create(model="tiny", training_file="file-x"),
            "no file has the id",
            "training_file",
        ),
        (
            lambda client, file: client.fine_tuning.jobs.create(
                model="tiny", training_file=file, method={"type": "dpo"}
            ),
            "line 1 of training_file",
            "training_file",
        ),
        (
            lambda client, _: upload(client, [*PAIRS, {**PAIRS[0], "non_preferred_output": []}]),
            "line 9, non_preferred_output is not a list of messages",
            "file",
        ),
        (
            lambda client, _: client.fine_tuning.jobs.create(
                model="tiny",
                training_file=upload(client, [*PROMPTS, ROWS[0]]),
                method={"type": "reinforcement", "reinforcement": {"grader": EXACT}},
            ),
            "line 5 of training_file is a conversation that ends with an answer",
            "training_file",
        ),
        (
            lambda client, _: client.fine_tuning.jobs.create(
                model="tiny",
                training_file=upload(client, PROMPTS),
                method={"type": "reinforcement", "reinforcement": {"grader": {**JUDGE, "model": "nobody"}}},
            ),
            "no route or model is named 'nobody'",
            "method.reinforcement.grader",
        ),
        (
            lambda client, file: client.fine_tuning.jobs.create(model="tiny", training_file=file, suffix="a/b"),
            "suffix",
            "suffix",
        ),
        (
            lambda client, file: client.fine_tuning.jobs.create(
                model="tiny", training_file=file, extra_body={"settings": {"x": 1}}
            ),
            "invalid settings",
            None,
        ),
        (lambda client, _: client.fine_tuning.jobs.retrieve("ftjob-zzz"), "no ftjob has the id", "id"),
    ],
)
def test_errors_have_the_format_of_openai(
    vong: RunningVong, call: Callable[[openai.OpenAI, str], Any], message: str, param: str | None
) -> None:
    client = connect(vong)
    file = upload(client, ROWS)
    with pytest.raises(openai.APIStatusError, match=message) as raised:
        call(client, file)
    assert raised.value.status_code in (400, 404) and raised.value.param == param
