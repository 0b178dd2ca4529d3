"""Conversion of one call between the caller's endpoint and a provider.

A request is sent unchanged if the provider supports the caller's endpoint, else it is translated to a chat completion
request, and the response is translated back.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal, cast

import msgspec

from vong.errors import InvalidInput, NotFound, Unsupported, UpstreamFailed
from vong.gateway.endpoints import SERVED
from vong.gateway.endpoints.base import ChunkDecoder, NativeEndpointAdapter
from vong.gateway.endpoints.continuation import PartialAnswer, joined, onward
from vong.gateway.endpoints.json_depth import DEPTH, deep
from vong.gateway.endpoints.parsing import capped, read, written
from vong.gateway.endpoints.replay import replayed
from vong.gateway.endpoints.stream import StreamAccumulator
from vong.gateway.endpoints.stream_adapters import MALFORMED, PassthroughStream, TranslatedStream
from vong.gateway.providers import ProviderResponse, Shape
from vong.gateway.routing.catalog import ResolvedTarget
from vong.gateway.routing.load import TargetLoad
from vong.gateway.routing.strategies import RoutingFacts

IMAGES = (b'"image_url"', b'"image"', b'"input_image"')
EXAMPLE = "see docs/guides/gateway.md for an example"


class UpstreamExchange:
    """Request of one call: prepares it for each target and converts the response for the caller."""

    def __init__(self, endpoint: Shape, body: bytes, id: str) -> None:
        self._served = SERVED.get(endpoint)
        self.asked = self._served.read(body) if self._served else read(endpoint, body)
        self.stream = bool(self.asked.stream) and endpoint != "embeddings"
        self.shape: Shape = endpoint
        self.kind: Literal["chat", "embeddings"] = "embeddings" if endpoint == "embeddings" else "chat"
        self.natively = True
        """Allow a target to be called in the caller's own endpoint."""
        self._body = body
        self._id = id
        self.so_far: PartialAnswer | None = None
        """Part of the response that was received before a stream broke, if a target continues it."""
        self._earlier: list[dict[str, Any]] = []
        self.cap: int | None = None
        """Output tokens to set if a limit applies and the request sets no maximum."""
        self._native: NativeEndpointAdapter | None = None
        """Adapter of the endpoint if the latest target supports it natively."""
        self._fields: dict[str, Any] | None = None
        self._chat: dict[str, Any] | None = None

    @property
    def translated(self) -> bool:
        """Return True if most targets do not support the caller's endpoint."""
        return self._served is not None

    def to(self, resolved: ResolvedTarget) -> tuple[Shape, bytes]:
        """Return the endpoint and the body for a target.

        Raises Unsupported if the request cannot be translated.
        """
        if self.so_far is not None:
            request = msgspec.json.encode(onward(self.chat(), self.so_far))
            return "chat", self._capped(written(request, resolved.model, self.stream))
        if self._served is None:
            return self.shape, self._capped(written(self._body, resolved.model, self.stream))
        self._native = None
        if self.natively and self.shape in resolved.provider.shapes and isinstance(self._served, NativeEndpointAdapter):
            self._native = self._served if self._served.passes(self._body, resolved.provider.address) else None
        if self._native:
            body = self._native.written(self._body, resolved.model, self.stream)
            return self.shape, body if self.cap is None else self._native.ended(body, self.cap)
        return "chat", self._capped(written(msgspec.json.encode(self.chat()), resolved.model, self.stream))

    def _capped(self, body: bytes) -> bytes:
        return body if self.cap is None else capped(body, self.cap)

    def chat(self) -> dict[str, Any]:
        """Return the request as a chat completion request. Raises Unsupported if a chat cannot express it."""
        if self._chat is None:
            fields = self.fields()
            try:
                self._chat = self._served.chat(fields) if self._served else fields
                if self._earlier:
                    own_messages, start = self._chat["messages"], 1 if fields.get("instructions") else 0
                    self._chat["messages"] = [
                        *own_messages[:start],
                        *self._earlier,
                        *own_messages[start:],
                    ]
            except (Unsupported, InvalidInput, NotFound):
                raise
            except MALFORMED as error:
                raise InvalidInput(f"invalid {self.shape} request: {error!r}", EXAMPLE) from error
        return self._chat

    def sewn(self, reply: ProviderResponse) -> ProviderResponse:
        """Return the response; a continuation is merged with the text that was received before."""
        if self.so_far is not None and reply.events is not None:
            reply.events = joined(reply.events, self.so_far)
        return reply

    def follow(self, messages: list[dict[str, Any]]) -> None:
        """Insert these messages before those of the request, after its instructions."""
        self._earlier = messages

    @property
    def size(self) -> int:
        """Return the bytes of the request and of its history."""
        return len(self._body) + (len(msgspec.json.encode(self._earlier)) if self._earlier else 0)

    def fields(self) -> dict[str, Any]:
        """Return the decoded request as it was sent."""
        if self._fields is None:
            self._fields = msgspec.json.decode(self._body, type=dict[str, Any])
        return self._fields

    def facts(
        self,
        key: str,
        session: str | None,
        tags: Sequence[str],
        loads: Callable[[str], TargetLoad],
        costs: Mapping[str, int | None],
    ) -> RoutingFacts:
        """Return the values that conditions of a routing tree can test."""
        request, metadata = self.asked, self.asked.metadata or {}
        values = {
            "key": key,
            "user": request.user,
            "session": session or metadata.get("session_id"),
            "shape": self.shape,
            "stream": self.stream,
            "tools": bool(self.fields().get("tools")),
            "images": any(marker in self._body for marker in IMAGES),
            "tokens": len(self._body) // 4,
            "max_tokens": request.max_completion_tokens or request.max_tokens,
        }
        return RoutingFacts(values, metadata, tags, self.stream, loads, costs)

    def kept(self) -> dict[str, Any] | msgspec.Raw:
        """Return the request for the span: as a chat if it can be translated, else its own fields.

        A chat completion request that was never decoded is returned as raw JSON.
        """
        if self._served is None and self._fields is None and self._chat is None and not self._earlier:
            return msgspec.Raw(self._body)
        try:
            return self.chat()
        except (InvalidInput, NotFound):
            return self.fields()

    def as_chat(self) -> Callable[[], ChunkDecoder] | None:
        """Return the decoder that converts the target's stream to chat chunks, or None if it sends chat chunks.

        From now on the stream is accumulated as chat completion chunks.
        """
        native, self._native = self._native, None
        return native.chunks if native else None

    def transcript(self) -> StreamAccumulator:
        """Return an accumulator for the stream of the latest target."""
        if self._served is None:
            options = self.asked.stream_options
            return StreamAccumulator(bool(options and options.include_usage))
        if self._native:
            return PassthroughStream(self._native.chunks())
        return TranslatedStream(self._served, self._served.streamed(self.fields(), self._id))

    def recalled(self, body: bytes) -> ProviderResponse:
        """Return a cached response as a target would return it."""
        self._native = None
        if not self.stream:
            return ProviderResponse(200, body)
        return ProviderResponse(200, events=replayed(msgspec.json.decode(body, type=dict[str, Any])))

    def answered(self, reply: ProviderResponse, decoded: dict[str, Any]) -> dict[str, Any]:
        """Return the decoded response as a chat completion and convert the body to the caller's endpoint."""
        if self._served is None:
            return decoded
        if reply.status >= 400:
            error_object = decoded.get("error")
            error_object = error_object if isinstance(error_object, dict) else {"message": str(error_object or decoded)}
            if not self._native:
                reply.body = msgspec.json.encode(self._served.error(reply.status, error_object))
            return {"error": error_object}
        try:
            if self._native:
                return self._native.completion(decoded)
            reply.body = msgspec.json.encode(self._served.answer(decoded, self.fields(), self._id))
        except MALFORMED as error:
            message = f"the response of the upstream does not match its API format: {error!r}"
            raise UpstreamFailed(message, "check the base_url of the provider") from error
        return decoded


def decode_response(reply: ProviderResponse, target: str) -> dict[str, Any]:
    """Return the JSON of a response body. An error body that is not JSON becomes the message of an error object.

    Raises UpstreamFailed if a successful response is not JSON, or if the body is nested too deep.
    """
    if deep(reply.body):
        message = f"the JSON of the response is nested more than {DEPTH} levels deep"
        raise UpstreamFailed(message, "check the base_url of the provider")
    try:
        decoded = msgspec.json.decode(reply.body)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        if reply.status < 400:
            message = f"the response of {target!r} is not JSON: {error}"
            raise UpstreamFailed(message, "check the base_url of the provider") from error
        decoded = {"error": {"message": reply.body[:2000].decode("utf-8", "replace")}}
    return cast(dict[str, Any], decoded) if isinstance(decoded, dict) else {"answer": decoded}
