"""Serving end to end, from a registered adapter to answers: API, real engine process and real parity check."""

import shutil
import threading
from collections.abc import Generator
from pathlib import Path
from types import SimpleNamespace
from typing import Any, NamedTuple, cast
from uuid import UUID

import httpx
import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from sqlalchemy import Connection

from tests.serving.models import tiny_adapter, tiny_base
from tests.serving.test_reconciler import is_ready, wait_for_deployment
from vong import access, registry, serving
from vong.api.http import problems
from vong.api.routes.serving import routes
from vong.app import Platform, serving_parity
from vong.app.registry import model_folder
from vong.config import Settings
from vong.errors import UpstreamFailed
from vong.jobs import JobContext
from vong.records import Job
from vong.serving.engine_process import SupervisorSettings
from vong.serving.versions import ServedVersion
from vong.store.database import Database


class Served(NamedTuple):
    """Platform with a base model, adapters, a running reconciler and the HTTP API."""

    platform: Platform
    project_id: UUID
    http: TestClient
    swapped: dict[str, Path]


@pytest.fixture
def served(database: Database, database_url: str, project_id: UUID, tmp_path: Path) -> Generator[Served]:
    platform = Platform(Settings(home=tmp_path / "home", database_url=database_url, cpu_threads=1))
    base_folder = tiny_base(tmp_path / "base")
    with platform.scope(project_id) as connection:
        base = registry.register(connection, platform.blobs, "base", base_folder)
        for seed, name in enumerate(["one", "two", "three"]):
            folder = tiny_adapter(tmp_path / name, base_folder, seed=seed)
            registry.register(connection, platform.blobs, name, folder, kind="adapter", base=base.ref)
        secret = access.create_key(connection, "test").secret
    app = FastAPI()
    problems.install_handlers(app)
    app.state.platform = platform
    app.include_router(routes)
    swapped: dict[str, Path] = {}

    def folder_of(connection: Connection, version: ServedVersion, ref: str) -> Path:
        del version
        return swapped.get(ref.partition("@")[0]) or model_folder(platform, connection, ref)

    stop = threading.Event()
    settings = SupervisorSettings(platform.settings.home_folder, threads=1, interval=0.2, drain_grace=0.2)
    thread = threading.Thread(target=serving.supervise, args=(platform.database, folder_of, settings, stop))
    thread.start()
    yield Served(platform, project_id, TestClient(app, headers={"Authorization": f"Bearer {secret}"}), swapped)
    stop.set()
    thread.join(30)
    serving.stop_all(database)
    platform.close()


def deploy(served: Served, name: str, model: str, engine: str = "transformers") -> dict[str, Any]:
    answer = served.http.put(f"/api/v1/serving/deployments/{name}", json={"model": model, "engine": engine})
    assert answer.status_code == 202, answer.text
    return answer.json()


def check(served: Served, deployed: dict[str, Any]) -> dict[str, Any]:
    """Run the parity job of a deployment, as a worker does."""
    job = Job.model_validate(deployed["job"])
    context = SimpleNamespace(
        project_id=served.project_id, params=job.params, progress=lambda *_, **__: None, log=lambda _: None
    )
    context.check = lambda: None
    return serving_parity.parity(cast(JobContext, context), served.platform)


def answer(served: Served, name: str) -> str:
    with served.platform.scope(served.project_id) as connection:
        (found,) = [one for one in serving.list_ready_deployments(connection) if one.name == name]
    messages = [{"role": "user", "content": "hello"}]
    body = {"model": found.served_name, "messages": messages, "max_tokens": 12, "temperature": 0}
    url, token = found.replicas[0]
    answer = httpx.post(f"{url}/chat/completions", json=body, headers={"Authorization": f"Bearer {token}"})
    return answer.json()["choices"][0]["message"]["content"]


@pytest.mark.slow
def test_adapters_share_a_process_after_their_parity_check_and_faulty_ones_are_rejected(
    served: Served, database: Database, tmp_path: Path
) -> None:
    template = tmp_path / "template"
    shutil.copytree(tmp_path / "three", template)
    for file in ("tokenizer.json", "tokenizer_config.json"):
        shutil.copy(tmp_path / "base" / file, template / file)
    changed = (tmp_path / "base" / "chat_template.jinja").read_text().replace("assistant", "Assistant")
    (template / "chat_template.jinja").write_text(changed)
    # The files of the engine differ from those of the trainer: wrong adapter of `two`, other chat template of `three`.
    served.swapped.update({"two": tmp_path / "one", "three": template})

    assert deploy(served, "base", "base")["job"] is None
    checks = {name: deploy(served, name, name) for name in ("one", "two", "three")}
    base = wait_for_deployment(database, served.project_id, is_ready, "base", seconds=120)
    reports = {name: check(served, deployed) for name, deployed in checks.items()}
    listed = {found["name"]: found for found in served.http.get("/api/v1/serving/deployments").json()}

    assert reports["one"]["equal"], reports["one"]
    assert reports["one"]["largest_difference"] < 1e-3
    assert {name: found["state"] for name, found in listed.items()} == {
        "base": "ready",
        "one": "ready",
        "two": "failed",
        "three": "failed",
    }
    assert listed["one"]["pid"] == base.pid
    assert reports["two"]["mismatch"]["kind"] == "logprobs"
    assert "log-probability" in listed["two"]["reason"]
    assert reports["three"]["mismatch"]["kind"] == "tokens"
    with served.platform.scope(served.project_id) as connection:
        assert [one.name for one in serving.list_ready_deployments(connection)] == ["base", "one"]
    plain, tuned = answer(served, "base"), answer(served, "one")
    assert plain != tuned
    assert any(
        "serving 'one@" in line for line in served.http.get("/api/v1/serving/deployments/one/log").json()["lines"]
    )

    # Failed deployments are checked again after a restart, and pass if the engine has the right files.
    served.swapped.clear()
    again = served.http.post("/api/v1/serving/deployments/two/restart").json()
    assert check(served, again)["equal"]
    wait_for_deployment(database, served.project_id, is_ready, "two", seconds=120)
    wait_for_deployment(database, served.project_id, is_ready, "one")
    assert answer(served, "one") == tuned
    assert served.http.delete("/api/v1/serving/deployments/one").json()["state"] == "stopped"


def test_models_that_cannot_be_served_are_rejected_at_once(served: Served) -> None:
    missing = served.http.put("/api/v1/serving/deployments/x", json={"model": "nothing"})
    assert (missing.status_code, missing.json()["code"]) == (404, "not_found")
    assert served.http.get("/api/v1/serving/deployments/x").status_code == 404
    wrong = served.http.put("/api/v1/serving/deployments/x", json={"model": "base", "settings": {"batches": 2}})
    assert wrong.status_code == 422
    with pytest.raises(UpstreamFailed, match="is unreachable"):
        from vong.serving.engine_client import EngineClient

        EngineClient("http://127.0.0.1:9", "token").health()
