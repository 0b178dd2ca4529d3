"""The guards over one call: the request first, then its answer."""

from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import aclosing
from typing import Any, cast

from vong.errors import UpstreamFailed
from vong.gateway.endpoints.base import ChunkDecoder
from vong.gateway.guards import response as guard_response
from vong.gateway.guards.base import Ask
from vong.gateway.guards.registry import ConfiguredGuard
from vong.gateway.guards.request_texts import GuardedRequest, TextCollector, TextSegment
from vong.gateway.guards.run import GuardRun, RetryRequested
from vong.gateway.guards.stream import GuardedStream, guarded
from vong.gateway.pipeline.exchange import UpstreamExchange
from vong.gateway.providers import ProviderResponse, Shape
from vong.records.guard import GuardOutcome

WITHHELD = "[WITHHELD]"
"""What a span keeps in place of each text of a request that was blocked."""


class GuardSession:
    """What the guards of one call did. `version` is that of the project's guards."""

    def __init__(self, posts: Sequence[ConfiguredGuard], ask: Ask, version: str | None = None) -> None:
        self.version = version
        self._input = [GuardRun(post, "input", ask) for post in posts if post.reads_input]
        self._output = [GuardRun(post, "output", ask) for post in posts if post.reads_output]

    @property
    def reads(self) -> bool:
        """Whether requests are read at all."""
        return bool(self._input)

    async def request(self, request: GuardedRequest) -> None:
        """Let the guards read a request and mask in it. ContentBlocked, or GuardFailed; then `withheld` is what may be
        kept of it.
        """
        for duty in self._input:
            roles = duty.post.use.roles
            if duty.post.guard.reads == "last" and not roles:
                for pieces in request.last():
                    await _joined(duty, pieces)
                continue
            for piece in request.texts.pieces:
                if piece.role in (roles or _roles(duty)):
                    piece.put(await duty.over(piece.text))

    async def earlier(self, messages: list[dict[str, Any]]) -> None:
        """The same for what was said before, in place: it may have been kept before these guards stood there."""
        texts = TextCollector()
        texts.gather(messages, "user", None, None)
        for duty in self._input:
            for piece in texts.pieces:
                if duty.masks and piece.role in (duty.post.use.roles or _roles(duty)):
                    piece.put(await duty.over(piece.text))
        texts.fold()

    async def reply(
        self, passage: UpstreamExchange, reply: ProviderResponse, again: Callable[[], Awaitable[ProviderResponse]]
    ) -> ProviderResponse:
        """An answer after the guards: of a stream what passes, as it comes. `again` asks the same target anew."""
        if not self._output or passage.shape == "embeddings":
            return reply
        if reply.events is not None:
            read = passage.as_chat()  # at once: what it returns is told as a chat's from here on
            reply.events = self._stream(cast(AsyncGenerator[bytes], reply.events), read, passage, again)
            return reply
        try:
            return await guard_response.over(self._output, reply)
        except RetryRequested:
            second = await again()
            return await guard_response.over(self._output, guard_response.summed(second, reply), blocks=True)

    async def _stream(
        self,
        events: AsyncGenerator[bytes],
        read: Callable[[], ChunkDecoder] | None,
        passage: UpstreamExchange,
        again: Callable[[], Awaitable[ProviderResponse]],
    ) -> AsyncGenerator[bytes]:
        """A stream under guard. Where the model may be asked again, nothing passes before the first answer is whole."""
        before = passage.so_far.text if passage.so_far else ""
        duties = [duty for duty in self._output if duty.post.use.action != "retry"]
        retrying = [duty for duty in self._output if duty not in duties]
        if retrying:
            async with aclosing(events):
                kept = [batch async for batch in events]
            try:
                await guard_response.streamed(retrying, kept, read() if read else None, before)
                events = _again(kept)
            except RetryRequested:
                second, duties = await again(), self._output
                if second.events is None:
                    raise UpstreamFailed(
                        "the upstream did not answer when it was asked once more", "ask again"
                    ) from None
                events = cast(AsyncGenerator[bytes], second.events)
        under = GuardedStream(duties, passage.asked.n or 1, before)
        async with aclosing(guarded(events, under, read() if read else None)) as passing:
            async for batch in passing:
                yield batch

    def outcomes(self) -> list[GuardOutcome]:
        """What each guard did that looked."""
        return [duty.outcome() for duty in (*self._input, *self._output) if duty.seconds]

    def attributes(self) -> dict[str, Any]:
        """What the span says of it."""
        found: dict[str, Any] = {"vong.guards": [outcome.model_dump(mode="json") for outcome in self.outcomes()]}
        return {**found, "vong.guards_version": self.version} if self.version else found


def withheld(shape: Shape, body: bytes) -> bytes:
    """A request without any of its texts."""
    request = GuardedRequest(shape, body)
    for piece in request.texts.pieces:
        piece.put(WITHHELD)
    return request.body()


async def _joined(duty: GuardRun, pieces: tuple[TextSegment, ...]) -> None:
    """What was said last is read as one text; where a guard masks, each piece by itself."""
    if duty.masks:
        for piece in pieces:
            piece.put(await duty.over(piece.text))
    else:
        await duty.over("\n".join(piece.text for piece in pieces))


def _roles(duty: GuardRun) -> tuple[str, ...]:
    return ("user", "tool") if duty.post.guard.reads == "untrusted" else ("system", "user", "assistant", "tool")


async def _again(batches: list[bytes]) -> AsyncGenerator[bytes]:
    for batch in batches:
        yield batch
