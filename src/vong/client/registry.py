"""Registry namespace of the client."""

import hashlib
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path, PurePosixPath
from typing import Any, Literal
from uuid import UUID

from vong.client.transport import Transport, raise_for_problem, segment
from vong.errors import DataCorrupted, InvalidInput
from vong.records import Job, ModelVersion
from vong.records.lineage import Lineage
from vong.records.model_bundle import ModelCard, ModelExport, TrainedOnReport


class RegistryClient:
    """Models: import, versions, aliases, lineage. A `ref` is NAME, NAME@NUMBER, NAME@HASH or NAME:ALIAS."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def models(self, *, after: str | None = None, limit: int = 50) -> list[dict[str, Any]]:
        """Return the models by name: `name`, `versions` (a count), `newest` (a version), `aliases` (alias -> ref)."""
        return self._transport.get("/api/v1/registry/models", list[dict[str, Any]], after=after, limit=limit)

    def versions(self, name: str, *, after: int | None = None, limit: int = 50) -> list[ModelVersion]:
        """Return the versions of a model, newest first; `after` is the last number of the previous page."""
        return self._transport.get(
            f"/api/v1/registry/models/{segment(name)}/versions", list[ModelVersion], after=after, limit=limit
        )

    def get(self, ref: str) -> ModelVersion:
        """Return one version."""
        return self._transport.get(f"/api/v1/registry/versions/{segment(ref)}", ModelVersion)

    def import_model(
        self,
        source: str,
        *,
        name: str | None = None,
        licence: str | None = None,
        convert: bool = True,
        key: str | None = None,
    ) -> Job:
        """Import the bundled model (`shipped:smollm2-135m-instruct`), a model of a hub (`owner/name`), a model of the
        worker's Ollama (`ollama:NAME`), or a folder, a GGUF file or a Modelfile on the worker's machine.

        The result of the finished job has the refs `model` and, for a GGUF, `gguf`. A repeated call with the same `key`
        returns the same job.
        """
        body = {"source": source, "name": name, "licence": licence, "convert": convert}
        return self._transport.post("/api/v1/registry/models", Job, body=body, idempotency_key=key)

    def upload_model(
        self, path: Path, *, name: str, licence: str | None = None, convert: bool = True, key: str | None = None
    ) -> Job:
        """Upload a model of this machine, a folder or a GGUF file, and import it.

        Raises: InvalidInput if the path has no files.
        """
        paths = [path] if path.is_file() else sorted(file for file in path.rglob("*") if file.is_file())
        root = path.parent if path.is_file() else path
        names = {file: file.relative_to(root).as_posix() for file in paths}
        names = {file: one for file, one in names.items() if not any(part.startswith(".") for part in one.split("/"))}
        if not names:
            raise InvalidInput(f"{str(path)!r} has no files", "choose a folder with a model, or a .gguf file")
        form = {"convert": str(convert).lower(), **({"licence": licence} if licence else {})}
        with ExitStack() as stack:
            files = [("files", (one, stack.enter_context(file.open("rb")))) for file, one in names.items()]
            path_ = f"/api/v1/registry/models/{segment(name)}/versions"
            return self._transport.post(path_, Job, files=files, data=form, idempotency_key=key, timeout=3600)

    def set_alias(
        self,
        name: str,
        alias: str,
        model: str,
        *,
        evidence: dict[str, Any] | None = None,
        reason: str | None = None,
    ) -> dict[str, Any]:
        """Point an alias at a version; `prod` requires evidence or a reason."""
        body = {"model": model, "evidence": evidence or {}, "reason": reason}
        return self._transport.request(
            "PUT", f"/api/v1/registry/models/{segment(name)}/aliases/{segment(alias)}", dict[str, Any], body=body
        )

    def aliases(self, name: str, *, history: bool = False) -> list[dict[str, Any]]:
        """Return the current aliases of a model, or with `history` every change, newest first."""
        path = f"/api/v1/registry/models/{segment(name)}/aliases"
        return self._transport.get(path, list[dict[str, Any]], history=history)

    def lineage(self, ref: str) -> Lineage:
        """Return the lineage in both directions of an answer (a span id), a model, a dataset (refs) or a row
        (`row:HASH`).
        """
        return self._transport.get("/api/v1/registry/lineage", Lineage, ref=ref)

    def card(self, ref: str) -> ModelCard:
        """Return the model card: bundle of hashes, licence terms, evaluations, aliases, deployments and exports."""
        return self._transport.get(f"/api/v1/registry/versions/{segment(ref)}/card", ModelCard)

    def verify(self, ref: str, *, key: str | None = None) -> Job:
        """Compute all hashes of a version again. The result of the finished job has `ok` and `checks`."""
        path = f"/api/v1/registry/versions/{segment(ref)}/verify"
        return self._transport.post(path, Job, idempotency_key=key)

    def export(self, ref: str, *, format: str, quantization: str | None = None, key: str | None = None) -> Job:
        """Export a version as `safetensors`, `merged`, `gguf`, `vllm`, `ollama`, `int8` or `int4`.

        `quantization` is the level of a GGUF file, by default `q8_0`. The finished job and the export have the same id:
        download it with `download_export(job.id, folder)`.
        """
        body = {"format": format, "quantization": quantization}
        path = f"/api/v1/registry/versions/{segment(ref)}/exports"
        return self._transport.post(path, Job, body=body, idempotency_key=key)

    def compress(
        self,
        ref: str,
        to: Sequence[str],
        *,
        dataset: str | None = None,
        split: str | None = None,
        rows: int = 20,
        key: str | None = None,
    ) -> Job:
        """Build candidates (`int8`, `int4`, `gguf:LEVEL`) and measure size, memory, speed and loss on a dataset split.

        The result of the finished job has `candidates`, each with the id of its `export`, which `keep` registers.
        """
        body = {"to": list(to), "dataset": dataset, "split": split, "rows": rows}
        path = f"/api/v1/registry/versions/{segment(ref)}/compressions"
        return self._transport.post(path, Job, body=body, idempotency_key=key)

    def exports(self, ref: str | None = None, *, after: UUID | None = None, limit: int = 50) -> list[ModelExport]:
        """Return the exports of a version or of all versions, newest first."""
        path = "/api/v1/registry/exports"
        return self._transport.get(path, list[ModelExport], model=ref, after=after, limit=limit)

    def get_export(self, id: UUID | str) -> ModelExport:
        """Return one export."""
        return self._transport.get(f"/api/v1/registry/exports/{segment(id)}", ModelExport)

    def delete_export(self, id: UUID | str) -> ModelExport:
        """Delete an export and its files."""
        return self._transport.request("DELETE", f"/api/v1/registry/exports/{segment(id)}", ModelExport)

    def keep_export(self, id: UUID | str, *, name: str | None = None, key: str | None = None) -> Job:
        """Register an export as a version based on the exported one. The result of the finished job has `model`."""
        path = f"/api/v1/registry/exports/{segment(id)}/keep"
        return self._transport.post(path, Job, body={"name": name}, idempotency_key=key)

    def download_export(self, id: UUID | str, folder: Path) -> list[Path]:
        """Download the files of an export to a new or empty folder, each checked against its sha256.

        Raises:
            InvalidInput: The folder contains files.
            DataCorrupted: A file arrived changed.
        """
        export = self.get_export(id)
        check_empty(folder)
        return [self._download(export, file, folder) for file in export.files]

    def trained_on(self, query: str, *, by: Literal["row", "text", "user"] | None = None) -> TrainedOnReport:
        """Return all models trained on a row (`row:HASH`), on rows with a text, or on rows from a user's traces."""
        return self._transport.get("/api/v1/registry/trained-on", TrainedOnReport, query=query, by=by)

    def _download(self, export: ModelExport, file: str, folder: Path) -> Path:
        parts = PurePosixPath(file)
        if parts.is_absolute() or ".." in parts.parts:
            raise InvalidInput(f"the export has the unsafe file name {file!r}", "delete the export")
        target = folder / parts
        target.parent.mkdir(parents=True, exist_ok=True)
        partial = target.with_name(f".{target.name}.part")
        path = f"/api/v1/registry/exports/{export.id}/files/{'/'.join(segment(part) for part in parts.parts)}"
        digest = hashlib.sha256()
        with self._transport.http.stream("GET", path) as response, partial.open("wb") as output:
            if not response.is_success:
                response.read()
                raise_for_problem(response)
            for block in response.iter_bytes():
                digest.update(block)
                output.write(block)
        if digest.hexdigest() != export.files[file].sha256:
            partial.unlink()
            raise DataCorrupted(f"{file!r} arrived changed", "download it again")
        partial.replace(target)
        if file.endswith(".sh"):
            target.chmod(0o755)
        return target


def check_empty(folder: Path) -> None:
    """Check that a folder for a download is new or empty.

    Raises: InvalidInput if it contains files or is a file.
    """
    if folder.is_file() or (folder.is_dir() and any(folder.iterdir())):
        raise InvalidInput(f"{str(folder)!r} exists and is not empty", "name a new or empty folder")
