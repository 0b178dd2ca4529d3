"""Spans sent on to OpenTelemetry endpoints while they are stored: in batches, again where they do not answer, and never
so many held back that memory grows.
"""

import gzip
import logging
import random
import threading
from collections import deque
from collections.abc import Sequence

import httpx

from vong.config import OtlpExportSettings
from vong.records import Span
from vong.traces import otlp

log = logging.getLogger(__name__)

BATCH = 200
"""Spans of one request."""
HELD = 5_000
"""Spans that wait for one endpoint; where more come, the oldest are dropped and counted."""
DELAY = 1.0
"""Seconds in which a batch comes together."""
PAUSES = (0.5, 1.0, 2.0, 4.0, 8.0)
"""Seconds before a batch is sent again; after the last one it is dropped and counted."""
PASSING = {408, 425, 429, 500, 502, 503, 504}
"""Statuses that pass."""


class OtlpExporter:
    """One endpoint. `take` from any thread; a thread of its own sends."""

    def __init__(self, name: str, settings: OtlpExportSettings) -> None:
        self.name = name
        self.bodies = settings.bodies
        self.exported = 0
        """Spans that the endpoint took."""
        self.dropped = 0
        """Spans that it did not take, or that came too fast."""
        self._settings = settings
        self._held: deque[Span] = deque()
        self._changed = threading.Condition()
        self._ending = threading.Event()
        self._http = httpx.Client(timeout=settings.timeout)
        self._thread = threading.Thread(target=self._run, name=f"vong-export-{name}", daemon=True)
        self._thread.start()

    @property
    def waiting(self) -> int:
        """Spans that are not sent yet."""
        return len(self._held)

    def take(self, span: Span) -> None:
        """A span that is to be sent."""
        with self._changed:
            if len(self._held) >= HELD:
                self._held.popleft()
                self.dropped += 1
            self._held.append(span)
            self._changed.notify()

    def send(self, spans: Sequence[Span]) -> httpx.Response:
        """Send spans at once. Raises what httpx raises where nobody answers."""
        body = gzip.compress(otlp.request(spans, bodies=self._settings.bodies), 5)
        kind = {"content-type": "application/x-protobuf", "content-encoding": "gzip"}
        return self._http.post(self._settings.url, content=body, headers={**self._settings.sent(), **kind})

    def stop(self, timeout: float = 5.0) -> None:
        """Send what is held, for so long, and end."""
        self._ending.set()
        with self._changed:
            self._changed.notify()
        self._thread.join(timeout)
        self._http.close()

    def _run(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: bool(self._held) or self._ending.is_set())
            self._ending.wait(DELAY if len(self._held) < BATCH else 0)
            with self._changed:
                batch = [self._held.popleft() for _ in range(min(BATCH, len(self._held)))]
            if not batch:
                return
            self._deliver(batch)

    def _deliver(self, batch: Sequence[Span]) -> None:
        said = ""
        for pause in (*PAUSES, None):
            try:
                answer = self.send(batch)
                if answer.is_success:
                    self.exported += len(batch)
                    return
                said = f"{answer.status_code} {answer.text[:200]}"
                if answer.status_code not in PASSING:
                    break
            except (httpx.HTTPError, RuntimeError) as error:  # a client that was closed at the end is a RuntimeError
                said = f"{type(error).__name__}: {error}"
            if pause is None or self._ending.wait(pause * random.uniform(0.5, 1.0)):
                break
        self.dropped += len(batch)
        log.warning("%d spans were not taken by the export %r: %s", len(batch), self.name, said)
