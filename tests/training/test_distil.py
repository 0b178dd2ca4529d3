import dataclasses
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, cast
from uuid import UUID

import pytest
from fastapi.testclient import TestClient
from pydantic import ValidationError

from tests.tiny_model import create_tiny_model
from tests.training.factories import Recorder, create_context, rows
from tests.training.test_job import Job
from vong import data, gateway, registry
from vong.app import Platform
from vong.app import distillation as distillation_app
from vong.app import training as wired
from vong.app.training_samples import build_sample_scorer
from vong.errors import InvalidInput, JobCancelled, NotFound, UpstreamFailed
from vong.jobs import JobContext
from vong.records import Example, Message, Operation, RouteTarget
from vong.training import TrainingResult
from vong.training.recipes.distil import DistilRecipe
from vong.training.recipes.distil_settings import DistilSettings
from vong.training.scoring.teachers import AnswerBook, ModelAnswer, Question, question_of

SMALL = {"batch_size": 4, "learning_rate": 1e-2, "lora_rank": 4, "samples": 0, "report_rows": 3, "answer_tokens": 20}


class FakeTeachers:
    """Teachers that repeat the named letter in capitals, and count their calls."""

    def __init__(self, folder: Path | None = None, fails: Sequence[str] = ()) -> None:
        self.folder = folder
        self.fails = fails
        self.calls: list[tuple[str, str, dict[str, Any]]] = []

    def ask(self, model: str, messages: Sequence[Message], params: Mapping[str, Any]) -> ModelAnswer:
        text = messages[-1].text
        self.calls.append((model, text, dict(params)))
        if any(part in text for part in self.fails):
            return ModelAnswer("", error="status 500: overloaded")
        return ModelAnswer(text[4].upper() * 3, 200.0, 3, f"00000000-0000-7000-8000-{len(self.calls):012d}")

    def cost(self, span_ids: Sequence[str]) -> int | None:
        return 1500 * len(span_ids)

    def versions(self, model: str, span_ids: Sequence[str]) -> list[str]:
        return [f"{model}@0123456789ab"]

    def model_folder(self, ref: str) -> Path:
        if self.folder is None:
            raise NotFound(f"no model named {ref!r}")
        return self.folder


def distil(
    base: Path, folder: Path, settings: dict[str, Any], reporter: Recorder, teachers: FakeTeachers, **more: Any
) -> TrainingResult:
    values = DistilSettings.model_validate({**SMALL, "teacher": "large", **settings})
    context = create_context(base, folder, {})
    context = dataclasses.replace(
        context, settings=values, teachers=teachers, score=build_sample_scorer(values), **more
    )
    return DistilRecipe().train(context, reporter)


def weights(result: TrainingResult) -> bytes:
    return (result.folder / "adapter_model.safetensors").read_bytes()


@pytest.mark.slow
def test_the_student_learns_the_answers_of_the_teacher(base: Path, tmp_path: Path, recorder: Recorder) -> None:
    teachers = FakeTeachers()
    prompts = [one.model_copy(update={"completion": None}) for one in rows(40)]
    result = distil(
        base, tmp_path / "run", {"epochs": 12}, recorder, teachers, train=prompts[:32], validation=prompts[32:]
    )
    assert result.summary["train_loss"] < 0.5 * recorder.series("loss")[0]
    report = result.summary["distillation"]
    assert (report["rows"], report["reference"]) == (3, "teacher")
    exact = report["metrics"]["exact_match"]
    assert exact["kept"] == pytest.approx(exact["after"] / exact["teacher"], abs=1e-3)
    rouge = report["metrics"]["rougeL"]
    assert rouge["before"] <= rouge["after"]
    assert report["latency_ms"]["teacher"] == 200.0
    assert report["latency_ms"]["after"] > 0
    assert report["cost_per_1000_answers"] == {"teacher": 1.5, "before": 0.0, "after": 0.0}
    assert result.summary["cost_saved_per_1000_answers"] == 1.5
    assert {"quality_kept.exact_match", "latency_saved", "teacher"} <= result.summary.keys()
    distinct = {one.messages for one in prompts}
    assert len(teachers.calls) == len(distinct)
    assert teachers.calls[0][2] == {"max_tokens": 20, "temperature": 0.0}


