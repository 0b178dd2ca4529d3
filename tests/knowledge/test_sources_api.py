"""Routes of sources: definitions, secrets, roles, jobs and the schedule."""

import threading
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from tests.knowledge.source_site import Site, open_site
from vong import access, jobs
from vong.api.http import problems
from vong.api.routes import knowledge_sources as routes
from vong.app import Platform
from vong.app import knowledge_sources as sources_app
from vong.app.key_rotation import rotate_key
from vong.config import Settings
from vong.errors import JobCancelled, VongError
from vong.jobs import JobContext
from vong.knowledge.sources import store
from vong.knowledge.sources.http.client import SourceHttpClient
from vong.records import now

BASE = "/api/v1/knowledge/bases/docs/sources"


class FakeJob(JobContext):
    """Context of a job that runs in the test."""

    def __init__(self, project_id: UUID, job: Any) -> None:
        self.id, self.project_id, self.kind, self.params = job.id, project_id, job.kind, job.params
        self.stop = threading.Event()

    @property
    def stop_event(self) -> threading.Event:
        return self.stop

    @property
    def is_cancelled(self) -> bool:
        return self.stop.is_set()

    def progress(self, done: float, total: float | None = None, *, unit: str = "", message: str = "") -> None:
        self.check()

    def check(self) -> None:
        if self.stop.is_set():
            raise JobCancelled("stop", "")


@pytest.fixture(scope="module")
def site() -> Iterator[Site]:
    with open_site() as site:
        site.page("/", "<h1>Prices</h1><p>The lantern costs nineteen crowns.</p>")
        yield site


@pytest.fixture
def platform(database_url: str, tmp_path: Path, site: Site, monkeypatch: pytest.MonkeyPatch) -> Iterator[Platform]:
    monkeypatch.setattr(SourceHttpClient, "_wait_for_turn", lambda *_: None)
    folder = tmp_path / "shared"
    folder.mkdir()
    settings = Settings(
        home=tmp_path, database_url=database_url, knowledge_allowed_hosts=(site.host,), knowledge_folders=(folder,)
    )
    opened = Platform(settings)
    yield opened
    opened.close()


def client_of(platform: Platform, project_id: UUID, role: str = "owner") -> TestClient:
    app = FastAPI()
    app.state.platform = platform
    problems.install_handlers(app)
    app.include_router(routes.routes)
    with platform.scope(project_id) as connection:
        secret = access.create_key(connection, f"key-{role}", role=role).secret  # pyright: ignore[reportArgumentType]
    return TestClient(app, headers={"Authorization": f"Bearer {secret}"})


@pytest.fixture
def http(platform: Platform, project_id: UUID) -> TestClient:
    return client_of(platform, project_id)


def run(platform: Platform, project_id: UUID, job: dict[str, Any], *, cancel: bool = False) -> dict[str, Any]:
    with platform.scope(project_id) as connection:
        context = FakeJob(project_id, jobs.get(connection, UUID(job["id"])))
    if cancel:
        context.stop.set()
    return sources_app.sync(context, platform)


def test_a_source_is_created_synchronized_shown_and_deleted(
    platform: Platform, project_id: UUID, http: TestClient, site: Site
) -> None:
    body = {"name": "shop", "kind": "page", "settings": {"url": site.url}, "every_hours": 24}
    created = http.post(BASE, json=body).json()
    assert (created["state"], created["documents"], created["secret_set"]) == ("new", 0, False)
    job = http.post(f"{BASE}/shop/sync", json={}).json()
    assert http.post(f"{BASE}/shop/sync").status_code == 409
    assert run(platform, project_id, job)["added"] == 1
    shown = http.get(f"{BASE}/shop").json()
    assert (shown["state"], shown["documents"], shown["last_sync"]["added"]) == ("ready", 1, 1)
    assert http.get(f"{BASE}/shop/items", params={"outcome": "added"}).json()[0]["title"] == "Page /"
    assert http.get(f"{BASE}/shop/syncs").json()[0]["state"] == "finished"
    with platform.scope(project_id) as connection:
        assert [job.kind for job in jobs.list_jobs(connection, status="queued", kind="knowledge.ingest")]
    assert http.delete(f"{BASE}/shop").json() == {"documents": 1}
    assert http.get(BASE).json() == []
    assert http.get(f"{BASE}/shop").status_code == 404


