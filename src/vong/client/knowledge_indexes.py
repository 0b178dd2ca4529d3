"""Search in knowledge bases and preview of chunks in the client."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any
from uuid import UUID

import msgspec

from vong.client.transport import Transport, segment
from vong.records import RetrievedPassage


class KnowledgeIndexesClient:
    """Search in the indexes of knowledge bases, and preview of the chunks of a document."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def search(
        self,
        base: str,
        question: str,
        *,
        limit: int = 5,
        index: int | None = None,
        filters: Mapping[str, Any] | None = None,
        **settings: Any,
    ) -> list[RetrievedPassage]:
        """Return the passages that match a question, best first.

        `index` is the number of an index; the live one is searched without it. `filters` has the form of OpenAI's
        filters: `{"type": "eq", "key": "year", "value": 2024}`. `settings` are those of the retrieval: `mode`,
        `fusion`, `vector_weight`, `candidates`, `diversity`, `rerank`, `rerank_candidates`, `neighbours` and `parents`.
        """
        body = {"question": question, "limit": limit, "index": index, "filters": filters, "settings": settings}
        return self._transport.post(
            f"/api/v1/knowledge/bases/{segment(base)}/search", list[RetrievedPassage], body=body
        )

    def preview(
        self, file: Path, *, chunker: Mapping[str, Any] | None = None, embedder: str | None = None
    ) -> dict[str, Any]:
        """Return the chunks that a file would have: `chunks`, `tokens`, `cost`, `title` and `language`."""
        form = {"chunker": msgspec.json.encode(chunker).decode() if chunker else "", "embedder": embedder}
        with file.open("rb") as content:
            return self._transport.post(
                "/api/v1/knowledge/preview",
                dict[str, Any],
                files=[("file", (file.name, content))],
                data={name: value for name, value in form.items() if value},
            )

    def preview_stored(
        self, document_id: UUID | str, *, chunker: Mapping[str, Any] | None = None, embedder: str | None = None
    ) -> dict[str, Any]:
        """Return the chunks that a document of a base would have in an index with another chunker or model."""
        path = f"/api/v1/knowledge/documents/{segment(document_id)}/preview"
        return self._transport.post(path, dict[str, Any], body={"chunker": chunker, "embedder": embedder})
