"""Knowledge namespace of the client."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from vong.client.transport import Transport, segment
from vong.records import Document, Job, RetrievedPassage


class KnowledgeClient:
    """Knowledge bases: indexed documents, retrieval and cited answers."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def bases(self) -> list[dict[str, Any]]:
        """Return the project's knowledge bases with their index version and counts."""
        return self._transport.get("/api/v1/knowledge/bases", list[dict[str, Any]])

    def documents(self, base: str) -> list[Document]:
        """Return the documents of a base; failed ones with the reason."""
        return self._transport.get(f"/api/v1/knowledge/bases/{segment(base)}/documents", list[Document])

    def upload(self, base: str, files: Sequence[Path], *, key: str | None = None) -> Job:
        """Upload files; they are indexed once the job has finished.

        A repeated call with the same `key` returns the same job.
        """
        parts = [("files", (file.name, file.read_bytes())) for file in files]
        path = f"/api/v1/knowledge/bases/{segment(base)}/documents"
        return self._transport.post(path, Job, files=parts, idempotency_key=key)

    def delete(self, base: str, path: str) -> None:
        """Delete a document by its path."""
        self._transport.request(
            "DELETE", f"/api/v1/knowledge/bases/{segment(base)}/documents/{segment(path, slashes=True)}"
        )

    def search(self, base: str, question: str, *, limit: int = 5) -> list[RetrievedPassage]:
        """Return the passages that match a question, best first."""
        return self._transport.get(
            f"/api/v1/knowledge/bases/{segment(base)}/search", list[RetrievedPassage], q=question, limit=limit
        )

    def ask(self, base: str, question: str, *, model: str, limit: int = 4) -> dict[str, Any]:
        """Answer a question: `text`, `citations`, `unsupported`, `passages`, `answered`, `span_id`, `index_version`."""
        body = {"question": question, "model": model, "limit": limit}
        return self._transport.post(f"/api/v1/knowledge/bases/{segment(base)}/ask", dict[str, Any], body=body)
