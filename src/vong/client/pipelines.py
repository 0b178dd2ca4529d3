"""Pipelines in the client."""

from collections.abc import Iterator, Mapping
from functools import cached_property
from typing import Any

from vong.client.pipelines_imports import PipelineImportsClient
from vong.client.pipelines_publications import PipelinePublicationsClient
from vong.client.pipelines_replays import PipelineReplaysClient
from vong.client.pipelines_runs import PipelineRunsClient, run_body, start_and_read
from vong.client.pipelines_versions import PipelineVersionsClient
from vong.client.transport import Transport, segment


class PipelinesClient(PipelineVersionsClient, PipelineReplaysClient, PipelinePublicationsClient, PipelineImportsClient):
    """Pipelines and their runs."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    @cached_property
    def runs(self) -> PipelineRunsClient:
        """Return the namespace for runs: list, get, events, cancel, decide."""
        return PipelineRunsClient(self._transport)

    def run(
        self, source: str | Mapping[str, Any], inputs: Mapping[str, Any] | None = None, **options: Any
    ) -> dict[str, Any]:
        """Run a pipeline and return the run with its steps, at its end or when it waits for a decision.

        `source` is NAME, NAME:LABEL, NAME@NUMBER or NAME@HASH, or a definition (an object, or YAML). `options`:
        `limits` (`cost_usd`, `tokens`, `steps`, `seconds`), `conversation_id`, `models` and `prompts` used in place of
        others, `wait_seconds`, and for a definition `pipeline`, the stored pipeline that lists the run as a draft.
        """
        path, body = run_body(source, inputs, "wait", options)
        return self._transport.post(path, dict[str, Any], body=body, timeout=options.get("wait_seconds", 300.0) + 30)

    def start(
        self, source: str | Mapping[str, Any], inputs: Mapping[str, Any] | None = None, **options: Any
    ) -> dict[str, Any]:
        """Start a run and return it at once. `source` and `options` as in `run`."""
        path, body = run_body(source, inputs, "background", options)
        return self._transport.post(path, dict[str, Any], body=body)

    def stream(
        self, source: str | Mapping[str, Any], inputs: Mapping[str, Any] | None = None, **options: Any
    ) -> Iterator[dict[str, Any]]:
        """Run a pipeline and yield its events: `run_started`, `step_started`, `delta`, `step_ended`, …, `run_ended`."""
        return start_and_read(self._transport, source, inputs, options)

    def kinds(self) -> list[dict[str, Any]]:
        """List the kinds of steps with the JSON schemas of their settings."""
        return self._transport.get("/api/v1/pipelines/kinds", list[dict[str, Any]])

    def secrets(self) -> list[dict[str, Any]]:
        """List the secrets of steps, without their values."""
        return self._transport.get("/api/v1/pipelines/secrets", list[dict[str, Any]])

    def set_secret(self, name: str, value: str, *, origin: str) -> dict[str, Any]:
        """Store a secret that steps may send to one origin (https://HOST[:PORT])."""
        body = {"value": value, "origin": origin}
        return self._transport.request("PUT", f"/api/v1/pipelines/secrets/{segment(name)}", dict[str, Any], body=body)

    def delete_secret(self, name: str) -> None:
        """Delete a secret of steps."""
        self._transport.request("DELETE", f"/api/v1/pipelines/secrets/{segment(name)}", Any)
