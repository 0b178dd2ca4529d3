"""Desired state of deployments: deploy, list, stop and restart. The reconciler applies it."""

from dataclasses import fields
from typing import Any, Literal, NamedTuple
from uuid import UUID

from sqlalchemy import Connection, RowMapping

from vong import jobs, plugins
from vong.errors import Conflict, InvalidInput, NotFound, did_you_mean
from vong.records import Deployment, Job, ModelVersion, Record, content_hash, new_id, now
from vong.records.deployment import DeployResult
from vong.records.name import check_name
from vong.serving import tables
from vong.serving.engine import EngineSettings

PARITY_JOB = "serving.parity"
ENGINE_FIELDS = {field.name for field in fields(EngineSettings)}


class DeploymentSettings(Record):
    """Settings of a deployment. Zero selects the engine's default.

    `threads`: CPU threads. `context`: tokens of prompt and completion together. `batch`: sequences that are decoded
    concurrently. `prefix_bytes`: memory of the cache of shared prompt prefixes. `parity`: `required`, or `skip` to
    serve a tuned model without the parity check, which is recorded.
    """

    threads: int = 0
    context: int = 0
    batch: int = 8
    prefix_bytes: int = 256_000_000
    parity: Literal["required", "skip"] = "required"


class ReadyDeployment(NamedTuple):
    """Ready deployment: its OpenAI-compatible `url` (with `/v1`), its bearer token and its model."""

    project_id: UUID
    name: str
    url: str
    token: str
    model: str
    dataset: str | None


def deploy(
    connection: Connection,
    name: str,
    model: ModelVersion,
    base: ModelVersion,
    *,
    engine: str | None = None,
    settings: DeploymentSettings | None = None,
) -> DeployResult:
    """Deploy a model under a name. A repeated request for a running deployment changes nothing.

    `base` is the base model of an adapter, else the model itself. A tuned model is served after its parity check, which
    the returned job performs. A different model under an existing name replaces the served one.

    Raises: NotFound if the engine is unknown; InvalidInput if the name is invalid or the engine cannot serve the model.
    """
    settings = settings or DeploymentSettings()
    check_name(name, "deployment")
    engine = engine or ("xllamacpp" if base.format == "gguf" else "transformers")
    _check_engine_exists(engine)
    _check_format(engine, model, base)
    existing = tables.list_with_engines(connection, name=name)
    setting_values = settings.model_dump()
    if existing and _is_unchanged(existing[0], model.ref, engine, setting_values):
        return DeployResult(deployment=_to_deployment(existing[0]))
    parity = _skipped_parity(model, settings)
    job_id = None if parity else new_id()
    engine_settings = {field: value for field, value in setting_values.items() if field in ENGINE_FIELDS}
    timestamp = now()
    tables.upsert_deployment(
        connection,
        {
            "name": name,
            "model": model.ref,
            "base": base.ref,
            "engine": engine,
            "engine_key": f"{base.hash[:12]}-{engine}-{content_hash(engine_settings)[:8]}",
            "desired_state": "running",
            "state": "pending",
            "reason": None,
            "settings": setting_values,
            "parity": parity,
            "job": job_id,
            "dataset": model.dataset,
            "created_at": timestamp,
            "updated_at": timestamp,
        },
    )
    return DeployResult(
        deployment=get_deployment(connection, name), job=_submit_parity_check(connection, name, model.ref, job_id)
    )


def get_deployment(connection: Connection, name: str) -> Deployment:
    """Return a deployment by its name.

    Raises: NotFound if the project has no such deployment.
    """
    rows = tables.list_with_engines(connection, name=name)
    if not rows:
        names = [row["name"] for row in tables.list_with_engines(connection)]
        raise NotFound(f"no deployment named {name!r}", did_you_mean(name, names, "vong serving list"))
    return _to_deployment(rows[0])


def list_deployments(connection: Connection, *, after: str = "", limit: int = 50) -> list[Deployment]:
    """Return deployments by name, beginning after `after`."""
    return [_to_deployment(row) for row in tables.list_with_engines(connection, after=after, limit=limit)]


def stop(connection: Connection, name: str) -> Deployment:
    """Stop a deployment. New requests no longer reach it; its engine process ends if no other deployment uses it."""
    get_deployment(connection, name)
    tables.update_deployment(connection, name, desired_state="stopped", state="stopped", reason=None, updated_at=now())
    return get_deployment(connection, name)


