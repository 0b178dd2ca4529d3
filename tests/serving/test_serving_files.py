"""Choice of the engine, and GGUF files that deployments convert."""

import json
import shutil
from collections.abc import Generator
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast
from uuid import UUID

import pytest
from sqlalchemy import Connection

from tests.serving.models import tiny_adapter, tiny_base
from vong import registry
from vong.app import Platform, serving_files
from vong.app import serving as serving_app
from vong.app.model_exports import start_keep
from vong.config import Settings
from vong.errors import InvalidInput, JobCancelled, Unsupported
from vong.jobs import JobContext
from vong.records import ModelVersion
from vong.registry import exports
from vong.serving import engine_choice, tables
from vong.serving.settings import DeploymentSettings
from vong.serving.versions import FilesPending, ServedVersion, desired_version


@pytest.fixture
def platform(database_url: str, tmp_path: Path) -> Generator[Platform]:
    created = Platform(Settings(home=tmp_path / "home", database_url=database_url, cpu_threads=1))
    yield created
    created.close()


@pytest.fixture
def without_gpu(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(serving_files, "has_gpu", lambda: False)
    monkeypatch.setattr(engine_choice, "has_gpu", lambda: False)


@pytest.fixture
def connection(platform: Platform, without_gpu: None, project_id: UUID) -> Generator[Connection]:
    with platform.scope(project_id) as opened:
        yield opened


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("models")
    base = tiny_base(folder / "base")
    found = {"base": base, "lora": tiny_adapter(folder / "lora", base, seed=1)}
    for name in ("template", "unknown"):
        found[name] = Path(shutil.copytree(found["lora" if name == "template" else "base"], folder / name))
    (found["template"] / "chat_template.jinja").write_text("{{ messages[0].content }}")
    config = json.loads((base / "config.json").read_text())
    (found["unknown"] / "config.json").write_text(json.dumps({**config, "architectures": ["OtherForCausalLM"]}))
    return found


def register(platform: Platform, connection: Connection, folders: dict[str, Path], name: str) -> ModelVersion:
    if name in ("base", "unknown"):
        return registry.register(connection, platform.blobs, name, folders[name])
    base = register(platform, connection, folders, "base")
    return registry.register(connection, platform.blobs, name, folders[name], kind="adapter", base=base.ref)


def deploy(platform: Platform, connection: Connection, name: str, **more: Any) -> ServedVersion:
    serving_app.deploy(platform, connection, name, name, **more)
    return desired_version(tables.list_rows(connection, name=name)[0])


def fake_job(project_id: UUID, folder: Path, check: Any = lambda: None) -> tuple[JobContext, list[str]]:
    logged: list[str] = []
    job = SimpleNamespace(
        project_id=project_id, folder=folder, check=check, progress=lambda *_, **__: None, log=logged.append
    )
    return cast(JobContext, job), logged


def test_safetensors_are_served_by_llama_cpp_at_q8_0_after_their_conversion(
    platform: Platform, without_gpu: None, project_id: UUID, folders: dict[str, Path], tmp_path: Path
) -> None:
    with platform.scope(project_id) as connection:
        model = register(platform, connection, folders, "lora")
        version = deploy(platform, connection, "lora")
        base = registry.find(connection, version.base)
        assert (version.engine, version.settings.quantization, base.name) == ("xllamacpp", "q8_0", "base")
        assert deploy(platform, connection, "base").engine_key == version.engine_key
        with pytest.raises(FilesPending, match="converting"):
            serving_files.find_folder(platform, connection, version, version.base)
    files = serving_files.list_files(version, model, base)

    def cancel() -> None:
        raise JobCancelled("cancelled")

    with pytest.raises(JobCancelled):
        serving_files.convert(fake_job(project_id, tmp_path / "job", cancel)[0], platform, files)
    job, logged = fake_job(project_id, tmp_path / "job")
    serving_files.convert(job, platform, files)
    assert len(logged) == 2
    serving_files.convert(job, platform, files)
    assert len(logged) == 2
    with platform.scope(project_id) as connection:
        loaded = [
            serving_files.find_folder(platform, connection, version, ref) for ref in (version.base, version.model)
        ]
        assert [next(folder.iterdir()).name for folder in loaded] == ["base-q8_0.gguf", "lora-lora.gguf"]
        assert {one.format for one in exports.list_exports(connection)} == {"gguf", "gguf-lora"}
        with pytest.raises(InvalidInput, match="not a complete model"):
            start_keep(connection, files[1].id)
        exports.delete_export(connection, platform.blobs, files[1].id)
        with pytest.raises(FilesPending):
            serving_files.find_folder(platform, connection, version, version.model)


def test_an_adapter_that_llama_cpp_cannot_apply_is_merged(
    platform: Platform, without_gpu: None, project_id: UUID, folders: dict[str, Path], tmp_path: Path
) -> None:
    with platform.scope(project_id) as connection:
        model = register(platform, connection, folders, "template")
        version = deploy(platform, connection, "template", settings=DeploymentSettings(quantization="F16"))
        assert (version.base, version.settings.quantization) == (model.ref, "f16")
        event = tables.list_events(connection, "template", 5)[-1]
        assert "another chat_template.jinja" in event["message"]
    job, _ = fake_job(project_id, tmp_path / "job")
    serving_files.convert(job, platform, serving_files.list_files(version, model, model))
    with platform.scope(project_id) as connection:
        folder = serving_files.find_folder(platform, connection, version, version.base)
    assert [file.name for file in folder.iterdir()] == ["template-f16.gguf"]


def test_a_model_that_llama_cpp_cannot_load_is_served_by_transformers_with_the_reason(
    platform: Platform, connection: Connection, folders: dict[str, Path]
) -> None:
    register(platform, connection, folders, "unknown")
    assert deploy(platform, connection, "unknown").engine == "transformers"
    assert "OtherForCausalLM" in tables.list_events(connection, "unknown", 5)[-1]["message"]
    with pytest.raises(Unsupported, match="OtherForCausalLM"):
        deploy(platform, connection, "unknown", engine="xllamacpp")


@pytest.mark.parametrize(
    ("engine", "quantization", "message"),
    [(None, "q9", "no GGUF quantization 'q9'"), ("transformers", "q8_0", "does not quantize")],
)
def test_an_impossible_quantization_is_rejected(
    platform: Platform,
    connection: Connection,
    folders: dict[str, Path],
    engine: str | None,
    quantization: str,
    message: str,
) -> None:
    register(platform, connection, folders, "base")
    with pytest.raises(InvalidInput, match=message):
        deploy(platform, connection, "base", engine=engine, settings=DeploymentSettings(quantization=quantization))
