"""Conversion of one call between the caller's endpoint and a provider.

A request is sent unchanged if the provider supports the caller's endpoint, else it is translated to a chat completion
request, and the response is translated back.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal, cast

import msgspec

from vong.errors import InvalidInput, NotFound, Unsupported, UpstreamFailed
from vong.gateway.endpoints import ENDPOINTS
from vong.gateway.endpoints.base import NativeEndpointAdapter
from vong.gateway.endpoints.continuation import PartialAnswer, continuation_request, merge_streams
from vong.gateway.endpoints.json_depth import MAX_DEPTH, exceeds_max_depth
from vong.gateway.endpoints.parsing import parse, prepare_body, with_max_tokens
from vong.gateway.endpoints.replay import replay_as_stream
from vong.gateway.endpoints.stream import StreamAccumulator
from vong.gateway.endpoints.stream_adapters import PassthroughStream, TranslatedStream
from vong.gateway.providers import Endpoint, ProviderResponse
from vong.gateway.providers.translation import ChunkDecoder
from vong.gateway.routing.catalog import ResolvedTarget
from vong.gateway.routing.load import TargetLoad
from vong.gateway.routing.strategies import RoutingFacts
from vong.gateway.translators.content import MALFORMED_ERRORS

IMAGE_MARKERS = (b'"image_url"', b'"image"', b'"input_image"')
EXAMPLE_HINT = "see docs/guides/gateway.md for an example"


class UpstreamExchange:
    """Request of one call: prepares it for each target and converts the response for the caller."""

    def __init__(self, endpoint: Endpoint, body: bytes, id: str) -> None:
        self._adapter = ENDPOINTS.get(endpoint)
        self.request = self._adapter.parse(body) if self._adapter else parse(endpoint, body)
        self.stream = bool(self.request.stream) and endpoint != "embeddings"
        self.endpoint: Endpoint = endpoint
        self.kind: Literal["chat", "embeddings"] = "embeddings" if endpoint == "embeddings" else "chat"
        self.allow_native = True
        """Allow a target to be called in the caller's own endpoint."""
        self._body = body
        self._id = id
        self.partial: PartialAnswer | None = None
        """Part of the response that was received before a stream broke, if a target continues it."""
        self._history: list[dict[str, Any]] = []
        self.max_tokens: int | None = None
        """Output tokens to set if a limit applies and the request sets no maximum."""
        self._native_adapter: NativeEndpointAdapter | None = None
        """Adapter of the endpoint if the latest target supports it natively."""
        self._decoded_request: dict[str, Any] | None = None
        self._chat_request: dict[str, Any] | None = None

    def prepare_for(self, resolved: ResolvedTarget) -> tuple[Endpoint, bytes]:
        """Return the endpoint and the body for a target.

        Raises Unsupported if the request cannot be translated.
        """
        if self.partial is not None:
            request = msgspec.json.encode(continuation_request(self.chat_request(), self.partial))
            return "chat", self._apply_max_tokens(prepare_body(request, resolved.model, self.stream))
        if self._adapter is None:
            return self.endpoint, self._apply_max_tokens(prepare_body(self._body, resolved.model, self.stream))
        self._native_adapter = None
        if (
            self.allow_native
            and self.endpoint in resolved.provider.endpoints
            and isinstance(self._adapter, NativeEndpointAdapter)
        ):
            self._native_adapter = (
                self._adapter if self._adapter.prefers_native(self._body, resolved.provider.address) else None
            )
        if self._native_adapter:
            body = self._native_adapter.prepare_body(self._body, resolved.model, self.stream)
            return self.endpoint, body if self.max_tokens is None else self._native_adapter.with_max_tokens(
                body, self.max_tokens
            )
        return "chat", self._apply_max_tokens(
            prepare_body(msgspec.json.encode(self.chat_request()), resolved.model, self.stream)
        )

    def _apply_max_tokens(self, body: bytes) -> bytes:
        return body if self.max_tokens is None else with_max_tokens(body, self.max_tokens)

    def chat_request(self) -> dict[str, Any]:
        """Return the request as a chat completion request. Raises Unsupported if a chat cannot express it."""
        if self._chat_request is None:
            fields = self.request_fields()
            try:
                self._chat_request = self._adapter.to_chat(fields) if self._adapter else fields
                if self._history:
                    own_messages, start = self._chat_request["messages"], 1 if fields.get("instructions") else 0
                    self._chat_request["messages"] = [
                        *own_messages[:start],
                        *self._history,
                        *own_messages[start:],
                    ]
            except (Unsupported, InvalidInput, NotFound):
                raise
            except MALFORMED_ERRORS as error:
                raise InvalidInput(f"invalid {self.endpoint} request: {error!r}", EXAMPLE_HINT) from error
        return self._chat_request

    def merge_partial(self, reply: ProviderResponse) -> ProviderResponse:
        """Return the response; a continuation is merged with the text that was received before."""
        if self.partial is not None and reply.events is not None:
            reply.events = merge_streams(reply.events, self.partial)
        return reply

    def prepend_history(self, messages: list[dict[str, Any]]) -> None:
        """Insert these messages before those of the request, after its instructions."""
        self._history = messages

    @property
    def request_bytes(self) -> int:
        """Return the bytes of the request and of its history."""
        return len(self._body) + (len(msgspec.json.encode(self._history)) if self._history else 0)

    def request_fields(self) -> dict[str, Any]:
        """Return the decoded request as it was sent."""
        if self._decoded_request is None:
            self._decoded_request = msgspec.json.decode(self._body, type=dict[str, Any])
        return self._decoded_request

    def routing_facts(
        self,
        key: str,
        session: str | None,
        tags: Sequence[str],
        load_of: Callable[[str], TargetLoad],
        expected_costs: Mapping[str, int | None],
    ) -> RoutingFacts:
        """Return the values that conditions of a routing tree can test."""
        request, metadata = self.request, self.request.metadata or {}
        values = {
            "key": key,
            "user": request.user,
            "session": session or metadata.get("session_id"),
            "endpoint": self.endpoint,
            "stream": self.stream,
            "tools": bool(self.request_fields().get("tools")),
            "images": any(marker in self._body for marker in IMAGE_MARKERS),
            "tokens": len(self._body) // 4,
            "max_tokens": request.max_completion_tokens or request.max_tokens,
        }
        return RoutingFacts(values, metadata, tags, self.stream, load_of, expected_costs)

    def recorded_request(self) -> dict[str, Any] | msgspec.Raw:
        """Return the request for the span: as a chat if it can be translated, else its own fields.

        A chat completion request that was never decoded is returned as raw JSON.
        """
        if self._adapter is None and self._decoded_request is None and self._chat_request is None and not self._history:
            return msgspec.Raw(self._body)
        try:
            return self.chat_request()
        except (InvalidInput, NotFound):
            return self.request_fields()

    def take_chunk_decoder(self) -> Callable[[], ChunkDecoder] | None:
        """Return the decoder that converts the target's stream to chat chunks, or None if it sends chat chunks.

        From now on the stream is accumulated as chat completion chunks.
        """
        native, self._native_adapter = self._native_adapter, None
        return native.chunk_decoder if native else None

    def open_stream(self) -> StreamAccumulator:
        """Return an accumulator for the stream of the latest target."""
        if self._adapter is None:
            options = self.request.stream_options
            return StreamAccumulator(bool(options and options.include_usage))
        if self._native_adapter:
            return PassthroughStream(self._native_adapter.chunk_decoder())
        return TranslatedStream(self._adapter, self._adapter.stream_encoder(self.request_fields(), self._id))

    def replay_cached(self, body: bytes) -> ProviderResponse:
        """Return a cached response as a target would return it."""
        self._native_adapter = None
        if not self.stream:
            return ProviderResponse(200, body)
        return ProviderResponse(200, events=replay_as_stream(msgspec.json.decode(body, type=dict[str, Any])))

    def parse_response(self, reply: ProviderResponse, decoded: dict[str, Any]) -> dict[str, Any]:
        """Return the decoded response as a chat completion and convert the body to the caller's endpoint."""
        if self._adapter is None:
            return decoded
        if reply.status >= 400:
            error_object = decoded.get("error")
            error_object = error_object if isinstance(error_object, dict) else {"message": str(error_object or decoded)}
            if not self._native_adapter:
                reply.body = msgspec.json.encode(self._adapter.error_body(reply.status, error_object))
            return {"error": error_object}
        try:
            if self._native_adapter:
                return self._native_adapter.to_completion(decoded)
            reply.body = msgspec.json.encode(self._adapter.to_response(decoded, self.request_fields(), self._id))
        except MALFORMED_ERRORS as error:
            message = f"the response of the upstream does not match its API format: {error!r}"
            raise UpstreamFailed(message, "check the base_url of the provider") from error
        return decoded


def decode_response(reply: ProviderResponse, target: str) -> dict[str, Any]:
    """Return the JSON of a response body. An error body that is not JSON becomes the message of an error object.

    Raises UpstreamFailed if a successful response is not JSON, or if the body is nested too deep.
    """
    if exceeds_max_depth(reply.body):
        message = f"the JSON of the response is nested more than {MAX_DEPTH} levels deep"
        raise UpstreamFailed(message, "check the base_url of the provider")
    try:
        decoded = msgspec.json.decode(reply.body)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        if reply.status < 400:
            message = f"the response of {target!r} is not JSON: {error}"
            raise UpstreamFailed(message, "check the base_url of the provider") from error
        decoded = {"error": {"message": reply.body[:2000].decode("utf-8", "replace")}}
    return cast(dict[str, Any], decoded) if isinstance(decoded, dict) else {"answer": decoded}
