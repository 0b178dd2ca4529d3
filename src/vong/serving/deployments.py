"""What should be served: deploy, look, stop, restart. The supervisor brings reality to it."""

import re
from dataclasses import fields
from typing import Any, Literal, NamedTuple
from uuid import UUID

from sqlalchemy import Connection, RowMapping

from vong import jobs, plugins
from vong.errors import Conflict, InvalidInput, NotFound, nearest
from vong.records import Deployment, Job, ModelVersion, Record, content_hash, new_id, now
from vong.serving import tables
from vong.serving.engine import EngineSettings

NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,62}")
PARITY = "serving.parity"
ENGINE_FIELDS = {field.name for field in fields(EngineSettings)}


class DeploymentSettings(Record):
    """How a deployment runs. Zero means that the engine chooses.

    `threads`: CPU threads. `context`: tokens of prompt and answer together. `batch`: conversations decoded side by
    side. `prefix_bytes`: memory for the beginnings that prompts share. `parity`: `required`, or `skip` to serve a tuned
    model without the check, which is recorded.
    """

    threads: int = 0
    context: int = 0
    batch: int = 8
    prefix_bytes: int = 256_000_000
    parity: Literal["required", "skip"] = "required"


class DeployResult(Record):
    """A deployment and, where a tuned model has to be checked first, the job that does it."""

    deployment: Deployment
    job: Job | None = None


class ReadyDeployment(NamedTuple):
    """A deployment that answers now: an OpenAI-compatible `url` (with `/v1`), its bearer token, what it serves."""

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
    """Serve a model under a name from now on. Asking again for what runs already changes nothing.

    `base` is the model below an adapter, else the model itself. A tuned model is checked against its trainer before it
    answers: the job does that. Another model under the same name replaces the one that was served.
    """
    settings = settings or DeploymentSettings()
    if not NAME.fullmatch(name):
        raise InvalidInput(f"{name!r} is no deployment name", "use lower-case letters, digits, and - _ . between them")
    engine = engine or ("xllamacpp" if base.format == "gguf" else "transformers")
    _known_engine(engine)
    _fits(engine, model, base)
    before = tables.view(connection, name=name)
    chosen = settings.model_dump()
    if before and _same(before[0], model.ref, engine, chosen):
        return DeployResult(deployment=_record(before[0]))
    parity = _skipped(model, settings)
    job_id = None if parity else new_id()
    engine_settings = {field: value for field, value in chosen.items() if field in ENGINE_FIELDS}
    moment = now()
    tables.put(
        connection,
        {
            "name": name,
            "model": model.ref,
            "base": base.ref,
            "engine": engine,
            "group": f"{base.hash[:12]}-{engine}-{content_hash(engine_settings)[:8]}",
            "wanted": "running",
            "state": "pending",
            "reason": None,
            "settings": chosen,
            "parity": parity,
            "job": job_id,
            "dataset": model.dataset,
            "created_at": moment,
            "updated_at": moment,
        },
    )
    return DeployResult(deployment=find(connection, name), job=_submit(connection, name, model.ref, job_id))


def find(connection: Connection, name: str) -> Deployment:
    """The deployment of that name."""
    rows = tables.view(connection, name=name)
    if not rows:
        names = [row["name"] for row in tables.view(connection)]
        raise NotFound(f"no deployment named {name!r}", nearest(name, names, "vong serving list"))
    return _record(rows[0])


def list_deployments(connection: Connection, *, after: str = "", limit: int = 50) -> list[Deployment]:
    """Deployments by name, those after `after`."""
    return [_record(row) for row in tables.view(connection, after=after, limit=limit)]


def stop(connection: Connection, name: str) -> Deployment:
    """Serve it no more. No new request reaches it from now on; its process ends when no other deployment needs it."""
    find(connection, name)
    tables.halt(connection, name, wanted="stopped", state="stopped", reason=None, updated_at=now())
    return find(connection, name)


