"""Desired state of deployments: deploy, stop, restart and wake. The supervisors of all machines apply it."""

from typing import Any
from uuid import UUID

from sqlalchemy import Connection, RowMapping

from vong import jobs
from vong.errors import Conflict, InvalidInput
from vong.records import Deployment, Job, ModelVersion, new_id, now
from vong.records.deployment import DeployResult
from vong.records.name import check_name
from vong.serving import replica_tables, tables
from vong.serving.embedding_parity import has_reference
from vong.serving.engine_choice import LLAMACPP, check_engine, choose_engine
from vong.serving.memory_plan import MemoryNeed, check_memory
from vong.serving.settings import DeploymentRequest, DeploymentSettings, read_settings
from vong.serving.versions import active_version, version_values
from vong.serving.views import get_deployment

PARITY_JOB = "serving.parity"


def deploy(
    connection: Connection,
    name: str,
    model: ModelVersion,
    base: ModelVersion,
    *,
    engine: str | None = None,
    settings: DeploymentSettings | None = None,
    memory: MemoryNeed | None = None,
    request: DeploymentRequest | None = None,
) -> DeployResult:
    """Deploy a model under a name. A repeated request for a running deployment changes nothing.

    `base` is the version whose files the engine loads at start: the base model of an adapter, else the model itself.
    The returned job converts safetensors if `quantization` is set, and performs the parity check. A tuned model is
    served after its parity check. A different model under an existing name replaces the served one, which continues to
    answer until the new one is ready. `memory` is what a replica needs, if that is known. `request` is stored, so that
    an alias in it is followed.

    Raises: NotFound if the engine is unknown; InvalidInput if the name is invalid or the engine cannot serve the model;
    PreconditionFailed if no machine has the memory.
    """
    settings = settings or DeploymentSettings()
    check_name(name, "deployment")
    engine = engine or choose_engine(base)
    check_engine(engine, model, base, settings.engine_options, is_remote=settings.cluster == "ray")
    if engine == LLAMACPP and base.format != "gguf" and not settings.quantization:
        raise InvalidInput(f"engine xllamacpp serves GGUF, but {base.ref} is {base.format}", "set quantization")
    if settings.chat_template and base.format != "gguf":
        raise InvalidInput(f"chat_template applies to GGUF models, but {base.ref} is {base.format}", "omit it")
    existing = next(iter(tables.list_rows(connection, name=name)), None)
    engine_key = settings.engine_key(base.hash, engine)
    if existing and _serves(existing, model.ref, engine_key):
        job = _change_settings(connection, existing, settings, request)
        return DeployResult(deployment=get_deployment(connection, name), job=job)
    is_on_ray = settings.cluster == "ray"
    plan = check_memory(connection, engine_key, engine, memory, is_on_ray=is_on_ray) if memory else None
    parity = _skipped_parity(model, settings)
    version = {
        "model": model.ref,
        "base": base.ref,
        "engine": engine,
        "engine_key": engine_key,
        "settings": settings.model_dump(),
        "parity": parity,
        "job": _new_job_id(parity, settings),
        "dataset": model.dataset,
        "request": request and request.model_dump(),
    }
    job = _start_version(connection, name, existing, version)
    tables.upsert_engine(connection, engine_key, sleeping=False, used_at=now(), plan=memory.to_json() if memory else {})
    return DeployResult(deployment=get_deployment(connection, name), job=job, plan=plan)


def _start_version(
    connection: Connection, name: str, existing: RowMapping | None, version: dict[str, Any]
) -> Job | None:
    """Store the new version of a deployment, next to the one that answers calls, and queue its parity check."""
    previous = _previous_values(existing) if existing else None
    if previous and (previous["model"], previous["engine_key"]) == (version["model"], version["engine_key"]):
        version |= {"parity": previous["parity"], "job": previous["job"] and UUID(previous["job"])}
        job_id = None  # the version that still answers has passed its check
    else:
        job_id = version["job"]
    timestamp = now()
    state: dict[str, Any] = {"desired_state": "running", "state": "pending", "reason": None, "previous": previous}
    state["alias_failure"] = None
    row = {"name": name, **version, **state, "created_at": timestamp, "updated_at": timestamp}
    tables.upsert_deployment(connection, row)
    if previous:
        is_same = previous["model"] == version["model"]
        message = "new engine settings" if is_same else f"replaces {previous['model']} by {version['model']}"
        tables.add_event(connection, name, "update", f"{message}; the previous version answers until then")
    return _submit_parity_check(connection, name, version["model"], job_id)


def stop(connection: Connection, name: str) -> Deployment:
    """Stop a deployment. New requests no longer reach it; its engines end if no other deployment uses them."""
    get_deployment(connection, name)
    tables.update_deployment(
        connection, name, desired_state="stopped", state="stopped", reason=None, previous=None, updated_at=now()
    )
    return get_deployment(connection, name)


