"""The client's `jobs` namespace."""

import time
from collections.abc import Callable, Iterator
from uuid import UUID

import httpx

from vong.client.transport import Transport
from vong.errors import Unavailable
from vong.records import Job
from vong.records.job import JobStatus, LogLine

PATIENCE = 60.0
"""Seconds that a job is followed through a server which does not answer, at least."""


class Jobs:
    """Durable jobs: look, follow, cancel, try again."""

    def __init__(self, transport: Transport) -> None:
        self._send = transport

    def list(
        self, *, status: JobStatus | None = None, kind: str | None = None, after: UUID | None = None, limit: int = 50
    ) -> list[Job]:
        """The project's jobs, newest first; `after` is the last id of the page before."""
        params = {"status": status, "kind": kind, "after": str(after) if after else None, "limit": limit}
        return self._send.request("GET", "/api/v1/jobs", list[Job], params=params)

    def get(self, id: UUID | str) -> Job:
        """The job as it stands."""
        return self._send.get(f"/api/v1/jobs/{id}", Job)

    def log(self, id: UUID | str, *, after: int = 0) -> Iterator[LogLine]:
        """The job's log so far, from line `after` + 1 on."""
        while lines := self._send.get(f"/api/v1/jobs/{id}/log", list[LogLine], after=after):
            yield from lines
            after = lines[-1].number

    def cancel(self, id: UUID | str) -> Job:
        """Cancel a job: a queued one at once, a running one within seconds."""
        return self._send.post(f"/api/v1/jobs/{id}/cancel", Job)

    def retry(self, id: UUID | str) -> Job:
        """Queue a failed or cancelled job again; its finished steps are kept."""
        return self._send.post(f"/api/v1/jobs/{id}/retry", Job)

    def events(self, id: UUID | str) -> Iterator[Job | LogLine]:
        """The job and its log lines as they change; the last is the job as it ended.

        A stream that breaks (the server restarts) goes on where it was, once the server is back.
        """
        after = ""
        patience = max(self._send.patience, PATIENCE)
        lost: float | None = None
        while True:
            try:
                for seen, name, value in self._events(id, after):
                    after, lost = seen, None
                    yield value
                    if name == "end":
                        return
            except (httpx.TransportError, Unavailable) as error:
                lost = lost or time.monotonic()
                if time.monotonic() - lost > patience:
                    message = f"the server at {self._send.url} has not answered for {patience:.0f} s"
                    raise Unavailable(message, f"the job may still run; see: vong jobs show {id}") from error
            time.sleep(0.5)

    def wait(self, id: UUID | str, on_progress: Callable[[Job], None] | None = None) -> Job:
        """Wait until the job has ended, however it did, and give it. `on_progress` sees every change on the way."""
        job = None
        for value in self.events(id):
            if isinstance(value, Job):
                job = value
                if on_progress is not None:
                    on_progress(job)
        assert job is not None
        return job

    def _events(self, id: UUID | str, after: str) -> Iterator[tuple[str, str, Job | LogLine]]:
        """The events of one stream: id, name, value."""
        fields: dict[str, str] = {}
        for line in self._send.lines(f"/api/v1/jobs/{id}/events", after=after):
            if line:
                name, _, value = line.partition(": ")
                fields[name] = value
            elif fields.get("data"):
                kind = LogLine if fields["event"] == "log" else Job
                yield fields["id"], fields["event"], kind.model_validate_json(fields["data"])
                fields = {}
            else:
                fields = {}
