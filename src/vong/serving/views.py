"""Views of deployments, replicas, machines and events, and the addresses that the gateway calls."""

from collections.abc import Sequence
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import Connection, RowMapping

from vong.errors import NotFound, did_you_mean
from vong.records import Deployment
from vong.records.deployment import DeploymentEvent
from vong.records.deployment_load import DeploymentLoad
from vong.records.replica import Replica, ServingMachine
from vong.serving import replica_tables, tables
from vong.serving.engine_speed import EngineSpeed
from vong.serving.settings import DeploymentRequest
from vong.serving.versions import active_version, desired_version

SHOWN_EVENTS = 20
"""Events in the view of one deployment."""


class ReplicaAddress(NamedTuple):
    """Address of a replica: its OpenAI-compatible `url` (with `/v1`) and its bearer token."""

    url: str
    token: str


class ReplicaMeasures(NamedTuple):
    """Measures that the engine of a replica reported."""

    engine_key: str
    number: int
    values: dict[str, Any]


class ReadyDeployment(NamedTuple):
    """Ready deployment: the replicas that take calls, the name of the model in a call to them, and its versions."""

    project_id: UUID
    name: str
    replicas: tuple[ReplicaAddress, ...]
    served_name: str
    model: str
    dataset: str | None


def get_deployment(connection: Connection, name: str) -> Deployment:
    """Return a deployment by its name, with its newest events.

    Raises: NotFound if the project has no such deployment.
    """
    row = _find_row(connection, name)
    events = tables.list_events(connection, name, SHOWN_EVENTS)
    found = _to_deployments(connection, [row])[0]
    return found.model_copy(update={"events": tuple(_to_event(event) for event in events)})


def list_deployments(connection: Connection, *, after: str = "", limit: int = 50) -> list[Deployment]:
    """Return deployments by name, beginning after `after`."""
    return _to_deployments(connection, tables.list_rows(connection, after=after, limit=limit))


def list_ready_deployments(connection: Connection) -> list[ReadyDeployment]:
    """Return the deployments of the project that take calls, with the replicas that have loaded their models."""
    replicas = _ready_replicas(connection)
    found: list[ReadyDeployment] = []
    for row in tables.list_rows(connection):
        version = active_version(row)
        if version is None:
            continue
        serving = [
            ReplicaAddress(f"{replica['url']}/v1", replica["token"])
            for replica in replicas.get(version.engine_key, [])
            if version.served_name in replica["models"]
        ]
        if serving:
            served = version.served_name
            found.append(
                ReadyDeployment(
                    version.project_id, version.name, tuple(serving), served, version.model, version.dataset
                )
            )
    return found


def list_replicas(connection: Connection, name: str) -> list[Replica]:
    """Return the replicas of a deployment, those of its previous version included.

    Raises: NotFound if the project has no such deployment.
    """
    row = _find_row(connection, name)
    keys = [row["engine_key"], *([row["previous"]["engine_key"]] if row["previous"] else [])]
    rows = [found for key in dict.fromkeys(keys) for found in replica_tables.list_replicas(connection, engine_key=key)]
    return [_to_replica(found) for found in rows]


def list_measures(connection: Connection) -> list[ReplicaMeasures]:
    """Return the measures of the replicas that run, of all projects on the owner's connection."""
    return [
        ReplicaMeasures(row["engine_key"], row["number"], {**row["load"].get("measures", {}), **row["load"]})
        for row in replica_tables.list_replicas(connection)
        if row["load"].get("measures")
    ]


def list_events(connection: Connection, name: str, limit: int) -> list[DeploymentEvent]:
    """Return the newest events of a deployment, newest first.

    Raises: NotFound if the project has no such deployment.
    """
    _find_row(connection, name)
    return [_to_event(row) for row in tables.list_events(connection, name, limit)]


def list_machines(connection: Connection) -> list[ServingMachine]:
    """Return all machines that run engines. `replicas` counts those of all projects that the connection sees."""
    counts: dict[str, int] = {}
    for replica in replica_tables.list_replicas(connection):
        if replica["machine"]:
            counts[replica["machine"]] = counts.get(replica["machine"], 0) + 1
    return [
        ServingMachine.model_validate(
            {
                **{name: row[name] for name in ServingMachine.model_fields if name in row},
                "state": "ready" if replica_tables.is_alive(row) else "lost",
                "replicas": counts.get(row["name"], 0),
            }
        )
        for row in replica_tables.list_machines(connection)
    ]


