"""Routes of registry: models, their versions, aliases and lineage."""

import shutil
import tempfile
from pathlib import Path
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Form, Query, UploadFile
from fastapi.responses import FileResponse, StreamingResponse
from starlette.background import BackgroundTask

from vong import jobs, registry
from vong.api.http.dependencies import CurrentUser
from vong.api.http.many_files import ManyFilesRoute
from vong.app import gated_changes, model_exports, model_import
from vong.app import registry as registry_app
from vong.app.gated_changes import AliasTarget
from vong.app.gates import GateCaller
from vong.app.model_cards import build_card
from vong.app.trained_on import SearchedBy, find_trained_on
from vong.errors import Forbidden, NotFound
from vong.records import Job, ModelVersion, Record
from vong.records.lineage import Lineage
from vong.records.model_bundle import ModelCard, ModelExport, TrainedOnReport
from vong.records.name import check_versioned_name
from vong.registry import exports
from vong.registry.aliases import AliasChange
from vong.registry.archive import iter_zip
from vong.registry.bundled_model import SOURCE
from vong.registry.versions import RegisteredModel

routes = APIRouter(prefix="/api/v1/registry", tags=["registry"], route_class=ManyFilesRoute)
Limit = Annotated[int, Query(ge=1, le=500)]


class ModelImport(Record):
    """Model to import.

    `source` is the bundled model, a model of a hub (`owner/name`, `owner/name@revision`, `owner/name/file.gguf`), a
    model of the worker's Ollama (`ollama:NAME`), or a path on the worker's machine: a folder, a GGUF file or a
    Modelfile. Paths and models of Ollama are for owners only.
    """

    source: str = SOURCE
    name: str | None = None
    licence: str | None = None
    convert: bool = True


class AliasUpdate(Record):
    """New target of an alias (a ref, a number or a hash), with evidence or a reason."""

    model: str
    evidence: dict[str, Any] = {}
    reason: str | None = None


class KeepRequest(Record):
    """Name of the model that an export becomes a version of; by default the model's name and its compression."""

    name: str | None = None


@routes.get("/models")
def list_models(context: CurrentUser, after: str | None = None, limit: Limit = 50) -> list[RegisteredModel]:
    """List models by name, each with newest version and aliases. `after` is the last name of the previous page."""
    with context.project_transaction() as connection:
        return registry.list_models(connection, after=after, limit=limit)


@routes.post("/models", status_code=202)
def import_model(body: ModelImport, context: CurrentUser) -> Job:
    """Import a base model. The job result has the refs `model` and, for a GGUF, `gguf`."""
    role = context.principal.role
    is_owner = role == "owner"
    if model_import.is_server_path(body.source) and not is_owner:
        raise Forbidden(
            f"only owners may import files of the server's disk, and the caller has the role {role!r}",
            "upload the model: vong registry import PATH --name NAME --upload, or ask an owner",
        )
    params = body.model_dump() | {"paths_allowed": is_owner}
    with context.project_transaction() as connection:
        return jobs.submit(connection, "registry.import", params, key=context.idempotency_key)


@routes.post("/models/{name}/versions", status_code=202)
def upload_model(
    name: str,
    files: list[UploadFile],
    context: CurrentUser,
    licence: Annotated[str | None, Form()] = None,
    convert: Annotated[bool, Form(description="Also convert a GGUF to safetensors, for training.")] = True,
) -> Job:
    """Upload a base model and import it: a GGUF file, or the files of a folder under their names within it."""
    check_versioned_name(name, "model")
    upload, stored = model_import.store_upload(
        context.platform, [(one.filename or "model.gguf", one.file) for one in files]
    )
    params = {"source": "upload", "name": name, "licence": licence, "convert": convert}
    with context.project_transaction() as connection:
        return jobs.submit(
            connection,
            "registry.import",
            params | {"upload": str(upload), "files": stored},
            key=context.idempotency_key,
        )


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
    """Point an alias to a version, if its gate passes. Without a policy `prod` needs evidence or a reason."""
    target = AliasTarget(body.model, body.evidence, body.reason)
    caller = GateCaller.from_principal(context.principal)
    with context.project_transaction() as connection:
        return gated_changes.set_alias(connection, context.platform.blobs, caller, name, alias, target)


@routes.get("/lineage")
def get_lineage(ref: str, context: CurrentUser) -> Lineage:
    """Return the lineage, in both directions, of a span id, model ref, dataset ref or row (`row:HASH`)."""
    with context.project_transaction() as connection:
        return registry_app.get_lineage(context.platform, connection, ref)


