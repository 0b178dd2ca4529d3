"""Scheduling: the number of replicas of each engine, their machines, sleep, eviction, and the states of deployments.

The supervisors of all machines run it in turn: the transaction holds a lock, and all state is in the database. The
processes themselves are started and ended by the supervisor of their machine (`engine_process`).
"""

import time
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, RowMapping

from vong.records import now
from vong.serving import autoscaling, ray_cluster, replica_tables, tables
from vong.serving.deployment_states import update_states
from vong.serving.placement import MachinePool
from vong.serving.versions import ServedVersion, served_versions
from vong.store.database import Database

EngineId = tuple[UUID, str]
"""Project and key of an engine."""
USED_AT_PRECISION_SECONDS = 5.0
"""Difference from which a newer time of the last call is stored."""
FORGET_MACHINE_AFTER = timedelta(days=7)
FORGET_RAY_MACHINE_AFTER = timedelta(minutes=10)
LEAVING_STATES = {"draining", "stopping"}


@dataclass
class EngineGroup:
    """Engine with the versions that its replicas serve. `replicas` are copies of the rows that a round changes."""

    id: EngineId
    row: RowMapping | None = None
    versions: list[ServedVersion] = field(default_factory=list[ServedVersion])
    replicas: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])
    is_sleeping: bool = False

    @property
    def live(self) -> list[dict[str, Any]]:
        """Return the replicas that are not about to end."""
        return [replica for replica in self.replicas if replica["state"] not in LEAVING_STATES]

    @property
    def ready(self) -> list[dict[str, Any]]:
        """Return the replicas that take calls."""
        return [replica for replica in self.replicas if replica["state"] == "ready" and replica["url"]]

    @property
    def bounds(self) -> autoscaling.ScalingBounds:
        """Return the bounds of the number of replicas: the largest of all deployments."""
        settings = [version.settings for version in self.versions]
        targets = [one.first_token_target_ms for one in settings if one.first_token_target_ms]
        return autoscaling.ScalingBounds(
            max(one.min_replicas for one in settings),
            max(one.max_replicas for one in settings),
            max(1, settings[0].batch),
            min(targets, default=0),
        )

    @property
    def application(self) -> str | None:
        """Return the Ray Serve application of the engine. Returns None if it does not run on Ray."""
        return ray_cluster.find_application(self.versions[0]) if self.versions else None

    @property
    def idle_seconds(self) -> int:
        """Return the seconds without a call after which the engine sleeps. 0 if a deployment must not sleep."""
        times = [version.settings.idle_seconds for version in self.versions]
        return max(times) if times and all(times) else 0

    @property
    def is_busy(self) -> bool:
        """Return True if a replica computes or queues a call."""
        return any(replica["load"].get("active") or replica["load"].get("waiting") for replica in self.replicas)

    @property
    def used_at(self) -> datetime | None:
        """Return the time of the last call, or of the start of the newest replica."""
        times = [datetime.fromisoformat(one["load"]["used_at"]) for one in self.replicas if one["load"].get("used_at")]
        times += [replica["since"] for replica in self.ready]
        return max([*times, *([self.row["used_at"]] if self.row else [])], default=None)


def schedule(database: Database, *, overdue_seconds: float, may_judge: bool = True) -> bool:
    """Run one round, unless another machine runs one. Returns False if nothing is deployed.

    `may_judge`: replicas of silent machines are placed elsewhere. A supervisor that has just connected must not do
    that, because after an outage of the database all machines are silent.
    """
    with database.owner() as connection:
        if not tables.try_lock_scheduling(connection):
            return True
        round = SchedulingRound(connection, overdue_seconds, may_judge)
        round.run()
        return bool(round.groups)


