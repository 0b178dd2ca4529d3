"""Erasure: which models were trained on a person's rows."""

from uuid import UUID

from fastapi.testclient import TestClient

from tests.registry.conftest import Models, rows
from vong import data, registry
from vong.app import Platform
from vong.records import Example, ExampleOrigin, Message, Operation


def test_models_of_a_person_are_found_through_rows_datasets_and_bases(
    http: TestClient, platform: Platform, project: UUID, models: Models, tmp_path_factory: object
) -> None:
    first = rows()[0]
    masked = first.model_copy(
        update={
            "messages": (Message(role="user", content="somebody asks"),),
            "origin": ExampleOrigin(kind="row", id=first.hash),
        }
    )
    folder = platform.settings.home_folder / "models-of-a-test"
    folder.mkdir(exist_ok=True)

    def register(name: str, **fields: object) -> str:
        (folder / "model.safetensors").write_text(name)
        return registry.register(connection, platform.blobs, name, folder, kind="merged", **fields).ref  # pyright: ignore[reportArgumentType]

    with platform.scope(project) as connection:
        clean = data.write(connection, platform.blobs, "clean", [masked, *rows()[1:]], Operation(name="clean"))
        other = data.write(connection, platform.blobs, "other", rows()[1:], Operation(name="import"))
        derived = register("derived", dataset=clean.ref)
        unrelated = register("unrelated", dataset=other.ref)
        mixed = {"datasets": [{"dataset": other.ref}, {"dataset": models.dataset.ref}]}
        mixture = register("mixture", dataset=other.ref, metadata=mixed)
        child = register("child", base=models.adapter.ref)
        compressed = register("compressed", base=child)
        student = register("student", base=models.base.ref, metadata={"teachers": [compressed]})
        policy = register("policy", base=models.base.ref, metadata={"reward_model": student})
        registry.set_alias(connection, "triage", "live", models.adapter.ref)

    for query in (f"row:{first.hash}", "ANN@example.org"):
        report = http.get("/api/v1/registry/trained-on", params={"query": query}).json()
        assert (report["rows"], report["datasets"]) == (1, sorted([clean.ref, models.dataset.ref]))
        found = {model["model"]: model for model in report["models"]}
        assert set(found) == {models.adapter.ref, derived, mixture, child, compressed, student, policy}
        assert unrelated not in found
        assert found[child]["parent"] == models.adapter.ref
        assert (found[student]["parent"], found[policy]["parent"]) == (compressed, student)
        assert found[models.adapter.ref]["splits"] == ["train"]
        assert found[models.adapter.ref]["aliases"] == ["live"]
        actions = "\n".join(report["actions"])
        assert f"retrain {models.adapter.ref} on a version of {models.dataset.ref}" in actions
        assert "move the alias live away" in actions and f"delete the rows from {models.dataset.ref}" in actions


def test_rows_from_a_users_traces_are_found(
    http: TestClient, platform: Platform, project: UUID, models: Models
) -> None:
    example = Example(
        messages=(Message(role="user", content="hello"),),
        completion=Message(role="assistant", content="hi"),
        metadata={"user": "user-17"},
    )
    with platform.scope(project) as connection:
        version = data.write(connection, platform.blobs, "harvested", [example], Operation(name="harvest"))
    report = http.get("/api/v1/registry/trained-on", params={"query": "user-17", "by": "user"}).json()
    assert (report["rows"], report["datasets"], report["models"]) == (1, [version.ref], [])


def test_queries_without_a_row_or_too_short_are_errors(http: TestClient, models: Models) -> None:
    path = "/api/v1/registry/trained-on"
    assert http.get(path, params={"query": "row:abcdef123456"}).status_code == 404
    assert http.get(path, params={"query": "ab"}).status_code == 422
    assert http.get(path, params={"query": "nobody@example.org"}).json()["models"] == []
