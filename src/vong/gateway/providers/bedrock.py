"""Provider for Amazon Bedrock: translates chats into Converse, and its binary stream into events.

The key is one of Bedrock's own API keys, or `ACCESS_KEY_ID:SECRET_ACCESS_KEY` (with `:SESSION_TOKEN` appended if there
is one). A provider of the settings without a key uses AWS's credential chain. An access key signs every request.
"""

import re
from collections.abc import AsyncGenerator, Mapping
from typing import Any
from urllib.parse import quote, urlsplit

import msgspec

from vong.config import ProviderSettings
from vong.errors import Misconfigured, MissingExtra, Unsupported
from vong.gateway.providers.base import COMMON_ENDPOINTS, ProviderRequest, ProviderResponse
from vong.gateway.providers.dialects import BEDROCK
from vong.gateway.providers.embeddings import EmbeddingRequest, build_embedding_response, parse_embedding_request
from vong.gateway.providers.http import HttpApi, HttpProvider, ModelList, fetch_models, forward_headers, key_headers
from vong.gateway.providers.translation import invalid_response, translate_request, translate_response
from vong.gateway.translators.openai_bedrock_request import to_bedrock_request
from vong.gateway.translators.openai_bedrock_response import BedrockChunkDecoder, build_error, to_chat_completion
from vong.gateway.upstream.client import UpstreamClient, UpstreamEndpoint
from vong.gateway.upstream.response import ResponseLimits, UpstreamResponse
from vong.gateway.upstream.sse import DONE, encode_sse_event
from vong.gateway.upstream.surrogates import repair_surrogates

try:
    from vong.gateway.providers import aws
except ModuleNotFoundError as error:
    raise MissingExtra(error.name or "botocore", "bedrock") from error

STREAM_CONTENT_TYPE = "application/vnd.amazon.eventstream"
HOST_PATTERN = re.compile(r"bedrock-runtime(?:-fips)?\.([a-z0-9-]+)\.")
DEFAULT_REGION = "us-east-1"
"""Region of an address that names none."""
KEY_VARIABLE = "AWS_BEARER_TOKEN_BEDROCK"
KEY_PAIR_PATTERN = re.compile(r"([A-Z0-9]{16,128}):([^:]+)(?::([^:]+))?")


