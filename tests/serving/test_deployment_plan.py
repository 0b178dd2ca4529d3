"""Plan of a deployment, defaults of models, evaluation settings, and what a model name is made for."""

import json
from collections.abc import Generator
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast
from uuid import UUID

import pytest
from click import UsageError
from pydantic import ValidationError
from sqlalchemy import Connection

from tests.serving.test_memory_plan import CONFIG, add_machine
from vong import registry, serving
from vong.app import Platform, serving_files, serving_parity, serving_plan
from vong.app import serving as serving_app
from vong.app.callable_models import find_endpoints
from vong.app.model_defaults import with_model_defaults
from vong.cli.serving_options import build_settings
from vong.config import Settings
from vong.errors import InvalidInput, NotFound
from vong.jobs import JobContext
from vong.records import Deployment, ModelVersion
from vong.serving import engine_choice, speed_estimate, tables
from vong.serving.settings import DeploymentSettings, read_settings

MODEL_BYTES = 1_000_000


@pytest.fixture
def platform(database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Generator[Platform]:
    for module in (serving_files, engine_choice):
        monkeypatch.setattr(module, "has_gpu", lambda: False)
    monkeypatch.setattr(serving_files, "check_llamacpp", lambda *_: None)
    monkeypatch.setattr(speed_estimate, "measure_bandwidth", lambda: 8e6)
    created = Platform(Settings(home=tmp_path / "home", database_url=database_url, machine_price_per_hour=3.6))
    yield created
    created.close()


@pytest.fixture
def connection(platform: Platform, project_id: UUID) -> Generator[Connection]:
    add_machine(platform.database, available=3_000_000_000)
    with platform.scope(project_id) as opened:
        yield opened


def register(
    platform: Platform, connection: Connection, tmp_path: Path, name: str = "base", **more: Any
) -> ModelVersion:
    folder = tmp_path / name
    folder.mkdir()
    (folder / "config.json").write_text(json.dumps({**CONFIG, "num_hidden_layers": 4, "model": name}))
    (folder / "model.safetensors").write_bytes(bytes(MODEL_BYTES))
    return registry.register(connection, platform.blobs, name, folder, **more)


def plan(platform: Platform, connection: Connection, ref: str = "base", **settings: Any) -> Any:
    values = DeploymentSettings.model_validate(settings)
    return serving_plan.plan(platform, connection, ref, settings=values)


def test_a_plan_has_memory_speed_price_disk_and_the_quantizations(
    platform: Platform, connection: Connection, tmp_path: Path
) -> None:
    model = register(platform, connection, tmp_path)
    found = plan(platform, connection)
    assert (found.model, found.engine, found.settings["quantization"], found.fits) == (
        model.ref,
        "xllamacpp",
        "q8_0",
        True,
    )
    assert found.memory.available == 3_000_000_000
    levels = {level.quantization: level for level in found.levels}
    assert levels["f16"].required > levels["q8_0"].required > levels["q4_k_m"].required
    assert levels["q4_k_m"].output_speed > levels["q8_0"].output_speed == found.speed.output
    assert (found.speed.source, found.price.source) == ("estimated", "estimated")
    assert found.price.output == pytest.approx(3.6 / 3600 * 1e6 / found.speed.output, rel=1e-3)
    assert found.disk_bytes > model.bytes
    assert found.disk_available > 0
    assert serving.list_deployments(connection) == []
    measured = {"output_tokens": 500, "output_seconds": 10, "prompt_tokens": 1000, "prompt_seconds": 2}
    serving_app.deploy(platform, connection, "base", "base")
    key = serving.get_deployment(connection, "base").engine_key
    tables.upsert_engine(connection, key, speed=measured)
    again = plan(platform, connection)
    assert (again.speed.source, again.speed.output, again.speed.prompt) == ("measured", 50.0, 500.0)
    other = plan(platform, connection, quantization="f16")
    assert other.speed.source == "estimated"
    assert other.speed.output == pytest.approx(50 * 8.5 / 16, rel=0.02)


def test_a_plan_counts_reproducible_and_says_what_would_fit(
    platform: Platform, connection: Connection, tmp_path: Path
) -> None:
    register(platform, connection, tmp_path)
    shared = plan(platform, connection, context=32768)
    own = plan(platform, connection, context=32768, reproducible=True)
    assert own.memory.cache == 8 * shared.memory.cache
    assert shared.fits and not own.fits
    assert "a replica needs" in own.lack
    changes = [one.settings for one in own.alternatives]
    assert {"reproducible": False} in changes
    for one in own.alternatives:
        settings: dict[str, Any] = {"context": 32768, "reproducible": True, **one.settings}
        assert plan(platform, connection, "base", **settings).fits
    with pytest.raises(NotFound):
        plan(platform, connection, "nothing")
    with pytest.raises(InvalidInput, match="no GGUF quantization"):
        plan(platform, connection, quantization="q9")


def test_settings_of_a_modelfile_are_defaults_of_the_deployment(
    platform: Platform, connection: Connection, tmp_path: Path
) -> None:
    parameters = {"temperature": 0.2, "num_ctx": 4096, "stop": ["<end>"], "repeat_penalty": 1.1, "num_predict": -1}
    model = register(
        platform, connection, tmp_path, metadata={"ollama": {"parameters": parameters, "system": "Be brief."}}
    )
    serving_app.deploy(platform, connection, "base", "base")
    settings = read_settings(serving.get_deployment(connection, "base").settings)
    assert settings.context == 4096
    expected = {"temperature": 0.2, "stop": ["<end>"], "repetition_penalty": 1.1, "system": "Be brief."}
    assert settings.defaults.fields() == expected
    own = DeploymentSettings.model_validate({"context": 512, "defaults": {"temperature": 1.0}})
    assert with_model_defaults(model, own).context == 512
    assert with_model_defaults(model, own).defaults.fields() == {**expected, "temperature": 1.0}
    with pytest.raises(ValidationError, match="less than or equal to 2"):
        DeploymentSettings.model_validate({"defaults": {"temperature": 3}})


def test_models_that_llama_cpp_turns_out_not_to_convert_are_served_by_transformers(
    platform: Platform, connection: Connection, tmp_path: Path
) -> None:
    register(platform, connection, tmp_path)
    first = serving_app.deploy(platform, connection, "base", "base").deployment
    assert first.engine == "xllamacpp"
    assert serving_app.fall_back(platform, connection, first, "unknown pre-tokenizer")
    second = serving.get_deployment(connection, "base")
    assert (second.engine, second.state) == ("transformers", "pending")
    assert "unknown pre-tokenizer" in second.events[0].message
    assert serving_app.deploy(platform, connection, "base", "base").deployment.engine_key == second.engine_key
    wanted = serving_app.deploy(
        platform, connection, "wanted", "base", settings=DeploymentSettings(quantization="q4_k_m")
    ).deployment
    assert not serving_app.fall_back(platform, connection, wanted, "unknown pre-tokenizer")


def test_models_that_the_default_quantization_changes_too_much_are_served_at_f16(
    platform: Platform, tmp_path: Path, project_id: UUID
) -> None:
    add_machine(platform.database, available=3_000_000_000)
    with platform.scope(project_id) as connection:
        register(platform, connection, tmp_path)
    job = cast(JobContext, SimpleNamespace(project_id=project_id, log=lambda _: None))
    result: dict[str, Any] = {"reason": "token 4: -1.9 and -0.3", "mismatch": {"kind": "logprobs"}}

    def deploy(name: str, **settings: Any) -> Deployment:
        with platform.scope(project_id) as connection:
            values = DeploymentSettings.model_validate(settings)
            return serving_app.deploy(platform, connection, name, "base", settings=values).deployment

    first = deploy("base")
    assert serving_parity.improve_precision(job, platform, first, result)
    found = deploy("base")
    assert (found.engine, found.settings["quantization"], found.state) == ("xllamacpp", "f16", "pending")
    assert "f16 instead of q8_0, which changes the answers too much: token 4" in found.events[0].message
    assert not serving_parity.improve_precision(job, platform, found, result)  # f16 is no quantization
    assert not serving_parity.improve_precision(job, platform, first, {**result, "mismatch": {"kind": "tokens"}})
    # A level that the user chose is not changed: the reason names the way out.
    assert not serving_parity.improve_precision(job, platform, deploy("chosen", quantization="q4_0"), result)
    assert str(result["reason"]).endswith("(the quantization q4_0 loses too much: set quantization f16)")


def test_the_endpoint_of_a_deployment_is_that_of_its_model(
    platform: Platform, connection: Connection, tmp_path: Path
) -> None:
    register(platform, connection, tmp_path, "embedder-of-chats")
    serving_app.deploy(platform, connection, "embed-chat", "embedder-of-chats")
    for task, name in (("embedding", "vectors"), ("rerank", "ranks")):
        register(platform, connection, tmp_path, name, metadata={"task": task})
        serving_app.deploy(platform, connection, name, name)
    names = ["deployment/embed-chat", "deployment/vectors", "deployment/ranks", "openai/text-embedding-3-small", "x"]
    assert list(find_endpoints(connection, names).values()) == ["chat", "embeddings", "rerank", "embeddings", "chat"]


def test_an_evaluation_is_checked_before_the_deployment(
    platform: Platform, connection: Connection, tmp_path: Path
) -> None:
    register(platform, connection, tmp_path)
    for evaluate in ({"dataset": "nothing"}, {"suite": "nothing"}):
        settings = DeploymentSettings.model_validate({"evaluate": evaluate})
        with pytest.raises(NotFound, match="nothing"):
            serving_app.deploy(platform, connection, "base", "base", settings=settings)
    for wrong in ({}, {"dataset": "a", "suite": "b"}):
        with pytest.raises(ValidationError, match="either a suite or a dataset"):
            DeploymentSettings.model_validate({"evaluate": wrong})
    assert serving.list_deployments(connection) == []


def test_options_of_the_command_become_settings() -> None:
    none = dict.fromkeys(("evaluate", "suite", "evaluate_limit", "follow", "threads"))
    assert build_settings({**none, "scorer": (), "engine_option": (), "skip_parity": False}) == {}
    assert build_settings({**none, "evaluate": "qa/dev", "scorer": ("rouge",), "evaluate_limit": 5}) == {
        "evaluate": {"dataset": "qa", "split": "dev", "scorers": ["rouge"], "limit": 5}
    }
    assert build_settings({**none, "suite": "support", "follow": False}) == {
        "follow": False,
        "evaluate": {"suite": "support"},
    }
    with pytest.raises(UsageError, match="need a split"):
        build_settings({**none, "scorer": ("rouge",)})
    with pytest.raises(UsageError, match="own splits"):
        build_settings({**none, "suite": "support", "evaluate": "qa"})
