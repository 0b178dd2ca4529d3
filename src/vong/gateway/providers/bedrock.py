"""Amazon Bedrock: a chat is translated into Converse, and its binary stream back into events.

The key is one of Bedrock's own API keys, or `ACCESS_KEY_ID:SECRET_ACCESS_KEY` (with `:SESSION_TOKEN` behind it where
there is one), by which every request is signed.
"""

import re
from collections.abc import AsyncGenerator, Mapping
from typing import Any
from urllib.parse import quote, urlsplit

import msgspec

from vong.config import ProviderSettings
from vong.errors import Misconfigured, Unsupported, UpstreamFailed
from vong.gateway.providers.aws_eventstream import AwsEventMessage, AwsEventStreamDecoder
from vong.gateway.providers.aws_sigv4 import AwsCredentials, SigningScope, signed
from vong.gateway.providers.base import OPENAI, ProviderRequest, ProviderResponse
from vong.gateway.providers.embeddings import EmbeddingRequest, answer, wanted
from vong.gateway.providers.http import HttpProvider, passed
from vong.gateway.providers.translation import MALFORMED, answered, asked, odd
from vong.gateway.translators.openai_bedrock_request import converse_of
from vong.gateway.translators.openai_bedrock_response import BedrockChunkDecoder, completion_of, error_of
from vong.gateway.upstream.client import UpstreamClient, UpstreamEndpoint
from vong.gateway.upstream.response import ResponseLimits, UpstreamResponse
from vong.gateway.upstream.sse import DONE, event
from vong.records import now

STREAMED = "application/vnd.amazon.eventstream"
HOST = re.compile(r"bedrock-runtime(?:-fips)?\.([a-z0-9-]+)\.")
HOME = "us-east-1"
"""The region of an address that names none."""
PAIR = re.compile(r"([A-Z0-9]{16,128}):([^:]+)(?::([^:]+))?")


class BedrockProvider:
    """Bedrock's runtime in one region."""

    shapes = OPENAI

    def __init__(self, name: str, settings: ProviderSettings, upstream: UpstreamClient) -> None:
        if settings.base_url is None:
            hint = "set base_url to https://bedrock-runtime.REGION.amazonaws.com"
            raise Misconfigured(f"the provider {name!r} has no address", hint)
        key = settings.key() or ""
        pair = PAIR.fullmatch(key)
        self.name = name
        self._credentials = AwsCredentials(pair[1], pair[2], pair[3]) if pair else None
        headers = {"authorization": f"Bearer {key}"} if key and not pair else {}
        found = HOST.search(urlsplit(settings.base_url).netloc)
        self._scope = SigningScope(found[1] if found else HOME, "bedrock")
        needs = "AWS_BEARER_TOKEN_BEDROCK"
        self._api = HttpProvider(name, settings, upstream, UpstreamEndpoint(settings.base_url, headers), needs=needs)
        # What there is to call stands under another name than what is called.
        about = UpstreamEndpoint(settings.base_url.replace("//bedrock-runtime", "//bedrock", 1), headers)
        self._about = HttpProvider(name, settings, upstream, about, needs=needs)

    @property
    def address(self) -> str:
        """The base URL."""
        return self._api.endpoint.url

    async def call(self, ask: ProviderRequest) -> ProviderResponse:
        """Ask in Converse's form. Unsupported for what it cannot hold."""
        self._api.ready()
        if ask.shape == "embeddings":
            return await self._embed(ask)
        body = asked(ask.body, converse_of)
        do = "converse-stream" if ask.stream else "converse"
        response = await self._post(ask.model, do, body, ask.limits)
        id = response.headers.get("x-amzn-requestid") or ""
        if ask.stream and response.status == 200:
            self._api.streams(response, STREAMED)
            return ProviderResponse(
                200, b"", passed(response), _events(self.name, response, BedrockChunkDecoder(id, ask.model))
            )
        found = await self._api.whole(response)
        failed = _failure(response)
        return answered(self.name, response, found, lambda said: completion_of(said, id, ask.model), failed)

    async def models(self) -> list[str]:
        """What the region offers."""
        path = "/foundation-models"
        body = await self._about.listed(path, self._signature(self._about, "GET", path, b""))
        try:
            return sorted(str(model["modelId"]) for model in msgspec.json.decode(body)["modelSummaries"])
        except MALFORMED as error:
            raise UpstreamFailed(f"{self.name!r} lists its models in another form: {error!r}") from error

    async def _embed(self, ask: ProviderRequest) -> ProviderResponse:
        given = wanted(ask.body)
        vectors, tokens = list[list[float]](), 0
        reply = ProviderResponse(200)
        for body in _embeddings(ask.model, given):
            response = await self._post(ask.model, "invoke", msgspec.json.encode(body), ask.limits)
            found = await self._api.whole(response)

            def made(said: dict[str, Any]) -> dict[str, Any]:
                vectors.extend(said["embeddings"]["float"] if "embeddings" in said else [said["embedding"]])
                return said

            reply = answered(self.name, response, found, made, _failure(response))
            if reply.status >= 400:
                return reply
            counted = response.headers.get("x-amzn-bedrock-input-token-count", "0")
            tokens += int(counted) if counted.isdigit() else 0
        reply.body = msgspec.json.encode(answer(ask.model, vectors, given.encoding_format, tokens or None))
        return reply

    async def _post(self, model: str, do: str, body: bytes, limits: ResponseLimits | None) -> UpstreamResponse:
        path = f"/model/{quote(model, safe='')}/{do}"
        return await self._api.post(path, body, limits, self._signature(self._api, "POST", path, body))

    def _signature(self, api: HttpProvider, method: str, path: str, body: bytes) -> Mapping[str, str] | None:
        if self._credentials is None:
            return None
        sent = {"content-type": "application/json"} if method == "POST" else {}
        headers = signed(method, api.endpoint.url + path, sent, body, self._credentials, self._scope, now())
        return {name: value for name, value in headers.items() if name not in {"host", "content-type"}}


