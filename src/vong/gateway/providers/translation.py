"""Translation for providers with another format than OpenAI's: bodies in both directions, and the errors."""

from collections.abc import AsyncGenerator, Callable, Generator, Mapping
from contextlib import aclosing, contextmanager
from typing import Any, Protocol, runtime_checkable

import msgspec

from vong.errors import InvalidInput, UpstreamFailed
from vong.gateway.providers.base import ProviderResponse
from vong.gateway.providers.http import HttpApi, check_status, forward_headers
from vong.gateway.providers.response_check import excerpt, find_error
from vong.gateway.translators.content import MALFORMED_ERRORS
from vong.gateway.upstream.bounded_events import END_GRACE_SECONDS, bounded_events
from vong.gateway.upstream.response import UpstreamResponse
from vong.gateway.upstream.sse import DONE, DONE_DATA, batch_data, encode_sse_event, has_end_event, read_sse_events

_decode = msgspec.json.Decoder(dict[str, Any]).decode


class ChunkDecoder(Protocol):
    """Decoder of a stream in another format into chat chunks."""

    @property
    def ended(self) -> bool:
        """Return True if the stream ended properly."""
        ...

    def decode(self, event: Mapping[str, Any]) -> list[dict[str, Any]]:
        """Return the chunks for the data of one event. An error is a chunk with `error`, in OpenAI's format."""
        ...


@runtime_checkable
class FinishingChunkDecoder(ChunkDecoder, Protocol):
    """Decoder of a stream that has chunks after its last event."""

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


async def translate_reply(
    api: HttpApi,
    response: UpstreamResponse,
    decoder: FinishingChunkDecoder | None,
    translate: Callable[[dict[str, Any]], dict[str, Any]],
    translate_error: Callable[[dict[str, Any]], dict[str, Any]],
) -> ProviderResponse:
    """Translate the response to a chat: a stream of server-sent events if `decoder` is set, else a completion."""
    if decoder is not None and response.status == 200:
        if (error := await api.check_stream(response)) is not None:
            return error
        events = translate_stream(api.name, response, decoder)
        return ProviderResponse(200, b"", forward_headers(response), events)
    payload = await api.read_body(response)
    return translate_response(api.name, response, payload, translate, translate_error)


def translate_response(
    name: str,
    response: UpstreamResponse,
    body: bytes,
    translate: Callable[[dict[str, Any]], dict[str, Any]],
    translate_error: Callable[[dict[str, Any]], dict[str, Any]],
) -> ProviderResponse:
    """Translate a complete response into a chat completion. An error with the status 200 gets its own status.

    An error that does not have the provider's format is forwarded unchanged, because the gateway keeps the original
    body.
    """
    status_code = check_status(response)
    try:
        decoded = _decode(body)
        if status_code < 400 and (found := find_error(decoded, None)) is not None:
            status_code, result = found.status, {"error": found.error}
        else:
            result = translate_error(decoded) if status_code >= 400 else translate(decoded)
    except MALFORMED_ERRORS as error:
        if status_code < 400:
            raise UpstreamFailed(
                f"{name!r} responded in an unexpected format ({error!r}): {excerpt(body)}", "check its base_url"
            ) from error
        return ProviderResponse(status_code, body, forward_headers(response))
    return ProviderResponse(status_code, msgspec.json.encode(result), forward_headers(response))


async def translate_stream(
    name: str, response: UpstreamResponse, decoder: FinishingChunkDecoder
) -> AsyncGenerator[bytes]:
    """Translate a stream of server-sent events into chat events, each as soon as it arrives."""
    said_done, batch = False, b""

    def end_grace() -> float | None:
        if said_done or (decoder.ended and has_end_event(batch)):
            return 0.0
        return END_GRACE_SECONDS if decoder.ended else None

    async with aclosing(read_sse_events(response)) as events, aclosing(bounded_events(events, end_grace)) as batches:
        async for batch in batches:
            found = batch_data(batch)
            said_done = DONE_DATA in found
            with invalid_response(name):
                items = [_decode(data) for data in found if data != DONE_DATA]
                encoded = b"".join(encode_sse_event(chunk) for item in items for chunk in decoder.decode(item))
            if encoded:
                yield encoded
    if decoder.ended or said_done:
        yield b"".join(map(encode_sse_event, decoder.finish())) + DONE


@contextmanager
def invalid_response(name: str) -> Generator[None]:
    """Raise UpstreamFailed if an event does not have the expected format."""
    try:
        yield
    except MALFORMED_ERRORS as error:
        raise UpstreamFailed(f"{name!r} streamed an unexpected event: {error!r}", "try again") from error