class BedrockProvider(HttpProvider):
    """Amazon Bedrock's Converse API in one AWS region."""

    endpoints = COMMON_ENDPOINTS
    model_list = ModelList("/foundation-models", "modelSummaries", "modelId")

    chat_dialect = BEDROCK

    def __init__(self, name: str, settings: ProviderSettings, upstream: UpstreamClient) -> None:
        if settings.base_url is None:
            hint = "set base_url to https://bedrock-runtime.REGION.amazonaws.com"
            raise Misconfigured(f"the provider {name!r} has no base_url", hint)
        key = settings.resolve_api_key() or ""
        key_pair = KEY_PAIR_PATTERN.fullmatch(key)
        headers = {} if key_pair else key_headers(key)
        endpoint = UpstreamEndpoint(settings.base_url, headers)
        self._credentials: aws.Credentials | aws.CredentialChain | None = None
        if key_pair:
            self._credentials = aws.Credentials(key_pair[1], key_pair[2], key_pair[3])
        elif settings.uses_server_credentials:
            self._credentials = aws.CredentialChain(name)
        key_variable = None if self._credentials else KEY_VARIABLE
        super().__init__(name, settings, upstream, endpoint, key_variable=key_variable)
        region = HOST_PATTERN.search(urlsplit(settings.base_url).netloc)
        self._region = region[1] if region else DEFAULT_REGION
        # The API that lists models has another host than the API that runs them.
        control_endpoint = UpstreamEndpoint(settings.base_url.replace("//bedrock-runtime", "//bedrock", 1), headers)
        self._control_api = HttpApi(name, settings, upstream, control_endpoint, key_variable=key_variable)

    async def call(self, request: ProviderRequest) -> ProviderResponse:
        """Send a call in Converse's format.

        Raises: Unsupported if Converse cannot express the request.
        """
        self._api.require_key()
        if request.endpoint == "embeddings":
            return await self._embed(request)
        body = translate_request(request.body, to_bedrock_request)
        action = "converse-stream" if request.stream else "converse"
        response = await self._post(request.model, action, body, request.limits)
        id = response.headers.get("x-amzn-requestid") or ""
        if request.stream and response.status == 200:
            if (error := await self._api.check_stream(response, STREAM_CONTENT_TYPE)) is not None:
                return error
            return ProviderResponse(
                200,
                b"",
                forward_headers(response),
                _translate_stream(self.name, response, BedrockChunkDecoder(id, request.model)),
            )
        payload = await self._api.read_body(response)
        to_error = _error_translator(response)
        return translate_response(
            self.name, response, payload, lambda decoded: to_chat_completion(decoded, id, request.model), to_error
        )

    async def list_models(self) -> list[str]:
        """Return the models that the region offers."""
        headers = await self._signature_headers(self._control_api, "GET", self.model_list.path, b"")
        return await fetch_models(self._control_api, self.model_list, headers)

    async def _embed(self, call: ProviderRequest) -> ProviderResponse:
        request = parse_embedding_request(call.body)
        vectors, tokens = list[list[float]](), 0
        result = ProviderResponse(200)
        for body in _build_embed_requests(call.model, request):
            response = await self._post(call.model, "invoke", msgspec.json.encode(body), call.limits)
            payload = await self._api.read_body(response)

            def collect(decoded: dict[str, Any]) -> dict[str, Any]:
                vectors.extend(decoded["embeddings"]["float"] if "embeddings" in decoded else [decoded["embedding"]])
                return decoded

            result = translate_response(self.name, response, payload, collect, _error_translator(response))
            if result.status >= 400:
                return result
            token_header = response.headers.get("x-amzn-bedrock-input-token-count", "0")
            tokens += int(token_header) if token_header.isdigit() else 0
        result.body = msgspec.json.encode(
            build_embedding_response(call.model, vectors, request.encoding_format, tokens or None)
        )
        return result

    async def _post(self, model: str, action: str, body: bytes, limits: ResponseLimits | None) -> UpstreamResponse:
        path = f"/model/{quote(model, safe='')}/{action}"
        headers = await self._signature_headers(self._api, "POST", path, body)
        return await self._api.post(path, body, limits, headers)

    async def _signature_headers(self, api: HttpApi, method: str, path: str, body: bytes) -> Mapping[str, str] | None:
        credentials = self._credentials
        if credentials is None:
            return None
        if isinstance(credentials, aws.CredentialChain):
            credentials = await credentials.get()
        unsigned = {"content-type": "application/json"} if method == "POST" else {}
        signed_headers = aws.sign(method, api.endpoint.url + path, unsigned, body, credentials, self._region)
        return {name: value for name, value in signed_headers.items() if name not in {"host", "content-type"}}


def _build_embed_requests(model: str, request: EmbeddingRequest) -> list[dict[str, Any]]:
    """Build the embedding requests in the format of the model family.

    Raises: Unsupported if the family is unknown.
    """
    if "titan-embed" in model:
        size = {} if request.dimensions is None else {"dimensions": request.dimensions}
        return [{"inputText": text, **size, **request.unknown_fields} for text in request.texts]
    if "cohere.embed" in model:
        size = {} if request.dimensions is None else {"output_dimension": request.dimensions}
        options = {"input_type": "search_document", "embedding_types": ["float"]}
        return [{"texts": request.texts, **options, **size, **request.unknown_fields}]
    raise Unsupported(f"embeddings of {model!r} are not supported", "use a Titan or Cohere model")


def _error_translator(response: UpstreamResponse) -> Any:
    kind = response.headers.get("x-amzn-errortype", "").partition(":")[0] or "upstream_error"

    def to_error(error: dict[str, Any]) -> dict[str, Any]:
        return build_error(kind, error.get("message") or error["Message"])

    return to_error


def _event_type(message: aws.EventStreamMessage) -> str:
    """Return the type of a message: an event, or a failure whose name ends in Exception."""
    event_type = message.headers.get(":event-type") or message.headers.get(":exception-type")
    return event_type or f"{message.headers[':error-code']}Exception"


async def _translate_stream(
    name: str, response: UpstreamResponse, decoder: BedrockChunkDecoder
) -> AsyncGenerator[bytes]:
    """Translate the binary messages of a stream into chat events, each as soon as it arrives."""
    stream = aws.EventStreamDecoder()
    try:
        while data := await response.read_chunk():
            with invalid_response(name):
                items = stream.feed(data)
                events = [{_event_type(item): _decode_payload(item.payload)} for item in items]
                encoded = b"".join(encode_sse_event(chunk) for item in events for chunk in decoder.decode(item))
            if encoded:
                yield encoded
        with invalid_response(name):
            stream.finish()
    finally:
        response.close()
    if decoder.ended:
        yield b"".join(map(encode_sse_event, decoder.finish())) + DONE


def _decode_payload(payload: bytes) -> Any:
    return msgspec.json.decode(repair_surrogates(payload) or b"{}")
