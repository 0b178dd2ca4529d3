"""Providers for APIs that differ from OpenAI's in a few fields: one row of a table for each.

A row contains the base URL of the API, the variable that commonly holds its key, and its dialect: which fields it
renames, rejects and ignores, which roles and ids it accepts, and how it names the maximum of output tokens. A field
that the API does not support is rejected before anything is sent, unless its value requests what the API does anyway.
A field that does not change the response is removed. All other fields are forwarded as the caller wrote them.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar, get_args

from vong.config import ProviderSettings
from vong.errors import Misconfigured, Unsupported
from vong.gateway.providers.base import (
    COMMON_ENDPOINTS,
    MODEL_SERVER_ENDPOINTS,
    OPENAI_ENDPOINTS,
    TEXT_ENDPOINTS,
    Endpoint,
    MediaOperation,
    MediaProviderRequest,
    ModelKind,
    ProviderRequest,
    ProviderResponse,
)
from vong.gateway.providers.dialects import AZURE, GENERIC, GROQ, MISTRAL, OLLAMA, OPENROUTER, VLLM
from vong.gateway.providers.embeddings import with_texts
from vong.gateway.providers.http import HttpProvider, RequestTemplate, key_headers
from vong.gateway.providers.openai import ENDPOINT_PATHS, forward, forward_media
from vong.gateway.translators.chat_dialect import ChatDialect, adapt_body
from vong.gateway.upstream.client import UpstreamClient, UpstreamEndpoint

TRANSCRIPTIONS: frozenset[MediaOperation] = frozenset({"audio/transcriptions"})
AUDIO: frozenset[MediaOperation] = frozenset({"audio/speech", "audio/transcriptions", "audio/translations"})
ALL_MEDIA: frozenset[MediaOperation] = frozenset(get_args(MediaOperation))


@dataclass(frozen=True)
class ProviderProfile:
    """One API.

    `base_url` is None if each customer has its own address. `key_variable` commonly holds the key, None if no key is
    needed. `header` carries the key.
    """

    base_url: str | None
    key_variable: str | None = None
    key_header: str = "authorization"
    dialect: ChatDialect = GENERIC
    has_embeddings: bool = True
    embeds_token_ids: bool = True
    """False if the API embeds texts only, so that token ids are sent to it as texts."""
    model_kind: ModelKind = "chat"
    media_operations: frozenset[MediaOperation] = frozenset()

    @property
    def renamed_fields(self) -> Mapping[str, str]:
        """Return the fields that have another name at the API."""
        return self.dialect.renamed_fields

    @property
    def unsupported_fields(self) -> frozenset[str]:
        """Return the fields that are rejected, because they change the response and the API does not support them."""
        return self.dialect.unsupported_fields

    @property
    def ignored_fields(self) -> frozenset[str]:
        """Return the fields that are removed, because they do not change the response."""
        return self.dialect.ignored_fields


PROFILES: Mapping[str, ProviderProfile] = {
    "azure": ProviderProfile(
        None,
        "AZURE_OPENAI_API_KEY",
        key_header="api-key",
        dialect=AZURE,
        model_kind="either",
        media_operations=ALL_MEDIA,
    ),
    "groq": ProviderProfile(
        "https://api.groq.com/openai/v1", "GROQ_API_KEY", dialect=GROQ, has_embeddings=False, media_operations=AUDIO
    ),
    "mistral": ProviderProfile(
        "https://api.mistral.ai/v1",
        "MISTRAL_API_KEY",
        dialect=MISTRAL,
        embeds_token_ids=False,
        media_operations=TRANSCRIPTIONS,
    ),
    "ollama": ProviderProfile("http://127.0.0.1:11434/v1", dialect=OLLAMA, embeds_token_ids=False),
    "openrouter": ProviderProfile(
        "https://openrouter.ai/api/v1", "OPENROUTER_API_KEY", dialect=OPENROUTER, model_kind="either"
    ),
    "vllm": ProviderProfile("http://127.0.0.1:8000/v1", dialect=VLLM, model_kind="text", media_operations=AUDIO),
}


class OpenAICompatibleProvider(HttpProvider):
    """Model API of the table. `kind` selects its row."""

    kind: ClassVar[str]
    endpoints: ClassVar[frozenset[Endpoint]] = COMMON_ENDPOINTS

    def __init__(self, name: str, settings: ProviderSettings, upstream: UpstreamClient) -> None:
        self._profile = profile = PROFILES[self.kind]
        base_url = settings.base_url or profile.base_url
        if base_url is None:
            hint = "set base_url to https://RESOURCE.openai.azure.com/openai/v1"
            raise Misconfigured(f"the provider {name!r} has no base_url", hint)
        endpoint = UpstreamEndpoint(base_url, key_headers(settings.resolve_api_key(), profile.key_header))
        super().__init__(name, settings, upstream, endpoint, key_variable=profile.key_variable)
        self.chat_dialect = profile.dialect

    def request_template(self, endpoint: Endpoint) -> RequestTemplate:
        """Return how calls of an endpoint are sent to the API.

        Raises: Unsupported if the API does not have the endpoint.
        """
        if endpoint == "embeddings" and not self._profile.has_embeddings:
            raise Unsupported(f"{self.kind} has no embeddings", "use a model of another provider")
        if endpoint == "embeddings" and not self._profile.embeds_token_ids:
            return RequestTemplate(self._api, ENDPOINT_PATHS[endpoint], lambda body: self._adapt_body(with_texts(body)))
        return RequestTemplate(
            self._api, ENDPOINT_PATHS[endpoint], self._adapt_body, self._profile.dialect.max_tokens_name
        )

    def model_kind(self, model: str) -> ModelKind:
        """Return what a model completes, for an API with the endpoint `completions`."""
        del model
        return self._profile.model_kind

    @property
    def media_operations(self) -> frozenset[MediaOperation]:
        """Return the operations on audio and images that the API has."""
        return self._profile.media_operations

    async def send_media(self, request: MediaProviderRequest) -> ProviderResponse:
        """Forward a call with audio or images."""
        return await forward_media(self._api, request)

    async def call(self, request: ProviderRequest) -> ProviderResponse:
        """Forward a call."""
        return await forward(self.request_template(request.endpoint), request)

    def _adapt_body(self, body: bytes) -> bytes:
        return adapt_body(body, self._profile.dialect, self.kind)


class AzureProvider(OpenAICompatibleProvider):
    """Azure OpenAI. The model name is the name of the Azure deployment."""

    kind = "azure"
    endpoints = OPENAI_ENDPOINTS | TEXT_ENDPOINTS


class GroqProvider(OpenAICompatibleProvider):
    """Groq's API, without embeddings."""

    kind = "groq"


class MistralProvider(OpenAICompatibleProvider):
    """Mistral's API."""

    kind = "mistral"


class OllamaProvider(OpenAICompatibleProvider):
    """Ollama server, on this machine unless `base_url` is set."""

    kind = "ollama"


class OpenRouterProvider(OpenAICompatibleProvider):
    """OpenRouter's API, which routes to many providers."""

    kind = "openrouter"
    endpoints = TEXT_ENDPOINTS


class VllmProvider(OpenAICompatibleProvider):
    """vLLM server, on this machine unless `base_url` is set."""

    kind = "vllm"
    endpoints = MODEL_SERVER_ENDPOINTS
