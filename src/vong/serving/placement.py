"""Placement of replicas on machines by free memory, and the choice of idle engines to evict."""

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple, Protocol, TypeVar
from uuid import UUID

from sqlalchemy import Connection, RowMapping

from vong.serving import replica_tables
from vong.serving.memory_plan import free_bytes, uses_gpu


class EvictableEngine(Protocol):
    """Engine with its replicas."""

    id: tuple[UUID, str]
    replicas: list[dict[str, Any]]


E = TypeVar("E", bound=EvictableEngine)


class Placement(NamedTuple):
    """Machine of a new replica and the memory reserved there, or the reason why no machine has room."""

    machine: str | None
    bytes: int = 0
    reason: str | None = None


class MachinePool:
    """Machines with a recent heartbeat, and the memory that is free for new replicas."""

    def __init__(self, rows: Sequence[RowMapping], overdue_seconds: float) -> None:
        self._rows = {row["name"]: row for row in rows}
        self._alive = {row["name"]: row for row in rows if replica_tables.is_alive(row, overdue_seconds)}
        self._reserved: dict[str, int] = dict.fromkeys(self._alive, 0)
        self._leaving: dict[str, int] = dict.fromkeys(self._alive, 0)
        """Memory of replicas that are about to end."""
        self._counts: dict[tuple[tuple[UUID, str], str], int] = {}
        self._lacking: list[tuple[str, int]] = []
        """Engine and bytes of replicas that fit on no machine."""

    def is_alive(self, name: str) -> bool:
        """Return True if the heartbeat of a machine is not overdue."""
        return name in self._alive

    def count(self, engines: Iterable[tuple[tuple[UUID, str], Sequence[dict[str, Any]]]]) -> None:
        """Count the memory that running replicas reserve, and the replicas of each engine by machine."""
        for id, replicas in engines:
            for replica in replicas:
                machine = replica["machine"]
                if machine not in self._alive:
                    continue
                self._counts[id, machine] = self._counts.get((id, machine), 0) + 1
                if replica["state"] in {"draining", "stopping"}:
                    self._leaving[machine] += replica["memory"] or 0
                elif replica["state"] != "failed":
                    self._reserved[machine] += max(0, replica["planned"] - (replica["memory"] or 0))

    def place(
        self, id: tuple[UUID, str], engine: str, plan: dict[str, int], application: str | None = None
    ) -> Placement:
        """Choose the machine of a new replica: with room, with fewest replicas of its engine, with most free memory.

        An engine with an application on Ray has one replica on each machine of the application.
        """
        names = [name for name, row in self._alive.items() if row["application"] == application]
        if application is not None:
            machine = next((name for name in names if not self._counts.get((id, name))), None)
            if machine is None:
                return Placement(None, reason="waiting for a replica of the Ray Serve application")
            self._counts[id, machine] = 1
            return Placement(machine, self._needed(machine, engine, plan))
        if not names:
            return Placement(None, reason="no machine runs engines; start one with: vong worker --engines")
        free = {name: self._free(name, engine) for name in names}
        needed = {name: self._needed(name, engine, plan) for name in names}
        fitting = [name for name in names if needed[name] <= free[name]]
        if not fitting:
            best = max(free, key=lambda name: free[name] - needed[name])
            self._lacking.append((engine, needed[best]))
            return Placement(
                None,
                reason=f"no machine has {needed[best] / 1e9:.2f} GB of free memory; {best!r} has the most, "
                f"{free[best] / 1e9:.2f} GB",
            )
        machine = min(fitting, key=lambda name: (self._counts.get((id, name), 0), -free[name], name))
        self._counts[id, machine] = self._counts.get((id, machine), 0) + 1
        self._reserved[machine] += needed[machine]
        return Placement(machine, needed[machine])

    def choose_evictions(self, candidates: Sequence[E]) -> list[E]:
        """Return the first candidates whose memory makes room for the replicas that fit nowhere.

        Memory of replicas that are about to end is awaited first.
        """
        chosen: list[E] = []
        for engine, needed in self._lacking:
            for name in (name for name, row in self._alive.items() if row["application"] is None):
                missing = needed - self._free(name, engine) - self._leaving[name]
                if missing <= 0:
                    break
                group = _shortest_prefix(candidates, name, missing, chosen)
                if group:
                    chosen.extend(group)
                    break
        return chosen

    def store(self, connection: Connection, evictable: Sequence[EvictableEngine]) -> None:
        """Store the reserved and the evictable memory of each machine, which deploy requests compare with."""
        for name, row in self._alive.items():
            freed = sum(_memory_on(group, name) for group in evictable)
            if (row["reserved"], row["evictable"]) != (self._reserved[name], freed):
                replica_tables.update_machine(connection, name, reserved=self._reserved[name], evictable=freed)

    def _needed(self, name: str, engine: str, plan: dict[str, int]) -> int:
        return int(plan.get("gpu" if uses_gpu(self._alive[name], engine) else "cpu", 0))

    def _free(self, name: str, engine: str) -> int:
        row = self._alive[name]
        if uses_gpu(row, engine):
            return free_bytes(row, engine)
        return int(row["available"]) - self._reserved[name]


def _shortest_prefix(candidates: Sequence[E], machine: str, missing: int, chosen: Sequence[E]) -> list[E]:
    """Return the first candidates on a machine that together free `missing` bytes. Returns none if all do not."""
    group: list[E] = []
    for candidate in candidates:
        freed = _memory_on(candidate, machine)
        if freed and not any(one is candidate for one in chosen):
            group.append(candidate)
            missing -= freed
            if missing <= 0:
                return group
    return []


def _memory_on(engine: EvictableEngine, machine: str) -> int:
    """Return the bytes that an engine uses on a machine or reserves there, which are free after it is put to sleep."""
    replicas = (one for one in engine.replicas if one["machine"] == machine and one["state"] == "ready")
    return sum(max(one["planned"], one["memory"] or 0) for one in replicas)
