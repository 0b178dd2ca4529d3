"""Deployments on Ray: the applications that Vong asks of Ray Serve, and replicas on the machines that Ray starts."""

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, ClassVar
from uuid import UUID

import pytest

from tests.running_vong import eventually
from tests.serving.test_deployments import BASE, TUNED
from tests.serving.test_scheduler import Cluster
from vong import registry, serving
from vong.app import Platform
from vong.app import serving as serving_app
from vong.config import Settings
from vong.errors import InvalidInput, UpstreamFailed
from vong.serving import ray_cluster, reconciler, replica_tables, tables
from vong.serving.engine_client import EngineClient
from vong.serving.machine_info import MachineInfo
from vong.serving.ray_cluster import RayApplication, RayCluster, RayEngine, RayState
from vong.serving.scheduler import schedule
from vong.serving.settings import DeploymentSettings
from vong.store.database import Database

FOREIGN: dict[str, Any] = {"name": "other", "import_path": "shop:app", "deployments": []}


class Dashboard(BaseHTTPRequestHandler):
    """REST API of Ray's dashboard, without Ray."""

    applications: ClassVar[dict[str, dict[str, Any]]] = {}
    puts: ClassVar[list[dict[str, Any]]] = []

    def do_GET(self) -> None:
        self._send(200, {"proxy_location": "EveryNode", "applications": self.applications})

    def do_PUT(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["content-length"])))
        if self.headers.get("authorization") != "Bearer secret":
            return self._send(401, {"error": "Unauthorized"})
        self.puts.append(body)
        self.applications.clear()
        for config in body["applications"]:
            self.applications[config["name"]] = {"status": "RUNNING", "deployed_app_config": config}
        return self._send(200, {})

    def _send(self, status: int, value: Any) -> None:
        body = json.dumps(value).encode()
        self.send_response(status)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        """Print nothing."""


@pytest.fixture
def dashboard() -> Iterator[str]:
    Dashboard.applications.clear()
    Dashboard.puts.clear()
    Dashboard.applications["other"] = {"status": "RUNNING", "deployed_app_config": FOREIGN}
    server = ThreadingHTTPServer(("127.0.0.1", 0), Dashboard)
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


@pytest.fixture
def cluster(database: Database, project_id: UUID) -> Cluster:
    with database.owner() as connection:
        MachineInfo("one", "127.0.0.1").record(connection)
    return Cluster(database, project_id)


def register(cluster: Cluster, name: str, application: str) -> None:
    """Register a machine, as a Serve replica does when it starts."""
    with cluster.database.owner() as connection:
        MachineInfo(name, "127.0.0.2", application).record(connection)


def test_an_engine_is_an_application_whose_replicas_take_calls(cluster: Cluster, dashboard: str) -> None:
    ray, database = RayCluster(dashboard, "secret"), cluster.database
    assert not ray_cluster.reconcile(database, ray), "without a deployment on Ray its dashboard is not called"
    cluster.deploy("plain", cluster="ray", min_replicas=2, threads=3, bytes=500)
    cluster.run()
    assert {one.machine for one in cluster.replicas("plain")} == {None}, "only machines of the application are used"
    assert ray_cluster.reconcile(database, ray)
    (put,) = Dashboard.puts
    assert put["proxy_location"] == "EveryNode"
    other, config = put["applications"]
    assert other == FOREIGN
    application = ray_cluster.application_name(cluster.project_id, cluster.get("plain").engine_key)
    assert (config["name"], config["args"]) == (application, {"application": application})
    assert config["deployments"][0]["num_replicas"] == 2
    assert config["deployments"][0]["ray_actor_options"] == {"num_cpus": 3, "num_gpus": 0, "memory": 500}
    ray_cluster.reconcile(database, ray)
    assert len(Dashboard.puts) == 1, "nothing changed"

    for name in ("ray-a", "ray-b", "ray-c"):
        register(cluster, name, application)
    cluster.deploy("local", TUNED)
    cluster.run()
    assert {one.machine for one in cluster.replicas("plain")} == {"ray-a", "ray-b"}, "one on each machine"
    assert {one.machine for one in cluster.replicas("local")} == {"one"}
    assert cluster.ready() == {"plain": 2, "local": 1}

    cluster.deploy("plain", cluster="ray", min_replicas=1, threads=3, bytes=900)
    schedule(database, overdue_seconds=20)
    ray_cluster.reconcile(database, ray)
    resized = Dashboard.puts[-1]["applications"][-1]["deployments"][0]
    assert resized["num_replicas"] == 1
    assert resized["ray_actor_options"]["memory"] == 500, "a change would restart all replicas"
    assert [one.state for one in cluster.replicas("plain")] == ["ready", "ready"], "Ray Serve chooses which one ends"
    drained = threading.Thread(
        target=reconciler.drain, args=(database, "ray-a"), kwargs={"timeout": 5, "poll_seconds": 0}
    )
    drained.start()
    eventually(lambda: {one.state for one in cluster.replicas("plain")} == {"draining", "ready"}, 10)
    cluster.start_engines()  # the supervisor of the machine ends it
    drained.join()
    cluster.run()
    assert [one.machine for one in cluster.replicas("plain")] == ["ray-b"]

    with database.scope(cluster.project_id) as connection:
        serving.stop(connection, "plain")
    ray_cluster.reconcile(database, ray)
    assert application in Dashboard.applications, "its last calls still run"
    cluster.run(2)
    ray_cluster.reconcile(database, ray)
    assert list(Dashboard.applications) == ["other"]


