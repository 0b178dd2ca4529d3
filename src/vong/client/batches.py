"""Batches namespace of the client's gateway: files of requests that are processed later."""

import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from uuid import UUID

from vong.client.transport import Transport, iter_text_lines, segment
from vong.errors import NotFound
from vong.records.batch import FINAL_STATUSES, Batch

ROOT = "/api/v1/gateway/batches"
POLL_INTERVAL_SECONDS = 1.0
"""Seconds between two status requests while waiting for a batch."""


class BatchesClient:
    """Batches and their files. A batch id is `batch_…` or the same as a UUID; a file id is `file-…`."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def start(
        self,
        file: Path | str,
        endpoint: str = "/v1/chat/completions",
        *,
        window: str = "24h",
        metadata: dict[str, str] | None = None,
    ) -> Batch:
        """Upload a JSONL file of requests, one per line in OpenAI's format, and start a batch."""
        path = Path(file)
        with path.open("rb") as content:
            files = {"file": (path.name, content)}
            uploaded = self._transport.call(
                "POST", "/v1/files", data={"purpose": "batch"}, files=files, timeout=3600
            ).json()
        body = {"input_file_id": uploaded["id"], "endpoint": endpoint, "completion_window": window}
        created = self._transport.call("POST", "/v1/batches", json={**body, "metadata": metadata}).json()
        return self.get(created["id"])

    def list(self, *, after: UUID | None = None, limit: int = 50) -> "list[Batch]":
        """Return batches, newest first; `after` is the last id of the previous page."""
        return self._transport.get(ROOT, list[Batch], after=str(after) if after else None, limit=limit)

    def get(self, id: UUID | str) -> Batch:
        """Return a batch with the costs of its calls so far."""
        return self._transport.get(f"{ROOT}/{_to_path_id(id)}", Batch)

    def cancel(self, id: UUID | str) -> Batch:
        """Cancel a batch. Results received by then are in its files."""
        return self._transport.post(f"{ROOT}/{_to_path_id(id)}/cancel", Batch)

    def wait(self, id: UUID | str, on_progress: Callable[[Batch], None] | None = None) -> Batch:
        """Wait until the batch has ended, in any state, and return it. `on_progress` receives every status."""
        while True:
            batch = self.get(id)
            if on_progress is not None:
                on_progress(batch)
            if batch.status in FINAL_STATUSES:
                return batch
            time.sleep(POLL_INTERVAL_SECONDS)

    def results(self, id: UUID | str, *, errors: bool = False) -> Iterator[dict[str, Any]]:
        """Yield the results, or with `errors` the failed lines, in the order of the input.

        Raises: NotFound if there are none.
        """
        for line in self.lines(id, errors=errors):
            yield json.loads(line)

    def lines(self, id: UUID | str, *, errors: bool = False) -> Iterator[str]:
        """Yield the same lines as `results`, as unparsed text."""
        batch = self.get(id)
        file = batch.error_file if errors else batch.output_file
        if file is None:
            kind = "failed" if errors else "successful"
            raise NotFound(
                f"the batch {batch.tag!r} ({batch.status}) has no file of {kind} lines",
                "see: vong gateway batches show ID",
            )
        with self._transport.stream("GET", f"/v1/files/file-{file.hex}/content", timeout=600) as response:
            yield from iter_text_lines(response)

    def files(self, *, limit: int = 1000) -> "list[dict[str, Any]]":
        """Return uploaded files and result files, newest first, in OpenAI's format."""
        return self._transport.call("GET", "/v1/files", params={"limit": limit}).json()["data"]

    def delete_file(self, id: str) -> None:
        """Delete a file. A batch that has started keeps its own copy of the input."""
        self._transport.call("DELETE", f"/v1/files/{segment(id)}")


def _to_path_id(id: UUID | str) -> str:
    try:
        return str(id if isinstance(id, UUID) else UUID(hex=id.removeprefix("batch_")))
    except ValueError:
        raise NotFound(f"no batch has the id {id!r}", "list them with: vong gateway batches list") from None