def restart(connection: Connection, name: str) -> DeployResult:
    """Restart the engine process of a deployment and reset its failures. All deployments in the process restart.

    A parity check that failed or did not end is repeated.

    Raises: Conflict if the deployment is stopped.
    """
    deployment = get_deployment(connection, name)
    if deployment.desired_state == "stopped":
        raise Conflict(f"deployment {name!r} is stopped", f"start it with: vong serving deploy {name} --model REF")
    passed = is_parity_passed(deployment.parity)
    job_id = None if passed else new_id()
    parity = deployment.parity if passed else None
    tables.update_desired_deployment(
        connection, name, state="pending", reason=None, parity=parity, job=job_id, updated_at=now()
    )
    tables.upsert_engine(connection, deployment.engine_key, restart=True, restarts=0, failures=[], retry_at=None)
    return DeployResult(
        deployment=get_deployment(connection, name),
        job=_submit_parity_check(connection, name, deployment.model, job_id),
    )


def list_ready_deployments(connection: Connection) -> list[ReadyDeployment]:
    """Return the ready deployments of the project, or of all projects on the owner's connection."""
    return [
        ReadyDeployment(row["project_id"], row["name"], f"{row['url']}/v1", row["token"], row["model"], row["dataset"])
        for row in tables.list_ready(connection)
    ]


def engine_address(connection: Connection, name: str) -> tuple[str, str] | None:
    """Return URL and token of a deployment's engine process. Returns None while there is none."""
    row = next(iter(tables.list_with_engines(connection, name=name)), None)
    return (row["url"], row["token"]) if row and row["url"] else None


def record_parity(connection: Connection, name: str, model: str, report: dict[str, Any]) -> Deployment:
    """Record the result of a parity check: the deployment becomes ready, or failed with the reason.

    A deployment that was stopped or serves a different model meanwhile is not changed.
    """
    passed = is_parity_passed(report)
    values: dict[str, Any] = {"parity": report, "updated_at": now(), "state": "ready" if passed else "failed"}
    values["reason"] = None if passed else f"parity check failed: {report.get('reason')}"
    tables.update_desired_deployment(connection, name, model=model, **values)
    return get_deployment(connection, name)


def is_parity_passed(parity: dict[str, Any] | None) -> bool:
    """Return whether a stored parity result allows serving."""
    return bool(parity and (parity.get("equal") or "skipped" in parity))


def _to_deployment(row: RowMapping) -> Deployment:
    values = {name: row[name] for name in Deployment.model_fields if name in row}
    return Deployment.model_validate({**values, "restarts": row["restarts"] or 0})


def _is_unchanged(row: RowMapping, model: str, engine: str, settings: dict[str, Any]) -> bool:
    requested = (model, engine, settings, "running")
    return (row["model"], row["engine"], row["settings"], row["desired_state"]) == requested and row[
        "state"
    ] != "failed"


def _skipped_parity(model: ModelVersion, settings: DeploymentSettings) -> dict[str, Any] | None:
    if model.kind == "base":
        return {"skipped": "a base model has no trainer to compare with"}
    if settings.parity == "skip":
        return {"skipped": "disabled in the settings of the deployment"}
    return None


def _submit_parity_check(connection: Connection, name: str, model: str, id: UUID | None) -> Job | None:
    if id is None:
        return None
    return jobs.submit(connection, PARITY_JOB, {"deployment": name, "model": model}, id=id)


def _check_engine_exists(engine: str) -> None:
    if engine not in plugins.list_extensions("engine"):
        hint = did_you_mean(engine, plugins.list_extensions("engine"), "vong doctor")
        raise NotFound(f"no engine named {engine!r}", hint)


def _check_format(engine: str, model: ModelVersion, base: ModelVersion) -> None:
    if engine == "xllamacpp" and base.format != "gguf":
        raise InvalidInput(f"engine xllamacpp serves GGUF, but {base.ref} is {base.format}", "omit --engine")
    if engine == "transformers" and base.format == "gguf":
        raise InvalidInput(f"engine transformers serves safetensors, but {base.ref} is GGUF", "omit --engine")
    if model.kind == "adapter" and base.format == "gguf":
        raise InvalidInput(
            f"{model.ref} is an adapter of a GGUF base", "train and serve the safetensors version of the base"
        )
