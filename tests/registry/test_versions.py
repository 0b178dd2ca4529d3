from pathlib import Path

import pytest
from sqlalchemy import Connection

from vong import registry
from vong.errors import InvalidInput, NotFound, PreconditionFailed, VongError
from vong.records import ModelVersion
from vong.store.blobs import BlobStore


@pytest.fixture
def blobs(tmp_path: Path) -> BlobStore:
    return BlobStore((tmp_path / "blobs").as_uri())


def model_folder(path: Path, **files: str) -> Path:
    path.mkdir(parents=True, exist_ok=True)
    for name, text in files.items():
        (path / name).write_text(text)
    return path


def register(
    connection: Connection, blobs: BlobStore, path: Path, text: str = "weights", name: str = "triage"
) -> ModelVersion:
    return registry.register(connection, blobs, name, model_folder(path, model=text, config="{}"), kind="base")


def test_registering_equal_content_returns_the_existing_version(
    connection: Connection, blobs: BlobStore, tmp_path: Path
) -> None:
    first = register(connection, blobs, tmp_path / "a")
    again = register(connection, blobs, tmp_path / "b")
    other = register(connection, blobs, tmp_path / "c", "others")
    assert first == again
    assert (first.number, other.number) == (1, 2)
    assert first.bytes == len("weights") + len("{}")
    assert set(first.files) == {"model", "config"}


def test_a_version_is_found_by_name_number_hash_and_alias(
    connection: Connection, blobs: BlobStore, tmp_path: Path
) -> None:
    first = register(connection, blobs, tmp_path / "a")
    second = register(connection, blobs, tmp_path / "b", "others")
    registry.set_alias(connection, "triage", "candidate", first.ref)
    assert registry.find(connection, "triage") == second
    assert registry.find(connection, "triage@1") == first
    assert registry.find(connection, first.ref) == first
    assert registry.find(connection, f"triage@{second.hash[:6]}") == second
    assert registry.find(connection, "triage:candidate") == first
    assert registry.list_versions(connection, "triage") == [second, first]
    assert registry.list_versions(connection, "triage", before=2) == [first]


@pytest.mark.parametrize("ref", ["triag", "triage@9", "triage@abcdef", "triage:prod"])
def test_an_unknown_reference_is_an_error_with_the_next_step(
    connection: Connection, blobs: BlobStore, tmp_path: Path, ref: str
) -> None:
    register(connection, blobs, tmp_path / "a")
    with pytest.raises(NotFound) as error:
        registry.find(connection, ref)
    assert "vong registry" in error.value.hint


def test_invalid_names_and_empty_folders_are_rejected(connection: Connection, blobs: BlobStore, tmp_path: Path) -> None:
    with pytest.raises(InvalidInput):
        register(connection, blobs, tmp_path / "a", name="a/b")
    with pytest.raises(InvalidInput):
        registry.register(connection, blobs, "empty", model_folder(tmp_path / "empty"), kind="base")


def test_an_alias_has_a_history_and_prod_requires_evidence(
    connection: Connection, blobs: BlobStore, tmp_path: Path
) -> None:
    first = register(connection, blobs, tmp_path / "a")
    second = register(connection, blobs, tmp_path / "b", "others")
    with pytest.raises(PreconditionFailed):
        registry.set_alias(connection, "triage", "prod", first.ref)
    registry.set_alias(connection, "triage", "prod", first.ref, reason="the first one")
    moved = registry.set_alias(connection, "triage", "prod", second.ref, {"exact_match": [0.4, 0.8]}, moved_by="ci")
    again = registry.set_alias(connection, "triage", "prod", second.ref, {"exact_match": [0.4, 0.8]})
    assert again.id == moved.id
    assert registry.find(connection, "triage:prod") == second
    assert [move.model for move in registry.list_alias_changes(connection, "triage", "prod")] == [second.ref, first.ref]
    assert registry.list_aliases(connection, "triage")[0].evidence == {"exact_match": [0.4, 0.8]}
    (model,) = registry.list_models(connection)
    assert (model.versions, model.newest, model.aliases) == (2, second, {"prod": second.ref})


def test_a_downloaded_folder_is_complete_and_restored_if_damaged(
    connection: Connection, blobs: BlobStore, tmp_path: Path
) -> None:
    version = registry.register(
        connection,
        blobs,
        "triage",
        model_folder(tmp_path / "a" / "sub", deep="x").parent,
        kind="base",
        format="safetensors",
    )
    models = tmp_path / "models"
    there = registry.download_version(blobs, version, models)
    assert there == models / version.hash
    assert (there / "sub" / "deep").read_text() == "x"
    (there / "sub" / "deep").unlink()
    again = registry.download_version(blobs, version, models)
    assert (again / "sub" / "deep").read_text() == "x"


def test_a_damaged_blob_is_never_downloaded(connection: Connection, blobs: BlobStore, tmp_path: Path) -> None:
    version = register(connection, blobs, tmp_path / "a")
    hash_ = version.files["model"]
    file = next((tmp_path / "blobs").rglob(hash_))
    file.chmod(0o644)
    file.write_text("changed")
    with pytest.raises(VongError, match="damaged"):
        registry.download_version(blobs, version, tmp_path / "models")
    assert not (tmp_path / "models" / version.hash).exists()


@pytest.mark.parametrize("ref", ["/etc/passwd", "../../etc/shadow", "file:///etc/passwd", "C:\\models\\a", "a/" * 900])
def test_a_path_is_not_read_as_the_ref_of_a_model(connection: Connection, ref: str) -> None:
    with pytest.raises(NotFound, match=r"no model named .*: a path or an address is not a model") as raised:
        registry.find(connection, ref)
    assert "vong registry import SOURCE --name NAME" in str(raised.value.hint)
    assert len(str(raised.value)) < 400
