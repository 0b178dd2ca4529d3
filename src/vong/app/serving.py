"""Serving connected to the registry, datasets and the trainer."""

import threading
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from sqlalchemy import Connection

from vong import data, registry, serving
from vong.app.platform import Platform
from vong.app.registry import model_folder
from vong.errors import InvalidInput, NotFound, PreconditionFailed, Unavailable
from vong.jobs import JobContext
from vong.log_files import read_last_lines
from vong.records import Deployment, Message, ModelVersion
from vong.records.deployment import DeployResult
from vong.serving import engine_launcher
from vong.serving import parity as check
from vong.serving.deployments import DeploymentSettings
from vong.serving.deployments import engine_address as address_of
from vong.serving.engine_client import EngineClient
from vong.serving.engine_process import SupervisorSettings

PARITY_POSITIONS = 48
"""Number of positions at the end of each conversation that the parity check compares."""
PARITY_SAMPLES = 4
"""Number of conversations that the parity check reads from the model's training dataset."""
ENGINE_READY_TIMEOUT_SECONDS = 1800.0
"""Seconds that the parity check waits for the engine to load the model."""

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
    connection: Connection,
    name: str,
    ref: str,
    *,
    engine: str | None = None,
    settings: DeploymentSettings | None = None,
) -> DeployResult:
    """Deploy a model version under a name. The parity check of a tuned model is queued with it."""
    model = registry.find(connection, ref)
    if model.is_reward_model:
        raise InvalidInput(
            f"{model.ref} is a reward model: it returns scores and generates no text",
            "use it as the setting reward_model of the recipe grpo",
        )
    return serving.deploy(connection, name, model, base_model(connection, model), engine=engine, settings=settings)


def supervise(platform: Platform, stop: threading.Event) -> None:
    """Reconcile this machine's engines until `stop` is set. Runs in a thread of the worker."""
    settings = SupervisorSettings(platform.settings.home_folder, threads=platform.settings.cpu_threads)
    serving.supervise(
        platform.database, lambda connection, ref: model_folder(platform, connection, ref), settings, stop
    )


def read_log(platform: Platform, connection: Connection, name: str, lines: int) -> list[str]:
    """Return the last lines of the log of a deployment's engine."""
    group = serving.get_deployment(connection, name).engine_key
    return read_last_lines(engine_launcher.engine_log_path(platform.settings.home_folder, group), lines)


def parity(job: JobContext, platform: Platform) -> dict[str, Any]:
    """Run the job `serving.parity`: compare trainer and engine, and record whether the model may serve."""
    name, ref = str(job.params["deployment"]), str(job.params["model"])
    with platform.scope(job.project_id) as connection:
        model = registry.find(connection, ref)
        reference = find_reference(connection, model)
        base = base_model(connection, reference)
        folder = model_folder(platform, connection, base.ref)
        adapter = model_folder(platform, connection, reference.ref) if reference.kind == "adapter" else None
        conversations = [*sample_conversations(platform, connection, model), *FIXED_CONVERSATIONS]
    job.progress(0, 2, unit="sides", message="computing with the trainer")
    expected = _reference_logprobs(folder, adapter, conversations)
    job.progress(1, 2, unit="sides", message="computing with the engine")
    with _wait_for_engine(job, platform, name, ref) as remote:
        observed = check.observe_engine(remote, name, conversations, PARITY_POSITIONS)
        report = check.compare(expected, observed, remote.health()["precision"])
    result = report.model_copy(update={"model": ref}).model_dump(mode="json", exclude_none=True)
    with platform.scope(job.project_id) as connection:
        serving.record_parity(connection, name, ref, result)
    outcome = "equal" if report.equal else f"not equal: {report.reason}"
    job.log(f"{report.conversations} conversations, {report.positions} positions, {report.precision}: {outcome}")
    job.progress(2, 2, unit="sides", message=outcome)
    return result


def _wait_for_engine(job: JobContext, platform: Platform, name: str, ref: str) -> EngineClient:
    """Wait until the deployment's engine has loaded the model and return its client.

    Raises: Unavailable after ENGINE_READY_TIMEOUT_SECONDS.
    """
    deadline = time.monotonic() + ENGINE_READY_TIMEOUT_SECONDS
    while time.monotonic() < deadline:
        job.check()
        with platform.scope(job.project_id) as connection:
            deployment = serving.get_deployment(connection, name)
            address = address_of(connection, name)
        _check_deployment_current(deployment, ref)
        if address and deployment.state in {"checking", "ready"}:
            return EngineClient(*address)
        time.sleep(0.3)
    raise Unavailable(f"the engine of {name!r} did not load the model", f"see: vong serving logs {name}")


def _check_deployment_current(deployment: Deployment, ref: str) -> None:
    """Raise PreconditionFailed if the deployment no longer waits for this check."""
    if deployment.desired_state != "running" or deployment.model != ref or deployment.state == "failed":
        reason = deployment.reason or f"it is {deployment.state} and serves {deployment.model}"
        raise PreconditionFailed(
            f"the deployment {deployment.name!r} does not wait for this check: {reason}", "deploy it again"
        )


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


def _reference_logprobs(
    folder: Path, adapter: Path | None, conversations: Sequence[Sequence[Message]]
) -> list[check.TokenLogprobs]:
    """Return the trainer's token ids and log-probabilities of each conversation."""
    from vong.training.parity_reference import compute_reference

    observed = compute_reference(folder, adapter, conversations, positions=PARITY_POSITIONS, max_tokens=1)
    return [check.TokenLogprobs(ids=tuple(values["ids"]), logprobs=tuple(values["logprobs"])) for values in observed]
