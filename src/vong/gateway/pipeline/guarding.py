"""Guards of one model call: they check the request first, then the response."""

from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import aclosing
from typing import Any, cast

from vong.errors import UpstreamFailed
from vong.gateway.guards import response as guard_response
from vong.gateway.guards.base import AskModel
from vong.gateway.guards.registry import ConfiguredGuard
from vong.gateway.guards.request_texts import GuardedRequest, TextCollector, TextSegment
from vong.gateway.guards.run import GuardRun, RetryRequested
from vong.gateway.guards.stream import GuardedStream, guard_stream
from vong.gateway.pipeline.exchange import UpstreamExchange
from vong.gateway.providers import Endpoint, ProviderResponse
from vong.gateway.providers.base import VECTOR_ENDPOINTS
from vong.gateway.providers.translation import ChunkDecoder
from vong.gateway.upstream.bounded_events import bounded_events
from vong.records.guard import GuardOutcome

REDACTED_TEXT = "[WITHHELD]"
"""Replacement of each text of a blocked request in its span."""


class GuardSession:
    """Guard runs of one model call. `version` is the version of the project's guards."""

    def __init__(self, guards: Sequence[ConfiguredGuard], ask: AskModel, version: str | None = None) -> None:
        self.version = version
        self._input = [GuardRun(guard, "input", ask) for guard in guards if guard.checks_input]
        self._output = [GuardRun(guard, "output", ask) for guard in guards if guard.checks_output]

    @property
    def checks_requests(self) -> bool:
        """Return True if a guard checks requests."""
        return bool(self._input)

    @property
    def checks_responses(self) -> bool:
        """Return True if a guard checks responses."""
        return bool(self._output)

    async def check_request(self, request: GuardedRequest) -> None:
        """Check the request and mask its texts in place.

        Raises ContentBlocked or GuardFailed. The span may then store only the redacted request (`redacted_body`).
        """
        for run in self._input:
            roles = run.configured_guard.config.roles
            if "user" in (roles or _default_roles(run)):
                request.require_texts()
            if run.configured_guard.guard.text_scope == "last" and not roles:
                for segments in request.last_user_texts():
                    await _check_last_message(run, segments)
                continue
            for segment in request.texts.segments:
                if segment.role in (roles or _default_roles(run)):
                    segment.replace(await run.apply(segment.text))

    async def check_history(self, messages: list[dict[str, Any]]) -> None:
        """Mask the earlier messages of the conversation in place.

        Stored messages may be older than these guards.
        """
        texts = TextCollector()
        texts.collect(messages, "user", None, None)
        for run in self._input:
            for segment in texts.segments:
                if run.masks and segment.role in (run.configured_guard.config.roles or _default_roles(run)):
                    segment.replace(await run.apply(segment.text))
        texts.encode_json_values()

    async def mask_failure(self, send: Callable[[], Awaitable[ProviderResponse]]) -> ProviderResponse:
        """Return the response of `send`. The message of an error, which may quote the upstream, is masked."""
        try:
            return await send()
        except UpstreamFailed as error:
            message = error.message
            for run in self._output:
                if run.masks:
                    message = await run.apply(message)
            if message == error.message:
                raise
            raise type(error)(message, error.hint) from None

    async def check_response(
        self, exchange: UpstreamExchange, reply: ProviderResponse, resend: Callable[[], Awaitable[ProviderResponse]]
    ) -> ProviderResponse:
        """Return the response after the guards; a stream is checked while it arrives.

        `resend` sends the request to the same target once more.
        """
        if not self._output or exchange.endpoint in VECTOR_ENDPOINTS:
            return reply
        if reply.events is not None:
            # Called here and not in the generator: from now on the stream is accumulated as chat completion chunks.
            decoder_factory = exchange.take_chunk_decoder()
            reply.events = self._guard_stream(
                cast(AsyncGenerator[bytes], reply.events), decoder_factory, exchange, resend
            )
            return reply
        try:
            return await guard_response.apply_to_response(self._output, reply)
        except RetryRequested:
            second = await resend()
            return await guard_response.apply_to_response(
                self._output, guard_response.add_usage(second, reply), retried=True
            )

    async def _guard_stream(
        self,
        events: AsyncGenerator[bytes],
        decoder_factory: Callable[[], ChunkDecoder] | None,
        exchange: UpstreamExchange,
        resend: Callable[[], Awaitable[ProviderResponse]],
    ) -> AsyncGenerator[bytes]:
        """Yield a stream under guard.

        If a guard may request a retry, nothing is sent before the first response is complete.
        """
        text_so_far = exchange.partial.text if exchange.partial else ""
        runs = [run for run in self._output if run.configured_guard.config.action != "retry"]
        retry_runs = [run for run in self._output if run not in runs]
        if retry_runs:
            choices = int(exchange.request.n or 1)
            transcript = guard_response.open_transcript(decoder_factory() if decoder_factory else None)
            buffered = list[bytes]()
            async with aclosing(events), aclosing(bounded_events(events, lambda: transcript.end_grace(choices))) as all:
                async for batch in all:
                    buffered.append(batch)
                    transcript.feed(batch)
            try:
                await guard_response.check_buffered_stream(retry_runs, transcript, text_so_far)
                events = _replay(buffered)
            except RetryRequested:
                second, runs = await resend(), self._output
                if second.events is None:
                    message = "the upstream did not stream its response to the retry that a guard requested"
                    raise UpstreamFailed(message, "send the request again") from None
                events = cast(AsyncGenerator[bytes], second.events)
        guarded_stream = GuardedStream(runs, int(exchange.request.n or 1), text_so_far)
        async with aclosing(
            guard_stream(events, guarded_stream, decoder_factory() if decoder_factory else None)
        ) as guarded_events:
            async for batch in guarded_events:
                yield batch

    def outcomes(self) -> list[GuardOutcome]:
        """Return the outcome of each guard that ran."""
        return [run.build_outcome() for run in (*self._input, *self._output) if run.elapsed_seconds]

    def span_attributes(self) -> dict[str, Any]:
        """Return the span attributes of the guards."""
        attributes: dict[str, Any] = {"vong.guards": [outcome.model_dump(mode="json") for outcome in self.outcomes()]}
        return {**attributes, "vong.guards_version": self.version} if self.version else attributes


def redacted_body(endpoint: Endpoint, body: bytes) -> bytes:
    """Return the request with all its texts redacted."""
    request = GuardedRequest(endpoint, body)
    for segment in request.texts.segments:
        segment.replace(REDACTED_TEXT)
    return request.encode()


async def _check_last_message(run: GuardRun, segments: tuple[TextSegment, ...]) -> None:
    """Check the last message as one text. A guard that masks checks each segment separately."""
    if run.masks:
        for segment in segments:
            segment.replace(await run.apply(segment.text))
    else:
        await run.apply("\n".join(segment.text for segment in segments))


def _default_roles(run: GuardRun) -> tuple[str, ...]:
    return (
        ("user", "tool")
        if run.configured_guard.guard.text_scope == "untrusted"
        else ("system", "user", "assistant", "tool")
    )


async def _replay(batches: list[bytes]) -> AsyncGenerator[bytes]:
    for batch in batches:
        yield batch
