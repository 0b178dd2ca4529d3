"""Runs of pipelines in the client."""

import json
from collections.abc import Iterator, Mapping
from typing import Any
from uuid import UUID

import httpx

from vong.client.transport import Transport, convert_connection_errors, iter_events, segment

RUNS_PATH = "/api/v1/pipelines/runs"
FINAL_EVENTS = ("run_ended", "run_waiting")


class PipelineRunsClient:
    """Runs of pipelines."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def list(self, **filters: Any) -> list[dict[str, Any]]:
        """List the runs of the project, newest first.

        `filters`: `pipeline`, `version`, `state`, `conversation_id`, `after` (last id of the previous page), `limit`.
        """
        return self._transport.get(RUNS_PATH, list[dict[str, Any]], **filters)

    def get(self, run_id: UUID | str) -> dict[str, Any]:
        """Return a run with its steps."""
        return self._transport.get(f"{RUNS_PATH}/{segment(run_id)}", dict[str, Any])

    def definition(self, run_id: UUID | str) -> dict[str, Any]:
        """Return the definition that a run executed."""
        return self._transport.get(f"{RUNS_PATH}/{segment(run_id)}/definition", dict[str, Any])

    def cancel(self, run_id: UUID | str) -> dict[str, Any]:
        """Cancel a run and return it."""
        return self._transport.post(f"{RUNS_PATH}/{segment(run_id)}/cancel", dict[str, Any], body=None)

    def events(self, run_id: UUID | str, *, last_event_id: str | None = None) -> Iterator[dict[str, Any]]:
        """Yield the events of a run up to its end, or until it waits for a decision. Each has its `id` and `event`."""
        headers = {"last-event-id": last_event_id} if last_event_id else {}
        path = f"{RUNS_PATH}/{segment(run_id)}/events"
        response = self._transport.open_event_stream("GET", path, headers=headers, timeout=_timeout())
        return _read_events(response)

    def decide(
        self, run_id: UUID | str, step: str, *, approved: bool, comment: str = "", data: Any = None
    ) -> dict[str, Any]:
        """Approve or reject a waiting step. `data` replaces the data that the step shows."""
        path = f"{RUNS_PATH}/{segment(run_id)}/steps/{segment(step)}/decision"
        body = {"approved": approved, "comment": comment, "data": data}
        return self._transport.post(path, dict[str, Any], body=body)


def run_body(
    source: str | Mapping[str, Any], inputs: Mapping[str, Any] | None, mode: str, options: Mapping[str, Any]
) -> tuple[str, dict[str, Any]]:
    """Return the path and the body of a request that starts a run of a stored pipeline or of a definition."""
    body = {"inputs": dict(inputs or {}), "mode": mode, **options}
    if isinstance(source, str) and "\n" not in source:
        name, mark, rest = source.partition("@") if "@" in source else source.partition(":")
        return f"/api/v1/pipelines/{segment(name)}/runs", {**body, **({"version": rest} if mark else {})}
    return RUNS_PATH, {**body, "definition": source if isinstance(source, str) else dict(source)}


def start_and_read(
    transport: Transport, source: str | Mapping[str, Any], inputs: Mapping[str, Any] | None, options: Mapping[str, Any]
) -> Iterator[dict[str, Any]]:
    """Start a run and yield its events. Closing the iterator does not cancel the run."""
    path, body = run_body(source, inputs, "stream", options)
    return _read_events(transport.open_event_stream("POST", path, json=body, timeout=_timeout()))


def _read_events(response: httpx.Response) -> Iterator[dict[str, Any]]:
    try:
        with convert_connection_errors(str(response.request.url), is_call=True):
            for event in iter_events(response):
                yield {"id": event.id, **json.loads(event.data)}
    finally:
        response.close()


def _timeout() -> httpx.Timeout:
    return httpx.Timeout(30, read=None)
