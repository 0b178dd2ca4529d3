"""Job of a deployment: conversion of its files for llama.cpp, and the parity check of engine and trainer."""

import json
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

from vong import registry, serving
from vong.app import serving as serving_app
from vong.app import serving_files, serving_scores
from vong.app.parity_inputs import FIXED_CONVERSATIONS, find_reference, sample_conversations
from vong.app.platform import Platform
from vong.app.registry import base_model, model_folder
from vong.errors import JobCancelled, MissingExtra, PreconditionFailed, Unavailable, VongError
from vong.jobs import JobContext
from vong.records import Deployment, Message, ModelVersion, now
from vong.serving import embedding_parity, tables
from vong.serving import parity as check
from vong.serving.deployments import is_parity_passed, record_scores
from vong.serving.engine_client import EngineClient
from vong.serving.settings import read_settings
from vong.serving.versions import desired_version
from vong.serving.views import engine_address
from vong.training.export.gguf_export.quantization import FLOAT_TYPES, LEVELS

POSITIONS = 48
"""Number of positions at the end of each conversation that the parity check compares."""
GREEDY_TOKENS = 24
"""Tokens that trainer and engine generate greedily after each conversation."""
ENGINE_READY_TIMEOUT_SECONDS = 1800.0
"""Seconds that the parity check waits for the engine to load the model."""
PRECISION_BYTES = {"float16": 2, "bfloat16": 2}


class Reference(NamedTuple):
    """Model that the trainer computes: the folders of its base and adapter, and the prompts."""

    version: ModelVersion
    folder: Path
    adapter: Path | None
    prompts: Sequence[check.Prompt]


def parity(job: JobContext, platform: Platform) -> dict[str, Any]:
    """Run the job `serving.parity`: convert the model for the engine if needed, compare engine and trainer, and record
    if the model may serve.
    """
    name, ref = str(job.params["deployment"]), str(job.params["model"])
    deployment = _convert(job, platform, name, ref)
    if deployment is None:
        return {"skipped": "the engine transformers serves the model, and has its own check"}
    result = deployment.parity if is_parity_passed(deployment.parity) else _check(job, platform, deployment)
    if result and is_parity_passed(result):
        return _score(job, platform, deployment, result)
    return result or {}


def _check(job: JobContext, platform: Platform, deployment: Deployment) -> dict[str, Any]:
    """Compare engine and trainer, record the result and return it."""
    name, ref = deployment.name, deployment.model
    reference = _find_reference(job, platform, ref)
    result: dict[str, Any]
    if reference.version.embedding_task:
        result = _compare_embeddings(job, platform, deployment, reference)
    elif reference.version.kind == "base" and (lack := _find_memory_lack(reference)):
        result = {"skipped": lack, "model": ref, "checked_at": now().isoformat()}
        job.log(f"not compared: {lack}")
    else:
        result = _compare(job, platform, deployment, reference)
    if improve_precision(job, platform, deployment, result):
        return result
    with platform.scope(job.project_id) as connection:
        serving.record_parity(connection, name, ref, result)
    return result


def improve_precision(job: JobContext, platform: Platform, deployment: Deployment, result: dict[str, Any]) -> bool:
    """Deploy a model at a precise level if its quantization failed the check. Returns True if that was started.

    If the user chose the level, the reason in `result` names the level to choose instead.
    """
    level, precise = deployment.settings.get("quantization"), serving_app.PRECISE_LEVEL
    has_equal_tokens = (result.get("mismatch") or {}).get("kind") == "logprobs"
    if not has_equal_tokens or level not in LEVELS or LEVELS[level].type in FLOAT_TYPES:
        return False
    try:
        with platform.scope(job.project_id) as connection:
            if serving_app.use_precise_level(platform, connection, deployment, result["reason"]):
                job.log(f"{level} changes the answers too much; deploying the model at {precise}")
                return True
    except VongError as error:
        job.log(f"the model cannot be served at {precise}: {error}")
    result["reason"] += f" (the quantization {level} loses too much: set quantization {precise})"
    return False


