"""Deployments follow aliases: a moved alias is an update after the parity check, and a failed one keeps the version."""

import asyncio
import json
import threading
from collections.abc import Generator
from pathlib import Path
from types import SimpleNamespace
from typing import Any, NamedTuple, cast
from uuid import UUID

import httpx
import pytest
from sqlalchemy import Connection

from tests.gateway.conftest import create_settings, project_server
from tests.gateway.conftest import serving as serve_platform
from tests.serving.models import tiny_adapter, tiny_base
from tests.serving.test_deployments import add_replica
from tests.serving.test_reconciler import is_ready, wait_for_deployment
from vong import jobs, registry, serving
from vong.app import Platform, gated_changes, serving_parity
from vong.app import serving as serving_app
from vong.app.registry import model_folder
from vong.app.serving_aliases import follow_once
from vong.config import Settings
from vong.errors import PreconditionFailed
from vong.jobs import JobContext
from vong.records import Deployment, ModelVersion
from vong.serving import following, tables
from vong.serving.engine_process import SupervisorSettings
from vong.serving.settings import DeploymentSettings
from vong.serving.versions import ServedVersion
from vong.store.database import Database


class Aliased(NamedTuple):
    """Project with a base, two versions of an adapter, and an alias `prod` of the first one."""

    platform: Platform
    project_id: UUID
    first: ModelVersion
    second: ModelVersion

    def deploy(self, ref: str = "tuned:prod", **settings: Any) -> Deployment:
        with self.platform.scope(self.project_id) as connection:
            values = DeploymentSettings.model_validate(settings)
            serving_app.deploy(self.platform, connection, "triage", ref, engine="transformers", settings=values)
            return serving.get_deployment(connection, "triage")

    def become_ready(self) -> None:
        """Let a replica load both versions, and the parity check of the deployed one pass."""
        with self.platform.scope(self.project_id) as connection:
            found = serving.get_deployment(connection, "triage")
            names = [f"triage@{one.hash[:12]}" for one in (self.first, self.second)]
            add_replica(connection, found.engine_key, self.first, models=names)
            serving.record_parity(connection, "triage", found.model, {"equal": True})

    def move(self, version: ModelVersion) -> None:
        with self.platform.scope(self.project_id) as connection:
            registry.set_alias(connection, "tuned", "prod", version.ref, reason="test")

    def get(self) -> Deployment:
        with self.platform.scope(self.project_id) as connection:
            return serving.get_deployment(connection, "triage")


def write(folder: Path, content: str) -> Path:
    folder.mkdir(parents=True)
    (folder / "adapter_config.json").write_text(json.dumps({"peft_type": "LORA", "r": 4}))
    (folder / "adapter_model.safetensors").write_text(content)
    return folder


@pytest.fixture
def aliased(database: Database, database_url: str, project_id: UUID, tmp_path: Path) -> Generator[Aliased]:
    platform = Platform(Settings(home=tmp_path / "home", database_url=database_url))
    with platform.scope(project_id) as connection:
        base = registry.register(connection, platform.blobs, "base", write(tmp_path / "base", "base"))
        first, second = (
            registry.register(
                connection, platform.blobs, "tuned", write(tmp_path / name, name), kind="adapter", base=base.ref
            )
            for name in ("one", "two")
        )
        registry.set_alias(connection, "tuned", "prod", first.ref, reason="test")
    yield Aliased(platform, project_id, first, second)
    platform.close()


def test_a_moved_alias_updates_the_deployment_and_the_previous_version_answers_until_then(aliased: Aliased) -> None:
    assert aliased.deploy().alias == "tuned:prod"
    aliased.become_ready()
    follow_once(aliased.platform)
    assert aliased.get().model == aliased.first.ref
    aliased.move(aliased.second)
    follow_once(aliased.platform)
    follow_once(aliased.platform)  # like another server
    moved = aliased.get()
    assert (moved.model, moved.active_model) == (aliased.second.ref, aliased.first.ref)
    assert [event.message for event in moved.events if event.kind == "alias"] == [
        f"tuned:prod points to {aliased.second.ref}"
    ]
    with aliased.platform.scope(aliased.project_id) as connection:
        checks = [job for job in jobs.list_jobs(connection) if job.kind == "serving.parity"]
        assert [job.params["model"] for job in checks] == [aliased.second.ref, aliased.first.ref]
        serving.record_parity(connection, "triage", aliased.second.ref, {"equal": True})
    assert aliased.get().active_model == aliased.second.ref