@pytest.mark.parametrize(
    ("body", "status", "text"),
    [
        ({"kind": "page", "settings": {"url": "http://10.0.0.1/"}}, 403, "not a public address"),
        ({"kind": "page", "settings": {"url": "file:///etc/passwd"}}, 422, "not an http(s) address"),
        ({"kind": "page", "settings": {}}, 422, "url: Field required"),
        ({"kind": "page", "settings": {"url": "https://x.test", "depth": 1}}, 422, "settings of this kind: url, text"),
        ({"kind": "crawl", "settings": {"url": "https://x.test", "max_depth": 99}}, 422, "less than or equal to 50"),
        ({"kind": "bucket", "settings": {"url": "https://x.test"}}, 422, "should match pattern"),
        ({"kind": "bucket", "settings": {"url": "s3://abc", "endpoint": "http://127.0.0.1:1"}}, 403, "not a public"),
        ({"kind": "notion", "settings": {"pages": ["home"]}}, 422, "no id of a Notion page"),
        ({"kind": "folder", "settings": {"path": "/etc"}}, 403, "allowed folders"),
        ({"kind": "wiki"}, 422, "kind"),
        ({"kind": "page", "settings": {"url": "https://x.test"}, "every_hours": 0.01}, 422, "every_hours"),
        ({"kind": "page", "settings": {"url": "https://x.test"}, "secret": "a\nb"}, 422, "line breaks"),
        ({"name": "a/b", "kind": "page", "settings": {"url": "https://x.test"}}, 422, "invalid source name"),
    ],
)
def test_bad_definitions_are_refused(http: TestClient, body: dict[str, Any], status: int, text: str) -> None:
    response = http.post(BASE, json={"name": "shop", **body})
    assert response.status_code == status
    assert text in response.text


def test_only_owners_read_folders_of_the_server(platform: Platform, project_id: UUID, http: TestClient) -> None:
    path = str(platform.settings.knowledge_folders[0])
    body = {"name": "files", "kind": "folder", "settings": {"path": path}}
    member = client_of(platform, project_id, "member")
    assert member.post(BASE, json=body).status_code == 403
    assert http.post(BASE, json=body).status_code == 201
    assert member.patch(f"{BASE}/files", json={"settings": {"include": ["*"]}}).status_code == 403


def test_secrets_are_stored_encrypted_and_stay_with_their_address(
    platform: Platform, project_id: UUID, http: TestClient, site: Site
) -> None:
    body = {"name": "shop", "kind": "page", "settings": {"url": site.url}, "secret": "Bearer a-token"}
    assert http.post(BASE, json=body).json()["secret_set"] is True
    assert "a-token" not in http.get(f"{BASE}/shop").text
    moved = http.patch(f"{BASE}/shop", json={"settings": {"url": "https://other.test/"}})
    assert moved.status_code == 422
    assert "never sent to another address" in moved.text
    assert rotate_key(platform.database, platform.settings.home_folder, grace_seconds=0).unreadable == ()
    run(platform, project_id, http.post(f"{BASE}/shop/sync").json())
    assert site.requests[-1][2]["authorization"] == "Bearer a-token"
    assert http.patch(f"{BASE}/shop", json={"secret": None}).json()["secret_set"] is False


def test_a_cancelled_sync_says_so_and_another_may_start(
    platform: Platform, project_id: UUID, http: TestClient, site: Site
) -> None:
    http.post(BASE, json={"name": "shop", "kind": "page", "settings": {"url": site.url}})
    job = http.post(f"{BASE}/shop/sync").json()
    with pytest.raises(JobCancelled):
        run(platform, project_id, job, cancel=True)
    assert http.get(f"{BASE}/shop").json()["state"] == "cancelled"
    second = http.post(f"{BASE}/shop/sync").json()
    with platform.scope(project_id) as connection:
        jobs.cancel(connection, UUID(second["id"]))
    assert http.get(f"{BASE}/shop").json()["state"] == "cancelled"
    assert http.post(f"{BASE}/shop/sync").status_code == 202


def test_a_failed_sync_names_its_reason(platform: Platform, project_id: UUID, http: TestClient, site: Site) -> None:
    http.post(BASE, json={"name": "exports", "kind": "notion_export"})
    with pytest.raises(VongError, match="no export"):
        run(platform, project_id, http.post(f"{BASE}/exports/sync").json())
    last = http.get(f"{BASE}/exports").json()["last_sync"]
    assert (last["state"], last["reason"]) == ("failed", "the source has no export")
    assert "upload" in last["hint"]
    refused = http.put(f"{BASE}/exports/archive", files={"file": ("x.zip", b"no")})
    assert "not a ZIP file" in refused.text


def test_scheduled_syncs_start_when_they_are_due(
    platform: Platform, project_id: UUID, http: TestClient, site: Site
) -> None:
    http.post(BASE, json={"name": "shop", "kind": "page", "settings": {"url": site.url}, "every_hours": 2})
    assert sources_app.start_due(platform) == 1
    assert sources_app.start_due(platform) == 0
    source = http.get(f"{BASE}/shop").json()
    assert source["state"] == "queued"
    with platform.scope(project_id) as connection:
        store.update_source(connection, UUID(source["id"]), {"next_sync_at": now() - timedelta(minutes=1)})
    assert sources_app.start_due(platform) == 0  # the first one has not ended
    http.patch(f"{BASE}/shop", json={"paused": True, "every_hours": 1})
    assert sources_app.start_due(platform) == 0
