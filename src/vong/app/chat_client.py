"""Client of models at the server's public endpoint, for jobs: low priority, with retries while a server restarts."""

import time
from collections.abc import Sequence
from threading import Event
from typing import TYPE_CHECKING, Any, Protocol
from uuid import UUID

from tenacity import retry_any, retry_if_exception_type, retry_if_result, stop_after_delay, wait_fixed

from vong import evals
from vong.errors import Forbidden, JobCancelled, NotFound, Unauthenticated, VongError, error_message, parse_error
from vong.records import Message, Usage
from vong.retries import call_with_retries

if TYPE_CHECKING:
    import httpx

RETRY_TIMEOUT_SECONDS = 90.0
"""Seconds for which a request is retried while a server or an engine restarts."""

RETRY_DELAY_SECONDS = 1.0
"""Delay between two attempts."""

LOW_PRIORITY = {"x-vong-priority": "low"}
"""Header of calls that wait behind those of people."""

JOB_TAG = "vong:job"
"""Tag of all model calls of jobs and scorers. Monitors never score such calls."""

FATAL_STATUSES: dict[int, type[VongError]] = {401: Unauthenticated, 403: Forbidden, 404: NotFound}
RETRYABLE_STATUSES = frozenset({429, 502, 503, 504})


class ModelCallContext(Protocol):
    """Context in which models are called: a job, or a request."""

    @property
    def stop_event(self) -> Event:
        """Return the event that is set when the calls must stop."""
        ...

    def check(self) -> None:
        """Raise JobCancelled if the calls must stop."""
        ...


class GatewayChatClient:
    """Client of one model at `/v1/chat/completions` that retries while a server or an engine restarts."""

    def __init__(
        self,
        http: "httpx.Client",
        model: str,
        job: ModelCallContext,
        *,
        bypass_cache: bool = False,
        tags: Sequence[str] = (),
    ) -> None:
        self._http = http
        self._model = model
        self._job = job
        self._headers = LOW_PRIORITY | ({"x-vong-cache": "bypass"} if bypass_cache else {})
        self._headers |= {"x-vong-tags": ",".join((JOB_TAG, *tags))}

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
            response = self._http.post("/v1/chat/completions", json=body, headers=self._headers, timeout=600.0)
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
    """Return the output of a response. A request that a guard blocked has an error and ends with `content_filter`.

    Raises: the error of a status that every request would get (401, 403, 404).
    """
    if response.status_code in FATAL_STATUSES:
        raise FATAL_STATUSES[response.status_code](describe_failure(response))  # the message includes the next step
    if response.status_code >= 400:
        reason = "content_filter" if parse_error(response.content).get("code") == "content_filter" else None
        return failed_output(describe_failure(response))._replace(finish_reason=reason)
    try:
        body = response.json()
        choice = body["choices"][0]
        message = Message.model_validate({"role": "assistant", **choice["message"]})
        usage_fields = body.get("usage") or {}
    except (ValueError, LookupError, TypeError):
        return failed_output("the response is not in OpenAI's format")
    usage = Usage(input_tokens=usage_fields.get("prompt_tokens"), output_tokens=usage_fields.get("completion_tokens"))
    span = response.headers.get("x-vong-span-id")
    return evals.ModelOutput(
        message.text,
        UUID(span) if span else None,
        latency_ms,
        usage,
        message=message,
        finish_reason=choice.get("finish_reason"),
    )


def failed_output(message: str) -> evals.ModelOutput:
    """Return an output without text, with the error message."""
    return evals.ModelOutput("", None, 0.0, Usage(), error=message)


def describe_failure(response: "httpx.Response") -> str:
    """Return the message of an error response, or its status and the start of its body."""
    return error_message(parse_error(response.content)) or f"status {response.status_code}: {response.text[:300]}"
