"""What providers share that speak otherwise than OpenAI: bodies translated there and back, and whose fault it is where
that fails.
"""

from collections.abc import AsyncGenerator, Callable, Generator, Mapping
from contextlib import aclosing, contextmanager
from typing import Any, Protocol

import msgspec

from vong.errors import InvalidInput, UpstreamFailed
from vong.gateway.providers.base import ProviderResponse
from vong.gateway.providers.http import passed, status
from vong.gateway.upstream.response import UpstreamResponse
from vong.gateway.upstream.sse import DONE, event, whole_events

MALFORMED = (KeyError, TypeError, ValueError, AttributeError, IndexError)
"""What a walk through JSON of another form raises."""
_decode = msgspec.json.Decoder(dict[str, Any]).decode


class TranslatedChunks(Protocol):
    """A stream on its way into a chat's chunks."""

    @property
    def ended(self) -> bool:
        """Whether the stream came to its proper end."""
        ...

    def take(self, event: Mapping[str, Any]) -> list[dict[str, Any]]:
        """The chunks that follow from the data of one event. An error is a chunk with `error`, in OpenAI's form."""
        ...

    def end(self) -> list[dict[str, Any]]:
        """The chunks that come last."""
        ...


def asked(body: bytes, translate: Callable[[dict[str, Any]], dict[str, Any]]) -> bytes:
    """A chat in another form. InvalidInput where it is no chat."""
    try:
        return msgspec.json.encode(translate(_decode(body)))
    except MALFORMED as error:
        hint = "see docs/guides/gateway.md for an example"
        raise InvalidInput(f"the request is not a chat in OpenAI's shape: {error!r}", hint) from error


def answered(
    name: str,
    response: UpstreamResponse,
    body: bytes,
    translate: Callable[[dict[str, Any]], dict[str, Any]],
    failed: Callable[[dict[str, Any]], dict[str, Any]],
) -> ProviderResponse:
    """A whole answer as a chat's. An error that is not of the provider's form is passed on: the gateway keeps what was
    said.
    """
    code = status(response)
    try:
        found = _decode(body)
        made = failed(found) if code >= 400 else translate(found)
    except MALFORMED as error:
        if code < 400:
            raise UpstreamFailed(f"{name!r} did not answer in its form: {error!r}", "check its base_url") from error
        return ProviderResponse(code, body, passed(response))
    return ProviderResponse(code, msgspec.json.encode(made), passed(response))


async def streamed(name: str, response: UpstreamResponse, chunks: TranslatedChunks) -> AsyncGenerator[bytes]:
    """A stream of server-sent events as a chat's, each as soon as it came."""
    async with aclosing(whole_events(response)) as batches:
        async for batch in batches:
            with odd(name):
                lines = [line[5:].strip() for line in batch.split(b"\n") if line[:5] == b"data:"]
                said = [_decode(line) for line in lines if line != b"[DONE]"]
                found = b"".join(event(chunk) for one in said for chunk in chunks.take(one))
            if found:
                yield found
    if chunks.ended:
        yield b"".join(map(event, chunks.end())) + DONE


@contextmanager
def odd(name: str) -> Generator[None]:
    """An event of another form is the upstream's fault."""
    try:
        yield
    except MALFORMED as error:
        raise UpstreamFailed(f"{name!r} streamed an event that is none of an answer: {error!r}", "ask again") from error
