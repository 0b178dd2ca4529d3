"""Routes of judges and their jobs, from the definition to a calibration, a candidate and a comparison."""

import json
import re
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast
from uuid import UUID

import httpx
import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from tests.evals.tickets import Scope, TableModel, ticket
from vong import access, data, evals, jobs
from vong.api.http import problems
from vong.api.routes import evals as evals_routes
from vong.api.routes import evals_judges as surface
from vong.app import Platform, judge_jobs
from vong.app.caller_client import CallerClient
from vong.config import Settings
from vong.evals.judges import get_calibration
from vong.gateway.routing.store import set_route
from vong.jobs import JobContext
from vong.records import Example, Message, Operation, new_id
from vong.records.route import RouteTarget
from vong.store.database import Database

Job = Callable[[JobContext, Platform], dict[str, Any]]


@pytest.fixture
def scope(database: Database, project_id: UUID) -> Scope:
    return lambda: database.scope(project_id)


@pytest.fixture
def platform(database_url: str, tmp_path: Path) -> Iterator[Platform]:
    made = Platform(Settings(home=tmp_path, database_url=database_url))
    yield made
    made.close()


@pytest.fixture
def http(platform: Platform, scope: Scope) -> TestClient:
    app = FastAPI()
    app.state.platform = platform
    problems.install_handlers(app)
    app.include_router(evals_routes.routes)
    app.include_router(surface.routes)
    with scope() as connection:
        secret = access.create_key(connection, "ana").secret
        set_route(connection, "grader", [RouteTarget(model="echo/echo")])
    return TestClient(app, headers={"Authorization": f"Bearer {secret}"})


class Gateway:
    """Fake of `/v1/chat/completions`: passes outputs with `good`, prefers them in pairs, and proposes a prompt."""

    def __init__(self) -> None:
        self.requests: list[dict[str, Any]] = []
        self.headers: list[httpx.Headers] = []
        self._lock = threading.Lock()

    def __call__(self, request: httpx.Request) -> httpx.Response:
        body = json.loads(request.content)
        with self._lock:
            self.requests.append(body)
            self.headers.append(request.headers)
        answer = self.answer(body["messages"][0]["content"], body["messages"][-1]["content"])
        message = {"role": "assistant", "content": answer}
        choices = [{"message": message, "finish_reason": "stop"}]
        return httpx.Response(
            200,
            json={"choices": choices, "usage": {"prompt_tokens": 50, "completion_tokens": 9}},
            headers={"x-vong-span-id": str(new_id())},
        )

    def answer(self, system: str, user: str) -> str:
        if "improved prompts" in system:
            return '{"prompts": ["Pass only if it is good."]}'
        if "output_A" in user:
            first = re.search(r"<output_A-(\w+)>\n(.*?)\n</", user, re.DOTALL)
            return json.dumps({"reason": "r", "winner": "A" if first and "good" in first[2] else "B"})
        output = user.rsplit("<output-", 1)[1]
        strict = "only if it is good" in system
        return json.dumps({"reason": "r", "pass": "good" in output if strict else len(output) % 2 == 0})


@pytest.fixture
def gateway(monkeypatch: pytest.MonkeyPatch) -> Gateway:
    fake = Gateway()
    client = httpx.Client(transport=httpx.MockTransport(fake), base_url="http://vong")
    monkeypatch.setattr(CallerClient, "_connect", lambda _: client)
    monkeypatch.setattr("vong.app.judge_calls.COST_TIMEOUT_SECONDS", 0.0)
    return fake


def run_job(platform: Platform, project: UUID, job: dict[str, Any], function: Job) -> dict[str, Any]:
    with platform.scope(project) as connection:
        stored = jobs.get(connection, UUID(job["id"]))
    context = SimpleNamespace(
        id=stored.id,
        project_id=project,
        params=stored.params,
        stop_event=threading.Event(),
        check=lambda: None,
        progress=lambda *_, **__: None,
    )
    return function(cast(JobContext, context), platform)