def _score(job: JobContext, platform: Platform, deployment: Deployment, result: dict[str, Any]) -> dict[str, Any]:
    """Score the deployed engine and its reference, if the settings name an evaluation, and return the whole report."""
    wanted = read_settings(deployment.settings).evaluate
    if wanted is None:
        return result
    with platform.scope(job.project_id) as connection:
        model = registry.find(connection, deployment.model)
    client, served_name = _wait_for_engine(job, platform, deployment.name, deployment.model)
    with client:
        scores = serving_scores.measure_scores(job, platform, model, wanted, (client, served_name))
    with platform.scope(job.project_id) as connection:
        record_scores(connection, deployment.name, deployment.model, scores)
    return {**result, "scores": scores}


def _has_template(folder: Path) -> bool:
    """Return True if the tokenizer of a model has a chat template. Without one, continuations of texts are compared."""
    from vong.training.models.model_loading import load_tokenizer

    return bool(load_tokenizer(folder, needs_template=False).chat_template)


def _last_text(conversation: Sequence[Message]) -> str:
    """Return the text of the last message that has one."""
    return next((message.text for message in reversed(conversation) if message.text.strip()), "Hello")


def _convert(job: JobContext, platform: Platform, name: str, ref: str) -> Deployment | None:
    """Convert the files that the deployment's engine loads, and return the deployment.

    Returns None after a failed conversion if the engine transformers serves the model instead. It does not if the
    deployment requested llama.cpp or a quantization: then the deployment fails with the reason.
    """
    with platform.scope(job.project_id) as connection:
        deployment = serving.get_deployment(connection, name)
        _check_deployment_current(deployment, ref)
        version = desired_version(tables.list_rows(connection, name=name)[0])
        model, loaded = registry.find(connection, ref), registry.find(connection, version.base)
    try:
        serving_files.convert(job, platform, serving_files.list_files(version, model, loaded))
    except JobCancelled:
        raise
    except (VongError, LookupError, TypeError, ValueError) as error:  # of a tokenizer that the converter does not know
        with platform.scope(job.project_id) as connection:
            if serving_app.fall_back(platform, connection, deployment, str(error)):
                job.log(f"llama.cpp cannot load the model: {error}; the engine transformers serves it")
                return None
            reason = f"the model cannot be converted for llama.cpp: {error}; or deploy it with --engine transformers"
            tables.update_desired_deployment(
                connection, name, model=ref, state="failed", reason=reason, updated_at=now()
            )
        raise
    return deployment


def _find_reference(job: JobContext, platform: Platform, ref: str) -> Reference:
    with platform.scope(job.project_id) as connection:
        model = registry.find(connection, ref)
        version = find_reference(connection, model)
        base = base_model(connection, version)
        folder = model_folder(platform, connection, base.ref)
        adapter = model_folder(platform, connection, version.ref) if version.kind == "adapter" else None
        conversations = [*sample_conversations(platform, connection, model), *FIXED_CONVERSATIONS]
    if version.embedding_task is None and version.kind == "base" and not _has_template(folder):
        return Reference(version, folder, adapter, [_last_text(conversation) for conversation in conversations])
    return Reference(version, folder, adapter, conversations)


def _compare(job: JobContext, platform: Platform, deployment: Deployment, reference: Reference) -> dict[str, Any]:
    """Return the report of the comparison."""
    job.progress(0, 2, unit="sides", message="computing with the trainer")
    expected, greedy = _compute_reference(reference)
    job.progress(1, 2, unit="sides", message="computing with the engine")
    remote, served_name = _wait_for_engine(job, platform, deployment.name, deployment.model)
    with remote:
        observed = check.observe_engine(remote, served_name, reference.prompts, POSITIONS)
        precision = remote.health()["precision"]
        report = check.compare(expected, observed, precision)
        if precision == "quantised":
            cost = check.measure_quantization(expected, observed)
            texts = check.observe_greedy(remote, served_name, reference.prompts, GREEDY_TOKENS)
            report = report.model_copy(update={"quantization": cost and cost.with_texts(greedy, texts)})
    outcome = "equal" if report.equal else f"not equal: {report.reason}"
    job.log(f"{report.conversations} conversations, {report.positions} positions, {report.precision}: {outcome}")
    if report.quantization:
        job.log(report.quantization.summary)
    job.progress(2, 2, unit="sides", message=outcome)
    return report.model_copy(update={"model": deployment.model}).model_dump(mode="json", exclude_none=True)


