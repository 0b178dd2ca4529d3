"""Preference and reinforcement runs through the public routes and their job."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, cast
from uuid import UUID

import pytest
from fastapi.testclient import TestClient

from tests.training.preference_rows import pair, pairs
from tests.training.test_job import Job
from vong import data, registry
from vong.app import Platform
from vong.app import serving as serving_app
from vong.app import training as wired
from vong.app.registry import model_folder
from vong.errors import InvalidInput
from vong.jobs import JobContext
from vong.records import Example, ExampleOrigin, Message, Operation
from vong.training import compute_reference

SETTINGS: dict[str, Any] = {"epochs": 1, "lora_rank": 2, "samples": 0}


@pytest.fixture
def base_ref(platform: Platform, project_id: UUID, base: Path) -> str:
    with platform.scope(project_id) as connection:
        return registry.register(connection, platform.blobs, "tiny", base, kind="base", licence="Apache-2.0").ref


def write(platform: Platform, project_id: UUID, name: str, rows: Sequence[Example]) -> None:
    """Write a dataset with every fourth row in the validation split."""
    examples = [
        row.model_copy(
            update={
                "metadata": {"split": "validation" if number % 4 == 3 else "train"},
                "origin": ExampleOrigin(kind="file", id=f"{name}.jsonl#{number + 1}"),
            }
        )
        for number, row in enumerate(rows)
    ]
    with platform.scope(project_id) as connection:
        data.write(connection, platform.blobs, name, examples, Operation(name="import"))


def request(dataset: str, recipe: str, **settings: Any) -> dict[str, Any]:
    return {
        "name": f"my-{recipe}",
        "base": "tiny",
        "dataset": dataset,
        "recipe": recipe,
        "settings": {**SETTINGS, **settings},
    }


def run(http: TestClient, platform: Platform, project_id: UUID, folder: Path, body: dict[str, Any]) -> dict[str, Any]:
    started = http.post("/api/v1/training/runs", json=body)
    assert started.status_code == 202, started.text
    params = started.json()["job"]["params"]
    return wired.train(cast(JobContext, Job(project_id, folder, params)), platform)


def test_a_dpo_run_registers_an_adapter_that_generates(
    http: TestClient, platform: Platform, project_id: UUID, base_ref: str, base: Path, tmp_path: Path
) -> None:
    write(platform, project_id, "pairs", pairs(16))
    result = run(http, platform, project_id, tmp_path / "job", request("pairs", "dpo"))
    finished = http.get(f"/api/v1/experiments/runs/{result['run']}").json()
    assert (finished["status"], finished["recipe"], finished["model"]) == ("finished", "dpo", result["model"])
    curves = {curve["name"] for curve in http.get(f"/api/v1/experiments/runs/{result['run']}/metrics").json()}
    assert {"loss", "eval_loss", "reward_margin", "reward_accuracy", "eval_reward_accuracy"} <= curves
    version = http.get(f"/api/v1/registry/versions/{result['model']}").json()
    assert (version["kind"], version["base"]) == ("adapter", base_ref)
    with platform.scope(project_id) as connection:
        adapter = model_folder(platform, connection, result["model"])
    (output,) = compute_reference(base, adapter, [(Message(role="user", content="say a"),)], max_tokens=2)
    assert output["ids"]


@pytest.mark.slow
def test_a_reward_model_is_used_by_grpo_and_cannot_be_deployed_or_trained(
    http: TestClient, platform: Platform, project_id: UUID, base_ref: str, tmp_path: Path
) -> None:
    write(platform, project_id, "pairs", pairs(8))
    trained = run(http, platform, project_id, tmp_path / "reward", request("pairs", "reward"))
    version = http.get(f"/api/v1/registry/versions/{trained['model']}").json()
    assert (version["kind"], version["metadata"]["task"]) == ("adapter", "reward")
    with platform.scope(project_id) as connection, pytest.raises(InvalidInput, match="is a reward model"):
        serving_app.deploy(platform, connection, "rm", trained["model"])

    small: dict[str, Any] = {"num_generations": 2, "max_completion_tokens": 4, "rewards": {"exact_match": 1.0}}
    body = request("pairs", "grpo", reward_model="my-reward", reward_model_weight=0.5, **small)
    result = run(http, platform, project_id, tmp_path / "grpo", body)
    curves = {curve["name"] for curve in http.get(f"/api/v1/experiments/runs/{result['run']}/metrics").json()}
    assert {"reward", "reward.exact_match", "reward.reward_model", "completion_length", "eval_reward"} <= curves
    assert result["summary"]["rewards"] == {"exact_match": 1.0, "reward_model": 0.5}


@pytest.mark.parametrize(
    ("recipe", "settings", "rows", "status", "words"),
    [
        ("dpo", {}, [*pairs(6), pair(6, rejected=None)], 422, "row 6 of split 'train' (rows.jsonl#7) has no rejected"),
        ("dpo", {}, [*pairs(3), pair(3, rejected=None)], 422, "row 1 of split 'validation' (rows.jsonl#4)"),
        ("kto", {}, [pair(number, rejected=None) for number in range(4)], 422, "3 desirable and 0 undesirable"),
        ("reward", {}, [pair(0, rejected=None)], 422, "row 1 of split 'train'"),
        ("orpo", {}, [pair(0, completion=None)], 422, "row 1 of split 'train'"),
        ("grpo", {}, pairs(4), 422, "has no reward"),
        ("grpo", {"rewards": {"exact_match": 1}}, [pair(0, completion=None)], 422, "'exact_match' compares"),
        ("grpo", {"rewards": {"exact_mach": 1}}, pairs(4), 404, "no scorer named 'exact_mach'"),
        ("grpo", {"reward_model": "tiny"}, pairs(4), 422, "is not a reward model"),
        ("grpo", {"reward_model": "nothing"}, pairs(4), 404, "nothing"),
        ("grpo", {"rewards": {"exact_match": "much"}}, pairs(4), 422, "rewards.exact_match"),
    ],
)
def test_unusable_rows_and_rewards_are_rejected_before_the_start(
    http: TestClient,
    platform: Platform,
    project_id: UUID,
    base_ref: str,
    recipe: str,
    settings: dict[str, Any],
    rows: list[Example],
    status: int,
    words: str,
) -> None:
    write(platform, project_id, "rows", rows)
    for route in ("runs", "plan"):
        answer = http.post(f"/api/v1/training/{route}", json=request("rows", recipe, **settings))
        assert answer.status_code == status, answer.text
        assert words in answer.json()["detail"]
    assert http.get("/api/v1/experiments/runs").json() == []


def test_prompts_without_a_reference_suffice_for_rewards_that_need_none(
    http: TestClient, platform: Platform, project_id: UUID, base_ref: str
) -> None:
    write(platform, project_id, "rows", [pair(number, completion=None, rejected=None) for number in range(4)])
    started = http.post("/api/v1/training/runs", json=request("rows", "grpo", rewards={"json_valid": 1}))
    assert started.status_code == 202, started.text


def test_a_reward_model_is_no_base(
    http: TestClient, platform: Platform, project_id: UUID, base_ref: str, base: Path
) -> None:
    write(platform, project_id, "rows", pairs(4))
    with platform.scope(project_id) as connection:
        registry.register(connection, platform.blobs, "rm", base, kind="merged", metadata={"task": "reward"})
    answer = http.post("/api/v1/training/runs", json={**request("rows", "dpo"), "base": "rm"})
    assert answer.status_code == 422
    assert "is a reward model" in answer.json()["detail"]
