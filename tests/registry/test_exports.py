"""Exports of a tiny adapter in every format, compared with the trainer, downloaded and registered again."""

import io
import zipfile
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from fastapi.testclient import TestClient

from tests.registry.conftest import JobRunner, Models
from vong import registry
from vong.app import Platform
from vong.errors import JobCancelled
from vong.registry import exports

EXPORTS: list[dict[str, Any]] = [
    {"format": "safetensors"},
    {"format": "merged"},
    {"format": "vllm"},
    {"format": "gguf", "quantization": "f32"},
    {"format": "ollama", "quantization": "Q8_0"},
]


def export(http: TestClient, runner: JobRunner, ref: str, body: dict[str, Any]) -> dict[str, Any]:
    queued = http.post(f"/api/v1/registry/versions/{ref}/exports", json=body)
    assert queued.status_code == 202, queued.text
    runner.run(queued.json())
    return http.get(f"/api/v1/registry/exports/{queued.json()['id']}").json()


@pytest.fixture(scope="module")
def exported(http: TestClient, models: Models, job_runner: JobRunner) -> dict[str, dict[str, Any]]:
    return {body["format"]: export(http, job_runner, models.adapter.ref, body) for body in EXPORTS}


def test_every_format_equals_the_trainer_and_is_registered_again(
    http: TestClient, models: Models, job_runner: JobRunner, exported: dict[str, dict[str, Any]], platform: Platform
) -> None:
    for name, one in exported.items():
        parity = one["parity"]
        assert parity["equal"], (name, parity)
        assert parity["positions"] == 18
        assert parity["largest_difference"] < {"gguf": 0.05, "ollama": 2.0}.get(name, 1e-3), (name, parity)
        assert {"MODEL_CARD.md", "vong-export.json"} < set(one["files"])
    assert {"adapter_model.safetensors", "tokenizer.json", "chat_template.jinja"} < set(
        exported["safetensors"]["files"]
    )
    assert {"start.sh", "model.safetensors", "chat_template.jinja"} < set(exported["vllm"]["files"])
    assert {"Modelfile", "triage-q8_0.gguf"} < set(exported["ollama"]["files"])
    listed = http.get("/api/v1/registry/exports", params={"model": models.adapter.ref}).json()
    assert {one["id"] for one in exported.values()} <= {one["id"] for one in listed}

    kept = job_runner.run(http.post(f"/api/v1/registry/exports/{exported['gguf']['id']}/keep", json={}).json())
    version = http.get(f"/api/v1/registry/versions/{kept['model']}").json()
    assert (version["name"], version["kind"], version["format"]) == ("triage-f32", "merged", "gguf")
    assert (version["base"], version["dataset"]) == (models.adapter.ref, models.dataset.ref)
    assert version["metadata"]["parity"]["equal"]
    again = export(http, job_runner, kept["model"], {"format": "safetensors"})
    assert again["parity"] is None and "no trainer" in again["notes"][0]

    body = {"name": "triage-merged"}
    kept = job_runner.run(http.post(f"/api/v1/registry/exports/{exported['merged']['id']}/keep", json=body).json())
    assert export(http, job_runner, kept["model"], {"format": "gguf", "quantization": "f32"})["parity"]["equal"]


def test_files_and_archive_are_downloaded_unchanged_and_deleted(
    http: TestClient, exported: dict[str, dict[str, Any]], platform: Platform
) -> None:
    one = exported["ollama"]
    path = f"/api/v1/registry/exports/{one['id']}"
    archive = zipfile.ZipFile(io.BytesIO(http.get(f"{path}/archive").content))
    assert archive.testzip() is None
    assert {info.filename: info.file_size for info in archive.infolist()} == {
        name: file["bytes"] for name, file in one["files"].items()
    }
    modelfile = http.get(f"{path}/files/Modelfile").text
    assert archive.read("Modelfile").decode() == modelfile
    assert modelfile.startswith("FROM ./triage-q8_0.gguf\nTEMPLATE ")
    assert 'PARAMETER stop "<|im_end|>"' in modelfile and "repeat_penalty 1.0" in modelfile
    assert http.get(f"{path}/files/../secret").status_code == 404
    assert http.get(f"{path}/files/missing").status_code == 404
    start = http.get(f"/api/v1/registry/exports/{exported['vllm']['id']}/files/start.sh").text
    assert "--served-model-name triage --chat-template" in start and "--generation-config vllm" in start
    folder = platform.settings.home_folder
    stored = exports.export_store(platform.blobs, UUID(one["id"]))
    assert stored.exists(one["files"]["Modelfile"]["sha256"])
    assert http.delete(path).json()["id"] == one["id"]
    assert not stored.exists(one["files"]["Modelfile"]["sha256"])
    assert http.get(path).status_code == 404
    assert folder.exists()


def test_a_cancelled_export_resumes_and_stores_one_export(
    http: TestClient, models: Models, job_runner: JobRunner
) -> None:
    job = http.post(f"/api/v1/registry/versions/{models.adapter.ref}/exports", json={"format": "gguf"}).json()
    for place in ("blk.1", "comparing", "storing"):
        with pytest.raises(JobCancelled):
            job_runner.run(job, cancel_at=place)
        assert http.get(f"/api/v1/registry/exports/{job['id']}").status_code == 404
    first = job_runner.run(job)
    second = job_runner.run(job)
    assert first["id"] == second["id"] == job["id"]
    assert [one["id"] for one in http.get("/api/v1/registry/exports").json()].count(job["id"]) == 1


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ({"format": "gguf", "quantization": "q9"}, "no GGUF quantization 'q9'"),
        ({"format": "merged", "quantization": "q8_0"}, "does not apply to merged"),
        ({"format": "zip"}, "Input should be"),
    ],
)
def test_invalid_exports_are_rejected_before_a_job_starts(
    http: TestClient, models: Models, body: dict[str, Any], words: str
) -> None:
    answer = http.post(f"/api/v1/registry/versions/{models.adapter.ref}/exports", json=body)
    assert answer.status_code == 422 and words in answer.text


def test_another_architecture_is_rejected_for_gguf(
    http: TestClient, platform: Platform, project: UUID, tmp_path: Path
) -> None:
    (tmp_path / "gpt").mkdir()
    (tmp_path / "gpt" / "config.json").write_text('{"architectures": ["GPT2LMHeadModel"]}')
    with platform.scope(project) as connection:
        registry.register(connection, platform.blobs, "gpt", tmp_path / "gpt")
    answer = http.post("/api/v1/registry/versions/gpt/exports", json={"format": "gguf"})
    assert answer.status_code == 400 and "GPT2LMHeadModel cannot be written to GGUF" in answer.json()["detail"]
