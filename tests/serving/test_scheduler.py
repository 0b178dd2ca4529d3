"""Scheduling of replicas, with machines and engines that exist as rows only."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import text

from tests.serving.test_deployments import BASE, TUNED, model
from tests.serving.test_memory_plan import add_machine
from vong import serving
from vong.records import Deployment, ModelVersion, now
from vong.records.replica import Replica
from vong.serving import replica_tables, tables, views
from vong.serving.memory_plan import MemoryNeed
from vong.serving.scheduler import schedule
from vong.serving.settings import DeploymentSettings
from vong.serving.versions import served_versions
from vong.store.database import Database

OTHER = model("other")


class Cluster:
    """Database with machines and engines that a test starts and ends."""

    def __init__(self, database: Database, project_id: UUID) -> None:
        self.database = database
        self.project_id = project_id

    def deploy(self, name: str, version: ModelVersion = BASE, *, bytes: int = 0, **settings: Any) -> None:
        base = version if version.kind == "base" else BASE
        need = MemoryNeed(bytes, bytes, 0, 0, 0, 1.0, 0, 8)
        with self.database.scope(self.project_id) as connection:
            serving.deploy(
                connection, name, version, base, settings=DeploymentSettings(parity="skip", **settings), memory=need
            )

    def run(self, rounds: int = 1) -> None:
        """Run rounds of scheduling; each is followed by the work of the machines: engines start and end."""
        for _ in range(rounds):
            schedule(self.database, overdue_seconds=20)
            self.start_engines()
            schedule(self.database, overdue_seconds=20)

    def start_engines(self) -> None:
        """Start the placed engines with all models, as the supervisors do, and end the draining ones."""
        with self.database.scope(self.project_id) as connection:
            served: dict[str, list[str]] = {}
            for row in tables.list_desired(connection):
                for version in served_versions(row):
                    served.setdefault(version.engine_key, []).append(version.served_name)
            for row in replica_tables.list_replicas(connection):
                key, number = row["engine_key"], row["number"]
                if row["state"] == "draining":
                    replica_tables.delete_replica(connection, key, number)
                elif row["machine"]:
                    process = {"url": f"http://{row['machine']}:{number}", "token": "t", "pid": number, "memory": 100}
                    values: dict[str, Any] = {"state": "ready", "models": sorted(served.get(key, [])), **process}
                    replica_tables.update_replica(connection, key, number, **values)

    def silence(self, machine: str, seconds: float = 60) -> None:
        with self.database.owner() as connection:
            seen = text("UPDATE serving_machines SET seen_at = now() - make_interval(secs => :age) WHERE name = :name")
            connection.execute(seen, {"age": seconds, "name": machine})

    def update_all(self, **values: Any) -> None:
        with self.database.scope(self.project_id) as connection:
            for row in replica_tables.list_replicas(connection):
                replica_tables.update_replica(connection, row["engine_key"], row["number"], **values)

    def set_used(self, engine_key: str, seconds_ago: float) -> None:
        past = now() - timedelta(seconds=seconds_ago)
        with self.database.scope(self.project_id) as connection:
            tables.upsert_engine(connection, engine_key, used_at=past)
            for row in replica_tables.list_replicas(connection, engine_key=engine_key):
                replica_tables.update_replica(connection, engine_key, row["number"], since=past)

    def replicas(self, name: str) -> list[Replica]:
        with self.database.scope(self.project_id) as connection:
            return views.list_replicas(connection, name)

    def get(self, name: str) -> Deployment:
        with self.database.scope(self.project_id) as connection:
            return serving.get_deployment(connection, name)

    def ready(self) -> dict[str, int]:
        """Return the number of replicas that take calls, by deployment."""
        with self.database.scope(self.project_id) as connection:
            return {one.name: len(one.replicas) for one in serving.list_ready_deployments(connection)}


@pytest.fixture
def cluster(database: Database, project_id: UUID) -> Cluster:
    add_machine(database, "one", 1000)
    add_machine(database, "two", 1000)
    return Cluster(database, project_id)


def test_replicas_are_spread_over_machines_and_all_take_calls(cluster: Cluster) -> None:
    cluster.deploy("plain", min_replicas=3)
    assert cluster.get("plain").state == "pending"
    cluster.run()
    assert sorted(str(one.machine) for one in cluster.replicas("plain")) in (
        ["one", "one", "two"],
        ["one", "two", "two"],
    )
    assert cluster.ready() == {"plain": 3}
    assert (cluster.get("plain").state, cluster.get("plain").replicas) == ("ready", 3)
    cluster.deploy("plain", min_replicas=1)
    cluster.run()
    assert [one.number for one in cluster.replicas("plain")] == [1]
    assert cluster.ready() == {"plain": 1}


def test_a_replica_is_placed_where_its_memory_fits(cluster: Cluster, database: Database) -> None:
    add_machine(database, "one", 300)
    cluster.deploy("plain", bytes=600, min_replicas=2)
    cluster.run()
    first, second = cluster.replicas("plain")
    assert (first.machine, second.machine) == ("two", None)
    assert second.reason is not None and "no machine has" in second.reason
    assert cluster.ready() == {"plain": 1}
    add_machine(database, "three", 600)
    cluster.run()
    assert [one.machine for one in cluster.replicas("plain")] == ["two", "three"]


def test_the_replicas_of_a_lost_machine_are_placed_elsewhere(cluster: Cluster) -> None:
    cluster.deploy("plain", min_replicas=2)
    cluster.run()
    cluster.silence("one")
    schedule(cluster.database, overdue_seconds=20, may_judge=False)
    assert {one.machine for one in cluster.replicas("plain")} == {"one", "two"}, "it has just connected"
    cluster.run()
    assert {one.machine for one in cluster.replicas("plain")} == {"two"}
    assert cluster.ready() == {"plain": 2}
    assert any("machine 'one' is lost" in event.message for event in cluster.get("plain").events)
    machines = {one.name: one for one in _list_machines(cluster)}
    assert (machines["one"].state, machines["two"].state, machines["two"].replicas) == ("lost", "ready", 2)


def test_the_previous_version_answers_until_all_replicas_of_the_next_are_ready(cluster: Cluster) -> None:
    cluster.deploy("plain", min_replicas=2)
    cluster.run()
    cluster.deploy("plain", OTHER, min_replicas=2)
    assert (cluster.get("plain").state, cluster.get("plain").active_model) == ("pending", BASE.ref)
    assert cluster.ready() == {"plain": 2}
    schedule(cluster.database, overdue_seconds=20)
    assert cluster.get("plain").state == "starting"
    new_key = cluster.get("plain").engine_key
    with cluster.database.scope(cluster.project_id) as connection:
        one_ready: dict[str, Any] = {"state": "ready", "url": "http://new", "models": [f"plain@{OTHER.hash[:12]}"]}
        replica_tables.update_replica(connection, new_key, 1, **one_ready)
    schedule(cluster.database, overdue_seconds=20)
    assert cluster.get("plain").active_model == BASE.ref
    assert len(cluster.replicas("plain")) == 4
    cluster.run()
    assert (cluster.get("plain").state, cluster.get("plain").active_model) == ("ready", OTHER.ref)
    cluster.run()
    assert {one.engine_key for one in cluster.replicas("plain")} == {new_key}
    with cluster.database.scope(cluster.project_id) as connection:
        assert {row["engine_key"] for row in replica_tables.list_replicas(connection)} == {new_key}


def test_a_failed_update_leaves_the_previous_version_in_place(cluster: Cluster) -> None:
    cluster.deploy("plain")
    cluster.run()
    cluster.deploy("plain", TUNED)
    cluster.run()
    assert cluster.get("plain").active_model == TUNED.ref
    cluster.deploy("plain", OTHER)
    schedule(cluster.database, overdue_seconds=20)
    key = cluster.get("plain").engine_key
    with cluster.database.scope(cluster.project_id) as connection:
        replica_tables.update_replica(connection, key, 1, state="failed", reason="the engine ended 5 times")
    schedule(cluster.database, overdue_seconds=20)
    failed = cluster.get("plain")
    assert (failed.state, failed.reason, failed.active_model) == ("failed", "the engine ended 5 times", TUNED.ref)
    assert cluster.ready() == {"plain": 1}


def test_deploying_the_version_that_still_answers_ends_the_update(cluster: Cluster) -> None:
    cluster.deploy("plain", TUNED)
    cluster.run()
    cluster.deploy("plain", OTHER)
    cluster.deploy("plain", TUNED)
    cluster.run()
    assert (cluster.get("plain").state, cluster.get("plain").active_model) == ("ready", TUNED.ref)


def test_an_idle_engine_sleeps_and_wakes(cluster: Cluster) -> None:
    cluster.deploy("plain", idle_seconds=60)
    cluster.deploy("other", OTHER)
    cluster.run()
    key = cluster.get("plain").engine_key
    cluster.set_used(key, 59)
    cluster.run()
    assert cluster.get("plain").state == "ready"
    cluster.set_used(key, 61)
    cluster.update_all(load={"active": 1})
    cluster.run()
    assert cluster.get("plain").state == "ready", "a call is running"
    cluster.update_all(load={})
    cluster.set_used(key, 61)
    cluster.run(2)
    assert (cluster.get("plain").state, cluster.replicas("plain")) == ("sleeping", [])
    assert cluster.ready() == {"other": 1}
    with cluster.database.scope(cluster.project_id) as connection:
        serving.wake(connection, "plain")
        serving.wake(connection, "other")
    assert (cluster.get("plain").state, cluster.get("other").state) == ("starting", "ready")
    cluster.run()
    assert cluster.get("plain").state == "ready"
    assert [event.kind for event in cluster.get("plain").events] == ["wake", "sleep"]


def test_an_engine_sleeps_only_if_all_of_its_deployments_may(cluster: Cluster) -> None:
    cluster.deploy("plain", idle_seconds=60)
    cluster.deploy("tuned", TUNED)
    cluster.run()
    cluster.set_used(cluster.get("plain").engine_key, 100)
    cluster.run()
    assert cluster.ready() == {"plain": 1, "tuned": 1}


def test_a_new_deployment_of_a_sleeping_engine_wakes_it(cluster: Cluster) -> None:
    cluster.deploy("plain", idle_seconds=60)
    cluster.run()
    cluster.set_used(cluster.get("plain").engine_key, 100)
    cluster.run(2)
    assert cluster.ready() == {}
    cluster.deploy("tuned", TUNED)
    cluster.run()
    assert cluster.ready() == {"plain": 1, "tuned": 1}


def test_a_draining_replica_is_used_again(cluster: Cluster) -> None:
    cluster.deploy("plain", min_replicas=2)
    cluster.run()
    cluster.deploy("plain", min_replicas=1)
    schedule(cluster.database, overdue_seconds=20)
    assert {one.state for one in cluster.replicas("plain")} == {"ready", "draining"}
    cluster.deploy("plain", min_replicas=2)
    schedule(cluster.database, overdue_seconds=20)
    assert {one.state for one in cluster.replicas("plain")} == {"ready", "starting"}
    assert {one.pid for one in cluster.replicas("plain")} == {1, 2}


def test_the_least_recently_used_idle_engine_is_evicted_for_a_new_one(cluster: Cluster, database: Database) -> None:
    with database.owner() as connection:
        replica_tables.delete_machine(connection, "two")
    cluster.deploy("old", OTHER, idle_seconds=1000)
    cluster.deploy("recent", model("recent"), idle_seconds=1000)
    cluster.deploy("permanent", model("permanent"))
    cluster.run()
    for name, age in (("old", 50), ("recent", 10), ("permanent", 900)):
        cluster.set_used(cluster.get(name).engine_key, age)
    cluster.run()
    add_machine(database, "one", 40)  # what is left
    cluster.run()
    assert _list_machines(cluster)[0].evictable == 200
    cluster.deploy("new", BASE, bytes=120)
    schedule(database, overdue_seconds=20)
    schedule(database, overdue_seconds=20)
    assert cluster.get("old").state == "sleeping"
    assert any("evicted" in event.message for event in cluster.get("old").events)
    assert (cluster.get("recent").state, cluster.get("new").state) == ("ready", "pending")
    cluster.start_engines()
    add_machine(database, "one", 140)  # the memory of the evicted engine is free
    cluster.run()
    assert cluster.ready() == {"new": 1, "permanent": 1, "recent": 1}


def test_an_eviction_counts_the_reserved_memory_that_it_frees(cluster: Cluster, database: Database) -> None:
    with database.owner() as connection:
        replica_tables.delete_machine(connection, "two")
    for name, age in (("old", 50), ("recent", 10)):
        cluster.deploy(name, model(name), bytes=150, idle_seconds=1000)
        cluster.run()
        cluster.set_used(cluster.get(name).engine_key, age)
    add_machine(database, "one", 140)  # of 340; each engine uses 100 of its 150, so that 40 are free
    cluster.deploy("new", BASE, bytes=180, idle_seconds=1000)
    schedule(database, overdue_seconds=20)
    schedule(database, overdue_seconds=20)
    assert (cluster.get("old").state, cluster.get("recent").state) == ("sleeping", "ready")


def test_load_adds_replicas_and_the_decision_is_an_event(cluster: Cluster) -> None:
    cluster.deploy("plain", min_replicas=1, max_replicas=3)
    cluster.run()
    cluster.update_all(load={"active": 8, "waiting": 4})
    key = cluster.get("plain").engine_key
    with cluster.database.scope(cluster.project_id) as connection:
        tables.upsert_engine(connection, key, scaling={"high_since": 1.0})
    cluster.run()
    assert len(cluster.replicas("plain")) == cluster.get("plain").desired_replicas == 2
    (event,) = cluster.get("plain").events
    assert (event.kind, event.message) == ("scale", "1 to 2 replicas: 4 calls wait at 1 replicas for 5 s")


def _list_machines(cluster: Cluster) -> list[Any]:
    with cluster.database.scope(cluster.project_id) as connection:
        return views.list_machines(connection)
