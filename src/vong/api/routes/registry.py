"""Routes of registry: models, their versions, aliases and lineage."""

from typing import Annotated, Any

from fastapi import APIRouter, Query

from vong import jobs, registry
from vong.api.http.dependencies import CurrentUser
from vong.app import registry as registry_app
from vong.records import Job, ModelVersion, Record
from vong.records.lineage import Lineage
from vong.registry.aliases import AliasChange
from vong.registry.bundled_model import SOURCE
from vong.registry.versions import RegisteredModel

routes = APIRouter(prefix="/api/v1/registry", tags=["registry"])
Limit = Annotated[int, Query(ge=1, le=500)]


class ModelImport(Record):
    """Model to import: the bundled model, or a .gguf file or a folder of safetensors on the worker's machine."""

    source: str = SOURCE
    name: str | None = None
    licence: str | None = None
    convert: bool = True


class AliasUpdate(Record):
    """New target of an alias (a ref, a number or a hash), with evidence or a reason."""

    model: str
    evidence: dict[str, Any] = {}
    reason: str | None = None


@routes.get("/models")
def list_models(context: CurrentUser, after: str | None = None, limit: Limit = 50) -> list[RegisteredModel]:
    """List models by name, each with newest version and aliases. `after` is the last name of the previous page."""
    with context.project_transaction() as connection:
        return registry.list_models(connection, after=after, limit=limit)


@routes.post("/models", status_code=202)
def import_model(body: ModelImport, context: CurrentUser) -> Job:
    """Import a base model. The job result has the refs `model` and, for a GGUF, `gguf`."""
    with context.project_transaction() as connection:
        return jobs.submit(connection, "registry.import", body.model_dump(), key=context.idempotency_key)


@routes.get("/models/{name}/versions")
def list_versions(name: str, context: CurrentUser, after: int | None = None, limit: Limit = 50) -> list[ModelVersion]:
    """List the versions of a model, newest first. `after` is the last number of the previous page."""
    with context.project_transaction() as connection:
        registry.find(connection, name)
        return registry.list_versions(connection, name, before=after, limit=limit)


@routes.get("/versions/{ref}")
def get_version(ref: str, context: CurrentUser) -> ModelVersion:
    """Return a version: NAME (the newest), NAME@NUMBER, NAME@HASH or NAME:ALIAS."""
    with context.project_transaction() as connection:
        return registry.find(connection, ref)


@routes.get("/models/{name}/aliases")
def list_aliases(name: str, context: CurrentUser, history: bool = False, limit: Limit = 50) -> list[AliasChange]:
    """List the aliases of a model, or with `history` every change of them, newest first."""
    with context.project_transaction() as connection:
        registry.find(connection, name)
        return (
            registry.list_alias_changes(connection, name, limit=limit)
            if history
            else registry.list_aliases(connection, name)
        )


@routes.put("/models/{name}/aliases/{alias}")
def set_alias(name: str, alias: str, body: AliasUpdate, context: CurrentUser) -> AliasChange:
    """Point an alias to a version. `prod` requires evidence or a reason."""
    change = {"reason": body.reason, "moved_by": context.principal.actor}
    with context.project_transaction() as connection:
        return registry.set_alias(connection, name, alias, body.model, body.evidence, **change)


@routes.get("/lineage")
def get_lineage(ref: str, context: CurrentUser) -> Lineage:
    """Return the lineage, in both directions, of a span id, model ref, dataset ref or row (`row:HASH`)."""
    with context.project_transaction() as connection:
        return registry_app.get_lineage(context.platform, connection, ref)