@pytest.mark.slow
def test_a_resumed_run_pays_no_answer_twice_and_gives_equal_weights(base: Path, tmp_path: Path) -> None:
    settings = {"epochs": 2, "checkpoint_every": 2, "eval_every": 3, "lora_dropout": 0.1, "concurrency": 1}
    whole = distil(base, tmp_path / "whole", settings, Recorder(), FakeTeachers())
    teachers = FakeTeachers()

    class StopsWhileAsking(Recorder):
        def progress(self, done: float, total: float, message: str) -> None:
            if message.startswith("answers of the teacher: 5"):
                raise JobCancelled("asked to stop")

    with pytest.raises(JobCancelled):
        distil(base, tmp_path / "broken", settings, StopsWhileAsking(), teachers)
    asked = len(teachers.calls)
    assert 5 <= asked <= 6
    with (tmp_path / "broken" / "teacher_answers.jsonl").open("a") as file:
        file.write('{"key": "torn')  # a crash during a write
    with pytest.raises(JobCancelled):
        distil(base, tmp_path / "broken", settings, Recorder(cancel_at=5), teachers)
    again = Recorder()
    resumed = distil(base, tmp_path / "broken", settings, again, teachers)
    assert "resuming from checkpoint-4" in again.lines
    distinct = {one.messages for one in (*rows(24), *rows(8, start=100))}
    assert len(teachers.calls) == len(distinct)
    assert weights(resumed) == weights(whole)
    assert resumed.summary["distillation"]["metrics"] == whole.summary["distillation"]["metrics"]


@pytest.mark.slow
def test_logits_of_a_local_teacher_are_learned_and_a_resume_is_exact(base: Path, tmp_path: Path) -> None:
    teachers = FakeTeachers(create_tiny_model(tmp_path / "teacher", seed=5))
    settings = {
        **{"source": "logits", "epochs": 4, "teacher_weight": 1.0, "temperature": 1.0, "lora_dropout": 0.1},
        **{"checkpoint_every": 2, "eval_every": 6, "lora_rank": 16},
    }
    whole, broken = Recorder(), Recorder(cancel_at=9)
    uninterrupted = distil(base, tmp_path / "whole", settings, whole, teachers)
    losses = whole.series("loss")
    assert sum(losses[-4:]) < 0.9 * sum(losses[:4])  # the divergence from the teacher falls
    with pytest.raises(JobCancelled):
        distil(base, tmp_path / "broken", settings, broken, teachers)
    resumed = distil(base, tmp_path / "broken", settings, Recorder(), teachers)
    assert weights(resumed) == weights(uninterrupted)
    assert uninterrupted.summary["distillation"]["cost_per_1000_answers"]["teacher"] == 0.0
    assert teachers.calls == []


@pytest.mark.slow
def test_the_divergence_is_zero_if_student_and_teacher_agree(base: Path, tmp_path: Path) -> None:
    recorder = Recorder()
    settings = {"source": "logits", "epochs": 1, "teacher_weight": 1.0, "report_rows": 0}
    distil(base, tmp_path / "run", settings, recorder, FakeTeachers(base))
    assert recorder.series("loss")[0] == pytest.approx(0.0, abs=1e-5)


def test_a_teacher_with_another_tokenizer_is_rejected(base: Path, tmp_path: Path, recorder: Recorder) -> None:
    teacher = create_tiny_model(tmp_path / "teacher")
    path = teacher / "tokenizer.json"
    content = json.loads(path.read_text())
    vocabulary: dict[str, int] = content["model"]["vocab"]
    vocabulary["a"], vocabulary["b"] = vocabulary["b"], vocabulary["a"]
    path.write_text(json.dumps(content))
    with pytest.raises(InvalidInput, match=r"the teacher 'large' has another tokenizer .* 2 tokens differ") as raised:
        distil(base, tmp_path / "run", {"source": "logits"}, recorder, FakeTeachers(teacher))
    assert "source to answers" in raised.value.hint


def test_a_teacher_with_a_padded_embedding_is_accepted(base: Path, tmp_path: Path) -> None:
    # Models of one family pad their embeddings to different sizes: https://github.com/huggingface/trl/issues/2215
    from transformers import AutoModelForCausalLM

    teacher = create_tiny_model(tmp_path / "teacher")
    model: Any = AutoModelForCausalLM.from_pretrained(teacher)
    model.resize_token_embeddings(320)
    model.save_pretrained(teacher)
    recorder = Recorder()
    distil(
        base,
        tmp_path / "run",
        {"source": "logits", "epochs": 1, "report_rows": 0},
        recorder,
        FakeTeachers(teacher),
    )
    assert len(recorder.series("loss")) == 6


