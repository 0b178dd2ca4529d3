"""Documents of knowledge bases in the client."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any
from uuid import UUID

from vong.client.transport import Transport, segment
from vong.client.upload_files import UploadFile, open_parts
from vong.records import Document, Job

MAX_REQUEST_FILES = 500
"""Files of one request. The server accepts at most 1000."""
MAX_REQUEST_BYTES = 64 << 20
"""Size of the files of one request, unless a single file is larger."""


class KnowledgeDocumentsClient:
    """Documents of knowledge bases: upload, read and delete them."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def documents(
        self, base: str, *, state: str | None = None, after: str | None = None, limit: int | None = None
    ) -> list[Document]:
        """Return the documents of a base by path; failed ones with the reason.

        `state` is `pending`, `loading`, `indexing`, `ready` or `failed`; `after` the last path of the previous page.
        """
        path = f"{_base_path(base)}/documents"
        return self._transport.get(path, list[Document], state=state, after=after, limit=limit)

    def document(self, document_id: UUID | str) -> Document:
        """Return a document with its state, progress, reason and notes."""
        return self._transport.get(f"/api/v1/knowledge/documents/{segment(document_id)}", Document)

    def upload(self, base: str, files: Sequence[Path | UploadFile], *, key: str | None = None) -> Job:
        """Upload files; they are indexed once the job has finished.

        A file is named by its file name, or by the name of an `UploadFile`. More than 500 files, or 64 MB, are sent in
        several requests and indexed by one job. A repeated call with the same `key` returns the same job.
        """
        named = [file if isinstance(file, UploadFile) else UploadFile(file, file.name) for file in files]
        parts = list(_split(named))
        if len(parts) == 1:
            return self._send(f"{_base_path(base)}/documents", parts[0], Job, key)
        ids: list[UUID] = []
        for number, part in enumerate(parts):
            part_key = f"{key}-{number}" if key else None
            stored: list[Document] = self._send(f"{_base_path(base)}/uploads", part, list[Document], part_key)
            ids += [document.id for document in stored]
        return self.ingest(base, ids, key=key)

    def ingest(self, base: str, documents: Sequence[UUID] | None = None, *, key: str | None = None) -> Job:
        """Load and index uploaded documents: those with these ids, or all of the base that are not ready."""
        body = {"documents": [str(id) for id in documents] if documents is not None else None}
        return self._transport.post(f"{_base_path(base)}/ingest", Job, body=body, idempotency_key=key)

    def retry(self, base: str, path: str | None = None, *, key: str | None = None) -> Job:
        """Load failed documents again: the one with this path, or all of the base."""
        return self._transport.post(f"{_base_path(base)}/retry", Job, body={"path": path}, idempotency_key=key)

    def delete(self, base: str, path: str) -> None:
        """Delete a document by its path."""
        self._transport.request("DELETE", f"{_base_path(base)}/documents/{segment(path, slashes=True)}")

    def base(self, base: str) -> dict[str, Any]:
        """Return a base: `name`, `settings` (mask, retention_days, readers) and `states` (documents by state)."""
        return self._transport.get(_base_path(base), dict[str, Any])

    def update_base(self, base: str, settings: Mapping[str, Any]) -> dict[str, Any]:
        """Change settings of a base, which is created if it is new; others keep their values."""
        return self._transport.request("PATCH", _base_path(base), dict[str, Any], body=dict(settings))

    def delete_base(self, base: str) -> None:
        """Delete a base with its documents, indexes, sources, questions and evaluations."""
        self._transport.request("DELETE", _base_path(base))

    def _send(self, path: str, files: Sequence[UploadFile], kind: Any, key: str | None) -> Any:
        with ExitStack() as opened:
            return self._transport.post(path, kind, files=open_parts(files, opened), idempotency_key=key)


def _base_path(base: str) -> str:
    return f"/api/v1/knowledge/bases/{segment(base)}"


def _split(files: Sequence[UploadFile]) -> Iterator[list[UploadFile]]:
    """Yield the files in parts that fit in one request."""
    part: list[UploadFile] = []
    size = 0
    for file in files:
        bytes_of_file = file.path.stat().st_size
        if part and (len(part) >= MAX_REQUEST_FILES or size + bytes_of_file > MAX_REQUEST_BYTES):
            yield part
            part, size = [], 0
        part.append(file)
        size += bytes_of_file
    if part:
        yield part
