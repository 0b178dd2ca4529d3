"""Runs whose base is an adapter or has no chat template, and requests that are rejected before a run starts."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast
from uuid import UUID

import pytest
from fastapi.testclient import TestClient

from tests.training.factories import rows
from tests.training.test_families import engine_logprobs, reference_logprobs
from vong import data, registry
from vong.app import Platform
from vong.app import training as wired
from vong.app.registry import base_model, model_folder
from vong.jobs import JobContext
from vong.records import ModelVersion, Operation
from vong.serving.engine import EngineSettings
from vong.serving.engine.transformers.engine import TransformersEngine
from vong.serving.parity import compare

REQUEST: dict[str, Any] = {"name": "letters-tuned", "base": "tiny", "dataset": "letters"}
SETTINGS: dict[str, Any] = {"epochs": 1, "batch_size": 4, "lora_rank": 2, "learning_rate": 1e-2, "samples": 0}


class Job:
    """Job context for the handler."""

    def __init__(self, project_id: UUID, folder: Path, params: dict[str, Any]) -> None:
        self.project_id, self.folder, self.params = project_id, folder, params
        self.lines: list[str] = []
        folder.mkdir(parents=True, exist_ok=True)

    def progress(self, done: float, total: float | None = None, *, unit: str = "", message: str = "") -> None: ...

    def log(self, line: str) -> None:
        self.lines.append(line)


@pytest.fixture
def tiny(platform: Platform, project_id: UUID, base: Path) -> ModelVersion:
    examples = [
        one.model_copy(update={"metadata": {"split": "validation" if number % 4 == 0 else "train"}})
        for number, one in enumerate(rows(24))
    ]
    with platform.scope(project_id) as connection:
        data.write(connection, platform.blobs, "letters", examples, Operation(name="import"))
        return registry.register(connection, platform.blobs, "tiny", base, kind="base", licence="Apache-2.0")


@pytest.fixture
def register(
    platform: Platform, project_id: UUID, base: Path, tmp_path: Path, tiny: ModelVersion
) -> Callable[..., ModelVersion]:
    """Return a function that registers a changed copy of the tiny model as `changed`."""

    def register_copy(change: Callable[[Path], object]) -> ModelVersion:
        folder = tmp_path / "changed"
        shutil.copytree(base, folder)
        change(folder)
        with platform.scope(project_id) as connection:
            return registry.register(connection, platform.blobs, "changed", folder, kind="base")

    return register_copy


@pytest.fixture
def train(
    http: TestClient, platform: Platform, project_id: UUID, tmp_path: Path
) -> Callable[..., tuple[ModelVersion, dict[str, Any]]]:
    """Return a function that runs a request and returns the version with the run."""
    count = iter(range(100))

    def run(request: dict[str, Any]) -> tuple[ModelVersion, dict[str, Any]]:
        answer = http.post("/api/v1/training/runs", json=request)
        assert answer.status_code == 202, answer.text
        started = answer.json()
        job = Job(project_id, tmp_path / f"job-{next(count)}", started["job"]["params"])
        ref = wired.train(cast(JobContext, job), platform)["model"]
        with platform.scope(project_id) as connection:
            return registry.find(connection, ref), started["run"]

    return run


def assert_parity(platform: Platform, project_id: UUID, version: ModelVersion) -> None:
    """Check that the engine computes what the trainer computes for a version, and that the adapter has an effect."""
    with platform.scope(project_id) as connection:
        weights = base_model(connection, version)
        folder, adapter = (model_folder(platform, connection, one.ref) for one in (weights, version))
    engine = TransformersEngine(folder, EngineSettings(threads=1))
    engine.set_adapter("tuned", adapter)
    reference = reference_logprobs(folder, adapter)
    report = compare(reference, engine_logprobs(engine, "tuned"))
    assert report.equal, report.reason
    assert report.positions > 16


def test_an_adapter_is_continued_with_its_rank_on_the_same_base(
    http: TestClient, platform: Platform, project_id: UUID, tiny: ModelVersion, train: Any
) -> None:
    first, _ = train({**REQUEST, "settings": {**SETTINGS, "adapter": "rslora", "target_modules": "q_proj,up_proj"}})
    settings = {name: value for name, value in SETTINGS.items() if name != "lora_rank"}
    second, run = train({**REQUEST, "base": first.ref, "settings": {**settings, "seed": 1}})
    assert (run["base"], run["settings"]["lora_rank"], run["settings"]["adapter"]) == (first.ref, 2, "rslora")
    assert run["settings"]["target_modules"] == ["q_proj", "up_proj"]
    assert (second.kind, second.base, second.metadata["continued_from"]) == ("adapter", tiny.ref, first.ref)
    assert second.hash != first.hash
    assert_parity(platform, project_id, second)
    back = http.get("/api/v1/registry/lineage", params={"ref": second.ref}).json()["backwards"]
    assert [child["ref"] for child in back["children"] if child["kind"] == "model"] == [first.ref, tiny.ref]
    forth = http.get("/api/v1/registry/lineage", params={"ref": first.ref}).json()["forwards"]
    assert second.ref in [child["ref"] for child in forth["children"]]


@pytest.mark.slow
def test_a_new_adapter_is_trained_on_the_merged_base_which_is_made_once(
    http: TestClient, platform: Platform, project_id: UUID, tiny: ModelVersion, train: Any
) -> None:
    first, _ = train({**REQUEST, "settings": {**SETTINGS, "adapter": "dora", "chat_template": "plain"}})
    settings = {**SETTINGS, "base_adapter": "merge", "lora_rank": 4}
    second, run = train({**REQUEST, "base": first.ref, "settings": settings})
    with platform.scope(project_id) as connection:
        merged = registry.find(connection, "letters-tuned-merged")
    assert (merged.kind, merged.base, merged.licence) == ("merged", first.ref, "Apache-2.0")
    assert merged.chat_template == first.chat_template
    assert (run["base"], second.base, second.kind) == (first.ref, merged.ref, "adapter")
    assert_parity(platform, project_id, second)
    third, _ = train({**REQUEST, "base": first.ref, "settings": {**settings, "seed": 1}})
    assert third.base == merged.ref
    assert len(http.get("/api/v1/registry/models/letters-tuned-merged/versions").json()) == 1
    back = http.get("/api/v1/registry/lineage", params={"ref": second.ref}).json()["backwards"]
    parents = [child for child in back["children"] if child["kind"] == "model"]
    assert [parent["ref"] for parent in parents] == [merged.ref]
    assert [child["ref"] for child in parents[0]["children"]] == [first.ref]


@pytest.mark.slow
def test_a_chosen_chat_template_is_stored_and_served_with_the_adapter(
    platform: Platform, project_id: UUID, register: Any, train: Any
) -> None:
    bare = register(lambda folder: (folder / "chat_template.jinja").unlink())
    version, _ = train({**REQUEST, "base": bare.ref, "settings": {**SETTINGS, "chat_template": "llama"}})
    assert version.chat_template is not None
    assert "<|start_header_id|>" in version.chat_template
    assert {"chat_template.jinja", "tokenizer_config.json"} <= set(version.files)
    assert_parity(platform, project_id, version)
    again, _ = train({**REQUEST, "base": version.ref, "settings": SETTINGS})
    assert again.chat_template == version.chat_template


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"target_modules": "no_such"}, "no module 'no_such'"),
        ({"target_modules": ["q_proj", "no_such"]}, "no module 'no_such'"),
        ({"target_modules": "q_prj"}, "did you mean 'q_proj'"),
        ({"target_modules": r"model\.layers\.9\..*"}, "names such as"),
        ({"target_modules": "(q_proj"}, "regular expression"),
        ({"method": "full", "quantization": "nf4"}, "set quantization to none"),
        ({"method": "full", "adapter": "dora"}, "set method to lora"),
        ({"adapter": "dora", "quantization": "int8"}, "set quantization to nf4"),
        ({"quantization": "int3"}, "quantization"),
        ({"dtype": "fp16"}, "dtype"),
        ({"chat_template": "chatlm"}, "did you mean 'chatml'"),
        ({"chat_template": "{% for message in messages %}"}, "not valid Jinja"),
    ],
)
def test_settings_that_cannot_work_are_rejected_before_the_start(
    http: TestClient, tiny: ModelVersion, settings: dict[str, Any], words: str
) -> None:
    answer = http.post("/api/v1/training/runs", json={**REQUEST, "settings": {**SETTINGS, **settings}})
    assert answer.status_code == 422, answer.text
    assert words in answer.json()["detail"] + answer.json()["hint"]
    assert http.get("/api/v1/experiments/runs").json() == []


@pytest.mark.parametrize("targets", ["q_proj", ["embed_tokens", "v_proj"], r".*\.mlp\..*", ["self_attn.q_proj"]])
def test_names_of_modules_are_accepted(http: TestClient, tiny: ModelVersion, targets: Any) -> None:
    answer = http.post("/api/v1/training/runs", json={**REQUEST, "settings": {**SETTINGS, "target_modules": targets}})
    assert answer.status_code == 202, answer.text


def test_a_full_disk_is_one_clear_error_before_the_start(
    http: TestClient, tiny: ModelVersion, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("vong.app.training_base.shutil.disk_usage", lambda _: SimpleNamespace(free=1_000_000))
    full = {"method": "full", "learning_rate": 1e-4}
    answer = http.post("/api/v1/training/runs", json={**REQUEST, "settings": {**SETTINGS, **full}})
    assert answer.status_code == 422 and "GB are free" in answer.json()["detail"], answer.text
    assert "set method to lora" in answer.json()["hint"]
    assert http.get("/api/v1/experiments/runs").json() == []


def test_a_base_of_a_hub_is_to_be_imported_first(http: TestClient, tiny: ModelVersion) -> None:
    for path in ("runs", "plan", "probes"):
        answer = http.post(f"/api/v1/training/{path}", json={**REQUEST, "base": "acme/large-7b"})
        assert answer.status_code == 404, answer.text
        assert "'acme/large-7b' is not in the registry" in answer.json()["detail"]
        assert answer.json()["hint"] == "import it first: vong registry import acme/large-7b"


@pytest.mark.parametrize("path", ["runs", "plan", "probes"])
def test_the_output_head_is_rejected_before_the_start(http: TestClient, tiny: ModelVersion, path: str) -> None:
    settings = {**SETTINGS, "target_modules": ["lm_head", "v_proj"]}
    answer = http.post(f"/api/v1/training/{path}", json={**REQUEST, "settings": settings})
    assert answer.status_code == 422, answer.text
    assert "includes the output head (lm_head), which recipe 'sft' cannot adapt" in answer.json()["detail"]


def set_config(**values: Any) -> Callable[[Path], object]:
    def change(folder: Path) -> None:
        config = json.loads((folder / "config.json").read_text())
        (folder / "config.json").write_text(json.dumps(config | values))

    return change


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda folder: (folder / "config.json").unlink(), "no config.json"),
        (lambda folder: (folder / "model.safetensors").rename(folder / "model.bin"), "no weights"),
        (lambda folder: [file.unlink() for file in folder.glob("tokenizer*")], "no tokenizer"),
        (set_config(quantization_config={"quant_method": "gptq"}), "quantized (gptq)"),
        (lambda folder: (folder / "chat_template.jinja").unlink(), "no chat template"),
    ],
)
def test_incomplete_models_are_rejected_before_the_start(
    http: TestClient, register: Any, change: Callable[[Path], object], words: str
) -> None:
    changed = register(change)
    answer = http.post("/api/v1/training/runs", json={**REQUEST, "base": changed.ref, "settings": SETTINGS})
    assert answer.status_code == 422, answer.text
    assert words in answer.json()["detail"]


@pytest.mark.parametrize(
    ("request_fields", "settings", "words"),
    [
        ({}, {"lora_rank": 8}, "lora_rank is 2"),
        ({}, {"target_modules": "q_proj"}, "cannot change it"),
        ({}, {"method": "full"}, "set base_adapter to merge"),
        ({"recipe": "reward"}, {}, "set base_adapter to merge"),
    ],
)
def test_an_adapter_is_not_continued_with_other_settings(
    http: TestClient,
    platform: Platform,
    project_id: UUID,
    tiny: ModelVersion,
    tmp_path: Path,
    request_fields: dict[str, Any],
    settings: dict[str, Any],
    words: str,
) -> None:
    config = {"r": 2, "lora_alpha": 32, "lora_dropout": 0.0, "target_modules": ["q_proj", "v_proj"]}
    (tmp_path / "adapter").mkdir()
    (tmp_path / "adapter" / "adapter_config.json").write_text(json.dumps(config))
    (tmp_path / "adapter" / "adapter_model.safetensors").write_bytes(b"weights")
    with platform.scope(project_id) as connection:
        if request_fields.get("recipe") == "reward":
            pairs = [one.model_copy(update={"rejected": one.messages[0]}) for one in rows(8)]
            data.write(connection, platform.blobs, "letters", pairs, Operation(name="import"))
        adapter = registry.register(
            connection, platform.blobs, "adapter", tmp_path / "adapter", kind="adapter", base=tiny.ref
        )
    request = {**REQUEST, **request_fields, "base": adapter.ref, "settings": settings}
    answer = http.post("/api/v1/training/runs", json=request)
    assert answer.status_code == 422, answer.text
    assert words in answer.json()["detail"] + answer.json()["hint"]
