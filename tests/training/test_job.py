"""Training runs through the public routes and their job, from rows to a registered model and its lineage."""

from pathlib import Path
from typing import Any, cast
from uuid import UUID

import pytest
from fastapi.testclient import TestClient

from tests.training.factories import rows
from vong import data, registry
from vong.app import Platform
from vong.app import training as wired
from vong.errors import JobCancelled
from vong.jobs import JobContext
from vong.records import DatasetVersion, ExampleOrigin, ModelVersion, Operation

RUN_REQUEST: dict[str, Any] = {
    "name": "triage",
    "base": "tiny",
    "dataset": "letters",
    "settings": {"epochs": 1, "batch_size": 4, "lora_rank": 2},
}


@pytest.fixture
def inputs(platform: Platform, project_id: UUID, base: Path) -> tuple[ModelVersion, DatasetVersion]:
    examples = [
        example.model_copy(
            update={
                "metadata": {"split": "validation" if number % 4 == 0 else "train"},
                "origin": ExampleOrigin(kind="file", id=f"letters.jsonl#{number + 1}"),
            }
        )
        for number, example in enumerate(rows(24))
    ]
    with platform.scope(project_id) as connection:
        model = registry.register(connection, platform.blobs, "tiny", base, kind="base", licence="Apache-2.0")
        dataset = data.write(connection, platform.blobs, "letters", examples, Operation(name="import"))
    return model, dataset


class Job:
    """Job context for the handler."""

    def __init__(self, project_id: UUID, folder: Path, params: dict[str, Any], stop_at: float | None = None) -> None:
        self.project_id, self.folder, self.params, self.stop_at = project_id, folder, params, stop_at
        self.lines: list[str] = []
        folder.mkdir(parents=True, exist_ok=True)

    def progress(self, done: float, total: float | None = None, *, unit: str = "", message: str = "") -> None:
        if self.stop_at is not None and done >= self.stop_at:
            raise JobCancelled("asked to stop")

    def log(self, line: str) -> None:
        self.lines.append(line)


def test_a_run_registers_a_model_with_its_lineage(
    http: TestClient, platform: Platform, project_id: UUID, inputs: tuple[ModelVersion, DatasetVersion], tmp_path: Path
) -> None:
    model, dataset = inputs
    started = http.post("/api/v1/training/runs", json=RUN_REQUEST, headers={"Idempotency-Key": "one"})
    assert started.status_code == 202, started.text
    again = http.post("/api/v1/training/runs", json=RUN_REQUEST, headers={"Idempotency-Key": "one"})
    assert again.json() == started.json()
    run, params = started.json()["run"], started.json()["job"]["params"]
    assert (run["status"], run["base"], run["dataset"]) == ("queued", model.ref, dataset.ref)
    assert run["settings"]["learning_rate"] == 1e-3

    stopped = Job(project_id, tmp_path / "job", params, stop_at=3)
    with pytest.raises(JobCancelled):
        wired.train(cast(JobContext, stopped), platform)
    assert http.get(f"/api/v1/experiments/runs/{run['id']}").json()["status"] == "cancelled"
    result = wired.train(cast(JobContext, Job(project_id, tmp_path / "job", params)), platform)

    finished = http.get(f"/api/v1/experiments/runs/{run['id']}").json()
    assert (finished["status"], finished["model"]) == ("finished", result["model"])
    assert finished["summary"]["rows"] == 18
    curves = {curve["name"]: curve for curve in http.get(f"/api/v1/experiments/runs/{run['id']}/metrics").json()}
    assert curves["loss"]["total"] == finished["summary"]["steps"] == 5
    assert {"eval_loss", "grad_norm", "tokens_per_second", "memory_bytes", "seconds_left"} <= set(curves)
    version = http.get(f"/api/v1/registry/versions/{result['model']}").json()
    assert (version["kind"], version["base"], version["dataset"]) == ("adapter", model.ref, dataset.ref)
    assert (version["run"], version["licence"]) == (run["id"], "Apache-2.0")
    with http.stream("GET", f"/api/v1/experiments/runs/{run['id']}/events") as stream:
        events = [line for line in stream.iter_lines() if line.startswith("event:")]
    assert events[-1] == "event: end"
    assert events.count("event: metrics") >= 5