def test_a_version_that_fails_its_parity_check_is_not_served_and_not_tried_again(aliased: Aliased) -> None:
    aliased.deploy()
    aliased.become_ready()
    aliased.move(aliased.second)
    follow_once(aliased.platform)
    with aliased.platform.scope(aliased.project_id) as connection:
        serving.record_parity(connection, "triage", aliased.second.ref, {"equal": False, "reason": "position 3"})
    follow_once(aliased.platform)
    follow_once(aliased.platform)
    kept = aliased.get()
    assert (kept.model, kept.active_model, kept.state) == (aliased.first.ref, aliased.first.ref, "ready")
    assert kept.parity == {"equal": True}
    assert kept.alias_failure is not None
    assert (kept.alias_failure.model, kept.alias_failure.retry_at) == (aliased.second.ref, None)
    assert "position 3" in kept.alias_failure.reason
    assert sum("is not served: parity check failed: position 3" in event.message for event in kept.events) == 1
    with aliased.platform.scope(aliased.project_id) as connection:
        serving.restart(connection, "triage")  # the user has fixed the cause
    follow_once(aliased.platform)
    assert (aliased.get().model, aliased.get().alias_failure) == (aliased.second.ref, None)


def test_an_update_that_a_user_requested_stays_failed(aliased: Aliased) -> None:
    aliased.deploy()
    aliased.become_ready()
    aliased.move(aliased.second)
    aliased.deploy()
    with aliased.platform.scope(aliased.project_id) as connection:
        serving.record_parity(connection, "triage", aliased.second.ref, {"equal": False, "reason": "position 3"})
    follow_once(aliased.platform)
    failed = aliased.get()
    assert (failed.state, failed.model, failed.active_model) == ("failed", aliased.second.ref, aliased.first.ref)


@pytest.mark.parametrize("ref", ["tuned", "tuned@1", "tuned:prod"])
def test_fixed_versions_and_deployments_that_must_not_follow_keep_their_version(aliased: Aliased, ref: str) -> None:
    expected = aliased.second if ref == "tuned" else aliased.first
    created = aliased.deploy(ref, follow=ref != "tuned:prod")
    assert created.alias == ("tuned:prod" if ":" in ref else None)
    aliased.become_ready()
    aliased.move(aliased.first)
    aliased.move(aliased.second)
    follow_once(aliased.platform)
    assert aliased.get().model == expected.ref
    aliased.move(expected)
    aliased.deploy("tuned:prod")  # the same version under its alias follows from now on
    aliased.move(aliased.first if expected == aliased.second else aliased.second)
    follow_once(aliased.platform)
    assert aliased.get().model != expected.ref


def test_a_version_without_memory_is_tried_again(aliased: Aliased, monkeypatch: pytest.MonkeyPatch) -> None:
    aliased.deploy()
    aliased.become_ready()
    aliased.move(aliased.second)
    attempts: list[str] = []

    def refuse(*_: Any, **__: Any) -> None:
        attempts.append("deploy")
        raise PreconditionFailed(f"no machine has {len(attempts)} GB", "add a machine")

    with monkeypatch.context() as patch:
        patch.setattr(serving, "deploy", refuse)
        for _ in range(3):
            follow_once(aliased.platform)
        assert len(attempts) == 1
        patch.setattr(following, "now", lambda: aliased.get().alias_failure.retry_at)  # pyright: ignore
        follow_once(aliased.platform)
        assert len(attempts) == 2
    kept = aliased.get()
    assert sum(event.kind == "alias" for event in kept.events) == 1
    assert kept.alias_failure is not None and "2 GB" in kept.alias_failure.reason
    with aliased.platform.scope(aliased.project_id) as connection:
        failure = kept.alias_failure.model_copy(update={"retry_at": kept.updated_at})
        tables.update_deployment(connection, "triage", alias_failure=failure.model_dump(mode="json"))
    follow_once(aliased.platform)
    assert aliased.get().model == aliased.second.ref


