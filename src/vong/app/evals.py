"""Evaluations connected to datasets, jobs and the server's public endpoint."""

import time
from collections.abc import Sequence
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, Any
from uuid import UUID

from sqlalchemy import Connection
from tenacity import retry_any, retry_if_exception_type, retry_if_result, stop_after_delay, wait_fixed

from vong import data, evals, jobs
from vong.app.platform import Platform
from vong.errors import Forbidden, JobCancelled, NotFound, Unauthenticated, VongError, error_message, parse_error
from vong.evals.runs import update_run
from vong.jobs import JobContext
from vong.records import EvalResult, Example, Job, Message, Usage, new_id
from vong.records.job import FINAL_STATUSES
from vong.retries import call_with_retries

if TYPE_CHECKING:
    import httpx

RETRY_TIMEOUT_SECONDS = 90.0
"""Seconds for which a request is retried while a server or an engine restarts."""

RETRY_DELAY_SECONDS = 1.0
"""Delay between two attempts."""

LOW_PRIORITY = {"x-vong-priority": "low"}
"""Header of calls that wait behind those of people."""

FATAL_STATUSES: dict[int, type[VongError]] = {401: Unauthenticated, 403: Forbidden, 404: NotFound}
RETRYABLE_STATUSES = frozenset({429, 502, 503, 504})


def start(
    connection: Connection,
    *,
    model: str,
    dataset: str,
    split: str,
    scorers: Sequence[str],
    settings: evals.EvalSettings,
    name: str = "",
    key: str | None = None,
) -> tuple[EvalResult, Job]:
    """Record an evaluation run and submit its job, in one transaction. Both have the same id.

    A repeated `key` returns the first run and job.
    """
    version = data.find(connection, dataset)
    params = {"model": model, "dataset": version.ref, "split": split}
    job = jobs.submit(connection, "evals.run", params, id=new_id(), key=key)
    result = evals.create_run(
        connection,
        model=model,
        dataset=version,
        split=split,
        scorers=scorers,
        settings=settings,
        name=name,
        id=job.id,
    )
    return result, job


def run(job: JobContext, platform: Platform) -> dict[str, Any]:
    """Run the job `evals.run`: request the missing outputs through the public endpoint and score them."""
    with platform.scope(job.project_id) as connection:
        result = evals.get_run(connection, job.id)
        version = data.find(connection, result.dataset)
    settings = evals.EvalSettings.model_validate(result.settings)
    examples = list(data.read(platform.blobs, version, split=result.split))
    pool: list[Example] = []
    if settings.shots:
        pool = list(data.read(platform.blobs, version, split=settings.shots_split))
    with platform.client(job.project_id) as client:
        finished = evals.run(
            partial(platform.scope, job.project_id),
            result.id,
            examples,
            GatewayChatClient(client.transport.http, result.model, job),
            shots_pool=pool,
            progress=lambda done, total: job.progress(done, total, unit="examples"),
        )
    return {"result": str(finished.id), "scores": finished.scores, "failed": finished.failed}


def sync_with_jobs(connection: Connection, results: Sequence[EvalResult]) -> list[EvalResult]:
    """Return the runs, updated first if their job failed or was cancelled and could not record that itself."""
    current: list[EvalResult] = []
    for result in results:
        if result.status not in FINAL_STATUSES:
            with suppress(NotFound):
                job = jobs.get(connection, result.id)
                if job.status in {"failed", "cancelled"}:
                    update_run(connection, result.id, {"status": job.status, "finished_at": job.finished_at})
                    result = evals.get_run(connection, result.id)
        current.append(result)
    return current


class GatewayChatClient:
    """Client of one model at `/v1/chat/completions` that retries while a server or an engine restarts."""

    def __init__(self, http: "httpx.Client", model: str, job: JobContext) -> None:
        self._http = http
        self._model = model
        self._job = job

    def __call__(self, messages: list[Message], params: dict[str, Any]) -> evals.ModelOutput:
        """Return one output with the latency of the last attempt."""
        from httpx import TransportError

        body = {
            "model": self._model,
            "messages": [message.model_dump(exclude_none=True) for message in messages],
            **params,
        }

        def send() -> "tuple[httpx.Response, float]":
            started = time.perf_counter()
            response = self._http.post("/v1/chat/completions", json=body, headers=LOW_PRIORITY, timeout=600.0)
            return response, (time.perf_counter() - started) * 1000

        try:
            response, elapsed = call_with_retries(
                send,
                retry=retry_any(retry_if_exception_type(TransportError), retry_if_result(_is_retryable)),
                wait=wait_fixed(RETRY_DELAY_SECONDS),
                stop=stop_after_delay(RETRY_TIMEOUT_SECONDS),
                cancelled=self._job.stop_event,
            )
        except TransportError as error:
            return self._failed(f"the server is unreachable: {type(error).__name__}")
        if _is_retryable((response, elapsed)):
            return self._failed(describe_failure(response))
        return parse_response(response, elapsed)

    def _failed(self, message: str) -> evals.ModelOutput:
        """Return an output with the reason why the retries ended: the job was asked to stop, or the last failure."""
        try:
            self._job.check()
        except JobCancelled as error:
            return failed_output(str(error))
        return failed_output(message)


def _is_retryable(attempt: "tuple[httpx.Response, float]") -> bool:
    return attempt[0].status_code in RETRYABLE_STATUSES


def parse_response(response: "httpx.Response", latency_ms: float) -> evals.ModelOutput:
    """Return the output of a response.

    Raises: the error of a status that every request would get (401, 403, 404).
    """
    if response.status_code in FATAL_STATUSES:
        raise FATAL_STATUSES[response.status_code](describe_failure(response))  # the message includes the next step
    if response.status_code >= 400:
        return failed_output(describe_failure(response))
    try:
        body = response.json()
        text = body["choices"][0]["message"]["content"] or ""
    except (ValueError, LookupError, TypeError):
        return failed_output("the response is not in OpenAI's format")
    usage_fields = body.get("usage") or {}
    usage = Usage(input_tokens=usage_fields.get("prompt_tokens"), output_tokens=usage_fields.get("completion_tokens"))
    span = response.headers.get("x-vong-span-id")
    return evals.ModelOutput(text, UUID(span) if span else None, latency_ms, usage)


def failed_output(message: str) -> evals.ModelOutput:
    """Return an output without text, with the error message."""
    return evals.ModelOutput("", None, 0.0, Usage(), error=message)


def describe_failure(response: "httpx.Response") -> str:
    """Return the message of an error response, or its status and the start of its body."""
    return error_message(parse_error(response.content)) or f"status {response.status_code}: {response.text[:300]}"