def restart(connection: Connection, name: str) -> DeployResult:
    """Start its engine process anew, with its failures forgiven; deployments in the same process restart with it.

    A parity check that failed, or never ended, is made again.
    """
    deployment = find(connection, name)
    if deployment.wanted == "stopped":
        raise Conflict(f"the deployment {name!r} is stopped", f"start it with: vong serving deploy {name} --model REF")
    passed = parity_passed(deployment.parity)
    job_id = None if passed else new_id()
    parity = deployment.parity if passed else None
    tables.change(connection, name, state="pending", reason=None, parity=parity, job=job_id, updated_at=now())
    tables.put_engine(connection, deployment.group, restart=True, restarts=0, failures=[], retry_at=None)
    return DeployResult(deployment=find(connection, name), job=_submit(connection, name, deployment.model, job_id))


def ready(connection: Connection) -> list[ReadyDeployment]:
    """The deployments that answer: one project's, or all on the owner's connection."""
    return [
        ReadyDeployment(row["project_id"], row["name"], f"{row['url']}/v1", row["token"], row["model"], row["dataset"])
        for row in tables.ready(connection)
    ]


def address(connection: Connection, name: str) -> tuple[str, str] | None:
    """The URL and the token of a deployment's engine process, None while there is none."""
    row = next(iter(tables.view(connection, name=name)), None)
    return (row["url"], row["token"]) if row and row["url"] else None


def record_parity(connection: Connection, name: str, model: str, report: dict[str, Any]) -> Deployment:
    """Keep the result of a parity check: the deployment is ready, or failed with the reason.

    A deployment that serves another model by now, or is stopped, stays as it is.
    """
    passed = parity_passed(report)
    values: dict[str, Any] = {"parity": report, "updated_at": now(), "state": "ready" if passed else "failed"}
    values["reason"] = None if passed else f"parity check failed: {report.get('reason')}"
    tables.change(connection, name, model=model, **values)
    return find(connection, name)


def parity_passed(parity: dict[str, Any] | None) -> bool:
    """Whether a stored result lets the model serve."""
    return bool(parity and (parity.get("equal") or "skipped" in parity))


def _record(row: RowMapping) -> Deployment:
    values = {name: row[name] for name in Deployment.model_fields if name in row}
    return Deployment.model_validate({**values, "restarts": row["restarts"] or 0})


def _same(row: RowMapping, model: str, engine: str, settings: dict[str, Any]) -> bool:
    asked = (model, engine, settings, "running")
    return (row["model"], row["engine"], row["settings"], row["wanted"]) == asked and row["state"] != "failed"


def _skipped(model: ModelVersion, settings: DeploymentSettings) -> dict[str, Any] | None:
    if model.kind == "base":
        return {"skipped": "a base model: nothing was trained that could have changed on the way"}
    if settings.parity == "skip":
        return {"skipped": "switched off in the deployment's settings"}
    return None


def _submit(connection: Connection, name: str, model: str, id: UUID | None) -> Job | None:
    if id is None:
        return None
    return jobs.submit(connection, PARITY, {"deployment": name, "model": model}, id=id)


def _known_engine(engine: str) -> None:
    if engine not in plugins.names("engine"):
        hint = nearest(engine, plugins.names("engine"), "vong doctor")
        raise NotFound(f"no engine named {engine!r}", hint)


def _fits(engine: str, model: ModelVersion, base: ModelVersion) -> None:
    if engine == "xllamacpp" and base.format != "gguf":
        raise InvalidInput(f"{base.ref} is {base.format}, and xllamacpp serves GGUF", "leave --engine out")
    if engine == "transformers" and base.format == "gguf":
        raise InvalidInput(f"{base.ref} is GGUF, and transformers serves safetensors", "leave --engine out")
    if model.kind == "adapter" and base.format == "gguf":
        raise InvalidInput(f"{model.ref} is an adapter on a GGUF base", "tune and serve the safetensors of this base")