@routes.get("/versions/{ref}/card")
def get_card(ref: str, context: CurrentUser) -> ModelCard:
    """Return the model card: bundle of hashes, licence terms, evaluations, aliases, deployments and exports."""
    with context.project_transaction() as connection:
        return build_card(connection, ref)


@routes.post("/versions/{ref}/verify", status_code=202)
def verify_version(ref: str, context: CurrentUser) -> Job:
    """Compute all hashes of a version again. The job result lists the checks and whether all passed."""
    with context.project_transaction() as connection:
        return model_exports.start_verification(connection, ref, context.idempotency_key)


@routes.post("/versions/{ref}/exports", status_code=202)
def export_version(ref: str, body: model_exports.ExportRequest, context: CurrentUser) -> Job:
    """Export a version. The finished job and the export have the same id."""
    with context.project_transaction() as connection:
        return model_exports.start_export(context.platform, connection, ref, body, context.idempotency_key)


@routes.post("/versions/{ref}/compressions", status_code=202)
def compress_version(ref: str, body: model_exports.CompressionRequest, context: CurrentUser) -> Job:
    """Build and measure compressed candidates of a version. The job result is their table."""
    with context.project_transaction() as connection:
        return model_exports.start_compression(context.platform, connection, ref, body, context.idempotency_key)


@routes.get("/exports")
def list_exports(
    context: CurrentUser, model: str | None = None, after: UUID | None = None, limit: Limit = 50
) -> list[ModelExport]:
    """List the exports of a version (`model`, a ref) or of all, newest first."""
    with context.project_transaction() as connection:
        version = registry.find(connection, model) if model else None
        return exports.list_exports(connection, version, after=after, limit=limit)


@routes.get("/exports/{id}")
def get_export(id: UUID, context: CurrentUser) -> ModelExport:
    """Return an export with its files and its comparison with the trainer."""
    with context.project_transaction() as connection:
        return exports.get_export(connection, id)


@routes.delete("/exports/{id}")
def delete_export(id: UUID, context: CurrentUser) -> ModelExport:
    """Delete an export and its files."""
    with context.project_transaction() as connection:
        return exports.delete_export(connection, context.platform.blobs, id)


@routes.post("/exports/{id}/keep", status_code=202)
def keep_export(id: UUID, body: KeepRequest, context: CurrentUser) -> Job:
    """Register an export as a version whose base is the exported version. The job result has the ref `model`."""
    with context.project_transaction() as connection:
        return model_exports.start_keep(connection, id, body.name, context.idempotency_key)


@routes.get("/exports/{id}/files/{file:path}")
def download_export_file(id: UUID, file: str, context: CurrentUser) -> FileResponse:
    """Download one file of an export."""
    with context.project_transaction() as connection:
        export = exports.get_export(connection, id)
    if file not in export.files:
        raise NotFound(f"the export has no file {file!r}", f"it has: {', '.join(sorted(export.files))}")
    folder = Path(tempfile.mkdtemp(prefix="vong-export-"))
    cleanup = BackgroundTask(shutil.rmtree, folder, ignore_errors=True)
    path = exports.export_store(context.platform.blobs, id).fetch(export.files[file].sha256, folder / "content")
    return FileResponse(path, media_type="application/octet-stream", filename=Path(file).name, background=cleanup)


@routes.get("/exports/{id}/archive")
def download_export(id: UUID, context: CurrentUser) -> StreamingResponse:
    """Download all files of an export as one ZIP file."""
    with context.project_transaction() as connection:
        export = exports.get_export(connection, id)
    store = exports.export_store(context.platform.blobs, id)
    name = f"{export.model.replace('@', '-')}-{export.quantization or export.format}.zip"
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    files = {name: file.sha256 for name, file in export.files.items()}
    return StreamingResponse(iter_zip(store, files), media_type="application/zip", headers=headers)


@routes.get("/trained-on")
def list_trained_on(query: str, context: CurrentUser, by: SearchedBy | None = None) -> TrainedOnReport:
    """List all models trained on a person's rows, and the actions that erase them.

    `query` is a row (`row:HASH`), a text such as an e-mail address in any message, or with `by=user` a user of traces.
    """
    with context.project_transaction() as connection:
        return find_trained_on(context.platform, connection, query, by)
