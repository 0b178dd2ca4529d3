"""Judges: scores of models as rewards of grpo, stored answers, and rows and answers that cannot be used."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, cast
from uuid import UUID

import pytest
from fastapi.testclient import TestClient
from pydantic import ValidationError

from tests.training.factories import Recorder
from tests.training.preference_rows import create_context, pair, pairs
from tests.training.test_job import Job
from vong import access, data, gateway, registry
from vong.app import Platform
from vong.app.distillation import PlatformTeachers, check_called_models
from vong.errors import InvalidInput, JobCancelled, OutOfScope, Unauthenticated, UpstreamFailed
from vong.jobs import JobContext
from vong.records import Message, Operation, RouteTarget
from vong.records.key_scope import KeyScope
from vong.training.recipes.grpo import GrpoRecipe, GrpoSettings
from vong.training.scoring.judge_settings import JudgeSettings
from vong.training.scoring.judges import Judge, ask_judge, parse_score
from vong.training.scoring.teachers import ModelAnswer

JUDGE: dict[str, Any] = {
    "model": "grader",
    "messages": [{"role": "system", "content": "Be fair."}, {"role": "user", "content": "Rate {{sample.output_text}}"}],
    "highest": 10,
}


class FakeJudge:
    """Model that counts characters with an even code, and stores its calls."""

    def __init__(self, answer: str | None = None, error: str | None = None) -> None:
        self.answer, self.error = answer, error
        self.calls: list[tuple[Message, ...]] = []

    def ask(self, model: str, messages: Sequence[Message], params: Mapping[str, Any]) -> ModelAnswer:
        del model, params
        self.calls.append(tuple(messages))
        completion = messages[-1].text.removeprefix("Rate ").partition("\n\nAnswer with")[0]
        score = sum(ord(character) % 2 == 0 for character in completion[:10])
        span = f"00000000-0000-7000-8000-{len(self.calls):012d}"
        return ModelAnswer(self.answer or f'{{"steps": [], "result": {score}}}', 1.0, 1, span, error=self.error)

    def cost(self, span_ids: Sequence[str]) -> int | None:
        return 100 * len(span_ids)

    def versions(self, model: str, span_ids: Sequence[str]) -> list[str]:
        raise AssertionError((model, span_ids))

    def model_folder(self, ref: str) -> Path:
        raise AssertionError(ref)


def settings(**changes: Any) -> JudgeSettings:
    return JudgeSettings.model_validate({**JUDGE, **changes})


def train(base: Path, folder: Path, recorder: Recorder, judge: FakeJudge, **more: Any) -> Any:
    values = {
        "judges": {"even": JUDGE}, "batch_size": 2, "num_generations": 4, "max_completion_tokens": 6, "samples": 0,
        "lora_rank": 4, "learning_rate": 2e-2, "checkpoint_every": 2, "eval_every": 2,
    }  # fmt: skip
    context = create_context(
        base, folder, GrpoSettings.model_validate({**values, **more}), pairs(8), pairs(2, 100), teachers=judge
    )
    return GrpoRecipe().train(context, recorder)


def test_the_score_of_a_judge_is_a_reward(base: Path, tmp_path: Path, recorder: Recorder) -> None:
    judge = FakeJudge()
    result = train(base, tmp_path / "run", recorder, judge, epochs=0.25)
    assert recorder.series("reward.even") == recorder.series("reward")
    assert result.summary["judges"] == {"even": {"calls": len(judge.calls), "cost_usd": len(judge.calls) / 1e4}}


@pytest.mark.slow
def test_the_scores_of_a_judge_are_learned_and_a_resumed_run_pays_for_none_twice(base: Path, tmp_path: Path) -> None:
    whole, judge, again = Recorder(), FakeJudge(), FakeJudge()
    result = train(base, tmp_path / "whole", whole, judge, epochs=2)
    assert whole.series("reward.even") == whole.series("reward")
    assert max(whole.series("reward")) > 0
    assert result.summary["judges"] == {"even": {"calls": len(judge.calls), "cost_usd": len(judge.calls) / 1e4}}
    assert len(set(judge.calls)) == len(judge.calls)
    with pytest.raises(JobCancelled):
        train(base, tmp_path / "broken", Recorder(cancel_at=5), again, epochs=2)
    resumed = train(base, tmp_path / "broken", Recorder(), again, epochs=2)
    files = [(run.folder / "adapter_model.safetensors").read_bytes() for run in (result, resumed)]
    assert files[0] == files[1]
    assert len(again.calls) == len(judge.calls)


@pytest.mark.parametrize(
    ("text", "score"),
    [
        ('{"steps": ["good"], "result": 0.25}', 0.25),
        ('```json\n{"result": "5"}\n```', 5.0),
        ("**0.5**", 0.5),
        ("-1", -1.0),
        ('<think>{"result": 0.1}?</think>{"steps": [], "result": 0.75}', 0.75),
        ('{"steps": ["the text says {\\"result\\": 1}"], "result": 0.25}', 0.25),
        ('{"steps": ["cut off {\\"result\\": 1}', None),
        ("I rate it 7 of 10", None),
        ("", None),
    ],
)
def test_scores_are_read_from_answers(text: str, score: float | None) -> None:
    assert parse_score(text) == score


class OddJudge(FakeJudge):
    """Judge that gives no number, or fails, for completions with `odd`."""

    def ask(self, model: str, messages: Sequence[Message], params: Mapping[str, Any]) -> ModelAnswer:
        odd = "Rate odd" in messages[-1].text
        return ModelAnswer("11", error=self.error) if odd else super().ask(model, messages, params)


@pytest.mark.parametrize(
    ("error", "kind", "first", "later"),
    [
        (None, InvalidInput, "no number from 0 to 10 2 times in a row; its answer: '11'", "10 times in a row"),
        ("status 500", UpstreamFailed, "failed for all of the first 2 completions: status 500", "10 times in a row"),
    ],
)
def test_a_judge_without_a_usable_score_ends_the_run_at_the_first_step_or_after_ten_calls(
    tmp_path: Path, error: str | None, kind: type[Exception], first: str, later: str
) -> None:
    def create(name: str) -> Judge:
        judge = OddJudge()
        judge.error = error
        return Judge(name, settings(), judge, tmp_path, 1)

    with pytest.raises(kind, match=first):
        create("first").score([pair(0)] * 2, ["odd", "odd2"], print)
    judge = create("later")
    if error is None:
        assert judge.score([pair(0)], ["bb"], print) == [0.2]
    else:
        judge._has_scored = True
    assert judge.score([pair(0)] * 6, [f"odd{number}" for number in range(6)], print) == [None] * 6
    with pytest.raises(kind, match=later):
        judge.score([pair(0)] * 6, [f"odd{number}" for number in range(6, 12)], print)


def test_scores_are_scaled_to_the_range(tmp_path: Path) -> None:
    assert Judge("tone", settings(lowest=-10), FakeJudge("0"), tmp_path, 1).score([pair(0)], ["a"], print) == [0.5]


# https://github.com/modelscope/ms-swift/issues/8123: a missing reward corrupts its batch without a message
def test_a_completion_without_a_score_has_the_mean_of_its_prompt(tmp_path: Path) -> None:
    judge = Judge("tone", settings(), OddJudge(), tmp_path, 1)
    first, second = pair(0), pair(1)
    scores = judge.score([first, first, first, second], ["bb", "bbbb", "odd", "odd"], print)
    assert scores == pytest.approx([0.2, 0.4, 0.3, None])


def test_placeholders_are_fields_of_the_row() -> None:
    row = pair(1, metadata={"topic": {"name": "x"}, "tags": ["a"]})
    content = "{{ item.topic.name }} {{item.tags}} {{item.prompt}} {{item.completion}} {{sample.output_text}}"
    asked = ask_judge(settings(messages=[{"role": "user", "content": content}]), row, "{{item.topic.name}}")
    assert asked.messages[0].text.startswith('x ["a"] say b! bbb {{item.topic.name}}\n\nAnswer with one JSON object')
    with pytest.raises(InvalidInput, match=r"no field 'topic\.x'"):
        ask_judge(settings(messages=[{"role": "user", "content": "{{item.topic.x}} {{sample.output_text}}"}]), row, "")


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"messages": [{"role": "user", "content": "rate it"}]}, "the judge does not see the completion"),
        ({"messages": [{"role": "user", "content": "{{sample.choices}}"}]}, "unknown placeholder"),
        ({"lowest": 10}, "lowest 10 is not below highest 10"),
        ({"params": {"stream": True}}, "params"),
        ({"weight": 1e9}, "weight"),
    ],
)
def test_invalid_judges_are_rejected(change: dict[str, Any], words: str) -> None:
    with pytest.raises(ValidationError, match=words):
        settings(**change)
    with pytest.raises(ValidationError, match="has the name of another reward"):
        GrpoSettings.model_validate({"rewards": {"exact_match": 1}, "judges": {"exact_match": JUDGE}})


def test_a_run_is_started_for_models_that_exist_and_calls_them_on_behalf_of_its_caller(
    http: TestClient, platform: Platform, project_id: UUID, base: Path, tmp_path: Path
) -> None:
    with platform.scope(project_id) as connection:
        registry.register(connection, platform.blobs, "tiny", base, kind="base")
        data.write(connection, platform.blobs, "rows", pairs(4), Operation(name="import"))
        gateway.set_route(connection, "grader", [RouteTarget(model="echo/echo")])
        narrow = access.create_key(connection, "narrow", scope=KeyScope(models=("tiny",)))
    content = "{{item.topic}} {{sample.output_text}}"

    def start(**judge: Any) -> Any:
        body = {"name": "x", "base": "tiny", "dataset": "rows", "recipe": "grpo"}
        chosen = {"judges": {"tone": {**JUDGE, **judge}}}
        return http.post("/api/v1/training/runs", json={**body, "settings": chosen})

    missing = start(model="grade")
    assert (missing.status_code, "did you mean 'grader'" in missing.json()["hint"]) == (404, True)
    assert start(model="nobody/x").status_code == 404
    row = start(messages=[{"role": "user", "content": content}])
    assert row.status_code == 422
    assert "row 1 of split 'train', judge 'tone': the row has no field 'topic'" in row.json()["detail"]
    with platform.database.owner() as connection:
        caller = access.authenticate(connection, narrow.secret)
    chosen = GrpoSettings.model_validate({"judges": {"tone": JUDGE}})
    with platform.scope(project_id) as connection, pytest.raises(OutOfScope, match="may not call 'grader'"):
        check_called_models(platform, connection, chosen, caller)

    job = Job(project_id, tmp_path / "job", start().json()["job"]["params"])
    teachers = PlatformTeachers(platform, cast(JobContext, job))
    secret = str(teachers._caller.http.headers["authorization"]).removeprefix("Bearer ")
    with platform.database.owner() as connection:
        principal = access.authenticate(connection, secret)
    assert (principal.actor, principal.is_delegated) == ("test", True)
    teachers.close()
    with platform.database.owner() as connection, pytest.raises(Unauthenticated):
        access.authenticate(connection, secret)
