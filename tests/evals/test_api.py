"""Routes of evaluations, and the job that calls a model over HTTP."""

import json
import threading
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast
from uuid import UUID

import httpx
import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from vong import access, data, evals, jobs
from vong.api.http import problems
from vong.api.routes import eval_comparisons
from vong.api.routes import evals as surface
from vong.app import Platform
from vong.app import evals as wired
from vong.config import Settings
from vong.errors import NotFound
from vong.jobs import JobContext
from vong.records import DatasetVersion, Operation, new_id

from .tickets import Scope, ticket


@pytest.fixture
def platform(database_url: str, tmp_path: Path) -> Iterator[Platform]:
    made = Platform(Settings(home=tmp_path, database_url=database_url))
    yield made
    made.close()


@pytest.fixture
def dataset(platform: Platform, scope: Scope) -> DatasetVersion:
    examples = [ticket(number, split) for split in ("train", "test") for number in range(8)]
    with scope() as connection:
        return data.write(connection, platform.blobs, "tickets", examples, Operation(name="import"))


@pytest.fixture
def http(platform: Platform, scope: Scope) -> TestClient:
    app = FastAPI()
    app.state.platform = platform
    problems.install_handlers(app)
    app.include_router(eval_comparisons.routes)
    app.include_router(surface.routes)
    with scope() as connection:
        secret = access.create_key(connection, "test").secret
    return TestClient(app, headers={"Authorization": f"Bearer {secret}"})


class FakeCompletions:
    """Fake of `/v1/chat/completions` that returns a fixed label after `outages` failed calls."""

    def __init__(self, outages: int = 0, status: int = 503) -> None:
        self.outages = outages
        self.status = status
        self.asked: list[dict[str, Any]] = []
        self._lock = threading.Lock()

    def __call__(self, request: httpx.Request) -> httpx.Response:
        with self._lock:
            self.asked.append(json.loads(request.content))
            if self.outages:
                self.outages -= 1
                return httpx.Response(self.status, json={"error": {"message": "the engine restarts"}})
        body = {
            "choices": [{"message": {"role": "assistant", "content": '{"product": "Kho", "urgency": "low"}'}}],
            "usage": {"prompt_tokens": 11, "completion_tokens": 5},
        }
        return httpx.Response(200, json=body, headers={"x-vong-span-id": str(new_id())})


def run_job(
    platform: Platform, monkeypatch: pytest.MonkeyPatch, project: UUID, id: UUID, model: FakeCompletions
) -> Any:
    """Run the job as a worker does, with the transport of its client replaced."""
    http = httpx.Client(transport=httpx.MockTransport(model), base_url="http://vong")

    class Client:
        transport = SimpleNamespace(http=http)

        def __enter__(self) -> "Client":
            return self

        def __exit__(self, *_: object) -> None: ...

    monkeypatch.setattr(Platform, "client", lambda *_: Client())
    monkeypatch.setattr("vong.app.chat_client.RETRY_DELAY_SECONDS", 0.0)
    callbacks = {"check": lambda: None, "progress": lambda *_, **__: None}
    nothing = SimpleNamespace(id=id, project_id=project, stop_event=threading.Event(), **callbacks)
    return wired.run(cast(JobContext, nothing), platform)


RUN_REQUEST = {
    "model": "triage",
    "dataset": "tickets",
    "scorers": ["exact_match:fields=product,urgency", "chrf"],
    "settings": {"shots": 2, "limit": 6},
}