def test_answers_that_cannot_be_used_are_left_out_with_a_warning(tmp_path: Path) -> None:
    class OddTeachers(FakeTeachers):
        def ask(self, model: str, messages: Sequence[Message], params: Mapping[str, Any]) -> ModelAnswer:
            text = messages[-1].text
            odd = {"cut": ModelAnswer("x " * 20, 1.0, 20), "empty": ModelAnswer(" ", 1.0, 1)}
            return odd.get(text, ModelAnswer("", error="refused") if text == "failed" else ModelAnswer("ok", 1.0, 1))

    def ask(text: str, **more: Any) -> Example:
        return Example(messages=(Message(role="user", content=text),), **more)

    examples = [ask("cut"), ask("empty"), ask("failed"), ask("good"), ask("none", weight=0.0), Example(text="document")]
    recorder = Recorder()
    context = create_context(tmp_path, tmp_path / "run", {})
    settings = DistilSettings.model_validate({**SMALL, "teacher": "large"})
    context = dataclasses.replace(context, train=examples, validation=[], settings=settings)
    from vong.training.recipes.distil import _TeacherModel

    prepared = _TeacherModel(context, settings, OddTeachers()).prepare(None, recorder)
    assert [(one.prompt_text, one.completion_text) for one in prepared.train] == [("good", "ok")]
    assert recorder.warnings == [
        "2 training rows have no prompt, or the weight 0, and are left out",
        "2 training rows have no answer of the teacher, because the request failed or the answer has no text, "
        "and are left out",
        "1 training rows have an answer of the teacher that was cut off at answer_tokens 20, and are left out",
    ]


def test_a_teacher_that_is_not_available_ends_the_run(tmp_path: Path) -> None:
    book = AnswerBook(tmp_path, FakeTeachers(fails=["say"]), "large", {})
    questions = [question for one in rows(30) if (question := question_of(one))]
    with pytest.raises(UpstreamFailed, match="failed 10 times in a row: status 500"):
        book.ask_all(questions, 1, print)
    assert book.asked <= 11


def test_an_answer_belongs_to_its_model_and_parameters(tmp_path: Path) -> None:
    question = Question((Message(role="user", content="say a"),))
    teachers = FakeTeachers()
    for model, temperature in (("large", 0), ("large", 0), ("large", 1), ("other", 0)):
        AnswerBook(tmp_path, teachers, model, {"temperature": temperature}).ask_all([question], 2, print)
    assert [(model, params) for model, _, params in teachers.calls] == [
        ("large", {"temperature": 0}),
        ("large", {"temperature": 1}),
        ("other", {"temperature": 0}),
    ]


def test_a_run_without_a_teacher_is_rejected(tmp_path: Path, recorder: Recorder) -> None:
    with pytest.raises(ValidationError, match="teacher is not set"):
        DistilSettings.model_validate({})
    context = create_context(tmp_path, tmp_path / "run", {})
    settings = DistilSettings.model_validate({"teacher": "large"})
    with pytest.raises(InvalidInput, match="no access to a teacher"):
        DistilRecipe().train(dataclasses.replace(context, settings=settings), recorder)


@pytest.mark.slow
def test_a_distillation_is_started_over_the_api(
    http: TestClient,
    platform: Platform,
    project_id: UUID,
    base: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    examples = [
        one.model_copy(update={"metadata": {"split": "validation" if number % 4 == 0 else "train"}})
        for number, one in enumerate(rows(24))
    ]
    with platform.scope(project_id) as connection:
        registry.register(connection, platform.blobs, "tiny", base, kind="base")
        data.write(connection, platform.blobs, "letters", examples, Operation(name="import"))
        gateway.set_route(connection, "large", [RouteTarget(model="echo/echo")])
    request = {"name": "small", "base": "tiny", "dataset": "letters", "recipe": "distil"}
    settings = {**SMALL, "teacher": "large", "epochs": 1}

    def start(**changes: Any) -> Any:
        return http.post("/api/v1/training/runs", json={**request, "settings": {**settings, **changes}})

    assert "teacher is not set" in start(teacher="").text
    for source in ("logits", "answers"):
        missing = start(source=source, teacher="larg")
        assert (missing.status_code, "larg" in missing.text) == (404, True)
    teachers = FakeTeachers()
    monkeypatch.setattr(distillation_app.PlatformTeachers, "ask", lambda _, *given: teachers.ask(*given))
    params = start().json()["job"]["params"]
    result = wired.train(cast(JobContext, Job(project_id, tmp_path / "job", params)), platform)
    assert result["summary"]["distillation"]["rows"] == 3
    assert result["summary"]["distillation"]["reference"] == "dataset"
    assert result["summary"]["distillation"]["cost_per_1000_answers"]["teacher"] is None  # no such spans
    version = http.get(f"/api/v1/registry/versions/{result['model']}").json()
    assert (version["kind"], version["metadata"]["teachers"]) == ("adapter", [])  # no model of the registry
    assert len(teachers.calls) == len({one.messages for one in examples})
