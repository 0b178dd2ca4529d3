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
from vong.gateway.endpoints.completions import CompletionsEndpoint
from vong.gateway.endpoints.continuation import PartialAnswer, continuation_request, merge_streams
from vong.gateway.endpoints.json_depth import MAX_DEPTH, exceeds_max_depth
from vong.gateway.endpoints.parsing import parse, prepare_body, with_max_tokens
from vong.gateway.endpoints.replay import replay_as_stream
from vong.gateway.endpoints.stream import StreamAccumulator
from vong.gateway.endpoints.stream_adapters import PassthroughStream, TranslatedStream
from vong.gateway.pipeline.several_prompts import call_each
from vong.gateway.providers import Endpoint, Provider, ProviderRequest, ProviderResponse
from vong.gateway.providers.base import VECTOR_ENDPOINTS, CompletesTexts
from vong.gateway.providers.dialects import provider_dialect
from vong.gateway.providers.embeddings import count_inputs
from vong.gateway.providers.response_check import UpstreamError, excerpt, find_error, to_error
from vong.gateway.providers.translation import ChunkDecoder
from vong.gateway.routing.catalog import ResolvedTarget
from vong.gateway.routing.load import TargetLoad
from vong.gateway.routing.strategies import RoutingFacts
from vong.gateway.translators.chat_dialect import adapt_translated_chat
from vong.gateway.translators.content import MALFORMED_ERRORS

IMAGE_MARKERS = (b'"image_url"', b'"image"', b'"input_image"')
TRANSLATED_ENDPOINTS = {"messages", "responses"}
"""Endpoints whose callers do not write chats, so that a chat is adapted to each target."""
EXAMPLE_HINT = "see docs/guides/gateway.md for an example"