def restart(connection: Connection, name: str) -> DeployResult:
    """Restart the replicas of a deployment and reset their failures. All deployments in these processes restart.

    A parity check that failed or did not end is repeated, and a version of the alias that failed is tried again.

    Raises: Conflict if the deployment is stopped.
    """
    deployment = get_deployment(connection, name)
    if deployment.desired_state == "stopped":
        raise Conflict(f"deployment {name!r} is stopped", f"start it with: vong serving deploy {name} --model REF")
    passed = is_parity_passed(deployment.parity)
    parity = deployment.parity if passed else None
    job_id = _new_job_id(parity, read_settings(deployment.settings))
    tables.update_desired_deployment(
        connection, name, state="pending", reason=None, parity=parity, job=job_id, alias_failure=None, updated_at=now()
    )
    tables.upsert_engine(connection, deployment.engine_key, sleeping=False, used_at=now())
    replica_tables.update_replicas(
        connection, deployment.engine_key, restart=True, restarts=0, failures=[], retry_at=None
    )
    return DeployResult(
        deployment=get_deployment(connection, name),
        job=_submit_parity_check(connection, name, deployment.model, job_id),
    )


def wake(connection: Connection, name: str) -> None:
    """Start the engines of a sleeping deployment. A deployment in another state is not changed."""
    row = next(iter(tables.list_rows(connection, name=name)), None)
    if row is None or row["desired_state"] != "running" or row["state"] != "sleeping":
        return
    tables.upsert_engine(connection, row["engine_key"], sleeping=False, used_at=now())
    tables.update_desired_deployment(connection, name, state="starting", reason=None, updated_at=now())
    tables.add_event(connection, name, "wake", "a call has arrived")


def record_parity(connection: Connection, name: str, model: str, report: dict[str, Any]) -> Deployment:
    """Record the result of a parity check: the deployment becomes ready, or failed with the reason.

    After a failed check the previous version continues to answer. A deployment that was stopped or serves a different
    model meanwhile is not changed.
    """
    passed = is_parity_passed(report)
    values: dict[str, Any] = {"parity": report, "updated_at": now(), "state": "ready" if passed else "failed"}
    values["reason"] = None if passed else f"parity check failed: {report.get('reason')}"
    if passed:
        values["previous"] = None
    tables.update_desired_deployment(connection, name, model=model, **values)
    return get_deployment(connection, name)


def record_scores(connection: Connection, name: str, model: str, scores: dict[str, Any]) -> None:
    """Record the scores of a deployment with its parity check, unless it serves a different model meanwhile."""
    row = next(iter(tables.list_rows(connection, name=name)), None)
    if row is not None and row["model"] == model and row["parity"]:
        tables.update_desired_deployment(
            connection, name, model=model, parity={**row["parity"], "scores": scores}, updated_at=now()
        )


def is_parity_passed(parity: dict[str, Any] | None) -> bool:
    """Return whether a stored parity result allows serving."""
    return bool(parity and (parity.get("equal") or "skipped" in parity))


def _serves(row: RowMapping, model: str, engine_key: str) -> bool:
    """Return True if a deployment serves this model already, or is about to."""
    found = (row["model"], row["engine_key"], row["desired_state"])
    return found == (model, engine_key, "running") and row["state"] != "failed"


def _change_settings(
    connection: Connection, row: RowMapping, settings: DeploymentSettings, request: DeploymentRequest | None
) -> Job | None:
    """Change the settings that no engine depends on: number of replicas, sleep, scaling, and the followed alias.

    Returns the job of an evaluation that was added.
    """
    values: dict[str, Any] = {"settings": settings.model_dump(), "request": request and request.model_dump()}
    stored = read_settings(row["settings"])
    if stored == settings and row["request"] == values["request"]:
        return None
    if row["request"] != values["request"]:
        values["alias_failure"] = None
    is_scored = settings.evaluate and settings.evaluate != stored.evaluate and is_parity_passed(row["parity"])
    job_id = new_id() if is_scored else None
    values |= {"job": job_id} if job_id else {}
    tables.update_desired_deployment(connection, row["name"], **values, updated_at=now())
    return _submit_parity_check(connection, row["name"], row["model"], job_id)


def _previous_values(row: RowMapping) -> dict[str, Any] | None:
    """Return the version that answers calls while the next one is prepared."""
    version = active_version(row)
    if version is None:
        return None
    return row["previous"] if version.is_previous else version_values(row)


def _new_job_id(parity: dict[str, Any] | None, settings: DeploymentSettings) -> UUID | None:
    """Return an id for the job that converts, checks and scores the model, if there is anything to do."""
    return new_id() if parity is None or settings.quantization or settings.evaluate else None


def _skipped_parity(model: ModelVersion, settings: DeploymentSettings) -> dict[str, Any] | None:
    if settings.parity == "skip":
        return {"skipped": "disabled in the settings of the deployment"}
    if model.embedding_task:
        return None if has_reference(model) else {"skipped": "the model has no safetensors to compare with"}
    if model.kind == "base" and not settings.quantization:
        return {"skipped": "a base model has no trainer to compare with"}
    return None


def _submit_parity_check(connection: Connection, name: str, model: str, id: UUID | None) -> Job | None:
    if id is None:
        return None
    return jobs.submit(connection, PARITY_JOB, {"deployment": name, "model": model}, id=id)
