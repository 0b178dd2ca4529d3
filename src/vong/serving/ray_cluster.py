"""Ray Serve applications of deployments that run on a Ray cluster.

An engine of such a deployment is one Ray Serve application. Each of its Serve replicas registers as a machine and runs
one engine process there, supervised as on any other machine (`vong.app.ray_replica`). Ray chooses the nodes, and starts
another replica if a node is lost. The applications are managed through the REST API of Ray's dashboard, so that the
server needs no package of Ray.
"""

import logging
import threading
import time
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple
from uuid import UUID

from sqlalchemy import Connection
from sqlalchemy.exc import SQLAlchemyError

from vong.errors import UpstreamFailed, VongError
from vong.serving import replica_tables, tables
from vong.serving.versions import ServedVersion, served_versions
from vong.store.database import Database

if TYPE_CHECKING:
    import httpx

log = logging.getLogger(__name__)

IMPORT_PATH = "vong.app.ray_replica:build_application"
DEPLOYMENT_NAME = "EngineReplica"
APPLICATION_PREFIX = "vong-"
LEAVING = "leaving"
"""Application of a machine whose Serve replica is about to end: no engine is placed there."""
ROUND_SECONDS = 2.0
REQUEST_TIMEOUT_SECONDS = 15.0
DRAIN_SECONDS = 600.0
"""Time in which a Serve replica ends its calls, as that of other replicas."""
REDEPLOY_SECONDS = 60.0
"""Seconds after which an application that failed is deployed again."""
MESSAGE_CHARACTERS = 600


class RayApplication(NamedTuple):
    """Ray Serve application. `config` is None if it was not deployed through the REST API."""

    status: str
    message: str
    deployed_at: float
    config: dict[str, Any] | None


class RayState(NamedTuple):
    """Applications of a cluster, and the options of Serve to repeat when they are changed."""

    applications: dict[str, RayApplication]
    options: dict[str, Any]


class RayCluster:
    """REST API of the dashboard of a Ray cluster.

    Raises: UpstreamFailed if the dashboard does not answer or rejects a request.
    """

    def __init__(self, url: str, token: str | None = None) -> None:
        import httpx

        self.url = url.rstrip("/")
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        self._http = httpx.Client(base_url=self.url, headers=headers, timeout=REQUEST_TIMEOUT_SECONDS, trust_env=False)

    def read(self) -> RayState:
        """Return the applications of the cluster."""
        details = self._send("GET").json()
        applications = {
            name: RayApplication(
                str(found.get("status")),
                _message(found),
                float(found.get("last_deployed_time_s") or 0.0),
                found.get("deployed_app_config"),
            )
            for name, found in (details.get("applications") or {}).items()
        }
        # The gateway calls the engines directly, so Serve needs no proxies. Options of a running Serve are fixed.
        options: dict[str, Any] = {"proxy_location": details.get("proxy_location") or "Disabled"}
        for name in ("http_options", "grpc_options"):
            if applications and details.get(name):
                options[name] = details[name]
        return RayState(applications, options)

    def apply(self, options: Mapping[str, Any], applications: Sequence[dict[str, Any]]) -> None:
        """Replace the applications that were deployed through the REST API by these."""
        self._send("PUT", {**options, "applications": list(applications)})

    def _send(self, method: str, body: dict[str, Any] | None = None) -> "httpx.Response":
        from httpx import HTTPError

        try:
            response = self._http.request(method, "/api/serve/applications/", json=body)
        except HTTPError as error:
            message = f"the Ray dashboard at {self.url} is unreachable ({type(error).__name__})"
            raise UpstreamFailed(message, "check the setting ray_dashboard_url and: ray status") from error
        if response.status_code >= 400:
            message = f"the Ray dashboard at {self.url} answered {response.status_code}: {response.text[:400]}"
            raise UpstreamFailed(message, "check the setting ray_token and the log of the Ray dashboard")
        return response


