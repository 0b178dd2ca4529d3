"""Prompts and pipelines as subjects of suites: rows map by name, and the runs are evidence for the exact version."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
import pytest
from sqlalchemy import Connection

from tests.traces.factories import span, write_spans
from vong import data, evals, prompts
from vong.app import Platform, eval_suites, gate_applications, gate_suites
from vong.app.eval_subjects import map_row, pin_subject, read_run
from vong.app.gates import GateCaller
from vong.app.pipelines import labels
from vong.app.pipelines.labels import LabelTarget
from vong.config import Settings
from vong.errors import GateRejected, InvalidInput, NotFound, VongError
from vong.evals import EvalSettings, gate_store, suite_runs
from vong.evals.gates import GateRequirements
from vong.evals.suites import SuiteDefinition
from vong.pipelines import versions
from vong.pipelines.definition import parse_definition
from vong.records import Example, Message, Operation, Usage, new_id
from vong.records.prompt import PromptTemplate
from vong.store.database import Database

from .suite_jobs import run_suite_job

TEMPLATE = PromptTemplate.model_validate(
    {
        "variables": {"question": {"type": "string"}, "tone": {"type": "string", "default": "formal"}},
        "messages": [{"role": "user", "content": "{{ tone }}: {{ question }}"}],
        "model": "echo/echo",
        "settings": {"max_tokens": 9},
    }
)
PIPELINE = {
    "inputs": {"question": {"type": "string"}, "limit": {"type": "integer", "default": 3}},
    "outputs": {"answer": "{{ say.text }}"},
    "steps": {"say": {"kind": "template", "text": "{{ inputs.question }} {{ inputs.limit }}"}},
}
SUITE = {"entries": [{"dataset": "rows", "thresholds": [{"scorer": "exact_match", "at_least": 0.9}]}]}


class Server:
    """Server that answers prompts and runs of pipelines with the word of the question, or wrongly."""

    stop_after = None

    def __init__(self, wrong: bool = False) -> None:
        self.wrong = wrong
        self.requests: list[tuple[str, dict[str, Any]]] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        body = json.loads(request.content)
        self.requests.append((request.url.path, body))
        values = body["inputs"] if "inputs" in body else body["prompt"]["variables"]
        text = "?" if self.wrong else f"a{values['question'][1:]}"
        if "inputs" not in body:
            choice = {"message": {"role": "assistant", "content": text}, "finish_reason": "stop"}
            return httpx.Response(200, json={"choices": [choice], "usage": {}})
        step = {"path": "say", "state": "succeeded", "outputs": {"text": text}}
        run = {"id": str(new_id()), "state": "succeeded", "outputs": {"answer": f"{text}!"}, "cost": 5, "steps": [step]}
        self.on_run(run)
        return httpx.Response(200, json=run)

    def on_run(self, run: dict[str, Any]) -> None:
        """Complete a run of a pipeline, which by default called no model."""
        run["tokens"] = 0


def row(number: int, **metadata: Any) -> Example:
    return Example(
        messages=(Message(role="user", content=f"q{number}"),),
        completion=Message(role="assistant", content=f"a{number}"),
        metadata={"split": "test", **metadata},
    )


@pytest.fixture
def platform(database_url: str, tmp_path: Path) -> Iterator[Platform]:
    made = Platform(Settings(home=tmp_path, database_url=database_url))
    yield made
    made.close()


@pytest.fixture
def prepared(platform: Platform, database: Database, project_id: UUID) -> UUID:
    with database.scope(project_id) as connection:
        rows = [row(number) for number in range(3)]
        data.write(connection, platform.blobs, "rows", rows, Operation(name="import"))
        prompts.create_version(connection, "ask", TEMPLATE, created_by="ann")
        versions.create_version(connection, "ask", parse_definition(PIPELINE), created_by="ann")
        eval_suites.create(connection, "quality", SuiteDefinition.model_validate(SUITE))
    return project_id


def evaluate(
    platform: Platform, monkeypatch: pytest.MonkeyPatch, project: UUID, subject: str, server: Any
) -> suite_runs.SuiteRun:
    with platform.scope(project) as connection:
        run, _ = eval_suites.start(connection, "quality", subject)
    run_suite_job(platform, monkeypatch, project, run.id, server)
    with platform.scope(project) as connection:
        return suite_runs.get_run(connection, run.id)


def test_a_suite_evaluates_an_exact_version_of_a_prompt(
    platform: Platform, prepared: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = Server()
    run = evaluate(platform, monkeypatch, prepared, "prompt/ask", server)
    with platform.scope(prepared) as connection:
        version = prompts.find(connection, "ask")
    assert (run.subject, run.passed, run.done) == (f"prompt/{version.ref}", True, 3)
    path, body = server.requests[0]
    assert path == "/v1/chat/completions" and body["model"] == "echo/echo" and body["messages"] == []
    assert body["prompt"]["id"] == "ask" and body["prompt"]["version"] == version.hash
    assert "max_tokens" not in body and body["temperature"] == 0  # the prompt sets its own maximum


def test_runs_of_a_pipeline_are_evidence_for_its_version(
    platform: Platform, prepared: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    failing = evaluate(platform, monkeypatch, prepared, "pipeline/ask:latest", Server())  # the answer ends with "!"
    assert failing.passed is False
    caller = GateCaller("ann", "owner")
    with platform.scope(prepared) as connection:
        policy = GateRequirements(suites=("quality",))
        gate_store.set_policy(connection, "tested", kind="pipeline", pattern="*:prod", requirements=policy, by="ann")
        with pytest.raises(GateRejected, match="is required"):
            labels.set_label(connection, platform.blobs, caller, "ask", "prod", LabelTarget("1"))
    with platform.scope(prepared) as connection:
        changed = SuiteDefinition.model_validate({"entries": [{**SUITE["entries"][0], "settings": {"step": "say"}}]})
        eval_suites.create(connection, "quality", changed)
    server = Server()
    run = evaluate(platform, monkeypatch, prepared, "pipeline/ask", server)
    assert run.passed and server.requests[0][0] == "/api/v1/pipelines/ask/runs"
    assert server.requests[0][1]["inputs"] == {"question": server.requests[0][1]["inputs"]["question"]}
    with platform.scope(prepared) as connection:
        moved = labels.set_label(connection, platform.blobs, caller, "ask", "prod", LabelTarget("1"))
        assert "gate" in moved.evidence
        newer = {**PIPELINE, "description": "changed"}
        versions.create_version(connection, "ask", parse_definition(newer), created_by="ann")
        with pytest.raises(GateRejected, match="no complete run of ask@"):  # the run was of the other version
            labels.set_label(connection, platform.blobs, caller, "ask", "prod", LabelTarget("2"))


def test_token_counts_of_a_pipeline_are_summed_over_the_spans_of_its_runs(
    platform: Platform, prepared: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    class CallingServer(Server):
        def on_run(self, run: dict[str, Any]) -> None:
            id = UUID(run["id"])
            calls = [
                span(trace_id=id.hex, parent_span_id=id.hex[16:], usage=Usage(input_tokens=7, output_tokens=2, cost=1))
                for _ in range(2)
            ]
            root = span(id=id, trace_id=id.hex, span_id=id.hex[16:], name="ask", kind="pipeline")
            write_spans(platform.span_writer, prepared, *calls, root)
            run["tokens"] = 18

    run = evaluate(platform, monkeypatch, prepared, "pipeline/ask", CallingServer())
    with platform.scope(prepared) as connection:
        result = evals.get_run(connection, run.runs[0])
        outputs = evals.list_outputs(connection, result.id)
    assert (result.input_tokens, result.output_tokens) == (42, 12)
    assert {(output.input_tokens, output.output_tokens) for output in outputs} == {(14, 4)}


def test_rows_without_the_inputs_are_refused_with_their_number(
    platform: Platform, prepared: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    with platform.scope(prepared) as connection:
        needy = {**PIPELINE, "inputs": {**PIPELINE["inputs"], "other": {"type": "string"}}}
        versions.create_version(connection, "needy", parse_definition(needy), created_by="ann")
        run, _ = eval_suites.start(connection, "quality", "pipeline/needy")
    server: Any = Server()
    with pytest.raises(InvalidInput, match="row 1: no value for the input 'question' of needy@"):
        run_suite_job(platform, monkeypatch, prepared, run.id, server)
    assert server.requests == []


@pytest.mark.parametrize(
    ("example", "expected"),
    [
        (row(1), {"question": "q1"}),
        (row(1, question="from metadata", limit=7), {"question": "from metadata", "limit": 7}),
        (
            row(1).model_copy(
                update={"messages": (Message(role="user", content='{"question": "x", "limit": 2, "else": 1}'),)}
            ),
            {"question": "x", "limit": 2},
        ),
        (row(1, limit="many"), "row 4: the input 'limit' does not have its type"),
    ],
)
def test_inputs_have_the_values_of_their_names(connection: Connection, example: Example, expected: Any) -> None:
    version = versions.create_version(connection, "ask", parse_definition(PIPELINE), created_by="ann")
    if isinstance(expected, str):
        with pytest.raises(InvalidInput, match=expected):
            map_row(version, example, 4)
    else:
        assert map_row(version, example, 4) == expected


@pytest.mark.parametrize(
    ("subject", "settings", "error", "words"),
    [
        ("pipeline/none", {}, NotFound, "no pipeline named 'none'"),
        ("prompt/none", {}, NotFound, "no prompt named 'none'"),
        ("pipeline/ask", {"step": "gone"}, NotFound, "has no step 'gone'"),
        ("pipeline/ask", {"shots": 2}, InvalidInput, "'shots' has no effect"),
        ("prompt/ask", {"step": "say"}, InvalidInput, "needs a pipeline"),
        ("echo/echo", {"step": "say"}, InvalidInput, "needs a pipeline"),
    ],
)
def test_settings_that_do_not_suit_a_subject_are_rejected(
    platform: Platform, prepared: UUID, subject: str, settings: dict[str, Any], error: type[VongError], words: str
) -> None:
    with platform.scope(prepared) as connection, pytest.raises(error, match=words):
        pin_subject(connection, subject, [EvalSettings(**settings)])


def test_a_run_that_does_not_succeed_is_an_error() -> None:
    run: dict[str, Any] = {"id": str(new_id()), "state": "failed", "error": {"message": "too slow", "step": "say"}}
    assert "too slow" in str(read_run(run, None, 1.0).error) and "'say'" in str(read_run(run, "say", 1.0).error)
    waiting = {**run, "state": "waiting", "error": None, "steps": []}
    assert "is waiting" in str(read_run(waiting, None, 1.0).error)
    assert "did not run" in str(read_run(waiting, "say", 1.0).error)


def test_the_gate_names_the_command_that_evaluates_the_candidate(platform: Platform, prepared: UUID) -> None:
    with platform.scope(prepared) as connection:
        candidate = gate_applications.resolve_pipeline(connection, "ask:prod", "1")
        needed = GateRequirements(suites=("quality",))
        (missing,) = gate_suites.check_suite(connection, platform.blobs, "quality", candidate, needed)
    assert missing.command == f"vong evals run --suite quality --model pipeline/{candidate.key}"
