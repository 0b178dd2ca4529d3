"""Index versions of knowledge bases in the client."""

from typing import Any, NamedTuple

from vong.client.transport import Transport, segment
from vong.records import Job

list_of_objects = list[dict[str, Any]]
"""Alias outside the class, because the class has a method named `list`."""


class StartedIndex(NamedTuple):
    """New index of a base and the job that builds it."""

    created: dict[str, Any]
    job: Job


class KnowledgeIndexVersionsClient:
    """Indexes of knowledge bases: create, compare, switch and delete."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def list(self, base: str) -> list_of_objects:
        """Return the indexes of a base with their states and numbers of documents, oldest first."""
        return self._transport.get(_indexes(base), list_of_objects)

    def show(self, base: str, number: int) -> dict[str, Any]:
        """Return an index of a base."""
        return self._transport.get(f"{_indexes(base)}/{number}", dict[str, Any])

    def create(
        self,
        base: str,
        *,
        chunker: dict[str, Any] | None = None,
        embedder: str | None = None,
        reload: bool = False,
        key: str | None = None,
    ) -> StartedIndex:
        """Build an index with another chunker or embedding model beside the live one.

        `reload` loads the files again with the loaders that are installed now.
        """
        body = {"chunker": chunker, "embedder": embedder, "reload": reload}
        started = self._transport.post(_indexes(base), dict[str, Any], body=body, idempotency_key=key)
        return StartedIndex(started["index"], Job.model_validate(started["job"]))

    def compare(self, base: str, a: int, b: int, *, metric: str | None = None, changes: int = 20) -> dict[str, Any]:
        """Compare index b with index a by their newest evaluations on the same questions."""
        params = {"a": a, "b": b, "metric": metric, "changes": changes}
        return self._transport.get(f"{_indexes(base)}/compare", dict[str, Any], **params)

    def switch(
        self,
        base: str,
        number: int,
        *,
        reason: str | None = None,
        evidence: dict[str, Any] | None = None,
        allow_missing: bool = False,
    ) -> dict[str, Any]:
        """Make an index the live one if its gate passes. The previous one is kept."""
        body = {"reason": reason, "evidence": evidence or {}, "allow_missing": allow_missing}
        return self._transport.post(f"{_indexes(base)}/{number}/switch", dict[str, Any], body=body)

    def switches(self, base: str, *, limit: int = 50) -> list_of_objects:
        """Return the switches of the live index of a base, newest first."""
        return self._transport.get(f"{_indexes(base)}/switches", list_of_objects, limit=limit)

    def delete(self, base: str, number: int) -> None:
        """Delete an index with its chunks. The live index cannot be deleted."""
        self._transport.request("DELETE", f"{_indexes(base)}/{number}")


def _indexes(base: str) -> str:
    return f"/api/v1/knowledge/bases/{segment(base)}/indexes"
