"""Texts of knowledge bases in the client: documents without files, found by an id."""

from collections.abc import Iterable, Mapping, Sequence
from itertools import islice
from typing import Any

from vong.client.transport import Transport, segment

MAX_REQUEST_TEXTS = 100


class KnowledgeTextsClient:
    """Texts with ids and metadata."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def add_texts(
        self,
        base: str,
        texts: Iterable[str],
        *,
        metadata: Iterable[Mapping[str, Any]] | None = None,
        ids: Sequence[str | None] | None = None,
    ) -> list[str]:
        """Store and index texts, and return their ids. They can be searched when this returns."""
        listed = list(texts)
        given = [dict(one) for one in metadata] if metadata is not None else [{} for _ in listed]
        rows = zip(ids or [None] * len(listed), listed, given, strict=True)
        bodies = iter([{"id": id, "text": text, "metadata": one} for id, text, one in rows])
        stored: list[str] = []
        while part := list(islice(bodies, MAX_REQUEST_TEXTS)):
            stored += self._transport.post(_path(base), list[str], body={"texts": part})
        return stored

    def get_texts(self, base: str, ids: Sequence[str]) -> list[dict[str, Any]]:
        """Return texts by their ids, without those that do not exist."""
        if not ids:
            return []
        return self._transport.post(f"{_path(base)}/get", list[dict[str, Any]], body={"ids": list(ids)})

    def delete_texts(self, base: str, ids: Sequence[str]) -> int:
        """Delete texts by their ids and return their number."""
        if not ids:
            return 0
        return self._transport.post(f"{_path(base)}/delete", dict[str, int], body={"ids": list(ids)})["deleted"]

    def search_texts(
        self, base: str, query: str, *, limit: int = 4, filters: Mapping[str, Any] | None = None
    ) -> list[dict[str, Any]]:
        """Return the passages that match a query: `id`, `path`, `text`, `metadata`, `score`.

        `filters` has the form of OpenAI's filters on attributes.
        """
        body = {"query": query, "limit": limit, "filters": dict(filters) if filters else None}
        return self._transport.post(f"{_path(base)}/search", list[dict[str, Any]], body=body)


def _path(base: str) -> str:
    return f"/api/v1/knowledge/bases/{segment(base)}/texts"