def test_the_replica_of_a_lost_node_starts_on_another_one(cluster: Cluster) -> None:
    cluster.deploy("plain", cluster="ray", min_replicas=2)
    application = ray_cluster.application_name(cluster.project_id, cluster.get("plain").engine_key)
    register(cluster, "ray-a", application)
    register(cluster, "ray-b", application)
    cluster.run()
    cluster.silence("ray-a")
    schedule(cluster.database, overdue_seconds=20)
    assert {one.machine for one in cluster.replicas("plain")} == {"ray-b", None}
    register(cluster, "ray-c", application)
    cluster.run()
    assert {one.machine for one in cluster.replicas("plain")} == {"ray-b", "ray-c"}
    cluster.silence("ray-a", 3600)
    cluster.run()
    with cluster.database.owner() as connection:
        assert "ray-a" not in {row["name"] for row in replica_tables.list_machines(connection)}


def test_the_reason_of_ray_is_that_of_the_replicas(cluster: Cluster, dashboard: str) -> None:
    cluster.deploy("plain", cluster="ray")
    cluster.run()
    with pytest.raises(UpstreamFailed, match="answered 401"):
        ray_cluster.reconcile(cluster.database, RayCluster(dashboard))
    assert "answered 401" in str(cluster.replicas("plain")[0].reason)
    ray_cluster.reconcile(cluster.database, RayCluster(dashboard, "secret"))
    (name,) = set(Dashboard.applications) - {"other"}
    traceback = "Traceback (most recent call last):\n  File x\nvong.errors.Misconfigured: the node has no database\n"
    Dashboard.applications[name] |= {"status": "UNHEALTHY", "deployments": {"EngineReplica": {"message": traceback}}}
    ray_cluster.reconcile(cluster.database, RayCluster(dashboard, "secret"))
    cluster.run()
    assert cluster.get("plain").reason == "Ray: unhealthy: vong.errors.Misconfigured: the node has no database"
    with pytest.raises(UpstreamFailed, match="unreachable"):
        ray_cluster.reconcile(cluster.database, RayCluster("http://127.0.0.1:9"))


def test_a_failed_application_is_deployed_again_and_those_of_others_remain(project_id: UUID) -> None:
    name = ray_cluster.application_name(project_id, "key")
    engine = RayEngine(project_id, "key", name, 1, {"num_cpus": 1})
    config = ray_cluster.application_config(engine, 1, {"num_cpus": 1})
    stranger = {**config, "name": ray_cluster.application_name(UUID(int=1), "key")}

    def plan(*engines: RayEngine, status: str = "RUNNING", used: set[str] | None = None) -> list[str]:
        found = {name: RayApplication(status, "", 1000.0, config), "x": RayApplication("RUNNING", "", 0, stranger)}
        state = RayState({**found, "imperative": RayApplication("RUNNING", "", 0, None)}, {})
        wanted = ray_cluster.plan_applications(engines, state, used or set(), {project_id}, 1061.0)
        return [one["name"] for one in wanted]

    assert plan(engine) == [stranger["name"], name]
    assert plan(engine, status="DEPLOY_FAILED") == [stranger["name"]]
    assert plan() == [stranger["name"]]
    assert plan(used={name}) == [name, stranger["name"]]


def test_vllm_requests_its_gpus(cluster: Cluster) -> None:
    options: dict[str, int | float | bool | str] = {"tensor-parallel-size": 2, "pipeline-parallel-size": 2}
    with cluster.database.scope(cluster.project_id) as connection:
        settings = DeploymentSettings(parity="skip", cluster="ray", engine_options=options)
        serving.deploy(connection, "large", BASE, BASE, engine="vllm", settings=settings)
    schedule(cluster.database, overdue_seconds=20)
    with cluster.database.owner() as connection:
        (engine,) = ray_cluster.list_ray_engines(connection)
        assert tables.list_projects(connection) == {cluster.project_id}
    assert engine.actor_options == {"num_cpus": 1, "num_gpus": 4}


def test_the_log_of_a_replica_on_another_machine_is_that_of_its_engine_or_its_stored_end(
    cluster: Cluster, database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    platform = Platform(Settings(home=tmp_path, database_url=database_url, machine_name="server"))
    cluster.deploy("plain")
    cluster.run()
    cluster.update_all(url="http://127.0.0.1:9", log_end="one\ntwo\nthree")
    with cluster.database.scope(cluster.project_id) as connection:
        assert serving_app.read_log(platform, connection, "plain", 2) == ["two", "three"]
        monkeypatch.setattr(EngineClient, "read_log", lambda _, lines: [f"{lines} lines"])
        assert serving_app.read_log(platform, connection, "plain", 7, 1) == ["7 lines"]
    platform.close()


def test_a_server_without_a_ray_cluster_rejects_the_setting(
    cluster: Cluster, database_url: str, tmp_path: Path
) -> None:
    platform = Platform(Settings(home=tmp_path, database_url=database_url))
    (tmp_path / "model.gguf").write_bytes(b"GGUF")
    with cluster.database.scope(cluster.project_id) as connection:
        registry.register(connection, platform.blobs, "small", tmp_path / "model.gguf")
        settings = DeploymentSettings(cluster="ray")
        with pytest.raises(InvalidInput, match="cluster 'ray' is not configured"):
            serving_app.deploy(platform, connection, "small", "small", settings=settings)
    platform.close()