def _embeddings(model: str, given: EmbeddingRequest) -> list[dict[str, Any]]:
    """The requests for these texts, in the form of the model's family. Unsupported for any other family."""
    if "titan-embed" in model:
        size = {} if given.dimensions is None else {"dimensions": given.dimensions}
        return [{"inputText": text, **size, **given.more} for text in given.texts]
    if "cohere.embed" in model:
        size = {} if given.dimensions is None else {"output_dimension": given.dimensions}
        kind = {"input_type": "search_document", "embedding_types": ["float"]}
        return [{"texts": given.texts, **kind, **size, **given.more}]
    raise Unsupported(f"Vong does not know how {model!r} embeds", "name a model of Titan's or Cohere's")


def _failure(response: UpstreamResponse) -> Any:
    kind = response.headers.get("x-amzn-errortype", "").partition(":")[0] or "upstream_error"

    def failed(found: dict[str, Any]) -> dict[str, Any]:
        return error_of(kind, found.get("message") or found["Message"])

    return failed


def _kind(message: AwsEventMessage) -> str:
    """What a message is: an event, or a failure by the name that ends in Exception."""
    named = message.headers.get(":event-type") or message.headers.get(":exception-type")
    return named or f"{message.headers[':error-code']}Exception"


async def _events(name: str, response: UpstreamResponse, chunks: BedrockChunkDecoder) -> AsyncGenerator[bytes]:
    """The binary messages of a stream as a chat's events, each as soon as it came."""
    stream = AwsEventStreamDecoder()
    try:
        while piece := await response.piece():
            with odd(name):
                said = [{_kind(one): msgspec.json.decode(one.payload or b"{}")} for one in stream.take(piece)]
                found = b"".join(event(chunk) for one in said for chunk in chunks.take(one))
            if found:
                yield found
        with odd(name):
            stream.end()
    finally:
        response.close()
    if chunks.ended:
        yield b"".join(map(event, chunks.end())) + DONE
