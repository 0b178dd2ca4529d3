"""Sources of knowledge bases in the client."""

from pathlib import Path
from typing import Any

from vong.client.transport import Transport, segment
from vong.records import Job


class KnowledgeSourcesClient:
    """Sources of documents: web pages, sitemaps, crawls, Notion, folders and buckets."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def list(self, base: str) -> list[dict[str, Any]]:
        """Return the sources of a base with their state and newest sync."""
        return self._transport.get(_path(base), list[dict[str, Any]])

    def get(self, base: str, name: str) -> dict[str, Any]:
        """Return a source with its state and newest sync."""
        return self._transport.get(_path(base, name), dict[str, Any])

    def create(
        self,
        base: str,
        name: str,
        kind: str,
        settings: dict[str, Any] | None = None,
        *,
        secret: str | None = None,
        every_hours: float | None = None,
    ) -> dict[str, Any]:
        """Create a source of a kind: page, sitemap, crawl, notion, notion_export, folder or bucket.

        `secret` is a Notion token, `ACCESS_KEY:SECRET_KEY` of a bucket or the Authorization header of web pages.
        """
        body = {"name": name, "kind": kind, "settings": settings or {}, "secret": secret, "every_hours": every_hours}
        return self._transport.post(_path(base), dict[str, Any], body=body)

    def update(self, base: str, name: str, **changes: Any) -> dict[str, Any]:
        """Change `settings`, `secret`, `every_hours` or `paused` of a source."""
        return self._transport.request("PATCH", _path(base, name), dict[str, Any], body=changes)

    def delete(self, base: str, name: str, *, keep_documents: bool = False) -> int:
        """Delete a source with its documents, and return how many were deleted."""
        params = {"keep_documents": keep_documents}
        deleted = self._transport.request("DELETE", _path(base, name), dict[str, Any], params=params)
        return deleted["documents"]

    def upload(self, base: str, name: str, archive: Path) -> dict[str, Any]:
        """Upload the ZIP file of a source of the kind `notion_export`."""
        with archive.open("rb") as file:
            files = {"file": (archive.name, file.read())}
        return self._transport.request("PUT", f"{_path(base, name)}/archive", dict[str, Any], files=files)

    def sync(self, base: str, name: str, *, force: bool = False, key: str | None = None) -> Job:
        """Start a sync of a source. `force` also deletes more than half of its documents.

        A repeated call with the same `key` returns the same job.
        """
        return self._transport.post(f"{_path(base, name)}/sync", Job, body={"force": force}, idempotency_key=key)

    def syncs(self, base: str, name: str, *, limit: int = 20) -> "list[dict[str, Any]]":
        """Return the syncs of a source, newest first."""
        return self._transport.get(f"{_path(base, name)}/syncs", list[dict[str, Any]], limit=limit)

    def items(
        self, base: str, name: str, *, outcome: str | None = None, after: str | None = None, limit: int = 100
    ) -> "list[dict[str, Any]]":
        """Return the pages or files of a source, with what the newest sync did and why."""
        params = {"outcome": outcome, "after": after, "limit": limit}
        given = {name: value for name, value in params.items() if value is not None}
        return self._transport.get(f"{_path(base, name)}/items", list[dict[str, Any]], **given)


def _path(base: str, name: str | None = None) -> str:
    path = f"/api/v1/knowledge/bases/{segment(base)}/sources"
    return path if name is None else f"{path}/{segment(name)}"
