"""Routes of registry: models, their versions, aliases and lineage."""

from typing import Annotated, Any

from fastapi import APIRouter, Query

from vong import jobs, registry
from vong.api.http.dependencies import Call
from vong.app import registry as wired
from vong.records import Job, ModelVersion, Record
from vong.records.lineage import Lineage
from vong.registry.aliases import AliasChange
from vong.registry.bundled_model import SOURCE
from vong.registry.versions import RegisteredModel

routes = APIRouter(prefix="/api/v1/registry", tags=["registry"])
Limit = Annotated[int, Query(ge=1, le=500)]


class ModelImport(Record):
    """What to import: what ships, or a .gguf file or a folder of safetensors on the worker's machine."""

    source: str = SOURCE
    name: str | None = None
    licence: str | None = None
    convert: bool = True


class AliasUpdate(Record):
    """Where the alias shall point (a ref, a number or a hash), and why."""

    model: str
    evidence: dict[str, Any] = {}
    reason: str | None = None


@routes.get("/models")
def models(call: Call, after: str | None = None, limit: Limit = 50) -> list[RegisteredModel]:
    """The models by name, each with its newest version and its aliases; `after` is the last name of the page before."""
    with call.scope() as connection:
        return registry.list_models(connection, after=after, limit=limit)


@routes.post("/models", status_code=202)
def import_model(wanted: ModelImport, call: Call) -> Job:
    """Import a base model. The job's result has the refs `model` and, for a GGUF, `gguf`."""
    with call.scope() as connection:
        return jobs.submit(connection, "registry.import", wanted.model_dump(), key=call.idempotency_key)


@routes.get("/models/{name}/versions")
def versions(name: str, call: Call, after: int | None = None, limit: Limit = 50) -> list[ModelVersion]:
    """The versions of a model, newest first; `after` is the last number of the page before."""
    with call.scope() as connection:
        registry.find(connection, name)
        return registry.versions(connection, name, before=after, limit=limit)


@routes.get("/versions/{ref}")
def version(ref: str, call: Call) -> ModelVersion:
    """One version: NAME (the newest), NAME@NUMBER, NAME@HASH or NAME:ALIAS."""
    with call.scope() as connection:
        return registry.find(connection, ref)


@routes.get("/models/{name}/aliases")
def aliases(name: str, call: Call, history: bool = False, limit: Limit = 50) -> list[AliasChange]:
    """Where a model's aliases point now, or with `history` every move, newest first."""
    with call.scope() as connection:
        registry.find(connection, name)
        return registry.history(connection, name, limit=limit) if history else registry.aliases(connection, name)


@routes.put("/models/{name}/aliases/{alias}")
def set_alias(name: str, alias: str, wanted: AliasUpdate, call: Call) -> AliasChange:
    """Point an alias at a version. `prod` moves only with evidence or a reason."""
    why = {"reason": wanted.reason, "moved_by": call.principal.actor}
    with call.scope() as connection:
        return registry.set_alias(connection, name, alias, wanted.model, wanted.evidence, **why)


@routes.get("/lineage")
def lineage(of: str, call: Call) -> Lineage:
    """Both ways from an answer (a span's id), a model, a dataset (their refs) or a row (`row:HASH`)."""
    with call.scope() as connection:
        return wired.lineage(call.platform, connection, of)
