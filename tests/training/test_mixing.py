"""Training on several datasets: shares of rows, order, refusals, and lineage to every dataset."""

from pathlib import Path
from typing import Any, cast
from uuid import UUID

import pytest
from fastapi.testclient import TestClient
from hypothesis import given
from hypothesis import strategies as st

from tests.training.factories import rows
from tests.training.test_job import Job
from vong import data, registry
from vong.app import Platform
from vong.app import training as wired
from vong.app.training_datasets import DatasetSelection, read_training_rows, resolve_datasets, share_rows
from vong.cli.training import _parse_datasets
from vong.client.training import _dataset_fields
from vong.errors import InvalidInput
from vong.jobs import JobContext
from vong.records import Operation

SETTINGS = {"epochs": 1, "batch_size": 4, "lora_rank": 2}
MIXTURE: dict[str, Any] = {"name": "mixed", "base": "tiny", "settings": SETTINGS}


@pytest.fixture
def refs(platform: Platform, project_id: UUID, base: Path) -> tuple[str, str]:
    """Register the base, and two datasets of 20 and 12 rows, the first with splits."""
    first = [
        example.model_copy(update={"metadata": {"split": "train" if number < 16 else "validation"}})
        for number, example in enumerate(rows(20))
    ]
    with platform.scope(project_id) as connection:
        registry.register(connection, platform.blobs, "tiny", base, kind="base")
        one = data.write(connection, platform.blobs, "letters", first, Operation(name="import"))
        two = data.write(connection, platform.blobs, "digits", rows(12, start=1000), Operation(name="import"))
    return one.ref, two.ref


@given(
    st.lists(st.tuples(st.integers(0, 1000), st.floats(0.01, 100)), min_size=1, max_size=5),
)
def test_shares_use_at_most_the_available_rows_in_the_given_ratio(parts: list[tuple[int, float]]) -> None:
    available, weights = [count for count, _ in parts], [weight for _, weight in parts]
    counts = share_rows(available, weights)
    assert all(0 <= count <= limit for count, limit in zip(counts, available, strict=True))
    smallest = min(count / weight for count, weight in parts)
    assert all(abs(count - smallest * weight) <= 1 for count, weight in zip(counts, weights, strict=True))


def test_rows_are_drawn_by_weight_and_equally_for_equal_seeds(
    platform: Platform, project_id: UUID, refs: tuple[str, str]
) -> None:
    shares = [{"dataset": "letters", "weight": 1}, {"dataset": "digits", "weight": 3}]
    with platform.scope(project_id) as connection:
        parts = resolve_datasets(connection, DatasetSelection.model_validate({"datasets": shares}))
    drawn = read_training_rows(platform.blobs, parts, "train", seed=1)
    assert drawn.counts == (4, 12)
    assert [(part["dataset"], part["available"]) for part in drawn.description] == [(refs[0], 16), (refs[1], 12)]
    assert read_training_rows(platform.blobs, parts, "train", seed=1) == drawn
    assert read_training_rows(platform.blobs, parts, "train", seed=2).rows != drawn.rows


def test_a_model_of_several_datasets_has_a_lineage_to_all_of_them(
    http: TestClient, platform: Platform, project_id: UUID, refs: tuple[str, str], tmp_path: Path
) -> None:
    datasets = [{"dataset": "letters"}, {"dataset": "digits"}]
    body = {**MIXTURE, "datasets": datasets, "mixing": "in_order"}
    assert http.post("/api/v1/training/plan", json=body).json()["rows"] == 28
    started = http.post("/api/v1/training/runs", json=body)
    assert started.status_code == 202, started.text
    run, params = started.json()["run"], started.json()["job"]["params"]
    assert [part["dataset"] for part in run["settings"]["datasets"]] == list(refs)
    job = Job(project_id, tmp_path / "job", params)
    result = wired.train(cast(JobContext, job), platform)
    assert any("mixing 12 of 12 rows of digits" in line for line in job.lines)
    assert (result["summary"]["rows"], result["summary"]["validation_rows"]) == (28, 4)
    version = http.get(f"/api/v1/registry/versions/{result['model']}").json()
    assert [part["dataset"] for part in version["metadata"]["datasets"]] == list(refs)
    back = http.get("/api/v1/registry/lineage", params={"ref": result["model"]}).json()["backwards"]
    assert [child["ref"] for child in back["children"] if child["kind"] == "dataset"] == list(refs)
    for ref in refs:
        forth = http.get("/api/v1/registry/lineage", params={"ref": ref}).json()["forwards"]
        assert forth["children"][0]["ref"] == result["model"]


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({}, "no dataset"),
        ({"dataset": "letters", "datasets": [{"dataset": "digits"}]}, "both dataset and datasets"),
        ({"datasets": [{"dataset": "letters", "weight": 1}, {"dataset": "digits"}]}, "'digits' has no weight"),
        ({"datasets": [{"dataset": "letters"}, {"dataset": "letters@1"}]}, "given twice"),
        ({"datasets": [{"dataset": "letters", "weight": 0}]}, "greater than 0"),
        ({"datasets": [{"dataset": "letters"}, {"dataset": "digit"}]}, "did you mean 'digits'"),
        ({"dataset": "letters", "mixing": "in_order"}, "needs several datasets"),
        ({"datasets": [{"dataset": "letters"}, {"dataset": "digits"}], "train_split": "test"}, "no split 'test'"),
    ],
)
def test_invalid_mixtures_are_refused_before_a_run_starts(
    http: TestClient, refs: tuple[str, str], fields: dict[str, Any], words: str
) -> None:
    answer = http.post("/api/v1/training/runs", json={**MIXTURE, **fields})
    assert answer.status_code in {404, 422}
    assert words in answer.text
    assert http.get("/api/v1/experiments/runs").json() == []


def test_the_command_line_and_the_client_name_several_datasets() -> None:
    assert _parse_datasets(("tickets@1",)) == "tickets@1"
    assert _parse_datasets(("a=0.7", "b=0.3")) == {"a": 0.7, "b": 0.3}
    assert _dataset_fields("a") == {"dataset": "a"}
    assert _dataset_fields(["a", "b"]) == {
        "datasets": [{"dataset": "a", "weight": None}, {"dataset": "b", "weight": None}]
    }
    assert _dataset_fields({"a": 2.0}) == {"datasets": [{"dataset": "a", "weight": 2.0}]}
    for values in (("a=x",), ("a=-1",), ("a=nan",), ("a=inf",), ("a=0",), ("a", "a"), ("a=",)):
        with pytest.raises(InvalidInput):
            _parse_datasets(values)