def test_a_run_is_started_completed_by_its_job_and_read(
    http: TestClient,
    platform: Platform,
    dataset: DatasetVersion,
    project_id: UUID,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    started = http.post("/api/v1/evals/runs", json=RUN_REQUEST)
    assert started.status_code == 202
    result, job = started.json()["result"], started.json()["job"]
    assert (result["status"], result["dataset"], result["id"]) == ("queued", dataset.ref, job["id"])
    model = FakeCompletions(outages=2)
    done = run_job(platform, monkeypatch, project_id, UUID(result["id"]), model)
    assert done["failed"] == 0
    shown = http.get(f"/api/v1/evals/runs/{result['id']}").json()
    assert (shown["status"], shown["done"], shown["input_tokens"]) == ("finished", 6, 66)
    assert shown["scores"]["exact_match"] in {1 / 6, 2 / 6}
    assert len(model.asked) == 6 + 2
    assert model.asked[0]["model"] == "triage"
    assert [turn["role"] for turn in model.asked[0]["messages"]] == ["system", *["user", "assistant"] * 2, "user"]
    page = http.get(f"/api/v1/evals/runs/{result['id']}/outputs", params={"limit": 4}).json()
    rest = http.get(
        f"/api/v1/evals/runs/{result['id']}/outputs", params={"after": page[-1]["position"], "limit": 4}
    ).json()
    assert [len(page), len(rest)] == [4, 2]
    assert all(answer["span_id"] for answer in page)
    compared = http.get("/api/v1/evals/compare", params={"a": result["id"], "b": result["id"]}).json()
    assert compared["metrics"]["exact_match"]["ties"] == 6
    assert [run["id"] for run in http.get("/api/v1/evals/runs").json()] == [result["id"]]


def test_equal_idempotency_keys_return_the_same_run(http: TestClient, dataset: DatasetVersion) -> None:
    headers = {"Idempotency-Key": "one"}
    first = http.post("/api/v1/evals/runs", json=RUN_REQUEST, headers=headers).json()
    again = http.post("/api/v1/evals/runs", json=RUN_REQUEST, headers=headers).json()
    assert again == first
    assert len(http.get("/api/v1/evals/runs").json()) == 1


def test_a_missing_model_fails_the_run_with_the_reason(
    http: TestClient, platform: Platform, dataset: DatasetVersion, project_id: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    id = http.post("/api/v1/evals/runs", json=RUN_REQUEST).json()["result"]["id"]
    with pytest.raises(NotFound, match="the engine restarts"):
        run_job(platform, monkeypatch, project_id, UUID(id), FakeCompletions(outages=99, status=404))
    assert http.get(f"/api/v1/evals/runs/{id}").json()["status"] == "failed"


def test_a_run_is_cancelled_with_its_job(http: TestClient, dataset: DatasetVersion, scope: Scope) -> None:
    id = http.post("/api/v1/evals/runs", json=RUN_REQUEST).json()["result"]["id"]
    with scope() as connection:
        jobs.cancel(connection, UUID(id))
    assert http.get(f"/api/v1/evals/runs/{id}").json()["status"] == "cancelled"
    with scope() as connection:
        assert evals.get_run(connection, UUID(id)).finished_at is not None


@pytest.mark.parametrize(
    ("change", "status", "words"),
    [
        ({"dataset": "ticket"}, 404, "no dataset named 'ticket'"),
        ({"split": "dev"}, 422, "has no split 'dev'"),
        ({"scorers": ["rogue"]}, 404, "no scorer named 'rogue'"),
        ({"settings": {"shots": 1, "shots_split": "test"}}, 422, "shots from 'test'"),
        ({"settings": {"shot": 1}}, 422, "shot"),
    ],
)
def test_invalid_runs_are_rejected_with_the_next_step(
    http: TestClient, dataset: DatasetVersion, change: dict[str, Any], status: int, words: str
) -> None:
    refused = http.post("/api/v1/evals/runs", json={**RUN_REQUEST, **change})
    assert refused.status_code == status
    assert words in refused.json()["detail"]
    assert refused.json()["hint"]
    assert http.get("/api/v1/evals/runs").json() == []


def test_the_scorers_are_listed_with_their_options(http: TestClient) -> None:
    found = {scorer["name"]: scorer for scorer in http.get("/api/v1/evals/scorers").json()}
    assert {"bleu", "chrf", "exact_match", "json_fields", "json_valid", "rouge"} <= found.keys()
    assert found["chrf"]["options"]["word_order"] == 0
