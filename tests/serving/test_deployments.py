from typing import Any

import pytest
from sqlalchemy import Connection

from vong import jobs, serving
from vong.errors import Conflict, InvalidInput, NotFound
from vong.records import ModelVersion, content_hash, now
from vong.serving import replica_tables, tables
from vong.serving.settings import DeploymentSettings
from vong.store.database import Database


def model(name: str, kind: str = "base", format: str = "safetensors", **more: object) -> ModelVersion:
    values = {"name": name, "hash": content_hash(name), "number": 1, "kind": kind, "format": format, "files": {}}
    return ModelVersion.model_validate({**values, "bytes": 1, "created_at": now(), **more})


BASE = model("base")
TUNED = model("tuned", "adapter", base=BASE.ref, dataset="tickets@abcdef")


def add_replica(connection: Connection, engine_key: str, model: ModelVersion, **more: Any) -> None:
    """Record a replica that has loaded a model for all deployments of this test."""
    names = [f"{name}@{model.hash[:12]}" for name in ("triage", "plain")]
    values: dict[str, Any] = {"url": "http://127.0.0.1:1", "token": "secret", "state": "ready", "pid": 1}
    values["models"] = names
    replica_tables.add_replica(connection, engine_key, **{"number": 1, **values, **more})


def test_a_base_model_is_deployed_without_a_parity_check(connection: Connection) -> None:
    created = serving.deploy(connection, "plain", BASE, BASE)
    assert created.job is None
    assert created.deployment.parity is not None and "base model" in created.deployment.parity["skipped"]
    assert (created.deployment.engine, created.deployment.state) == ("transformers", "pending")


def test_a_tuned_model_is_deployed_with_its_parity_check(connection: Connection) -> None:
    created = serving.deploy(connection, "triage", TUNED, BASE)
    assert created.job is not None and created.job.kind == "serving.parity"
    assert jobs.get(connection, created.job.id).params == {"deployment": "triage", "model": TUNED.ref}


def test_repeating_a_deployment_changes_nothing(connection: Connection) -> None:
    first = serving.deploy(connection, "triage", TUNED, BASE)
    again = serving.deploy(connection, "triage", TUNED, BASE)
    assert again.job is None
    assert again.deployment == first.deployment


def test_deployments_of_one_base_share_a_process_if_their_settings_are_equal(connection: Connection) -> None:
    one = serving.deploy(connection, "one", TUNED, BASE).deployment
    two = serving.deploy(connection, "two", BASE, BASE).deployment
    wide = serving.deploy(connection, "wide", BASE, BASE, settings=DeploymentSettings(batch=16)).deployment
    assert one.engine_key == two.engine_key != wide.engine_key


def test_a_gguf_model_is_served_by_llama_cpp_and_incompatible_engines_are_rejected(connection: Connection) -> None:
    gguf = model("small", format="gguf")
    assert serving.deploy(connection, "gguf", gguf, gguf).deployment.engine == "xllamacpp"
    with pytest.raises(InvalidInput, match="serves GGUF"):
        serving.deploy(connection, "wrong", BASE, BASE, engine="xllamacpp")
    with pytest.raises(InvalidInput, match="adapter of a GGUF base"):
        serving.deploy(connection, "wrong", TUNED, gguf, engine="xllamacpp")
    with pytest.raises(NotFound, match="no engine named 'transformer'"):
        serving.deploy(connection, "wrong", BASE, BASE, engine="transformer")
    with pytest.raises(InvalidInput, match="invalid deployment name"):
        serving.deploy(connection, "Not Good", BASE, BASE)


def test_the_gateway_does_not_use_a_model_that_failed_its_parity_check(connection: Connection) -> None:
    group = serving.deploy(connection, "triage", TUNED, BASE).deployment.engine_key
    add_replica(connection, group, TUNED)
    report = {"equal": False, "reason": "conversation 0, position 3: the trainer has token 1, the engine 2"}
    failed = serving.record_parity(connection, "triage", TUNED.ref, report)
    assert failed.state == "failed" and failed.reason is not None and "position 3" in failed.reason
    assert serving.list_ready_deployments(connection) == []
    passed = serving.record_parity(connection, "triage", TUNED.ref, {"equal": True})
    assert passed.state == "ready"
    (ready,) = serving.list_ready_deployments(connection)
    assert (ready.replicas, ready.dataset) == ((("http://127.0.0.1:1/v1", "secret"),), "tickets@abcdef")


def test_the_parity_check_of_a_replaced_model_is_ignored(connection: Connection) -> None:
    serving.deploy(connection, "triage", TUNED, BASE)
    other = model("other", "adapter", base=BASE.ref)
    serving.deploy(connection, "triage", other, BASE)
    assert serving.record_parity(connection, "triage", TUNED.ref, {"equal": True}).state == "pending"


def test_the_gateway_stops_using_a_stopped_deployment_at_once(connection: Connection) -> None:
    group = serving.deploy(connection, "plain", BASE, BASE).deployment.engine_key
    add_replica(connection, group, BASE)
    tables.update_desired_deployment(connection, "plain", state="ready")
    assert [found.name for found in serving.list_ready_deployments(connection)] == ["plain"]
    assert serving.stop(connection, "plain").state == "stopped"
    assert serving.list_ready_deployments(connection) == []
    with pytest.raises(Conflict, match="is stopped"):
        serving.restart(connection, "plain")
    with pytest.raises(NotFound, match="did you mean 'plain'"):
        serving.get_deployment(connection, "plane")


def test_the_token_of_an_engine_is_not_in_any_record(connection: Connection) -> None:
    group = serving.deploy(connection, "plain", BASE, BASE).deployment.engine_key
    add_replica(connection, group, BASE)
    assert "secret" not in serving.get_deployment(connection, "plain").model_dump_json()


def test_another_project_cannot_see_a_deployment(database: Database, connection: Connection) -> None:
    from vong import access

    serving.deploy(connection, "plain", BASE, BASE)
    connection.commit()
    with database.owner() as owner:
        other = access.create_project(owner, "other").id
    with database.scope(other) as foreign:
        assert serving.list_deployments(foreign) == []
