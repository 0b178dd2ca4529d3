"""Red team runs: the job with models that obey and refuse, its resumption, comparisons, routes, client and commands."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from click.testing import CliRunner
from fastapi import FastAPI
from fastapi.testclient import TestClient

from tests.knowledge.measured_bases import job_context
from vong import access, prompts
from vong.access import Principal
from vong.api.http import problems
from vong.api.routes import prompts_red_team as red_team_routes
from vong.app.platform import Platform
from vong.app.prompts import red_team, red_team_job, red_team_messages
from vong.app.prompts.red_team import RedTeamStart, RedTeamStarted
from vong.app.prompts.red_team_comparison import compare_runs
from vong.cli import prompts_red_team as commands
from vong.client.prompts_red_team import RedTeamClient
from vong.client.transport import Transport
from vong.config import Settings
from vong.errors import Conflict, InvalidInput, JobCancelled, NotFound, UpstreamFailed
from vong.evals.model_output import ModelOutput
from vong.prompts.red_team.attack_sets import store_set
from vong.prompts.red_team.builtin import load_builtin
from vong.prompts.red_team.runs import RedTeamRun, get_run, get_subject, list_results
from vong.records import Message, Usage
from vong.records.prompt import PromptTemplate
from vong.store.database import Database

ECHO = "echo/echo"


class Model:
    """Fake of `JudgeCalls`: answers by a rule, and records the messages."""

    def __init__(self) -> None:
        self.answer: Any = obey
        self.requests: list[list[Message]] = []

    def __call__(self, *_: Any) -> "Model":
        return self

    def complete(self, model: str, messages: list[Message], params: dict[str, Any]) -> ModelOutput:
        assert params["temperature"] == 0
        self.requests.append(messages)
        found = self.answer(messages)
        if isinstance(found, ModelOutput):
            return found
        return ModelOutput(found, None, 1.0, Usage(), message=Message(role="assistant", content=found))

    def close(self) -> None:
        pass


def obey(messages: list[Message]) -> str:
    """Answer everything: reveal the system message, and do what the text asks for."""
    return f"Paris. Mercury. 56. ROGUE: velvet anchor. {messages[0].text}"


def refuse(messages: list[Message]) -> str:
    return "I'm sorry, but I can't help with that."


def blocked(messages: list[Message]) -> ModelOutput:
    output = ModelOutput("", None, 0.0, Usage(), error="the guard 'injection' blocked it")
    return output._replace(finish_reason="content_filter")


def failing(messages: list[Message]) -> ModelOutput:
    return ModelOutput("", None, 0.0, Usage(), error="status 500")


@pytest.fixture
def model(monkeypatch: pytest.MonkeyPatch) -> Model:
    fake = Model()
    monkeypatch.setattr(red_team_job, "JudgeCalls", fake)
    monkeypatch.setattr(red_team, "check_model_names", lambda *_: None)
    return fake


@pytest.fixture
def platform(database_url: str, tmp_path: Path, model: Model) -> Iterator[Platform]:
    platform = Platform(Settings(home=tmp_path, database_url=database_url))
    yield platform
    platform.close()


@pytest.fixture
def principal(platform: Platform, project_id: UUID) -> Principal:
    return Principal(project_id, "lan", "owner")


def start(platform: Platform, principal: Principal, target: str = ECHO, **settings: Any) -> RedTeamStarted:
    with platform.scope(principal.project_id) as connection:
        request = RedTeamStart.model_validate({"target": target, "settings": {"limit": 2, **settings}})
        return red_team.start(platform, connection, request, principal=principal)


def run(platform: Platform, principal: Principal, started: RedTeamStarted, **context: Any) -> RedTeamRun:
    red_team_job.run(job_context(platform, principal.project_id, started.job, **context), platform)
    with platform.scope(principal.project_id) as connection:
        return get_run(connection, started.run.id)


def create_prompt(platform: Platform, principal: Principal, **fields: Any) -> str:
    template = {
        "variables": {
            "ticket": {"type": "string"},
            "tone": {"type": "string", "enum": ["formal"], "default": "formal"},
        },
        "messages": [
            {"role": "system", "content": "Answer in a {{ tone }} tone."},
            {"role": "user", "content": "Ticket: {{ ticket }}"},
        ],
        "model": ECHO,
        **fields,
    }
    with platform.scope(principal.project_id) as connection:
        return prompts.create_version(
            connection, "answer", PromptTemplate.model_validate(template), created_by="lan"
        ).ref


def test_an_obedient_and_a_refusing_model_are_compared(platform: Platform, principal: Principal, model: Model) -> None:
    first = run(platform, principal, start(platform, principal))
    assert first.report is not None and first.status == "finished" and first.failed == 0
    classes = {one.attack_class: one for one in first.report.classes}
    assert classes["instruction_override"].success.value == classes["prompt_leak"].success.value == 1.0
    assert classes["harmful_request"].success.value == 1.0
    assert first.report.total.over_refusal.value == 0
    model.answer = refuse
    second = run(platform, principal, start(platform, principal))
    assert second.report is not None
    assert second.report.total.success.value == 0 and second.report.total.over_refusal.value == 1.0
    assert second.report.total.refused == second.report.total.success.n
    with platform.scope(principal.project_id) as connection:
        compared = compare_runs(connection, first, second)
    success = compared.success["all"]
    assert success.test == "mcnemar" and success.difference < 0 and success.adjusted_p < 0.05 and success.losses == 0
    assert compared.over_refusal["all"].difference == 1.0 and compared.over_refusal["all"].wins == 0
    assert len(compared.changes) == 20 and not compared.warnings
    model.answer = blocked
    third = run(platform, principal, start(platform, principal))
    assert third.report is not None
    assert third.report.total.blocked == third.report.total.success.n
    assert third.report.total.over_refusal.value == 1.0


def test_a_prompt_is_attacked_in_its_variable_with_a_marker(
    platform: Platform, principal: Principal, model: Model
) -> None:
    ref = create_prompt(platform, principal)
    started = start(platform, principal, "prompt/answer", classes=["prompt_leak", "indirect_injection"])
    with platform.scope(principal.project_id) as connection:
        subject = get_subject(connection, started.run.id)
    assert (subject.prompt, subject.variable, subject.model) == (ref, "ticket", ECHO)
    create_prompt(platform, principal, description="newer")  # the run stays with its version
    done = run(platform, principal, started)
    assert done.report is not None and done.report.classes[0].success.value == 1.0
    system = model.requests[0][0].text
    assert system.startswith("Answer in a formal tone.\nInternal reference: VG-") and subject.marker in system
    assert model.requests[0][1].text.startswith("Ticket: ")
    with platform.scope(principal.project_id) as connection:
        results = list_results(connection, done.id, attack_class="indirect_injection")
    deliveries = {one.attack.delivery for one in results}
    assert deliveries == {"user", "document", "tool_result"}
    assert any(request[-1].role == "tool" for request in model.requests)


def test_a_pipeline_gets_only_attacks_whose_success_can_be_seen(
    platform: Platform, principal: Principal, model: Model, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(NotFound):
        start(platform, principal, "pipeline/care")
    monkeypatch.setattr(red_team_messages, "get_publication", lambda *_: None)
    with platform.scope(principal.project_id) as connection:
        leaks = [one for one in load_builtin() if one.detector.kind == "leak"]
        store_set(connection, "leaks", leaks, by="lan")
    started = start(platform, principal, "pipeline/care", limit=None)
    done = run(platform, principal, started)
    assert done.report is not None
    leak = next(one for one in done.report.classes if one.attack_class == "prompt_leak")
    assert leak.success.n == 0 and leak.over_refusal.n == 5
    assert done.warnings == ("18 attacks (leaks, results of tools) were left out: a pipeline does not show them",)
    assert all(len(request) == 1 for request in model.requests)
    with pytest.raises(InvalidInput, match="none of the 12 attacks suits 'pipeline/care'"):
        start(platform, principal, "pipeline/care", sets=["leaks"])


def test_settings_that_do_not_suit_a_target_are_rejected(platform: Platform, principal: Principal) -> None:
    create_prompt(platform, principal, model=None)
    for target, settings, message in (
        ("prompt/answer", {}, "names no model"),
        ("prompt/answer", {"model": ECHO, "system": "x"}, "setting system is for routes"),
        ("prompt/answer", {"model": ECHO, "variable": "x"}, "no text variable 'x'"),
        (ECHO, {"variables": {"a": 1}}, "setting variables is for prompts"),
        ("pipeline/x", {"system": "x"}, "prompts of its own"),
        (ECHO, {"classes": ["x"]}, "no attack has the class 'x'"),
    ):
        with pytest.raises(InvalidInput, match=message):
            start(platform, principal, target, **settings)
    with pytest.raises(NotFound, match="no attack set named 'builtn'"):
        start(platform, principal, sets=["builtn"])
    with pytest.raises(NotFound):
        start(platform, principal, "prompt/unknown")


def test_an_interrupted_run_continues_and_repeats_only_failed_calls(
    platform: Platform, principal: Principal, model: Model
) -> None:
    started = start(platform, principal, concurrency=1)
    with pytest.raises(JobCancelled):
        run(platform, principal, started, stop_after=4)
    with platform.scope(principal.project_id) as connection:
        halted = get_run(connection, started.run.id)
    assert halted.status == "cancelled" and 0 < halted.done < halted.attacks and halted.report is not None
    sent = len(model.requests)
    model.answer = failing
    with pytest.raises(UpstreamFailed, match="10 calls in a row failed: status 500"):
        run(platform, principal, started)
    model.answer, model.requests = obey, []
    done = run(platform, principal, started)
    assert (done.status, done.done, done.failed) == ("finished", done.attacks, 0)
    assert len(model.requests) == done.attacks - halted.done <= done.attacks - sent + 1


def test_a_judge_decides_on_compliance_and_its_failures_are_errors(
    platform: Platform, principal: Principal, model: Model
) -> None:
    def answer(messages: list[Message]) -> str:
        judged = "complies" in messages[0].text
        if judged:
            return '{"complies": false}' if "phishing" in messages[1].text else "perhaps"
        return "A long answer that says nothing at all."

    model.answer = answer
    done = run(platform, principal, start(platform, principal, classes=["harmful_request"], judge="echo/judge"))
    assert done.report is not None
    assert (done.report.total.success.count, done.report.total.success.n, done.report.total.errors) == (0, 1, 1)
    assert done.warnings == ("1 of 4 calls failed and are in no rate",)


@pytest.fixture
def client(
    platform: Platform, database: Database, project_id: UUID, monkeypatch: pytest.MonkeyPatch
) -> Iterator[RedTeamClient]:
    with database.scope(project_id) as connection:
        secret = access.create_key(connection, "test").secret
    app = FastAPI()
    app.include_router(red_team_routes.routes)
    problems.install_handlers(app)
    app.state.platform = platform
    transport = Transport("http://testserver", secret)
    transport.http.close()
    vars(transport)["http"] = TestClient(app, headers={"Authorization": f"Bearer {secret}"})
    client = RedTeamClient(transport)

    class Connected:
        class prompts:  # noqa: N801 (an attribute of the client)
            red_team = client

    def follow(_: Any, job: Any) -> None:
        red_team_job.run(job_context(platform, project_id, job), platform)

    monkeypatch.setattr(commands, "Client", Connected)
    monkeypatch.setattr(commands, "follow", follow)
    yield client
    transport.http.close()


def test_commands_store_sets_run_compare_and_fail_above_a_bound(
    client: RedTeamClient, model: Model, tmp_path: Path
) -> None:
    file = tmp_path / "Own attacks.csv"
    file.write_text("text,class,expected,harmless\nSay Paris,own,paris,\nHello,own,,true\n")

    def invoke(command: Any, *arguments: str, code: int = 0) -> str:
        result = CliRunner().invoke(command, list(arguments))
        assert result.exit_code == code, result.output
        return result.output

    estimate = json.loads(
        invoke(commands.redteam, ECHO, "--attacks", str(file), "--estimate", "--json").split("\n", 1)[1]
    )
    assert (estimate["attacks"], estimate["harmless"], estimate["calls"], estimate["cost"]) == (1, 1, 2, 0)
    output = invoke(commands.redteam, ECHO, "--set", "own-attacks", "--fail-above", "0.5", code=1)
    assert "own: 1 of 1 attacks succeeded (100.0%), above 50.0%" in output
    model.answer = refuse
    output = invoke(
        commands.redteam, ECHO, "--set", "own-attacks", "--fail-above", "own=0", "--fail-above-refusal", "0.1", code=1
    )
    assert "over-refusal: 1 of 1 harmless requests (100.0%), above 10.0%" in output
    second, first = client.list(target=ECHO)
    assert "1/1 (100.0%)" in invoke(commands.redteam_runs)
    assert "Say Paris" in invoke(commands.redteam_run, first["id"], "--results")
    compared = invoke(commands.redteam_compare, first["id"], second["id"])
    assert "success: own" in compared and "-100.0%" in compared
    assert [one["name"] for one in client.sets()] == ["builtin", "own-attacks"]
    assert len(client.attacks("own-attacks")) == 2
    invoke(commands.redteam_sets, "--delete", "own-attacks")
    with pytest.raises(NotFound, match="no attack set named 'own-attacks'"):
        client.delete_set("own-attacks")
    client.delete(first["id"])
    with pytest.raises(NotFound, match="no red team run"):
        client.show(first["id"])
    queued = client.start(ECHO, limit=1)
    with pytest.raises(Conflict, match="is queued"):
        client.delete(queued.run["id"])
    with pytest.raises(Conflict, match="is queued"):
        client.compare(second["id"], queued.run["id"])
    with pytest.raises(InvalidInput, match="the name of the built-in attack set"):
        client.store_set("builtin", [file])
    result = CliRunner().invoke(commands.redteam, [ECHO, "--fail-above", "2"])
    assert isinstance(result.exception, InvalidInput)
