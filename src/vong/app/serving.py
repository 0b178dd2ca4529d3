"""Serving connected to the registry, datasets and the trainer."""

import threading
from contextlib import suppress

from sqlalchemy import Connection

from vong import registry, serving
from vong.app import serving_files
from vong.app.model_defaults import with_model_defaults
from vong.app.platform import Platform
from vong.app.registry import base_model
from vong.app.serving_memory import memory_need
from vong.app.serving_scores import check_evaluation
from vong.errors import InvalidInput, NotFound, Unavailable, UpstreamFailed
from vong.log_files import read_last_lines
from vong.records import Deployment, ModelVersion
from vong.records.deployment import DeployResult
from vong.serving import engine_launcher, replica_tables, tables
from vong.serving.engine_choice import choose_engine
from vong.serving.engine_client import EngineClient
from vong.serving.engine_process import SupervisorSettings
from vong.serving.ray_cluster import RayCluster
from vong.serving.settings import DeploymentRequest, DeploymentSettings, read_settings
from vong.serving.views import engine_address

ENGINE_FALLBACK = "llama.cpp cannot load it"
"""Part of the event of a deployment that another engine serves, because its files cannot be converted."""
PRECISE_LEVEL = "f16"
"""GGUF level of a model whose answers change too much at the default one."""
LEVEL_FALLBACK = f"{PRECISE_LEVEL} instead of"
"""Part of the event of a deployment that is served at PRECISE_LEVEL, because it failed its parity check."""


def deploy(
    platform: Platform,
    connection: Connection,
    name: str,
    ref: str,
    *,
    engine: str | None = None,
    settings: DeploymentSettings | None = None,
    by_alias: bool = False,
) -> DeployResult:
    """Deploy a model version under a name, and queue the job that converts and checks its files if it needs one.

    `by_alias`: the version is deployed because the alias in `ref` was moved.
    """
    settings = settings or DeploymentSettings()
    request = DeploymentRequest(model=ref, engine=engine, settings=settings.model_dump(), by_alias=by_alias)
    model = registry.find(connection, ref)
    base = check_deployable(platform, connection, model, settings)
    settings = with_model_defaults(model, settings)
    choice = serving_files.choose(platform, model, base, engine, settings)
    if (existing := _find_fallback(connection, name, model, request)) is not None:
        return DeployResult(deployment=existing)
    memory = memory_need(platform, model, base, choice.engine, choice.settings)
    result = serving.deploy(
        connection,
        name,
        model,
        choice.loaded,
        engine=choice.engine,
        settings=choice.settings,
        memory=memory,
        request=request,
    )
    reason = f"{choice.engine}: {choice.reason}"
    if choice.reason and all(event.message != reason for event in result.deployment.events):
        tables.add_event(connection, name, "engine", reason)
        return result.model_copy(update={"deployment": serving.get_deployment(connection, name)})
    return result


def _find_fallback(
    connection: Connection, name: str, model: ModelVersion, request: DeploymentRequest
) -> Deployment | None:
    """Return the deployment if the same request was made before and the engine transformers serves it instead."""
    row = next(iter(tables.list_rows(connection, name=name)), None)
    if row is None or not row["request"] or row["state"] == "failed" or row["desired_state"] != "running":
        return None
    stored = DeploymentRequest(**row["request"]).model_copy(update={"by_alias": request.by_alias})
    is_same = stored == request and row["model"] == model.ref
    found = serving.get_deployment(connection, name) if is_same else None
    messages = [event.message for event in found.events if event.kind == "engine"] if found else []
    return found if any(ENGINE_FALLBACK in one or LEVEL_FALLBACK in one for one in messages) else None


def fall_back(platform: Platform, connection: Connection, deployment: Deployment, reason: str) -> bool:
    """Deploy a model with the engine transformers, because its files cannot be converted for llama.cpp.

    Returns False if the user requested llama.cpp or a quantization, or if no request is stored.
    """
    request = _stored_request(connection, deployment)
    if request is None or request.engine or request.settings.get("quantization"):
        return False
    model = registry.find(connection, deployment.model)
    base = base_model(connection, model)
    settings = with_model_defaults(model, read_settings(request.settings))
    engine = choose_engine(base)
    memory = memory_need(platform, model, base, engine, settings)
    serving.deploy(
        connection, deployment.name, model, base, engine=engine, settings=settings, memory=memory, request=request
    )
    tables.add_event(connection, deployment.name, "engine", f"{engine}: {ENGINE_FALLBACK}: {reason}")
    return True


