"""Endpoint of OpenAI's responses. A response is the span of its call, and `previous_response_id` continues it.

Features that a chat cannot express (tools that run at OpenAI, for example) are forwarded unchanged to a provider of the
responses endpoint, and its response is returned unchanged. Such a response is stored at OpenAI and has OpenAI's id.
"""

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

import msgspec

from vong.errors import InvalidInput, NotFound, Unsupported
from vong.gateway.endpoints.base import StreamEncoder
from vong.gateway.endpoints.chat_backed import ChatBackedEndpoint
from vong.gateway.endpoints.event_encoding import NamedEventEncoder
from vong.gateway.endpoints.parsing import RequestFields, check_count, decode, with_field
from vong.gateway.providers import Endpoint
from vong.gateway.providers.base import ModelKind
from vong.gateway.providers.translation import ChunkDecoder
from vong.gateway.translators.content import MALFORMED_ERRORS
from vong.gateway.translators.reasoning_envelope import is_packed
from vong.gateway.translators.responses_request import to_chat_request, to_input_items
from vong.gateway.translators.responses_response import ResponsesEventEncoder, to_response_object
from vong.gateway.translators.responses_tools import has_special_tools
from vong.gateway.translators.responses_upstream import ResponsesChunkDecoder, to_chat_completion
from vong.gateway.upstream.sse import encode_named_event


class _ResponsesRequest(RequestFields, kw_only=True):
    input: msgspec.Raw = msgspec.Raw()
    max_output_tokens: int | float | None = None
    previous_response_id: str | None = None


class ResponseNotFound(NotFound):
    """Stored response (`/v1/responses`) that does not exist, was deleted or was not stored."""

    code = "response_not_found"
    param = "id"


class PreviousResponseNotFound(NotFound):
    """Response named in `previous_response_id` that does not exist, was deleted or was not stored."""

    code, status = "previous_response_not_found", 400
    param = "previous_response_id"


RESPONSE_ID_PATTERN = re.compile(r"resp_[0-9a-f]{32}")
PIPELINE_ADDRESS = "pipeline"
"""Address of the published pipelines of a project, whose responses contain the events of their steps."""
OPENAI_HOSTS = (".openai.com", ".openai.azure.com", ".services.ai.azure.com")
"""Hosts of OpenAI's models, which return encrypted reasoning."""
OPENAI_MODEL_PATTERN = re.compile(r"(?:^|/)(?:gpt-(?!oss)|o\d|chatgpt|codex|computer-use)", re.IGNORECASE)
"""Names of OpenAI's models, also behind other addresses."""
_decode = msgspec.json.Decoder(_ResponsesRequest).decode


class ResponsesEndpoint(ChatBackedEndpoint):
    """Endpoint `POST /v1/responses`."""

    name: Endpoint = "responses"
    path = "/responses"
    last_event = b""

    def parse(self, body: bytes) -> RequestFields:
        """Parse a request."""
        fields = decode(_decode, body)
        if not bytes(fields.input) or bytes(fields.input) in (b"null", b'""', b"[]"):
            raise InvalidInput("input is missing or empty", "send a text or a list of items")
        check_count("max_output_tokens", fields.max_output_tokens)
        fields.max_completion_tokens, fields.max_tokens = fields.max_output_tokens, None
        fields.previous = fields.previous_response_id if is_vong_response(fields.previous_response_id) else None
        return fields

    def to_chat(self, request: Mapping[str, Any]) -> dict[str, Any]:
        """Translate the request into a chat.

        Raises: PreviousResponseNotFound if the request continues a response that was not created by this server.
        """
        previous = request.get("previous_response_id")
        if previous and not is_vong_response(previous):
            raise PreviousResponseNotFound(
                f"no response has the id {previous!r}", "send the whole conversation as input"
            )
        return to_chat_request(request)

    def to_response(self, completion: Mapping[str, Any], request: Mapping[str, Any], id: str) -> dict[str, Any]:
        """Translate a chat completion into a response."""
        return to_response_object(completion, request, id)

    def stream_encoder(self, request: Mapping[str, Any], id: str) -> StreamEncoder:
        """Return an encoder for a chat stream."""
        return NamedEventEncoder(ResponsesEventEncoder(request, id))

    def prefers_native(self, body: bytes, address: str, model_kind: ModelKind = "either") -> bool:
        """Return True if only OpenAI can answer the request, or its own models answer it better.

        Such a request cannot be expressed as a chat, or continues a response or reasoning of OpenAI. OpenAI's own
        models also get encrypted reasoning, and the tools that they know by their type.
        """
        del model_kind
        request = msgspec.json.decode(body, type=dict[str, Any])
        if is_vong_response(request.get("previous_response_id")):
            return False
        if address == PIPELINE_ADDRESS:
            return True
        try:
            self.to_chat(request)
            if any(map(_is_encrypted_by_openai, to_input_items(request.get("input")))):
                return True
            is_openai = (urlsplit(address).hostname or "").endswith(OPENAI_HOSTS)
            if is_openai and "reasoning.encrypted_content" in (request.get("include") or ()):
                return True
            return has_special_tools(request) and (is_openai or bool(OPENAI_MODEL_PATTERN.search(request["model"])))
        except (Unsupported, NotFound):
            return True
        except MALFORMED_ERRORS:
            return False  # the translation to a chat reports the error

    def with_max_tokens(self, body: bytes, tokens: int) -> bytes:
        """Return the body with a maximum number of output tokens."""
        return with_field(body, "max_output_tokens", tokens)

    def to_completion(self, response: Mapping[str, Any]) -> dict[str, Any]:
        """Translate a response of OpenAI into a chat completion."""
        return to_chat_completion(response)

    def chunk_decoder(self) -> ChunkDecoder:
        """Return a decoder for a stream of OpenAI."""
        return ResponsesChunkDecoder()

    def error_event(self, status: int, error: Mapping[str, Any], request_id: str | None = None) -> bytes:
        """Build the event of an error."""
        del status, request_id
        fields = {"code": error.get("code"), "message": error.get("message"), "param": error.get("param")}
        return encode_named_event({"type": "error", **fields, "sequence_number": 0})


def _is_encrypted_by_openai(item: Mapping[str, Any]) -> bool:
    data = item.get("encrypted_content")
    return item.get("type") == "reasoning" and bool(data) and not is_packed(data)


def is_vong_response(id: str | None) -> bool:
    """Return True if an id was created by Vong: it is then the id of a span."""
    return id is not None and RESPONSE_ID_PATTERN.fullmatch(id) is not None


def parse_response_id(id: str) -> UUID:
    """Return the span id of a response.

    Raises: ResponseNotFound if the id was not created by Vong.
    """
    try:
        return UUID(id.removeprefix("resp_"))
    except ValueError:
        raise ResponseNotFound(f"no response has the id {id!r}", "send the whole conversation as input") from None
