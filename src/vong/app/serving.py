"""Serving connected to the registry, datasets and the trainer."""

import threading

from sqlalchemy import Connection

from vong import data, registry, serving
from vong.app import serving_files
from vong.app.platform import Platform
from vong.app.serving_memory import memory_need
from vong.errors import InvalidInput, NotFound, Unavailable
from vong.log_files import read_last_lines
from vong.records import Message, ModelVersion
from vong.records.deployment import DeployResult
from vong.serving import engine_launcher, tables
from vong.serving.engine_client import EngineClient
from vong.serving.engine_process import SupervisorSettings
from vong.serving.settings import DeploymentSettings
from vong.serving.views import engine_address, list_replicas

PARITY_SAMPLES = 4
"""Number of conversations that the parity check reads from the model's training dataset."""

FIXED_CONVERSATIONS: tuple[tuple[Message, ...], ...] = (
    (Message(role="user", content="Where is my order? It was due on Monday, and today is Thursday."),),
    (
        Message(role="system", content="Answer in one short sentence."),
        Message(role="user", content="Xin chào! Máy in của tôi không hoạt động nữa 😞"),
        Message(role="assistant", content="I am sorry. What does its display say?"),
        Message(role="user", content="Error E-07:\n\tpaper jam (tray 2)"),
    ),
)
"""Conversations used in every parity check: plain text; a system prompt, several turns, accents, symbols, tabs."""


def deploy(
    platform: Platform,
    connection: Connection,
    name: str,
    ref: str,
    *,
    engine: str | None = None,
    settings: DeploymentSettings | None = None,
) -> DeployResult:
    """Deploy a model version under a name, and queue the job that converts and checks its files if it needs one."""
    model = registry.find(connection, ref)
    if model.is_reward_model:
        raise InvalidInput(
            f"{model.ref} is a reward model: it returns scores and generates no text",
            "use it as the setting reward_model of the recipe grpo",
        )
    base = base_model(connection, model)
    choice = serving_files.choose(platform, model, base, engine, settings or DeploymentSettings())
    memory = memory_need(platform, model, base, choice.engine, choice.settings)
    result = serving.deploy(
        connection, name, model, choice.loaded, engine=choice.engine, settings=choice.settings, memory=memory
    )
    reason = f"{choice.engine}: {choice.reason}"
    if choice.reason and all(event.message != reason for event in result.deployment.events):
        tables.add_event(connection, name, "engine", reason)
        return result.model_copy(update={"deployment": serving.get_deployment(connection, name)})
    return result


def supervise(platform: Platform, stop: threading.Event) -> None:
    """Supervise this machine's engines until `stop` is set. Runs in a thread of the worker."""
    settings = SupervisorSettings(
        platform.settings.home_folder,
        threads=platform.settings.cpu_threads,
        machine=platform.settings.machine_name or engine_launcher.DEFAULT_MACHINE,
        address=platform.settings.engine_address,
    )
    serving.supervise(
        platform.database,
        lambda connection, version, ref: serving_files.find_folder(platform, connection, version, ref),
        settings,
        stop,
    )


def read_log(platform: Platform, connection: Connection, name: str, lines: int, number: int | None = None) -> list[str]:
    """Return the last lines of the log of a deployment's replica, by default of its first one.

    Raises: NotFound if there is no such replica, Unavailable if its log is on another machine.
    """
    engine_key = serving.get_deployment(connection, name).engine_key
    replicas = {one.number: one for one in list_replicas(connection, name) if one.engine_key == engine_key}
    if number is not None and number not in replicas:
        raise NotFound(f"deployment {name!r} has no replica {number}", f"list them with: vong serving replicas {name}")
    number = number or min(replicas, default=1)
    path = engine_launcher.engine_log_path(platform.settings.home_folder, engine_key, number)
    machine = replicas[number].machine if number in replicas else None
    here = platform.settings.machine_name or engine_launcher.DEFAULT_MACHINE
    if machine not in (None, here) and not path.is_file():
        raise Unavailable(
            f"replica {number} of {name!r} runs on machine {machine!r}, whose files this server cannot read",
            f"read logs/{path.name} in the home folder of that machine",
        )
    return read_last_lines(path, lines)


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


def find_reference(connection: Connection, model: ModelVersion) -> ModelVersion:
    """Return the version that the trainer can compute: of a compressed version, the version it was made from."""
    while model.metadata.get("compression") and model.base:
        model = registry.find(connection, model.base)
    return model


def base_model(connection: Connection, model: ModelVersion) -> ModelVersion:
    """Return the base model of an adapter, through any number of adapters, or the model itself."""
    while model.kind == "adapter":
        if model.base is None:
            raise NotFound(f"the adapter {model.ref!r} has no base model", "register it with its base")
        model = registry.find(connection, model.base)
    return model


def sample_conversations(platform: Platform, connection: Connection, model: ModelVersion) -> list[tuple[Message, ...]]:
    """Return the first conversations of the model's training dataset."""
    if model.dataset is None:
        return []
    try:
        version = data.find(connection, model.dataset)
    except NotFound:
        return []
    conversations: list[tuple[Message, ...]] = []
    for example in data.read(platform.blobs, version):
        conversations.append(example.messages)
        if len(conversations) == PARITY_SAMPLES:
            break
    return conversations