def test_a_followed_alias_passes_the_gates_of_the_routes_that_the_deployment_answers(
    aliased: Aliased, monkeypatch: pytest.MonkeyPatch
) -> None:
    aliased.deploy()
    aliased.become_ready()
    aliased.move(aliased.second)
    asked: list[tuple[str, str, str]] = []

    def reject(*arguments: Any) -> None:
        _, _, caller, name, ref = arguments
        asked.append((caller.role, name, ref))
        raise PreconditionFailed("the gate of route 'support' needs a suite", "run it")

    with monkeypatch.context() as patch:
        patch.setattr(gated_changes, "check_deployment", reject)
        follow_once(aliased.platform)
    kept = aliased.get()
    assert asked == [("viewer", "triage", "tuned:prod")]
    assert kept.model == aliased.first.ref
    assert kept.alias_failure is not None and "gate of route" in kept.alias_failure.reason


async def call_repeatedly(url: str, key: str, statuses: list[int], stop: threading.Event) -> None:
    body = {"model": "deployment/triage", "messages": [{"role": "user", "content": "hello"}], "max_tokens": 8}
    headers = {"authorization": f"Bearer {key}"}
    async with httpx.AsyncClient(base_url=url, headers=headers, timeout=60, trust_env=False) as http:

        async def caller() -> None:
            while not stop.is_set():
                statuses.append((await http.post("/v1/chat/completions", json=body)).status_code)

        await asyncio.gather(*(caller() for _ in range(4)))


@pytest.mark.slow
def test_a_moved_alias_loses_no_call_under_load(database_url: str, tmp_path: Path) -> None:
    platform = Platform(create_settings(tmp_path / "home", database_url, 9))
    folder = tiny_base(tmp_path / "base")
    swapped: dict[str, Path] = {}

    def find(connection: Connection, version: ServedVersion, ref: str) -> Path:
        del version
        return swapped.get(ref) or model_folder(platform, connection, ref)

    stop, ended = threading.Event(), threading.Event()
    statuses: list[int] = []
    with serve_platform(platform) as running, project_server(running) as server:
        with platform.scope(server.project_id) as connection:
            base = registry.register(connection, platform.blobs, "base", folder)
            versions = [
                registry.register(
                    connection,
                    platform.blobs,
                    "tuned",
                    tiny_adapter(tmp_path / f"v{seed}", folder, seed=seed),
                    kind="adapter",
                    base=base.ref,
                )
                for seed in range(3)
            ]
            registry.set_alias(connection, "tuned", "prod", versions[0].ref, reason="test")
        swapped[versions[2].ref] = tmp_path / "v0"  # the engine of this version does not have the trainer's files
        case = Aliased(platform, server.project_id, versions[0], versions[1])
        settings = SupervisorSettings(platform.settings.home_folder, threads=1, interval=0.1, drain_grace=0.2)
        supervisor = threading.Thread(target=serving.supervise, args=(platform.database, find, settings, ended))
        supervisor.start()
        arguments = (server.url, server.key, statuses, stop)
        callers = threading.Thread(target=lambda: asyncio.run(call_repeatedly(*arguments)))
        try:
            case.deploy()
            check(case)
            callers.start()
            case.move(versions[1])
            follow_once(platform)
            check(case)
            assert case.get().active_model == versions[1].ref
            case.move(versions[2])
            follow_once(platform)
            check(case)
            follow_once(platform)
        finally:
            stop.set()
            if callers.ident:
                callers.join(60)
            ended.set()
            supervisor.join(30)
            serving.stop_all(platform.database)
        kept = case.get()
        assert (kept.state, kept.model) == ("ready", versions[1].ref)
        assert kept.alias_failure is not None and kept.alias_failure.model == versions[2].ref
        assert len(statuses) > 20
        assert set(statuses) == {200}


def check(case: Aliased) -> None:
    """Run the parity check of the deployed version, as a worker does, and wait for its end."""
    found = case.get()
    values = {"project_id": case.project_id, "params": {"deployment": "triage", "model": found.model}}
    context = SimpleNamespace(**values, progress=lambda *_, **__: None, log=lambda _: None, check=lambda: None)
    serving_parity.parity(cast(JobContext, context), case.platform)
    wait_for_deployment(
        case.platform.database, case.project_id, lambda one: is_ready(one) or one.state == "failed", "triage", 120
    )