def labelled_rows(count: int) -> list[Example]:
    return [
        Example(
            messages=(Message(role="user", content=f"question {number}"),),
            completion=Message(role="assistant", content=f"{'good' if number % 3 else 'poor'} {'x' * (number % 7)}"),
            rejected=Message(role="assistant", content="poor"),
            metadata={"correct": bool(number % 3), "split": "test"},
        )
        for number in range(count)
    ]


@pytest.fixture
def dataset(platform: Platform, scope: Scope) -> str:
    with scope() as connection:
        return data.write(connection, platform.blobs, "answers", labelled_rows(64), Operation(name="import")).ref


STRICT = {"kind": "pass_fail", "model": "grader", "prompt": "Pass only if it is good."}


def create(http: TestClient, name: str = "grade", **fields: Any) -> dict[str, Any]:
    created = http.post("/api/v1/evals/judges", json={"name": name, "definition": {**STRICT, **fields}})
    assert created.status_code == 201, created.text
    return created.json()


def test_a_judge_is_calibrated_on_the_labels_of_a_dataset(
    http: TestClient, platform: Platform, project_id: UUID, scope: Scope, dataset: str, gateway: Gateway
) -> None:
    judge = create(http)
    with scope() as connection:
        assert get_calibration(connection, "grade", "answers") is None
    body = {"task": "answers", "label_field": "correct"}
    started = http.post("/api/v1/evals/judges/grade/calibrations", json=body)
    assert started.status_code == 202, started.text
    job, calibration = started.json()["job"], started.json()["calibration"]
    assert (calibration["id"], calibration["status"], calibration["task"]) == (job["id"], "queued", "answers")
    assert job["params"]["caller"][0] is not None, "calls count against the limits of the caller"
    run_job(platform, project_id, job, judge_jobs.calibrate)
    found = http.get(f"/api/v1/evals/calibrations/{calibration['id']}").json()
    assert (found["status"], found["labels"], found["kappa"], found["can_gate"]) == ("finished", 64, 1.0, True)
    assert found["report"]["sources"] == {"dataset": 64}
    assert len(gateway.requests) == 64
    assert gateway.headers[0]["x-vong-priority"] == "low"
    assert gateway.headers[0]["x-vong-cache"] == "bypass"
    assert gateway.headers[0]["x-vong-tags"] == f"vong:job,judge,judge:grade@{judge['version']}"
    assert "metadata" not in gateway.requests[0], "OpenAI accepts it only for chats that it stores"
    assert not any('"correct"' in json.dumps(request["messages"]) for request in gateway.requests), "blind to labels"
    with scope() as connection:
        known = get_calibration(connection, "grade", f"{dataset}")
        assert known is not None
        assert known.can_gate
        assert get_calibration(connection, "grade", "other") is None
    again = http.post("/api/v1/evals/judges/grade/calibrations", json=body).json()
    run_job(platform, project_id, again["job"], judge_jobs.calibrate)
    assert len(gateway.requests) == 64, "stored judgements are read"
    fresh = http.post("/api/v1/evals/judges/grade/calibrations", json={**body, "fresh": True}).json()
    run_job(platform, project_id, fresh["job"], judge_jobs.calibrate)
    assert len(gateway.requests) == 128
    [listed] = http.get("/api/v1/evals/judges").json()
    assert (listed["versions"], listed["calibration"]["id"]) == (1, fresh["calibration"]["id"])
    create(http, prompt="Another prompt.")
    with scope() as connection:
        assert get_calibration(connection, "grade", "answers") is None, "another version is not calibrated"


def test_a_tuned_prompt_is_only_a_candidate(
    http: TestClient, platform: Platform, project_id: UUID, dataset: str, gateway: Gateway
) -> None:
    current = create(http, prompt="Pass sometimes.")
    body = {"task": "answers", "label_field": "correct", "writer": "grader", "variants": 1, "shots": 2}
    job = http.post("/api/v1/evals/judges/grade/tuning", json=body)
    assert job.status_code == 202, job.text
    result = run_job(platform, project_id, job.json(), judge_jobs.tune_judge)
    assert result["chosen"] == "prompt 1"
    assert result["new"]["kappa"] == 1.0
    assert result["new"]["kappa"] > result["old"]["kappa"]
    assert result["difference_low"] > 0
    assert result["new"]["labels"] + result["tuned_on"] == 64
    details = http.get("/api/v1/evals/judges/grade").json()
    assert details["current"]["version"] == current["version"], "a tuning replaces nothing"
    candidate = next(one for one in details["versions"] if one["tuning"])
    assert f"grade@{candidate['version']}" == result["candidate"]
    assert candidate["tuning"]["old"]["version"] == current["version"]
    used = http.post(f"/api/v1/evals/judges/{result['candidate']}/use").json()
    assert used["current"]
    assert http.get("/api/v1/evals/judges/grade").json()["current"]["version"] == candidate["version"]


