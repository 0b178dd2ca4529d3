"""The client's `gateway.batches` namespace: many calls that nobody waits for."""

import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx

from vong.client.transport import Transport, raise_for_error
from vong.errors import NotFound
from vong.records.batch import Batch

ROOT = "/api/v1/gateway/batches"
ENDED = frozenset({"failed", "completed", "expired", "cancelled"})
LOOK = 1.0
"""Seconds between two looks at a batch that is waited for."""


class Batches:
    """Files of calls, and batches that make them. An id is `batch_…`, or the same as a UUID; of a file `file-…`."""

    def __init__(self, transport: Transport) -> None:
        self._send = transport

    def start(
        self,
        file: Path | str,
        endpoint: str = "/v1/chat/completions",
        *,
        window: str = "24h",
        metadata: dict[str, str] | None = None,
    ) -> Batch:
        """Upload a file of calls, one in each line in OpenAI's form, and have them made."""
        path = Path(file)
        with path.open("rb") as content:
            files = {"file": (path.name, content)}
            uploaded = self._ask("POST", "/v1/files", data={"purpose": "batch"}, files=files, timeout=3600).json()
        body = {"input_file_id": uploaded["id"], "endpoint": endpoint, "completion_window": window}
        made = self._ask("POST", "/v1/batches", json={**body, "metadata": metadata}).json()
        return self.get(made["id"])

    def list(self, *, after: UUID | None = None, limit: int = 50) -> "list[Batch]":
        """Batches, newest first; `after` is the last id of the page before."""
        return self._send.get(ROOT, list[Batch], after=str(after) if after else None, limit=limit)

    def get(self, id: UUID | str) -> Batch:
        """A batch with what its calls cost so far."""
        return self._send.get(f"{ROOT}/{_plain(id)}", Batch)

    def cancel(self, id: UUID | str) -> Batch:
        """End a batch; what is answered by then is in its files."""
        return self._send.post(f"{ROOT}/{_plain(id)}/cancel", Batch)

    def wait(self, id: UUID | str, on_progress: Callable[[Batch], None] | None = None) -> Batch:
        """Wait until the batch has ended, however it did, and give it. `on_progress` sees every look on the way."""
        while True:
            batch = self.get(id)
            if on_progress is not None:
                on_progress(batch)
            if batch.status in ENDED:
                return batch
            time.sleep(LOOK)

    def results(self, id: UUID | str, *, errors: bool = False) -> Iterator[dict[str, Any]]:
        """The answered lines, or those that failed, in the order of the input. NotFound where there are none."""
        for line in self.lines(id, errors=errors):
            yield json.loads(line)

    def lines(self, id: UUID | str, *, errors: bool = False) -> Iterator[str]:
        """The same, each as the text that it is."""
        batch = self.get(id)
        file = batch.error_file if errors else batch.output_file
        if file is None:
            what = "failed" if errors else "answered"
            raise NotFound(
                f"{batch.tag!r}, which is {batch.status}, has no file of {what} lines",
                "see: vong gateway batch show ID",
            )
        with self._send.http.stream("GET", f"/v1/files/file-{file.hex}/content", timeout=600) as response:
            if response.status_code >= 400:
                response.read()
                raise_for_error(response)
            yield from response.iter_lines()

    def files(self, *, limit: int = 1000) -> "list[dict[str, Any]]":
        """Files that were uploaded or that batches wrote, newest first, in OpenAI's form."""
        return self._ask("GET", "/v1/files", params={"limit": limit}).json()["data"]

    def delete_file(self, id: str) -> None:
        """Remove a file. A batch that has begun goes on with what it read."""
        self._ask("DELETE", f"/v1/files/{id}")

    def _ask(self, method: str, path: str, **options: Any) -> httpx.Response:
        response = self._send.http.request(method, path, **options)
        if response.status_code >= 400:
            raise_for_error(response)
        return response


def _plain(id: UUID | str) -> str:
    return str(id).removeprefix("batch_")