def engine_address(connection: Connection, name: str) -> tuple[str, str, str] | None:
    """Return URL and token of a replica that has loaded the desired version of a deployment, and its served name.

    Returns None while there is none.
    """
    row = next(iter(tables.list_rows(connection, name=name)), None)
    if row is None:
        return None
    version = desired_version(row)
    for replica in _ready_replicas(connection).get(version.engine_key, []):
        if version.served_name in replica["models"]:
            return replica["url"], replica["token"], version.served_name
    return None


def _find_row(connection: Connection, name: str) -> RowMapping:
    row = next(iter(tables.list_rows(connection, name=name)), None)
    if row is None:
        names = [found["name"] for found in tables.list_rows(connection)]
        raise NotFound(f"no deployment named {name!r}", did_you_mean(name, names, "vong serving list"))
    return row


def _ready_replicas(connection: Connection) -> dict[str, list[RowMapping]]:
    """Return the replicas that take calls, by engine."""
    found: dict[str, list[RowMapping]] = {}
    for row in replica_tables.list_replicas(connection):
        if row["state"] == "ready" and row["url"]:
            found.setdefault(row["engine_key"], []).append(row)
    return found


def _to_deployments(connection: Connection, rows: Sequence[RowMapping]) -> list[Deployment]:
    replicas: dict[str, list[RowMapping]] = {}
    for replica in replica_tables.list_replicas(connection):
        replicas.setdefault(replica["engine_key"], []).append(replica)
    engines = {engine["engine_key"]: engine for engine in tables.list_engines(connection)}
    return [_to_deployment(row, replicas, engines.get(row["engine_key"])) for row in rows]


def _to_deployment(row: RowMapping, replicas: dict[str, list[RowMapping]], engine: RowMapping | None) -> Deployment:
    own = replicas.get(row["engine_key"], [])
    first = next((replica for replica in own if replica["pid"]), None)
    active = active_version(row)
    serving = [
        replica
        for replica in (replicas.get(active.engine_key, []) if active else [])
        if replica["state"] == "ready" and active and active.served_name in replica["models"]
    ]
    values = {name: row[name] for name in Deployment.model_fields if name in row}
    return Deployment.model_validate(
        {
            **values,
            "alias": DeploymentRequest(**row["request"]).alias if row["request"] else None,
            "active_model": active.model if active else None,
            "replicas": len(serving),
            "desired_replicas": engine["replicas"] if engine and row["desired_state"] == "running" else 0,
            "url": first["url"] if first else None,
            "pid": first["pid"] if first else None,
            "memory": sum(replica["memory"] or 0 for replica in own) or None,
            "restarts": sum(replica["restarts"] for replica in own),
            "load": _sum_load(own, EngineSpeed.from_json(engine["speed"] if engine else {})),
        }
    )


def _sum_load(replicas: Sequence[RowMapping], speed: EngineSpeed) -> DeploymentLoad | None:
    """Return the load of all replicas together, with the measured speed of one."""
    reports = [{**row["load"]["measures"], **row["load"]} for row in replicas if row["load"].get("measures")]
    if not reports and not any(speed):
        return None
    summed = {
        name: sum(report.get(name) or 0 for report in reports)
        for name in DeploymentLoad.model_fields
        if name not in ("time_to_first_token_ms", "prompt_speed", "output_speed")
    }
    first_tokens = [report["time_to_first_token_ms"] for report in reports if report.get("time_to_first_token_ms")]
    return DeploymentLoad(
        **summed,
        time_to_first_token_ms=round(sum(first_tokens) / len(first_tokens), 1) if first_tokens else None,
        prompt_speed=speed.prompt_tokens_per_second,
        output_speed=speed.output_tokens_per_second,
    )


def _to_replica(row: RowMapping) -> Replica:
    values = {name: row[name] for name in Replica.model_fields if name in row}
    load = {name: value for name, value in row["load"].items() if name in Replica.model_fields}
    return Replica.model_validate({**values, **load})


def _to_event(row: RowMapping) -> DeploymentEvent:
    return DeploymentEvent(kind=row["kind"], message=row["message"], created_at=row["created_at"])