def _compare_embeddings(
    job: JobContext, platform: Platform, deployment: Deployment, reference: Reference
) -> dict[str, Any]:
    """Return the report of the comparison of an embedding model or a reranker with transformers."""
    remote, served_name = _wait_for_engine(job, platform, deployment.name, deployment.model)
    with remote:
        job.progress(0, 1, unit="sides", message="comparing with transformers")
        try:
            report = embedding_parity.check_engine(reference.folder, remote, served_name)
        except MissingExtra as error:
            return {"skipped": str(error), "model": deployment.model, "checked_at": now().isoformat()}
    outcome = "equal" if report.equal else f"not equal: {report.reason}"
    job.log(f"{report.texts} texts: {outcome}")
    job.progress(1, 1, unit="sides", message=outcome)
    return report.model_copy(update={"model": deployment.model}).model_dump(mode="json", exclude_none=True)


def _compute_reference(reference: Reference) -> tuple[list[check.TokenLogprobs], list[str]]:
    """Return the trainer's token ids and log-probabilities of each conversation, and its greedy continuation."""
    from vong.training.export.parity_reference import compute_reference

    computed = compute_reference(
        reference.folder, reference.adapter, reference.prompts, positions=POSITIONS, max_tokens=GREEDY_TOKENS
    )
    logprobs = [check.TokenLogprobs(ids=tuple(one["ids"]), logprobs=tuple(one["logprobs"])) for one in computed]
    return logprobs, [one["greedy"] for one in computed]


def _find_memory_lack(reference: Reference) -> str | None:
    """Return why the trainer cannot compute a base model on this machine, or None if it can.

    The trainer computes in fp32, so that a large model may fit into an engine but not into the trainer.
    """
    import psutil

    stored = sum(path.stat().st_size for path in reference.folder.glob("*.safetensors"))
    config = json.loads((reference.folder / "config.json").read_text(encoding="utf-8"))
    needed = stored * 4 // PRECISION_BYTES.get(str(config.get("dtype") or config.get("torch_dtype")), 4)
    available = psutil.virtual_memory().available
    if needed < available:
        return None
    return f"comparing with the unquantized model needs {needed / 1e9:.1f} GB, and {available / 1e9:.1f} GB are free"


def _wait_for_engine(job: JobContext, platform: Platform, name: str, ref: str) -> tuple[EngineClient, str]:
    """Wait until a replica has loaded the model. Return its client and the name under which it serves the model.

    Raises: Unavailable after ENGINE_READY_TIMEOUT_SECONDS.
    """
    deadline = time.monotonic() + ENGINE_READY_TIMEOUT_SECONDS
    while time.monotonic() < deadline:
        job.check()
        with platform.scope(job.project_id) as connection:
            deployment = serving.get_deployment(connection, name)
            address = engine_address(connection, name)
        _check_deployment_current(deployment, ref)
        if address is not None:
            url, token, served_name = address
            return EngineClient(url, token), served_name
        time.sleep(0.3)
    raise Unavailable(f"the engine of {name!r} did not load the model", f"see: vong serving logs {name}")


def _check_deployment_current(deployment: Deployment, ref: str) -> None:
    """Raise PreconditionFailed if the deployment no longer waits for this check."""
    if deployment.desired_state != "running" or deployment.model != ref or deployment.state == "failed":
        reason = deployment.reason or f"it is {deployment.state} and serves {deployment.model}"
        raise PreconditionFailed(
            f"the deployment {deployment.name!r} does not wait for this check: {reason}", "deploy it again"
        )