def test_lineage_is_followed_in_both_directions(
    http: TestClient, platform: Platform, project_id: UUID, inputs: tuple[ModelVersion, DatasetVersion], tmp_path: Path
) -> None:
    model, dataset = inputs
    params = http.post("/api/v1/training/runs", json=RUN_REQUEST).json()["job"]["params"]
    ref = wired.train(cast(JobContext, Job(project_id, tmp_path / "job", params)), platform)["model"]
    back = http.get("/api/v1/registry/lineage", params={"ref": ref}).json()["backwards"]
    assert [child["kind"] for child in back["children"]] == ["run", "dataset", "model"]
    trained = back["children"][1]
    assert (trained["ref"], trained["more"]) == (dataset.ref, 15)
    row = trained["children"][0]
    assert row["children"][0] == {
        "kind": "file", "ref": "letters.jsonl#2", "title": "", "detail": {}, "children": [], "more": 0,
    }  # fmt: skip
    forth = http.get("/api/v1/registry/lineage", params={"ref": row["ref"]}).json()["forwards"]
    assert forth["children"][0]["ref"] == dataset.ref
    assert forth["children"][0]["children"][0]["ref"] == ref
    assert forth["children"][0]["children"][0]["detail"]["answers"] == 0
    of_base = http.get("/api/v1/registry/lineage", params={"ref": model.ref}).json()["forwards"]
    assert of_base["children"][0]["ref"] == ref
    assert http.get("/api/v1/registry/lineage", params={"ref": "nothing"}).status_code == 404


def test_a_plan_estimates_the_cost_of_a_run(http: TestClient, inputs: object) -> None:
    plan = http.post("/api/v1/training/plan", json=RUN_REQUEST).json()
    assert (plan["rows"], plan["validation_rows"], plan["steps"]) == (18, 6, 5)
    assert plan["parameters"] == 26880
    assert plan["seconds"] > 0
    assert "CPU cores" in plan["rate_source"]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"settings": {"learning_rat": 1}}, "learning_rat"),
        ({"settings": {"method": "full", "quantization": "nf4"}}, "recipe 'sft': method full cannot train"),
        ({"name": "my/model"}, "invalid model name 'my/model'"),
        ({"name": "my/model", "recipe": "provider", "base": "openai/x"}, "invalid model name 'my/model'"),
        ({"base": "tinny"}, "did you mean 'tiny'"),
        ({"dataset": "leters"}, "did you mean 'letters'"),
        ({"train_split": "practice"}, "has no split 'practice'"),
        ({"recipe": "sfd"}, "no recipe named 'sfd'"),
    ],
)
def test_invalid_requests_are_rejected_before_a_run_starts(
    http: TestClient, inputs: object, change: dict[str, Any], words: str
) -> None:
    answer = http.post("/api/v1/training/runs", json={**RUN_REQUEST, **change})
    assert answer.status_code in {404, 422}
    assert words in answer.json()["detail"] + answer.json()["hint"]
    assert http.get("/api/v1/experiments/runs").json() == []


def test_recipes_explain_every_default(http: TestClient) -> None:
    recipes = {recipe["name"]: recipe for recipe in http.get("/api/v1/training/recipes").json()}
    assert {"sft", "dpo", "kto", "orpo", "reward", "grpo"} <= set(recipes)
    fields = [item for recipe in recipes.values() for item in recipe["settings_schema"]["properties"].items()]
    for name, field in fields:
        assert field["title"] and len(field["description"]) > 20, name
        assert "default" in field, name
        kind = next(one for one in field.get("anyOf", [field]) if one.get("type") != "null")
        if kind.get("type") in {"integer", "number"}:
            assert {"minimum", "exclusiveMinimum"} & set(kind) and {"maximum", "exclusiveMaximum"} & set(kind), name
        else:
            assert "enum" in kind or kind["type"] in {"boolean", "string", "array", "object"}, name


def test_an_external_trainer_can_log_its_run(http: TestClient) -> None:
    run = http.post("/api/v1/experiments/runs", json={"name": "theirs", "settings": {"rate": 1}}).json()
    path = f"/api/v1/experiments/runs/{run['id']}"
    http.post(f"{path}/metrics", json=[{"step": step, "values": {"loss": 3 - step}} for step in range(3)])
    ended = http.post(f"{path}/finish", json={"summary": {"loss": 1}}).json()
    assert (ended["status"], ended["recipe"]) == ("finished", "external")
    compared = http.get("/api/v1/experiments/compare", params={"run": [run["id"]]}).json()
    assert compared["best"] == {"loss": [1.0]}


def test_aliases_are_moved_over_the_api(http: TestClient, inputs: tuple[ModelVersion, DatasetVersion]) -> None:
    model, _ = inputs
    refused = http.put("/api/v1/registry/models/tiny/aliases/prod", json={"model": model.ref})
    assert (refused.status_code, refused.json()["code"]) == (409, "precondition_failed")
    moved = http.put("/api/v1/registry/models/tiny/aliases/prod", json={"model": "1", "reason": "first"}).json()
    assert (moved["model"], moved["moved_by"]) == (model.ref, "test")
    assert http.get("/api/v1/registry/versions/tiny:prod").json()["hash"] == model.hash
    assert len(http.get("/api/v1/registry/models/tiny/aliases", params={"history": True}).json()) == 1
    assert http.get("/api/v1/registry/models").json()[0]["aliases"] == {"prod": model.ref}
    assert http.get("/api/v1/registry/models/tinny/versions").status_code == 404