class UpstreamExchange:
    """Request of one call: prepares it for each target and converts the response for the caller."""

    def __init__(self, endpoint: Endpoint, body: bytes, id: str) -> None:
        self._adapter = ENDPOINTS.get(endpoint)
        self.request = self._adapter.parse(body) if self._adapter else parse(endpoint, body)
        self.stream = bool(self.request.stream) and endpoint not in VECTOR_ENDPOINTS
        self.endpoint: Endpoint = endpoint
        self.kind: Literal["chat", "embeddings", "rerank"] = "chat"
        if endpoint in ("embeddings", "rerank"):
            self.kind = endpoint
        self.allow_native = True
        """Allow a target to be called in the caller's own endpoint."""
        self._body = body
        self._id = id
        self.partial: PartialAnswer | None = None
        """Part of the response that was received before a stream broke, if a target continues it."""
        self._history: list[dict[str, Any]] = []
        self.max_tokens: int | None = None
        """Output tokens to set if a limit applies and the request sets no maximum."""
        self.prompt: dict[str, Any] | None = None
        """Field `prompt` of the response, if the request was rendered from a stored prompt."""
        self._prompt_bodies: list[bytes] = []
        """Bodies of the requests to the latest target if it answers each prompt in a chat of its own."""
        self._native_adapter: NativeEndpointAdapter | None = None
        """Adapter of the endpoint if the latest target supports it natively."""
        self._decoded_request: dict[str, Any] | None = None
        self._chat_request: dict[str, Any] | None = None

    def prepare_for(self, resolved: ResolvedTarget) -> tuple[Endpoint, bytes]:
        """Return the endpoint and the body for a target.

        Raises Unsupported if the request cannot be translated.
        """
        if self.partial is not None:
            request = continuation_request(self.chat_request(), self.partial)
            return "chat", self._apply_max_tokens(self._encode_chat(request, resolved), resolved)
        if self.endpoint == "rerank" and "rerank" not in resolved.provider.endpoints:
            raise Unsupported(f"{resolved.target!r} has no rerankers", "use a deployment of a reranker")
        if self._adapter is None:
            return self.endpoint, self._apply_max_tokens(
                prepare_body(self._body, resolved.model, self.stream), resolved
            )
        self._native_adapter, self._prompt_bodies = self._choose_native(resolved), []
        if self._native_adapter:
            body = self._native_adapter.prepare_body(self._body, resolved.model, self.stream)
            return self.endpoint, body if self.max_tokens is None else self._native_adapter.with_max_tokens(
                body, self.max_tokens
            )
        bodies = [
            self._apply_max_tokens(self._encode_chat(chat, resolved), resolved) for chat in self._chats_of_prompts()
        ]
        self._prompt_bodies = bodies if len(bodies) > 1 else []
        return "chat", bodies[0]

    async def send(self, provider: Provider, request: ProviderRequest) -> ProviderResponse:
        """Send the prepared request, or one request per prompt if a chat answers a completion of several prompts."""
        if self._prompt_bodies:
            requests = [request._replace(body=body) for body in self._prompt_bodies]
            return await call_each(provider.call, requests, self.request.choices // len(requests))
        return self.merge_partial(await provider.call(request))

    def completes_text(self, resolved: ResolvedTarget) -> bool:
        """Return True if a target completes the prompt as it is, so that a chat with its text has another response."""
        return self.endpoint == "completions" and self._choose_native(resolved) is not None

    def _choose_native(self, resolved: ResolvedTarget) -> NativeEndpointAdapter | None:
        """Return the adapter if a target receives the request in the caller's own endpoint."""
        adapter, provider = self._adapter, resolved.provider
        if not self.allow_native or self.endpoint not in provider.endpoints:
            return None
        if not isinstance(adapter, NativeEndpointAdapter):
            return None
        kind = provider.model_kind(resolved.model) if isinstance(provider, CompletesTexts) else "chat"
        return adapter if adapter.prefers_native(self._body, provider.address, kind) else None

    def _chats_of_prompts(self) -> list[dict[str, Any]]:
        """Return the request as chats, one for each prompt of a text completion."""
        if isinstance(self._adapter, CompletionsEndpoint):
            return self._adapter.to_chats(self.request_fields())
        return [self.chat_request()]

    def _encode_chat(self, chat: dict[str, Any], resolved: ResolvedTarget) -> bytes:
        """Return the body of a chat. One that was translated contains only what the target accepts."""
        if self.endpoint in TRANSLATED_ENDPOINTS:
            chat = adapt_translated_chat(chat, provider_dialect(resolved.provider), resolved.model)
        return prepare_body(msgspec.json.encode(chat), resolved.model, self.stream)

    def _apply_max_tokens(self, body: bytes, resolved: ResolvedTarget) -> bytes:
        """Return a chat with the maximum of output tokens that the limits allow, under the name that the target reads.

        Embeddings have no output tokens, so that `max_tokens` is None for them.
        """
        if self.max_tokens is None:
            return body
        received = self.partial.tokens if self.partial else 0
        name = provider_dialect(resolved.provider).max_tokens_name(resolved.model)
        return with_max_tokens(body, max(1, self.max_tokens - received), name)

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

    def _answered_request(self) -> dict[str, Any]:
        """Return the request as its response describes it."""
        return self.request_fields() if self.prompt is None else {**self.request_fields(), "prompt": self.prompt}

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
            "max_tokens": request.largest_maximum,
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
            with_usage = bool(options and options.include_usage)
            return StreamAccumulator(with_usage, single_choice=self.request.choices == 1)
        if self._native_adapter:
            options, native = self.request.stream_options, self._native_adapter
            with_usage = self.endpoint != "completions" or bool(options and options.include_usage)
            return PassthroughStream(native.chunk_decoder(), native.last_event, with_usage=with_usage)
        encoder = self._adapter.stream_encoder(self._answered_request(), self._id)
        return TranslatedStream(self._adapter, encoder, f"req_{self._id}")

    def replay_cached(self, body: bytes) -> ProviderResponse:
        """Return a cached response as a target would return it."""
        self._native_adapter = None
        if not self.stream:
            return ProviderResponse(200, body)
        return ProviderResponse(200, events=replay_as_stream(msgspec.json.decode(body, type=dict[str, Any])))

    @property
    def response_format(self) -> Endpoint:
        """Return the format in which the latest target responds."""
        return self._native_adapter.name if self._native_adapter else self.kind

    def reject_error(self, reply: ProviderResponse, decoded: Any) -> dict[str, Any]:
        """Return the fields of a response. One with a status of success but an error in it becomes an error."""
        if reply.status < 400 and (found := find_error(decoded, self.response_format)) is not None:
            return self.replace_by_error(reply, found)
        if self.kind == "embeddings" and reply.status < 400 and (found := self._find_missing_vectors(decoded)):
            return self.replace_by_error(reply, found)
        return cast(dict[str, Any], decoded) if isinstance(decoded, dict) else {"answer": decoded}

    def _find_missing_vectors(self, decoded: dict[str, Any]) -> UpstreamError | None:
        """Return an error if there is not one vector for each input: the caller would assign them wrongly."""
        wanted, count = count_inputs(self.request_fields().get("input")), len(decoded["data"])
        if wanted is None or wanted == count:
            return None
        return to_error({"message": f"the upstream answered with {count} embeddings for {wanted} inputs"})

    def replace_by_error(self, reply: ProviderResponse, found: UpstreamError) -> dict[str, Any]:
        """Turn a response into an error in the caller's format, and return the fields of the error."""
        body = {"error": found.error}
        if self._adapter is not None and self._native_adapter is not None:
            body = self._adapter.error_body(found.status, found.error, f"req_{self._id}")
        reply.status, reply.body, reply.events = found.status, msgspec.json.encode(body), None
        return {"error": found.error}

    def parse_response(self, reply: ProviderResponse, decoded: dict[str, Any]) -> dict[str, Any]:
        """Return the decoded response as a chat completion and convert the body to the caller's endpoint."""
        if self._adapter is None:
            return decoded
        if reply.status >= 400:
            error_object = decoded.get("error")
            error_object = error_object if isinstance(error_object, dict) else {"message": str(error_object or decoded)}
            if not self._native_adapter:
                error_body = self._adapter.error_body(reply.status, error_object, f"req_{self._id}")
                reply.body = msgspec.json.encode(error_body)
            return {"error": error_object}
        try:
            if self._native_adapter:
                return self._native_adapter.to_completion(decoded)
            reply.body = msgspec.json.encode(self._adapter.to_response(decoded, self._answered_request(), self._id))
        except MALFORMED_ERRORS as error:
            message = f"the response of the upstream does not match its API format: {error!r}"
            raise UpstreamFailed(message, "check the base_url of the provider") from error
        return decoded


def decode_response(reply: ProviderResponse, target: str) -> Any:
    """Return the JSON of a response body. An error body that is not JSON becomes the message of an error object.

    Raises UpstreamFailed if a successful response is not JSON, or if the body is nested too deep.
    """
    if exceeds_max_depth(reply.body):
        message = f"the JSON of the response is nested more than {MAX_DEPTH} levels deep"
        raise UpstreamFailed(message, "check the base_url of the provider")
    try:
        return msgspec.json.decode(reply.body)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        if reply.status < 400:
            message = f"the response of {target!r} is not JSON ({error}): {excerpt(reply.body)}"
            raise UpstreamFailed(message, "check the base_url of the provider") from error
    return {"error": {"message": reply.body[:2000].decode("utf-8", "replace")}}
