"""Jobs namespace of the client."""

import time
from collections.abc import Callable, Iterator
from uuid import UUID

import httpx

from vong.client.transport import Transport, segment
from vong.errors import Unavailable
from vong.records import Job
from vong.records.job import JobStatus, LogLine

MIN_RETRY_SECONDS = 60.0
"""Minimum seconds for which events of a job are retried while the server is unreachable."""


class JobsClient:
    """Jobs: list, logs, cancel, retry."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def list(
        self, *, status: JobStatus | None = None, kind: str | None = None, after: UUID | None = None, limit: int = 50
    ) -> list[Job]:
        """Return the project's jobs, newest first; `after` is the last id of the previous page."""
        params = {"status": status, "kind": kind, "after": str(after) if after else None, "limit": limit}
        return self._transport.request("GET", "/api/v1/jobs", list[Job], params=params)

    def get(self, id: UUID | str) -> Job:
        """Return the current state of a job."""
        return self._transport.get(f"/api/v1/jobs/{segment(id)}", Job)

    def logs(self, id: UUID | str, *, after: int = 0) -> Iterator[LogLine]:
        """Yield the job's log lines so far, those after line `after`."""
        while lines := self._transport.get(f"/api/v1/jobs/{segment(id)}/log", list[LogLine], after=after):
            yield from lines
            after = lines[-1].number

    def cancel(self, id: UUID | str) -> Job:
        """Cancel a job: a queued one at once, a running one within seconds."""
        return self._transport.post(f"/api/v1/jobs/{segment(id)}/cancel", Job)

    def retry(self, id: UUID | str) -> Job:
        """Queue a failed or cancelled job again; its finished steps are kept."""
        return self._transport.post(f"/api/v1/jobs/{segment(id)}/retry", Job)

    def events(self, id: UUID | str) -> Iterator[Job | LogLine]:
        """Yield the job and its log lines as they change; the last value is the ended job.

        An interrupted stream (the server restarts) resumes at its last event once the server is back.
        """
        after = ""
        retry_seconds = max(self._transport.retry_seconds, MIN_RETRY_SECONDS)
        unreachable_since: float | None = None
        while True:
            try:
                for event_id, name, value in self._stream_events(id, after):
                    after, unreachable_since = event_id, None
                    yield value
                    if name == "end":
                        return
            except (httpx.TransportError, Unavailable) as error:
                unreachable_since = unreachable_since or time.monotonic()
                if time.monotonic() - unreachable_since > retry_seconds:
                    message = f"the server at {self._transport.url} has been unreachable for {retry_seconds:.0f} s"
                    raise Unavailable(message, f"the job may still be running; see: vong jobs show {id}") from error
            time.sleep(0.5)

    def wait(self, id: UUID | str, on_progress: Callable[[Job], None] | None = None) -> Job:
        """Wait until the job has ended, in any state, and return it. `on_progress` receives every change."""
        job = None
        for value in self.events(id):
            if isinstance(value, Job):
                job = value
                if on_progress is not None:
                    on_progress(job)
        assert job is not None
        return job

    def _stream_events(self, id: UUID | str, after: str) -> Iterator[tuple[str, str, Job | LogLine]]:
        """Yield the events of one stream: id, name, value."""
        for event in self._transport.events(f"/api/v1/jobs/{segment(id)}/events", after=after):
            kind = LogLine if event.event == "log" else Job
            yield event.id, event.event, kind.model_validate_json(event.data)
