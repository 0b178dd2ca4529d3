"""Model cards, licence terms, and verification of a version against its bundle."""

import hashlib
import json
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import text

from tests.registry.conftest import JobRunner, Models
from vong import registry
from vong.app import Platform
from vong.app.model_cards import build_card, render_card
from vong.registry.licences import find_conflicts, find_terms


def verify(http: TestClient, runner: JobRunner, ref: str) -> dict[str, Any]:
    return runner.run(http.post(f"/api/v1/registry/versions/{ref}/verify").json())


def changed(result: dict[str, Any]) -> list[str]:
    return [check["name"] for check in result["checks"] if check["ok"] is False]


def test_a_card_bundles_the_hashes_of_everything(http: TestClient, models: Models, tiny_folder: Path) -> None:
    card = http.get(f"/api/v1/registry/versions/{models.adapter.ref}/card").json()
    bundle = card["bundle"]
    template = (tiny_folder / "chat_template.jinja").read_text()
    assert (bundle["base"], bundle["base_hash"]) == (models.base.ref, models.base.hash)
    assert bundle["dataset_hash"] == models.dataset.hash
    assert bundle["chat_template"] == hashlib.sha256(template.encode()).hexdigest()
    assert bundle["adapter"] and bundle["tokenizer"] and bundle["weights"] is None
    assert {"version", "source"} <= set(bundle["code"])
    assert card["licence"]["name"] == "Apache License 2.0"
    assert (
        http.get(f"/api/v1/registry/versions/{models.base.ref}/card").json()["bundle"]["tokenizer"]
        == bundle["tokenizer"]
    )


def test_a_tampered_version_is_detected(
    http: TestClient, models: Models, job_runner: JobRunner, platform: Platform, tmp_path: Path, project: UUID
) -> None:
    assert verify(http, job_runner, models.adapter.ref)["ok"]
    changes = {
        "UPDATE registry_versions SET chat_template = chat_template || 'x' WHERE name = 'triage'": ["chat_template"],
        "UPDATE registry_versions SET licence = 'mit' WHERE name = 'tiny'": ["base_licence"],
        "UPDATE registry_versions SET bundle = jsonb_set(bundle, '{dataset_hash}', '\"0\"') WHERE name = 'triage'": [
            "bundle hash",
            "dataset_hash",
        ],
        "UPDATE registry_versions SET files = files - 'adapter_config.json' WHERE name = 'triage'": ["version hash"],
    }
    for statement, names in changes.items():
        with platform.database.owner() as connection:
            before = connection.execute(text("SELECT * FROM registry_versions")).mappings().all()
            connection.execute(text(statement))
        assert changed(verify(http, job_runner, models.adapter.ref)) == names
        with platform.database.owner() as connection:
            for row in before:
                restore = (
                    "UPDATE registry_versions SET chat_template = :chat_template, licence = :licence WHERE hash = :hash"
                )
                connection.execute(text(restore), {name: row[name] for name in ("chat_template", "licence", "hash")})
                for column in ("bundle", "files"):
                    change = text(f"UPDATE registry_versions SET {column} = CAST(:value AS jsonb) WHERE hash = :hash")
                    connection.execute(change, {"value": json.dumps(row[column]), "hash": row["hash"]})
    assert verify(http, job_runner, models.adapter.ref)["ok"]

    blob = next(Path(platform.blobs.url.removeprefix("file://")).rglob(models.base.files["model.safetensors"]))
    content = blob.read_bytes()
    blob.chmod(0o644)
    blob.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
    names = changed(verify(http, job_runner, models.adapter.ref))
    blob.write_bytes(content)
    assert names == [f"base {models.base.ref} file model.safetensors"]


@pytest.mark.parametrize(
    ("licence", "commercial", "words"),
    [
        ("Apache-2.0", True, ""),
        ("MIT", True, ""),
        ("llama3.1", True, "700 million"),
        ("Llama 3.2 Community", True, "begin with 'Llama'"),
        ("gemma", True, "prohibited use"),
        ("tongyi-qwen", True, "100 million"),
        ("qwen-research", False, "non-commercial"),
        ("falcon-llm", True, "acceptable use"),
        ("cc-by-nc-4.0", False, "no commercial use"),
        ("own-licence", None, ""),
        (None, None, ""),
    ],
)
def test_licence_terms(licence: str | None, commercial: bool | None, words: str) -> None:
    terms = find_terms(licence)
    assert terms.commercial is commercial
    assert words in " ".join(terms.conditions)
    assert bool(terms.warning) == (commercial is not True)


def test_conflicts_of_licences_are_named() -> None:
    assert find_conflicts("triage", find_terms("mit"), find_terms("mit")) == []
    assert "must begin with 'Llama'" in find_conflicts("triage", find_terms("llama3"), None)[0]
    assert find_conflicts("llama-triage", find_terms("llama3"), None) == []
    conflicts = find_conflicts("triage", find_terms("mit"), find_terms("cc-by-nc-4.0"))
    assert any("permits more than that of the base" in one for one in conflicts)


def test_a_card_is_rendered_as_markdown(platform: Platform, project: UUID, models: Models) -> None:
    with platform.scope(project) as connection:
        rendered = render_card(build_card(connection, models.adapter.ref))
        assert registry.find(connection, "triage").ref == models.adapter.ref
    assert rendered.startswith("# triage\n") and models.base.ref in rendered and "Apache License 2.0" in rendered
