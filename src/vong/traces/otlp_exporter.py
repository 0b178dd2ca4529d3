"""Export of spans to OpenTelemetry endpoints: in batches, with retries and a bounded queue."""

import gzip
import logging
import random
import threading
from collections import deque
from collections.abc import Sequence

import httpx
from tenacity import RetryCallState, retry_if_exception_type, retry_if_result, stop_after_attempt

from vong.config import OtlpExportSettings
from vong.records import Span
from vong.retries import call_with_retries
from vong.traces import otlp

log = logging.getLogger(__name__)

MAX_BATCH_SPANS = 200
"""Maximum spans of one request."""
MAX_QUEUED_SPANS = 5_000
"""Maximum queued spans of one endpoint. Beyond it the oldest spans are dropped and counted."""
BATCH_DELAY_SECONDS = 1.0
"""Time in which a batch is collected."""
BACKOFF_SECONDS = (0.5, 1.0, 2.0, 4.0, 8.0)
"""Delays between attempts to send a batch. After the last attempt the batch is dropped and counted."""
RETRYABLE_STATUSES = {408, 425, 429, 500, 502, 503, 504}
"""HTTP statuses of temporary errors, which are retried."""
SEND_ERRORS = (httpx.HTTPError, RuntimeError)
"""Errors of sending a batch. httpx raises RuntimeError if the client was closed."""


class OtlpExporter:
    """Exporter for one endpoint, with its own sending thread. `enqueue` is thread-safe."""

    def __init__(self, name: str, settings: OtlpExportSettings) -> None:
        self.name = name
        self.include_bodies = settings.bodies
        self.exported = 0
        """Spans that the endpoint accepted."""
        self.dropped = 0
        """Spans that the endpoint did not accept or that exceeded the queue."""
        self._settings = settings
        self._queue: deque[Span] = deque()
        self._changed = threading.Condition()
        self._ending = threading.Event()
        self._http = httpx.Client(timeout=settings.timeout)
        self._thread = threading.Thread(target=self._run, name=f"vong-export-{name}", daemon=True)
        self._thread.start()

    @property
    def queued_count(self) -> int:
        """Return the number of queued spans."""
        return len(self._queue)

    def enqueue(self, span: Span) -> None:
        """Queue a span."""
        with self._changed:
            if len(self._queue) >= MAX_QUEUED_SPANS:
                self._queue.popleft()
                self.dropped += 1
            self._queue.append(span)
            self._changed.notify()

    def send(self, spans: Sequence[Span]) -> httpx.Response:
        """Send spans immediately, without retries. Raises httpx.HTTPError if there is no response."""
        body = gzip.compress(otlp.encode_request(spans, bodies=self._settings.bodies), 5)
        headers = {"content-type": "application/x-protobuf", "content-encoding": "gzip"}
        return self._http.post(
            self._settings.url, content=body, headers={**self._settings.resolve_headers(), **headers}
        )

    def stop(self, timeout: float = 5.0) -> None:
        """Send the queued spans for at most `timeout` seconds, then stop."""
        self._ending.set()
        with self._changed:
            self._changed.notify()
        self._thread.join(timeout)
        self._http.close()

    def _run(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: bool(self._queue) or self._ending.is_set())
            self._ending.wait(BATCH_DELAY_SECONDS if len(self._queue) < MAX_BATCH_SPANS else 0)
            with self._changed:
                batch = [self._queue.popleft() for _ in range(min(MAX_BATCH_SPANS, len(self._queue)))]
            if not batch:
                return
            self._send_with_retries(batch)

    def _send_with_retries(self, batch: Sequence[Span]) -> None:
        try:
            response = call_with_retries(
                lambda: self.send(batch),
                retry=retry_if_exception_type(SEND_ERRORS) | retry_if_result(_is_retryable),
                wait=_backoff_seconds,
                stop=stop_after_attempt(1 + len(BACKOFF_SECONDS)),
                cancelled=self._ending,
            )
        except SEND_ERRORS as error:
            reason = f"{type(error).__name__}: {error}"
        else:
            if response.is_success:
                self.exported += len(batch)
                return
            reason = f"{response.status_code} {response.text[:200]}"
        self.dropped += len(batch)
        log.warning("OTLP exporter %r dropped %d spans: %s", self.name, len(batch), reason)


def _is_retryable(response: httpx.Response) -> bool:
    return response.status_code in RETRYABLE_STATUSES


def _backoff_seconds(state: RetryCallState) -> float:
    """Return the delay after an attempt, with jitter. tenacity also computes it after the last attempt."""
    number = min(state.attempt_number, len(BACKOFF_SECONDS))
    return BACKOFF_SECONDS[number - 1] * random.uniform(0.5, 1.0)