class SchedulingRound:
    """One round over all projects, within one transaction of the owner."""

    def __init__(self, connection: Connection, overdue_seconds: float, may_judge: bool) -> None:
        self.connection = connection
        self.may_judge = may_judge
        self.machines = MachinePool(replica_tables.list_machines(connection), overdue_seconds)
        self.deployments = tables.list_desired(connection)
        self.groups: dict[EngineId, EngineGroup] = {}
        for row in tables.list_engines(connection):
            group = self._group(row)
            group.row, group.is_sleeping = row, row["sleeping"]
        for row in replica_tables.list_replicas(connection):
            self._group(row).replicas.append(dict(row))
        for row in self.deployments:
            for version in served_versions(row):
                self._group({"project_id": version.project_id, "engine_key": version.engine_key}).versions.append(
                    version
                )

    def run(self) -> None:
        """Apply the desired state to the tables."""
        projects = sorted({project for project, _ in self.groups})
        for project_id in projects:
            tables.enter_project(self.connection, project_id)
            for group in self._groups_of(project_id):
                self._schedule_engine(group)
        self.machines.count([(group.id, group.replicas) for group in self.groups.values()])
        for project_id in projects:
            tables.enter_project(self.connection, project_id)
            for group in self._groups_of(project_id):
                self._place(group)
            rows = [row for row in self.deployments if row["project_id"] == project_id]
            update_states(self.connection, rows, {group.id[1]: group for group in self._groups_of(project_id)})
        self._evict()
        tables.leave_project(self.connection)
        self.machines.store(self.connection, [group for group in self.groups.values() if self._may_sleep(group)])
        if self.may_judge:
            replica_tables.delete_silent_machines(self.connection, FORGET_MACHINE_AFTER, FORGET_RAY_MACHINE_AFTER)

    def _group(self, row: Any) -> EngineGroup:
        id = (row["project_id"], row["engine_key"])
        return self.groups.setdefault(id, EngineGroup(id))

    def _groups_of(self, project_id: UUID) -> list[EngineGroup]:
        return [group for group in self.groups.values() if group.id[0] == project_id]

    def _schedule_engine(self, group: EngineGroup) -> None:
        """Adjust the number of replicas of an engine."""
        self._recover_lost(group)
        if not group.versions:
            for replica in group.live:
                self._drain(group, replica)
            if not group.replicas and group.row is not None:
                tables.delete_engine(self.connection, group.id[1])
            return
        target = 0 if self._update_sleep(group) else self._scale(group)
        live = group.live
        for _ in range(target - len(live)):
            self._add(group)
        for replica in sorted(live, key=_retention)[target:]:
            if not (target and group.application and replica["machine"]):  # Ray Serve chooses which replica ends
                self._drain(group, replica)

    def _update_sleep(self, group: EngineGroup) -> bool:
        """Put an engine to sleep that had no call for its time, and return True if it sleeps."""
        if group.row is None:
            return False
        if group.is_sleeping:
            if all(state in {"ready", "sleeping"} for state in self._states(group)):
                return True
            tables.upsert_engine(self.connection, group.id[1], sleeping=False, used_at=now())
            group.is_sleeping = False
            return False  # another deployment of this engine starts
        used_at = group.used_at or now()
        if (used_at - group.row["used_at"]).total_seconds() > USED_AT_PRECISION_SECONDS:
            tables.upsert_engine(self.connection, group.id[1], used_at=used_at)
        idle = (now() - used_at).total_seconds()
        if not self._may_sleep(group) or idle < group.idle_seconds:
            return False
        self._sleep(group, f"no call for {idle:.0f} s")
        return True

    def _may_sleep(self, group: EngineGroup) -> bool:
        """Return True if an engine runs, has no calls, and all of its deployments are ready and may sleep."""
        if not group.idle_seconds or not group.ready or group.is_busy:
            return False
        return all(state == "ready" for state in self._states(group))

    def _states(self, group: EngineGroup) -> list[str]:
        """Return the states of the deployments of an engine."""
        names = {version.name for version in group.versions}
        of_project = (row for row in self.deployments if row["project_id"] == group.id[0])
        return [row["state"] for row in of_project if row["name"] in names]

    def _sleep(self, group: EngineGroup, reason: str) -> None:
        tables.upsert_engine(self.connection, group.id[1], sleeping=True)
        group.is_sleeping = True
        self._record(group, "sleep", reason)

    def _scale(self, group: EngineGroup) -> int:
        """Return the number of replicas for the load, and store it with the reason of a change."""
        bounds = group.bounds
        current = group.row["replicas"] if group.row else 0
        state = autoscaling.ScalingState.from_json(group.row["scaling"]) if group.row else autoscaling.ScalingState()
        loads = [
            autoscaling.ReportedLoad(
                int(one["load"].get("active") or 0),
                int(one["load"].get("waiting") or 0),
                one["load"].get("time_to_first_token_ms"),
            )
            for one in group.ready
        ]
        decision = autoscaling.decide(current, bounds, loads, state, time.time())
        if group.row is None or decision.replicas != current or decision.state != state:
            tables.upsert_engine(
                self.connection, group.id[1], replicas=decision.replicas, scaling=decision.state._asdict()
            )
        if decision.reason:
            self._record(group, "scale", f"{current} to {decision.replicas} replicas: {decision.reason}")
        return decision.replicas

    def _recover_lost(self, group: EngineGroup) -> None:
        """Free the replicas of machines whose heartbeat is overdue, so that they are placed elsewhere."""
        if not self.may_judge:
            return
        for replica in list(group.replicas):
            machine = replica["machine"]
            if machine is None or self.machines.is_alive(machine):
                continue
            if replica["state"] in LEAVING_STATES:
                self._delete(group, replica)
                continue
            reason = f"machine {machine!r} is lost"
            changes = {**replica_tables.NO_PROCESS, "machine": None, "state": "pending", "reason": reason}
            self._update(group, replica, **changes, restart=False, retry_at=None)
            self._record(group, "machine_lost", f"{reason}; replica {replica['number']} starts elsewhere")

    def _add(self, group: EngineGroup) -> None:
        """Add a replica: one that is draining is used again, otherwise a new one is created.

        On Ray, the machine of a draining replica ends too.
        """
        draining = [one for one in group.replicas if one["state"] == "draining" and one["pid"]]
        if (
            draining
            and not group.application
            and replica_tables.update_replica(
                self.connection,
                group.id[1],
                draining[0]["number"],
                only_state="draining",
                state="starting",
                since=now(),
            )
        ):
            draining[0]["state"] = "starting"
            return
        numbers = {replica["number"] for replica in group.replicas}
        number = next(number for number in range(1, len(numbers) + 2) if number not in numbers)
        replica_tables.add_replica(self.connection, group.id[1], number)
        row = {"project_id": group.id[0], "engine_key": group.id[1], "number": number, "machine": None, "pid": None}
        more = {"state": "pending", "reason": None, "planned": 0, "since": now(), "restarts": 0}
        group.replicas.append({**row, **replica_tables.NO_PROCESS, **more})

    def _drain(self, group: EngineGroup, replica: dict[str, Any]) -> None:
        """Let a replica end after its last call. One without a process is deleted."""
        if replica["url"] or replica["pid"]:
            self._update(group, replica, state="draining", since=now())
        else:
            self._delete(group, replica)

    def _place(self, group: EngineGroup) -> None:
        """Assign a machine to each new replica of an engine."""
        for replica in group.live:
            if replica["machine"] is not None or replica["url"] or replica["state"] == "failed":
                continue
            engine, plan = group.versions[0].engine, group.row["plan"] if group.row else {}
            placed = self.machines.place(group.id, engine, plan, group.application)
            if placed.machine is None and group.application and replica["reason"]:
                continue  # the reason that Ray stated
            if placed.machine is None:
                if replica["reason"] != placed.reason:
                    self._update(group, replica, reason=placed.reason)
                continue
            self._update(group, replica, machine=placed.machine, planned=placed.bytes, reason=None)

    def _evict(self) -> None:
        """Put the least recently used idle engines to sleep whose memory a new replica needs."""
        candidates = sorted(
            (group for group in self.groups.values() if self._may_sleep(group)),
            key=lambda group: group.used_at or now(),
        )
        for group in self.machines.choose_evictions(candidates):
            tables.enter_project(self.connection, group.id[0])
            self._sleep(group, "evicted: another engine needs its memory")

    def _update(self, group: EngineGroup, replica: dict[str, Any], **values: Any) -> None:
        replica |= values
        replica_tables.update_replica(self.connection, group.id[1], replica["number"], **values)

    def _delete(self, group: EngineGroup, replica: dict[str, Any]) -> None:
        group.replicas.remove(replica)
        replica_tables.delete_replica(self.connection, group.id[1], replica["number"])

    def _record(self, group: EngineGroup, kind: str, message: str) -> None:
        for name in dict.fromkeys(version.name for version in group.versions):
            tables.add_event(self.connection, name, kind, message)


def _retention(replica: dict[str, Any]) -> tuple[int, int]:
    """Return the sort key of the replicas to retain: first those that take calls, then by number."""
    order = ["ready", "starting", "pending", "failed"]
    return order.index(replica["state"]) if replica["state"] in order else len(order), replica["number"]
