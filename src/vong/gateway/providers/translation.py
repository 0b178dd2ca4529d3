"""Translation for providers with another format than OpenAI's: bodies in both directions, and the errors."""

from collections.abc import AsyncGenerator, Callable, Generator, Mapping
from contextlib import aclosing, contextmanager
from typing import Any, Protocol

import msgspec

from vong.errors import InvalidInput, UpstreamFailed
from vong.gateway.providers.base import ProviderResponse
from vong.gateway.providers.http import check_status, forward_headers
from vong.gateway.upstream.response import UpstreamResponse
from vong.gateway.upstream.sse import DONE, encode_sse_event, read_sse_events

MALFORMED_ERRORS = (KeyError, TypeError, ValueError, AttributeError, IndexError)
"""Exceptions raised when JSON does not have the expected format."""
_decode = msgspec.json.Decoder(dict[str, Any]).decode


class TranslatedChunks(Protocol):
    """Decoder of a stream into chat chunks."""

    @property
    def ended(self) -> bool:
        """Return True if the stream ended properly."""
        ...

    def decode(self, event: Mapping[str, Any]) -> list[dict[str, Any]]:
        """Return the chunks for the data of one event. An error is a chunk with `error`, in OpenAI's format."""
        ...

    def finish(self) -> list[dict[str, Any]]:
        """Return the last chunks."""
        ...


def translate_request(body: bytes, translate: Callable[[dict[str, Any]], dict[str, Any]]) -> bytes:
    """Translate a chat into another format.

    Raises: InvalidInput if the body is no chat.
    """
    try:
        return msgspec.json.encode(translate(_decode(body)))
    except MALFORMED_ERRORS as error:
        hint = "see docs/guides/gateway.md for an example"
        raise InvalidInput(f"the request is not a chat in OpenAI's format: {error!r}", hint) from error


def translate_response(
    name: str,
    response: UpstreamResponse,
    body: bytes,
    translate: Callable[[dict[str, Any]], dict[str, Any]],
    translate_error: Callable[[dict[str, Any]], dict[str, Any]],
) -> ProviderResponse:
    """Translate a complete response into a chat completion.

    An error that does not have the provider's format is forwarded unchanged, because the gateway keeps the original
    body.
    """
    status_code = check_status(response)
    try:
        decoded = _decode(body)
        result = translate_error(decoded) if status_code >= 400 else translate(decoded)
    except MALFORMED_ERRORS as error:
        if status_code < 400:
            raise UpstreamFailed(
                f"{name!r} responded in an unexpected format: {error!r}", "check its base_url"
            ) from error
        return ProviderResponse(status_code, body, forward_headers(response))
    return ProviderResponse(status_code, msgspec.json.encode(result), forward_headers(response))


async def translate_stream(name: str, response: UpstreamResponse, decoder: TranslatedChunks) -> AsyncGenerator[bytes]:
    """Translate a stream of server-sent events into chat events, each as soon as it arrives."""
    async with aclosing(read_sse_events(response)) as batches:
        async for batch in batches:
            with invalid_response(name):
                lines = [line[5:].strip() for line in batch.split(b"\n") if line[:5] == b"data:"]
                items = [_decode(line) for line in lines if line != b"[DONE]"]
                encoded = b"".join(encode_sse_event(chunk) for item in items for chunk in decoder.decode(item))
            if encoded:
                yield encoded
    if decoder.ended:
        yield b"".join(map(encode_sse_event, decoder.finish())) + DONE


@contextmanager
def invalid_response(name: str) -> Generator[None]:
    """Raise UpstreamFailed if an event does not have the expected format."""
    try:
        yield
    except MALFORMED_ERRORS as error:
        raise UpstreamFailed(f"{name!r} streamed an unexpected event: {error!r}", "try again") from error