def finished_run(scope: Scope, platform: Platform, answer: str) -> str:
    """Return a run on 6 tickets whose model gives one answer."""
    examples = [ticket(number) for number in range(6)]
    model = TableModel(examples)
    model.wrong_answers = {example.prompt_text: f"{answer} {number}" for number, example in enumerate(examples)}
    with scope() as connection:
        version = data.write(connection, platform.blobs, "tickets", examples, Operation(name="import"))
        settings = evals.EvalSettings()
        run = evals.create_run(
            connection, model=answer, dataset=version, split="test", scorers=["exact_match"], settings=settings
        )
    evals.run(scope, run.id, examples, model)
    return str(run.id)


def test_outputs_of_a_run_are_labelled_without_seeing_scores(
    http: TestClient, platform: Platform, project_id: UUID, scope: Scope, gateway: Gateway
) -> None:
    run = finished_run(scope, platform, "good")
    queue = http.get(f"/api/v1/evals/runs/{run}/labels/next").json()
    assert (len(queue["items"]), queue["labelled"], queue["remaining"]) == (6, 0, 6)
    assert set(queue["items"][0]) == {"position", "prompt", "reference", "answer", "value"}
    assert http.get(f"/api/v1/evals/runs/{run}/labels/next").json() == queue, "in the same order at every request"
    labels = f"/api/v1/evals/runs/{run}/labels"
    for item in queue["items"]:
        label = {"position": item["position"], "value": float(item["position"] % 2), "levels": 2}
        assert http.post(labels, json=label).status_code == 201
    assert http.delete(f"{labels}/5").status_code == 204
    assert http.delete(f"{labels}/5").status_code == 404
    left = http.get(f"{labels}/next").json()
    assert [item["position"] for item in left["items"]] == [5]
    assert http.get("/api/v1/evals/labels").json() == [{"task": "tickets", "labels": 5, "authors": 1}]
    assert {label["author"] for label in http.get(labels).json()} == {"ana"}
    for bad, status in [
        ({"position": 77, "value": 1}, 404),
        ({"position": 1, "value": 2}, 422),
        ({"position": 1, "value": 0.5}, 422),
    ]:
        assert http.post(labels, json=bad).status_code == status
    create(http)
    started = http.post("/api/v1/evals/judges/grade/calibrations", json={"task": "tickets"}).json()
    run_job(platform, project_id, started["job"], judge_jobs.calibrate)
    found = http.get(f"/api/v1/evals/calibrations/{started['calibration']['id']}").json()
    assert (found["labels"], found["can_gate"]) == (5, False)
    assert found["report"]["matrix"] == [[0, 3], [0, 2]]
    assert found["report"]["reasons"][0] == "5 labels with a verdict, at least 50 are required"


def test_two_runs_are_compared_by_a_pairwise_judge(
    http: TestClient, platform: Platform, project_id: UUID, scope: Scope, gateway: Gateway
) -> None:
    a, b = finished_run(scope, platform, "poor"), finished_run(scope, platform, "good")
    create(http, "better", kind="pairwise")
    create(http, "grade")
    refused = http.post("/api/v1/evals/judges/grade/comparisons", json={"a": a, "b": b})
    assert (refused.status_code, "cannot compare two outputs" in refused.json()["detail"]) == (422, True)
    started = http.post("/api/v1/evals/judges/better/comparisons", json={"a": a, "b": b, "limit": 5}).json()
    assert started["result"]["id"] == started["job"]["id"]
    run_job(platform, project_id, started["job"], judge_jobs.compare_runs)
    found = http.get(f"/api/v1/evals/comparisons/{started['result']['id']}").json()
    assert (found["pairs"], found["wins"], found["losses"], found["ties"], found["errors"]) == (5, 5, 0, 0, 0)
    assert (found["win_rate"], found["p"], found["inconsistent"]) == (1.0, 2 * 0.5**5, 0)
    assert len(gateway.requests) == 10, "each pair is judged in both orders"
    outputs = http.get(f"/api/v1/evals/runs/{found['result']['id']}/outputs").json()
    assert outputs[0]["scores"] == {"judge": 1.0, "judge.consistent": 1.0, "judge.judged": 1.0}
    assert found["result"]["source"] == "pairwise"
    assert http.get(f"/api/v1/evals/comparisons/{a}").status_code == 422