def use_precise_level(platform: Platform, connection: Connection, deployment: Deployment, reason: str) -> bool:
    """Deploy a model at PRECISE_LEVEL, because the default quantization changes its answers too much.

    Returns False if the user requested the quantization, or if no request is stored.

    Raises: PreconditionFailed if no machine has the memory.
    """
    request = _stored_request(connection, deployment)
    if request is None or request.settings.get("quantization"):
        return False
    model = registry.find(connection, deployment.model)
    settings = with_model_defaults(model, read_settings({**request.settings, "quantization": PRECISE_LEVEL}))
    base = base_model(connection, model)
    choice = serving_files.choose(platform, model, base, request.engine, settings)
    memory = memory_need(platform, model, base, choice.engine, choice.settings)
    serving.deploy(
        connection,
        deployment.name,
        model,
        choice.loaded,
        engine=choice.engine,
        settings=choice.settings,
        memory=memory,
        request=request,
    )
    level = deployment.settings["quantization"]
    message = f"{choice.engine}: {LEVEL_FALLBACK} {level}, which changes the answers too much: {reason}"
    tables.add_event(connection, deployment.name, "engine", message)
    return True


def _stored_request(connection: Connection, deployment: Deployment) -> DeploymentRequest | None:
    """Return the request of a deployment. Returns None if it has none, or does not run this version any more."""
    row = tables.list_rows(connection, name=deployment.name)[0]
    current = (row["model"], row["engine_key"], row["desired_state"])
    if current != (deployment.model, deployment.engine_key, "running") or not row["request"]:
        return None
    return DeploymentRequest(**row["request"])


def check_deployable(
    platform: Platform, connection: Connection, model: ModelVersion, settings: DeploymentSettings
) -> ModelVersion:
    """Check that a model can be deployed with these settings, and return its base model.

    Raises: InvalidInput or NotFound with the reason.
    """
    if model.is_reward_model:
        raise InvalidInput(
            f"{model.ref} is a reward model: it returns scores and generates no text",
            "use it as the setting reward_model of the recipe grpo",
        )
    base = base_model(connection, model)
    if settings.cluster == "ray" and not platform.settings.ray_dashboard_url:
        raise InvalidInput(
            "cluster 'ray' is not configured on this server", "set ray_dashboard_url, for example http://10.0.0.7:8265"
        )
    check_evaluation(connection, model, settings.evaluate)
    return base


def supervise(platform: Platform, stop: threading.Event, application: str | None = None) -> None:
    """Supervise this machine's engines until `stop` is set. Runs in a thread of the worker.

    `application` is the Ray Serve application that runs this supervisor, on a node of a Ray cluster.
    """
    url, token = platform.settings.ray_dashboard_url, platform.settings.ray_token
    ray = RayCluster(url, token.get_secret_value() if token else None) if url and not application else None
    settings = SupervisorSettings(
        platform.settings.home_folder,
        threads=platform.settings.cpu_threads,
        machine=platform.settings.machine_name or engine_launcher.DEFAULT_MACHINE,
        address=platform.settings.engine_address,
        application=application,
    )
    serving.supervise(
        platform.database,
        lambda connection, version, ref: serving_files.find_folder(platform, connection, version, ref),
        settings,
        stop,
        ray,
    )


def read_log(platform: Platform, connection: Connection, name: str, lines: int, number: int | None = None) -> list[str]:
    """Return the last lines of the log of a deployment's replica, by default of its first one.

    The engine on another machine returns its log. After its end, the lines that its supervisor stored are returned.

    Raises: NotFound if there is no such replica.
    """
    engine_key = serving.get_deployment(connection, name).engine_key
    replicas = {row["number"]: row for row in replica_tables.list_replicas(connection, engine_key=engine_key)}
    if number is not None and number not in replicas:
        raise NotFound(f"deployment {name!r} has no replica {number}", f"list them with: vong serving replicas {name}")
    number = number or int(min(replicas, default=1))
    path = engine_launcher.engine_log_path(platform.settings.home_folder, engine_key, number)
    replica = replicas.get(number)
    here = platform.settings.machine_name or engine_launcher.DEFAULT_MACHINE
    if replica is None or replica["machine"] == here or (replica["machine"] is None and path.is_file()):
        return read_last_lines(path, lines)
    if replica["url"] and replica["pid"]:
        with suppress(UpstreamFailed, InvalidInput), EngineClient(replica["url"], replica["token"]) as client:
            return client.read_log(lines)
    log_end: str = replica["log_end"] or ""
    return log_end.splitlines()[-lines:]


def read_metrics(connection: Connection, name: str) -> str:
    """Return the metrics of the server that a deployment's engine runs.

    Raises: Unavailable while the deployment has no engine, InvalidInput if its engine runs no server.
    """
    serving.get_deployment(connection, name)
    address = engine_address(connection, name)
    if address is None:
        raise Unavailable(f"the deployment {name!r} has no running engine", f"see: vong serving show {name}")
    url, token, _ = address
    with EngineClient(url, token) as client:
        return client.metrics()
