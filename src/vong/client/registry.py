"""Registry namespace of the client."""

from typing import Any

from vong.client.transport import Transport, segment
from vong.records import Job, ModelVersion
from vong.records.lineage import Lineage


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
        """Import the bundled model (`shipped:smollm2-135m-instruct`), a .gguf file or a folder on the worker's machine.

        The result of the finished job has the refs `model` and, for a GGUF, `gguf`. A repeated call with the same `key`
        returns the same job.
        """
        body = {"source": source, "name": name, "licence": licence, "convert": convert}
        return self._transport.post("/api/v1/registry/models", Job, body=body, idempotency_key=key)

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