def test_a_run_records_the_version_of_its_judge(
    http: TestClient, platform: Platform, scope: Scope, dataset: str
) -> None:
    judge = create(http)
    body = {"model": "grader", "dataset": "answers", "scorers": ["tone=judge:name=grade", "exact_match"]}
    started = http.post("/api/v1/evals/runs", json=body)
    assert started.status_code == 202, started.text
    assert started.json()["result"]["scorers"][0] == f"tone=judge:name=grade@{judge['version']}"
    assert started.json()["job"]["params"]["caller"][0] is not None, "the judge spends the budget of the caller"
    missing = http.post("/api/v1/evals/runs", json={**body, "scorers": ["judge:name=grad"]})
    assert (missing.status_code, "did you mean 'grade'" in missing.json()["hint"]) == (404, True)
    create(http, "better", kind="pairwise")
    pairwise = http.post("/api/v1/evals/runs", json={**body, "scorers": ["judge:name=better"]})
    assert (pairwise.status_code, "compares two outputs" in pairwise.json()["detail"]) == (422, True)


@pytest.mark.parametrize(
    ("definition", "status", "words"),
    [
        ({"model": "grad"}, 404, "no route or model is named 'grad'"),
        ({"kind": "jury", "model": "", "prompt": "", "members": ["a", "b"]}, 404, "no judge named 'a'"),
        ({"scale": {"lowest": 5, "highest": 1}}, 422, "needs 2 to 101 levels"),
        ({"prompt": ""}, 422, "has no prompt"),
        ({"settings": {"max_token": 5}}, 422, "max_token"),
    ],
)
def test_invalid_judges_are_rejected(http: TestClient, definition: dict[str, Any], status: int, words: str) -> None:
    refused = http.post("/api/v1/evals/judges", json={"name": "grade", "definition": {**STRICT, **definition}})
    assert refused.status_code == status
    assert words in refused.text
    assert http.get("/api/v1/evals/judges").json() == []


@pytest.mark.parametrize(
    ("body", "status", "words"),
    [
        ({"task": "nothing"}, 422, "the task 'nothing' has no labels"),
        ({"task": "nothing", "label_field": "x"}, 404, "no dataset named 'nothing'"),
        ({"task": "answers", "label_field": "corect"}, 422, "no row of answers@"),
        ({"task": "answers", "label_field": "split"}, 422, "row 1 of answers@"),
        ({"task": "answers", "label_field": "correct", "min_labels": 5}, 422, "min_labels"),
    ],
)
def test_a_calibration_without_labels_is_rejected(
    http: TestClient, dataset: str, body: dict[str, Any], status: int, words: str
) -> None:
    create(http)
    refused = http.post("/api/v1/evals/judges/grade/calibrations", json=body)
    assert (refused.status_code, words in refused.text) == (status, True), refused.text


def test_a_judge_is_tried_and_deleted(http: TestClient, gateway: Gateway) -> None:
    create(http)
    tried = http.post("/api/v1/evals/judges/grade/judge", json={"input": "Q", "output": "good"}).json()
    assert (tried["verdict"], tried["score"], tried["cached"]) == ("pass", 1.0, False)
    assert http.post("/api/v1/evals/judges/grade/judge", json={"input": "Q", "output": "good"}).json()["cached"]
    assert http.delete("/api/v1/evals/judges/grade").status_code == 204
    assert http.get("/api/v1/evals/judges/grade").status_code == 404