class RayEngine(NamedTuple):
    """Engine that runs on Ray: its application and the number of its replicas, 0 if they are to end."""

    project_id: UUID
    engine_key: str
    application: str
    replicas: int
    actor_options: dict[str, Any]


def _message(details: Mapping[str, Any]) -> str:
    """Return the last line of the message of the deployment, or of the application: of a traceback, its error."""
    deployments = (details.get("deployments") or {}).values()
    messages = [found.get("message") for found in deployments] + [details.get("message")]
    text = next((message for message in messages if message), "")
    return next((line.strip() for line in reversed(text.splitlines()) if line.strip()), "")


def application_name(project_id: UUID, engine_key: str) -> str:
    """Return the name of the Ray Serve application of an engine."""
    return f"{APPLICATION_PREFIX}{project_id.hex}-{engine_key}"


def find_application(version: ServedVersion) -> str | None:
    """Return the application of a version. Returns None if it does not run on Ray."""
    return application_name(version.project_id, version.engine_key) if version.settings.cluster == "ray" else None


def actor_options(version: ServedVersion, plan: Mapping[str, int]) -> dict[str, Any]:
    """Return the resources that a replica of a version requests of Ray."""
    options = version.settings.engine_options
    gpus = 0
    if version.engine == "vllm":
        sizes = ("tensor-parallel-size", "pipeline-parallel-size", "data-parallel-size")
        gpus = 1
        for size in sizes:
            gpus *= int(options.get(size, 1))
    values: dict[str, Any] = {"num_cpus": version.settings.threads or 1, "num_gpus": gpus}
    if plan.get("gpu" if gpus else "cpu") and not gpus:
        values["memory"] = plan["cpu"]
    return values


def application_config(engine: RayEngine, replicas: int, options: dict[str, Any]) -> dict[str, Any]:
    """Return the configuration of the application of an engine."""
    deployment = {
        "name": DEPLOYMENT_NAME,
        "num_replicas": replicas,
        "ray_actor_options": options,
        "health_check_period_s": 5.0,
        "health_check_timeout_s": 30.0,
        "graceful_shutdown_timeout_s": DRAIN_SECONDS + 30.0,
    }
    return {
        "name": engine.application,
        "route_prefix": None,
        "import_path": IMPORT_PATH,
        "args": {"application": engine.application},
        "deployments": [deployment],
    }


def list_ray_engines(connection: Connection) -> list[RayEngine]:
    """Return the engines that run on Ray, of all projects. Requires the owner's connection."""
    versions: dict[tuple[UUID, str], ServedVersion] = {}
    for row in tables.list_desired(connection):
        for version in served_versions(row):
            versions.setdefault((version.project_id, version.engine_key), version)
    engines: list[RayEngine] = []
    for row in tables.list_engines(connection):
        version = versions.get((row["project_id"], row["engine_key"]))
        if version is None or not (application := find_application(version)):
            continue
        replicas = 0 if row["sleeping"] else row["replicas"]
        options = actor_options(version, row["plan"])
        engines.append(RayEngine(version.project_id, version.engine_key, application, replicas, options))
    return engines


def plan_applications(
    engines: Sequence[RayEngine], state: RayState, used: set[str], projects: set[UUID], current_time: float
) -> list[dict[str, Any]]:
    """Return the applications that the cluster should have, those of other owners included.

    `used` are the applications with machines on which engines still run. They remain until these have ended. Only
    applications of `projects` are removed, because several installations may share a cluster.
    """
    wanted: list[dict[str, Any]] = []
    started = {engine.application for engine in engines if engine.replicas}
    prefixes = tuple(application_name(project, "") for project in projects)
    for name, found in state.applications.items():
        if found.config is None or name in started:
            continue
        is_ours = name.startswith(prefixes) and found.config.get("import_path") == IMPORT_PATH
        if not is_ours or name in used:
            wanted.append(found.config)
    for engine in engines:
        found = state.applications.get(engine.application)
        if engine.replicas and not (found and _is_ending(found, current_time)):
            wanted.append(_updated_config(engine, found))
    return wanted


def _is_ending(found: RayApplication, current_time: float) -> bool:
    """Return True if an application is being deleted. One that failed is deleted, and deployed again afterwards."""
    is_failed = found.status == "DEPLOY_FAILED" and current_time - found.deployed_at > REDEPLOY_SECONDS
    return is_failed or found.status == "DELETING"


def _updated_config(engine: RayEngine, found: RayApplication | None) -> dict[str, Any]:
    """Return the configuration with the number of replicas. Serve would restart them if their resources changed."""
    deployed = ((found.config if found else None) or {}).get("deployments") or [{}]
    return application_config(engine, engine.replicas, deployed[0].get("ray_actor_options") or engine.actor_options)


def reconcile(database: Database, cluster: RayCluster) -> bool:
    """Apply the desired applications to the cluster. Returns False if there are none, now and before."""
    with database.owner() as connection:
        engines = list_ray_engines(connection)
        projects = tables.list_projects(connection)
        machines = replica_tables.list_machines(connection)
        used_machines = {row["machine"] for row in replica_tables.list_replicas(connection)}
    used = {row["application"] for row in machines if row["application"] and row["name"] in used_machines}
    if not engines and not any(row["application"] for row in machines):
        return False
    try:
        state = cluster.read()
        wanted = plan_applications(engines, state, used, projects, time.time())
        if _differs(wanted, state):
            cluster.apply(state.options, wanted)
    except VongError as error:
        _record_reasons(database, dict.fromkeys((engine.application for engine in engines), str(error)), engines)
        raise
    _record_reasons(database, {name: _describe(found) for name, found in state.applications.items()}, engines)
    return True


def run(database: Database, cluster: RayCluster, stop: threading.Event) -> None:
    """Keep the applications of the cluster in the desired state until `stop` is set."""
    failure = ""
    while not stop.is_set():
        try:
            is_used = reconcile(database, cluster)
            failure = ""
        except (VongError, SQLAlchemyError) as error:
            is_used, message = True, str(error).partition("\n")[0]
            if message != failure:
                log.warning("the applications on Ray are not updated: %s", message)
            failure = message
        # Boundary of this thread: a failed round must not end it.
        except Exception:
            is_used = True
            log.exception("a round with the Ray cluster failed")
        stop.wait(ROUND_SECONDS if is_used else 3 * ROUND_SECONDS)


def _differs(wanted: Sequence[dict[str, Any]], state: RayState) -> bool:
    """Return True if the cluster has other applications, or other numbers of replicas."""
    current = {name: found.config for name, found in state.applications.items() if found.config is not None}
    if {config["name"] for config in wanted} != current.keys():
        return True
    return any(_replicas(config) != _replicas(current[config["name"]]) for config in wanted)


def _replicas(config: Mapping[str, Any]) -> list[Any]:
    return [deployment.get("num_replicas") for deployment in config.get("deployments") or ()]


def _describe(application: RayApplication) -> str | None:
    """Return why the replicas of an application do not run yet."""
    if application.status == "RUNNING":
        return None
    message = application.message[-MESSAGE_CHARACTERS:]
    return f"Ray: {application.status.lower()}{f': {message}' if message else ''}"


def _record_reasons(database: Database, reasons: Mapping[str, str | None], engines: Sequence[RayEngine]) -> None:
    """Record at the replicas without a machine why they wait."""
    for engine in engines:
        with database.scope(engine.project_id) as connection:
            for row in replica_tables.list_replicas(connection, engine_key=engine.engine_key):
                reason = reasons.get(engine.application)
                if row["machine"] is None and reason and row["reason"] != reason:
                    replica_tables.update_replica(connection, engine.engine_key, row["number"], reason=reason)
